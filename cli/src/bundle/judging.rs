//! Accesses and denials of a bundle, judged again from the bundle alone.
//! Holds: the judgement is core's evaluation; where the bundle does not tell what it would need,
//! that is said, and nothing is guessed.
//! Source: docs/formats.md, "Judging again".

use std::collections::BTreeMap;

use comity_core::access::{AccessRefusal, Attempt};
use comity_core::apply::Position;
use comity_core::basis::Basis;
use comity_core::emergency::MAX_EMERGENCY_ENTRIES;
use comity_core::genesis::Genesis;
use comity_core::governance::PROTOCOL_VERSION;
use comity_core::grant::Grant;
use comity_core::ids::{DatasetId, EmergencyId, ExchangeId, GrantId, LogIndex, TimeMs};
use comity_core::state;
use comity_core::statement::Action;
use comity_core::text::AgencyId;

use super::contents::Contents;
use super::objects::Objects;
use crate::client::Version;
use crate::past::{DatasetHistory, Histories, ParentHistory, Use};

/// Why an access cannot be judged again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unjudged {
    /// By rules of another version.
    Rules,
    /// The other uses that count for a quota are not all there.
    Quota,
    /// The first use of the exchange is not there.
    Exchange,
    /// The time of a hosted member may have been another.
    Hosting,
    /// The first use of the exchange may just have been forgotten.
    Window,
    /// Something is not there by which it is judged.
    Objects,
}

/// How a recorded judgement compares with the one made here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The same.
    Same,
    /// Another: allowed, or refused so.
    Otherwise(Option<AccessRefusal>),
    /// It cannot be reproduced.
    Unjudged(Unjudged),
}

/// One access or denial, judged again.
#[derive(Clone, Debug)]
pub(crate) struct Judgement {
    /// The entry.
    pub(crate) index: LogIndex,
    /// How it was judged.
    pub(crate) recorded: Option<AccessRefusal>,
    /// How that compares.
    pub(crate) verdict: Verdict,
}

/// What the accesses of a bundle tell of one another.
struct Uses {
    under: BTreeMap<GrantId, Vec<Use>>,
    urgent: BTreeMap<(EmergencyId, AgencyId), Vec<Use>>,
    of: BTreeMap<ExchangeId, Vec<(LogIndex, TimeMs)>>,
}

/// Judges every access and denial again.
pub(crate) fn judge(contents: &Contents) -> Vec<Judgement> {
    let uses = Uses::of(contents);
    let mut judgements = Vec::new();
    for entry in &contents.entries {
        let action = &entry.statement().action;
        let recorded = match action {
            Action::RecordAccess { .. } => None,
            Action::RecordDenial { refusal, .. } => Some(refusal.clone()),
            Action::EmbedLate { against, .. } => against.clone(),
            _ => continue,
        };
        let Some(signed) = action.attempt() else { continue };
        let time = action.access().map_or(entry.header.time, |one| one.on(entry.header.time));
        let at = Position { index: entry.index, time };
        let verdict = verdict(contents, &uses, at, &signed.attempt, recorded.as_ref());
        judgements.push(Judgement { index: entry.index, recorded, verdict });
    }
    judgements
}

impl Uses {
    fn of(contents: &Contents) -> Uses {
        let mut uses =
            Uses { under: BTreeMap::new(), urgent: BTreeMap::new(), of: BTreeMap::new() };
        for entry in &contents.entries {
            let Some(access) = entry.statement().action.access() else { continue };
            let attempt = &access.attempt.attempt;
            let (index, time, count) = (entry.index, entry.header.time, attempt.count());
            for grant in contents.objects.charged(attempt.grant) {
                uses.under.entry(grant).or_default().push(Use { index, time, count });
            }
            if let Some(emergency) = attempt.grant.emergency().filter(|_| access.counts()) {
                let by = (emergency, attempt.requester.clone());
                uses.urgent.entry(by).or_default().push(Use { index, time, count });
            }
            // That of an access in an emergency is kept for good.
            let until = match attempt.grant {
                Basis::Grant(_) => attempt.valid_until,
                Basis::Emergency(_) => TimeMs(u64::MAX),
            };
            uses.of.entry(attempt.exchange).or_default().push((entry.index, until));
        }
        uses
    }
}

impl Uses {
    /// Those of an attempt's requester in its emergency.
    fn of_emergency(&self, attempt: &Attempt) -> &[Use] {
        let by = attempt.grant.emergency().map(|id| (id, attempt.requester.clone()));
        by.and_then(|by| self.urgent.get(&by)).map_or(&[], Vec::as_slice)
    }
}

fn verdict(
    contents: &Contents,
    uses: &Uses,
    at: Position,
    attempt: &Attempt,
    recorded: Option<&AccessRefusal>,
) -> Verdict {
    let objects = &contents.objects;
    if state::protocol_version(objects) != PROTOCOL_VERSION {
        return Verdict::Unjudged(Unjudged::Rules);
    }
    let named = attempt.grant.grant();
    let grant = named.and_then(|id| state::grant(objects, id));
    let grant = grant.filter(|grant| grant.issued_at < at.index);
    let parent = grant.as_ref().and_then(|grant| grant.parent);
    let above = parent.and_then(|parent| state::grant(objects, parent));
    let has_all = has_grounds(objects, attempt, (grant.as_ref(), above.as_ref()));
    let histories = histories(contents, uses, at, attempt, (grant, above));
    if !has_all || !histories.begins_with_dataset() {
        return Verdict::Unjudged(Unjudged::Objects);
    }
    let past = histories.before(at.index);
    // By the terms of then: a quota may have been set or lifted since.
    let lacks_uses = |id: Option<GrantId>, grant: Option<&Grant>| {
        id.zip(grant).is_some_and(|(id, grant)| !has_uses(contents, uses, id, grant))
    };
    let lacks_entries = !has_entries(objects, uses, attempt);
    let above = past.parent.as_ref().map(|(grant, _)| grant);
    if lacks_entries || lacks_uses(named, past.grant.as_ref()) || lacks_uses(parent, above) {
        return Verdict::Unjudged(Unjudged::Quota);
    }
    let known_again = histories.same_exchange.is_some();
    if recorded == Some(&AccessRefusal::ExchangeUsed) && !known_again {
        return Verdict::Unjudged(Unjudged::Exchange);
    }
    let found = past.evaluate(at, attempt).err();
    if found.as_ref() == recorded {
        return Verdict::Same;
    }
    let is_hosting = |refusal: &AccessRefusal| {
        use AccessRefusal as A;
        matches!(
            refusal,
            A::RequesterHostingOver { .. } | A::ProviderHostingOver { .. } | A::LeadGone { .. }
        )
    };
    if [found.as_ref(), recorded].into_iter().flatten().any(is_hosting) {
        return Verdict::Unjudged(Unjudged::Hosting);
    }
    match found {
        Some(AccessRefusal::ExchangeUsed) => Verdict::Unjudged(Unjudged::Window),
        found => Verdict::Otherwise(found),
    }
}

/// Whether all versions are there of that by which an attempt is judged, and the parameters.
fn has_grounds(
    objects: &Objects,
    attempt: &Attempt,
    (grant, above): (Option<&Grant>, Option<&Grant>),
) -> bool {
    let dataset = match (attempt.grant, grant) {
        (Basis::Grant(_), grant) => grant.map(|grant| &grant.terms.dataset),
        // What was never published is not opened.
        (Basis::Emergency(_), _) => {
            state::dataset(objects, &attempt.dataset).map(|_| &attempt.dataset)
        }
    };
    // On every true ledger a grant lies under its own name.
    let is_own = grant.is_none_or(|one| attempt.grant == GrantId(one.issued_at).into());
    is_own
        && day_offset(objects).is_some()
        && dataset.is_none_or(|id| objects.has_versions(id))
        && [grant, above].into_iter().flatten().all(|one| objects.has_terms(one))
}

/// Whether all that counts for the grant's quotas is there.
fn has_uses(contents: &Contents, uses: &Uses, id: GrantId, grant: &Grant) -> bool {
    let (total, daily) = (grant.terms.total_quota, grant.terms.daily_quota);
    if total.is_none() && daily.is_none() {
        return true;
    }
    let count: u64 = uses.under.get(&id).into_iter().flatten().map(|one| one.count).sum();
    let same_days =
        day_offset(&contents.objects) == Some(contents.genesis.params.day_offset_minutes);
    count == state::usage(&contents.objects, id).total && (daily.is_none() || same_days)
}

/// Whether all that counts for how often an agency may ask in an emergency is there: below the limit,
/// nothing does.
fn has_entries(objects: &Objects, uses: &Uses, attempt: &Attempt) -> bool {
    let Some(id) = attempt.grant.emergency() else { return true };
    let used = state::emergency_use(objects, id, &attempt.requester).entries;
    let there = u32::try_from(uses.of_emergency(attempt).len()).unwrap_or(u32::MAX);
    used < MAX_EMERGENCY_ENTRIES || there == used
}

fn day_offset(objects: &Objects) -> Option<i16> {
    let params: Option<comity_core::genesis::Params> =
        state::read(objects, &state::StateKey::Params);
    params.map(|params| params.day_offset_minutes)
}

fn histories(
    contents: &Contents,
    uses: &Uses,
    at: Position,
    attempt: &Attempt,
    (grant, above): (Option<Grant>, Option<Grant>),
) -> Histories {
    let objects = &contents.objects;
    let Genesis { params, .. } = &contents.genesis;
    let passed_on_by = above.as_ref().map(|above| &above.terms.requester);
    let task_force = grant.as_ref().and_then(|grant| state::task_force_of(objects, &grant.terms));
    let parties = [&attempt.requester, &attempt.dataset.agency]
        .into_iter()
        .chain(passed_on_by)
        .chain(task_force.as_ref().map(|force| &force.terms.lead))
        .filter_map(|id| Some((state::agency(objects, id)?, state::departure(objects, id))));
    let under = |id: GrantId| uses.under.get(&id).cloned().unwrap_or_default();
    let emergency = attempt.grant.emergency().and_then(|id| state::emergency(objects, id));
    let named = match (&grant, &emergency) {
        (Some(grant), _) => Some(&grant.terms.dataset),
        (None, found) => found.as_ref().map(|_| &attempt.dataset),
    };
    let parties = parties.collect();
    let task_force = task_force.clone();
    let earlier = uses.of.get(&attempt.exchange).into_iter().flatten();
    let mut earlier = earlier.filter(|(index, until)| *index < at.index && *until >= at.time);
    Histories {
        params: (params.clone(), vec![]),
        parties,
        attempt: attempt.clone(),
        key: state::key(objects, &attempt.officer),
        dataset: named.and_then(|id| dataset(objects, id)),
        terms: grant.as_ref().map(|grant| objects.terms(grant)).unwrap_or_default(),
        grant,
        task_force,
        emergency,
        parent: above.map(|grant| ParentHistory {
            terms: objects.terms(&grant),
            accesses: under(GrantId(grant.issued_at)),
            grant,
        }),
        accesses: match attempt.grant {
            Basis::Grant(id) => under(id),
            Basis::Emergency(_) => uses.of_emergency(attempt).to_vec(),
        },
        same_exchange: earlier.next().map(|(index, _)| *index),
    }
}

/// A dataset with all its versions.
fn dataset(objects: &Objects, id: &DatasetId) -> Option<DatasetHistory> {
    let published = state::dataset(objects, id)?;
    let replaced = objects.versions(id, published.version).into_iter();
    let replaced = replaced.map(|(version, replaced)| Version {
        version,
        version_at: replaced.version_at,
        dataset: replaced.dataset,
    });
    let (version, version_at) = (published.version, published.version_at);
    let now = Version { version, version_at, dataset: published.dataset.clone() };
    Some(DatasetHistory { versions: replaced.chain([now]).collect(), published })
}

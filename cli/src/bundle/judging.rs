//! Accesses and denials of a bundle, judged again from the bundle alone.
//! Holds: the judgement is core's evaluation; where the bundle does not tell what it would need,
//! that is said, and nothing is guessed.
//! Source: docs/formats.md, "Judging again".

use std::collections::BTreeMap;

use comity_core::access::{AccessRefusal, Attempt};
use comity_core::apply::Position;
use comity_core::genesis::Genesis;
use comity_core::governance::PROTOCOL_VERSION;
use comity_core::grant::Grant;
use comity_core::ids::{ExchangeId, GrantId, LogIndex, TimeMs};
use comity_core::state;
use comity_core::statement::Action;

use super::contents::Contents;
use super::objects::Objects;
use crate::client::Version;
use crate::past::{DatasetHistory, Histories};

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
    /// The grant's dataset is not there.
    Dataset,
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
    under: BTreeMap<GrantId, Vec<(LogIndex, TimeMs)>>,
    of: BTreeMap<ExchangeId, Vec<(LogIndex, TimeMs)>>,
}

/// Judges every access and denial again.
pub(crate) fn judge(contents: &Contents) -> Vec<Judgement> {
    let uses = Uses::of(contents);
    let mut judgements = Vec::new();
    for entry in &contents.entries {
        let recorded = match &entry.statement().action {
            Action::RecordAccess { .. } => None,
            Action::RecordDenial { refusal, .. } => Some(refusal.clone()),
            _ => continue,
        };
        let Some(signed) = entry.statement().action.attempt() else { continue };
        let at = Position { index: entry.index, time: entry.header.time };
        let verdict = verdict(contents, &uses, at, &signed.attempt, recorded.as_ref());
        judgements.push(Judgement { index: entry.index, recorded, verdict });
    }
    judgements
}

impl Uses {
    fn of(contents: &Contents) -> Uses {
        let mut uses = Uses { under: BTreeMap::new(), of: BTreeMap::new() };
        for entry in &contents.entries {
            let Action::RecordAccess { attempt } = &entry.statement().action else { continue };
            let attempt = &attempt.attempt;
            let under = uses.under.entry(attempt.grant).or_default();
            under.push((entry.index, entry.header.time));
            let of = uses.of.entry(attempt.exchange).or_default();
            of.push((entry.index, attempt.valid_until));
        }
        uses
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
    let grant = state::grant(objects, attempt.grant).filter(|grant| grant.issued_at < at.index);
    if grant.as_ref().is_some_and(|grant| !has_uses(contents, uses, attempt.grant, grant)) {
        return Verdict::Unjudged(Unjudged::Quota);
    }
    let histories = histories(contents, uses, at, attempt, grant);
    let known_again = histories.same_exchange.is_some();
    if recorded == Some(&AccessRefusal::ExchangeUsed) && !known_again {
        return Verdict::Unjudged(Unjudged::Exchange);
    }
    if !histories.begins_with_dataset() {
        return Verdict::Unjudged(Unjudged::Dataset);
    }
    let found = histories.before(at.index).evaluate(at, attempt).err();
    if found.as_ref() == recorded {
        return Verdict::Same;
    }
    let is_hosting = |refusal: &AccessRefusal| {
        use AccessRefusal as A;
        matches!(refusal, A::RequesterHostingOver { .. } | A::ProviderHostingOver { .. })
    };
    if [found.as_ref(), recorded].into_iter().flatten().any(is_hosting) {
        return Verdict::Unjudged(Unjudged::Hosting);
    }
    match found {
        Some(AccessRefusal::ExchangeUsed) => Verdict::Unjudged(Unjudged::Window),
        found => Verdict::Otherwise(found),
    }
}

/// Whether all that counts for the grant's quotas is there.
fn has_uses(contents: &Contents, uses: &Uses, id: GrantId, grant: &Grant) -> bool {
    let (total, daily) = (grant.terms.total_quota, grant.terms.daily_quota);
    if total.is_none() && daily.is_none() {
        return true;
    }
    let count = uses.under.get(&id).map_or(0, Vec::len) as u64;
    let same_days =
        day_offset(&contents.objects) == Some(contents.genesis.params.day_offset_minutes);
    count == state::usage(&contents.objects, id).total && (daily.is_none() || same_days)
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
    grant: Option<Grant>,
) -> Histories {
    let objects = &contents.objects;
    let Genesis { params, .. } = &contents.genesis;
    let parties = [&attempt.requester, &attempt.dataset.agency]
        .into_iter()
        .filter_map(|id| Some((state::agency(objects, id)?, state::departure(objects, id))));
    let has_quota = grant.as_ref().is_some_and(|grant| {
        grant.terms.total_quota.is_some() || grant.terms.daily_quota.is_some()
    });
    let accesses = uses.under.get(&attempt.grant).filter(|_| has_quota).cloned();
    let earlier = uses.of.get(&attempt.exchange).into_iter().flatten();
    let mut earlier = earlier.filter(|(index, until)| *index < at.index && *until >= at.time);
    Histories {
        params: (params.clone(), vec![]),
        parties: parties.collect(),
        attempt: attempt.clone(),
        key: state::key(objects, &attempt.officer),
        dataset: grant.as_ref().and_then(|grant| dataset(objects, grant)),
        grant,
        accesses: accesses.unwrap_or_default(),
        same_exchange: earlier.next().map(|(index, _)| *index),
    }
}

/// The dataset of a grant with all its versions.
fn dataset(objects: &Objects, grant: &Grant) -> Option<DatasetHistory> {
    let published = state::dataset(objects, &grant.terms.dataset)?;
    let replaced = objects.versions(&grant.terms.dataset, published.version).into_iter();
    let replaced = replaced.map(|(version, replaced)| Version {
        version,
        version_at: replaced.version_at,
        dataset: replaced.dataset,
    });
    let (version, version_at) = (published.version, published.version_at);
    let now = Version { version, version_at, dataset: published.dataset.clone() };
    Some(DatasetHistory { versions: replaced.chain([now]).collect(), published })
}

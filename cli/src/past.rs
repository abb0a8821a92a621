//! The state as it was at a position of the log, as far as one access depends on it: rewound from
//! what the ledger keeps of each object's past.
//! Holds: whether an access was allowed is for core's evaluation to say, then as now.
//! May not enter: asking a node; texts.

use std::collections::BTreeSet;

use comity_core::access::{AccessRefusal, Attempt};
use comity_core::agency::{Agency, Key};
use comity_core::apply::Position;
use comity_core::apply::accesses::evaluate;
use comity_core::basis::Basis;
use comity_core::dataset::PublishedDataset;
use comity_core::duty::Mark;
use comity_core::emergency::{Emergency, EmergencyUse};
use comity_core::genesis::Params;
use comity_core::governance::Departure;
use comity_core::grant::{Grant, GrantTerms, Usage};
use comity_core::hash::RecordId;
use comity_core::ids::{DatasetId, ExchangeId, GrantId, LogIndex, TaskForceId, TimeMs};
use comity_core::interruption::Interruptions;
use comity_core::state::{Changes, StateKey, StateRead};
use comity_core::task_force::TaskForce;

use crate::client::Version;

/// A dataset with all that happened to it.
#[derive(Clone, Debug)]
pub(crate) struct DatasetHistory {
    /// As it is now.
    pub(crate) published: PublishedDataset,
    /// Its versions, ascending.
    pub(crate) versions: Vec<Version>,
}

/// One use of a grant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Use {
    /// Its entry.
    pub(crate) index: LogIndex,
    /// The time of its block.
    pub(crate) time: TimeMs,
    /// How many accesses it is charged as.
    pub(crate) count: u64,
}

/// The grant from which another was derived, with all that happened to it.
#[derive(Clone, Debug)]
pub(crate) struct ParentHistory {
    /// As it is now.
    pub(crate) grant: Grant,
    /// Its terms, each with the entry that made them, ascending.
    pub(crate) terms: Vec<(LogIndex, GrantTerms)>,
    /// Accesses that count for its quotas, ascending.
    pub(crate) accesses: Vec<Use>,
}

/// What an access depends on, with all that ever happened to it.
#[derive(Clone, Debug)]
pub(crate) struct Histories {
    /// The parameters of the genesis, and the later ones with the entries from which they rule,
    /// ascending.
    pub(crate) params: (Params, Vec<(LogIndex, Params)>),
    /// The requesting agency and the provider, and how they left if they did.
    pub(crate) parties: Vec<(Agency, Option<Departure>)>,
    /// The attempt.
    pub(crate) attempt: Attempt,
    /// The officer's key, if the ledger knows it.
    pub(crate) key: Option<Key>,
    /// The emergency named, if the ledger knows it.
    pub(crate) emergency: Option<Emergency>,
    /// The grant named, if the ledger knows it.
    pub(crate) grant: Option<Grant>,
    /// The task force that holds it, if one does: as it is now, with all its memberships.
    pub(crate) task_force: Option<TaskForce>,
    /// Its terms, each with the entry that made them, ascending.
    pub(crate) terms: Vec<(LogIndex, GrantTerms)>,
    /// The grant from which it was derived, if it was.
    pub(crate) parent: Option<ParentHistory>,
    /// The grant's dataset, or in an emergency the one asked for.
    pub(crate) dataset: Option<DatasetHistory>,
    /// Accesses under the grant, ascending: all where it has a total quota; where it has a daily
    /// one alone, those since the day of the entry began; else none. In an emergency those of the
    /// requesting agency, where it has recorded as many as there may be.
    pub(crate) accesses: Vec<Use>,
    /// An earlier access under the same exchange.
    pub(crate) same_exchange: Option<LogIndex>,
}

/// What an access depends on, as it was before the entry at a position.
#[derive(Clone, Debug)]
pub(crate) struct Past {
    /// The officer's key.
    pub(crate) key: Option<Key>,
    /// The emergency.
    pub(crate) emergency: Option<Emergency>,
    /// The grant.
    pub(crate) grant: Option<Grant>,
    /// The task force that holds it.
    pub(crate) task_force: Option<TaskForce>,
    /// The dataset.
    pub(crate) dataset: Option<PublishedDataset>,
    /// How far the grant was used up.
    pub(crate) usage: Usage,
    /// How many entries the requesting agency had in the emergency, as far as they count.
    pub(crate) entries: u32,
    /// The grant from which it was derived, and how far that was used up.
    pub(crate) parent: Option<(Grant, Usage)>,
    exchange: Option<ExchangeId>,
    objects: Changes,
}

impl Histories {
    /// As it was before the entry at this position.
    pub(crate) fn before(&self, at: LogIndex) -> Past {
        let key = self.key.clone().filter(|key| key.registered_at.is_none_or(|from| from < at));
        let key = key.map(|key| Key { revoked: key.revoked.filter(|end| end.at < at), ..key });
        let grant = self.grant.as_ref().and_then(|grant| grant_before(grant, &self.terms, at));
        let parent = self.parent.as_ref().and_then(|history| {
            let parent = grant_before(&history.grant, &history.terms, at)?;
            Some((parent, self.usage_of(&history.accesses, at)))
        });
        let dataset = self.dataset.as_ref().and_then(|history| history.before(at));
        let usage = self.usage_of(&self.accesses, at);
        let used = self.same_exchange.filter(|earlier| *earlier < at);
        let exchange = used.map(|_| self.attempt.exchange);
        let mut objects = Changes::default();
        objects.put(&StateKey::Params, self.params_before(at));
        for (agency, departure) in &self.parties {
            // One that was not yet admitted had no key that could sign.
            objects.put(&StateKey::Agency(&agency.id), agency);
            if let Some(departure) = departure.as_ref().filter(|departure| departure.at < at) {
                objects.put(&StateKey::Departure(&agency.id), departure);
            }
        }
        if let Some(key) = &key {
            objects.put(&StateKey::Key(&self.attempt.officer), key);
        }
        let emergency = self.emergency.as_ref().and_then(|found| emergency_before(found, at));
        let earlier = self.accesses.iter().filter(|earlier| earlier.index < at).count();
        let entries = u32::try_from(earlier).unwrap_or(u32::MAX);
        match self.attempt.grant {
            Basis::Grant(id) => {
                if let Some(grant) = &grant {
                    objects.put(&StateKey::Grant(id), grant);
                    objects.put(&StateKey::Usage(id), &usage);
                }
            }
            Basis::Emergency(id) => {
                if let Some(emergency) = &emergency {
                    let used = EmergencyUse { usage, entries, justified: 0 };
                    objects.put(&StateKey::Emergency(id), emergency);
                    objects.put(&StateKey::EmergencyUse(id, &self.attempt.requester), &used);
                }
            }
        }
        if let Some((parent, usage)) = &parent {
            objects.put(&StateKey::Grant(GrantId(parent.issued_at)), parent);
            objects.put(&StateKey::Usage(GrantId(parent.issued_at)), usage);
        }
        if let Some(dataset) = &dataset {
            objects.put(&StateKey::Dataset(&dataset.dataset.id), dataset);
        }
        let task_force = self.task_force.as_ref().and_then(|force| force.before(at));
        if let Some(force) = &task_force {
            objects.put(&StateKey::TaskForce(TaskForceId(force.formed_at)), force);
        }
        Past {
            key,
            emergency,
            grant,
            task_force,
            dataset,
            usage,
            entries,
            parent,
            exchange,
            objects,
        }
    }

    /// Whether the dataset is the grant's in every version, and was there when the grant was
    /// issued, and so was the grant from which it was derived and the task force that holds it, as on every
    /// true ledger. Core's
    /// evaluation relies on it.
    pub(crate) fn begins_with_dataset(&self) -> bool {
        let derived = |grant: &Grant| match (grant.parent, &self.parent) {
            (None, _) => true,
            (Some(id), Some(history)) => {
                let parent = &history.grant;
                id.0 == parent.issued_at
                    && parent.issued_at < grant.issued_at
                    && parent.terms.dataset == grant.terms.dataset
            }
            (Some(_), None) => false,
        };
        let held = |grant: &Grant| match (grant.terms.task_force, &self.task_force) {
            (None, _) => true,
            (Some(id), Some(force)) => id.0 == force.formed_at && force.formed_at < grant.issued_at,
            (Some(_), None) => false,
        };
        if self.grant.as_ref().is_some_and(|grant| !derived(grant) || !held(grant)) {
            return false;
        }
        let there = |grant: &Grant| {
            self.dataset.as_ref().is_some_and(|history| {
                let is_its = |version: &Version| version.dataset.id == grant.terms.dataset;
                history.versions.iter().all(is_its) && history.before(grant.issued_at).is_some()
            })
        };
        self.grant.as_ref().is_none_or(there)
    }

    /// The grant's dataset, or the one asked for in an emergency, by its id.
    pub(crate) fn dataset_id(&self) -> Option<&DatasetId> {
        let urgent = self.emergency.as_ref().map(|_| &self.attempt.dataset);
        urgent.or(self.grant.as_ref().map(|grant| &grant.terms.dataset))
    }

    /// The parameters by which the entry at this position was judged.
    pub(crate) fn params_before(&self, at: LogIndex) -> &Params {
        let (first, later) = &self.params;
        later.iter().rfind(|(from, _)| *from < at).map_or(first, |(_, params)| params)
    }

    fn usage_of(&self, accesses: &[Use], at: LogIndex) -> Usage {
        let earlier = accesses.iter().filter(|earlier| earlier.index < at);
        earlier.fold(Usage::default(), |usage, one| {
            let day = one.time.day(self.params_before(one.index).day_offset_minutes);
            usage.with(one.count, day)
        })
    }

    /// How the same question would end before the entry at this position, at this time: a new
    /// attempt of the same content.
    fn asked_anew(&self, at: LogIndex, time: TimeMs) -> Result<Usage, AccessRefusal> {
        let attempt = Attempt { valid_until: time, ..self.attempt.clone() };
        let past = Past { exchange: None, ..self.before(at) };
        evaluate(&past, Position { index: at, time }, &attempt)
    }

    /// How the same question would end now, and the last entry that made it so, if it was an
    /// entry from `entry` on and not the passing of time alone.
    pub(crate) fn today(
        &self,
        entry: LogIndex,
        size: LogIndex,
        time: TimeMs,
    ) -> (Result<Usage, AccessRefusal>, Option<LogIndex>) {
        let ends = |at: LogIndex| self.asked_anew(at, time).err();
        let now = self.asked_anew(size, time);
        let mut since = None;
        for event in self.events().into_iter().rev().filter(|event| *event >= entry) {
            let (before, after) = (ends(event), ends(LogIndex(event.0.saturating_add(1))));
            if after == now.clone().err() && before != after {
                since = Some(event);
                break;
            }
        }
        (now, since)
    }

    /// Every entry that changed something on which the access depends.
    fn events(&self) -> BTreeSet<LogIndex> {
        let mut events = BTreeSet::new();
        if let Some(key) = &self.key {
            events.extend(key.registered_at);
            events.extend(key.revoked.as_ref().map(|end| end.at));
        }
        if let Some(emergency) = &self.emergency {
            events.insert(emergency.declared_at);
            events.extend(emergency.renewals.iter().map(|renewal| renewal.mark.at));
            events.extend(emergency.ended.as_ref().map(|end| end.mark.at));
        }
        if let Some(grant) = &self.grant {
            events.insert(grant.issued_at);
            events.extend(grant.revoked.as_ref().map(|end| end.at));
            events.extend(ends_of(&grant.suspensions));
            events.extend(self.terms.iter().map(|(made_at, _)| *made_at));
        }
        if let Some(ParentHistory { grant, terms, accesses }) = &self.parent {
            events.extend(grant.revoked.as_ref().map(|end| end.at));
            events.extend(ends_of(&grant.suspensions));
            events.extend(terms.iter().map(|(made_at, _)| *made_at));
            events.extend(accesses.iter().map(|one| one.index));
        }
        events.extend(self.task_force.iter().flat_map(TaskForce::changed_at));
        if let Some(DatasetHistory { published, versions }) = &self.dataset {
            events.extend(versions.iter().map(|version| version.version_at));
            events.extend(ends_of(&published.suspensions));
            events.extend(ends_of(&published.withdrawals));
        }
        events.extend(self.accesses.iter().map(|one| one.index));
        events.extend(self.params.1.iter().map(|(from, _)| *from));
        let left = self.parties.iter().filter_map(|(_, departure)| departure.as_ref());
        events.extend(left.map(|departure| departure.at));
        events
    }
}

impl DatasetHistory {
    fn before(&self, at: LogIndex) -> Option<PublishedDataset> {
        let version = self.versions.iter().rfind(|version| version.version_at < at)?;
        Some(PublishedDataset {
            dataset: version.dataset.clone(),
            version: version.version,
            version_at: version.version_at,
            suspensions: interruptions_before(&self.published.suspensions, at),
            withdrawals: interruptions_before(&self.published.withdrawals, at),
            ..self.published.clone()
        })
    }
}

impl Past {
    /// Since when the task force that holds the grant was over, if it was.
    pub(crate) fn task_force_ended(&self, now: TimeMs) -> Option<TimeMs> {
        self.task_force.as_ref().filter(|force| force.is_over(now)).map(TaskForce::ends)
    }

    /// How the ledger's rules judge the attempt here.
    pub(crate) fn evaluate(&self, at: Position, attempt: &Attempt) -> Result<Usage, AccessRefusal> {
        evaluate(self, at, attempt)
    }
}

impl StateRead for Past {
    fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.objects.puts.get(key).map(Vec::as_slice)
    }

    fn has_record(&self, _id: &RecordId) -> bool {
        false
    }

    fn has_exchange(&self, id: &ExchangeId) -> bool {
        self.exchange.as_ref() == Some(id)
    }
}

/// A grant as it was before the entry at a position; without its terms of old, with those of now.
fn grant_before(grant: &Grant, terms: &[(LogIndex, GrantTerms)], at: LogIndex) -> Option<Grant> {
    let made = terms.iter().rfind(|(made_at, _)| *made_at < at).map(|(_, terms)| terms);
    (grant.issued_at < at).then(|| Grant {
        terms: made.unwrap_or(&grant.terms).clone(),
        suspensions: interruptions_before(&grant.suspensions, at),
        revoked: grant.revoked.clone().filter(|end| end.at < at),
        ..grant.clone()
    })
}

/// An emergency as it was before the entry at a position; its reviews, which no rule reads here,
/// are those of now.
fn emergency_before(emergency: &Emergency, at: LogIndex) -> Option<Emergency> {
    let renewed = emergency.renewals.iter().rfind(|renewal| renewal.mark.at < at);
    (emergency.declared_at < at).then(|| Emergency {
        until: renewed.map_or(emergency.terms.until, |renewal| renewal.until),
        renewals: emergency.renewals.iter().filter(|one| one.mark.at < at).copied().collect(),
        ended: emergency.ended.clone().filter(|end| end.mark.at < at),
        ..emergency.clone()
    })
}

fn interruptions_before(all: &Interruptions, at: LogIndex) -> Interruptions {
    let mut past = Interruptions::default();
    for one in all.all().iter().filter(|one| one.at < at) {
        past.begin(Mark { at: one.at, on: one.on }, one.reason.clone());
        if let Some(end) = one.ended_at.filter(|end| *end < at) {
            past.end(Mark { at: end, on: one.ended_on.unwrap_or(one.on) });
        }
    }
    past
}

fn ends_of(all: &Interruptions) -> impl Iterator<Item = LogIndex> {
    all.all().iter().flat_map(|one| [Some(one.at), one.ended_at]).flatten()
}

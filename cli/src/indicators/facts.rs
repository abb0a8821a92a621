//! What the entries say that the state does not: who was let at what for which matter, what was
//! acknowledged, and when a dataset first came into the catalogue.
//! Holds: accesses are summed up by quarter, dataset, requester and matter; of a single one only what
//! its acknowledgement is still to be held against is kept.
//! May not enter: what the sums mean (see `measure`).

use std::collections::{BTreeMap, BTreeSet};

use comity_core::basis::Basis;
use comity_core::dataset::{DeliveryMode, Items};
use comity_core::hash::AnswerHash;
use comity_core::ids::{DatasetId, ExchangeId, LogIndex, TimeMs};
use comity_core::late::Accessed;
use comity_core::legs::Acknowledgement;
use comity_core::statement::{Action, Capacity, Statement};
use comity_core::text::{AgencyId, Code, ItemName};

use super::quarter::{Period, Quarter};

/// By what accesses are summed up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Use {
    pub(super) quarter: Quarter,
    pub(super) dataset: DatasetId,
    pub(super) requester: AgencyId,
    pub(super) matter: Code,
}

/// What so many accesses come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Entries.
    pub(super) entries: u64,
    /// What they were charged as: 1 each, or the count of a batch.
    pub(super) exchanges: u64,
    /// Those that were batches.
    pub(super) batches: u64,
    /// Those that relied on an emergency.
    pub(super) emergency: u64,
    /// Those in the name of a task force.
    pub(super) task_force: u64,
    /// Those that the requesting side acknowledged, and alike.
    pub(super) two_legged: u64,
    /// Answers to `verify` that were declared reliable.
    pub(super) documents: u64,
    /// Those of them that were acknowledged.
    pub(super) documents_acknowledged: u64,
    /// Items that were asked for by name.
    pub(super) items: BTreeSet<ItemName>,
    /// Whether the whole was asked for.
    pub(super) whole: bool,
}

/// An access whose acknowledgement is still to come.
#[derive(Clone, Copy, Debug)]
struct Open {
    /// The place of its sums.
    tally: usize,
    exchange: ExchangeId,
    grant: Basis,
    digest: Option<AnswerHash>,
    count: u64,
    documents: u64,
}

/// What was read so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    period: Period,
    places: BTreeMap<Use, usize>,
    tallies: Vec<Tally>,
    open: BTreeMap<LogIndex, Open>,
    published: BTreeMap<DatasetId, TimeMs>,
}

impl Facts {
    /// Nothing read yet; accesses outside the period will be passed over.
    pub(crate) fn new(period: Period) -> Facts {
        Facts { period, ..Facts::default() }
    }

    /// Takes in the next entry, at its position and the time of its block.
    pub(crate) fn take(&mut self, index: LogIndex, time: TimeMs, statement: &Statement) {
        if let Some(access) = statement.action.access() {
            self.disclosed(index, time, &access);
        }
        match &statement.action {
            Action::PublishDataset { dataset } => {
                self.published.entry(dataset.id.clone()).or_insert(time);
            }
            Action::AcknowledgeAccess { grant, accesses } => {
                for one in accesses {
                    self.acknowledged(*grant, one);
                }
            }
            _ => {}
        }
    }

    /// The period whose accesses are in it.
    pub(super) fn period(&self) -> Period {
        self.period
    }

    /// The sums, in order.
    pub(super) fn uses(&self) -> impl Iterator<Item = (&Use, &Tally)> {
        self.places.iter().filter_map(|(of, place)| Some((of, self.tallies.get(*place)?)))
    }

    /// When a dataset first came into the catalogue.
    pub(super) fn published(&self, dataset: &DatasetId) -> Option<TimeMs> {
        self.published.get(dataset).copied()
    }

    /// What goes in late counts when it goes in: what was published of the time before stays so.
    fn disclosed(&mut self, index: LogIndex, time: TimeMs, access: &Accessed<'_>) {
        let Accessed { answer, late, .. } = *access;
        let attempt = &access.attempt.attempt;
        let Some(quarter) = self.period.quarter(time) else { return };
        // Whoever uses what is their own shares nothing.
        if attempt.requester == attempt.dataset.agency {
            return;
        }
        let (dataset, requester) = (attempt.dataset.clone(), attempt.requester.clone());
        let of = Use { quarter, dataset, requester, matter: attempt.matter.clone() };
        let place = *self.places.entry(of).or_insert(self.tallies.len());
        if place == self.tallies.len() {
            self.tallies.push(Tally::default());
        }
        let Some(tally) = self.tallies.get_mut(place) else { return };
        let count = attempt.count();
        // No rule has looked at what a late one says of itself.
        let is_reliable = late.is_none() && answer.is_some_and(|answer| answer.reliable);
        let documents = if is_reliable && attempt.mode == DeliveryMode::Verify { count } else { 0 };
        tally.entries += 1;
        tally.exchanges += count;
        tally.batches += u64::from(attempt.batch.is_some());
        tally.emergency += u64::from(attempt.grant.emergency().is_some());
        tally.task_force += u64::from(attempt.capacity != Capacity::Agency);
        tally.documents += documents;
        match &attempt.items {
            Items::All => tally.whole = true,
            Items::Only(items) => tally.items.extend(items.iter().cloned()),
        }
        let (exchange, grant) = (attempt.exchange, attempt.grant);
        let digest = answer.map(|answer| answer.digest);
        self.open.insert(index, Open { tally: place, exchange, grant, digest, count, documents });
    }

    /// A word of receipt counts where it belongs to an access and says nothing else than that.
    fn acknowledged(&mut self, grant: Basis, one: &Acknowledgement) {
        let Some(open) = self.open.get(&one.access) else { return };
        let belongs = (open.exchange, open.grant) == (one.exchange, grant);
        let differs = open.digest.zip(one.digest).is_some_and(|(given, got)| given != got);
        if !belongs || differs || open.count != u64::from(one.count) {
            return;
        }
        if let Some(tally) = self.tallies.get_mut(open.tally) {
            tally.two_legged += 1;
            tally.documents_acknowledged += open.documents;
        }
        self.open.remove(&one.access);
    }
}

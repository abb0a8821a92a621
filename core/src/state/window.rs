//! The replay window: what must not be executed again while it could be.
//! Holds: an id stays until its time is over, and no longer.
//! Source: docs/formats.md, "State".

use std::collections::{BTreeMap, BTreeSet};

use super::Changes;
use crate::hash::RecordId;
use crate::ids::{ExchangeId, TimeMs};

/// The replay window: ids that must not be executed again while they could be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    records: BTreeMap<RecordId, TimeMs>,
    exchanges: BTreeMap<ExchangeId, TimeMs>,
    ends: BTreeSet<(TimeMs, WindowId)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum WindowId {
    Record(RecordId),
    Exchange(ExchangeId),
}

impl Window {
    /// Whether this statement was executed and could still be executed again.
    pub fn has_record(&self, id: &RecordId) -> bool {
        self.records.contains_key(id)
    }

    /// Whether this exchange was used and could still be used again.
    pub fn has_exchange(&self, id: &ExchangeId) -> bool {
        self.exchanges.contains_key(id)
    }

    /// The statements, each with the last time at which it could be executed again.
    pub fn records(&self) -> &BTreeMap<RecordId, TimeMs> {
        &self.records
    }

    /// The exchanges, each with the last time at which it could be used again.
    pub fn exchanges(&self) -> &BTreeMap<ExchangeId, TimeMs> {
        &self.exchanges
    }

    /// Ids held.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether no id is held.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Takes in a block's ids and forgets those that have run out by the block's time: every
    /// later block is later than that.
    pub fn advance(&mut self, changes: &Changes, time: TimeMs) {
        for (id, until) in &changes.records {
            self.records.insert(*id, *until);
            self.ends.insert((*until, WindowId::Record(*id)));
        }
        for (id, until) in &changes.exchanges {
            self.exchanges.insert(*id, *until);
            self.ends.insert((*until, WindowId::Exchange(*id)));
        }
        while let Some((until, id)) = self.ends.first().copied().filter(|(until, _)| *until <= time)
        {
            self.ends.remove(&(until, id));
            match id {
                WindowId::Record(id) => self.records.remove(&id),
                WindowId::Exchange(id) => self.exchanges.remove(&id),
            };
        }
    }
}

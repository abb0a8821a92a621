//! The replay window: what must not be executed again while it could be.
//! Holds: an id stays until its time is over, and no longer.
//! Source: docs/formats.md, "State".

use std::collections::BTreeMap;

use super::Changes;
use crate::hash::RecordId;
use crate::ids::{ExchangeId, TimeMs};
use crate::spread::SpreadMap;

/// The replay window: ids that must not be executed again while they could be.
#[derive(Clone, Debug, Default)]
pub struct Window {
    records: SpreadMap<RecordId, TimeMs>,
    exchanges: SpreadMap<ExchangeId, TimeMs>,
    /// What runs out when: few moments, and many ids at each.
    ends: BTreeMap<TimeMs, Ending>,
}

/// Ids that run out at one moment, in any order.
#[derive(Clone, Debug, Default)]
struct Ending {
    records: Vec<RecordId>,
    exchanges: Vec<ExchangeId>,
}

/// Windows that hold the same ids as long: `ends` follows from these.
impl PartialEq for Window {
    fn eq(&self, other: &Self) -> bool {
        self.records == other.records && self.exchanges == other.exchanges
    }
}

impl Eq for Window {}

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
    pub fn records(&self) -> &SpreadMap<RecordId, TimeMs> {
        &self.records
    }

    /// The exchanges, each with the last time at which it could be used again.
    pub fn exchanges(&self) -> &SpreadMap<ExchangeId, TimeMs> {
        &self.exchanges
    }

    /// Ids held.
    pub fn len(&self) -> usize {
        self.records.len() + self.exchanges.len()
    }

    /// Whether no id is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes in a block's ids and forgets those that have run out by the block's time: every
    /// later block is later than that.
    pub fn advance(&mut self, changes: &Changes, time: TimeMs) {
        for (id, until) in &changes.records {
            if self.records.insert(*id, *until) != Some(*until) {
                self.ends.entry(*until).or_default().records.push(*id);
            }
        }
        for (id, until) in &changes.exchanges {
            if self.exchanges.insert(*id, *until) != Some(*until) {
                self.ends.entry(*until).or_default().exchanges.push(*id);
            }
        }
        while let Some(ending) = self.ends.first_entry().filter(|ending| *ending.key() <= time) {
            let (until, Ending { records, exchanges }) = ending.remove_entry();
            // An id that was put in again, with another end, stays until then.
            for id in records {
                if self.records.get(&id) == Some(&until) {
                    self.records.remove(&id);
                }
            }
            for id in exchanges {
                if self.exchanges.get(&id) == Some(&until) {
                    self.exchanges.remove(&id);
                }
            }
        }
    }
}

//! Entries of a log that is held, listed and shown.
//! Holds: by what an entry is found was noted when its block was verified, on the state after it.

use std::collections::BTreeSet;

use comity_core::encoding::decode;
use comity_core::ids::{Height, LogIndex, TimeMs};
use comity_core::state_tree::StateTree;
use comity_core::statement::{MAX_RECORD_BYTES, SignedRecord};
use comity_listing::{EntryFilter, EntryShape, Term, terms};
use serde_json::{Value, json};

use super::{Asked, Held};
use crate::fault::Fault;

/// An entry: where it is, its bytes, and by what it is found.
pub(crate) struct HeldEntry {
    height: Height,
    time: TimeMs,
    bytes: Vec<u8>,
    terms: BTreeSet<Term>,
}

impl HeldEntry {
    /// An entry of a verified block; `state` is the one after that block. `None` where the bytes are
    /// no record.
    pub(crate) fn noted(
        index: LogIndex,
        (height, time): (Height, TimeMs),
        bytes: Vec<u8>,
        state: &StateTree,
    ) -> Option<HeldEntry> {
        let record: SignedRecord = decode(&bytes, MAX_RECORD_BYTES).ok()?;
        let terms = terms(&record.statement, index, state).into_iter().collect();
        Some(HeldEntry { height, time, bytes, terms })
    }
}

impl Held {
    /// Every entry's bytes, with the time of its block, in the order of the log.
    pub(crate) fn records(&self) -> impl Iterator<Item = (LogIndex, TimeMs, &[u8])> {
        let numbered = (0u64..).map(LogIndex).zip(&self.entries);
        numbered.map(|(index, entry)| (index, entry.time, &entry.bytes[..]))
    }

    fn shown(&self, index: u64) -> Option<Value> {
        let entry = self.entries.get(usize::try_from(index).ok()?)?;
        let record: SignedRecord = decode(&entry.bytes, MAX_RECORD_BYTES).ok()?;
        let of = (entry.height, entry.time);
        Some(json!(EntryShape::of(LogIndex(index), of, &record, &entry.bytes)))
    }

    pub(super) fn entry(&self, index: &str) -> Result<Value, Fault> {
        let shown = index.parse().ok().and_then(|index| self.shown(index));
        shown.ok_or_else(|| self.missing(index))
    }

    pub(super) fn list_entries(&self, asked: &Asked<'_>) -> Result<Value, Fault> {
        asked.only(&[
            "from",
            "order",
            "kind",
            "agency",
            "dataset",
            "grant",
            "key",
            "request",
            "matter",
            "proposal",
            "exchange",
            "task_force",
            "since",
            "until",
        ])?;
        let filter = EntryFilter {
            kind: asked.words("kind").map(str::to_owned),
            agency: asked.of("agency")?,
            dataset: asked.of("dataset")?,
            grant: asked.of("grant")?,
            key: asked.of("key")?,
            request: asked.of("request")?,
            matter: asked.of("matter")?,
            proposal: asked.of("proposal")?,
            exchange: asked.of("exchange")?,
            task_force: asked.of("task_force")?,
            since: asked.of("since")?,
            until: asked.of("until")?,
        };
        let from: Option<u64> = asked.of("from")?;
        let limit = asked.of("limit")?.unwrap_or(usize::MAX);
        let terms = filter.terms();
        let fits = |entry: &HeldEntry| {
            filter.since.is_none_or(|since| entry.time >= since)
                && filter.until.is_none_or(|until| entry.time < until)
                && terms.iter().all(|term| entry.terms.contains(term))
        };
        let all = (0u64..).zip(&self.entries).filter(|(_, entry)| fits(entry));
        let mut found: Vec<u64> = all.map(|(index, _)| index).collect();
        match asked.words("order") {
            Some("desc") => {
                found.reverse();
                found.retain(|index| from.is_none_or(|from| *index <= from));
            }
            _ => found.retain(|index| from.is_none_or(|from| *index >= from)),
        }
        let next = found.get(limit).copied();
        found.truncate(limit);
        let entries: Vec<Value> = found.into_iter().filter_map(|index| self.shown(index)).collect();
        Ok(json!({ "entries": entries, "next": next }))
    }
}

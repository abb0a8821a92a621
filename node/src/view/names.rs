//! By what single entries are found: the ids of their statements and of their exchanges.
//! Holds: whatever the view has entries of is found by its names, in memory or in one of the runs; a
//! run is written once, in the batch of the block that fills it.
//! May not enter: what lists are made by (see `batch`).
//!
//! Such names are as random as hashes. In a tree each would be put into a page of its own choosing,
//! which is copied and split for it: that was a sixth of all that a busy node did (decision 0041). So the newest
//! names stay in memory, and are written together and sorted; a question asks each run once.

use std::collections::BTreeSet;

use comity_core::encoding::{Decode, Encode, encode};
use comity_core::hash::RecordId;
use comity_core::ids::{ExchangeId, LogIndex};
use sled::Batch;
use std::sync::PoisonError;

use super::layout::{
    ENTRIES, EntryChunk, entries_key, name_piece_key, name_runs_key, number_at_end, value,
};
use super::{View, ViewError};

/// Entries of one run (count). In tests so few that every view of some blocks has runs.
const RUN_ENTRIES: u64 = if cfg!(test) { 4 } else { 65_536 };
/// Names that are stored under one key, unless more of them are equal (count): about 12 KiB.
const PIECE_NAMES: usize = if cfg!(test) { 3 } else { 512 };
/// A name and the index of its entry, as they are stored (bytes).
const STORED_BYTES: usize = 24;

/// Enough of an id to find it by.
type Name = [u8; 16];

/// What a name is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A statement's id, its first half.
    Record,
    /// An exchange's id.
    Exchange,
}

impl Kind {
    fn letter(self) -> u8 {
        match self {
            Kind::Record => b'r',
            Kind::Exchange => b'x',
        }
    }
}

/// Which runs there are. Stored with each new one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
struct Runs {
    /// The first entry of each, ascending.
    firsts: Vec<u64>,
    /// The first entry that is in none.
    end: u64,
}

/// The names of a view's entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    runs: Runs,
    /// Those of the entries after the runs.
    recent: BTreeSet<(Kind, Name, u64)>,
}

impl Names {
    /// The names of the entries that a tree holds, the first of which is `begin`; `None` where these do
    /// not go up to `log_size` without a gap. Errors: the store.
    pub(super) fn load(
        db: &sled::Db,
        begin: u64,
        log_size: u64,
    ) -> Result<Option<Names>, ViewError> {
        let runs = match db.get(name_runs_key())? {
            Some(bytes) => value(&bytes)?,
            None => Runs { firsts: Vec::new(), end: begin },
        };
        let mut next = runs.end;
        let mut names = Names { runs, recent: BTreeSet::new() };
        for pair in db.range(entries_key(LogIndex(next))..vec![ENTRIES + 1]) {
            let (key, bytes) = pair?;
            let chunk: EntryChunk = value(&bytes)?;
            if number_at_end(&key) != Some(next) {
                return Ok(None);
            }
            names.add(next, &chunk);
            next += chunk.record_ids.len() as u64;
        }
        Ok((next == log_size).then_some(names))
    }

    /// Takes in the names of a block's entries, the first of which has this index.
    pub(super) fn add(&mut self, first: u64, chunk: &EntryChunk) {
        let ids = (first..).zip(&chunk.record_ids);
        self.recent.extend(ids.map(|(index, id)| (Kind::Record, of_record(id), index)));
        let exchanges = chunk.exchanges.iter();
        let named = exchanges.map(|(at, id)| (Kind::Exchange, id.0, first + u64::from(*at)));
        self.recent.extend(named);
    }

    /// Adds to a batch the run of all names in memory, if with the entries before `end` they fill
    /// one. Returns whether they do: [`Names::is_written`] is called when the batch is applied.
    pub(super) fn write(&self, batch: &mut Batch, end: u64) -> bool {
        if end.saturating_sub(self.runs.end) < RUN_ENTRIES {
            return false;
        }
        let mut piece: Option<(Kind, Name, Vec<u8>)> = None;
        let mut last = None;
        let mut store = |piece: Option<(Kind, Name, Vec<u8>)>| {
            if let Some((kind, first, bytes)) = piece {
                batch.insert(name_piece_key(kind.letter(), self.runs.end, Some(&first)), bytes);
            }
        };
        for (kind, name, index) in &self.recent {
            let is_full = |bytes: &[u8]| bytes.len() >= PIECE_NAMES * STORED_BYTES;
            let goes_on = piece.as_ref().is_some_and(|(of, _, bytes)| {
                of == kind && (!is_full(bytes) || last == Some((*kind, *name)))
            });
            if !goes_on {
                store(piece.replace((*kind, *name, Vec::new())));
            }
            if let Some((_, _, bytes)) = &mut piece {
                bytes.extend_from_slice(name);
                bytes.extend_from_slice(&index.to_be_bytes());
            }
            last = Some((*kind, *name));
        }
        store(piece);
        batch.insert(name_runs_key(), encode(&self.runs.and_one(end)));
        true
    }

    /// What was written is no longer held in memory.
    pub(super) fn is_written(&mut self, end: u64) {
        self.runs = self.runs.and_one(end);
        self.recent.clear();
    }

    fn recent(&self, kind: Kind, name: Name) -> impl Iterator<Item = u64> {
        self.recent.range((kind, name, 0)..=(kind, name, u64::MAX)).map(|(_, _, index)| *index)
    }
}

impl Runs {
    /// These, and the one of the entries after them up to `end`.
    fn and_one(&self, end: u64) -> Runs {
        let firsts = self.firsts.iter().copied().chain([self.end]).collect();
        Runs { firsts, end }
    }
}

impl View {
    /// The entries that may hold the statement with this id: its first half is theirs. Errors: the
    /// store.
    pub(super) fn named_like(&self, id: &RecordId) -> Result<Vec<u64>, ViewError> {
        self.named(Kind::Record, of_record(id))
    }

    /// The entries about an exchange, ascending. Errors: the store.
    pub(super) fn of_exchange(&self, id: &ExchangeId) -> Result<Vec<u64>, ViewError> {
        self.named(Kind::Exchange, id.0)
    }

    fn named(&self, kind: Kind, name: Name) -> Result<Vec<u64>, ViewError> {
        let db = self.0.shared.db()?;
        let (runs, recent) = {
            let names = self.0.shared.names.read().unwrap_or_else(PoisonError::into_inner);
            (names.runs.firsts.clone(), names.recent(kind, name).collect::<Vec<_>>())
        };
        let mut found = Vec::new();
        for run in runs {
            found.extend(in_run(&db, kind, run, &name)?);
        }
        found.extend(recent);
        Ok(found)
    }
}

/// The entries of a run that have this name: all of them are in one piece, the last that does not
/// begin after it.
fn in_run(db: &sled::Db, kind: Kind, run: u64, name: &Name) -> Result<Vec<u64>, ViewError> {
    let key = |name| name_piece_key(kind.letter(), run, name);
    let piece = db.range(key(None)..=key(Some(name))).next_back().transpose()?;
    let Some((_, bytes)) = piece else { return Ok(Vec::new()) };
    let (stored, _) = bytes.as_chunks::<STORED_BYTES>();
    let from = stored.partition_point(|one| one[..16] < name[..]);
    let equal = stored[from..].iter().take_while(|one| one[..16] == name[..]);
    Ok(equal.filter_map(|one| number_at_end(one)).collect())
}

fn of_record(id: &RecordId) -> Name {
    let (name, _) = id.0.split_at(16);
    name.try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use comity_core::ids::Height;

    use super::*;

    fn store() -> sled::Db {
        sled::Config::new().temporary(true).open().unwrap()
    }

    fn id(first: u8, last: u8) -> RecordId {
        let mut bytes = [first; 32];
        bytes[31] = last;
        RecordId(bytes)
    }

    /// A block of one entry that is about three exchanges, and its names.
    fn chunk(number: u8) -> EntryChunk {
        let exchanges = [1, number, number % 3 + 200].map(|n| (0, ExchangeId([n; 16]))).to_vec();
        EntryChunk { height: Height(1), record_ids: vec![id(number, number)], exchanges }
    }

    /// Applies blocks of one entry each, as the view's thread does.
    fn grown(db: &sled::Db, names: &mut Names, numbers: std::ops::Range<u8>) {
        for number in numbers {
            let (first, chunk) = (u64::from(number), chunk(number));
            let mut batch = Batch::default();
            batch.insert(entries_key(LogIndex(first)), encode(&chunk));
            names.add(first, &chunk);
            let fills = names.write(&mut batch, first + 1);
            db.apply_batch(batch).unwrap();
            if fills {
                names.is_written(first + 1);
            }
        }
    }

    fn found(db: &sled::Db, names: &Names, kind: Kind, name: Name) -> Vec<u64> {
        let runs = names.runs.firsts.iter().flat_map(|run| in_run(db, kind, *run, &name).unwrap());
        runs.chain(names.recent(kind, name)).collect()
    }

    #[test]
    fn every_name_is_found_in_memory_and_in_the_runs() {
        let db = store();
        let mut names = Names::default();
        grown(&db, &mut names, 0..30);
        assert_eq!((names.runs.firsts.len(), names.runs.end), (7, 28));
        for number in 0..30u8 {
            let of = found(&db, &names, Kind::Record, [number; 16]);
            assert_eq!(of, [u64::from(number)], "{number}");
            let of = found(&db, &names, Kind::Exchange, [number; 16]);
            let expected: Vec<u64> =
                if number == 1 { (0..30).collect() } else { vec![u64::from(number)] };
            assert_eq!(of, expected, "{number}: equal names are in one piece of a run");
        }
        assert!(found(&db, &names, Kind::Record, [77; 16]).is_empty());
        assert!(found(&db, &names, Kind::Exchange, [255; 16]).is_empty());
    }

    #[test]
    fn what_is_loaded_is_what_was_held() {
        let db = store();
        let mut names = Names::default();
        for end in 1..20 {
            grown(&db, &mut names, end - 1..end);
            let loaded = Names::load(&db, 0, u64::from(end)).unwrap();
            assert_eq!(loaded.unwrap(), names, "after {end}");
        }
    }

    #[test]
    fn entries_with_a_gap_or_too_few_of_them_are_seen() {
        let db = store();
        grown(&db, &mut Names::default(), 0..6);
        assert!(Names::load(&db, 0, 6).unwrap().is_some());
        assert!(Names::load(&db, 0, 7).unwrap().is_none(), "one is not listed");
        assert!(Names::load(&db, 0, 3).unwrap().is_none(), "the runs go beyond the log");
        db.remove(entries_key(LogIndex(4))).unwrap();
        assert!(Names::load(&db, 0, 6).unwrap().is_none(), "a gap");
    }

    #[test]
    fn first_run_begins_where_the_view_does() {
        let db = store();
        let mut names = Names::load(&db, 100, 100).unwrap().unwrap();
        grown(&db, &mut names, 100..110);
        assert_eq!(names.runs.firsts, [100, 104]);
        assert_eq!(Names::load(&db, 100, 110).unwrap().unwrap(), names);
        assert_eq!(found(&db, &names, Kind::Record, [105; 16]), [105]);
    }
}

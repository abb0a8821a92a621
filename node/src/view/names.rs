//! By what few entries are found: the ids of their statements and of their exchanges, and the grants that they are about.
//! Holds: whatever the view has entries of is found by its names, in memory or in one of the runs; a
//! run is written once, in the batch of the block that fills it.
//! May not enter: what lists are made by (see `batch`).
//!
//! Such names are as random as hashes. In a tree each would be put into a page of its own choosing,
//! which is copied and split for it: that was a sixth of all that a busy node did (decision 0041). So the newest
//! names stay in memory, and are written together and sorted; a question asks each run once.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use comity_core::encoding::{Decode, DecodeError, Encode, encode};
use comity_core::hash::RecordId;
use comity_core::ids::LogIndex;
use comity_listing::Term;

use super::layout::{
    ENTRIES, EntryChunk, entries_key, name_piece_key, name_runs_key, number_at_end, value,
};
use super::tree::{Batch, Tree};
use super::{Order, View, ViewError};

/// Entries of one run (count). In tests so few that every view of some blocks has runs.
const RUN_ENTRIES: u64 = if cfg!(test) { 4 } else { 65_536 };
/// Names that fill a run, of however few entries they are (count): one acknowledgement may name
/// hundreds of exchanges, and what waits for a run is held in memory.
const RUN_NAMES: usize = if cfg!(test) { 24 } else { 262_144 };
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
    /// The entry that made a grant (or what else is found so), then zeros.
    Grant,
}

impl Kind {
    fn letter(self) -> u8 {
        match self {
            Kind::Record => b'r',
            Kind::Exchange => b'x',
            Kind::Grant => b'g',
        }
    }

    /// As what a term is kept; `None` if it has postings.
    fn of_term(term: &Term) -> Option<(Kind, Name)> {
        match term {
            Term::Exchange(id) => Some((Kind::Exchange, id.0)),
            Term::Grant(made_at) => Some((Kind::Grant, of_grant(*made_at))),
            _ => None,
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

/// Where a name is looked for.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// In the run that begins with this entry.
    Run(u64),
    /// In memory, where these entries were found.
    Recent(Vec<u64>),
}

impl Names {
    /// The names of the entries that a tree holds, the first of which is `begin`; `None` where these do
    /// not go up to `log_size` without a gap, or a run is not where they say. Errors: the store.
    pub(super) fn load(tree: &Tree, begin: u64, log_size: u64) -> Result<Option<Names>, ViewError> {
        let runs = match tree.get(name_runs_key())? {
            Some(bytes) => value(&bytes)?,
            None => Runs { firsts: Vec::new(), end: begin },
        };
        if !runs.are_whole(tree, begin)? {
            return Ok(None);
        }
        let mut next = runs.end;
        let mut names = Names { runs, recent: BTreeSet::new() };
        for pair in tree.ascending(entries_key(LogIndex(next))..vec![ENTRIES + 1]) {
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
        let grants = chunk.grants.iter();
        let about = grants.map(|(at, id)| (Kind::Grant, of_grant(*id), first + u64::from(*at)));
        self.recent.extend(about);
    }

    /// Adds to a batch the run of all names in memory, if they or the entries before `end` fill one. Returns whether they do: [`Names::is_written`] is called when the batch is applied.
    pub(super) fn write(&self, batch: &mut Batch, end: u64) -> bool {
        let entries = end.saturating_sub(self.runs.end);
        if entries < RUN_ENTRIES && self.recent.len() < RUN_NAMES {
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

    /// Where entries within the bounds, both included, can have this name; the oldest first.
    fn parts(&self, kind: Kind, name: Name, (lowest, highest): (u64, u64)) -> Vec<Part> {
        let Runs { firsts, end } = &self.runs;
        let ends = firsts.iter().skip(1).chain([end]);
        let within = |(first, end): &(&u64, &u64)| **first <= highest && lowest < **end;
        let runs = firsts.iter().zip(ends).filter(within).map(|(first, _)| Part::Run(*first));
        let recent = self.recent.range((kind, name, lowest)..=(kind, name, highest));
        runs.chain([Part::Recent(recent.map(|(_, _, index)| *index).collect())]).collect()
    }
}

impl Runs {
    /// These, and the one of the entries after them up to `end`.
    fn and_one(&self, end: u64) -> Runs {
        let firsts = self.firsts.iter().copied().chain([self.end]).collect();
        Runs { firsts, end }
    }

    /// Whether they begin with entry `begin`, each of them has names, and the tree lists a block that
    /// ends where they do. Errors: the store.
    fn are_whole(&self, tree: &Tree, begin: u64) -> Result<bool, ViewError> {
        let edges: Vec<u64> = self.firsts.iter().copied().chain([self.end]).collect();
        if edges.first() != Some(&begin) || !edges.is_sorted_by(|one, next| one < next) {
            return Ok(false);
        }
        for first in &self.firsts {
            // Every entry has a statement.
            let key = |name| name_piece_key(Kind::Record.letter(), *first, name);
            if tree.ascending(key(None)..=key(Some(&[u8::MAX; 16]))).next().transpose()?.is_none() {
                return Ok(false);
            }
        }
        let mut before = tree.descending(entries_key(LogIndex(0))..entries_key(LogIndex(self.end)));
        let last = before.next().transpose()?;
        let Some((key, bytes)) = last else { return Ok(self.end == begin) };
        let chunk: EntryChunk = value(&bytes)?;
        Ok(number_at_end(&key).map(|first| first + chunk.record_ids.len() as u64) == Some(self.end))
    }
}

impl View {
    /// The entries that may hold the statement with this id, the newest first: its first half is
    /// theirs. Errors: the store; in each item too.
    pub(super) fn named_like(
        &self,
        id: &RecordId,
    ) -> Result<impl Iterator<Item = Result<u64, ViewError>>, ViewError> {
        self.named(Kind::Record, of_record(id), (0, u64::MAX), Order::Descending)
    }

    /// The entries that a term has within the bounds, both included, in this order; `None` if it has postings. Runs are
    /// read as they are needed. Errors: the store; in each item too.
    pub(super) fn of_term(
        &self,
        term: &Term,
        bounds: (u64, u64),
        order: Order,
    ) -> Result<Option<impl Iterator<Item = Result<u64, ViewError>> + use<>>, ViewError> {
        let Some((kind, name)) = Kind::of_term(term) else { return Ok(None) };
        self.named(kind, name, bounds, order).map(Some)
    }

    fn named(
        &self,
        kind: Kind,
        name: Name,
        bounds: (u64, u64),
        order: Order,
    ) -> Result<impl Iterator<Item = Result<u64, ViewError>> + use<>, ViewError> {
        let tree = self.0.shared.tree()?;
        // In one look: what a run takes over leaves memory in the same moment.
        let parts = self.0.shared.names().parts(kind, name, bounds);
        Ok(in_parts(tree, parts, (kind, name), bounds, order))
    }
}

/// The entries within the bounds that have this name, in this order.
fn in_parts(
    tree: Tree,
    mut parts: Vec<Part>,
    (kind, name): (Kind, Name),
    (lowest, highest): (u64, u64),
    order: Order,
) -> impl Iterator<Item = Result<u64, ViewError>> {
    if order == Order::Descending {
        parts.reverse();
    }
    parts.into_iter().flat_map(move |part| {
        let found = match part {
            Part::Run(run) => in_run(&tree, kind, run, &name),
            Part::Recent(indexes) => Ok(indexes),
        };
        let mut indexes = match found {
            Ok(indexes) => indexes,
            Err(error) => return vec![Err(error)],
        };
        indexes.retain(|index| (lowest..=highest).contains(index));
        if order == Order::Descending {
            indexes.reverse();
        }
        indexes.into_iter().map(Ok).collect()
    })
}

/// The entries of a run that have this name, ascending: all of them are in one piece, the last that
/// does not begin after it.
fn in_run(tree: &Tree, kind: Kind, run: u64, name: &Name) -> Result<Vec<u64>, ViewError> {
    let key = |name| name_piece_key(kind.letter(), run, name);
    let piece = tree.descending(key(None)..=key(Some(name))).next().transpose()?;
    let Some((_, bytes)) = piece else { return Ok(Vec::new()) };
    let (stored, rest) = bytes.as_chunks::<STORED_BYTES>();
    if !rest.is_empty() {
        return Err(DecodeError::Trailing { count: rest.len() }.into());
    }
    let from = stored.partition_point(|one| one[..16] < name[..]);
    let equal = stored[from..].iter().take_while(|one| one[..16] == name[..]);
    Ok(equal.filter_map(|one| number_at_end(one)).collect())
}

fn of_grant(made_at: LogIndex) -> Name {
    let mut name = [0; 16];
    name[..8].copy_from_slice(&made_at.0.to_be_bytes());
    name
}

fn of_record(id: &RecordId) -> Name {
    let (name, _) = id.0.split_at(16);
    name.try_into().unwrap_or_default()
}

//! A view that begins with a snapshot instead of the genesis, and the points at which the node's own
//! snapshots may be cut off.
//! Holds: the trust path stays whole; the replay window is the snapshot's; entries are listed from
//! the snapshot's own block on.
//! May not enter: reading snapshots (see `snapshots`).

use std::collections::BTreeMap;

use comity_core::encoding::encode;
use comity_core::hash::RecordId;
use comity_core::ids::{ExchangeId, Height, TimeMs};
use comity_core::ledger::Ledger;
use comity_core::snapshot::CutOff;
use comity_core::statement::MAX_VALIDITY_MS;
use comity_core::trust_path::SetChange;
use comity_replica::io::Commit;

use super::ViewError;
use super::batch::{add_block, list_state};
use super::journal::Journal;
use super::layout::{
    CUT_OFFS, WindowChunk, WindowSum, begin_key, cut_off_key, cut_off_time, set_change_key,
    window_key,
};
use super::log_hashes::add_beginning;
use super::tree::{Batch, Tree, under};

/// Pairs that are written at once.
const PAIRS_PER_BATCH: usize = 4_096;
/// Ids of the replay window in one chunk.
const IDS_PER_CHUNK: usize = 4_096;
/// Of the blocks of so much time (ms) the first is a point at which a snapshot may be cut off.
const CUT_OFF_EVERY_MS: u64 = 60 * 60 * 1000;
/// Cut-offs kept that are old enough, for a snapshot that is being taken of an earlier block.
const OLD_KEPT: usize = 2;

/// What a snapshot brings into a view.
#[derive(Debug)]
pub(super) struct Beginning {
    /// The ledger after the snapshot's block.
    pub(super) ledger: Ledger,
    /// The block, with its records.
    pub(super) commit: Commit,
    /// The changes of the validators before it.
    pub(super) changes: Vec<SetChange>,
    /// Where the snapshot was cut off.
    pub(super) cut_off: Option<CutOff>,
}

impl Beginning {
    /// Writes what is large, part by part, and puts the rest but for the view's mark. Returns what the replay window holds. Errors: the store, the disk.
    pub(super) fn write(&self, tree: &Tree, journal: &mut Journal) -> Result<WindowSum, ViewError> {
        let mut pairs = self.ledger.state().iter();
        loop {
            let mut batch = Batch::default();
            let mut count = 0;
            list_state(&mut batch, pairs.by_ref().take(PAIRS_PER_BATCH).inspect(|_| count += 1));
            tree.put(batch);
            tree.write()?;
            if count < PAIRS_PER_BATCH {
                break;
            }
        }
        let mut window = WindowSum::default();
        for (key, value) in self.window_chunks() {
            window.add(&key, &value);
            tree.insert(key, value);
            tree.write()?;
        }
        let mut batch = Batch::default();
        for change in &self.changes {
            batch.insert(set_change_key(change.header.height), encode(change));
        }
        if let Some(cut_off) = &self.cut_off {
            let Height(height) = cut_off.header.height;
            batch.insert(cut_off_key(cut_off.header.time, Height(height)), encode(cut_off));
        }
        batch.insert(begin_key(), &self.commit.header.first_index.0.to_be_bytes());
        let (height, state) = (self.commit.header.height, self.ledger.state());
        add_block(&mut batch, &self.commit, state, window);
        journal.begin(&mut batch, height, state)?;
        add_beginning(&mut batch, self.ledger.log());
        tree.put(batch);
        Ok(window)
    }

    /// The replay window in chunks of bounded size, under keys that no block's chunk has.
    fn window_chunks(&self) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
        let window = self.ledger.window();
        let mut numbers = (0..u64::MAX).rev().map(Height);
        let mut keyed = move |chunk: WindowChunk| {
            let last = chunk.records.values().chain(chunk.exchanges.values()).max().copied();
            let number = numbers.next().unwrap_or_default();
            (window_key(last.unwrap_or_default(), number), encode(&chunk))
        };
        let mut chunks = Vec::new();
        let records: Vec<(RecordId, TimeMs)> =
            window.records().iter().map(|(id, until)| (*id, *until)).collect();
        for ids in records.chunks(IDS_PER_CHUNK) {
            let records = ids.iter().copied().collect();
            chunks.push(keyed(WindowChunk { records, exchanges: BTreeMap::new() }));
        }
        let exchanges: Vec<(ExchangeId, TimeMs)> =
            window.exchanges().iter().map(|(id, until)| (*id, *until)).collect();
        for ids in exchanges.chunks(IDS_PER_CHUNK) {
            let exchanges = ids.iter().copied().collect();
            chunks.push(keyed(WindowChunk { records: BTreeMap::new(), exchanges }));
        }
        chunks.into_iter()
    }
}

/// Adds a block as a cut-off if it is the first of its hour, and forgets those that no snapshot
/// needs any more. `newest` is the newest one's time, once it is known. Errors: the store.
pub(super) fn add_cut_off(
    tree: &Tree,
    batch: &mut Batch,
    commit: &Commit,
    newest: &mut Option<TimeMs>,
) -> Result<(), ViewError> {
    let time = commit.header.time;
    let of = |time: &TimeMs| time.0 / CUT_OFF_EVERY_MS;
    if newest.is_none() {
        let stored = tree.descending(under(&[CUT_OFFS])).next().transpose()?;
        *newest = stored.map(|(key, _)| cut_off_time(&key));
    }
    if newest.as_ref().is_some_and(|newest| of(newest) >= of(&time)) {
        return Ok(());
    }
    *newest = Some(time);
    let (header, certificate) = (commit.header.clone(), commit.certificate.clone());
    let cut_off = CutOff { header, certificate, log: commit.log.clone() };
    batch.insert(cut_off_key(time, commit.header.height), encode(&cut_off));
    let mut old = Vec::new();
    for pair in tree.ascending(under(&[CUT_OFFS])) {
        let (key, _) = pair?;
        if cut_off_time(&key).plus(MAX_VALIDITY_MS) <= time {
            old.push(key);
        }
    }
    let surplus = old.len().saturating_sub(OLD_KEPT);
    old.into_iter().take(surplus).for_each(|key| batch.remove(key));
    Ok(())
}

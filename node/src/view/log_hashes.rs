//! The hashes of the log tree, as wide as the tiles of C2SP tlog-tiles: row 0 has the leaves, each
//! row above one hash for 256 of the row below.
//! Holds: a run of hashes is in one tile and has no gap; a complete tile is one run, written once.
//! Where a node began from a snapshot the rows begin there, and the subtrees before are known by
//! their roots alone.
//! May not enter: entries (the block log has them). Source: docs/formats.md, "Log tree".

#[cfg(test)]
mod tests;

use std::ops::Range;

use comity_core::log_tree::{
    Frontier, ProofError, complete_root, consistency_proof, inclusion_path,
};

use super::layout::{hash_run_key, number_at_end, subtree_key};
use super::tree::{Batch, Tree};
use super::{View, ViewError};

/// Hashes in a whole tile.
pub const TILE_WIDTH: u64 = 256;
/// Levels of the tree from one row to the next.
const ROW_LEVELS: u32 = 8;

/// The root of a subtree.
type Hash = [u8; 32];

/// Why a proof about the log cannot be made here.
#[derive(Debug, thiserror::Error)]
pub enum LogProofError {
    /// The view.
    #[error(transparent)]
    View(#[from] ViewError),
    /// The log has no such entry or size, or this node began after it.
    #[error("the proof cannot be made")]
    Proof(#[from] ProofError),
}

/// Consecutive hashes of one row.
#[derive(Debug, Default)]
struct Run {
    /// Where the first of them stands in the row.
    first: u64,
    hashes: Vec<Hash>,
}

/// Adds a block's leaves, whose first has this index, and the hashes above that they complete.
/// Errors: the store.
pub(super) fn add_leaves(
    tree: &Tree,
    batch: &mut Batch,
    first: u64,
    leaves: Vec<Hash>,
) -> Result<(), ViewError> {
    let mut row = 0;
    let mut new = Run { first, hashes: leaves };
    while !new.hashes.is_empty() {
        let mut above = Run { first: new.first / TILE_WIDTH, hashes: Vec::new() };
        for part in cut_at_tiles(new) {
            let (start, end) = (part.first, part.end());
            if !end.is_multiple_of(TILE_WIDTH) {
                batch.insert(hash_run_key(row, start), part.hashes.concat());
                continue;
            }
            let mut whole = part;
            for before in stored_runs(tree, row, tile_of(start).start..start)?.into_iter().rev() {
                batch.remove(hash_run_key(row, before.first));
                whole = Run { first: before.first, hashes: [before.hashes, whole.hashes].concat() };
            }
            batch.insert(hash_run_key(row, whole.first), whole.hashes.concat());
            match root(tree, row, (ROW_LEVELS, end / TILE_WIDTH - 1), &whole)? {
                Some(root) => above.hashes.push(root),
                // The tile began before this view, and so will the next row.
                None => above.first += 1,
            }
        }
        (row, new) = (row + 1, above);
    }
    Ok(())
}

/// Keeps the roots of the complete subtrees that make up a log, for a view that begins after it.
pub(super) fn add_beginning(batch: &mut Batch, log: &Frontier) {
    for (level, index, root) in log.subtrees() {
        batch.insert(subtree_key(level, index), &root);
    }
}

impl View {
    /// The path that proves entry `index` of the log of `size` entries. Errors: no such entry or
    /// size here; the store.
    pub fn inclusion_path(&self, index: u64, size: u64) -> Result<Vec<Hash>, LogProofError> {
        self.with_subtrees(|read| inclusion_path(index, size, read))
    }

    /// The proof that the log of `second` entries begins with that of `first`. Errors: no such
    /// sizes here; the store.
    pub fn consistency_proof(&self, first: u64, second: u64) -> Result<Vec<Hash>, LogProofError> {
        self.with_subtrees(|read| consistency_proof(first, second, read))
    }

    /// The first `width` hashes of a tile; `None` where they are not all here. Errors: the store.
    pub fn tile(&self, row: u8, index: u64, width: usize) -> Result<Option<Vec<Hash>>, ViewError> {
        let Some(start) = index.checked_mul(TILE_WIDTH) else { return Ok(None) };
        let runs = stored_runs(&self.0.shared.tree()?, row, tile_of(start))?;
        let starts_here = runs.first().is_some_and(|run| run.first == start);
        let hashes: Vec<Hash> = runs.into_iter().flat_map(|run| run.hashes).take(width).collect();
        Ok((starts_here && hashes.len() == width).then_some(hashes))
    }

    /// Makes a proof from the hashes of complete subtrees. The store's own error comes first.
    fn with_subtrees<T>(
        &self,
        prove: impl FnOnce(&mut dyn FnMut(u32, u64) -> Option<Hash>) -> Result<T, ProofError>,
    ) -> Result<T, LogProofError> {
        let tree = self.0.shared.tree()?;
        let mut failed = None;
        let mut read = |level: u32, index: u64| match subtree(&tree, level, index) {
            Ok(hash) => hash,
            Err(error) => {
                failed.get_or_insert(error);
                None
            }
        };
        let made = prove(&mut read);
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(made?),
        }
    }
}

impl Run {
    /// One after the last.
    fn end(&self) -> u64 {
        self.first + self.hashes.len() as u64
    }

    /// Those at these positions, if it has them all.
    fn at(&self, positions: Range<u64>) -> Option<&[Hash]> {
        let start = usize::try_from(positions.start.checked_sub(self.first)?).ok()?;
        let count = usize::try_from(positions.end - positions.start).ok()?;
        self.hashes.get(start..start.checked_add(count)?)
    }
}

/// The root of the complete subtree of 2^level entries with this index, if it is known here.
fn subtree(tree: &Tree, level: u32, index: u64) -> Result<Option<Hash>, ViewError> {
    let Ok(row) = u8::try_from(level / ROW_LEVELS) else { return Ok(None) };
    let levels = level % ROW_LEVELS;
    let Some(start) = index.checked_mul(1 << levels) else { return Ok(None) };
    let mut runs = stored_runs(tree, row, tile_of(start))?.into_iter();
    let mut whole = runs.next().unwrap_or_default();
    runs.for_each(|run| whole.hashes.extend(run.hashes));
    root(tree, row, (levels, index), &whole)
}

/// The root of the 2^levels hashes of a row that make up the subtree with this index: of the run,
/// where it has them; else as it was known when the view began; else of its halves.
fn root(
    tree: &Tree,
    row: u8,
    (levels, index): (u32, u64),
    run: &Run,
) -> Result<Option<Hash>, ViewError> {
    if let Some(hashes) = run.at(index << levels..(index + 1) << levels) {
        return Ok(Some(complete_root(hashes)));
    }
    let level = u32::from(row) * ROW_LEVELS + levels;
    if let Some(known) = tree.get(subtree_key(level, index))? {
        return Ok((*known).try_into().ok());
    }
    if levels == 0 {
        return Ok(None);
    }
    let left = root(tree, row, (levels - 1, index * 2), run)?;
    let right = root(tree, row, (levels - 1, index * 2 + 1), run)?;
    Ok(left.zip(right).map(|(left, right)| complete_root(&[left, right])))
}

/// The positions of the tile in which a position lies.
fn tile_of(position: u64) -> Range<u64> {
    let start = position - position % TILE_WIDTH;
    start..start.saturating_add(TILE_WIDTH)
}

/// The run in parts, none of which lies in two tiles.
fn cut_at_tiles(run: Run) -> Vec<Run> {
    let mut parts: Vec<Run> = Vec::new();
    for (position, hash) in (run.first..).zip(run.hashes) {
        match parts.last_mut() {
            Some(part) if !position.is_multiple_of(TILE_WIDTH) => part.hashes.push(hash),
            _ => parts.push(Run { first: position, hashes: vec![hash] }),
        }
    }
    parts
}

/// The runs that begin at these positions of a row, in order; each follows the one before.
fn stored_runs(tree: &Tree, row: u8, positions: Range<u64>) -> Result<Vec<Run>, ViewError> {
    let range = hash_run_key(row, positions.start)..hash_run_key(row, positions.end);
    let found = tree.ascending(range);
    found
        .map(|pair| {
            let (key, value) = pair?;
            let (hashes, _) = value.as_chunks::<32>();
            Ok(Run { first: number_at_end(&key).unwrap_or(0), hashes: hashes.to_vec() })
        })
        .collect()
}

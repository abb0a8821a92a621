//! The log tree: the RFC 6962 Merkle tree (SHA-256) over every entry, in order.
//! Holds: a frontier has exactly one subtree root for each bit set in its size.
//! May not enter: storage (hashes are read through a closure), and structures that hold every leaf.
//! Source: docs/formats.md, "Log tree"; RFC 6962 section 2.1.

mod parts;
mod proof;
#[cfg(test)]
mod tests;

use crate::encoding::{Decode, Encode, checked_codec};
use crate::hash::{LeafHash, LogRoot, empty_log, log_node};

pub use parts::{CutPart, EntriesError, LogCutter, LogPart, MAX_PART_LEVEL, SubtreeError};
pub use proof::{
    ProofError, consistency_proof, inclusion_path, verify_consistency, verify_inclusion,
};

/// The right edge of a log tree: enough to append to it and to know its root, in at most 64 hashes.
///
/// Encoded as its size (entries, `u64`) and the roots of the complete subtrees that make it up,
/// from the largest (which holds the oldest entries) to the smallest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier(Edge);

checked_codec!(Frontier as Edge);

#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
struct Edge {
    size: u64,
    subtrees: Vec<[u8; 32]>,
}

/// Bytes that describe no frontier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrontierError {
    /// The number of subtree roots is not the number of bits set in the size.
    #[error("a log of {size} entries has {expected} complete subtrees, not {found}")]
    SubtreeCount {
        /// Entries claimed.
        size: u64,
        /// Subtree roots that such a log has.
        expected: u32,
        /// Subtree roots given.
        found: usize,
    },
    /// 2^63 entries or more: no log is so large, and appending to it could overflow its size.
    #[error("no log has {size} entries")]
    SizeTooLarge {
        /// Entries claimed.
        size: u64,
    },
}

impl Frontier {
    /// The frontier of the empty log.
    pub fn new() -> Self {
        Self::default()
    }

    /// Entries in the log, which is also the index of the next one.
    pub fn size(&self) -> u64 {
        self.0.size
    }

    /// Appends one entry.
    pub fn push(&mut self, leaf: LeafHash) {
        let mut root = leaf.0;
        // Each trailing one bit of the size is a complete subtree that the new entry doubles.
        for _ in 0..self.0.size.trailing_ones() {
            match self.0.subtrees.pop() {
                Some(left) => root = log_node(&left, &root),
                None => unreachable!("a frontier has one subtree for each bit set in its size"),
            }
        }
        self.0.subtrees.push(root);
        self.0.size += 1;
    }

    /// The complete subtrees that make up the log, the one with the oldest entries first: level (it
    /// has 2^level entries), index among those of its level, root.
    pub fn subtrees(&self) -> impl Iterator<Item = (u32, u64, [u8; 32])> {
        let levels = (0..u64::BITS).rev().filter(|level| self.0.size >> level & 1 == 1);
        let places = levels.map(|level| (level, (self.0.size >> level) - 1));
        places.zip(&self.0.subtrees).map(|((level, index), root)| (level, index, *root))
    }

    /// Root of the log as it stands; of the empty log, SHA-256 of nothing.
    pub fn root(&self) -> LogRoot {
        let smallest_first = self.0.subtrees.iter().rev().copied();
        LogRoot(
            smallest_first.reduce(|right, left| log_node(&left, &right)).unwrap_or_else(empty_log),
        )
    }
}

/// The root of the complete subtree over a power of two of consecutive subtrees of one level, by
/// their roots. Panics without any.
pub fn complete_root(roots: &[[u8; 32]]) -> [u8; 32] {
    match roots {
        [] => unreachable!("a subtree has an entry"),
        [root] => *root,
        _ => {
            let (left, right) = roots.split_at(roots.len() / 2);
            log_node(&complete_root(left), &complete_root(right))
        }
    }
}

impl TryFrom<Edge> for Frontier {
    type Error = FrontierError;

    fn try_from(edge: Edge) -> Result<Self, FrontierError> {
        let Edge { size, ref subtrees } = edge;
        let (expected, found) = (size.count_ones(), subtrees.len());
        if size >> 63 != 0 {
            return Err(FrontierError::SizeTooLarge { size });
        }
        if usize::try_from(expected) != Ok(found) {
            return Err(FrontierError::SubtreeCount { size, expected, found });
        }
        Ok(Frontier(edge))
    }
}

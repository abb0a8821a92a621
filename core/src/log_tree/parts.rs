//! A stretch of the log in parts, each a complete subtree, and each checked by itself.
//! Holds: parts that lead from one frontier to a root are of that very log.
//! May not enter: files; what entries mean. Source: docs/formats.md, "Snapshots".

use std::collections::VecDeque;

use super::Frontier;
use crate::encoding::{Decode, DecodeError, Encode, decode, encode};
use crate::hash::{leaf_hash, log_node};

/// Entries in one part at most, as a power of two.
pub const MAX_PART_LEVEL: u8 = 12;

/// Consecutive entries that make up a complete subtree of the log tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LogPart {
    /// It has 2^level entries.
    pub level: u8,
    /// The subtree's root.
    pub root: [u8; 32],
    /// Size of the encoded entries (bytes).
    pub size_bytes: u32,
}

/// A subtree that cannot be the next one of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a part of the log does not follow the one before it")]
pub struct SubtreeError;

/// Why a part's entries are not those that it commits to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntriesError {
    /// Not the canonical bytes of entries.
    #[error("its bytes are not those of entries: {0}")]
    Decode(#[from] DecodeError),
    /// Not those that the log commits to.
    #[error("its entries are not those that the log commits to")]
    Root,
}

impl Frontier {
    /// Appends all entries of a complete subtree. Errors: no subtree of this size can stand here.
    pub fn push_subtree(&mut self, level: u8, root: [u8; 32]) -> Result<(), SubtreeError> {
        let entries = 1u64.checked_shl(u32::from(level)).ok_or(SubtreeError)?;
        let size = self.0.size.checked_add(entries).filter(|size| size >> 63 == 0);
        let (Some(size), true) = (size, self.0.size.is_multiple_of(entries)) else {
            return Err(SubtreeError);
        };
        let mut root = root;
        for _ in 0..(self.0.size >> level).trailing_ones() {
            match self.0.subtrees.pop() {
                Some(left) => root = log_node(&left, &root),
                None => unreachable!("a frontier has one subtree for each bit set in its size"),
            }
        }
        self.0.subtrees.push(root);
        self.0.size = size;
        Ok(())
    }
}

impl LogPart {
    /// Entries in it (count).
    pub fn entries(&self) -> u64 {
        1u64.checked_shl(u32::from(self.level)).unwrap_or(u64::MAX)
    }

    /// The entries, checked against what the part commits to. Errors: they are others.
    pub fn check(&self, bytes: &[u8]) -> Result<Vec<Vec<u8>>, EntriesError> {
        if bytes.len() < self.size_bytes as usize {
            return Err(DecodeError::Truncated.into());
        }
        let entries: Vec<Vec<u8>> = decode(bytes, self.size_bytes as usize)?;
        if entries.len() as u64 != self.entries() || subtree_root(&entries) != self.root {
            return Err(EntriesError::Root);
        }
        Ok(entries)
    }
}

/// The root of a complete subtree: of a power of two of entries.
fn subtree_root(entries: &[Vec<u8>]) -> [u8; 32] {
    let mut whole = Frontier::new();
    entries.iter().for_each(|entry| whole.push(leaf_hash(entry)));
    whole.root().0
}

/// Cuts consecutive entries into parts as they come.
#[derive(Debug)]
pub struct LogCutter {
    limit_bytes: usize,
    /// The index of the first entry that waits.
    at: u64,
    waiting: VecDeque<Vec<u8>>,
    waiting_bytes: usize,
}

/// A part, and its entries as they are encoded.
pub type CutPart = (LogPart, Vec<u8>);

impl LogCutter {
    /// For entries from index `at` on, in parts whose encoded entries have at most `limit_bytes`
    /// (a single entry may have more).
    pub fn new(at: u64, limit_bytes: usize) -> Self {
        LogCutter { limit_bytes, at, waiting: VecDeque::new(), waiting_bytes: 0 }
    }

    /// The next entry.
    pub fn push(&mut self, entry: Vec<u8>) {
        self.waiting_bytes += entry.len() + 8;
        self.waiting.push_back(entry);
    }

    /// A part that more entries would not make larger. To be asked after each entry, until there is
    /// none.
    pub fn take(&mut self) -> Option<CutPart> {
        let room = 1usize << self.level_at();
        let full = self.waiting.len() >= room;
        let over = self.encoded_bytes() > self.limit_bytes && !self.waiting.is_empty();
        if full || over { Some(self.cut()) } else { None }
    }

    /// A part of what is left after the last entry. To be asked until there is none.
    pub fn finish(&mut self) -> Option<CutPart> {
        if self.waiting.is_empty() { None } else { Some(self.cut()) }
    }

    fn encoded_bytes(&self) -> usize {
        8 + self.waiting_bytes
    }

    /// The level of the largest subtree that can begin at the first waiting entry.
    fn level_at(&self) -> u32 {
        self.at.trailing_zeros().min(u32::from(MAX_PART_LEVEL))
    }

    fn cut(&mut self) -> CutPart {
        let mut bytes = 8;
        let fitting = self.waiting.iter().take_while(|entry| {
            bytes += entry.len() + 8;
            bytes <= self.limit_bytes
        });
        let fitting = fitting.count().max(1);
        let level = fitting.ilog2().min(self.level_at());
        let entries: Vec<Vec<u8>> = self.waiting.drain(..1usize << level).collect();
        self.waiting_bytes -= entries.iter().map(|entry| entry.len() + 8).sum::<usize>();
        self.at += entries.len() as u64;
        let (root, bytes) = (subtree_root(&entries), encode(&entries));
        // Entries have at most 65,535 bytes each, and a part at most 4,096 of them.
        let size_bytes = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let level = u8::try_from(level).unwrap_or(MAX_PART_LEVEL);
        (LogPart { level, root, size_bytes }, bytes)
    }
}

//! A state in parts, each small enough to be sent, and each checked by itself against the root.
//! Holds: parts that fold to a root are of that state and of no other; a part's pairs are checked
//! before anything is built of them. May not enter: files; what keys and values mean.
//! Source: docs/formats.md, "Snapshots".

use std::sync::Arc;

use super::{EMPTY, Hashers, Leaf, PATH_BITS, Path, StateTree, Subtree, goes_right};
use crate::encoding::{Decode, DecodeError, Encode, decode, encode};
use crate::hash::{ConsortiumId, StateRoot};

/// A key and its value, as a part carries them.
pub type Pair = (Vec<u8>, Vec<u8>);

/// All pairs whose paths begin alike: a subtree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct StatePart {
    /// How many bits of their paths are alike.
    pub depth: u16,
    /// Pairs in it (count).
    pub keys: u64,
    /// Hash of the subtree; zeros where it is empty.
    pub hash: [u8; 32],
    /// Size of the encoded pairs (bytes).
    pub size_bytes: u32,
}

/// Parts that are no state, or not the one asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PartsError {
    /// They do not lie side by side and cover everything.
    #[error("the parts of the state do not fit together")]
    Tiling,
    /// They fold to another root.
    #[error("the parts of the state are not of the state that the header commits to")]
    Root,
}

/// Why a part's pairs are not those that it commits to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PairsError {
    /// Not the canonical bytes of pairs.
    #[error("its bytes are not those of keys and values: {0}")]
    Decode(#[from] DecodeError),
    /// Not ascending by path, or outside of the part.
    #[error("its keys are not in order, or belong elsewhere")]
    Order,
    /// Not those that the part commits to.
    #[error("its keys and values are not those that the state commits to")]
    Hash,
}

/// Parts that were checked against a root: where each begins.
#[derive(Clone, Debug)]
pub struct Partition {
    hashers: Arc<Hashers>,
    /// Each with the path of its first possible key.
    parts: Vec<(Path, StatePart)>,
}

/// Summary of a subtree: its pairs and its hash.
type Sum = (u64, [u8; 32]);

impl StateTree {
    /// This state in parts whose encoded pairs have at most `limit_bytes` each (a single pair may
    /// have more), from the least path on: as few as the tree's shape allows.
    pub fn parts(&self, limit_bytes: u32) -> Vec<StatePart> {
        let mut parts = Vec::new();
        if let Some(size_bytes) = cut(&self.root, 0, limit_bytes, &mut parts) {
            parts.push(part(&self.root, 0, size_bytes));
        }
        parts
    }

    /// The encoded pairs of each of this state's own parts, in their order.
    pub fn part_pairs<'a>(
        &'a self,
        parts: &'a [StatePart],
    ) -> impl Iterator<Item = Vec<u8>> + use<'a> {
        let mut pairs = self.iter();
        parts.iter().map(move |part| {
            let count = usize::try_from(part.keys).unwrap_or(usize::MAX);
            let own = pairs.by_ref().take(count);
            encode(&own.map(|(k, v)| (k.to_vec(), v.to_vec())).collect::<Vec<Pair>>())
        })
    }
}

/// Cuts a subtree into parts, but for one that fits whole: its size is returned instead.
fn cut(subtree: &Subtree, depth: u16, limit_bytes: u32, parts: &mut Vec<StatePart>) -> Option<u32> {
    const COUNT_BYTES: u32 = 8;
    let inner = match subtree {
        Subtree::Empty => return Some(COUNT_BYTES),
        Subtree::Leaf(leaf) => return Some(COUNT_BYTES.saturating_add(pair_bytes(leaf))),
        Subtree::Inner(inner) => inner,
    };
    let left = cut(&inner.left, depth + 1, limit_bytes, parts);
    let before_right = parts.len();
    let right = cut(&inner.right, depth + 1, limit_bytes, parts);
    if let (Some(left), Some(right)) = (left, right) {
        let whole = left.saturating_add(right) - COUNT_BYTES;
        if whole <= limit_bytes {
            return Some(whole);
        }
    }
    if let Some(size_bytes) = left {
        parts.insert(before_right, part(&inner.left, depth + 1, size_bytes));
    }
    if let Some(size_bytes) = right {
        parts.push(part(&inner.right, depth + 1, size_bytes));
    }
    None
}

fn part(subtree: &Subtree, depth: u16, size_bytes: u32) -> StatePart {
    StatePart { depth, keys: subtree.len() as u64, hash: subtree.hash(), size_bytes }
}

fn pair_bytes(leaf: &Leaf) -> u32 {
    // Two lengths of eight bytes each.
    u32::try_from(16 + leaf.bytes.len()).unwrap_or(u32::MAX)
}

impl Partition {
    /// Checks that `parts` are those of the state with this root. Errors: they are not.
    pub fn check(
        consortium: &ConsortiumId,
        parts: &[StatePart],
        root: &StateRoot,
    ) -> Result<Partition, PartsError> {
        let hashers = Arc::new(Hashers::new(consortium));
        let mut fold = Fold { rest: parts, placed: Vec::with_capacity(parts.len()) };
        let (_, hash) = fold.sum(&hashers, 0, EMPTY)?;
        if !fold.rest.is_empty() {
            return Err(PartsError::Tiling);
        }
        if hash != root.0 {
            return Err(PartsError::Root);
        }
        Ok(Partition { hashers, parts: fold.placed })
    }

    /// The pairs of the part in this place, checked against what it commits to. Errors: they are
    /// others.
    pub fn pairs(&self, place: usize, bytes: &[u8]) -> Result<CheckedPart, PairsError> {
        let Some((first, part)) = self.parts.get(place) else { return Err(PairsError::Hash) };
        if bytes.len() < part.size_bytes as usize {
            return Err(DecodeError::Truncated.into());
        }
        let pairs: Vec<Pair> = decode(bytes, part.size_bytes as usize)?;
        let leaves: Vec<Arc<Leaf>> = pairs
            .into_iter()
            .map(|(key, value)| Arc::new(self.hashers.leaf(self.hashers.path(&key), &key, &value)))
            .collect();
        let ascending = leaves.windows(2).all(|pair| pair[0].path < pair[1].path);
        let depth = usize::from(part.depth);
        let inside = |leaf: &Arc<Leaf>| {
            (0..depth).all(|bit| goes_right(&leaf.path, bit) == goes_right(first, bit))
        };
        if !ascending || !leaves.iter().all(inside) {
            return Err(PairsError::Order);
        }
        let subtree = Subtree::build(&leaves, depth, &self.hashers);
        if subtree.hash() != part.hash || subtree.len() as u64 != part.keys {
            return Err(PairsError::Hash);
        }
        Ok(CheckedPart { place, subtree })
    }

    /// The state of all its parts, given in their order. Errors: one is missing or out of place.
    pub fn join(&self, parts: Vec<CheckedPart>) -> Result<StateTree, PartsError> {
        let in_place = parts.iter().enumerate().all(|(at, part)| part.place == at);
        if !in_place || parts.len() != self.parts.len() {
            return Err(PartsError::Tiling);
        }
        let depths = self.parts.iter().map(|(_, part)| usize::from(part.depth));
        let subtrees = parts.into_iter().map(|part| part.subtree);
        let mut rest = depths.zip(subtrees).peekable();
        let root = raise(&self.hashers, &mut rest, 0)?;
        Ok(StateTree { hashers: Arc::clone(&self.hashers), root })
    }
}

/// A part whose pairs were checked.
pub struct CheckedPart {
    place: usize,
    subtree: Subtree,
}

struct Fold<'a> {
    rest: &'a [StatePart],
    placed: Vec<(Path, StatePart)>,
}

impl Fold<'_> {
    /// The sum of the subtree at `depth` that begins at the path `first`.
    fn sum(&mut self, hashers: &Hashers, depth: usize, first: Path) -> Result<Sum, PartsError> {
        let Some((part, rest)) = self.rest.split_first() else { return Err(PartsError::Tiling) };
        let of_part = usize::from(part.depth);
        if of_part == depth {
            self.rest = rest;
            self.placed.push((first, *part));
            let is_plain = part.keys > 0 || part.hash == EMPTY;
            return if is_plain { Ok((part.keys, part.hash)) } else { Err(PartsError::Tiling) };
        }
        if of_part < depth || depth == PATH_BITS {
            return Err(PartsError::Tiling);
        }
        let left = self.sum(hashers, depth + 1, first)?;
        let mut middle = first;
        middle[depth / 8] |= 0x80 >> (depth % 8);
        let right = self.sum(hashers, depth + 1, middle)?;
        Ok(joined(hashers, left, right))
    }
}

/// A single key stands for itself, however deep it lies.
fn joined(hashers: &Hashers, left: Sum, right: Sum) -> Sum {
    let keys = left.0.saturating_add(right.0);
    let hash = match (left.0, right.0) {
        (0, 0) => EMPTY,
        (1, 0) => left.1,
        (0, 1) => right.1,
        _ => hashers.node(&left.1, &right.1),
    };
    (keys, hash)
}

fn raise(
    hashers: &Hashers,
    rest: &mut std::iter::Peekable<impl Iterator<Item = (usize, Subtree)>>,
    depth: usize,
) -> Result<Subtree, PartsError> {
    match rest.peek() {
        Some((of_part, _)) if *of_part > depth => {
            let left = raise(hashers, rest, depth + 1)?;
            let right = raise(hashers, rest, depth + 1)?;
            Ok(hashers.joined(left, right))
        }
        _ => rest.next().map(|(_, subtree)| subtree).ok_or(PartsError::Tiling),
    }
}

//! Inclusion and consistency proofs of the log tree: built from subtree hashes, checked offline.
//! Holds: for given sizes, exactly one path is accepted; too short or too long a one never is.
//! May not enter: storage, signatures. Whether a size and a root belong together is for the caller
//! to know, from one header. Source: RFC 9162 sections 2.1.3 and 2.1.4.

use crate::hash::{LeafHash, LogRoot, empty_log, log_node};

/// Why a proof about the log proves nothing, or could not be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The log of that size has no entry at that index.
    #[error("no entry {index} in a log of {size} entries")]
    NoSuchEntry {
        /// Index asked for, from 0.
        index: u64,
        /// Entries in the log.
        size: u64,
    },
    /// The log that is said to come first is the larger one.
    #[error("a log of {first} entries cannot come before one of {second}")]
    SizesOutOfOrder {
        /// Entries in the log that is said to be earlier.
        first: u64,
        /// Entries in the log that is said to be later.
        second: u64,
    },
    /// More or fewer hashes than a proof for these sizes has.
    #[error("{hashes} hashes are not a proof for these sizes")]
    WrongLength {
        /// Hashes given.
        hashes: usize,
    },
    /// The proof leads to another root than the (later) log's.
    #[error("the proof does not lead to the log's root")]
    RootMismatch,
    /// The proof leads to another root than the earlier log's.
    #[error("the proof does not lead to the earlier log's root")]
    EarlierRootMismatch,
    /// The reader has no hash for a complete subtree that the proof needs.
    #[error("the hash of subtree {index} on level {level} is missing")]
    MissingSubtree {
        /// Level: the subtree holds 2^level entries.
        level: u32,
        /// Index among the subtrees of its level, from 0.
        index: u64,
    },
}

/// Checks that the log of `size` entries with this `root` has `leaf` at `index`.
///
/// `size` and `root` must come from one header: some paths fit one root under several sizes.
/// Errors: `NoSuchEntry`, `WrongLength`, `RootMismatch`. Source: RFC 9162 section 2.1.3.2.
pub fn verify_inclusion(
    leaf: &LeafHash,
    index: u64,
    size: u64,
    path: &[[u8; 32]],
    root: &LogRoot,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::NoSuchEntry { index, size });
    }
    let mut climb = Climb { index, last: size - 1 };
    let mut hash = leaf.0;
    for sibling in path {
        hash = match climb.step(path.len())? {
            Side::Left => log_node(sibling, &hash),
            Side::Right => log_node(&hash, sibling),
        };
    }
    climb.finish(path.len())?;
    if hash == root.0 { Ok(()) } else { Err(ProofError::RootMismatch) }
}

/// Checks that the log of `second_size` entries begins with all entries of the log of `first_size`.
///
/// Equal sizes need equal roots and an empty proof. The empty log comes before every other, with an
/// empty proof, which therefore says nothing about `second_root`.
/// Errors: `SizesOutOfOrder`, `WrongLength`, `EarlierRootMismatch`, `RootMismatch`.
/// Source: RFC 9162 section 2.1.4.2.
pub fn verify_consistency(
    first_size: u64,
    first_root: &LogRoot,
    second_size: u64,
    second_root: &LogRoot,
    proof: &[[u8; 32]],
) -> Result<(), ProofError> {
    if first_size > second_size {
        return Err(ProofError::SizesOutOfOrder { first: first_size, second: second_size });
    }
    if first_size == 0 || first_size == second_size {
        return verify_trivial(first_size, first_root, second_size, second_root, proof);
    }
    let wrong_length = ProofError::WrongLength { hashes: proof.len() };
    // A complete earlier log is itself a subtree of the later one, and is then left out.
    let (start, rest) = if first_size.is_power_of_two() {
        (first_root.0, proof)
    } else {
        let (start, rest) = proof.split_first().ok_or(wrong_length)?;
        (*start, rest)
    };
    let mut climb = Climb { index: first_size - 1, last: second_size - 1 };
    climb.leave_left_edge();
    let (mut first, mut second) = (start, start);
    for sibling in rest {
        match climb.step(proof.len())? {
            Side::Left => {
                first = log_node(sibling, &first);
                second = log_node(sibling, &second);
            }
            Side::Right => second = log_node(&second, sibling),
        }
    }
    climb.finish(proof.len())?;
    if first != first_root.0 {
        return Err(ProofError::EarlierRootMismatch);
    }
    if second == second_root.0 { Ok(()) } else { Err(ProofError::RootMismatch) }
}

/// The path that proves entry `index` of the log of `size` entries, from the leaf's sibling up.
///
/// `read(level, index)` gives the hash of the complete subtree of entries `index * 2^level` to
/// `(index + 1) * 2^level`, exclusive; only subtrees that lie within `size` are asked for.
/// Errors: `NoSuchEntry`; `MissingSubtree` where `read` has none.
pub fn inclusion_path(
    index: u64,
    size: u64,
    mut read: impl FnMut(u32, u64) -> Option<[u8; 32]>,
) -> Result<Vec<[u8; 32]>, ProofError> {
    if index >= size {
        return Err(ProofError::NoSuchEntry { index, size });
    }
    let mut path = Vec::new();
    let (mut start, mut count) = (0, size);
    while count > 1 {
        let left = left_count(count);
        if index - start < left {
            path.push(range_root(start + left, count - left, &mut read)?);
            count = left;
        } else {
            path.push(range_root(start, left, &mut read)?);
            (start, count) = (start + left, count - left);
        }
    }
    path.reverse();
    Ok(path)
}

/// The proof that the log of `second` entries begins with the log of `first` entries. Empty if the
/// sizes are equal, or `first` is 0. `read` is that of [`inclusion_path`].
///
/// Errors: `SizesOutOfOrder`; `MissingSubtree` where `read` has none.
pub fn consistency_proof(
    first: u64,
    second: u64,
    mut read: impl FnMut(u32, u64) -> Option<[u8; 32]>,
) -> Result<Vec<[u8; 32]>, ProofError> {
    if first > second {
        return Err(ProofError::SizesOutOfOrder { first, second });
    }
    let mut proof = Vec::new();
    if first == 0 {
        return Ok(proof);
    }
    let (mut start, mut count) = (0, second);
    while first - start < count {
        let left = left_count(count);
        if first - start <= left {
            proof.push(range_root(start + left, count - left, &mut read)?);
            count = left;
        } else {
            proof.push(range_root(start, left, &mut read)?);
            (start, count) = (start + left, count - left);
        }
    }
    // Still at the left edge, this subtree is the whole earlier log, whose root the verifier has.
    if start > 0 {
        proof.push(range_root(start, count, &mut read)?);
    }
    proof.reverse();
    Ok(proof)
}

fn verify_trivial(
    first_size: u64,
    first_root: &LogRoot,
    second_size: u64,
    second_root: &LogRoot,
    proof: &[[u8; 32]],
) -> Result<(), ProofError> {
    if !proof.is_empty() {
        return Err(ProofError::WrongLength { hashes: proof.len() });
    }
    if first_size == 0 && first_root.0 != empty_log() {
        return Err(ProofError::EarlierRootMismatch);
    }
    if first_size == second_size && first_root != second_root {
        return Err(ProofError::RootMismatch);
    }
    Ok(())
}

/// Where the next hash of a proof stands, seen from the node reached so far.
enum Side {
    Left,
    Right,
}

/// The way from a node up to the root: `fn` and `sn` of RFC 9162.
struct Climb {
    /// Index of the node reached, on its level.
    index: u64,
    /// Index of the last node on that level.
    last: u64,
}

impl Climb {
    /// From the last entry of an earlier log to the largest complete subtree that ends with it.
    fn leave_left_edge(&mut self) {
        while self.index & 1 == 1 {
            self.up();
        }
    }

    /// One node up, for one of the `hashes` of the proof.
    fn step(&mut self, hashes: usize) -> Result<Side, ProofError> {
        if self.last == 0 {
            return Err(ProofError::WrongLength { hashes });
        }
        if self.index & 1 == 0 && self.index < self.last {
            self.up();
            return Ok(Side::Right);
        }
        // The last node of a level, if it has no sibling there, is carried up to where it has one.
        while self.index & 1 == 0 && self.index != 0 {
            self.up();
        }
        self.up();
        Ok(Side::Left)
    }

    fn finish(&self, hashes: usize) -> Result<(), ProofError> {
        if self.last == 0 { Ok(()) } else { Err(ProofError::WrongLength { hashes }) }
    }

    fn up(&mut self) {
        self.index >>= 1;
        self.last >>= 1;
    }
}

/// Entries in the left subtree of a tree of `count` entries (at least 2): the largest power of two
/// below `count`.
fn left_count(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// Root of the tree over `count` entries (at least 1) from `start`, which must be a multiple of
/// a power of two that is at least `count`.
fn range_root(
    start: u64,
    count: u64,
    read: &mut impl FnMut(u32, u64) -> Option<[u8; 32]>,
) -> Result<[u8; 32], ProofError> {
    let mut rest = count;
    let mut root = None;
    while rest != 0 {
        let level = rest.trailing_zeros();
        rest &= rest - 1;
        let index = (start + rest) >> level;
        let hash = read(level, index).ok_or(ProofError::MissingSubtree { level, index })?;
        root = Some(root.map_or(hash, |right| log_node(&hash, &right)));
    }
    match root {
        Some(root) => Ok(root),
        None => unreachable!("a subtree of a proof has at least one entry"),
    }
}

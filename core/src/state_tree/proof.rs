//! Proofs of the state tree: what a root holds for one key, checked offline.
//! Holds: for one root and key, at most one value, or its absence, can be proven.
//! May not enter: the tree, storage, signatures; whether the root is the ledger's is for the caller
//! to know, from a certified header. Source: docs/formats.md, "State proofs".

use super::{EMPTY, Hashers, PATH_BITS, Path, goes_right};
use crate::encoding::{Decode, Encode, checked_codec};
use crate::hash::{ConsortiumId, StateRoot};

/// Why a proof about the state does not prove what is claimed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// More siblings than a path has bits.
    #[error("{count} siblings, but a path has {PATH_BITS} bits")]
    TooManySiblings {
        /// Siblings given.
        count: usize,
    },
    /// A value is claimed, but the proof is one of absence.
    #[error("the proof is that the key has no value, but a value is claimed")]
    ShowsAbsence,
    /// Absence is claimed, but the proof is one of a value.
    #[error("the proof is that the key has a value, but absence is claimed")]
    ShowsValue,
    /// The leaf that is said to lie where the key would cannot lie there, or is the key's own.
    #[error("the leaf shown does not prove that the key is absent")]
    MisplacedLeaf,
    /// The proof leads to another root.
    #[error("the proof does not lead to the state root")]
    RootMismatch,
}

/// What a state root holds for one key. It names neither the key nor its value: the verifier has
/// them.
///
/// Encoded as the siblings on the key's path, from the root down, and what lies at its end.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct StateProof {
    siblings: Siblings,
    end: End,
}

/// What lies at the end of the key's path. The variants' order is part of the encoding.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) enum End {
    /// An empty subtree: the key is absent.
    Empty,
    /// The key's own leaf.
    Key,
    /// The leaf of another key, which is alone there: the key is absent.
    Other { path: Path, value_hash: [u8; 32] },
}

/// At most [`PATH_BITS`] of them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Siblings(Vec<[u8; 32]>);

checked_codec!(Siblings as Vec<[u8; 32]>);

impl StateProof {
    /// Size of the longest encoded proof: the limit to decode with.
    pub const MAX_SIZE_BYTES: usize = 8 + PATH_BITS * 32 + 4 + 32 + 32;

    /// `siblings` are those that a descent in a tree has passed.
    pub(super) fn new(siblings: Vec<[u8; 32]>, end: End) -> Self {
        StateProof { siblings: Siblings(siblings), end }
    }

    /// Checks that under `root`, `key` has this `value`, or, if that is `None`, that it has none.
    ///
    /// Errors: `ShowsAbsence` or `ShowsValue` if the proof is of the other kind; `MisplacedLeaf`;
    /// `RootMismatch`, which any other value, key, root or consortium gives too.
    pub fn verify(
        &self,
        consortium: &ConsortiumId,
        root: &StateRoot,
        key: &[u8],
        value: Option<&[u8]>,
    ) -> Result<(), ProofError> {
        let hashers = Hashers::new(consortium);
        let path = hashers.path(key);
        let end = match (&self.end, value) {
            (End::Key, Some(value)) => hashers.leaf_hash(&path, &hashers.value(value)),
            (End::Key, None) => return Err(ProofError::ShowsValue),
            (End::Empty | End::Other { .. }, Some(_)) => return Err(ProofError::ShowsAbsence),
            (End::Empty, None) => EMPTY,
            (End::Other { path: other, value_hash }, None) => {
                self.check_place(&path, other)?;
                hashers.leaf_hash(other, value_hash)
            }
        };
        let climbed = self.climb(end, &path, &hashers);
        if climbed == root.0 { Ok(()) } else { Err(ProofError::RootMismatch) }
    }

    #[cfg(test)]
    pub(super) fn siblings(&self) -> &[[u8; 32]] {
        &self.siblings.0
    }

    #[cfg(test)]
    pub(super) fn end(&self) -> &End {
        &self.end
    }

    /// A leaf is another key's, and in the place of `path`, if the two part, but only below it.
    fn check_place(&self, path: &Path, other: &Path) -> Result<(), ProofError> {
        let part_at = (0..PATH_BITS).find(|bit| goes_right(path, *bit) != goes_right(other, *bit));
        match part_at {
            Some(bit) if bit >= self.siblings.0.len() => Ok(()),
            _ => Err(ProofError::MisplacedLeaf),
        }
    }

    /// The root of the tree in which `hash` lies at the end of `path`.
    fn climb(&self, mut hash: [u8; 32], path: &Path, hashers: &Hashers) -> [u8; 32] {
        for (depth, sibling) in self.siblings.0.iter().enumerate().rev() {
            hash = if goes_right(path, depth) {
                hashers.node(sibling, &hash)
            } else {
                hashers.node(&hash, sibling)
            };
        }
        hash
    }
}

impl TryFrom<Vec<[u8; 32]>> for Siblings {
    type Error = ProofError;

    fn try_from(siblings: Vec<[u8; 32]>) -> Result<Self, ProofError> {
        match siblings.len() {
            count if count > PATH_BITS => Err(ProofError::TooManySiblings { count }),
            _ => Ok(Siblings(siblings)),
        }
    }
}

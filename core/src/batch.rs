//! Many accesses in one: a Merkle root over salted commitments to the single ones.
//! Holds: a path proves one access under exactly one batch; a commitment tells nothing without its
//! salt.
//! May not enter: where openings are kept (the shells' business). Source: docs/formats.md, "Batches".

use serde::{Deserialize, Serialize};

use crate::encoding::{Decode, Encode, encode};
use crate::hash::{
    BatchRoot, Commitment, ConsortiumId, LogRoot, Purpose, leaf_hash, log_node, tagged,
};
use crate::log_tree::{ProofError, inclusion_path, verify_inclusion};
use crate::sealed::Salt;
use crate::text::Text;

/// Fewest accesses in a batch: one alone is none.
pub const MIN_BATCH: u32 = 2;
/// Most accesses in a batch.
pub const MAX_BATCH: u32 = 65_536;

/// What an attempt says of the single accesses in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// How many there are: all of them are charged to the grant's quotas.
    pub count: u32,
    /// RFC 6962 root over the commitments to them, in their order.
    pub root: BatchRoot,
}

/// One access of a batch, as its parties know it. Never on the log.
#[derive(Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchedAccess {
    /// Drawn for this access alone.
    pub salt: Salt,
    /// What was asked: the line of a table, as a rule.
    pub text: Text<2048>,
}

impl std::fmt::Debug for BatchedAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The text belongs into no log.
        f.write_str("BatchedAccess(..)")
    }
}

impl BatchedAccess {
    /// The commitment that this opens.
    pub fn commitment(&self, consortium: &ConsortiumId) -> Commitment {
        Commitment(tagged(Purpose::Batched, consortium, &encode(self)))
    }
}

impl Batch {
    /// Whether it is of a size that a batch may have.
    pub fn is_sized(&self) -> bool {
        (MIN_BATCH..=MAX_BATCH).contains(&self.count)
    }

    /// Checks that `access` is the one at `place` (from 0) of this batch. Errors: there is no such
    /// place, or the path does not lead from it to the root.
    pub fn verify(
        &self,
        consortium: &ConsortiumId,
        place: u32,
        access: &BatchedAccess,
        path: &[[u8; 32]],
    ) -> Result<(), ProofError> {
        let leaf = leaf_hash(&access.commitment(consortium).0);
        let (place, count) = (u64::from(place), u64::from(self.count));
        verify_inclusion(&leaf, place, count, path, &LogRoot(self.root.0))
    }
}

/// A batch with what proves the accesses in it.
#[derive(Clone, Debug)]
pub struct BatchTree {
    count: u32,
    /// The hashes of complete subtrees of 2^level accesses, by level.
    levels: Vec<Vec<[u8; 32]>>,
}

impl BatchTree {
    /// The tree over these commitments; none where a batch may not have so many.
    pub fn new(commitments: impl IntoIterator<Item = Commitment>) -> Option<BatchTree> {
        let leaves: Vec<_> = commitments.into_iter().map(|one| leaf_hash(&one.0).0).collect();
        let count = u32::try_from(leaves.len()).ok()?;
        if !(MIN_BATCH..=MAX_BATCH).contains(&count) {
            return None;
        }
        let mut levels = vec![leaves];
        while let Some(below) = levels.last().filter(|below| below.len() > 1) {
            let pairs = below.chunks_exact(2).map(|pair| log_node(&pair[0], &pair[1]));
            let above: Vec<_> = pairs.collect();
            levels.push(above);
        }
        Some(BatchTree { count, levels })
    }

    /// What the attempt says of it.
    pub fn batch(&self) -> Batch {
        // What is left over of each level, joined from the smallest up.
        let mut root: Option<[u8; 32]> = None;
        for level in &self.levels {
            if level.len() % 2 == 1
                && let Some(last) = level.last()
            {
                root = Some(root.map_or(*last, |right| log_node(last, &right)));
            }
        }
        match root {
            Some(root) => Batch { count: self.count, root: BatchRoot(root) },
            None => unreachable!("the top level of a tree that is not empty has one hash"),
        }
    }

    /// The path of the access at `place` (from 0). Errors: there is none.
    pub fn path(&self, place: u32) -> Result<Vec<[u8; 32]>, ProofError> {
        inclusion_path(u64::from(place), u64::from(self.count), |level, index| {
            let level = self.levels.get(usize::try_from(level).ok()?)?;
            level.get(usize::try_from(index).ok()?).copied()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log_tree::Frontier;

    const CONSORTIUM: ConsortiumId = ConsortiumId([7; 32]);

    fn access(number: u32) -> BatchedAccess {
        let mut salt = [9; 32];
        salt[..4].copy_from_slice(&number.to_le_bytes());
        let text = format!("case {number}").parse();
        BatchedAccess { salt: Salt(salt), text: text.unwrap_or_default() }
    }

    fn tree(count: u32) -> BatchTree {
        BatchTree::new((0..count).map(|n| access(n).commitment(&CONSORTIUM))).unwrap()
    }

    #[test]
    fn the_root_is_that_of_a_log_of_the_commitments() {
        for count in (2..40).chain([255, 256, 257]) {
            let mut log = Frontier::new();
            for number in 0..count {
                log.push(leaf_hash(&access(number).commitment(&CONSORTIUM).0));
            }
            assert_eq!(tree(count).batch().root.0, log.root().0, "{count}");
        }
    }

    #[test]
    fn each_access_is_proven_in_its_place_and_in_no_other() {
        for count in [2, 3, 7, 8, 13] {
            let (tree, batch) = (tree(count), tree(count).batch());
            for place in 0..count {
                let path = tree.path(place).unwrap();
                assert_eq!(batch.verify(&CONSORTIUM, place, &access(place), &path), Ok(()));
                let other = (place + 1) % count;
                assert!(batch.verify(&CONSORTIUM, other, &access(place), &path).is_err());
                assert!(batch.verify(&CONSORTIUM, place, &access(other), &path).is_err());
                let elsewhere = ConsortiumId([8; 32]);
                assert!(batch.verify(&elsewhere, place, &access(place), &path).is_err());
            }
            assert!(tree.path(count).is_err());
        }
    }

    #[test]
    fn one_access_and_too_many_are_no_batch() {
        let some = |count: u32| (0..count).map(|_| Commitment([1; 32]));
        assert!(BatchTree::new(some(0)).is_none());
        assert!(BatchTree::new(some(1)).is_none());
        assert!(BatchTree::new(some(MAX_BATCH)).is_some());
        assert!(BatchTree::new(some(MAX_BATCH + 1)).is_none());
    }
}

//! The ledger's state: a map from key bytes to value bytes that is at once the storage and the
//! Merkle tree, so that the root is never apart from what `get` answers.
//! Holds: the root is a function of the consortium and the set of pairs alone; a tree, once made,
//! never changes. May not enter: deletion, disk, what keys and values mean.
//! Source: docs/formats.md, "State tree".

mod gathering;
mod parts;
mod proof;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use crate::hash::{ConsortiumId, Purpose, StateRoot, Tagger};

pub use gathering::{Branch, Gathered, Heap};
pub use parts::{CheckedPart, Pair, PairsError, Partition, PartsError, StatePart};
use proof::End;
pub use proof::{ProofError, StateProof};

/// Bits in a path, and so the greatest depth of a leaf.
const PATH_BITS: usize = 256;

/// Hash of a subtree without keys.
const EMPTY: [u8; 32] = [0; 32];

/// Where a key lies: bit 0 is the most significant bit of byte 0; a clear bit goes left.
type Path = [u8; 32];

/// An immutable authenticated map. Cloning costs O(1); trees share what they have in common.
#[derive(Clone)]
pub struct StateTree {
    hashers: Arc<Hashers>,
    root: Subtree,
}

impl StateTree {
    /// The empty state of a consortium. Its root is 32 zero bytes.
    pub fn new(consortium: &ConsortiumId) -> Self {
        StateTree { hashers: Arc::new(Hashers::new(consortium)), root: Subtree::Empty }
    }

    /// The value of `key`, if it has one.
    pub fn get(&self, key: &[u8]) -> Option<&[u8]> {
        let path = self.hashers.path(key);
        match self.root.descend(&path, |_| ()) {
            Some(leaf) if leaf.path == path => Some(leaf.value()),
            _ => None,
        }
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.root.len()
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Commits to every pair.
    pub fn root(&self) -> StateRoot {
        StateRoot(self.root.hash())
    }

    /// This state with `changes` (key, value) put in; of several values for one key, the last.
    /// Hashes each touched inner node once, so one call with a block's changes is much cheaper than
    /// one call for each.
    pub fn with(&self, changes: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> StateTree {
        let leaf = |(key, value): (Vec<u8>, Vec<u8>)| {
            let path = self.hashers.path(&key);
            Arc::new(self.hashers.leaf(path, &key, &value))
        };
        let leaves = in_order(changes.into_iter().map(leaf).collect());
        let root = self.root.with(&leaves, 0, &self.hashers);
        StateTree { hashers: Arc::clone(&self.hashers), root }
    }

    /// Every (key, value), in the order of the keys' paths.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let mut pending = vec![&self.root];
        std::iter::from_fn(move || {
            loop {
                match pending.pop()? {
                    Subtree::Empty => {}
                    Subtree::Leaf(leaf) => return Some((leaf.key(), leaf.value())),
                    Subtree::Inner(inner) => pending.extend([&inner.right, &inner.left]),
                }
            }
        })
    }

    /// Proof of what this state holds for `key`: its value, or that it has none.
    pub fn prove(&self, key: &[u8]) -> StateProof {
        let path = self.hashers.path(key);
        let mut siblings = Vec::new();
        let end = match self.root.descend(&path, |sibling| siblings.push(sibling.hash())) {
            None => End::Empty,
            Some(leaf) if leaf.path == path => End::Key,
            Some(leaf) => {
                End::Other { path: leaf.path, value_hash: self.hashers.value(leaf.value()) }
            }
        };
        StateProof::new(siblings, end)
    }
}

/// Root and number of keys: the whole state would be no help in a message.
impl fmt::Debug for StateTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateTree").field("root", &self.root()).field("len", &self.len()).finish()
    }
}

#[derive(Clone)]
enum Subtree {
    /// No key.
    Empty,
    /// Exactly one key, at whatever depth.
    Leaf(Arc<Leaf>),
    /// Two keys or more, even if all lie on one side.
    Inner(Arc<Inner>),
}

struct Leaf {
    path: Path,
    hash: [u8; 32],
    /// How many of the bytes are the key's.
    key_bytes: usize,
    /// Key and value, one after the other: there are millions of leaves, and each allocation has a
    /// price of its own.
    bytes: Box<[u8]>,
}

impl Leaf {
    fn key(&self) -> &[u8] {
        &self.bytes[..self.key_bytes]
    }

    fn value(&self) -> &[u8] {
        &self.bytes[self.key_bytes..]
    }
}

struct Inner {
    hash: [u8; 32],
    /// Number of keys.
    len: usize,
    left: Subtree,
    right: Subtree,
}

impl Subtree {
    fn hash(&self) -> [u8; 32] {
        match self {
            Subtree::Empty => EMPTY,
            Subtree::Leaf(leaf) => leaf.hash,
            Subtree::Inner(inner) => inner.hash,
        }
    }

    fn len(&self) -> usize {
        match self {
            Subtree::Empty => 0,
            Subtree::Leaf(_) => 1,
            Subtree::Inner(inner) => inner.len,
        }
    }

    /// The leaf, if any, where a descent from the top of the tree along `path` ends. `pass` is told
    /// every sibling on the way.
    fn descend<'a>(&'a self, path: &Path, mut pass: impl FnMut(&'a Subtree)) -> Option<&'a Leaf> {
        let mut at = self;
        let mut depth = 0;
        while let Subtree::Inner(inner) = at {
            let (next, sibling) = if goes_right(path, depth) {
                (&inner.right, &inner.left)
            } else {
                (&inner.left, &inner.right)
            };
            pass(sibling);
            at = next;
            depth += 1;
        }
        match at {
            Subtree::Leaf(leaf) => Some(leaf),
            _ => None,
        }
    }

    /// This subtree, which lies at `depth`, with `leaves` put in. Their paths are sorted, different,
    /// and lead here.
    fn with(&self, leaves: &[Arc<Leaf>], depth: usize, hashers: &Hashers) -> Subtree {
        if leaves.is_empty() {
            return self.clone();
        }
        match self {
            Subtree::Empty => Subtree::build(leaves, depth, hashers),
            Subtree::Leaf(old) => match leaves.binary_search_by_key(&old.path, |leaf| leaf.path) {
                Ok(_) => Subtree::build(leaves, depth, hashers),
                Err(place) => {
                    let mut all = leaves.to_vec();
                    all.insert(place, Arc::clone(old));
                    Subtree::build(&all, depth, hashers)
                }
            },
            Subtree::Inner(inner) => {
                let (left, right) = part(leaves, depth);
                hashers.join(
                    inner.left.with(left, depth + 1, hashers),
                    inner.right.with(right, depth + 1, hashers),
                )
            }
        }
    }

    /// The subtree at `depth` of exactly these leaves, sorted by path.
    fn build(leaves: &[Arc<Leaf>], depth: usize, hashers: &Hashers) -> Subtree {
        match leaves {
            [] => Subtree::Empty,
            [leaf] => Subtree::Leaf(Arc::clone(leaf)),
            _ => {
                let (left, right) = part(leaves, depth);
                hashers.join(
                    Subtree::build(left, depth + 1, hashers),
                    Subtree::build(right, depth + 1, hashers),
                )
            }
        }
    }
}

/// The leaves sorted by path; of several for one path, the last.
fn in_order(leaves: Vec<Arc<Leaf>>) -> Vec<Arc<Leaf>> {
    // By the beginnings of their paths, so that few leaves are looked at to sort them.
    let beginning = |leaf: &Leaf| {
        let (first, _) = leaf.path.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
        u64::from_be_bytes(*first)
    };
    let mut keyed: Vec<(u64, Arc<Leaf>)> =
        leaves.into_iter().map(|leaf| (beginning(&leaf), leaf)).collect();
    keyed.sort_by(|one, other| one.0.cmp(&other.0).then_with(|| one.1.path.cmp(&other.1.path)));
    keyed.dedup_by(|later, earlier| {
        let is_same = later.1.path == earlier.1.path;
        if is_same {
            std::mem::swap(later, earlier);
        }
        is_same
    });
    keyed.into_iter().map(|(_, leaf)| leaf).collect()
}

/// The leaves, sorted by path and alike above `depth`, that go left there and those that go right.
fn part(leaves: &[Arc<Leaf>], depth: usize) -> (&[Arc<Leaf>], &[Arc<Leaf>]) {
    leaves.split_at(leaves.partition_point(|leaf| !goes_right(&leaf.path, depth)))
}

fn goes_right(path: &Path, depth: usize) -> bool {
    path[depth / 8] >> (7 - depth % 8) & 1 == 1
}

/// The four hashes of a consortium's state tree.
#[derive(Debug)]
struct Hashers {
    key: Tagger,
    value: Tagger,
    leaf: Tagger,
    node: Tagger,
}

impl Hashers {
    fn new(consortium: &ConsortiumId) -> Self {
        Hashers {
            key: Tagger::new(Purpose::StateKey, consortium),
            value: Tagger::new(Purpose::StateValue, consortium),
            leaf: Tagger::new(Purpose::StateLeaf, consortium),
            node: Tagger::new(Purpose::StateNode, consortium),
        }
    }

    fn path(&self, key: &[u8]) -> Path {
        self.key.hash(&[key])
    }

    fn value(&self, value: &[u8]) -> [u8; 32] {
        self.value.hash(&[value])
    }

    fn leaf_hash(&self, path: &Path, value_hash: &[u8; 32]) -> [u8; 32] {
        self.leaf.hash(&[path, value_hash])
    }

    fn node(&self, left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
        self.node.hash(&[left, right])
    }

    fn leaf(&self, path: Path, key: &[u8], value: &[u8]) -> Leaf {
        let hash = self.leaf_hash(&path, &self.value(value));
        Leaf { path, hash, key_bytes: key.len(), bytes: [key, value].concat().into() }
    }

    /// Two subtrees that lie side by side, as one: a single key stands for itself, however deep it lies.
    fn joined(&self, left: Subtree, right: Subtree) -> Subtree {
        match (&left, &right) {
            (Subtree::Empty, Subtree::Empty) => Subtree::Empty,
            (Subtree::Leaf(_), Subtree::Empty) => left,
            (Subtree::Empty, Subtree::Leaf(_)) => right,
            _ => self.join(left, right),
        }
    }

    fn join(&self, left: Subtree, right: Subtree) -> Subtree {
        let hash = self.node(&left.hash(), &right.hash());
        let len = left.len() + right.len();
        Subtree::Inner(Arc::new(Inner { hash, len, left, right }))
    }
}

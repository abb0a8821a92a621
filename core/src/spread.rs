//! A map in many small trees, by the first bits of its keys, for keys that are hashes or random.
//! Holds: answers and order are those of one tree, whatever the keys are.
//!
//! Searching one tree of a million ids waits for memory at nearly every level, several times for each
//! record. Here a tree has few levels as long as the keys are spread; keys that someone chose to be
//! close together are in one tree, which is then what it would have been alone.

use std::collections::BTreeMap;

/// Trees: each holds a few hundred of a million ids, and all of them empty take 100 KB.
const TREES: usize = 1 << TREE_BITS;
const TREE_BITS: u32 = 12;

/// A map from keys whose first bytes are spread evenly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpreadMap<K, V> {
    /// By the first bits of the keys, so that one tree's keys are all below the next one's.
    trees: Box<[BTreeMap<K, V>]>,
    len: usize,
}

impl<K, V> Default for SpreadMap<K, V> {
    fn default() -> Self {
        SpreadMap { trees: (0..TREES).map(|_| BTreeMap::new()).collect(), len: 0 }
    }
}

impl<K: Ord + AsRef<[u8]>, V> SpreadMap<K, V> {
    /// The value under a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.trees[place(key)].get(key)
    }

    /// Whether there is a value under a key.
    pub fn contains_key(&self, key: &K) -> bool {
        self.trees[place(key)].contains_key(key)
    }

    /// Puts a value under a key; the one that was there before.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let before = self.trees[place(&key)].insert(key, value);
        self.len += usize::from(before.is_none());
        before
    }

    /// Takes out the value under a key.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let before = self.trees[place(key)].remove(key);
        self.len -= usize::from(before.is_some());
        before
    }

    /// Keys with a value.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no key has a value.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Keys and values, in the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.trees.iter().flatten()
    }
}

/// The tree in which a key is: by its first bits, those that are missing taken as zeros.
fn place(key: &impl AsRef<[u8]>) -> usize {
    let mut bytes = key.as_ref().iter().copied();
    let mut next = || bytes.next().unwrap_or_default();
    usize::from(u16::from_be_bytes([next(), next()]) >> (u16::BITS - TREE_BITS))
}

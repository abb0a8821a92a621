//! The tree of keys and values that the view is kept in: the store, and ahead of it, in memory, what the last blocks changed.
//! Holds: readers see every change from the moment it is put; the store has whole blocks alone, those that were put
//! first.
//! May not enter: what lies under which key (see `layout`).
//!
//! A block that is written by itself costs the store as much as one of a thousand records: it rolls its log twice, wakes
//! its own threads, and asks the system to begin writing. So blocks are written together.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::ops::{Bound, RangeBounds};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use sled::IVec;

use super::leftovers;
use super::listing::Order;

/// What is ahead of the store is written where it has grown to this (bytes of keys and values). In tests so little that
/// some blocks are written and others are not.
const AHEAD_BYTES: usize = if cfg!(test) { 2_000 } else { 64 * 1024 };

/// What was put waits for the store where it has grown to this meanwhile (bytes).
const FAR_AHEAD_BYTES: usize = 12 * AHEAD_BYTES;

/// Changes that are made together: a value, or `None` where there is to be none any more. The last one of a key counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Batch(Changes);

impl Batch {
    pub(super) fn insert(&mut self, key: impl Into<IVec>, value: impl Into<IVec>) {
        self.0.insert(key.into(), Some(value.into()));
    }

    pub(super) fn remove(&mut self, key: impl Into<IVec>) {
        self.0.insert(key.into(), None);
    }
}

type Changes = BTreeMap<IVec, Option<IVec>>;

/// What was put and not yet written.
#[derive(Debug, Default)]
struct Ahead {
    changes: Changes,
    bytes: usize,
    /// What is just being written: older than the rest.
    leaving: Arc<Changes>,
}

impl Ahead {
    /// What became of a key, if anything did.
    fn change(&self, key: &[u8]) -> Option<&Option<IVec>> {
        self.changes.get(key).or_else(|| self.leaving.get(key))
    }

    /// What became of the keys in a range that does not end before it begins.
    fn range(&self, range: (Bound<&[u8]>, Bound<&[u8]>)) -> Changes {
        let leaving = self.leaving.range::<[u8], _>(range);
        let newer = self.changes.range::<[u8], _>(range);
        leaving.chain(newer).map(|(key, change)| (key.clone(), change.clone())).collect()
    }
}

/// The tree. Clones are handles on the same one; one thread puts, and one at a time writes.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    store: sled::Db,
    ahead: Arc<RwLock<Ahead>>,
}

impl Tree {
    /// What a store has, with nothing ahead of it.
    pub(super) fn new(store: sled::Db) -> Tree {
        Tree { store, ahead: Arc::default() }
    }

    #[cfg(test)]
    pub(super) fn in_memory() -> Tree {
        Tree::new(sled::Config::new().temporary(true).open().unwrap())
    }

    /// Keys that the store itself has (count).
    #[cfg(test)]
    pub(super) fn written(&self) -> usize {
        self.store.len()
    }

    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        self.ascending(..).next().is_none()
    }

    /// The value of a key. Errors: the store.
    pub(super) fn get(&self, key: impl AsRef<[u8]>) -> sled::Result<Option<IVec>> {
        // In this order: what leaves memory meanwhile is in the store by then.
        if let Some(change) = self.ahead().change(key.as_ref()) {
            return Ok(change.clone());
        }
        self.store.get(key)
    }

    /// Whether a key has a value. Errors: the store.
    pub(super) fn contains_key(&self, key: impl AsRef<[u8]>) -> sled::Result<bool> {
        Ok(self.get(key)?.is_some())
    }

    /// The pairs of a range of keys, the lowest first. Errors: in each item, the store.
    pub(super) fn ascending(&self, range: impl RangeBounds<Vec<u8>>) -> Pairs {
        self.pairs(range, Order::Ascending)
    }

    /// The pairs of a range of keys, the highest first. Errors: in each item, the store.
    pub(super) fn descending(&self, range: impl RangeBounds<Vec<u8>>) -> Pairs {
        self.pairs(range, Order::Descending)
    }

    /// The pairs of a range of keys in an order. Errors: in each item, the store.
    pub(super) fn pairs(&self, range: impl RangeBounds<Vec<u8>>, order: Order) -> Pairs {
        let range = (range.start_bound().cloned(), range.end_bound().cloned());
        // First what is ahead, see `get`.
        let ahead = self.ahead();
        let within = (range.0.as_ref().map(Vec::as_slice), range.1.as_ref().map(Vec::as_slice));
        let changes = if is_backwards(within) { Changes::new() } else { ahead.range(within) };
        drop(ahead);
        let mut changes: Vec<_> = changes.into_iter().collect();
        let stored: Stored = match order {
            Order::Ascending => Box::new(self.store.range(range)),
            Order::Descending => {
                changes.reverse();
                Box::new(self.store.range(range).rev())
            }
        };
        Pairs { stored: stored.peekable(), ahead: changes.into_iter().peekable(), order }
    }

    /// Makes these changes, all at once for whoever reads.
    pub(super) fn put(&self, batch: Batch) {
        let mut ahead = self.ahead_mut();
        for (key, change) in batch.0 {
            ahead.bytes += key.len() + change.as_ref().map_or(0, |value| value.len());
            ahead.changes.insert(key, change);
        }
    }

    /// Gives a key a value.
    pub(super) fn insert(&self, key: impl Into<IVec>, value: impl Into<IVec>) {
        let mut batch = Batch::default();
        batch.insert(key, value);
        self.put(batch);
    }

    /// Takes a key away.
    pub(super) fn remove(&self, key: impl Into<IVec>) {
        let mut batch = Batch::default();
        batch.remove(key);
        self.put(batch);
    }

    /// Whether so much was put that it should be written.
    pub(super) fn is_ahead(&self) -> bool {
        self.ahead().bytes >= AHEAD_BYTES
    }

    /// Whether so much was put that it should wait for what is being written.
    pub(super) fn is_far_ahead(&self) -> bool {
        self.ahead().bytes >= FAR_AHEAD_BYTES
    }

    /// Writes all that was put so far, as one batch. Called by one thread at a time. Errors: the store.
    pub(super) fn write(&self) -> sled::Result<()> {
        let leaving = {
            let mut ahead = self.ahead_mut();
            ahead.bytes = 0;
            ahead.leaving = Arc::new(std::mem::take(&mut ahead.changes));
            Arc::clone(&ahead.leaving)
        };
        let mut batch = sled::Batch::default();
        for (key, change) in &*leaving {
            match change {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        leftovers::apply(&self.store, batch)?;
        self.ahead_mut().leaving = Arc::default();
        Ok(())
    }

    /// Makes all that was put durable. Errors: the store.
    pub(super) fn flush(&self) -> sled::Result<()> {
        self.write()?;
        self.store.flush()?;
        Ok(())
    }

    /// Empties it. Errors: the store.
    pub(super) fn clear(&self) -> sled::Result<()> {
        *self.ahead_mut() = Ahead::default();
        self.store.clear()
    }

    fn ahead(&self) -> RwLockReadGuard<'_, Ahead> {
        self.ahead.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn ahead_mut(&self) -> RwLockWriteGuard<'_, Ahead> {
        self.ahead.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a range ends before it begins.
fn is_backwards(range: (Bound<&[u8]>, Bound<&[u8]>)) -> bool {
    use Bound::{Excluded, Included};
    match range {
        (Excluded(start), Excluded(end)) => start >= end,
        (Included(start) | Excluded(start), Included(end) | Excluded(end)) => start > end,
        _ => false,
    }
}

/// The keys that begin with a prefix.
pub(super) fn under(prefix: &[u8]) -> (Bound<Vec<u8>>, Bound<Vec<u8>>) {
    (Bound::Included(prefix.to_vec()), end_of(prefix))
}

/// Where the keys that begin with a prefix end.
pub(super) fn end_of(prefix: &[u8]) -> Bound<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return Bound::Excluded(end);
        }
    }
    Bound::Unbounded
}

type Stored = Box<dyn Iterator<Item = sled::Result<(IVec, IVec)>> + Send>;

/// Pairs of a range in an order: those of the store, as what is ahead of it changes them.
pub(super) struct Pairs {
    stored: Peekable<Stored>,
    ahead: Peekable<std::vec::IntoIter<(IVec, Option<IVec>)>>,
    order: Order,
}

impl Iterator for Pairs {
    type Item = sled::Result<(IVec, IVec)>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some((key, _)) = self.ahead.peek() else { return self.stored.next() };
            if let Some(stored) = self.stored.peek() {
                let Ok((stored, _)) = stored else { return self.stored.next() };
                let is_before = match self.order {
                    Order::Ascending => stored < key,
                    Order::Descending => stored > key,
                };
                if is_before {
                    return self.stored.next();
                }
                if stored == key {
                    self.stored.next();
                }
            }
            if let Some((key, Some(value))) = self.ahead.next() {
                return Some(Ok((key, value)));
            }
        }
    }
}

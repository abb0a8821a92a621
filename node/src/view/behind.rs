//! When the view is written and made durable: behind what is shown, on a thread of its own.
//! Holds: one thing is under way at a time; nobody who waits for a block waits for the store, unless it has fallen far
//! behind.
//! May not enter: what is written (see `tree`).

use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::ViewError;
use super::journal::{ImageMark, Journal};
use super::tree::Tree;

/// The view is made durable at most this often. What is lost by a crash is replayed from the block log.
const FLUSH_INTERVAL: Duration = Duration::from_secs(5);

/// How long after what is under way is looked at again, where nothing is put.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// What is written behind the view's own thread.
#[derive(Debug, Default)]
pub(super) struct Behind {
    under_way: Option<UnderWay>,
    unflushed_since: Option<Instant>,
}

#[derive(Debug)]
struct UnderWay {
    thread: JoinHandle<sled::Result<()>>,
    /// The image that counts when it is done, if all is durable by then.
    durable: Option<Option<ImageMark>>,
}

impl Behind {
    /// Something was put that is not durable.
    pub(super) fn has_put(&mut self) {
        self.unflushed_since.get_or_insert_with(Instant::now);
    }

    /// How long until there is something to do though nothing is put; `None` if nothing is left to do.
    pub(super) fn idle_for(&self) -> Option<Duration> {
        let left = self.unflushed_since.map(|at| FLUSH_INTERVAL.saturating_sub(at.elapsed()));
        if self.under_way.is_some() { Some(LOOK_AGAIN) } else { left }
    }

    /// Begins what is due, and takes note of what is done. Waits where the store is far behind. Errors: the store.
    pub(super) fn go_on(&mut self, tree: &Tree, journal: &mut Journal) -> Result<(), ViewError> {
        let is_done = |under_way: &UnderWay| under_way.thread.is_finished() || tree.is_far_ahead();
        if self.under_way.as_ref().is_some_and(is_done) {
            self.settle(journal)?;
        }
        if self.under_way.is_some() {
            return Ok(());
        }
        let is_flush = self.idle_for().is_some_and(|left| left.is_zero());
        if !is_flush && !tree.is_ahead() {
            return Ok(());
        }
        let durable = is_flush.then(|| journal.image());
        if is_flush {
            self.unflushed_since = None;
        }
        let written = tree.clone();
        // It does not give way to others: while it writes, who reads from the store waits for it.
        let work = move || if is_flush { written.flush() } else { written.write() };
        let thread = std::thread::Builder::new().name("view-store".to_owned()).spawn(work);
        let thread = thread.map_err(|error| ViewError::Stopped { reason: error.to_string() })?;
        self.under_way = Some(UnderWay { thread, durable });
        Ok(())
    }

    /// Waits for what is under way. Errors: the store.
    pub(super) fn settle(&mut self, journal: &mut Journal) -> Result<(), ViewError> {
        let Some(UnderWay { thread, durable }) = self.under_way.take() else { return Ok(()) };
        // The store is known to panic on a disk that fails it.
        let stopped = |_| ViewError::Stopped { reason: "it panicked".to_owned() };
        thread.join().map_err(stopped)??;
        if let Some(image) = durable {
            journal.is_durable(image);
        }
        Ok(())
    }

    /// Makes all durable that was put. Errors: the store.
    pub(super) fn finish(&mut self, tree: &Tree, journal: &mut Journal) -> Result<(), ViewError> {
        self.settle(journal)?;
        tree.flush()?;
        journal.is_durable(journal.image());
        self.unflushed_since = None;
        Ok(())
    }
}

impl Drop for Behind {
    fn drop(&mut self) {
        // Whoever opens the store next finds nobody in it.
        let _ = self.under_way.take().map(|under_way| under_way.thread.join());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(tree: &Tree, behind: &mut Behind, key: u32) {
        tree.insert(&key.to_be_bytes(), vec![7; 100]);
        behind.has_put();
    }

    #[test]
    fn what_has_gathered_is_written_and_the_rest_when_it_is_finished() {
        let dir = tempfile::tempdir().unwrap();
        let tree = Tree::new(sled::open(dir.path().join("store")).unwrap());
        let (mut journal, mut behind) = (Journal::new(dir.path()), Behind::default());
        assert_eq!(behind.idle_for(), None);
        let mut keys = 0;
        while behind.under_way.is_none() {
            put(&tree, &mut behind, keys);
            behind.go_on(&tree, &mut journal).unwrap();
            keys += 1;
        }
        assert!(keys > 1, "not each by itself");
        behind.settle(&mut journal).unwrap();
        assert_eq!(tree.written(), keys as usize);
        put(&tree, &mut behind, keys);
        assert_eq!(tree.written(), keys as usize);
        behind.finish(&tree, &mut journal).unwrap();
        assert_eq!((tree.written(), behind.idle_for()), (keys as usize + 1, None));
        drop(tree);
        assert_eq!(sled::open(dir.path().join("store")).unwrap().len(), keys as usize + 1);
    }

    #[test]
    fn little_is_made_durable_too_though_nothing_more_is_put() {
        let (tree, mut behind) = (Tree::in_memory(), Behind::default());
        let mut journal = Journal::new(&std::env::temp_dir());
        put(&tree, &mut behind, 1);
        behind.go_on(&tree, &mut journal).unwrap();
        assert!(behind.under_way.is_none() && !behind.idle_for().unwrap().is_zero());
        behind.unflushed_since = Instant::now().checked_sub(FLUSH_INTERVAL);
        assert_eq!(behind.idle_for(), Some(Duration::ZERO), "as it is after a while");
        behind.go_on(&tree, &mut journal).unwrap();
        assert!(behind.under_way.as_ref().is_some_and(|under_way| under_way.durable.is_some()));
        assert_eq!(behind.idle_for(), Some(LOOK_AGAIN), "nobody spins until it is done");
        behind.settle(&mut journal).unwrap();
        assert_eq!((tree.written(), behind.idle_for()), (1, None));
    }
}

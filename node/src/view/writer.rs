//! The view's own thread: applies blocks in order, each as one batch, behind the block log.
//! Holds: what readers see is applied; a block is announced after it can be read.
//! May not enter: waiting for the disk on each block: a lost tail is replayed from the block log.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use comity_core::block::Header;
use comity_core::encoding::encode;
use comity_core::hash::ConsortiumId;
use comity_core::ids::{Height, TimeMs};
use comity_core::ledger::Ledger;
use comity_core::vote::CommitCertificate;
use comity_replica::io::Commit;
use std::path::PathBuf;
use tokio::sync::{broadcast, watch};

use super::ViewError;
use super::batch::{add_block, list_state, window_chunk};
use super::beginning::{Beginning, add_cut_off};
use super::behind::Behind;
use super::journal::Journal;
use super::layout::{Mark, VIEW_VERSION, WINDOW, WindowSum, mark_key, numbered};
use super::log_hashes::add_leaves;
use super::names::Names;
use super::snapshot::Snapshot;
use super::store::{Opened, move_aside, open_empty};
use super::tree::{Batch, Tree, under};

/// What the thread is asked to do, in order.
#[derive(Debug)]
pub(super) enum Job {
    /// Apply a block.
    Apply(Arc<Commit>),
    /// Forget everything and begin with the state of a genesis.
    Found(Box<Ledger>, SyncSender<()>),
    /// Forget everything and begin with what a snapshot brought.
    Begin(Box<Beginning>, SyncSender<()>),
    /// Go on from the ledger as it was saved, at this block.
    Resume(Box<Ledger>, Box<(Header, CommitCertificate)>, SyncSender<()>),
    /// Answer when all before is done.
    Answer(SyncSender<()>),
}

/// What the thread and the readers share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) dir: PathBuf,
    pub(super) consortium: ConsortiumId,
    /// `None` while it is being replaced, and after the view is closed.
    pub(super) tree: RwLock<Option<Tree>>,
    pub(super) snapshot: RwLock<Arc<Snapshot>>,
    pub(super) names: RwLock<Names>,
    pub(super) committed: broadcast::Sender<Arc<Commit>>,
    pub(super) height: watch::Sender<Height>,
    pub(super) failure: OnceLock<String>,
}

impl Shared {
    /// The tree. Errors: it is gone.
    pub(super) fn tree(&self) -> Result<Tree, ViewError> {
        let tree = self.tree.read().unwrap_or_else(PoisonError::into_inner).clone();
        tree.ok_or_else(|| ViewError::Stopped { reason: "it is being replaced".to_owned() })
    }

    /// The names, to be read.
    pub(super) fn names(&self) -> RwLockReadGuard<'_, Names> {
        self.names.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The names, to be changed.
    fn names_mut(&self) -> RwLockWriteGuard<'_, Names> {
        self.names.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// What readers see.
    pub(super) fn shown(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on readers see this.
    pub(super) fn show(&self, snapshot: Snapshot) {
        let height = snapshot.tip().height;
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
        self.height.send_replace(height);
    }
}

/// Ends of lists in the tree, where they are known.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The first chunk of the replay window, by its key: what runs out next.
    window: Option<Vec<u8>>,
    newest_cut_off: Option<TimeMs>,
}

/// The thread's own part.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) shared: Arc<Shared>,
    /// The last block applied; 0 at the genesis, `None` where nothing is yet in the view.
    pub(super) height: Option<Height>,
    pub(super) window: WindowSum,
    pub(super) journal: Journal,
    pub(super) behind: Behind,
    /// What need not be looked up again for each block.
    pub(super) known: Known,
}

impl Writer {
    /// Works until every sender of jobs is gone, or until something fails for good.
    pub(super) fn run(mut self, jobs: &Receiver<Job>) {
        loop {
            let job = match self.behind.idle_for() {
                None => jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(wait) => jobs.recv_timeout(wait),
            };
            let is_over = matches!(job, Err(RecvTimeoutError::Disconnected));
            // The store is known to panic on a disk that fails it.
            let done = catch_unwind(AssertUnwindSafe(|| self.work(job.ok(), is_over)));
            let done = done.unwrap_or_else(|_| Err(stopped("it panicked")));
            if let Err(error) = done {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the view has failed and shows nothing new; restart the node to rebuild it"
                );
                self.shared.failure.get_or_init(|| error.to_string());
                return;
            }
            if is_over {
                return;
            }
        }
    }

    fn work(&mut self, job: Option<Job>, is_over: bool) -> Result<(), ViewError> {
        match job {
            Some(Job::Apply(commit)) => self.apply(commit)?,
            Some(Job::Found(ledger, answer)) => {
                self.found(&ledger)?;
                // Whoever asked may have gone.
                let _ = answer.send(());
            }
            Some(Job::Begin(beginning, answer)) => {
                self.begin(&beginning)?;
                let _ = answer.send(());
            }
            Some(Job::Resume(ledger, block, answer)) => {
                self.shared.show(Snapshot::of_ledger(&ledger, Some(*block)));
                let _ = answer.send(());
            }
            Some(Job::Answer(answer)) => {
                let _ = answer.send(());
            }
            None => {}
        }
        let tree = self.shared.tree()?;
        if !is_over {
            return self.behind.go_on(&tree, &mut self.journal);
        }
        let mut batch = Batch::default();
        if self.journal.finish(&mut batch) {
            tree.put(batch);
        }
        self.behind.finish(&tree, &mut self.journal)
    }

    fn apply(&mut self, commit: Arc<Commit>) -> Result<(), ViewError> {
        let height = commit.header.height;
        let Some(last) = self.height else {
            return Err(stopped("a block came before the genesis"));
        };
        if height != last.next() {
            return Err(stopped(&format!("block {height} came after block {last}")));
        }
        let tree = self.shared.tree()?;
        let mut batch = Batch::default();
        self.move_window(&tree, &mut batch, &commit)?;
        let before = self.shared.shown();
        let entries = add_block(&mut batch, &commit, before.state(), self.window);
        self.journal.add(&mut batch, height, &commit.changes.puts);
        let end = commit.header.log_size;
        self.shared.names_mut().add(commit.header.first_index.0, &entries);
        // Only this thread changes them: others read on while a run is put together.
        let fills_run = self.shared.names().write(&mut batch, end);
        let leaves = commit.records.iter().map(|record| record.leaf().0).collect();
        add_leaves(&tree, &mut batch, commit.header.first_index.0, leaves)?;
        add_cut_off(&tree, &mut batch, &commit, &mut self.known.newest_cut_off)?;
        tree.put(batch);
        if fills_run {
            self.shared.names_mut().is_written(end);
        }
        self.journal.replace_when_due(height, &commit.state);
        self.height = Some(height);
        self.behind.has_put();
        self.shared.show(Snapshot::of_commit(&commit));
        // Nobody need be listening.
        let _ = self.shared.committed.send(commit);
        Ok(())
    }

    /// Adds the block's ids to the replay window and takes out the chunks of which every id has
    /// run out by the block's time. (Single ids are forgotten when the window is loaded.)
    fn move_window(
        &mut self,
        tree: &Tree,
        batch: &mut Batch,
        commit: &Commit,
    ) -> Result<(), ViewError> {
        let after = numbered(&[WINDOW], commit.header.time.0.saturating_add(1));
        if self.known.window.as_ref().is_none_or(|first| *first < after) {
            self.known.window = None;
            for chunk in tree.ascending(under(&[WINDOW])) {
                let (key, value) = chunk?;
                if key[..] >= after[..] {
                    self.known.window = Some(key.to_vec());
                    break;
                }
                self.window.remove(&key, &value);
                batch.remove(key);
            }
        }
        if let Some((key, value)) = window_chunk(commit) {
            self.window.add(&key, &value);
            if self.known.window.as_ref().is_none_or(|first| key < *first) {
                self.known.window = Some(key.clone());
            }
            batch.insert(key, value);
        }
        Ok(())
    }

    fn found(&mut self, ledger: &Ledger) -> Result<(), ViewError> {
        let tree = self.emptied()?;
        let mut batch = Batch::default();
        let mark = Mark { version: VIEW_VERSION, consortium: self.shared.consortium };
        batch.insert(mark_key(), encode(&mark));
        list_state(&mut batch, ledger.state().iter());
        let (height, state) = (ledger.tip().height, ledger.state().iter());
        let pairs = state.map(|(key, value)| (key.to_vec(), value.to_vec())).collect();
        self.journal.add(&mut batch, height, &pairs);
        tree.put(batch);
        self.height = Some(height);
        *self.shared.names_mut() = Names::default();
        self.window = WindowSum::default();
        self.behind.has_put();
        self.shared.show(Snapshot::of_ledger(ledger, None));
        Ok(())
    }

    /// In several batches, the mark last: a state need not fit into one, and where this is
    /// interrupted the next start finds a view that is of nothing.
    fn begin(&mut self, beginning: &Beginning) -> Result<(), ViewError> {
        let tree = self.emptied()?;
        tree.remove(mark_key());
        tree.write()?;
        self.window = beginning.write(&tree, &mut self.journal)?;
        let header = &beginning.commit.header;
        let names = Names::load(&tree, header.first_index.0, header.log_size)?;
        *self.shared.names_mut() =
            names.ok_or_else(|| stopped("the snapshot's own block was not written"))?;
        let mark = Mark { version: VIEW_VERSION, consortium: self.shared.consortium };
        tree.insert(mark_key(), encode(&mark));
        tree.flush()?;
        self.height = Some(beginning.commit.header.height);
        self.shared.show(Snapshot::of_commit(&beginning.commit));
        Ok(())
    }

    /// An empty tree. One that has blocks in it is not emptied key by key but moved aside.
    fn emptied(&mut self) -> Result<Tree, ViewError> {
        // Nobody writes into a directory that is moved.
        self.behind.settle(&mut self.journal)?;
        self.journal.finish(&mut Batch::default());
        self.journal = Journal::new(&self.shared.dir);
        self.known = Known::default();
        if self.height.is_none_or(|height| height == Height(0)) {
            let tree = self.shared.tree()?;
            tree.clear()?;
            return Ok(tree);
        }
        let mut place = self.shared.tree.write().unwrap_or_else(PoisonError::into_inner);
        drop(place.take());
        let aside = move_aside(&self.shared.dir)?;
        tracing::warn!(moved_to = %aside.display(), "the view does not fit the block log and is built anew");
        let Opened { tree, .. } = open_empty(&self.shared.dir, self.shared.consortium)?;
        *place = Some(tree.clone());
        Ok(tree)
    }
}

fn stopped(reason: &str) -> ViewError {
    ViewError::Stopped { reason: reason.to_owned() }
}

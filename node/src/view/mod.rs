//! The view: the state, the indexes and the replay window, derived from the block log and kept
//! beside it so that a start need not replay everything and listings need not read everything.
//! Holds: a block is in it wholly or not at all; where it differs from the block log, the block
//! log is right and the view is built anew.
//! May not enter: anything that cannot be rebuilt; the bytes of entries (the block log has them).

mod assessments;
mod batch;
mod beginning;
mod behind;
mod boot;
mod checks;
mod cores;
mod duties;
mod emergencies;
mod image;
mod journal;
mod layout;
mod leftovers;
mod listing;
mod loading;
mod log_hashes;
mod members;
mod names;
mod oversight;
mod query;
mod snapshot;
mod store;
mod task_forces;
#[cfg(test)]
pub(crate) mod tests;
mod tree;
mod trust;
mod writer;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::thread::JoinHandle;

use comity_core::block::Header;
use comity_core::encoding::DecodeError;
use comity_core::hash::ConsortiumId;
use comity_core::ids::Height;
use comity_core::ledger::{Ledger, Saved};
use comity_core::vote::CommitCertificate;
use comity_replica::io::Commit;
use tokio::sync::{broadcast, watch};

use crate::shell::CommitSink;

pub use boot::{BlockFault, BootError, boot};
pub use comity_listing::{
    AssessmentFilter, CheckFilter, CheckState, DatasetFilter, DatasetState, DisputeFilter,
    DisputeState, DutyFilter, DutyFound, EmergencyFilter, EmergencyFound, EntryFilter,
    FindingFilter, GrantFilter, GrantFound, GrantStanding, IncidentFilter, IncidentState,
    ProposalFilter, ProposalFound, ProposalState, RequestFilter, RequestState, TaskForceFilter,
    TaskForceFound,
};
pub use listing::{EntryPage, EntryPlace, Order};
pub use log_hashes::{LogProofError, TILE_WIDTH};
pub use query::Page;
pub use snapshot::Snapshot;

use beginning::Beginning;
use behind::Behind;
use store::Opened;
use writer::{Job, Known, Shared, Writer};

/// Blocks that may wait to be applied. Each is at most a few MiB, and in memory anyway for a while.
const QUEUE_BLOCKS: usize = 64;
/// Blocks that a listener may be behind before it is told that it missed some.
const ANNOUNCED_BLOCKS: usize = 64;

/// Why the view cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The directory or one beside it.
    #[error("could not open, list, move or remove {path}")]
    Directory {
        /// Which.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// Another process has it open.
    #[error("the view in {dir} is in use by another process")]
    Locked {
        /// The directory.
        dir: PathBuf,
    },
    /// An empty view could not be made.
    #[error("no view could be made in {dir}: {cause}")]
    Open {
        /// The directory.
        dir: PathBuf,
        /// Why.
        cause: String,
    },
    /// The image of the state.
    #[error("could not read or write {path}, which holds the state")]
    Image {
        /// The file, or its directory.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The store failed.
    #[error("the view's store failed")]
    Store(#[from] sled::Error),
    /// A value is not what was written.
    #[error("a value in the view is damaged")]
    Damaged(#[from] DecodeError),
    /// The view has ended or failed before.
    #[error("the view has stopped: {reason}")]
    Stopped {
        /// Why.
        reason: String,
    },
}

/// The view. Clones are handles on the same one.
#[derive(Clone, Debug)]
pub struct View(Arc<Handle>);

#[derive(Debug)]
struct Handle {
    shared: Arc<Shared>,
    jobs: Mutex<Option<SyncSender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Height of the newest block given to `apply`.
    given: watch::Sender<Height>,
}

impl View {
    /// Opens the view in `dir` (made if missing), and what it kept of the ledger, for [`boot`].
    /// What does not open, or is of another consortium or layout, is moved aside to
    /// `<dir>.broken-<n>`, of which the newest two are kept. Blocks. Errors: `Locked`,
    /// `Directory`, `Open`.
    pub fn open(dir: &Path, consortium: ConsortiumId) -> Result<(View, Option<Saved>), ViewError> {
        let Opened { tree, saved, window, names, journal } = store::open(dir, consortium)?;
        let shared = Arc::new(Shared {
            dir: dir.to_owned(),
            consortium,
            tree: RwLock::new(Some(tree)),
            snapshot: RwLock::new(Arc::new(Snapshot::empty(&consortium))),
            names: RwLock::new(names),
            committed: broadcast::Sender::new(ANNOUNCED_BLOCKS),
            height: watch::Sender::new(Height(0)),
            failure: OnceLock::new(),
        });
        let writer = Writer {
            shared: Arc::clone(&shared),
            height: saved.as_ref().map(|saved| saved.header.height),
            window,
            journal,
            behind: Behind::default(),
            known: Known::default(),
        };
        let (jobs, queue) = sync_channel(QUEUE_BLOCKS);
        let thread = std::thread::Builder::new()
            .name("view".to_owned())
            .spawn(move || writer.run(&queue))
            .map_err(|source| ViewError::Directory { path: dir.to_owned(), source })?;
        let handle = Handle {
            shared,
            jobs: Mutex::new(Some(jobs)),
            thread: Mutex::new(Some(thread)),
            given: watch::Sender::new(Height(0)),
        };
        Ok((View(Arc::new(handle)), saved))
    }

    /// Queues a committed block, the one after the last. Returns at once, but when
    /// [`QUEUE_BLOCKS`] blocks wait already: then it blocks until one is applied, which slows
    /// the node to the pace of the disk instead of filling its memory. A view that has failed
    /// takes no more and says so by [`View::failure`].
    pub fn apply(&self, commit: Arc<Commit>) {
        self.0.given.send_replace(commit.header.height);
        // A failed view is reported once, by its thread.
        let _ = self.send(Job::Apply(commit));
    }

    /// Each block, once it is applied and can be read.
    pub fn committed(&self) -> broadcast::Receiver<Arc<Commit>> {
        self.0.shared.committed.subscribe()
    }

    /// The height up to which can be read.
    pub fn height(&self) -> watch::Receiver<Height> {
        self.0.shared.height.subscribe()
    }

    /// The ledger after the last block that can be read.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.0.shared.shown()
    }

    /// Committed blocks that cannot be read yet.
    pub fn lag_blocks(&self) -> u64 {
        let given = *self.0.given.borrow();
        given.0.saturating_sub(self.snapshot().tip().height.0)
    }

    /// Why nothing new is shown, once that is so.
    pub fn failure(&self) -> Option<&str> {
        self.0.shared.failure.get().map(String::as_str)
    }

    /// Waits until every block given so far is applied. Errors: the view has failed or is closed.
    pub fn settle(&self) -> Result<(), ViewError> {
        self.ask(Job::Answer)
    }

    /// Applies what is queued, makes it durable and ends the thread. Calling it twice is harmless;
    /// dropping the last handle does the same.
    pub fn close(&self) {
        self.0.close();
    }

    /// Begins anew with the state of a genesis.
    fn found(&self, ledger: &Ledger) -> Result<(), ViewError> {
        let ledger = Box::new(ledger.clone());
        self.ask(|answer| Job::Found(ledger, answer))
    }

    /// Begins anew with what a snapshot brought.
    fn begin(&self, beginning: Beginning) -> Result<(), ViewError> {
        self.ask(|answer| Job::Begin(Box::new(beginning), answer))
    }

    /// Goes on from the block up to which the view was saved.
    fn resume(&self, ledger: &Ledger, block: (Header, CommitCertificate)) -> Result<(), ViewError> {
        let ledger = Box::new(ledger.clone());
        self.ask(|answer| Job::Resume(ledger, Box::new(block), answer))
    }

    fn send(&self, job: Job) -> Result<(), ViewError> {
        let jobs = self.0.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let sent = jobs.is_some_and(|jobs| jobs.send(job).is_ok());
        if sent { Ok(()) } else { Err(self.stopped()) }
    }

    fn ask(&self, job: impl FnOnce(SyncSender<()>) -> Job) -> Result<(), ViewError> {
        let (answer, answered) = sync_channel(1);
        self.send(job(answer))?;
        answered.recv().map_err(|_| self.stopped())
    }

    fn stopped(&self) -> ViewError {
        ViewError::Stopped { reason: self.failure().unwrap_or("it is closed").to_owned() }
    }
}

impl Handle {
    fn close(&self) {
        drop(self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A thread that panicked has said so; there is nothing left to do for it.
        let _ = thread.map(JoinHandle::join);
        // The store's files are let go, whoever still holds the view: the node may start anew here.
        self.shared.tree.write().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.close();
    }
}

impl CommitSink for View {
    fn apply(&self, commit: Arc<Commit>) {
        View::apply(self, commit);
    }
}

//! The thread that owns storage: writes what the replica says, and syncs for many at once.
//! Holds: operations are performed in their order; nothing is acknowledged before its sync.
//! May not enter: retries; the meaning of what is written.

use std::thread::JoinHandle;
use std::time::Instant;

use comity_replica::io::Ticket;
use comity_replica::storage::{Storage, StorageError, StorageOp};
use tokio::sync::mpsc;

use crate::disk::FileDisk;

use super::event_loop::Answer;
use super::metrics::DiskMetrics;

/// Operations that may wait for the disk (count). When they do, the event loop waits too.
const JOBS: usize = 1024;
/// Most operations that are performed before a sync that is asked for is done (count).
const JOBS_PER_SYNC: usize = 256;

/// What the thread is asked to do.
#[derive(Debug)]
pub(crate) enum DiskJob {
    /// Write.
    Perform(StorageOp),
    /// Make durable what was written, then answer.
    Sync(Ticket),
}

/// The event loop's end of the thread.
#[derive(Debug)]
pub(crate) struct DiskThread {
    jobs: mpsc::Sender<DiskJob>,
    thread: JoinHandle<Result<(), StorageError>>,
}

impl DiskThread {
    /// Starts the thread. Its answers go to `answers`: unbounded in type, but there is at most
    /// one for each sync in the bounded queue, so that the thread never waits for the loop.
    pub(crate) fn start(
        storage: Storage<FileDisk>,
        metrics: DiskMetrics,
        answers: mpsc::UnboundedSender<Answer>,
    ) -> std::io::Result<Self> {
        let (jobs, queue) = mpsc::channel(JOBS);
        let worker = Worker { storage, metrics, queue, answers };
        let builder = std::thread::Builder::new().name("comity-disk".into());
        Ok(DiskThread { jobs, thread: builder.spawn(|| worker.run())? })
    }

    /// Queues a job, waiting for room. A thread that has failed says so by its answer.
    pub(crate) async fn ask(&self, job: DiskJob) {
        let _ = self.jobs.send(job).await;
    }

    /// Lets the thread finish what is queued and sync it. Errors: the storage's.
    pub(crate) async fn finish(self) -> Result<(), StorageError> {
        let DiskThread { jobs, thread } = self;
        drop(jobs);
        match tokio::task::spawn_blocking(|| thread.join()).await {
            Ok(Ok(finished)) => finished,
            // A panic of the thread: whatever it had acknowledged is durable.
            _ => Err(StorageError::Poisoned),
        }
    }
}

struct Worker {
    storage: Storage<FileDisk>,
    metrics: DiskMetrics,
    queue: mpsc::Receiver<DiskJob>,
    answers: mpsc::UnboundedSender<Answer>,
}

impl Worker {
    fn run(mut self) -> Result<(), StorageError> {
        while let Some(job) = self.queue.blocking_recv() {
            if let Err(error) = self.take(job) {
                // The reason goes to the loop, which ends the node with it.
                let _ = self.answers.send(Answer::DiskFailed(error));
                return Err(StorageError::Poisoned);
            }
        }
        self.storage.sync()
    }

    /// Performs `job` and what is queued behind it, with one sync for all syncs among them. A
    /// sync later than asked, of more than asked, is still the sync that was asked for.
    fn take(&mut self, job: DiskJob) -> Result<(), StorageError> {
        let mut asked = Vec::new();
        let mut next = Some(job);
        let mut taken = 0;
        while let Some(job) = next {
            match job {
                DiskJob::Perform(op) => self.storage.perform(op)?,
                DiskJob::Sync(ticket) => asked.push(ticket),
            }
            taken += 1;
            next = if taken < JOBS_PER_SYNC { self.queue.try_recv().ok() } else { None };
        }
        if asked.is_empty() {
            return Ok(());
        }
        let (before, start) = (self.storage.fsyncs(), Instant::now());
        self.storage.sync()?;
        self.metrics.synced(before, self.storage.fsyncs(), start.elapsed());
        for ticket in asked {
            // Nobody listens when the node is ending.
            let _ = self.answers.send(Answer::Durable(ticket));
        }
        Ok(())
    }
}

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

#[cfg(test)]
mod tests {
    use comity_core::hash::HeaderHash;
    use comity_replica::storage::StorageOptions;
    use prometheus_client::registry::Registry;

    use super::*;

    fn start(directory: &std::path::Path) -> (DiskThread, mpsc::UnboundedReceiver<Answer>) {
        let disk = FileDisk::open(directory).unwrap();
        let (storage, _) = Storage::open(disk, StorageOptions::new(7)).unwrap();
        let metrics = DiskMetrics::register(&mut Registry::default());
        let (answers, answered) = mpsc::unbounded_channel();
        (DiskThread::start(storage, metrics, answers).unwrap(), answered)
    }

    fn block(height: u64) -> DiskJob {
        let (header_hash, payload) = (HeaderHash([1; 32]), vec![2; 100]);
        DiskJob::Perform(StorageOp::Commit { height, header_hash, payload })
    }

    #[tokio::test]
    async fn every_sync_is_answered_in_order_and_what_came_before_is_there() {
        let directory = tempfile::tempdir().unwrap();
        let (disk, mut answers) = start(directory.path());
        for height in 1..=300 {
            disk.ask(block(height)).await;
            disk.ask(DiskJob::Sync(Ticket(height))).await;
        }
        for height in 1..=300 {
            let answer = answers.recv().await.unwrap();
            assert!(matches!(answer, Answer::Durable(Ticket(of)) if of == height));
        }
        disk.ask(block(301)).await;
        disk.finish().await.unwrap();
        let disk = FileDisk::open(directory.path()).unwrap();
        let (_, recovered) = Storage::open(disk, StorageOptions::new(8)).unwrap();
        assert_eq!(recovered.tip, Some(301), "what was queued is finished too");
    }

    #[tokio::test]
    async fn failure_is_told_and_ends_the_thread() {
        let directory = tempfile::tempdir().unwrap();
        let (disk, mut answers) = start(directory.path());
        disk.ask(block(1)).await;
        disk.ask(block(5)).await;
        disk.ask(DiskJob::Sync(Ticket(1))).await;
        let failure = answers.recv().await.unwrap();
        assert!(matches!(failure, Answer::DiskFailed(StorageError::NotNext { .. })), "{failure:?}");
        assert!(answers.recv().await.is_none(), "nothing is acknowledged after it");
        assert!(disk.finish().await.is_err());
    }
}

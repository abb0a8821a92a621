//! Verifies records on threads of their own, so that the event loop goes on meanwhile.
//! Holds: results come back whole and in the order of the records.
//! May not enter: caches, decisions about what to verify.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use comity_core::hash::ConsortiumId;
use comity_core::statement::{RecordError, VerifiedRecord};
use comity_replica::io::Ticket;
use tokio::sync::mpsc;

use super::event_loop::Answer;

/// Fewest records that are worth another thread (count): about 0.2 ms of work.
const CHUNK_RECORDS: usize = 4;
/// Records in the pool past which new work from outside is turned away (count): about a third
/// of a second of one processor.
const FULL_RECORDS: usize = 8192;

/// How much the threads give way to all others (steps of `nice`): verifying is most of what a busy node
/// does, and whoever asks it something in between must not wait behind it. With a third of the weight of
/// another thread they are not starved either.
#[cfg(target_os = "linux")]
const GIVING_WAY: i32 = 5;

type Verification = Result<VerifiedRecord, RecordError>;

/// The threads, and how much they have to do.
#[derive(Debug)]
pub(crate) struct VerifyPool {
    chunks: Sender<Chunk>,
    threads: usize,
    /// Records handed in and not yet verified.
    waiting: Arc<AtomicUsize>,
    answers: mpsc::UnboundedSender<Answer>,
}

#[derive(Debug)]
struct Chunk {
    records: Vec<Vec<u8>>,
    place: usize,
    batch: Arc<Batch>,
}

#[derive(Debug)]
struct Batch {
    ticket: Ticket,
    parts: Mutex<Vec<Vec<Verification>>>,
    missing: AtomicUsize,
}

impl VerifyPool {
    /// Starts as many threads as there are processors. Errors: no thread could be started.
    pub(crate) fn start(
        consortium: ConsortiumId,
        answers: mpsc::UnboundedSender<Answer>,
    ) -> std::io::Result<Self> {
        let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let (chunks, queue) = channel();
        let queue = Arc::new(Mutex::new(queue));
        let waiting = Arc::new(AtomicUsize::new(0));
        for number in 0..threads {
            let worker =
                Worker { queue: queue.clone(), waiting: waiting.clone(), answers: answers.clone() };
            let builder = std::thread::Builder::new().name(format!("comity-verify-{number}"));
            builder.spawn(move || worker.run(&consortium))?;
        }
        Ok(VerifyPool { chunks, threads, waiting, answers })
    }

    /// Whether there is so much to verify that what comes from outside should be turned away.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) >= FULL_RECORDS
    }

    /// Verifies `records`; the answer carries `ticket`. Never waits: the queue is bounded by
    /// `is_full`, and by what the replica itself has asked for.
    pub(crate) fn verify(&self, ticket: Ticket, mut records: Vec<Vec<u8>>) {
        if records.is_empty() {
            let _ = self.answers.send(Answer::Verified { ticket, results: Vec::new() });
            return;
        }
        self.waiting.fetch_add(records.len(), Ordering::Relaxed);
        let size = records.len().div_ceil(self.threads).max(CHUNK_RECORDS);
        let count = records.len().div_ceil(size);
        let batch = Arc::new(Batch {
            ticket,
            parts: Mutex::new((0..count).map(|_| Vec::new()).collect()),
            missing: AtomicUsize::new(count),
        });
        for place in (0..count).rev() {
            let records = records.split_off(place * size);
            let chunk = Chunk { records, place, batch: batch.clone() };
            // The threads end only when this sender is dropped.
            let _ = self.chunks.send(chunk);
        }
    }
}

struct Worker {
    queue: Arc<Mutex<Receiver<Chunk>>>,
    waiting: Arc<AtomicUsize>,
    answers: mpsc::UnboundedSender<Answer>,
}

impl Worker {
    fn run(&self, consortium: &ConsortiumId) {
        // It is as right without, only less obliging; elsewhere this would be said of the whole process.
        #[cfg(target_os = "linux")]
        let _ = rustix::process::nice(GIVING_WAY);
        while let Some(chunk) = self.next() {
            let verify = |bytes: &Vec<u8>| VerifiedRecord::verify(bytes, consortium);
            let results: Vec<Verification> = chunk.records.iter().map(verify).collect();
            self.waiting.fetch_sub(results.len(), Ordering::Relaxed);
            if let Some(results) = chunk.batch.complete(chunk.place, results) {
                let _ = self.answers.send(Answer::Verified { ticket: chunk.batch.ticket, results });
            }
        }
    }

    fn next(&self) -> Option<Chunk> {
        // Receiving cannot panic, so that a poisoned lock guards a sound queue.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
    }
}

impl Batch {
    /// Puts a part in its place; all results when it was the last one missing.
    fn complete(&self, place: usize, results: Vec<Verification>) -> Option<Vec<Verification>> {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts[place] = results;
        (self.missing.fetch_sub(1, Ordering::AcqRel) == 1)
            .then(|| std::mem::take(&mut *parts).into_iter().flatten().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn results_come_in_the_order_of_the_records() {
        let (answers, mut answered) = mpsc::unbounded_channel();
        let consortium = ConsortiumId([3; 32]);
        let pool = VerifyPool::start(consortium, answers).unwrap();
        for count in [0, 1, 3, 64, 1001_usize] {
            // Those of every seventh place are wrong in another way than the rest.
            let records: Vec<Vec<u8>> =
                (0..count).map(|place| vec![0; if place % 7 == 0 { 70_000 } else { 9 }]).collect();
            let expected: Vec<RecordError> = records
                .iter()
                .map(|bytes| VerifiedRecord::verify(bytes, &consortium).unwrap_err())
                .collect();
            pool.verify(Ticket(count as u64), records);
            let Some(Answer::Verified { ticket, results }) = answered.recv().await else {
                panic!("no answer")
            };
            let results: Vec<RecordError> = results.into_iter().map(Result::unwrap_err).collect();
            assert_eq!((ticket, results), (Ticket(count as u64), expected));
        }
        assert!(!pool.is_full());
    }
}

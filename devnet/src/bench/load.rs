//! The load: so many clients at once, each submitting one record after another.
//! Holds: every record is submitted once, and at the node of the agency whose gateway signed it;
//! the first record that is not committed ends the run.
//! May not enter: signing; what the numbers mean.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::DevnetError;

use super::client::Connection;

/// Stack of a client's thread (bytes): hundreds of them do little.
const STACK_BYTES: usize = 128 * 1024;
const OK: u16 = 200;

/// How records are submitted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load<'a> {
    /// The nodes' API ports.
    pub(super) ports: &'a [u16],
    /// How many records are under way at once.
    pub(super) in_flight: usize,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Driven {
    /// From the first submission to the last answer.
    pub(super) elapsed: Duration,
    /// From each record's submission to the answer that it is committed, ascending.
    pub(super) latencies: Vec<Duration>,
    /// Of each list, how many records at its end were not submitted.
    pub(super) left: Vec<usize>,
}

impl Driven {
    /// Records committed in a second.
    pub(super) fn per_second(&self) -> f64 {
        let count = u32::try_from(self.latencies.len()).unwrap_or(u32::MAX);
        f64::from(count) / self.elapsed.as_secs_f64().max(1e-6)
    }

    /// The latency that so many of a thousand records do not exceed.
    pub(super) fn percentile(&self, per_mille: usize) -> Duration {
        let at = (self.latencies.len() * per_mille).div_ceil(1000).saturating_sub(1);
        self.latencies.get(at).copied().unwrap_or_default()
    }
}

/// Records of one node's agency, and how many of them were taken.
struct Queue<'a> {
    records: &'a [Vec<u8>],
    taken: AtomicUsize,
}

impl Queue<'_> {
    fn left(&self) -> usize {
        self.records.len().saturating_sub(self.taken.load(Ordering::Relaxed))
    }

    fn next(&self) -> Option<&[u8]> {
        let at = self.taken.fetch_add(1, Ordering::Relaxed);
        self.records.get(at).map(Vec::as_slice)
    }
}

/// Why a client ended before its time.
enum Stopped {
    Connection(io::Error),
    NotCommitted(String),
}

impl Load<'_> {
    /// Submits `records`, a list for each node, until there are no more or the time is over.
    /// Errors: a record is not committed; a connection fails.
    pub(super) fn drive(
        &self,
        records: &[Vec<Vec<u8>>],
        limit: Duration,
    ) -> Result<Driven, DevnetError> {
        let queues: Vec<Queue<'_>> =
            records.iter().map(|records| Queue { records, taken: AtomicUsize::new(0) }).collect();
        let stop = AtomicBool::new(false);
        let (mut latencies, mut failed) = (Vec::new(), VecDeque::new());
        let began = Instant::now();
        let until = began + limit;
        let ended = thread::scope(|scope| {
            let client = |number: usize| {
                let (queues, stop) = (&queues, &stop);
                let body = move || self.client(number, queues, stop, until);
                thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, body)
            };
            let clients: io::Result<Vec<_>> = (0..self.in_flight).map(client).collect();
            if clients.is_err() {
                stop.store(true, Ordering::Relaxed);
            }
            for client in clients? {
                match client.join() {
                    Ok((mut own, ended)) => {
                        latencies.append(&mut own);
                        failed.extend(ended.err());
                    }
                    Err(_) => unreachable!("a client's thread does not panic"),
                }
            }
            Ok(Instant::now())
        });
        let ended: Instant = ended.map_err(|source| process_error("start the clients", source))?;
        match failed.pop_front() {
            None => {}
            Some(Stopped::Connection(source)) => {
                return Err(process_error("submit a record", source));
            }
            Some(Stopped::NotCommitted(answer)) => {
                let text = format!("a record of the benchmark was not committed: {answer}");
                return Err(DevnetError::Unexpected(text));
            }
        }
        latencies.sort_unstable();
        let left = queues.iter().map(Queue::left).collect();
        Ok(Driven { elapsed: ended - began, latencies, left })
    }

    /// One client: with few of them, each goes from node to node; with many, each has its own.
    fn client(
        &self,
        number: usize,
        queues: &[Queue<'_>],
        stop: &AtomicBool,
        until: Instant,
    ) -> (Vec<Duration>, Result<(), Stopped>) {
        let mut latencies = Vec::new();
        let count = self.ports.len();
        let own =
            if self.in_flight < count { 0..count } else { number % count..number % count + 1 };
        let submit = || -> Result<(), Stopped> {
            let mut connections = own
                .map(|node| Ok((node, Connection::open(self.ports[node])?)))
                .collect::<io::Result<VecDeque<_>>>()
                .map_err(Stopped::Connection)?;
            while !stop.load(Ordering::Relaxed) && Instant::now() < until {
                let Some((node, mut connection)) = connections.pop_front() else { break };
                let Some(record) = queues[node].next() else { continue };
                let began = Instant::now();
                let answer = connection.submit(record).map_err(Stopped::Connection)?;
                latencies.push(began.elapsed());
                if answer.status != OK {
                    let text = format!("status {}: {}", answer.status, answer.body);
                    return Err(Stopped::NotCommitted(text));
                }
                connections.push_back((node, connection));
            }
            Ok(())
        };
        let ended = { submit }();
        if ended.is_err() {
            stop.store(true, Ordering::Relaxed);
        }
        (latencies, ended)
    }
}

fn process_error(operation: &str, source: io::Error) -> DevnetError {
    DevnetError::Process { operation: operation.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_latencies_that_were_measured() {
        let latencies: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        let driven = Driven { elapsed: Duration::from_secs(2), latencies, left: vec![] };
        assert_eq!(driven.percentile(500), Duration::from_millis(100));
        assert_eq!(driven.percentile(990), Duration::from_millis(198));
        assert_eq!(driven.percentile(1000), Duration::from_millis(200));
        assert!((driven.per_second() - 100.0).abs() < 1e-9);
        let none = Driven { elapsed: Duration::ZERO, latencies: vec![], left: vec![] };
        assert_eq!(none.percentile(990), Duration::ZERO);
    }
}

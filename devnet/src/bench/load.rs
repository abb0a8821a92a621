//! A load: the client process, started, let go and read.
//! Holds: readings are taken when the client is connected and when it has ended; its records lie in the
//! devnet's directory and are removed with it.
//! May not enter: signing; what the numbers mean.

use std::path::Path;
use std::time::Duration;

use crate::failure::DevnetError;
use crate::process::Program;

use super::apart::{Companion, GO, READY};
use super::percentile::percentile;
use super::plan::{Answered, Done, Plan, read_answers, write_records};

/// How records are submitted.
#[derive(Clone, Debug)]
pub(super) struct Load<'a> {
    /// Where the files for the client lie.
    pub(super) dir: &'a Path,
    /// The nodes' API ports.
    pub(super) ports: Vec<u16>,
    /// How many records are under way at once, at most.
    pub(super) in_flight: usize,
    /// Between two arrivals, where records arrive by the clock.
    pub(super) interval: Option<Duration>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub(super) struct Driven {
    /// From the first submission to the last answer.
    pub(super) elapsed: Duration,
    /// The client's processor time (seconds).
    pub(super) client_cpu_s: f64,
    /// Every record that was committed.
    pub(super) answers: Vec<Answered>,
    /// Of each list, how many records at its end were not submitted.
    pub(super) left: Vec<usize>,
}

impl Driven {
    /// Records committed in a second.
    pub(super) fn per_second(&self) -> f64 {
        self.answers.len() as f64 / self.elapsed.as_secs_f64().max(1e-6)
    }

    /// The latencies that so many of a thousand records do not exceed, in milliseconds.
    pub(super) fn percentiles<const N: usize>(&self, per_mille: [usize; N]) -> [f64; N] {
        let mut latencies: Vec<Duration> = self.answers.iter().map(|one| one.latency).collect();
        latencies.sort_unstable();
        per_mille.map(|per_mille| {
            percentile(&latencies, per_mille).unwrap_or_default().as_secs_f64() * 1000.0
        })
    }
}

impl Load<'_> {
    /// Has `records`, a list for each node, submitted until there are no more or the time is over.
    /// `before` is called when all is ready. Errors: a record is not committed; a connection fails.
    pub(super) fn drive<T>(
        &self,
        records: &[Vec<Vec<u8>>],
        limit: Duration,
        before: impl FnOnce() -> Result<T, DevnetError>,
    ) -> Result<(Driven, T), DevnetError> {
        let path = |name: &str| self.dir.join(name);
        let plan = Plan {
            ports: self.ports.clone(),
            in_flight: self.in_flight,
            limit,
            interval: self.interval,
            input: path("bench-records"),
            output: path("bench-answers"),
        };
        write_records(&plan.input, records)?;
        let (file, what) = (path("bench-plan.json"), "the benchmark's client");
        let mut client = Companion::start(Program::BenchClient, what, &file, &plan, READY)?;
        let taken = before()?;
        client.tell(GO)?;
        let Done { elapsed, cpu_s, left } = client.last()?;
        let answers = read_answers(&plan.output)?;
        Ok((Driven { elapsed, client_cpu_s: cpu_s, answers, left }, taken))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_are_put_in_order_before_their_percentiles_are_taken() {
        let answered =
            |ms| Answered { list: 0, place: 0, latency: Duration::from_millis(ms), entry: 0 };
        let mut driven = Driven {
            elapsed: Duration::from_secs(2),
            client_cpu_s: 0.0,
            // As they came, not in order.
            answers: (1..=2000).rev().map(answered).collect(),
            left: vec![],
        };
        assert_eq!(driven.percentiles([500, 990, 999, 1000]), [1000.0, 1980.0, 1998.0, 2000.0]);
        assert!((driven.per_second() - 1000.0).abs() < 1e-9);
        driven.answers.clear();
        assert_eq!(driven.percentiles([990]), [0.0]);
    }
}

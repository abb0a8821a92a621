//! What the API and the view count and measure, as Prometheus reads it. The shell and libp2p add
//! their own to the same registry.
//! Holds: every name of the node's own begins with `comity_`; one registry, shared with libp2p.
//! May not enter: decisions: nothing here is ever read back by the node.

use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Metric, Registry};

/// What became of a record that someone gave to this node's own API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubmitOutcome {
    /// It waits to be committed.
    Pending,
    /// It is on the log.
    Committed,
    /// No valid record, whatever the state.
    Invalid,
    /// A rule refuses it, at once or later.
    Refused,
    /// There was no room, or the node is stopping.
    Busy,
    /// Not known within the time that the API waits.
    TimedOut,
}

/// The numbers that are taken when someone asks, rather than counted as things happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Height of the last block that is readable here.
    pub height: u64,
    /// Entries on the log.
    pub log_size: u64,
    /// Records that wait.
    pub pending: u64,
    /// Committed blocks that are not yet readable here.
    pub view_lag: u64,
}

type Labels = [(&'static str, &'static str); 1];
type Number = Gauge<u64, AtomicU64>;

/// The node's metrics. One for the process, behind an `Arc`.
#[derive(Debug)]
pub struct Metrics {
    registry: Mutex<Registry>,
    height: Number,
    log_size: Number,
    pending: Number,
    view_lag: Number,
    commits: Counter,
    records_committed: Counter,
    later_rounds: Counter,
    submissions: Family<Labels, Counter>,
    commit_latency: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        Metrics::new()
    }
}

impl Metrics {
    /// Metrics that begin at zero, for a process that starts now.
    pub fn new() -> Metrics {
        let mut registry = Registry::default();
        let mut own = Own(&mut registry);
        let started = own.add(
            "process_start_time_seconds",
            "When the process started, in seconds since 1970",
            Number::default(),
        );
        started.set(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |t| t.as_secs()));
        Metrics {
            height: own.add("height", "Height of the last block readable here", Number::default()),
            log_size: own.add("log_size", "Entries on the log", Number::default()),
            pending: own.add("pending", "Records that wait to be committed", Number::default()),
            view_lag: own.add(
                "view_lag_blocks",
                "Committed blocks that are not yet readable here",
                Number::default(),
            ),
            commits: own.add("commits", "Blocks committed since the start", Counter::default()),
            records_committed: own.add(
                "records_committed",
                "Records committed since the start",
                Counter::default(),
            ),
            later_rounds: own.add(
                "later_rounds",
                "Rounds that committed blocks took beyond their first: a proposer did not answer in time",
                Counter::default(),
            ),
            submissions: own.add(
                "submissions",
                "Records given to this node's API, by what became of them",
                Family::default(),
            ),
            commit_latency: own.add(
                "commit_latency_seconds",
                "From a record's arrival at this node's API until it was committed and readable",
                Histogram::new(exponential_buckets(0.005, 2.0, 13)),
            ),
            registry: Mutex::new(registry),
        }
    }

    /// The registry, for others (libp2p) to add their metrics to.
    pub fn registry(&self) -> MutexGuard<'_, Registry> {
        // Registering or encoding that panicked half way leaves the list of metrics whole.
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A block with `records` records was committed.
    pub fn committed(&self, records: usize) {
        self.commits.inc();
        self.records_committed.inc_by(records as u64);
    }

    /// A block was decided in this round, counted from 0.
    pub fn decided_in(&self, round: u32) {
        self.later_rounds.inc_by(u64::from(round));
    }

    /// A record given to the API found its end.
    pub fn submitted(&self, outcome: SubmitOutcome) {
        let name = match outcome {
            SubmitOutcome::Pending => "pending",
            SubmitOutcome::Committed => "committed",
            SubmitOutcome::Invalid => "invalid",
            SubmitOutcome::Refused => "refused",
            SubmitOutcome::Busy => "busy",
            SubmitOutcome::TimedOut => "timed-out",
        };
        self.submissions.get_or_create(&[("outcome", name)]).inc();
    }

    /// A record was committed this long after it arrived at the API.
    pub fn commit_took(&self, time: Duration) {
        self.commit_latency.observe(time.as_secs_f64());
    }

    /// All metrics as OpenMetrics text, with these readings taken now.
    pub fn text(&self, reading: &Reading) -> String {
        self.height.set(reading.height);
        self.log_size.set(reading.log_size);
        self.pending.set(reading.pending);
        self.view_lag.set(reading.view_lag);
        let mut text = String::new();
        match encode(&mut text, &self.registry()) {
            Ok(()) => text,
            Err(_) => unreachable!("writing to a string does not fail"),
        }
    }
}

/// The part of the registry that is the node's own.
struct Own<'a>(&'a mut Registry);

impl Own<'_> {
    fn add<M: Metric + Clone>(&mut self, name: &str, help: &str, metric: M) -> M {
        self.0.register(format!("comity_{name}"), help, metric.clone());
        metric
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_named_after_comity_and_shows_what_was_counted() {
        let metrics = Metrics::new();
        metrics.committed(3);
        metrics.decided_in(0);
        metrics.decided_in(2);
        metrics.submitted(SubmitOutcome::Refused);
        metrics.commit_took(Duration::from_millis(20));
        let text = metrics.text(&Reading { height: 7, log_size: 9, ..Reading::default() });
        for line in [
            "comity_height 7",
            "comity_log_size 9",
            "comity_commits_total 1",
            "comity_records_committed_total 3",
            "comity_later_rounds_total 2",
            "comity_submissions_total{outcome=\"refused\"} 1",
            "comity_commit_latency_seconds_count 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
        let names = text.lines().filter(|line| !line.starts_with('#'));
        assert!(names.clone().all(|line| line.starts_with("comity_")), "{text}");
    }
}

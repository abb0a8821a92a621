//! The benchmark's results, for people and for programs.
//! Holds: every number stands with the machine and the day on which it was measured.
//! May not enter: measuring.

use std::path::Path;

use serde::Serialize;

use crate::failure::DevnetError;
use crate::page::{Page, row};
use crate::place::io_error;

use super::load::Driven;
use super::machine::Machine;
use super::measure::Reading;

/// All results.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    machine: Machine,
    /// Nodes, all on that machine (count).
    nodes: usize,
    /// One for each load.
    pub(super) runs: Vec<Run>,
}

/// The result of one load.
#[derive(Debug, Serialize)]
pub(super) struct Run {
    in_flight: usize,
    seconds: f64,
    committed: u64,
    committed_per_second: f64,
    latency_p50_ms: f64,
    latency_p99_ms: f64,
    blocks: u64,
    /// Of each node.
    fsyncs_per_block: f64,
    /// Room on one node's disk.
    block_log_bytes_per_entry: f64,
    disk_bytes_per_entry: f64,
}

impl Run {
    /// What a load came to, by readings before and after it.
    pub(super) fn new(in_flight: usize, driven: &Driven, before: &Reading, after: &Reading) -> Run {
        let blocks = after.height - before.height;
        let entries = after.entries - before.entries;
        let nodes = after.nodes.max(1);
        let per = |after: u64, before: u64, count: u64| {
            // A view that was tidied up meanwhile can have shrunk.
            as_float(after.saturating_sub(before)) / as_float(nodes) / as_float(count.max(1))
        };
        Run {
            in_flight,
            seconds: driven.elapsed.as_secs_f64(),
            committed: driven.latencies.len() as u64,
            committed_per_second: driven.per_second(),
            latency_p50_ms: driven.percentile(500).as_secs_f64() * 1000.0,
            latency_p99_ms: driven.percentile(990).as_secs_f64() * 1000.0,
            blocks,
            fsyncs_per_block: per(after.fsyncs, before.fsyncs, blocks),
            block_log_bytes_per_entry: per(after.block_log_bytes, before.block_log_bytes, entries),
            disk_bytes_per_entry: per(after.disk_bytes, before.disk_bytes, entries),
        }
    }

    fn row(&self) -> Vec<String> {
        let in_flight = match self.in_flight {
            1 => "one at a time".to_owned(),
            count => format!("{count} in flight"),
        };
        row([
            &in_flight,
            &format!("{:.0}", self.committed_per_second),
            &format!("{:.1}", self.latency_p50_ms),
            &format!("{:.1}", self.latency_p99_ms),
            &self.blocks.to_string(),
            &format!("{:.1}", self.fsyncs_per_block),
            &format!("{:.0}", self.block_log_bytes_per_entry),
            &format!("{:.0}", self.disk_bytes_per_entry),
        ])
    }
}

impl Report {
    /// A report without results yet.
    pub(super) fn new(machine: Machine, nodes: usize) -> Report {
        Report { machine, nodes, runs: Vec::new() }
    }

    /// Shows it. Errors: it cannot be written.
    pub(super) fn show(&self, page: &mut Page) -> Result<(), DevnetError> {
        let heads = ["", "RECORDS/S", "P50 MS", "P99 MS", "BLOCKS", "FSYNCS", "LOG B", "DISK B"];
        let mut rows = vec![row(heads)];
        rows.extend(self.runs.iter().map(Run::row));
        page.table(&rows)?;
        page.gap()?;
        page.say(
            "RECORDS/S: access records committed in a second. P50, P99: from submitting a record \
             to the answer that it is committed. FSYNCS: for each block, on one node. LOG B, \
             DISK B: bytes on one node's disk for each record, in the block log and in all.",
        )?;
        page.gap()?;
        let Machine { cores, processor, memory_bytes, system, date } = &self.machine;
        let memory = match memory_bytes {
            Some(bytes) => format!(", {:.1} GiB of memory", as_float(*bytes) / f64::from(1 << 30)),
            None => String::new(),
        };
        page.say(&format!(
            "{} nodes and their clients together on one machine: {cores} cores of {processor}\
             {memory}, {system}; {date}.",
            self.nodes
        ))
    }

    /// Writes it as JSON. Errors: it cannot be written.
    pub(super) fn write(&self, path: &Path) -> Result<(), DevnetError> {
        let Ok(mut text) = serde_json::to_vec_pretty(self) else {
            unreachable!("a report is text and numbers");
        };
        text.push(b'\n');
        Ok(std::fs::write(path, text).map_err(|source| io_error("write", path, source))?)
    }
}

/// A count as a number that can be divided; exact below 2^53.
fn as_float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn costs_are_of_one_node_and_of_what_the_run_added() {
        let latencies = vec![Duration::from_millis(20); 100];
        let driven = Driven { elapsed: Duration::from_secs(1), latencies, left: vec![] };
        let before = Reading { nodes: 4, height: 10, entries: 50, ..Reading::default() };
        let after = Reading {
            nodes: 4,
            height: 30,
            entries: 150,
            fsyncs: 240,
            block_log_bytes: 400_000,
            disk_bytes: 1_200_000,
        };
        let run = Run::new(8, &driven, &before, &after);
        let cells = ["8 in flight", "100", "20.0", "20.0", "20", "3.0", "1000", "3000"];
        assert_eq!(run.row(), row(cells));
    }
}

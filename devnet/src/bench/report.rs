//! The benchmark's results, for people and for programs.
//! Holds: every number stands with the machine, the limits and the day on which it was measured.
//! May not enter: measuring; the page with charts (see `charts`).
//! Source: docs/benchmarks.md.

use serde::Serialize;

use crate::failure::DevnetError;
use crate::page::{Page, row};

use super::catching_up::Caught;
use super::figures::Figures;
use super::limits::Limits;
use super::machine::Machine;
use super::reads::KINDS;

/// All results.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    format: &'static str,
    pub(super) machine: Machine,
    /// What is submitted.
    pub(super) mix: &'static str,
    /// How long each run was to last (seconds).
    pub(super) seconds: u16,
    /// One for each number of nodes.
    pub(super) networks: Vec<Tested>,
    /// One for each load, network after network.
    pub(super) loads: Vec<Row>,
    /// One for each network, where catching up was measured.
    pub(super) catch_ups: Vec<Caught>,
}

/// A network that was measured.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Tested {
    /// Nodes, all on that machine (count).
    pub(super) nodes: usize,
    /// How long every byte between them took, each way (ms).
    pub(super) delay_ms: u16,
    /// What the machine could do at most, measured while that network was idle.
    pub(super) limits: Limits,
    /// Entries on the log before the first load (count).
    pub(super) entries: u64,
    /// Grants that accesses use, over all nodes (count).
    pub(super) grants: u64,
    /// From the start of all nodes together until all of them were ready (seconds).
    pub(super) start_s: f64,
    /// Most memory that any one node had had by then (10^6 bytes).
    pub(super) rss_mb: f64,
}

/// The results of one load: medians over its runs.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    /// Nodes (count).
    pub(super) nodes: usize,
    /// How long every byte between them took, each way (ms).
    pub(super) delay_ms: u16,
    /// Records under way at once, at most (count).
    pub(super) in_flight: usize,
    /// Where records arrived by the clock: how many in a second.
    pub(super) rate_per_s: Option<f64>,
    #[serde(flatten)]
    pub(super) median: Figures,
    pub(super) lowest: Figures,
    pub(super) highest: Figures,
    pub(super) runs: Vec<Figures>,
}

impl Row {
    /// The results of a load. `runs` is not empty.
    pub(super) fn new(
        (nodes, delay_ms): (usize, u16),
        in_flight: usize,
        rate_per_s: Option<f64>,
        runs: Vec<Figures>,
    ) -> Row {
        Row {
            nodes,
            delay_ms,
            in_flight,
            rate_per_s,
            median: Figures::medians(&runs),
            lowest: Figures::lowest(&runs),
            highest: Figures::highest(&runs),
            runs,
        }
    }

    /// What load it is, in words.
    pub(super) fn name(&self) -> String {
        let nodes = nodes_named(self.nodes, self.delay_ms);
        match (self.rate_per_s, self.in_flight) {
            (Some(rate), _) => format!("{nodes}, {rate:.0}/s by the clock"),
            (None, 1) => format!("{nodes}, one at a time"),
            (None, count) => format!("{nodes}, {count} in flight"),
        }
    }

    fn links(&self) -> Vec<String> {
        let get = |key| self.median.get(key);
        row([
            &self.name(),
            &format!("{:.1}", get("p50_ms")),
            &format!("{:.0}", get("network_limit_ms")),
            &format!("{:.2}", get("p50_in_delays")),
            &format!("{:.0}", get("network_ways")),
            &format!("{:.0}", get("committed_per_s")),
            &format!("{:.0}", get("network_rate_limit_per_s")),
            &format!("{:.0}", get("later_rounds")),
        ])
    }

    fn reading(&self) -> Vec<String> {
        let mut cells = vec![self.name()];
        for (_, [p50, p99, _]) in KINDS {
            cells.push(format!("{:.1}", self.median.get(p50)));
            cells.push(format!("{:.1}", self.median.get(p99)));
        }
        cells
    }

    fn speed(&self) -> Vec<String> {
        let get = |key| self.median.get(key);
        row([
            &self.name(),
            &format!("{:.0}", get("committed_per_s")),
            &format!("{:.2}", get("ratio")),
            &format!("{:.1}", get("p50_ms")),
            &format!("{:.1}", get("p99_ms")),
            &format!("{:.1}", get("p999_ms")),
            &format!("{:.1}", get("records_per_block")),
        ])
    }

    fn cost(&self) -> Vec<String> {
        let get = |key| self.median.get(key);
        row([
            &self.name(),
            &format!("{:.0}", get("node_cpu_us_per_record")),
            &format!("{:.1}", get("node_cpu_ratio")),
            &format!("{:.0}", get("client_cpu_us_per_record")),
            &format!("{:.0}", get("wire_bytes_per_record")),
            &format!("{:.2}", get("block_log_ratio")),
            &format!("{:.2}", get("view_ratio")),
            &format!("{:.1}", get("fsyncs_per_block")),
        ])
    }
}

impl Report {
    /// A report without results yet.
    pub(super) fn new(machine: Machine, mix: &'static str, seconds: u16) -> Report {
        let (networks, loads, catch_ups) = (Vec::new(), Vec::new(), Vec::new());
        Report { format: "comity-bench-2", machine, mix, seconds, networks, loads, catch_ups }
    }

    /// Shows it. Errors: it cannot be written.
    pub(super) fn show(&self, page: &mut Page) -> Result<(), DevnetError> {
        let heads = ["", "RECORDS/S", "OF LIMIT", "P50", "P99", "P99.9 MS", "IN BLOCK"];
        let mut rows = vec![row(heads)];
        rows.extend(self.loads.iter().map(Row::speed));
        page.table(&rows)?;
        page.gap()?;
        let heads = ["", "CPU US", "X VERIFY", "CLIENT US", "WIRE B", "LOG X", "VIEW X", "FSYNCS"];
        let mut rows = vec![row(heads)];
        rows.extend(self.loads.iter().map(Row::cost));
        page.table(&rows)?;
        page.gap()?;
        page.say(
            "RECORDS/S: committed in a second; OF LIMIT: of what the cores could verify if the nodes \
             did nothing else. P50 to P99.9: from submission, by the clock from when it was due, to \
             the answer that it is committed. CPU US: of all nodes for each record, X VERIFY: as a \
             multiple of verifying its signatures. WIRE B: between nodes for each record. LOG X: \
             block log to signed bytes, VIEW X: state and indexes to them. FSYNCS: for each block, \
             on one node. All others: docs/benchmarks.md.",
        )?;
        self.show_more(page)?;
        page.gap()?;
        for line in self.limit_lines() {
            page.say(&line)?;
        }
        page.say(&self.machine_line())
    }

    /// What was asked for beside loads: delays, reading, catching up.
    fn show_more(&self, page: &mut Page) -> Result<(), DevnetError> {
        let far: Vec<_> = self.loads.iter().filter(|row| row.delay_ms > 0).collect();
        if !far.is_empty() {
            page.gap()?;
            let heads =
                ["", "P50 MS", "LIMIT", "IN DELAYS", "WAYS", "RECORDS/S", "LIMIT", "ROUNDS+"];
            let mut rows = vec![row(heads)];
            rows.extend(far.iter().map(|row| row.links()));
            page.table(&rows)?;
            page.say(
                "LIMIT: what the delay between nodes alone leaves; WAYS: how many delays that is, \
                 one after the other. ROUNDS+: rounds beyond the first of each block.",
            )?;
        }
        if self.loads.iter().any(|row| row.median.get("reads") > 0.0) {
            page.gap()?;
            let heads = ["", "ENTRY", "P99", "GRANT", "P99", "LISTING", "P99", "NOTHING", "P99"];
            let mut rows = vec![row(heads)];
            rows.extend(self.loads.iter().map(Row::reading));
            page.table(&rows)?;
            page.say("Reading meanwhile: p50 and p99 in ms; NOTHING: an answer without reading.")?;
        }
        for caught in &self.catch_ups {
            page.gap()?;
            page.say(&caught.in_words())?;
        }
        Ok(())
    }

    /// The limits, a line for each network.
    pub(super) fn limit_lines(&self) -> Vec<String> {
        let line = |tested: &Tested| {
            let Limits { verify_per_s, records_verified_per_s, .. } = tested.limits;
            let Limits { sha256_mb_per_s, fdatasync_4k_ms, fdatasync_256k_ms, .. } = tested.limits;
            format!(
                "Beside {}, idle: {verify_per_s:.0} strict verifications/s and \
                 {records_verified_per_s:.0} whole records/s on a core; SHA-256 \
                 {sha256_mb_per_s:.0} MB/s; fdatasync p50 {fdatasync_4k_ms:.2} ms (4 KiB), \
                 {fdatasync_256k_ms:.2} ms (256 KiB). The log had {} entries, and the nodes, ready after \
                  {:.1} s, {:.0} MB of memory at most.",
                nodes_named(tested.nodes, tested.delay_ms),
                tested.entries,
                tested.start_s,
                tested.rss_mb
            )
        };
        self.networks.iter().map(line).collect()
    }

    /// The machine, in a sentence.
    pub(super) fn machine_line(&self) -> String {
        let Machine { cores, processor, memory_bytes, system, date } = &self.machine;
        let memory = match memory_bytes {
            Some(bytes) => format!(", {:.1} GiB of memory", *bytes as f64 / f64::from(1 << 30)),
            None => String::new(),
        };
        format!(
            "Nodes and their client together on one machine: {cores} cores of {processor}{memory}, \
             {system}; {date}. Mix: {}; {} s for each run.",
            self.mix, self.seconds
        )
    }
}

/// A network, in words.
pub(super) fn nodes_named(nodes: usize, delay_ms: u16) -> String {
    match delay_ms {
        0 => format!("{nodes} nodes"),
        ms => format!("{nodes} nodes {ms} ms apart"),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::figures::tests::example;
    use super::*;

    /// Two loads of four nodes.
    pub(in super::super) fn report() -> Report {
        let machine = Machine {
            cores: 2,
            processor: "A <fast> & \"small\" processor".to_owned(),
            memory_bytes: Some(1 << 33),
            system: "linux".to_owned(),
            date: "2026-01-01".to_owned(),
        };
        let mut report = Report::new(machine, "access", 30);
        let (limits, delay_ms) = (Limits::default(), 0);
        let (entries, grants, start_s, rss_mb) = (40, 4, 1.0, 50.0);
        report.networks.push(Tested {
            nodes: 4,
            delay_ms,
            limits,
            entries,
            grants,
            start_s,
            rss_mb,
        });
        report.loads.push(Row::new((4, 0), 1, None, vec![example()]));
        report.loads.push(Row::new((4, 20), 64, Some(50.0), vec![example(), example()]));
        let figures = super::super::catching_up::tests::example();
        report.catch_ups.push(Caught { nodes: 4, delay_ms: 20, figures });
        report
    }

    #[test]
    fn programs_find_each_load_with_its_median_its_ends_and_all_runs() {
        let json = serde_json::to_value(report()).unwrap();
        let load = &json["loads"][1];
        for key in ["committed_per_s", "ceiling_per_s", "ratio", "p50_ms", "p99_ms"] {
            assert!(load[key].is_number(), "{key}: {load}");
            assert!(load["highest"][key].is_number() && load["runs"][1][key].is_number(), "{key}");
        }
        assert_eq!((&load["nodes"], &load["rate_per_s"]), (&4.into(), &50.0.into()));
        assert!(json["loads"][0]["rate_per_s"].is_null());
        assert!(json["networks"][0]["limits"]["verify_per_s"].is_number());
    }

    #[test]
    fn people_read_what_was_committed_and_how_far_that_is_from_the_limit() {
        let cells = ["4 nodes, one at a time", "100", "0.01", "20.0", "20.0", "20.0", "5.0"];
        assert_eq!(report().loads[0].speed(), row(cells));
        assert_eq!(report().loads[1].name(), "4 nodes 20 ms apart, 50/s by the clock");
        let links = report().loads[1].links();
        assert_eq!(links[1..4], ["20.0", "8", "10.00"], "{links:?}");
        let caught = report().catch_ups[0].in_words();
        assert!(caught.contains("1000 entries in 2.0 s: 500/s"), "{caught}");
    }
}

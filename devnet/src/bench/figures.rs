//! What a run came to: every figure, and its ratio to the limit that it stands beside.
//! Holds: each key of docs/benchmarks.md, and no other; a ratio is of figures of the same run.
//! May not enter: measuring; how it is shown.

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::chain::{Chain, TO_DECIDE};
use super::limits::Limits;
use super::load::Driven;
use super::measure::Reading;
use super::receipts::Sample;

/// Figures by their keys, in the order in which they are shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Figures(Vec<(&'static str, f64)>);

/// What a run's figures are made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Basis<'a> {
    pub(super) driven: &'a Driven,
    pub(super) before: &'a Reading,
    pub(super) after: &'a Reading,
    pub(super) sample: &'a Sample,
    pub(super) limits: &'a Limits,
    /// Cores of the machine (count).
    pub(super) cores: f64,
    /// Memory of the machine (bytes), or 0 where it is not known.
    pub(super) memory_bytes: f64,
    /// Of a committed record, on average (bytes).
    pub(super) signed_bytes: f64,
    /// On and in a committed record, on average (count).
    pub(super) signatures: f64,
    /// Records under way at once, at most (count).
    pub(super) in_flight: usize,
    /// The blocks of the run.
    pub(super) chain: &'a Chain,
    /// The agencies of the lists of records.
    pub(super) agencies: &'a [&'a str],
    pub(super) delayed: &'a Delayed,
}

/// What links between nodes did to a run; all zero where there were none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Delayed {
    /// How long every byte was to be held, each way (ms).
    pub(super) delay_ms: f64,
    /// How long it was held, on average (ms).
    pub(super) held_ms: f64,
    /// Processor time of the links (seconds).
    pub(super) cpu_s: f64,
}

impl Figures {
    /// All figures of a run.
    pub(super) fn of(basis: &Basis<'_>) -> Figures {
        let Basis { driven, before, after, sample, limits, signed_bytes, signatures, .. } = *basis;
        let nodes = after.nodes.max(1) as f64;
        let records = (driven.answers.len() as f64).max(1.0);
        let blocks = (after.height.saturating_sub(before.height) as f64).max(1.0);
        let entries = (after.entries.saturating_sub(before.entries) as f64).max(1.0);
        // A view that was tidied up meanwhile can have shrunk.
        let grown = |after: u64, before: u64| after.saturating_sub(before) as f64;
        let ceiling = limits.ceiling_per_s(basis.cores, nodes, signatures);
        let [p50, p99, p999] = driven.percentiles([500, 990, 999]);
        let node_us = (after.cpu_s - before.cpu_s) * 1e6 / records;
        let client_us = driven.client_cpu_s * 1e6 / records;
        let verify_us = nodes * signatures * 1e6 / limits.verify_per_s.max(1e-9);
        let log = grown(after.block_log_bytes, before.block_log_bytes) / nodes / entries;
        let view = grown(after.view_bytes, before.view_bytes) / nodes / entries;
        let disk = grown(after.disk_bytes, before.disk_bytes) / nodes / entries;
        let rest = after.disk_bytes.saturating_sub(after.block_log_bytes + after.view_bytes) as f64;
        let wire = grown(after.wire_bytes, before.wire_bytes) / records;
        let synced = limits.fdatasync_4k_ms.max(1e-9);
        let figures = Figures(vec![
            ("committed_per_s", driven.per_second()),
            ("ceiling_per_s", ceiling),
            ("ratio", driven.per_second() / ceiling.max(1e-9)),
            ("p50_ms", p50),
            ("p99_ms", p99),
            ("p999_ms", p999),
            ("p50_in_syncs", p50 / synced),
            ("p99_in_syncs", p99 / synced),
            ("node_cpu_us_per_record", node_us),
            ("verify_us_per_record", verify_us),
            ("node_cpu_ratio", node_us / verify_us.max(1e-9)),
            ("client_cpu_us_per_record", client_us),
            ("client_cpu_share", client_us / (client_us + node_us).max(1e-9)),
            ("peak_rss_mb", after.peak_bytes as f64 / 1e6),
            ("peak_rss_ratio", after.peak_bytes as f64 * nodes / basis.memory_bytes.max(1.0)),
            ("signed_bytes_per_record", signed_bytes),
            ("signatures_per_record", signatures),
            ("block_log_bytes_per_entry", log),
            ("block_log_ratio", log / signed_bytes.max(1.0)),
            ("view_bytes_per_entry", view),
            ("view_ratio", view / signed_bytes.max(1.0)),
            ("rest_mb", rest / nodes / 1e6),
            ("disk_ratio", disk / signed_bytes.max(1.0)),
            ("wire_bytes_per_record", wire),
            // To every other node once.
            ("wire_ratio", wire / (signed_bytes * (nodes - 1.0)).max(1.0)),
            ("fsyncs_per_block", grown(after.fsyncs, before.fsyncs) / nodes / blocks),
            ("records_per_block", entries / blocks),
            ("committed", driven.answers.len() as f64),
            ("seconds", driven.elapsed.as_secs_f64()),
            ("receipts_checked", sample.checked as f64),
            ("receipt_fetch_p50_ms", sample.fetch_ms),
            ("receipt_verify_p50_ms", sample.verify_ms),
            ("later_rounds", basis.chain.later_rounds()),
            ("block_interval_ms", basis.chain.interval_ms()),
        ]);
        figures.with(beside_the_network(basis, p50, records))
    }

    /// These, and more after them.
    pub(super) fn with(mut self, more: Vec<(&'static str, f64)>) -> Figures {
        self.0.extend(more);
        self
    }

    /// A figure by its key; 0 for a key that there is not.
    pub(super) fn get(&self, key: &str) -> f64 {
        self.0.iter().find(|(found, _)| *found == key).map_or(0.0, |(_, figure)| *figure)
    }

    /// The keys, in order.
    pub(super) fn keys(&self) -> Vec<&'static str> {
        self.0.iter().map(|(key, _)| *key).collect()
    }

    /// Of each figure the median over all runs, of which there is at least one.
    pub(super) fn medians(runs: &[Figures]) -> Figures {
        Figures::over(runs, |sorted| {
            let middle = sorted.len() / 2;
            match sorted.len() % 2 {
                1 => sorted[middle],
                _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
            }
        })
    }

    /// Of each figure the lowest.
    pub(super) fn lowest(runs: &[Figures]) -> Figures {
        Figures::over(runs, |sorted| sorted[0])
    }

    /// Of each figure the highest.
    pub(super) fn highest(runs: &[Figures]) -> Figures {
        Figures::over(runs, |sorted| sorted[sorted.len() - 1])
    }

    fn over(runs: &[Figures], choose: impl Fn(&[f64]) -> f64) -> Figures {
        let keys = runs.first().map(|run| &run.0[..]).unwrap_or_default();
        let chosen = keys.iter().map(|(key, _)| {
            let mut all: Vec<f64> = runs.iter().map(|run| run.get(key)).collect();
            all.sort_unstable_by(f64::total_cmp);
            (*key, choose(&all))
        });
        Figures(chosen.collect())
    }
}

impl From<Vec<(&'static str, f64)>> for Figures {
    fn from(figures: Vec<(&'static str, f64)>) -> Figures {
        Figures(figures)
    }
}

/// Latency and rate beside what the delay between nodes alone would leave; zeros where there is none.
fn beside_the_network(basis: &Basis<'_>, p50_ms: f64, records: f64) -> Vec<(&'static str, f64)> {
    let Delayed { delay_ms, held_ms, cpu_s } = *basis.delayed;
    let [ways, mean_ways] = basis.chain.ways(&basis.driven.answers, basis.agencies);
    // Without a delay every one of these is 0, and none is a division by it.
    let over = |figure: f64, limit: f64| if limit > 0.0 { figure / limit } else { 0.0 };
    let limit_ms = ways * delay_ms;
    vec![
        ("held_ms", held_ms),
        ("p50_in_delays", over(p50_ms, delay_ms)),
        ("network_ways", ways),
        ("network_limit_ms", limit_ms),
        ("network_ratio", over(p50_ms, limit_ms)),
        ("block_interval_limit_ms", TO_DECIDE * delay_ms),
        ("network_rate_limit_per_s", over(basis.in_flight as f64 * 1000.0, mean_ways * delay_ms)),
        ("links_cpu_us_per_record", cpu_s * 1e6 / records),
    ]
}

impl Serialize for Figures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, figure) in &self.0 {
            // A thousandth is less than any of them is worth.
            map.serialize_entry(key, &((figure * 1000.0).round() / 1000.0))?;
        }
        map.end()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use super::super::plan::Answered;
    use super::super::{catching_up, reads};
    use super::*;

    /// Four nodes, a hundred records in a second.
    pub(in super::super) fn example() -> Figures {
        let answered =
            |entry| Answered { list: 0, place: 0, latency: Duration::from_millis(20), entry };
        let driven = Driven {
            elapsed: Duration::from_secs(1),
            client_cpu_s: 0.002,
            answers: (0..100).map(answered).collect(),
            left: vec![],
        };
        let before =
            Reading { nodes: 4, height: 10, entries: 50, cpu_s: 1.0, ..Reading::default() };
        let after = Reading {
            nodes: 4,
            height: 30,
            entries: 150,
            fsyncs: 240,
            block_log_bytes: 400_000,
            view_bytes: 600_000,
            disk_bytes: 1_200_000,
            wire_bytes: 300_000,
            cpu_s: 1.1,
            peak_bytes: 50_000_000,
        };
        let limits = Limits { verify_per_s: 40_000.0, fdatasync_4k_ms: 2.0, ..Limits::default() };
        Figures::of(&Basis {
            driven: &driven,
            before: &before,
            after: &after,
            sample: &Sample { checked: 1, fetch_ms: 1.0, verify_ms: 1.5 },
            limits: &limits,
            cores: 2.0,
            memory_bytes: 1e9,
            signed_bytes: 500.0,
            signatures: 2.0,
            in_flight: 2,
            chain: &super::super::chain::tests::example(),
            agencies: &["data.gd"],
            delayed: &Delayed { delay_ms: 2.0, held_ms: 2.1, cpu_s: 0.01 },
        })
    }

    #[test]
    fn every_figure_is_of_one_record_and_stands_beside_its_limit() {
        let figures = example();
        for (key, expected) in [
            ("committed_per_s", 100.0),
            ("ceiling_per_s", 10_000.0),
            ("ratio", 0.01),
            ("p99_ms", 20.0),
            ("p50_in_syncs", 10.0),
            ("node_cpu_us_per_record", 1_000.0),
            ("verify_us_per_record", 200.0),
            ("node_cpu_ratio", 5.0),
            ("client_cpu_us_per_record", 20.0),
            ("peak_rss_ratio", 0.2),
            ("block_log_bytes_per_entry", 1_000.0),
            ("block_log_ratio", 2.0),
            ("view_bytes_per_entry", 1_500.0),
            ("view_ratio", 3.0),
            ("rest_mb", 0.05),
            ("disk_ratio", 6.0),
            ("wire_bytes_per_record", 3_000.0),
            ("wire_ratio", 2.0),
            ("fsyncs_per_block", 3.0),
            ("records_per_block", 5.0),
            ("later_rounds", 2.0),
            ("block_interval_ms", 30.0),
            ("held_ms", 2.1),
            ("p50_in_delays", 10.0),
            // Most entries lie in the block that another node proposed.
            ("network_ways", 4.0),
            ("network_limit_ms", 8.0),
            ("network_ratio", 2.5),
            ("block_interval_limit_ms", 6.0),
            ("network_rate_limit_per_s", 2_000.0 / (2.0 * 3.9)),
            ("links_cpu_us_per_record", 100.0),
        ] {
            assert!((figures.get(key) - expected).abs() < 1e-6, "{key}: {}", figures.get(key));
        }
    }

    #[test]
    fn of_several_runs_the_middle_and_the_ends_are_told() {
        let of = |figures: &[f64]| -> Vec<Figures> {
            figures.iter().map(|figure| Figures(vec![("p50_ms", *figure)])).collect()
        };
        let three = of(&[9.0, 1.0, 2.0]);
        let told = |figures: Figures| figures.get("p50_ms");
        assert!((told(Figures::medians(&three)) - 2.0).abs() < 1e-9);
        assert!((told(Figures::medians(&of(&[4.0, 1.0]))) - 2.5).abs() < 1e-9);
        assert!((told(Figures::lowest(&three)) - 1.0).abs() < 1e-9);
        assert!((told(Figures::highest(&three)) - 9.0).abs() < 1e-9);
    }

    #[test]
    fn every_key_is_documented() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/benchmarks.md");
        let document = std::fs::read_to_string(path).unwrap();
        let read = reads::KINDS.iter().flat_map(|(_, keys)| keys);
        let others = ["reads", "read_listing_bytes", "reader_cpu_us_per_read"];
        let replay = ["replay_entries", "replay_per_s", "replay_cores", "replay_share"];
        let reindex = ["reindex_per_s", "reindex_cores", "reindex_share"];
        let keys = example().keys().into_iter().chain(catching_up::tests::example().keys());
        let keys = keys.chain(read.copied()).chain(others).chain(replay).chain(reindex);
        for key in keys.chain(["catch_up_records_per_block"]) {
            assert!(document.contains(&format!("`{key}`")), "{key} is not in docs/benchmarks.md");
        }
    }
}

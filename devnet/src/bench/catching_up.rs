//! How fast a node that was away catches up, and how fast the log is replayed: beside what verifying the
//! signatures alone would have taken.
//! Holds: a node has caught up when what it was away for can be read from it; its processor time is counted
//! over the same time as its entries.
//! May not enter: other loads meanwhile.
//! Source: docs/benchmarks.md, "Catching up and replay".

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use comity_core::text::AgencyId;
use serde::Serialize;

use crate::api::Api;
use crate::args::Mix;
use crate::failure::DevnetError;
use crate::nodes::{Network, running};
use crate::offline::{signatures_in, signatures_of};
use crate::page::Page;
use crate::process::Program;
use crate::run::Task;
use crate::usage::{of_children, of_process};

use super::IN_FLIGHT_EACH;
use super::figures::Figures;
use super::limits::Limits;
use super::load::Load;
use super::measure;
use super::mix::{self, Known};
use super::prepare::Provider;
use super::report::nodes_named;

/// Fewest nodes that go on when one is away.
const NODES: usize = 4;
/// How long the records may take that a node is to miss, and how long it may take to catch up.
const LIMIT: Duration = Duration::from_secs(600);
/// How often a node that catches up is asked where it stands: a question costs it little.
const POLL: Duration = Duration::from_millis(20);

/// What it came to.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Caught {
    /// Nodes (count).
    pub(super) nodes: usize,
    /// How long every byte between nodes took, each way (ms).
    pub(super) delay_ms: u16,
    #[serde(flatten)]
    pub(super) figures: Figures,
}

impl Caught {
    /// What it came to, in a sentence or two.
    pub(super) fn in_words(&self) -> String {
        let get = |key| self.figures.get(key);
        format!(
            "{}: a node that was away caught up {:.0} entries in {:.1} s: {:.0}/s on {:.1} cores, \
             {:.0} % of their time for verifying signatures alone. The archive is verified at \
             {:.0} entries/s on {:.1} cores ({:.0} %), the view derived anew at {:.0}/s on {:.1} \
             ({:.0} %).",
            nodes_named(self.nodes, self.delay_ms),
            get("catch_up_entries"),
            get("catch_up_seconds"),
            get("catch_up_per_s"),
            get("catch_up_cores"),
            get("catch_up_share") * 100.0,
            get("replay_per_s"),
            get("replay_cores"),
            get("replay_share") * 100.0,
            get("reindex_per_s"),
            get("reindex_cores"),
            get("reindex_share") * 100.0,
        )
    }
}

/// What a node is to miss.
#[derive(Clone, Copy)]
pub(super) struct Missed<'a> {
    pub(super) providers: &'a [Provider],
    /// Records (count).
    pub(super) count: usize,
    /// Sealed commitments in each.
    pub(super) sealed: usize,
    pub(super) limits: &'a Limits,
}

/// A node at one moment.
struct Moment {
    at: Instant,
    entries: u64,
    cpu_s: f64,
}

/// Stops the last node, has the others commit, starts it again; then replays the log. It is stopped
/// afterwards. Errors: too few nodes; a command fails; the node does not catch up.
pub(super) fn measure(
    missed: &Missed<'_>,
    network: &mut Network,
    page: &mut Page,
) -> Result<Figures, DevnetError> {
    let nodes = network.topology.nodes.len();
    let Some(last) = network.topology.nodes.last().filter(|_| nodes >= NODES) else {
        let text = format!("with one node away, {NODES} or more are needed to go on; see --nodes");
        return Err(DevnetError::Unexpected(text));
    };
    let away = last.agency.clone();
    let before = measure::take(network)?;
    let had = before.entries;
    page.say(&format!("Committing {} records while {away} is away ...", missed.count))?;
    network.terminate(&away)?;
    let signatures = commit(missed, network)?;
    page.say(&format!("{away} is started again ..."))?;
    let (first, caught) = caught_up(network, &away, had)?;
    let mut figures = figures_of(&first, &caught, signatures, missed.limits);
    let after = measure::take(network)?;
    let blocks = (after.height.saturating_sub(before.height) as f64).max(1.0);
    let entries = after.entries.saturating_sub(before.entries) as f64;
    figures.push(("catch_up_records_per_block", entries / blocks));
    page.say("Replaying the whole log ...")?;
    network.terminate(&away)?;
    figures.extend(replayed(network, &away, missed.limits)?);
    Ok(Figures::from(figures))
}

/// Commits records at all nodes but the last; the signatures of one, on average. Errors: one is not
/// committed.
fn commit(missed: &Missed<'_>, network: &Network) -> Result<f64, DevnetError> {
    let others = missed.providers.len() - 1;
    let providers = &missed.providers[..others];
    let none = vec![Known::default(); others];
    let batch = mix::load(providers, &none, missed.count, missed.sealed, Mix::Access)?;
    let ports = network.topology.nodes.iter().take(others).map(|node| node.api_port).collect();
    let in_flight = (IN_FLIGHT_EACH * others).min(1024).min(missed.count);
    let load = Load { dir: network.place.root(), ports, in_flight, interval: None };
    let (driven, ()) = load.drive(&batch.lists, LIMIT, || Ok(()))?;
    batch.take_back(providers, &driven.left);
    let signatures: u64 = batch.lists.iter().flatten().map(|record| signatures_of(record)).sum();
    let count: usize = batch.lists.iter().map(Vec::len).sum();
    Ok(signatures as f64 / (count as f64).max(1.0))
}

/// Starts a node that has `had` so many entries, and watches it until it has all: as it was when it first
/// answered, if it had no more then, and at its end.
fn caught_up(
    network: &mut Network,
    away: &AgencyId,
    had: u64,
) -> Result<(Moment, Moment), DevnetError> {
    let target = network.status(network.first())?.log_size;
    network.start(std::slice::from_ref(away))?;
    let api = Api::of(network.node(away));
    let began = Instant::now();
    let (mut first, mut answered) = (Moment { at: began, entries: had, cpu_s: 0.0 }, false);
    while began.elapsed() < LIMIT {
        if let Ok(status) = api.status() {
            let pid = running(&network.place, network.node(away)).map(|pid| pid.to_string());
            let cpu_s = of_process(&pid.unwrap_or_default()).cpu_s;
            let now = Moment { at: Instant::now(), entries: status.log_size, cpu_s };
            if now.entries >= target {
                network.wait_ready(std::slice::from_ref(away))?;
                return Ok((first, now));
            }
            if !answered && now.entries <= had {
                first = now;
            }
            answered = true;
        }
        thread::sleep(POLL);
    }
    // Says what its log says, where it has ended.
    network.wait(away, "catch up", Duration::ZERO, || Err("it has not caught up".to_owned()))?;
    Err(DevnetError::Unexpected(format!("{away} did not catch up")))
}

fn figures_of(
    first: &Moment,
    caught: &Moment,
    signatures: f64,
    limits: &Limits,
) -> Vec<(&'static str, f64)> {
    let entries = caught.entries.saturating_sub(first.entries) as f64;
    let seconds = caught.at.duration_since(first.at).as_secs_f64().max(1e-6);
    let cpu_s = (caught.cpu_s - first.cpu_s).max(1e-2);
    let verified = entries * signatures;
    vec![
        ("catch_up_entries", entries),
        ("catch_up_seconds", seconds),
        ("catch_up_per_s", entries / seconds),
        ("catch_up_verified_per_s", verified / seconds),
        ("catch_up_cores", cpu_s / seconds),
        ("catch_up_cpu_us_per_record", cpu_s * 1e6 / entries.max(1.0)),
        ("catch_up_share", share(verified, cpu_s, limits)),
    ]
}

/// What verifying so many signatures takes by itself, of the processor time that was used.
fn share(signatures: f64, cpu_s: f64, limits: &Limits) -> f64 {
    signatures / limits.verify_per_s.max(1e-9) / cpu_s.max(1e-2)
}

/// Has the log of a stopped node verified as an archive, and its view derived anew.
fn replayed(
    network: &Network,
    of: &AgencyId,
    limits: &Limits,
) -> Result<Vec<(&'static str, f64)>, DevnetError> {
    let place = &network.place;
    let dir = place.node(of).display().to_string();
    let archive = place.root().join("bench-archive.comity");
    let (out, genesis) = (archive.display().to_string(), place.genesis_file());
    let genesis = genesis.display().to_string();
    timed(Program::Comityd, &["export", "--dir", &dir, "--out", &out], place.root())?;
    let (signatures, records) = signatures_in(&archive)?;
    let verify = ["verify", "archive", &out, "--genesis", &genesis, "--json"];
    let (verify_s, verify_cpu_s) = timed(Program::Comity, &verify, place.root())?;
    let reindex = ["reindex", "--dir", &dir];
    let (reindex_s, reindex_cpu_s) = timed(Program::Comityd, &reindex, place.root())?;
    let (signatures, records) = (signatures as f64, records as f64);
    Ok(vec![
        ("replay_entries", records),
        ("replay_per_s", records / verify_s),
        ("replay_cores", verify_cpu_s / verify_s),
        ("replay_share", share(signatures, verify_cpu_s, limits)),
        ("reindex_per_s", records / reindex_s),
        ("reindex_cores", reindex_cpu_s / reindex_s),
        ("reindex_share", share(signatures, reindex_cpu_s, limits)),
    ])
}

/// Runs a command: how long it took, and its processor time (seconds). Errors: it fails.
fn timed(program: Program, args: &[&str], dir: &Path) -> Result<(f64, f64), DevnetError> {
    let (began, cpu_s) = (Instant::now(), of_children().cpu_s);
    Task::new(program, args, dir).run_expecting(0)?;
    Ok((began.elapsed().as_secs_f64().max(1e-3), of_children().cpu_s - cpu_s))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Of a node that caught up a thousand records of two signatures in two seconds of one core.
    pub(in super::super) fn example() -> Figures {
        let at = Instant::now();
        let first = Moment { at, entries: 500, cpu_s: 1.0 };
        let caught = Moment { at: at + Duration::from_secs(2), entries: 1_500, cpu_s: 3.0 };
        let limits = Limits { verify_per_s: 4_000.0, ..Limits::default() };
        Figures::from(figures_of(&first, &caught, 2.0, &limits))
    }

    #[test]
    fn catching_up_is_told_beside_what_verifying_alone_takes() {
        let figures = example();
        for (key, expected) in [
            ("catch_up_entries", 1_000.0),
            ("catch_up_per_s", 500.0),
            ("catch_up_verified_per_s", 1_000.0),
            ("catch_up_cores", 1.0),
            ("catch_up_cpu_us_per_record", 2_000.0),
            ("catch_up_share", 0.25),
        ] {
            assert!((figures.get(key) - expected).abs() < 1e-6, "{key}: {}", figures.get(key));
        }
    }
}

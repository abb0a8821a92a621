//! What a start and the way of a block cost one node, beside how long its log is: from a real start of
//! `comityd`, and from blocks that are put on the log here, part by part, with the node's own code.
//! Holds: signing is not counted; every block is durable and can be read before the next one.
//! May not enter: consensus, the network and the API, which `bench --from` measures.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use comity_core::state;
use comity_core::statement::VerifiedRecord;
use serde::Serialize;

use super::dirs::{Dirs, Opening};
use super::filling::{Kind, Stretch};
use super::{Notes, Whose, with_spreads};
use crate::api::Api;
use crate::args::BenchCommitArgs;
use crate::bench::disk_bytes;
use crate::bench::machine::Machine;
use crate::commands;
use crate::failure::{DevnetError, unexpected};
use crate::nodes::{Network, running};
use crate::page::{Page, row};
use crate::place::{Place, write_json};
use crate::usage::of_process;

/// How long a node may take until it answers.
const START_LIMIT: Duration = Duration::from_secs(600);

/// All results.
#[derive(Debug, Serialize)]
struct Report {
    format: &'static str,
    machine: Machine,
    size: Size,
    start: Start,
    /// Records in a block (count).
    per_block: u64,
    /// Blocks that were measured (count).
    blocks: u64,
    parts: Vec<Part>,
}

/// How long the log is, and what lies on the disk.
#[derive(Debug, Serialize)]
struct Size {
    entries: u64,
    grants: u64,
    heights: u64,
    state_keys: usize,
    block_log_bytes: u64,
    view_bytes: u64,
}

/// What a start costs.
#[derive(Debug, Serialize)]
struct Start {
    /// From the start of the process until its API answers (seconds).
    answers_s: f64,
    /// Memory that it has then (10^6 bytes), and the most that it had.
    rss_mb: f64,
    peak_rss_mb: f64,
    /// Processor time until then (seconds).
    cpu_s: f64,
    /// Of opening the same directory here: the logs, the view with the state, the ledger (seconds).
    log_s: f64,
    view_s: f64,
    ledger_s: f64,
}

/// What one part of the way costs a record (microseconds), a block's time shared among its records.
#[derive(Debug, Serialize)]
struct Part {
    part: &'static str,
    median_us: f64,
    p90_us: f64,
    mean_us: f64,
}

/// Measures and reports. Errors: it is no grown devnet; a node runs or does not start; the disk.
pub(super) fn run(args: &BenchCommitArgs, page: &mut Page) -> Result<(), DevnetError> {
    let network = commands::open(Place::open(&args.dir)?)?;
    let mut network = network.ending_with_the_launcher();
    let notes = Notes::load(&network.place)?;
    let (answers, used) = start(&mut network)?;
    let providers = with_spreads(notes.providers_again(&network)?, &notes.spreads);
    let whose = if notes.first_alone { Whose::First } else { Whose::All };
    let mut dirs = Dirs::open(&network, whose)?;
    let Opening { log, view, ledger } = dirs.opening;
    let size = size(&dirs, &notes, &network)?;
    for provider in &providers {
        let numbers = state::gateway_numbers(&dirs.ledger, &provider.gateway.public());
        provider.next.store(numbers.last + 1, Ordering::Relaxed);
    }
    let (per_block, blocks) = (args.per_block, args.blocks);
    let begins = dirs.next_time();
    let stretch = Stretch { kind: Kind::Accesses, count: blocks * per_block, per_block, begins };
    let mut spent: [Vec<Duration>; PARTS.len()] = Default::default();
    for block in 0..blocks {
        let one = one_block(&mut dirs, &stretch.bytes(block, &providers)?)?;
        spent.iter_mut().zip(one).for_each(|(all, one)| all.push(one));
    }
    let notes = Notes { entries: dirs.entries(), ..notes };
    dirs.close(&network)?;
    notes.save(&network.place)?;
    let report = Report {
        format: "comity-bench-commit-1",
        machine: Machine::of_this_process(),
        size,
        start: Start {
            answers_s: answers.as_secs_f64(),
            rss_mb: used.now_bytes as f64 / 1e6,
            peak_rss_mb: used.peak_bytes as f64 / 1e6,
            cpu_s: used.cpu_s,
            log_s: log.as_secs_f64(),
            view_s: view.as_secs_f64(),
            ledger_s: ledger.as_secs_f64(),
        },
        per_block,
        blocks,
        parts: parts(spent, per_block),
    };
    report.show(page)?;
    match &args.json {
        Some(path) => Ok(write_json(path, &report)?),
        None => Ok(()),
    }
}

/// The parts of a block's way, in order, and all together.
const PARTS: [&str; 5] = ["check", "execute", "append", "view", "all"];

/// Takes a block the way that it goes on a node that did not propose it.
fn one_block(dirs: &mut Dirs, records: &[Vec<u8>]) -> Result<[Duration; PARTS.len()], DevnetError> {
    let consortium = *dirs.ledger.consortium();
    let began = Instant::now();
    let verified: Result<Vec<_>, _> =
        records.iter().map(|bytes| VerifiedRecord::verify(bytes, &consortium)).collect();
    let (checked, verified) = (began.elapsed(), verified.map_err(unexpected)?);
    let built = dirs.build(verified.clone())?;
    let began = Instant::now();
    let executed = dirs.execute(&built.block, verified)?;
    let execute = began.elapsed();
    let spent = dirs.commit(built.block, executed)?;
    let append = spent.append + dirs.sync()?;
    let began = Instant::now();
    dirs.settle()?;
    let view = spent.view + began.elapsed();
    Ok([checked, execute, append, view, checked + execute + append + view])
}

/// Starts the first node until it answers, and stops it again.
fn start(network: &mut Network) -> Result<(Duration, crate::usage::Used), DevnetError> {
    let node = network.first().clone();
    let api = Api::of(&node);
    let began = Instant::now();
    network.start(std::slice::from_ref(&node.agency))?;
    let answers = || api.status().map(drop).map_err(|error| error.to_string());
    network.wait(&node.agency, "answer", START_LIMIT, answers)?;
    let answered = began.elapsed();
    let pid = running(&network.place, &node).map(|pid| pid.to_string());
    let used = of_process(&pid.unwrap_or_default());
    network.stop()?;
    Ok((answered, used))
}

fn size(dirs: &Dirs, notes: &Notes, network: &Network) -> Result<Size, DevnetError> {
    let dir = network.place.node(&network.first().agency);
    Ok(Size {
        entries: dirs.entries(),
        grants: notes.grants,
        heights: dirs.height(),
        state_keys: dirs.ledger.state().len(),
        block_log_bytes: disk_bytes(&dir.join("log"), |name| name.starts_with("blocks"))?,
        view_bytes: disk_bytes(&dir.join("view"), |_| true)?,
    })
}

fn parts(spent: [Vec<Duration>; PARTS.len()], per_block: u64) -> Vec<Part> {
    let part = |(part, mut spent): (&'static str, Vec<Duration>)| {
        spent.sort_unstable();
        let us = |time: Duration| time.as_secs_f64() * 1e6 / per_block.max(1) as f64;
        let at = |share: usize| spent.get(spent.len() * share / 100).copied().unwrap_or_default();
        let count = u32::try_from(spent.len()).unwrap_or(u32::MAX).max(1);
        let mean_us = us(spent.iter().sum::<Duration>() / count);
        Part { part, median_us: us(at(50)), p90_us: us(at(90)), mean_us }
    };
    PARTS.into_iter().zip(spent).map(part).collect()
}

impl Report {
    fn show(&self, page: &mut Page) -> Result<(), DevnetError> {
        let Size { entries, grants, heights, state_keys, block_log_bytes, view_bytes } = self.size;
        page.say(&format!(
            "{entries} entries in {heights} blocks, {grants} grants, {state_keys} keys of the state; \
             block log {} MB, view {} MB.",
            block_log_bytes / 1_000_000,
            view_bytes / 1_000_000,
        ))?;
        let Start { answers_s, rss_mb, peak_rss_mb, cpu_s, log_s, view_s, ledger_s } = self.start;
        page.say(&format!(
            "comityd answers {answers_s:.2} s after its start ({cpu_s:.2} s of processor time) and has \
             {rss_mb:.0} MB of memory then (at most {peak_rss_mb:.0}). Opening the logs takes {log_s:.2} \
             s, the view {view_s:.2} s, the ledger {ledger_s:.2} s."
        ))?;
        page.gap()?;
        let mut rows = vec![row(["US PER RECORD", "MEDIAN", "P90", "MEAN"])];
        rows.extend(self.parts.iter().map(|part| {
            let us = |us: f64| format!("{us:.1}");
            row([part.part, &us(part.median_us), &us(part.p90_us), &us(part.mean_us)])
        }));
        page.table(&rows)?;
        page.gap()?;
        page.say(&format!("{} blocks of {} records.", self.blocks, self.per_block))
    }
}

//! `comity-sim`: runs seeds and says what became of them.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use comity_sim::plan::Plan;
use comity_sim::world::{Telling, World};

/// Runs whole consortia in one thread, with crashes, lost writes and a bad network, from seeds.
///
/// Example: comity-sim --seeds 0..200
#[derive(Parser)]
#[command(name = "comity-sim", version)]
struct Args {
    /// Seeds to run: FIRST..LAST (LAST not included), or one seed.
    #[arg(long, default_value = "0..200")]
    seeds: String,
    /// Nodes in each consortium.
    #[arg(long, default_value_t = 4)]
    nodes: usize,
    /// Print what happens in each run.
    #[arg(long)]
    trace: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let mut out = std::io::stdout().lock();
    let Some((first, last)) = range(&args.seeds) else {
        let _ = writeln!(out, "--seeds takes FIRST..LAST or one number, as in 0..200");
        return ExitCode::from(2);
    };
    let began = Instant::now();
    let telling = if args.trace { Telling::Aloud } else { Telling::Silent };
    let (mut blocks, mut records, mut crashes, mut losses) = (0, 0, 0, 0);
    let (mut reports, mut failed) = (0, 0u64);
    for seed in first..last {
        let plan = Plan::of(seed, args.nodes);
        match World::new(plan, telling).run() {
            Ok(outcome) => {
                blocks += outcome.blocks;
                records += outcome.records;
                crashes += outcome.crashes;
                losses += outcome.losses;
                reports += outcome.reports;
                if args.trace {
                    let _ = writeln!(out, "seed {seed}: {outcome:?}");
                }
            }
            Err(violation) => {
                failed += 1;
                let _ = writeln!(out, "seed {seed}: VIOLATION {violation}");
                let nodes = args.nodes;
                let _ = writeln!(
                    out,
                    "  replay: cargo run --release -p comity-sim -- --seeds {seed} --nodes {nodes} --trace"
                );
            }
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    let _ = writeln!(
        out,
        "{} seeds of {} nodes: {failed} violations; {blocks} blocks, {records} records, \
         {crashes} crashes, {losses} disks lost, {reports} reports of liars, {seconds:.1} s",
        last - first,
        args.nodes
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn range(text: &str) -> Option<(u64, u64)> {
    match text.split_once("..") {
        Some((first, last)) => Some((first.parse().ok()?, last.parse().ok()?)),
        None => text.parse().ok().map(|seed: u64| (seed, seed + 1)),
    }
}

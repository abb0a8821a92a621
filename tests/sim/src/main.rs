//! `comity-sim`: runs seeds and says what became of them. Exit codes: 0 all invariants hold, 1 one
//! is broken, 2 the command is wrong.

use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use comity_sim::family::{Family, Tally};
use comity_sim::plan::Plan;
use comity_sim::world::{Outcome, Telling, World};

/// Sizes that are taken in turn where none is asked for.
const SIZES: [usize; 3] = [4, 7, 10];

/// Runs whole consortia in one thread, with crashes, bad disks, a bad network and liars, from seeds.
///
/// Example: comity-sim --seeds 0..200
#[derive(Parser)]
#[command(name = "comity-sim", version)]
struct Args {
    /// Seeds to run: FIRST..LAST (LAST not included), or one seed.
    #[arg(long, default_value = "0..200")]
    seeds: String,
    /// Validators of each consortium; without it 4, 7 and 10 take turns.
    #[arg(long)]
    nodes: Option<usize>,
    /// Let faults of this family alone happen (`--family list` names them).
    #[arg(long)]
    family: Option<String>,
    /// Print what happens in each run, and the hash over it.
    #[arg(long)]
    trace: bool,
    /// Run a great many seeds, as in the night: 0..20000.
    #[arg(long, conflicts_with = "seeds")]
    full: bool,
}

/// What all runs came to together.
#[derive(Default)]
struct Sum {
    seeds: u64,
    failed: u64,
    blocks: u64,
    polkas: usize,
    records: usize,
    measures: usize,
    restarts: u64,
    reports: u64,
    slips: u64,
    forks: u64,
    faults: Tally,
    seeds_with: Tally,
}

impl Sum {
    fn add(&mut self, outcome: &Outcome) {
        self.blocks += outcome.blocks;
        self.polkas += outcome.polkas;
        self.records += outcome.records;
        self.measures += outcome.measures;
        self.restarts += outcome.restarts;
        self.reports += outcome.reports;
        self.slips += outcome.slips;
        self.forks += u64::from(outcome.forked);
        self.faults.extend(&outcome.faults);
        for (family, _) in outcome.faults.iter() {
            self.seeds_with.add(family);
        }
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    let mut out = std::io::stdout().lock();
    match run(&args, &mut out) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(what) => {
            let _ = writeln!(out, "{what}");
            ExitCode::from(2)
        }
    }
}

/// How many seeds broke an invariant. Errors: what is wrong with the command.
fn run(args: &Args, out: &mut impl Write) -> Result<u64, String> {
    let seeds = if args.full { "0..20000" } else { &args.seeds };
    let (first, last) =
        range(seeds).ok_or("--seeds takes FIRST..LAST or one number, as in 0..200")?;
    if args.nodes.is_some_and(|nodes| !(4..=32).contains(&nodes)) {
        return Err("--nodes takes 4 to 32".into());
    }
    let family = match args.family.as_deref() {
        None => None,
        Some(name) => Some(Family::from_name(name).ok_or_else(names)?),
    };
    let began = Instant::now();
    let mut sum = Sum::default();
    for seed in first..last {
        let nodes = args.nodes.unwrap_or_else(|| size_for(seed));
        one(args, out, (seed, nodes, family), &mut sum);
    }
    let seconds = began.elapsed().as_secs_f64();
    let _ = writeln!(
        out,
        "{} seeds: {} violations; {} blocks, {} records, {} measures, {} restarts, {} reports of \
         liars, {} polka certificates kept, {} forks beyond the bound, {} slips of amnesiacs, {seconds:.1} s",
        sum.seeds,
        sum.failed,
        sum.blocks,
        sum.records,
        sum.measures,
        sum.restarts,
        sum.reports,
        sum.polkas,
        sum.forks,
        sum.slips
    );
    for (family, count) in sum.faults.iter() {
        let (name, seeds) = (family.name(), sum.seeds_with.of(family));
        let _ = writeln!(out, "  {name:<20} {count:>8} times in {seeds:>6} seeds");
    }
    Ok(sum.failed)
}

fn one(
    args: &Args,
    out: &mut impl Write,
    (seed, nodes, family): (u64, usize, Option<Family>),
    sum: &mut Sum,
) {
    let plan = match family {
        Some(family) => Plan::only(seed, nodes, family),
        None => Plan::of(seed, nodes),
    };
    let telling = if args.trace { Telling::Aloud } else { Telling::Silent };
    if args.trace {
        let _ = writeln!(out, "{plan:?}");
    }
    sum.seeds += 1;
    match World::new(plan, telling).run() {
        Ok(outcome) => {
            sum.add(&outcome);
            if args.trace {
                let _ = writeln!(out, "seed {seed}: trace {:016x}; {outcome:?}", outcome.trace);
            }
        }
        Err(violation) => {
            sum.failed += 1;
            let _ = writeln!(out, "seed {seed}, {nodes} nodes: VIOLATION {violation}");
            let only = family.map(|family| format!(" --family {}", family.name()));
            let _ = writeln!(
                out,
                "  replay: cargo run --release -p comity-sim -- --seeds {seed} --nodes {nodes}{} \
                 --trace",
                only.unwrap_or_default()
            );
        }
    }
    let _ = out.flush();
}

fn size_for(seed: u64) -> usize {
    SIZES[usize::try_from(seed % SIZES.len() as u64).unwrap_or(0)]
}

fn names() -> String {
    let names: Vec<&str> = Family::ALL.iter().map(|family| family.name()).collect();
    format!("--family takes one of: {}", names.join(", "))
}

fn range(text: &str) -> Option<(u64, u64)> {
    match text.split_once("..") {
        Some((first, last)) => Some((first.parse().ok()?, last.parse().ok()?)),
        None => text.parse().ok().map(|seed: u64| (seed, seed + 1)),
    }
}

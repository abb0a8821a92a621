//! `comity-planted`: plants the bugs, has the simulator hunt for them, and says what it found.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use comity_planted::bug::Bug;
use comity_planted::bugs::all;
use comity_planted::hunt::{Catch, Verdict, hunt_all, run_seed, run_without_bugs};
use comity_planted::plant::number;
use comity_planted::workshop::Workshop;

/// Where the hunts of a full run begin: seeds that do not meet.
const FULL_FIRSTS: [u64; 5] = [0, 10_000, 20_000, 30_000, 40_000];

/// Plants wrong implementations into a copy of the ledger, and has the simulator find each.
///
/// Example: comity-planted --only vote-before-durable
#[derive(Parser)]
#[command(name = "comity-planted", version)]
struct Args {
    /// Hunt for each bug five times, from seeds that do not meet, instead of once from seed 0.
    #[arg(long)]
    full: bool,
    /// Hunt for these bugs alone.
    #[arg(long)]
    only: Vec<String>,
    /// Say what each bug breaks, build and run nothing.
    #[arg(long)]
    list: bool,
    /// Run at most so many seeds for each bug.
    #[arg(long)]
    most: Option<u64>,
    /// Say what was found as a table for docs/resilience.md.
    #[arg(long)]
    table: bool,
    /// Run this seed with the bug of `--only` and show all that the simulator says.
    #[arg(long)]
    seed: Option<u64>,
}

fn main() -> ExitCode {
    match run(&Args::parse(), &mut io::stdout().lock()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

type Failure = Box<dyn std::error::Error>;

/// Whether every bug was found, and nothing where there was none.
fn run(args: &Args, out: &mut impl Write) -> Result<bool, Failure> {
    let mut bugs = all();
    for bug in &mut bugs {
        bug.seeds = bug.seeds.min(args.most.unwrap_or(u64::MAX));
    }
    let wanted = |name: &str| args.only.is_empty() || args.only.iter().any(|only| only == name);
    let places: Vec<usize> = (0..bugs.len()).filter(|at| wanted(bugs[*at].name)).collect();
    if places.is_empty() {
        return Err("there is no bug of this name; see --list".into());
    }
    if args.list {
        for at in places {
            writeln!(out, "{:34} {}", bugs[at].name, bugs[at].breaks)?;
        }
        return Ok(true);
    }
    let began = Instant::now();
    let program = Workshop::new().build(&bugs)?;
    writeln!(out, "built in {:.0} s", began.elapsed().as_secs_f64())?;
    if let Some(seed) = args.seed {
        for at in places {
            let verdict = run_seed(&program, bugs[at].arguments, number(at), seed)?;
            writeln!(out, "{}: {verdict:?}", bugs[at].name)?;
        }
        return Ok(true);
    }
    let firsts = if args.full { &FULL_FIRSTS[..] } else { &FULL_FIRSTS[..1] };
    let mut caught: BTreeMap<usize, Vec<Option<Catch>>> = BTreeMap::new();
    for first in firsts {
        for (at, catch) in hunt_all(&program, &bugs, &places, *first, progress)? {
            caught.entry(at).or_default().push(catch);
        }
    }
    let missed = caught.values().flatten().filter(|catch| catch.is_none()).count();
    for (at, catches) in &caught {
        report(args, &bugs[*at], catches, out)?;
    }
    let mut clean = Vec::new();
    for (at, catches) in &caught {
        for (first, catch) in firsts.iter().zip(catches) {
            let runs = catch.as_ref().map_or(bugs[*at].seeds, |catch| catch.runs);
            clean.extend((*first..first + runs).map(|seed| (bugs[*at].arguments, seed)));
        }
    }
    clean.sort_unstable();
    clean.dedup();
    let wrong = run_without_bugs(&program, &clean)?;
    for (arguments, seed, verdict) in &wrong {
        writeln!(out, "no bug, seed {seed} {arguments:?}: {verdict:?}")?;
    }
    writeln!(
        out,
        "{} bugs, {} hunts, {missed} in vain; {} seeds without a bug, {} of them said one; {:.0} s",
        caught.len(),
        caught.len() * firsts.len(),
        clean.len(),
        wrong.len(),
        began.elapsed().as_secs_f64()
    )?;
    Ok(missed == 0 && wrong.is_empty())
}

/// Says how the hunts for one bug ended: after how many seeds each found it.
fn report(
    args: &Args,
    bug: &Bug,
    catches: &[Option<Catch>],
    out: &mut impl Write,
) -> io::Result<()> {
    let runs: Vec<String> = catches.iter().map(describe).collect();
    let (name, seeds, runs) = (bug.name, bug.seeds, runs.join(" "));
    if args.table {
        let argument = |name: &str, otherwise: &'static str| {
            let at = bug.arguments.iter().position(|argument| *argument == name);
            at.and_then(|at| bug.arguments.get(at + 1)).copied().unwrap_or(otherwise)
        };
        let (family, nodes) = (argument("--family", "all"), argument("--nodes", "in turn"));
        let breaks = bug.breaks;
        return writeln!(out, "| `{name}` | {breaks} | {family} | {nodes} | {seeds} | {runs} |");
    }
    let said = catches.iter().flatten().next().map_or("", |catch| match &catch.verdict {
        Verdict::Violation(text) | Verdict::Panic(text) => text.as_str(),
        Verdict::Clean | Verdict::Endless => "",
    });
    writeln!(out, "{name:34} within {seeds:3}: {runs:22} {said}")
}

/// A hunt is over: said at once, since all of them take minutes.
fn progress(bug: &Bug, catch: Option<&Catch>) {
    let text = catch.map_or(String::new(), |catch| format!("{} {:?}", catch.runs, catch.verdict));
    let _ = writeln!(io::stderr(), "{:34} {text}", bug.name);
}

fn describe(catch: &Option<Catch>) -> String {
    catch.as_ref().map_or("-".to_owned(), |catch| catch.runs.to_string())
}

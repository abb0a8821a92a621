//! The benchmark: how fast a devnet of its own commits access records that real clients submit
//! over HTTP, and what that costs on disk.
//! Holds: what is counted as committed was answered as committed; keys, datasets and grants are
//! made with the real commands; signing is done before the clock runs.
//! May not enter: settings that make a node faster than in earnest.

mod client;
mod load;
mod machine;
mod measure;
mod prepare;
mod report;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::args::BenchArgs;
use crate::commands;
use crate::failure::DevnetError;
use crate::nodes::Network;
use crate::page::Page;
use crate::place::Place;

use load::Load;
use machine::Machine;
use prepare::Provider;
use report::{Report, Run};

/// Nodes of the benchmark.
const NODES: usize = 4;
/// Records by which a run's speed is guessed: so many for each that is under way (count).
const WARM_UP_EACH: usize = 16;
/// And at least so many.
const WARM_UP_LEAST: usize = 100;

/// Measures and reports. Errors: the devnet cannot be set up, or a record is not committed.
pub(crate) fn run(args: &BenchArgs, page: &mut Page) -> Result<(), DevnetError> {
    let dir = args.dir.clone().unwrap_or_else(temporary_dir);
    page.say(&format!("Setting up {NODES} nodes in {} ...", dir.display()))?;
    let mut network = commands::create(&dir, NODES, page)?;
    let measured = measured(args, &mut network, page);
    let stopped = network.stop();
    let report = measured?;
    stopped?;
    network.remove()?;
    page.gap()?;
    report.show(page)?;
    match &args.json {
        Some(path) => report.write(path),
        None => Ok(()),
    }
}

fn measured(
    args: &BenchArgs,
    network: &mut Network,
    page: &mut Page,
) -> Result<Report, DevnetError> {
    commands::start_all(network)?;
    page.say("Publishing datasets and issuing grants, with comity ...")?;
    let providers = prepare::all(network)?;
    let mut report = Report::new(Machine::of_this_process(), NODES);
    for in_flight in &args.in_flight {
        let seconds = u64::from(args.seconds);
        page.say(&format!("Submitting for {seconds} s with {in_flight} in flight ..."))?;
        let limit = Duration::from_secs(seconds);
        report.runs.push(one(network, &providers, usize::from(*in_flight), limit)?);
    }
    Ok(report)
}

/// One run: a first, short load tells how many records to sign in advance.
fn one(
    network: &Network,
    providers: &[Provider],
    in_flight: usize,
    limit: Duration,
) -> Result<Run, DevnetError> {
    let ports: Vec<u16> = network.topology.nodes.iter().map(|node| node.api_port).collect();
    let load = Load { ports: &ports, in_flight };
    let first = (WARM_UP_EACH * in_flight).max(WARM_UP_LEAST);
    let guess = load.drive(&prepare::records(providers, first)?, limit)?;
    // Half as many again as seem needed: the second load is warmer than the first.
    let wanted = guess.per_second() * limit.as_secs_f64() * 1.5;
    let records = prepare::records(providers, rounded(wanted).max(first))?;
    let before = measure::take(network)?;
    let driven = load.drive(&records, limit)?;
    let after = measure::take(network)?;
    Ok(Run::new(in_flight, &driven, &before, &after))
}

fn rounded(number: f64) -> usize {
    // Bounded, so that no guess asks for more memory than there is.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let whole = number.clamp(0.0, 2_000_000.0) as usize;
    whole
}

fn temporary_dir() -> PathBuf {
    std::env::temp_dir().join(format!("comity-bench-{}", std::process::id()))
}

/// The devnet's directory as it is named in the report.
fn is_below(place: &Place, path: &Path) -> bool {
    path.starts_with(place.root())
}

//! The benchmark: how fast a devnet of its own commits access records that real clients submit
//! over HTTP, and what that costs on disk.
//! Holds: what is counted as committed was answered as committed; keys, datasets and grants are
//! made with the real commands; signing is done before the clock runs.
//! May not enter: settings that make a node faster than in earnest.

pub(crate) mod client;
mod load;
pub(crate) mod machine;
mod measure;
pub(crate) mod prepare;
mod report;

use std::path::PathBuf;
use std::time::Duration;

use crate::args::BenchArgs;
use crate::commands;
use crate::failure::DevnetError;
use crate::nodes::Network;
use crate::page::Page;
use crate::topology::Purpose;

use load::{Driven, Load};
use machine::Machine;
use prepare::Provider;
use report::{Report, Run};

/// Nodes of the benchmark.
const NODES: usize = 4;
/// Records by which a run's speed is guessed: so many for each that is under way (count).
const WARM_UP_EACH: usize = 16;
/// And at least so many.
const WARM_UP_LEAST: usize = 100;
/// Most records that are signed for one run (count): about 1.5 GB of memory.
const MOST_RECORDS: usize = 2_000_000;

/// Measures and reports. Errors: the devnet cannot be set up, or a record is not committed.
pub(crate) fn run(args: &BenchArgs, page: &mut Page) -> Result<(), DevnetError> {
    let dir = args.dir.clone().unwrap_or_else(temporary_dir);
    page.say(&format!("Setting up {NODES} nodes in {} ...", dir.display()))?;
    let mut network =
        commands::create(&dir, NODES, Purpose::Bench, page)?.ending_with_the_launcher();
    let measured = measured(args, &mut network, page);
    let stopped = network.stop();
    if measured.is_err() {
        page.say(&format!("It did not end well. The nodes' files stay in {}", dir.display()))?;
    }
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
    let guess = driven(&load, providers, &prepare::records(providers, first)?, limit)?;
    let wanted = enough(guess.latencies.len() as u64, guess.elapsed, limit);
    let records = prepare::records(providers, wanted.max(first))?;
    let before = measure::take(network)?;
    let driven = driven(&load, providers, &records, limit)?;
    let after = measure::take(network)?;
    Ok(Run::new(in_flight, &driven, &before, &after))
}

/// Submits the records; the numbers of those that were not submitted are used again.
fn driven(
    load: &Load<'_>,
    providers: &[Provider],
    records: &[Vec<Vec<u8>>],
    limit: Duration,
) -> Result<Driven, DevnetError> {
    let driven = load.drive(records, limit)?;
    for (provider, left) in providers.iter().zip(&driven.left) {
        provider.take_back(*left);
    }
    Ok(driven)
}

/// How many records are enough for a load, by what an earlier one committed: half as many again as
/// at that speed, since the nodes are warmer now.
fn enough(committed: u64, within: Duration, limit: Duration) -> usize {
    let (within, limit) = (within.as_millis().max(1), limit.as_millis());
    let wanted = u128::from(committed) * limit * 3 / 2 / within;
    // Bounded, so that no guess asks for more memory than there is.
    usize::try_from(wanted).unwrap_or(usize::MAX).min(MOST_RECORDS)
}

fn temporary_dir() -> PathBuf {
    std::env::temp_dir().join(format!("comity-bench-{}", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_records_are_signed_than_the_first_load_lets_expect() {
        let (second, ten) = (Duration::from_secs(1), Duration::from_secs(10));
        assert_eq!(enough(200, second, ten), 3_000);
        assert_eq!(enough(200, Duration::ZERO, ten), MOST_RECORDS);
        assert_eq!(enough(u64::MAX, second, ten), MOST_RECORDS);
    }
}

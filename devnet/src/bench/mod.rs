//! The benchmark: how fast a devnet of its own commits records that a client process submits over HTTP,
//! what that costs, and how far it is from what the machine could do.
//! Holds: what is counted as committed was answered as committed, and of a sample the receipts verify;
//! keys, datasets and grants are made with the real commands; signing is done before the clock runs.
//! May not enter: settings that a node in earnest has not.
//! Source: docs/benchmarks.md.

mod acts;
mod apart;
mod cables;
mod catching_up;
mod chain;
mod charts;
pub(crate) mod client;
mod driving;
mod figures;
mod limits;
mod link;
mod load;
pub(crate) mod machine;
mod measure;
mod mix;
mod network;
mod percentile;
mod plan;
pub(crate) mod prepare;
mod reader;
mod reads;
mod receipts;
mod relay;
mod report;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::args::{BenchArgs, Mix};
use crate::commands;
use crate::failure::DevnetError;
use crate::grown::{self, Plan, Whose};
use crate::page::Page;
use crate::place::{Place, write_json};
use crate::topology::Purpose;

use cables::Cables;
pub(crate) use driving::main as client_main;
use machine::Machine;
pub(crate) use measure::disk_bytes;
use network::Past;
pub(crate) use reader::main as reader_main;
pub(crate) use relay::main as links_main;
use report::Report;

/// Most records under way at once for each node (count): a gateway's numbers may run ahead no further
/// (docs/formats.md, "Gateways' numbers").
const IN_FLIGHT_EACH: usize = 1024;
/// Entries in a block of a past that is made (count).
const PER_BLOCK: u64 = 500;
/// File descriptors that a process needs beside its connections (count).
const OTHER_FILES: usize = 200;

/// Measures and reports. Errors: a devnet cannot be set up, or a record is not committed.
pub(crate) fn run(args: &BenchArgs, page: &mut Page) -> Result<(), DevnetError> {
    check(args)?;
    let mix = match args.mix {
        Mix::Access => "access",
        Mix::Full => "full",
    };
    let mut report = Report::new(Machine::of_this_process(), mix, args.seconds);
    match &args.from {
        Some(dir) => grown_network(args, dir, &mut report, page)?,
        None => {
            for nodes in &args.nodes {
                for delay_ms in &args.delay_ms {
                    one_network(args, (usize::from(*nodes), *delay_ms), &mut report, page)?;
                }
            }
        }
    }
    page.gap()?;
    report.show(page)?;
    if let Some(path) = &args.html {
        charts::write(&report, path)?;
    }
    match &args.json {
        Some(path) => Ok(write_json(path, &report)?),
        None => Ok(()),
    }
}

/// Sets up so many nodes, every byte between them taking so long (ms), measures all loads, and removes
/// the nodes.
fn one_network(
    args: &BenchArgs,
    (nodes, delay_ms): (usize, u16),
    report: &mut Report,
    page: &mut Page,
) -> Result<(), DevnetError> {
    let dir = args.dir.clone().unwrap_or_else(temporary_dir);
    let mut network = match args.entries {
        Some(entries) => {
            let mut network = grown::found(&dir, nodes, page)?;
            let grants = args.grants.unwrap_or(entries / 10).max(1);
            let plan = Plan { entries, grants, per_block: PER_BLOCK, whose: Whose::All };
            grown::grown(&mut network, &plan, page)?;
            network
        }
        None => {
            page.say(&format!("Setting up {nodes} nodes in {} ...", dir.display()))?;
            commands::create(&dir, nodes, Purpose::Bench, page)?.ending_with_the_launcher()
        }
    };
    let mut cables = match delay_ms {
        0 => None,
        ms => Some(Cables::lay(&network, Duration::from_millis(ms.into()))?),
    };
    let past = args.entries.map_or(Past::None, |_| Past::Grown);
    let measured = network::measure(args, &mut network, (cables.as_mut(), past), (report, page));
    let stopped = network.stop();
    drop(cables);
    if measured.is_err() {
        page.say(&format!("It did not end well. The nodes' files stay in {}", dir.display()))?;
    }
    measured?;
    stopped?;
    network.remove()
}

/// Measures all loads on a devnet with a long past, which stays.
fn grown_network(
    args: &BenchArgs,
    dir: &Path,
    report: &mut Report,
    page: &mut Page,
) -> Result<(), DevnetError> {
    let mut network = commands::open(Place::open(dir)?)?.ending_with_the_launcher();
    let measured = network::measure(args, &mut network, (None, Past::Grown), (report, page));
    let stopped = network.stop();
    measured?;
    stopped.map(drop)
}

/// Errors: more records under way than the ledger's rules or this process's limits let through.
fn check(args: &BenchArgs) -> Result<(), DevnetError> {
    let most = args.in_flight.iter().copied().max().map_or(0, usize::from);
    let nodes = args.nodes.iter().copied().min().map_or(1, usize::from);
    if most > IN_FLIGHT_EACH * nodes {
        let text = format!(
            "{most} records in flight are too many for {nodes} nodes: at most {IN_FLIGHT_EACH} \
             for each"
        );
        return Err(DevnetError::Unexpected(text));
    }
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    match open_files(&limits) {
        Some(files) if files < most + OTHER_FILES => Err(DevnetError::Unexpected(format!(
            "{most} records in flight need as many connections, and this process may open \
             {files} files; allow more, as with: ulimit -n {}",
            most + OTHER_FILES
        ))),
        _ => Ok(()),
    }
}

/// How many files a process may open, where the system says so in numbers.
fn open_files(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn temporary_dir() -> PathBuf {
    std::env::temp_dir().join(format!("comity-bench-{}", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_limit_of_open_files_is_read() {
        let limits = "Limit          Soft Limit  Hard Limit  Units\n\
                      Max processes  100         100         processes\n\
                      Max open files 1024        4096        files\n";
        assert_eq!(open_files(limits), Some(1024));
        assert_eq!(open_files("Max open files unlimited unlimited files"), None);
        assert_eq!(open_files(""), None);
    }
}

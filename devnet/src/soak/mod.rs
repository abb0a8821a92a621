//! The soak: a devnet of its own under load for minutes or hours, while one node after the other is
//! killed, stopped and halted; then the block logs are read from the files.
//! Holds: it ends well only if every acknowledged record is in every node's block log at the place
//! that was told, and memory, descriptors, threads and queues stayed within the bounds that it prints.
//! May not enter: settings that a node in earnest has not.

mod block_log;
mod clients;
mod gauges;
mod trouble;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use comity_core::hash::LeafHash;

use crate::args::SoakArgs;
use crate::bench::prepare;
use crate::commands;
use crate::failure::DevnetError;
use crate::nodes::Network;
use crate::page::Page;
use crate::topology::Purpose;

use block_log::Chain;
use clients::{Clients, Told};
use gauges::Gauges;
use trouble::Trouble;

/// Nodes of the soak: one may fail.
const NODES: usize = 4;
const SETTLE_LIMIT: Duration = Duration::from_secs(90);

/// Soaks and reports. Errors: the devnet cannot be set up; something acknowledged is missing; a
/// bound is passed.
pub(crate) fn run(args: &SoakArgs, page: &mut Page) -> Result<(), DevnetError> {
    let dir = args.dir.clone().unwrap_or_else(temporary_dir);
    let minutes = args.minutes;
    page.say(&format!(
        "Setting up {NODES} nodes in {} for {minutes} min, seed {} ...",
        dir.display(),
        args.seed
    ))?;
    let mut network =
        commands::create(&dir, NODES, Purpose::Soak, page)?.ending_with_the_launcher();
    let soaked = soak(args, &mut network, page);
    let stopped = network.stop();
    let judged = soaked.and_then(|told| stopped.and_then(|_| judge(&network, &told, page)));
    if judged.is_err() {
        page.say(&format!("It did not end well. The nodes' files stay in {}", dir.display()))?;
        return judged;
    }
    network.remove()?;
    page.say("Nothing that was acknowledged is missing anywhere.")
}

/// The load and the trouble; what clients were told.
fn soak(args: &SoakArgs, network: &mut Network, page: &mut Page) -> Result<Told, DevnetError> {
    commands::start_all(network)?;
    let providers = prepare::all(network)?;
    let end = Instant::now() + Duration::from_secs(60 * u64::from(args.minutes));
    let ports = network.topology.nodes.iter().map(|node| node.api_port).collect();
    let clients = Clients::start(providers, ports);
    let gauges = Gauges::start(&network.place, &network.topology.nodes);
    let mut trouble = Trouble::new(args.seed);
    let troubled = trouble.until(end, network);
    let told = clients.end()?;
    troubled?;
    settle(network)?;
    let readings = gauges.end();
    page.say(&format!(
        "{} records acknowledged, {} answers that never came, {}.",
        told.committed.len(),
        told.unknown,
        trouble.tally()
    ))?;
    readings.show(page)?;
    readings.judge(args.minutes)?;
    Ok(told)
}

/// Waits until all nodes stand at one tip and nothing waits any more.
fn settle(network: &mut Network) -> Result<(), DevnetError> {
    let nodes = network.topology.nodes.clone();
    let began = Instant::now();
    loop {
        let mut tips = Vec::new();
        for node in &nodes {
            tips.push(network.status(node)?.header_hash);
        }
        if tips.iter().all(|tip| *tip == tips[0]) {
            return Ok(());
        }
        if began.elapsed() > SETTLE_LIMIT {
            let text = format!("the nodes did not come to one tip: {tips:?}");
            return Err(DevnetError::Unexpected(text));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Reads every node's block log and holds it against what clients were told. Errors: something is
/// missing, or the logs differ.
fn judge(network: &Network, told: &Told, page: &mut Page) -> Result<(), DevnetError> {
    let mut first: Option<Chain> = None;
    for node in &network.topology.nodes {
        let dir = network.place.node(&node.agency).join("log");
        let unexpected = |what| DevnetError::Unexpected(format!("{}: {what}", node.agency));
        let chain = block_log::read(&dir).map_err(unexpected)?;
        for (index, leaf) in &told.committed {
            let at = usize::try_from(*index).ok();
            let found: Option<&LeafHash> = at.and_then(|at| chain.leaves.get(at));
            if found != Some(leaf) {
                let what = format!("entry {index} was acknowledged as {leaf}; here is {found:?}");
                return Err(unexpected(what));
            }
        }
        let (blocks, entries) = (chain.headers.len(), chain.leaves.len());
        page.say(&format!("{}: {blocks} blocks, {entries} entries read", node.agency))?;
        match &first {
            None => first = Some(chain),
            Some(other) if *other == chain => {}
            Some(_) => return Err(unexpected("its blocks are not those of the others".to_owned())),
        }
    }
    Ok(())
}

fn temporary_dir() -> PathBuf {
    std::env::temp_dir().join(format!("comity-soak-{}", std::process::id()))
}

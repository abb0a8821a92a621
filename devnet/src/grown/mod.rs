//! Devnets with a long past, made in minutes: what real nodes would have left on their disks after so
//! many entries, for seeing whether speed and starts stay the same.
//! Holds: the consortium, its keys, datasets and first grants are made with the operators' own
//! commands; every record and vote is signed with the key whose it is; blocks are executed by core and
//! written by the replica's own storage, and the view by the node's.
//! May not enter: nodes that run while their directories are written; a log that would not verify.
//! Source: docs/benchmarks.md, "As the log grows".

mod costs;
mod dirs;
mod filling;

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::api::Api;
use crate::args::{BenchCommitArgs, GrowArgs};
use crate::bench::prepare::{self, Noted, Provider, Spread};
use crate::commands;
use crate::failure::DevnetError;
use crate::nodes::Network;
use crate::page::Page;
use crate::place::{Place, PlaceError};
use crate::topology::Purpose;

use dirs::Dirs;
use filling::Filling;

const FORMAT: &str = "comity-grown-1";
const NOTES: &str = "grown.json";

/// How far a log is to grow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Entries in all (count).
    pub(crate) entries: u64,
    /// Grants among them (count), on the first growth.
    pub(crate) grants: u64,
    /// Entries in a block (count).
    pub(crate) per_block: u64,
    /// Whose directories grow.
    pub(crate) whose: Whose,
}

/// Whose directories grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Those of all nodes, which can then be started together.
    All,
    /// The first node's alone: enough to measure one node.
    First,
}

/// What is known of a grown devnet: in its directory, as `grown.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Notes {
    format: String,
    /// Entries on the log when it last grew (count).
    pub(crate) entries: u64,
    /// Grants that accesses use (count).
    pub(crate) grants: u64,
    /// Whether only the first node has them all.
    pub(crate) first_alone: bool,
    /// Those of each provider, in order.
    spreads: Vec<Spread>,
    providers: Vec<Noted>,
}

/// Makes a devnet with a long past, or lets one grow further. Errors: it cannot be set up; the rules
/// refuse a record; its files cannot be written.
pub(crate) fn grow(args: &GrowArgs, page: &mut Page) -> Result<(), DevnetError> {
    let mut network = match Place::open(&args.dir) {
        Ok(place) => commands::open(place)?,
        Err(PlaceError::Absent(_)) => found(&args.dir, usize::from(args.nodes), page)?,
        Err(error) => return Err(error.into()),
    };
    let whose = if args.first { Whose::First } else { Whose::All };
    let (entries, per_block) = (args.entries, args.per_block);
    let grants = args.grants.unwrap_or(entries / 10).max(1);
    grown(&mut network, &Plan { entries, grants, per_block, whose }, page)?;
    page.say(&format!(
        "Next: comity-devnet bench --from {0}, or comity-devnet bench-commit {0}",
        args.dir.display()
    ))
}

/// A new devnet that has been prepared for the benchmark and stopped. Errors: it cannot be set up.
pub(crate) fn found(dir: &Path, nodes: usize, page: &mut Page) -> Result<Network, DevnetError> {
    page.say(&format!("Setting up {nodes} nodes in {} ...", dir.display()))?;
    let network = commands::create(dir, nodes, Purpose::Bench, page)?;
    let mut network = network.ending_with_the_launcher();
    commands::start_all(&mut network)?;
    page.say("Publishing datasets and issuing grants, with comity ...")?;
    let providers = prepare::all(&network)?;
    network.stop()?;
    Notes {
        format: FORMAT.to_owned(),
        entries: 0,
        grants: 0,
        first_alone: false,
        spreads: providers.iter().map(|provider| provider.grants).collect(),
        providers: providers.iter().map(Provider::noted).collect(),
    }
    .save(&network.place)?;
    Ok(network)
}

/// Lets the log of a stopped devnet grow. Errors: a node runs; it was not made for this; the rules
/// refuse a record; the files cannot be written.
pub(crate) fn grown(
    network: &mut Network,
    plan: &Plan,
    page: &mut Page,
) -> Result<Notes, DevnetError> {
    let mut notes = Notes::load(&network.place)?;
    if network.stopped().len() < network.topology.nodes.len() {
        let text = "its nodes run; stop them first, with comity-devnet down --dir";
        return Err(DevnetError::Unexpected(text.to_owned()));
    }
    let began = Instant::now();
    let providers = notes.providers_again(network)?;
    let mut dirs = Dirs::open(network, plan.whose)?;
    let before = dirs.entries();
    notes.first_alone |= plan.whose == Whose::First;
    let mut filling = Filling::new(&providers, *plan);
    if notes.grants == 0 {
        notes.spreads = filling.grants(&mut dirs, page)?;
        notes.grants = plan.grants;
    }
    let providers = with_spreads(providers, &notes.spreads);
    Filling::new(&providers, *plan).accesses(&mut dirs, page)?;
    notes.entries = dirs.entries();
    let blocks = dirs.height();
    page.say("Copying the view, which is the same on all nodes ...")?;
    dirs.close(network)?;
    notes.save(&network.place)?;
    page.say(&format!(
        "{} entries in {blocks} blocks, {} grants; {} of them made in {:.0} s.",
        notes.entries,
        notes.grants,
        notes.entries - before,
        began.elapsed().as_secs_f64()
    ))?;
    Ok(notes)
}

/// What a start and a block cost one node of a grown devnet. Errors: it is none; a block fails.
pub(crate) fn bench_commit(args: &BenchCommitArgs, page: &mut Page) -> Result<(), DevnetError> {
    costs::run(args, page)
}

/// The providers of a grown devnet whose nodes run, with the numbers that come next. Errors: it is
/// none; a node does not answer.
pub(crate) fn providers(network: &Network) -> Result<(Notes, Vec<Provider>), DevnetError> {
    let notes = Notes::load(&network.place)?;
    if notes.first_alone {
        let text =
            "only the first node of this devnet has the whole log: make another without --first";
        return Err(DevnetError::Unexpected(text.to_owned()));
    }
    let mut providers = with_spreads(notes.providers_again(network)?, &notes.spreads);
    for provider in &mut providers {
        let api = Api::of(network.node(&provider.agency));
        *provider.next.get_mut() = api.last_number(&provider.gateway.public())? + 1;
    }
    Ok((notes, providers))
}

fn with_spreads(mut providers: Vec<Provider>, spreads: &[Spread]) -> Vec<Provider> {
    for (provider, spread) in providers.iter_mut().zip(spreads) {
        provider.grants = *spread;
    }
    providers
}

impl Notes {
    fn load(place: &Place) -> Result<Notes, DevnetError> {
        let path = file(place);
        let unfit = |what: &str| {
            DevnetError::Unexpected(format!(
                "{} {what}: make a devnet with a long past with comity-devnet grow",
                path.display()
            ))
        };
        let text = std::fs::read(&path).map_err(|_| unfit("is not there"))?;
        let notes: Notes =
            serde_json::from_slice(&text).map_err(|_| unfit("is not what grow writes"))?;
        if notes.format == FORMAT { Ok(notes) } else { Err(unfit("is of another version")) }
    }

    fn save(&self, place: &Place) -> Result<(), DevnetError> {
        Ok(place.write_json(&file(place), self)?)
    }

    fn providers_again(&self, network: &Network) -> Result<Vec<Provider>, DevnetError> {
        prepare::again(network, &self.providers)
    }
}

fn file(place: &Place) -> PathBuf {
    place.root().join(NOTES)
}

//! What `comity-devnet` can be asked to do: up, down, status, reset, cli; demo, bench, soak and
//! logs that are made offline are modules of their own.
//! Holds: a command either says what it did, or why not and what to do next.
//! May not enter: how nodes are set up, started and stopped.

use std::ffi::OsString;
use std::process::{Child, ExitCode};

use crate::args::{self, CliArgs, Command, UpArgs, Where};
use crate::bench;
use crate::demo;
use crate::failure::DevnetError;
use crate::found;
use crate::grown;
use crate::nodes::{Network, running};
use crate::offline;
use crate::page::{Page, row};
use crate::people;
use crate::place::{Place, PlaceError};
use crate::process::Program;
use crate::soak;
use crate::topology::{Moved, Purpose, Topology, TopologyError};

/// How many nodes there are unless somebody asks for others: with four, one may fail.
const DEFAULT_NODES: usize = 4;

/// Runs a command of the devnet's own.
pub(crate) fn main(args: Vec<OsString>) -> ExitCode {
    let args = match args::parse(args) {
        Ok(args) => args,
        Err(asked) => {
            // Help goes to stdout, mistakes to stderr: clap knows which.
            let _ = asked.print();
            return ExitCode::from(if asked.use_stderr() { 2 } else { 0 });
        }
    };
    let mut page = Page::of_process();
    let result = match &args.command {
        Command::Demo(args) => demo::run(args, &mut page).map(|()| ExitCode::SUCCESS),
        Command::Up(args) => up(args, &mut page).map(|()| ExitCode::SUCCESS),
        Command::Down(place) => down(place, &mut page).map(|()| ExitCode::SUCCESS),
        Command::Status(place) => status(place, &mut page).map(|()| ExitCode::SUCCESS),
        Command::Reset(place) => reset(place, &mut page).map(|()| ExitCode::SUCCESS),
        Command::Cli(args) => cli(args),
        Command::Bench(args) => bench::run(args, &mut page).map(|()| ExitCode::SUCCESS),
        Command::Grow(args) => grown::grow(args, &mut page).map(|()| ExitCode::SUCCESS),
        Command::BenchCommit(args) => {
            grown::bench_commit(args, &mut page).map(|()| ExitCode::SUCCESS)
        }
        Command::Soak(args) => soak::run(args, &mut page).map(|()| ExitCode::SUCCESS),
        Command::Generate(args) => offline::generate(args, &mut page).map(|()| ExitCode::SUCCESS),
        Command::Year(args) => offline::year(args, &mut page).map(|()| ExitCode::SUCCESS),
        Command::BenchVerify(args) => {
            offline::bench_verify(args, &mut page).map(|()| ExitCode::SUCCESS)
        }
        Command::BenchProofs(args) => {
            offline::bench_proofs(args, &mut page).map(|()| ExitCode::SUCCESS)
        }
        Command::BenchApply(args) => {
            offline::bench_apply(args, &mut page).map(|()| ExitCode::SUCCESS)
        }
    };
    match result {
        Ok(code) => code,
        Err(error) if error.is_closed_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            page.mistake(&error.text(&args.command.invocation()));
            error.exit()
        }
    }
}

/// The devnet of a directory, claimed. Errors: there is none, or another command has it.
pub(crate) fn open(place: Place) -> Result<Network, DevnetError> {
    let claim = place.claim()?;
    let topology = Topology::load(&place)?;
    Ok(Network::new(place, topology, claim))
}

/// A new devnet of `count` nodes, set up but not started. Errors: something is in `dir` already;
/// the setup fails.
pub(crate) fn create(
    dir: &std::path::Path,
    count: usize,
    purpose: Purpose,
    page: &mut Page,
) -> Result<Network, DevnetError> {
    let place = Place::create(dir)?;
    let claim = place.claim()?;
    let (topology, moved) = Topology::new(count, purpose)?;
    say_moved(&moved, page)?;
    found::found(&place, &topology, &[])?;
    Ok(Network::new(place, topology, claim))
}

/// Starts all nodes and waits until they are ready. Errors: one does not become ready.
pub(crate) fn start_all(network: &mut Network) -> Result<(), DevnetError> {
    let all: Vec<_> = network.topology.nodes.iter().map(|node| node.agency.clone()).collect();
    network.start(&all)?;
    network.wait_ready(&all)
}

/// The nodes in a table: whose, where, and which process. Errors: it cannot be written.
pub(crate) fn show_nodes(network: &Network, page: &mut Page) -> Result<(), DevnetError> {
    let mut rows = vec![row(["AGENCY", "LEVEL", "API", "PROCESS", "DIRECTORY"])];
    for node in &network.topology.nodes {
        let pid = running(&network.place, node).map_or("-".to_owned(), |pid| pid.to_string());
        let dir = format!("nodes/{}", node.agency);
        rows.push(row([node.agency.as_str(), node.level_word(), &node.url(), &pid, &dir]));
    }
    page.table(&rows)
}

fn up(args: &UpArgs, page: &mut Page) -> Result<(), DevnetError> {
    let dir = args.place.dir();
    let mut network = match Place::open(&dir) {
        Ok(place) => open(place)?,
        Err(PlaceError::Absent(_)) => {
            let count = args.nodes.map_or(DEFAULT_NODES, usize::from);
            page.say(&format!("Setting up {count} nodes in {}", dir.display()))?;
            create(&dir, count, Purpose::Work, page)?
        }
        Err(error) => return Err(error.into()),
    };
    let found = network.topology.nodes.len();
    if let Some(asked) = args.nodes.map(usize::from).filter(|asked| *asked != found) {
        return Err(DevnetError::OtherCount { found, asked });
    }
    let stopped = network.stopped();
    if stopped.is_empty() {
        page.say(&format!("The devnet in {} is already up:", network.place.root().display()))?;
    } else {
        say_moved(&network.make_room()?, page)?;
        page.say(&format!("Starting {} of {found} nodes.", stopped.len()))?;
        start_all(&mut network)?;
        page.say(&format!("The devnet in {} is up:", network.place.root().display()))?;
    }
    page.gap()?;
    show_nodes(&network, page)?;
    page.gap()?;
    let call = args.place.invocation();
    page.say("To ask a node, and to stop them all:")?;
    page.gap()?;
    page.paste(&format!("{} data.gd -- status", call.to("cli")))?;
    page.paste(&call.to("down"))
}

fn say_moved(moved: &[Moved], page: &mut Page) -> Result<(), DevnetError> {
    for Moved { agency, wanted, port } in moved {
        page.say(&format!("Port {wanted} is taken; {agency} uses {port} instead."))?;
    }
    Ok(())
}

fn down(place: &Where, page: &mut Page) -> Result<(), DevnetError> {
    let mut network = open(Place::open(&place.dir())?)?;
    match network.stop()? {
        0 => page.say("No node was running."),
        count => page.say(&format!(
            "Stopped {count} nodes. All that they have stays in {}",
            network.place.root().display()
        )),
    }
}

fn reset(place: &Where, page: &mut Page) -> Result<(), DevnetError> {
    match Place::open(&place.dir()) {
        Ok(place) => remove(place, page),
        Err(PlaceError::Absent(dir)) => {
            page.say(&format!("There is no devnet in {}; nothing to remove.", dir.display()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Stops and removes a devnet, also one whose setup was interrupted. Errors: it is in use; a node
/// does not end; it cannot be removed.
pub(crate) fn remove(place: Place, page: &mut Page) -> Result<(), DevnetError> {
    let root = place.root().to_owned();
    let claim = place.claim()?;
    match Topology::load(&place) {
        Ok(topology) => {
            let mut network = Network::new(place, topology, claim);
            network.stop()?;
            network.remove()?;
        }
        // No node was ever started.
        Err(TopologyError::Unfinished(_)) => place.remove(claim)?,
        Err(error) => return Err(error.into()),
    }
    page.say(&format!("Removed the devnet in {}", root.display()))
}

fn status(place: &Where, page: &mut Page) -> Result<(), DevnetError> {
    // Without a claim: looking is allowed while a demo plays.
    let place = Place::open(&place.dir())?;
    let topology = Topology::load(&place)?;
    page.say(&format!("The devnet in {}:", place.root().display()))?;
    page.gap()?;
    let heads = ["AGENCY", "LEVEL", "API", "PROCESS", "HEIGHT", "ENTRIES", "READY"];
    let mut rows = vec![row(heads)];
    for node in &topology.nodes {
        let pid = running(&place, node).map_or("-".to_owned(), |pid| pid.to_string());
        let api = crate::api::Api::of(node);
        let found = api.status().ok();
        let number = |number: Option<u64>| number.map_or("-".to_owned(), |n| n.to_string());
        let height = number(found.as_ref().map(|status| status.height));
        let entries = number(found.as_ref().map(|status| status.log_size));
        let ready = if api.ready().is_ok() { "yes" } else { "no" };
        let (agency, url) = (node.agency.as_str(), node.url());
        rows.push(row([agency, node.level_word(), &url, &pid, &height, &entries, ready]));
    }
    page.table(&rows)
}

fn cli(args: &CliArgs) -> Result<ExitCode, DevnetError> {
    let place = Place::open(&args.place.dir())?;
    let topology = Topology::load(&place)?;
    let (node, key) = people::find(&args.who, &place, &topology)?;
    let run = || {
        let mut command = Program::Comity.command(&args.args)?;
        command.env("COMITY_NODE", node.url());
        if let Some(key) = key {
            command.env("COMITY_KEY", key);
        }
        command.spawn().and_then(|mut child: Child| child.wait())
    };
    let status = run().map_err(|source| {
        let operation = "run comity".to_owned();
        DevnetError::Process { operation, source }
    })?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

//! The demo: a fresh consortium of four agencies, and the life of a grant in it, from an
//! officer's request to an auditor's verdict.
//! Holds: what is shown is what the real programs wrote; a step that goes otherwise than told ends
//! the demo as failed.
//! May not enter: what a reader could not do in the same way with `comity` and `comityd`.

mod asking;
mod audit;
mod ending;
mod outage;
mod refusals;
mod sharing;
mod stage;

use crate::args::DemoArgs;
use crate::commands;
use crate::failure::DevnetError;
use crate::nodes::running;
use crate::page::Page;
use crate::place::{Place, PlaceError};
use crate::topology::{Purpose, Topology, TopologyError};

use stage::Stage;

/// Nodes of the demo: as many as it takes for one to fail.
const NODES: usize = 4;

/// What becomes of the nodes at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Afterwards {
    /// They are stopped.
    Stop,
    /// They go on, for the reader to try things.
    GoOn,
}

/// Plays the demo. Errors: the devnet cannot be set up, or a step fails.
pub(crate) fn run(args: &DemoArgs, page: &mut Page) -> Result<(), DevnetError> {
    let dir = args.place.dir();
    match Place::open(&dir) {
        Ok(place) if args.fresh || is_done(&place) => commands::remove(place, page)?,
        Ok(place) => return Err(PlaceError::Present(place.root().to_owned()).into()),
        Err(PlaceError::Absent(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let call = args.place.invocation();
    let afterwards = if args.exit { Afterwards::Stop } else { Afterwards::GoOn };
    page.heading("Comity: a consortium on this machine")?;
    page.say(
        "Four agencies, of four levels of government, each run a node. They share no \
         administrator and need not trust each other; together they keep one log of who may use \
         whose data, and who did. You are about to see it at work. Every command below is really \
         run, and what follows it is its own output.",
    )?;
    page.gap()?;
    page.say(&format!("Setting up in {} ...", dir.display()))?;
    let mut network = commands::create(&dir, NODES, Purpose::Demo, page)?;
    page.say(
        "Each agency made an admin key and a node (comityd init); the four parts became the \
         genesis, which every node has (comityd genesis). All of that is in setup.log there.",
    )?;
    page.gap()?;
    page.say(
        "Starting the nodes, with 127.0.0.1 as their network. If you press Ctrl-C, they stay up, \
         and this stops them:",
    )?;
    page.gap()?;
    page.paste(&call.to("down"))?;
    let played = commands::start_all(&mut network).and_then(|()| {
        let mut stage = Stage::new(page, &mut network);
        play(&mut stage)
    });
    let ended = played.and_then(|story| ending::show(&network, page, &story, &call, afterwards));
    if args.exit {
        let stopped = network.stop();
        // How the story went counts for more than how the nodes stopped.
        ended?;
        page.gap()?;
        return page.say(&format!("Stopped {} nodes.", stopped?));
    }
    ended
}

/// What the story leaves behind.
pub(crate) struct Story {
    /// The entry of the officer's request.
    request: String,
    /// The grant in force at the end.
    grant: String,
    /// The entry of the first access.
    access: String,
}

/// Whether what is here is left from an earlier demo: it was made by one, and nothing of it runs.
fn is_done(place: &Place) -> bool {
    match Topology::load(place) {
        Ok(topology) => {
            let runs = topology.nodes.iter().any(|node| running(place, node).is_some());
            topology.purpose == Purpose::Demo && !runs
        }
        Err(TopologyError::Unfinished(_)) => true,
        Err(_) => false,
    }
}

fn play(stage: &mut Stage<'_>) -> Result<Story, DevnetError> {
    sharing::who_is_there(stage)?;
    sharing::keys(stage)?;
    sharing::dataset(stage)?;
    let request = asking::request(stage)?;
    let grant = asking::approval(stage, &request)?;
    let access = sharing::access(stage, &grant)?;
    refusals::beyond_the_grant(stage, &grant)?;
    refusals::before_its_time(stage)?;
    refusals::after_revocation(stage, &grant)?;
    let grant = outage::one_node_fails(stage)?;
    audit::verify(stage)?;
    let request = request.trim_start_matches('R').to_owned();
    Ok(Story { request, grant, access })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_an_earlier_demo_left_behind_makes_room() {
        let temp = tempfile::tempdir().unwrap();
        let place = Place::create(&temp.path().join("devnet")).unwrap();
        assert!(is_done(&place), "its setup was interrupted");
        for (purpose, done) in [(Purpose::Demo, true), (Purpose::Work, false)] {
            let (topology, _) = Topology::new(1, purpose).unwrap();
            topology.save(&place).unwrap();
            assert_eq!(is_done(&place), done, "{purpose:?}");
        }
        place.write(&place.topology_file(), b"damaged").unwrap();
        assert!(!is_done(&place));
    }
}

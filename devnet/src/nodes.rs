//! A devnet at work: starts, watches and stops its nodes.
//! Holds: every wait is bounded, and what a node last said is shown where it ends in vain; only a
//! process that is this very node is ever signalled.
//! May not enter: setting up (see `found`); the story.

use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use comity_core::text::AgencyId;

use crate::api::{Api, Status};
use crate::config;
use crate::failure::DevnetError;
use crate::place::{Claim, Place};
use crate::process::{self, Lifetime, Signal};
use crate::run::ending;
use crate::topology::{Moved, Node, Topology};

/// How long a node may take to become ready.
const READY_LIMIT: Duration = Duration::from_secs(90);
/// How long a node may take to stop in good order, and then to be gone.
const STOP_LIMIT: Duration = Duration::from_secs(20);
const KILL_LIMIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(50);
/// Lines of a node's log that are shown when it fails (count).
const TAIL_LINES: usize = 20;
/// As much of the end of a log as is looked at for them (bytes).
const TAIL_BYTES: u64 = 64 * 1024;

/// A devnet, claimed for this process.
#[derive(Debug)]
pub(crate) struct Network {
    /// Where it is.
    pub(crate) place: Place,
    /// Its nodes.
    pub(crate) topology: Topology,
    claim: Claim,
    lifetime: Lifetime,
    /// Nodes that this process started and has not yet seen ready.
    started: Vec<(AgencyId, Child)>,
}

impl Network {
    /// A devnet that was set up, as its claim's holder sees it.
    pub(crate) fn new(place: Place, topology: Topology, claim: Claim) -> Network {
        Network { place, topology, claim, lifetime: Lifetime::OnItsOwn, started: Vec::new() }
    }

    /// The same, with nodes that end when somebody interrupts this process at the terminal.
    pub(crate) fn ending_with_the_launcher(self) -> Network {
        Network { lifetime: Lifetime::WithTheLauncher, ..self }
    }

    /// The agencies whose nodes do not run.
    pub(crate) fn stopped(&self) -> Vec<AgencyId> {
        let stopped =
            self.topology.nodes.iter().filter(|node| running(&self.place, node).is_none());
        stopped.map(|node| node.agency.clone()).collect()
    }

    /// Gives other ports to stopped nodes whose ports were taken meanwhile. Errors: no port is
    /// free; the settings cannot be written.
    pub(crate) fn make_room(&mut self) -> Result<Vec<Moved>, DevnetError> {
        let moved = self.topology.move_ports(&self.stopped())?;
        if !moved.is_empty() {
            config::write_all(&self.place, &self.topology)?;
            self.topology.save(&self.place)?;
        }
        Ok(moved)
    }

    /// Starts the stopped nodes among `agencies`. Errors: a process cannot be started.
    pub(crate) fn start(&mut self, agencies: &[AgencyId]) -> Result<(), DevnetError> {
        for node in &mut self.topology.nodes {
            if !agencies.contains(&node.agency) || running(&self.place, node).is_some() {
                continue;
            }
            let (dir, log) = (self.place.node(&node.agency), self.place.log(&node.agency));
            let child = process::start_node(&dir, &log, self.lifetime).map_err(|source| {
                let operation = format!("start the node of {}", node.agency);
                DevnetError::Process { operation, source }
            })?;
            node.pid = Some(child.id());
            self.started.push((node.agency.clone(), child));
        }
        self.topology.save(&self.place)?;
        Ok(())
    }

    /// Waits until every node among `agencies` is ready. Errors: one ends, or takes too long.
    pub(crate) fn wait_ready(&mut self, agencies: &[AgencyId]) -> Result<(), DevnetError> {
        for agency in agencies {
            let api = Api::of(self.node(agency));
            self.wait(agency, "become ready", READY_LIMIT, || api.ready())?;
        }
        self.started.retain(|(agency, _)| !agencies.contains(agency));
        Ok(())
    }

    /// Waits until `done` says that a node is where it should be; it says where it is otherwise.
    /// Errors: the node ends, or takes too long.
    pub(crate) fn wait(
        &mut self,
        agency: &AgencyId,
        what: &'static str,
        limit: Duration,
        mut done: impl FnMut() -> Result<(), String>,
    ) -> Result<(), DevnetError> {
        let began = Instant::now();
        loop {
            let last = match done() {
                Ok(()) => return Ok(()),
                Err(last) => last,
            };
            self.check_started()?;
            if began.elapsed() > limit {
                let (agency, log) = (agency.clone(), log_end(&self.place.log(agency)));
                let limit_s = limit.as_secs();
                return Err(DevnetError::NodeLate { agency, what, limit_s, last, log });
            }
            thread::sleep(POLL);
        }
    }

    /// Stops all nodes that run, in good order where they can. Returns how many they were. Errors:
    /// one does not end.
    pub(crate) fn stop(&mut self) -> Result<usize, DevnetError> {
        let found = self.topology.nodes.iter();
        let running: Vec<(AgencyId, u32)> = found
            .filter_map(|node| Some((node.agency.clone(), running(&self.place, node)?)))
            .collect();
        for (_, pid) in &running {
            // One that ends at this moment by itself needs no signal.
            let _ = process::signal(*pid, Signal::Terminate);
        }
        for (agency, pid) in &running {
            if !self.gone(agency, *pid, STOP_LIMIT) {
                self.kill(agency)?;
            }
        }
        self.reap();
        for node in &mut self.topology.nodes {
            node.pid = None;
        }
        self.topology.save(&self.place)?;
        Ok(running.len())
    }

    /// Ends a node at once, as a power cut would. Returns its process's number. Errors: it does
    /// not run, or does not end.
    pub(crate) fn kill(&mut self, agency: &AgencyId) -> Result<u32, DevnetError> {
        let pid = self.signal(agency, Signal::Kill)?;
        if self.gone(agency, pid, KILL_LIMIT) {
            Ok(pid)
        } else {
            Err(DevnetError::NodeStays { agency: agency.clone(), pid })
        }
    }

    /// Ends a node in good order. Errors: it does not run, or does not end.
    pub(crate) fn terminate(&mut self, agency: &AgencyId) -> Result<(), DevnetError> {
        let pid = self.signal(agency, Signal::Terminate)?;
        if self.gone(agency, pid, STOP_LIMIT) {
            Ok(())
        } else {
            Err(DevnetError::NodeStays { agency: agency.clone(), pid })
        }
    }

    /// Signals a node; the number of its process. Errors: it does not run.
    pub(crate) fn signal(&self, agency: &AgencyId, signal: Signal) -> Result<u32, DevnetError> {
        let Some(pid) = running(&self.place, self.node(agency)) else {
            return Err(DevnetError::Unexpected(format!("the node of {agency} does not run")));
        };
        process::signal(pid, signal).map_err(|source| {
            let operation = format!("signal the node of {agency} (process {pid})");
            DevnetError::Process { operation, source }
        })?;
        Ok(pid)
    }

    /// Removes the devnet; its nodes were stopped. Errors: it cannot be removed.
    pub(crate) fn remove(self) -> Result<(), DevnetError> {
        Ok(self.place.remove(self.claim)?)
    }

    /// The first node: that of the competent authority.
    pub(crate) fn first(&self) -> &Node {
        match self.topology.nodes.first() {
            Some(node) => node,
            None => unreachable!("a devnet has at least one node"),
        }
    }

    /// An agency's node.
    pub(crate) fn node(&self, agency: &AgencyId) -> &Node {
        match self.topology.nodes.iter().find(|node| node.agency == *agency) {
            Some(node) => node,
            None => unreachable!("only agencies of the topology are asked for: {agency}"),
        }
    }

    /// Where a node stands. Errors: it does not answer, or has ended.
    pub(crate) fn status(&self, node: &Node) -> Result<Status, DevnetError> {
        Api::of(node).status().map_err(|error| {
            if running(&self.place, node).is_some() {
                return error.into();
            }
            let (agency, log) = (node.agency.clone(), log_end(&self.place.log(&node.agency)));
            DevnetError::NodeEnded { agency, how: "nobody asked it to".to_owned(), log }
        })
    }

    fn gone(&self, agency: &AgencyId, pid: u32, limit: Duration) -> bool {
        let (began, dir) = (Instant::now(), self.place.node(agency));
        while process::is_node_of(pid, &dir) {
            if began.elapsed() > limit {
                return false;
            }
            thread::sleep(POLL);
        }
        true
    }

    /// Errors: a node that this process started, and that nobody has seen ready, has ended.
    fn check_started(&mut self) -> Result<(), DevnetError> {
        for (agency, child) in &mut self.started {
            if let Ok(Some(status)) = child.try_wait() {
                let (agency, how) = (agency.clone(), ending(status));
                let log = log_end(&self.place.log(&agency));
                return Err(DevnetError::NodeEnded { agency, how, log });
            }
        }
        Ok(())
    }

    fn reap(&mut self) {
        for (_, child) in &mut self.started {
            // They were seen to be gone; this only takes them off the system's list.
            let _ = child.try_wait();
        }
        self.started.clear();
    }
}

/// The process of a node that runs: the one that was started for it, or the one that says so in
/// the node's own directory (somebody may have started it by hand).
pub(crate) fn running(place: &Place, node: &Node) -> Option<u32> {
    let dir = place.node(&node.agency);
    let locked = fs::read_to_string(dir.join("comityd.lock")).ok();
    let locked = locked.and_then(|text| text.trim().parse().ok());
    [node.pid, locked].into_iter().flatten().find(|pid| process::is_node_of(*pid, &dir))
}

/// The last lines of a log.
fn log_end(path: &Path) -> String {
    let read = || {
        let mut file = fs::File::open(path)?;
        let size = file.metadata()?.len();
        file.seek(SeekFrom::Start(size.saturating_sub(TAIL_BYTES)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map(|_| bytes)
    };
    let text = match read() {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => format!("({} cannot be read: {error})", path.display()),
    };
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::Purpose;

    #[test]
    fn the_end_of_a_log_is_its_last_lines() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("a.log");
        let lines: Vec<String> = (1..=30).map(|n| format!("line {n}")).collect();
        fs::write(&path, lines.join("\n")).unwrap();
        let end = log_end(&path);
        assert!(end.starts_with("line 11\n") && end.ends_with("\nline 30"), "{end}");
        assert!(log_end(&temp.path().join("none")).contains("cannot be read"));
    }

    #[test]
    fn a_number_that_is_another_process_now_is_not_a_running_node() {
        let temp = tempfile::tempdir().unwrap();
        let place = Place::create(&temp.path().join("devnet")).unwrap();
        let (mut topology, _) = Topology::new(1, Purpose::Work).unwrap();
        let agency = topology.nodes[0].agency.clone();
        place.make_dir(&place.node(&agency)).unwrap();
        // This very process, as if it had got the number of a node that is long gone.
        topology.nodes[0].pid = Some(std::process::id());
        fs::write(place.node(&agency).join("comityd.lock"), format!("{}\n", std::process::id()))
            .unwrap();
        assert_eq!(running(&place, &topology.nodes[0]), None);
        let claim = place.claim().unwrap();
        let mut network = Network::new(place, topology, claim);
        assert_eq!(network.stop().unwrap(), 0);
        assert_eq!(network.topology.nodes[0].pid, None);
    }
}

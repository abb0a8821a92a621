//! Nodes that reach one another only through links with a delay: the process that is the links, and the
//! nodes' settings, in which every other node stands at a link's address.
//! Holds: no node is told the address of another, so that nothing goes past the links.
//! May not enter: passing on (see `relay`); a delay between the client and a node.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::config;
use crate::failure::DevnetError;
use crate::nodes::Network;
use crate::ports::Ports;
use crate::process::Program;
use crate::usage::of_process;

use super::apart::Companion;
use super::relay::{LISTENING, Links, Passed};

/// Where links listen: above what nodes use.
const FIRST_PORT: u16 = 17_070;

/// The links of a network.
#[derive(Debug)]
pub(super) struct Cables {
    /// How long they hold every byte, each way.
    pub(super) delay: Duration,
    links: Companion,
}

/// What links have done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Relayed {
    pub(super) passed: Passed,
    /// Processor time of their process (seconds).
    pub(super) cpu_s: f64,
}

impl Cables {
    /// Lays links between all nodes, which do not run yet. Errors: no port is free; the process does
    /// not start; settings cannot be written.
    pub(super) fn lay(network: &Network, delay: Duration) -> Result<Cables, DevnetError> {
        let nodes = &network.topology.nodes;
        let mut free = Ports::default();
        let (mut between, mut ports) = (BTreeMap::new(), Vec::new());
        for from in nodes {
            for to in nodes.iter().filter(|to| to.agency != from.agency) {
                let port = free.choose(FIRST_PORT, FIRST_PORT + 1)?;
                between.insert((&from.agency, &to.agency), port);
                ports.push((port, to.p2p_port));
            }
        }
        config::write_all_between(&network.place, &network.topology, |from, to| {
            between.get(&(&from.agency, &to.agency)).copied().unwrap_or(to.p2p_port)
        })?;
        let file = network.place.root().join("bench-links.json");
        let (what, told) = ("the links between nodes", Links { delay, ports });
        let links = Companion::start(Program::BenchLinks, what, &file, &told, LISTENING)?;
        Ok(Cables { delay, links })
    }

    /// What they have done so far. Errors: their process has ended.
    pub(super) fn relayed(&mut self) -> Result<Relayed, DevnetError> {
        self.links.tell("?")?;
        let line = self.links.line()?;
        let passed = serde_json::from_str(&line);
        let passed = passed.map_err(|_| DevnetError::Unexpected(format!("links: {line}")))?;
        Ok(Relayed { passed, cpu_s: of_process(&self.links.id().to_string()).cpu_s })
    }
}

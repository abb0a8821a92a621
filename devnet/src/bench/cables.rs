//! Nodes that reach one another only through links with a delay: the process that is the links, and the
//! nodes' settings, in which every other node stands at a link's address.
//! Holds: no node is told the address of another, so that nothing goes past the links.
//! May not enter: passing on (see `relay`); a delay between the client and a node.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::Duration;

use crate::config;
use crate::failure::DevnetError;
use crate::nodes::Network;
use crate::place::io_error;
use crate::ports::Ports;
use crate::process::Program;
use crate::usage::of_process;

use super::relay::{LISTENING, Links, Passed};

/// Where links listen: above what nodes use.
const FIRST_PORT: u16 = 17_070;

/// The links of a network.
#[derive(Debug)]
pub(super) struct Cables {
    /// How long they hold every byte, each way.
    pub(super) delay: Duration,
    child: Child,
    /// Closed, it ends the process.
    ask: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
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
        let mut ports = Ports::default();
        let (mut between, mut links) = (BTreeMap::new(), Vec::new());
        for from in nodes {
            for to in nodes.iter().filter(|to| to.agency != from.agency) {
                let port = ports.choose(FIRST_PORT, FIRST_PORT + 1)?;
                between.insert((&from.agency, &to.agency), port);
                links.push((port, to.p2p_port));
            }
        }
        config::write_all_between(&network.place, &network.topology, |from, to| {
            between.get(&(&from.agency, &to.agency)).copied().unwrap_or(to.p2p_port)
        })?;
        let file = network.place.root().join("bench-links.json");
        let text = serde_json::to_vec(&Links { delay, ports: links }).unwrap_or_default();
        std::fs::write(&file, text).map_err(|source| io_error("write", &file, source))?;
        let mut command = Program::BenchLinks.command([&file]).map_err(failed)?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        let (ask, answers) = (child.stdin.take(), child.stdout.take());
        let Some(answers) = answers.map(BufReader::new) else {
            unreachable!("its output was asked for");
        };
        let mut cables = Cables { delay, child, ask, answers };
        match cables.line()?.as_str() {
            LISTENING => Ok(cables),
            other => Err(DevnetError::Unexpected(format!("the links do not stand: {other}"))),
        }
    }

    /// What they have done so far. Errors: their process has ended.
    pub(super) fn relayed(&mut self) -> Result<Relayed, DevnetError> {
        let gone = || failed(std::io::ErrorKind::BrokenPipe.into());
        self.ask.as_mut().ok_or_else(gone)?.write_all(b"?\n").map_err(failed)?;
        let line = self.line()?;
        let passed = serde_json::from_str(&line);
        let passed = passed.map_err(|_| DevnetError::Unexpected(format!("links: {line}")))?;
        Ok(Relayed { passed, cpu_s: of_process(&self.child.id().to_string()).cpu_s })
    }

    fn line(&mut self) -> Result<String, DevnetError> {
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(failed)?;
        Ok(line.trim().to_owned())
    }
}

impl Drop for Cables {
    fn drop(&mut self) {
        drop(self.ask.take());
        // It ends by itself now; this takes it off the system's list.
        let _ = self.child.wait();
    }
}

fn failed(source: std::io::Error) -> DevnetError {
    DevnetError::Process { operation: "talk with the links between nodes".to_owned(), source }
}

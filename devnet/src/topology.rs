//! The nodes of a devnet: whose they are, where they listen, and which processes they are.
//! Holds: what was read is a topology of this version; every agency and port stands once.
//! May not enter: starting and stopping (see `nodes`).

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use comity_core::agency::Level;
use comity_core::text::AgencyId;
use serde::{Deserialize, Serialize};

use crate::place::{Place, PlaceError};
use crate::ports::{NoFreePort, Ports};

const FORMAT: &str = "comity-devnet-1";
/// The first node's API, as an operator would have it.
const API_PORT: u16 = 8080;
/// Where other ports are looked for, out of the way of the usual ones of more nodes.
const ASIDE: u16 = 10;
/// Where the first node meets the others.
const P2P_PORT: u16 = 7070;

/// The agencies that a devnet is made of, as many as are asked for, from the first.
const CAST: [(&str, &str, Level, &str); 10] = [
    ("data.gd", "Data Administration", Level::Provincial, "440000"),
    ("health.gz", "Health Bureau", Level::Municipal, "440100"),
    ("civil.th", "Civil Affairs Bureau", Level::County, "440106"),
    ("tax.cn", "Tax Administration", Level::National, "000000"),
    ("service.sp", "Service Hall", Level::Township, "440106001"),
    ("housing.gz", "Housing Bureau", Level::Municipal, "440100"),
    ("school.th", "Education Bureau", Level::County, "440106"),
    ("transport.gd", "Transport Department", Level::Provincial, "440000"),
    ("water.gz", "Water Bureau", Level::Municipal, "440100"),
    ("market.th", "Market Supervision Bureau", Level::County, "440106"),
];

/// Most nodes of a devnet.
pub(crate) const MAX_NODES: usize = CAST.len();

/// What a devnet was made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Purpose {
    /// To play the story, again and again: the next demo may take its place.
    Demo,
    /// For somebody to work with: it stays until somebody removes it.
    #[default]
    Work,
    /// To measure.
    Bench,
    /// To be ill-treated.
    Soak,
}

/// A devnet's nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Topology {
    format: String,
    /// What it was made for. Left out, it is somebody's.
    #[serde(default)]
    pub(crate) purpose: Purpose,
    /// The nodes; the first one's agency is the competent authority.
    pub(crate) nodes: Vec<Node>,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Node {
    /// Whose it is.
    pub(crate) agency: AgencyId,
    /// The agency's name.
    pub(crate) name: String,
    /// Its level.
    pub(crate) level: Level,
    /// Its region.
    pub(crate) region: String,
    /// Where it answers programs, on 127.0.0.1.
    pub(crate) api_port: u16,
    /// Where it meets other nodes, on 127.0.0.1.
    pub(crate) p2p_port: u16,
    /// The process that was last started for it.
    pub(crate) pid: Option<u32>,
}

/// A port that is not the one that was wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moved {
    /// Whose node.
    pub(crate) agency: AgencyId,
    /// The port that is taken.
    pub(crate) wanted: u16,
    /// The one instead.
    pub(crate) port: u16,
}

/// Why there is no list of nodes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TopologyError {
    /// The setup was interrupted.
    #[error("the devnet in {0} was not set up to the end")]
    Unfinished(PathBuf),
    /// The file cannot be read.
    #[error("could not read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file is not what a devnet writes.
    #[error("{path} cannot be read as a devnet's topology")]
    Text {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// The file was written by another version, or changed.
    #[error("{path} is not a topology that this version can use: {what}")]
    Unfit {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
    /// It cannot be written.
    #[error(transparent)]
    Write(#[from] PlaceError),
}

impl Topology {
    /// The first `count` agencies (1 to [`MAX_NODES`]) with ports that are free now; and which
    /// ports are not the usual ones. Errors: no port is free.
    pub(crate) fn new(
        count: usize,
        purpose: Purpose,
    ) -> Result<(Topology, Vec<Moved>), NoFreePort> {
        let (mut ports, mut moved) = (Ports::default(), Vec::new());
        let mut nodes = Vec::new();
        for ((agency, name, level, region), offset) in CAST.into_iter().zip(0u16..).take(count) {
            let Ok(agency) = agency.parse::<AgencyId>() else {
                unreachable!("the cast's ids are well-formed: {agency}");
            };
            let mut choose = |first: u16| {
                let wanted = first + offset;
                let port = ports.choose(wanted, first + ASIDE)?;
                if port != wanted {
                    moved.push(Moved { agency: agency.clone(), wanted, port });
                }
                Ok(port)
            };
            let (api_port, p2p_port) = (choose(API_PORT)?, choose(P2P_PORT)?);
            let (name, region) = (name.to_owned(), region.to_owned());
            nodes.push(Node { agency, name, level, region, api_port, p2p_port, pid: None });
        }
        Ok((Topology { format: FORMAT.to_owned(), purpose, nodes }, moved))
    }

    /// The nodes of a devnet. Errors: all of [`TopologyError`].
    pub(crate) fn load(place: &Place) -> Result<Topology, TopologyError> {
        let path = place.topology_file();
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(TopologyError::Unfinished(place.root().to_owned()));
            }
            Err(source) => return Err(TopologyError::Read { path, source }),
        };
        match serde_json::from_slice::<Topology>(&text) {
            Err(source) => Err(TopologyError::Text { path, source }),
            Ok(topology) => match topology.mistake() {
                Some(what) => Err(TopologyError::Unfit { path, what }),
                None => Ok(topology),
            },
        }
    }

    /// Writes the list down. Errors: it cannot be written.
    pub(crate) fn save(&self, place: &Place) -> Result<(), PlaceError> {
        place.write_json(&place.topology_file(), self)
    }

    /// Gives other ports to nodes whose own are taken. Errors: no port is free.
    pub(crate) fn move_ports(&mut self, stopped: &[AgencyId]) -> Result<Vec<Moved>, NoFreePort> {
        let mut ports = Ports::default();
        for node in &self.nodes {
            ports.reserve(node.api_port);
            ports.reserve(node.p2p_port);
        }
        let mut moved = Vec::new();
        for node in self.nodes.iter_mut().filter(|node| stopped.contains(&node.agency)) {
            for (port, first) in [(&mut node.api_port, API_PORT), (&mut node.p2p_port, P2P_PORT)] {
                if !crate::ports::is_free(*port) {
                    let (wanted, chosen) = (*port, ports.choose(*port, first + ASIDE)?);
                    moved.push(Moved { agency: node.agency.clone(), wanted, port: chosen });
                    *port = chosen;
                }
            }
        }
        Ok(moved)
    }

    fn mistake(&self) -> Option<&'static str> {
        if self.format != FORMAT {
            return Some("it is of another format");
        }
        if self.nodes.is_empty() {
            return Some("it names no node");
        }
        let agencies: BTreeSet<_> = self.nodes.iter().map(|node| &node.agency).collect();
        let ports: BTreeSet<_> =
            self.nodes.iter().flat_map(|node| [node.api_port, node.p2p_port]).collect();
        if agencies.len() < self.nodes.len() || ports.len() < 2 * self.nodes.len() {
            return Some("an agency or a port stands twice");
        }
        None
    }
}

impl Node {
    /// Where its API is.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.api_port)
    }

    /// Where it meets other nodes, as in a node's settings.
    pub(crate) fn address(&self) -> String {
        address(self.p2p_port)
    }

    /// The level's name, as in commands.
    pub(crate) fn level_word(&self) -> &'static str {
        match self.level {
            Level::National => "national",
            Level::Provincial => "provincial",
            Level::Municipal => "municipal",
            Level::County => "county",
            Level::Township => "township",
            Level::Village => "village",
        }
    }
}

/// A port of this machine, as in a node's settings.
pub(crate) fn address(port: u16) -> String {
    format!("/ip4/127.0.0.1/tcp/{port}")
}

#[cfg(test)]
mod tests;

//! The network: one libp2p swarm on a thread of its own, joined to the shell by bounded queues.
//! Holds: only members and configured peers are let in; bytes are bounded before they are read.
//! May not enter: consensus; verification of what a message says.

mod addresses;
mod behaviour;
mod codec;
mod conduct;
mod counted;
mod dialer;
mod doorstep;
mod exchange;
mod gossip;
mod identity;
mod metrics;
mod neighbours;
mod peers;
mod probe;
mod swarm_events;
mod swarm_task;
#[cfg(test)]
mod tests;
pub mod wire;

use std::any::Any;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::net::{IpAddr, TcpListener};
use std::time::Duration;

use comity_core::hash::ConsortiumId;
use comity_core::keys::SecretKey;
use comity_core::text::AgencyId;
use comity_replica::io::{Peer, Ticket, Verdict};
use comity_replica::message::{Gossip, Request, Response};
use futures::StreamExt as _;
use libp2p::core::transport::ListenerId;
use libp2p::identity::Keypair;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, PeerId, Swarm};
use prometheus_client::registry::Registry;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

pub(crate) use identity::public_key;
pub use identity::{Members, peer_id};
pub(crate) use probe::{ProbeError, probe};

pub(crate) use conduct::Progress;

use behaviour::Protocols;
use counted::Traffic;
use gossip::Topics;
use metrics::NetworkMetrics;
use swarm_task::SwarmTask;

/// Events that may wait for the shell (count).
const EVENTS: usize = 1024;
/// Commands that may wait for the network (count).
const COMMANDS: usize = 1024;
/// How long the operating system may take to let the node listen.
const LISTEN_TIMEOUT: Duration = Duration::from_secs(10);

/// How a node meets others.
#[derive(Clone, Debug)]
pub struct NetworkConfig {
    /// The consortium.
    pub consortium: ConsortiumId,
    /// The node's transport key.
    pub key: SecretKey,
    /// Where it listens.
    pub listen: Vec<Multiaddr>,
    /// Whom it dials, as long as they are not connected. An address that ends in `/p2p/` and an
    /// identity lets that peer in even when it is no member.
    pub peers: Vec<Multiaddr>,
    /// Agencies for whose nodes there is an address among `peers`: these are called only there.
    pub named: BTreeSet<AgencyId>,
    /// The members at the start.
    pub members: Members,
}

/// Why the network could not start.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// The transport key is no key.
    #[error("the transport key is not usable")]
    Key(#[from] libp2p::identity::DecodingError),
    /// A protocol could not be set up.
    #[error("libp2p could not be set up: {0}")]
    Setup(String),
    /// An address could not be listened on.
    #[error("cannot listen for peers on {address}: {reason}")]
    Listen {
        /// The address.
        address: Multiaddr,
        /// What the operating system said.
        reason: String,
    },
}

/// What the network tells the shell.
#[derive(Debug)]
pub(crate) enum NetworkEvent {
    /// A peer is connected and can be reached by gossip and by requests.
    PeerUp { peer: Peer, agency: Option<AgencyId>, address: Multiaddr },
    /// A peer that is up says which program it is.
    PeerSoftware { peer: Peer, software: String },
    /// A peer is gone.
    PeerDown { peer: Peer },
    /// A well-formed gossip message; awaits `Command::Verdict`.
    Gossip { peer: Peer, ticket: Ticket, message: Gossip },
    /// A request; awaits `Command::Respond`.
    Request { peer: Peer, ticket: Ticket, request: Request },
    /// What became of `Command::Request`.
    Response { peer: Peer, ticket: Ticket, response: Option<Response> },
}

/// What the shell asks of the network.
#[derive(Debug)]
pub(crate) enum Command {
    /// Tell everyone.
    Broadcast(Gossip),
    /// Say what becomes of a gossip message.
    Verdict { ticket: Ticket, verdict: Verdict },
    /// Ask a peer; answered in any case.
    Request { peer: Peer, ticket: Ticket, request: Request },
    /// Answer a peer; `None` closes the stream without an answer. `held` is let go once the
    /// answer is sent or has failed.
    Respond { ticket: Ticket, response: Option<Response>, held: Held },
    /// Close the connections with a peer, and take none from it for a while.
    Disconnect { peer: Peer, reason: String },
    /// Allow for what peers had to say about a block that was committed.
    Progress(Progress),
}

/// Something to hold on to until an answer is sent: a share of a bounded resource.
pub(crate) struct Held(Option<Box<dyn Any + Send>>);

impl Held {
    pub(crate) fn new(share: impl Any + Send) -> Self {
        Held(Some(Box::new(share)))
    }

    pub(crate) fn nothing() -> Self {
        Held(None)
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Held({})", self.0.is_some())
    }
}

/// A running network. Its task ends when all senders of commands are gone.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) events: mpsc::Receiver<NetworkEvent>,
    /// Who is a member; connections with those who are no more are closed.
    pub(crate) members: watch::Sender<Members>,
    pub(crate) listening: Vec<Multiaddr>,
    pub(crate) peer_id: PeerId,
    ended: JoinHandle<()>,
}

impl Network {
    /// Closes all connections, once the commands that were given are carried out.
    pub(crate) async fn close(self) {
        let Network { commands, events, members, ended, .. } = self;
        drop((commands, events, members));
        // An error is that it panicked, which ends it as well.
        let _ = ended.await;
    }
}

/// Starts listening, and begins to dial, on the runtime that it is called on. Errors: `Key`, `Setup`, `Listen`.
pub(crate) async fn start(
    config: NetworkConfig,
    registry: &mut Registry,
) -> Result<Network, NetworkError> {
    let topics = Topics::new(&config.consortium);
    let keypair = identity::keypair(&config.key)?;
    let traffic = Traffic::default();
    let (commands, commanded) = mpsc::channel(COMMANDS);
    let (tell, events) = mpsc::channel(EVENTS);
    let (members, known) = watch::channel(config.members.clone());
    let metrics = NetworkMetrics::register(registry, &traffic);
    let library = libp2p::metrics::Metrics::new(registry);
    let ends = swarm_task::Ends { commands: commanded, events: tell, members: known };
    let (swarm, listening) = begin(keypair, &config, &topics, traffic).await?;
    let peer_id = *swarm.local_peer_id();
    let task = SwarmTask::new(swarm, &config, topics, ends, (metrics, library));
    let ended = tokio::spawn(task.run());
    Ok(Network { commands, events, members, listening, peer_id, ended })
}

/// A swarm that listens, and where.
async fn begin(
    keypair: Keypair,
    config: &NetworkConfig,
    topics: &Topics,
    traffic: Traffic,
) -> Result<(Swarm<Protocols>, Vec<Multiaddr>), NetworkError> {
    let mut swarm = behaviour::swarm(keypair, &config.consortium, topics, traffic)?;
    let listening = listen(&mut swarm, &config.listen).await?;
    Ok((swarm, listening))
}

/// Listens on every address. Returns where, ports included.
async fn listen(
    swarm: &mut Swarm<Protocols>,
    addresses: &[Multiaddr],
) -> Result<Vec<Multiaddr>, NetworkError> {
    let failed = |address: &Multiaddr, reason: String| NetworkError::Listen {
        address: address.clone(),
        reason,
    };
    let mut waiting: HashMap<ListenerId, &Multiaddr> = HashMap::new();
    for address in addresses {
        check_free(address).map_err(|error| failed(address, error.to_string()))?;
        let id = swarm.listen_on(address.clone());
        waiting.insert(id.map_err(|error| failed(address, error.to_string()))?, address);
    }
    let mut listening = Vec::new();
    while let Some(first) = waiting.values().next() {
        let event = tokio::time::timeout(LISTEN_TIMEOUT, swarm.select_next_some()).await;
        match event.map_err(|_| failed(first, "it took too long".into()))? {
            SwarmEvent::NewListenAddr { listener_id, address } => {
                tracing::info!(%address, "listening for peers");
                waiting.remove(&listener_id);
                listening.push(address);
            }
            SwarmEvent::ListenerClosed { listener_id, reason: Err(error), .. } => {
                if let Some(address) = waiting.get(&listener_id) {
                    return Err(failed(address, error.to_string()));
                }
            }
            _ => {}
        }
    }
    Ok(listening)
}

/// Whether nobody listens there yet. libp2p shares ports, and would without a word share this one
/// with another node that is started by mistake.
fn check_free(address: &Multiaddr) -> std::io::Result<()> {
    let mut parts = address.iter();
    let host = match parts.next() {
        Some(Protocol::Ip4(host)) => IpAddr::from(host),
        Some(Protocol::Ip6(host)) => IpAddr::from(host),
        _ => return Ok(()),
    };
    match parts.next() {
        Some(Protocol::Tcp(port)) => TcpListener::bind((host, port)).map(drop),
        _ => Ok(()),
    }
}

/// The beginning of a consortium's id, which names it on the network (16 hexadecimal digits).
fn short_name(consortium: &ConsortiumId) -> String {
    hex::encode(&consortium.as_bytes()[..8])
}

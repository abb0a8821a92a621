//! Blocks from the other members' nodes, asked for as a node asks that catches up.
//! Holds: every wait ends; what comes is bounded by the network's own limits.
//! May not enter: trust: what comes is verified by whoever asked (see `regions`).

use std::time::Duration;

use comity_core::genesis::Genesis;
use comity_core::ids::Height;
use comity_core::keys::SecretKey;
use comity_core::ledger::Ledger;
use comity_replica::io::{Peer, Ticket, Verdict};
use comity_replica::message::{Request, Response};
use prometheus_client::registry::Registry;
use tokio::runtime::Runtime;
use tokio::time::{Instant, timeout_at};

use crate::config::Config;
use crate::network::{self, Command, Held, Members, Network, NetworkConfig, NetworkEvent};
use crate::node::{named, peers};

/// How long a first peer, and each answer, is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// Most bytes of blocks asked for at once.
const BATCH_BYTES: u32 = 4 * 1024 * 1024;

/// Why no blocks came.
#[derive(Debug, thiserror::Error)]
pub(super) enum PeersError {
    #[error("no other member's node could be reached")]
    Nobody,
    #[error("none of the members' nodes that could be reached has block {0} as it must be")]
    NoBlock(Height),
    #[error("the network could not be used")]
    Network(#[source] crate::network::NetworkError),
    #[error("the system did not give what the network needs")]
    System(#[source] std::io::Error),
}

/// Connections with other members' nodes, under this node's own identity.
pub(super) struct Peers {
    runtime: Runtime,
    network: Option<Network>,
    up: Vec<Peer>,
    tickets: u64,
}

impl Peers {
    /// Calls those whom the settings name. Errors: `System`, `Network`, `Nobody`; a stranger in the
    /// settings.
    pub(super) fn call(
        config: &Config,
        genesis: &Genesis,
        key: SecretKey,
        ledger: &Ledger,
    ) -> Result<Peers, super::RepairError> {
        let members = Members::of_state(ledger.state());
        let network = NetworkConfig {
            consortium: genesis.id(),
            key,
            listen: Vec::new(),
            peers: peers(&config.network.peers, ledger)?,
            named: named(&config.network.peers),
            members,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(PeersError::System)?;
        let network = runtime.block_on(network::start(network, &mut Registry::default()));
        let network = Some(network.map_err(PeersError::Network)?);
        let mut peers = Peers { runtime, network, up: Vec::new(), tickets: 0 };
        if peers.wait(None).is_none() && peers.up.is_empty() {
            return Err(PeersError::Nobody.into());
        }
        Ok(peers)
    }

    /// Whom to ask, as they connected.
    pub(super) fn all(&self) -> Vec<Peer> {
        self.up.clone()
    }

    /// Blocks from `from` on as a peer has them, unverified; none where it does not answer.
    pub(super) fn blocks(&mut self, peer: Peer, from: Height) -> Vec<Vec<u8>> {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        let request = Request::Blocks { from, max_bytes: BATCH_BYTES };
        self.send(Command::Request { peer, ticket, request });
        match self.wait(Some(ticket)) {
            Some(Response::Blocks(blocks)) => blocks,
            _ => Vec::new(),
        }
    }

    fn send(&mut self, command: Command) {
        if let Some(network) = &self.network {
            // Where the network has ended, no answer comes, which is what is waited for.
            let _ = self.runtime.block_on(network.commands.send(command));
        }
    }

    /// Takes what happens until the answer to `ticket` is there, or, without one, until a peer is
    /// connected. Others' questions are not answered: this is no node.
    fn wait(&mut self, ticket: Option<Ticket>) -> Option<Response> {
        let until = Instant::now() + PATIENCE;
        loop {
            let network = self.network.as_mut()?;
            let next = self
                .runtime
                .block_on(async { timeout_at(until, network.events.recv()).await.ok().flatten() });
            match next? {
                NetworkEvent::PeerUp { peer, .. } => {
                    self.up.push(peer);
                    ticket?;
                }
                NetworkEvent::PeerDown { peer } => self.up.retain(|up| *up != peer),
                NetworkEvent::PeerSoftware { .. } => {}
                NetworkEvent::Gossip { ticket, .. } => {
                    self.send(Command::Verdict { ticket, verdict: Verdict::Ignore });
                }
                NetworkEvent::Request { ticket, .. } => {
                    let (response, held) = (None, Held::nothing());
                    self.send(Command::Respond { ticket, response, held });
                }
                NetworkEvent::Response { ticket: of, response, .. } if Some(of) == ticket => {
                    return response;
                }
                NetworkEvent::Response { .. } => {}
            }
        }
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        if let Some(network) = self.network.take() {
            self.runtime.block_on(network.close());
        }
    }
}

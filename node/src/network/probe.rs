//! Whether the node at an address is who it is said to be, asked from outside: before there is a node here.
//! Holds: a handshake and nothing after it; the other side is asked for no more than to prove its key.
//! May not enter: this node's own keys; who is a member.

use std::time::Duration;

use futures::StreamExt as _;
use libp2p::identity::Keypair;
use libp2p::swarm::dial_opts::DialOpts;
use libp2p::swarm::{DialError, SwarmEvent, dummy};
use libp2p::{Multiaddr, PeerId, SwarmBuilder, noise, tcp, yamux};

/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why nobody proved that identity there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProbeError {
    /// Another node answers there.
    #[error("the node there is another: {0}")]
    Another(PeerId),
    /// Nobody answers, or not as a node does.
    #[error("no node answers there: {0}")]
    Nobody(String),
    /// The network could not be used at all.
    #[error("libp2p could not be set up: {0}")]
    Setup(String),
}

/// Waits until the node at `address` has proved that it is `identity`. Errors: all of [`ProbeError`].
pub(crate) async fn probe(address: &Multiaddr, identity: PeerId) -> Result<(), ProbeError> {
    let setup = |error: &dyn std::fmt::Display| ProbeError::Setup(error.to_string());
    let mut swarm = SwarmBuilder::with_existing_identity(Keypair::generate_ed25519())
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .map_err(|error| setup(&error))?
        .with_behaviour(|_| dummy::Behaviour)
        .map_err(|error| setup(&error))?
        .with_swarm_config(|config| config)
        .with_connection_timeout(PATIENCE)
        .build();
    let options = DialOpts::peer_id(identity).addresses(vec![address.clone()]).build();
    swarm.dial(options).map_err(|error| setup(&error))?;
    let proven = tokio::time::timeout(PATIENCE, async {
        loop {
            match swarm.select_next_some().await {
                SwarmEvent::ConnectionEstablished { .. } => return Ok(()),
                SwarmEvent::OutgoingConnectionError { error, .. } => return Err(in_words(error)),
                _ => {}
            }
        }
    });
    proven.await.unwrap_or_else(|_| Err(ProbeError::Nobody("it took too long".into())))
}

fn in_words(error: DialError) -> ProbeError {
    match error {
        DialError::WrongPeerId { obtained, .. } => ProbeError::Another(obtained),
        DialError::Transport(errors) => {
            let reasons: Vec<String> =
                errors.iter().map(|(_, error)| crate::failure::with_causes(error)).collect();
            ProbeError::Nobody(reasons.join("; "))
        }
        error => ProbeError::Nobody(error.to_string()),
    }
}

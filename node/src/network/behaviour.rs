//! The protocols of a node and the limits that they keep, as one libp2p swarm.
//! Holds: a stranger is turned away before any protocol speaks with it.
//! May not enter: what is said (see `swarm_task`).

use std::time::Duration;

use comity_core::hash::ConsortiumId;
use libp2p::allow_block_list::{self, AllowedPeers};
use libp2p::connection_limits::{self, ConnectionLimits};
use libp2p::core::upgrade::Version;
use libp2p::identity::Keypair;
use libp2p::request_response::{self, ProtocolSupport};
use libp2p::swarm::NetworkBehaviour;
use libp2p::{Swarm, SwarmBuilder, Transport as _, identify, noise, ping, tcp, yamux};

use super::NetworkError;
use super::codec::{RPC_PROTOCOL, RpcCodec};
use super::counted::{Counted, Traffic};
use super::doorstep::Doorstep;
use super::gossip::{self, Gossipsub, Topics};

/// How long a request may take, from being sent to the last byte of its answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Requests on one connection at once, both ways together (count).
const STREAMS_PER_CONNECTION: usize = 32;
/// Substreams of one connection, all protocols together (count).
const MUXED_STREAMS: usize = 128;
/// Connections at once (count): more than any consortium has members.
const CONNECTIONS: u32 = 512;
/// Handshakes at once that others have begun (count): many times what one address may (see `doorstep`).
const HANDSHAKES: u32 = 256;
/// Connections with one peer (count): two when both dial at once, and room to reconnect.
const CONNECTIONS_PER_PEER: u32 = 4;
/// How often a quiet connection is tried, and how long the answer may take.
const PING_INTERVAL: Duration = Duration::from_secs(5);
const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections are kept though nothing is said: members come and go with the ledger.
const IDLE_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 3600);

/// The protocols. The first three speak to nobody: they decide who may connect.
#[derive(NetworkBehaviour)]
pub(crate) struct Protocols {
    pub(crate) allowed: allow_block_list::Behaviour<AllowedPeers>,
    pub(crate) limits: connection_limits::Behaviour,
    pub(crate) doorstep: Doorstep,
    pub(crate) gossip: Gossipsub,
    pub(crate) rpc: request_response::Behaviour<RpcCodec>,
    pub(crate) identify: identify::Behaviour,
    pub(crate) ping: ping::Behaviour,
}

/// How nodes of one consortium know one another from others (`identify`'s protocol version).
pub(crate) fn protocol_version(consortium: &ConsortiumId) -> String {
    format!("comity/1/{}", super::short_name(consortium))
}

/// A swarm that listens nowhere and lets nobody in yet; `traffic` counts its bytes. Errors: `Setup`.
pub(crate) fn swarm(
    keypair: Keypair,
    consortium: &ConsortiumId,
    topics: &Topics,
    traffic: Traffic,
) -> Result<Swarm<Protocols>, NetworkError> {
    let gossip = gossip::behaviour(topics).map_err(NetworkError::Setup)?;
    let limits = ConnectionLimits::default()
        .with_max_pending_incoming(Some(HANDSHAKES))
        .with_max_established(Some(CONNECTIONS))
        .with_max_established_per_peer(Some(CONNECTIONS_PER_PEER));
    let rpc = request_response::Config::default()
        .with_request_timeout(REQUEST_TIMEOUT)
        .with_max_concurrent_streams(STREAMS_PER_CONNECTION);
    // Says no more than is needed: no addresses, and nobody's are learned from it.
    let identify = identify::Config::new(protocol_version(consortium), keypair.public())
        .with_agent_version(concat!("comity/", env!("CARGO_PKG_VERSION")).into())
        .with_hide_listen_addrs(true)
        .with_cache_size(0);
    let ping = ping::Config::new().with_interval(PING_INTERVAL).with_timeout(PING_TIMEOUT);
    let protocols = Protocols {
        allowed: allow_block_list::Behaviour::default(),
        limits: connection_limits::Behaviour::new(limits),
        doorstep: Doorstep::default(),
        gossip,
        rpc: request_response::Behaviour::new([(RPC_PROTOCOL, ProtocolSupport::Full)], rpc),
        identify: identify::Behaviour::new(identify),
        ping: ping::Behaviour::new(ping),
    };
    let mut muxer = yamux::Config::default();
    muxer.set_max_num_streams(MUXED_STREAMS);
    let swarm = SwarmBuilder::with_existing_identity(keypair)
        .with_tokio()
        // What `with_tcp` would make, but for the counting.
        .with_other_transport(|keypair| {
            let tcp = tcp::tokio::Transport::new(tcp::Config::default().nodelay(true));
            let counted = tcp.map(move |stream, _| Counted::new(stream, traffic.clone()));
            let noise = noise::Config::new(keypair)?;
            Ok(counted.upgrade(Version::V1Lazy).authenticate(noise).multiplex(muxer))
        })
        .map_err(|error| NetworkError::Setup(error.to_string()))?
        .with_behaviour(|_| protocols)
        .map_err(|error| NetworkError::Setup(error.to_string()))?
        .with_swarm_config(|config| config.with_idle_connection_timeout(IDLE_TIMEOUT))
        .with_connection_timeout(HANDSHAKE_TIMEOUT)
        .build();
    Ok(swarm)
}

//! Addresses as an operator writes them: where to listen, whom to call.
//! Holds: an address that was read is of the sort that its place needs.
//! May not enter: names of machines (they would have to be looked up), sockets.

use std::net::{Ipv4Addr, SocketAddr};

use comity_core::text::AgencyId;
use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};
use serde::{Deserialize, Serialize};

/// Text that is not an address of the sort that is wanted.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// Not a place to listen on.
    #[error("{0:?} is not an address to listen on: write it as \"/ip4/10.20.0.7/tcp/7070\"")]
    Listen(String),
    /// Not a node's address.
    #[error(
        "{0:?} is not the address of a node: write it as \"/ip4/10.20.0.8/tcp/7070\", with the \
         number of the server, not its name"
    )]
    Peer(String),
    /// A peer that cannot be recognised.
    #[error(
        "the peer at {0} needs either its agency, or an address that ends in /p2p/ and its identity"
    )]
    Nobody(Multiaddr),
    /// Not an address with a port.
    #[error("{0:?} is not an address with a port: write it as \"127.0.0.1:8080\"")]
    Api(String),
    /// An address that other machines can reach.
    #[error(
        "{0} can be reached from other machines, but the interface has no passwords or encryption \
         yet: use 127.0.0.1, and ssh -L from elsewhere"
    )]
    NotLoopback(SocketAddr),
}

/// An IP address and TCP port on which to listen for other nodes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct ListenAddress(Multiaddr);

impl Default for ListenAddress {
    fn default() -> Self {
        ListenAddress(Multiaddr::from(Ipv4Addr::LOCALHOST).with(Protocol::Tcp(7070)))
    }
}

impl ListenAddress {
    /// The address.
    pub fn multiaddr(&self) -> &Multiaddr {
        &self.0
    }
}

impl TryFrom<String> for ListenAddress {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, AddressError> {
        match text.parse().ok().and_then(in_parts) {
            Some((address, None)) => Ok(ListenAddress(address)),
            _ => Err(AddressError::Listen(text)),
        }
    }
}

impl From<ListenAddress> for String {
    fn from(address: ListenAddress) -> String {
        address.0.to_string()
    }
}

/// `[[network.peers]]`: a node that this one calls.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawPeer")]
pub struct PeerOption {
    /// Whose node it is; its transport key then stands in the ledger.
    pub agency: Option<AgencyId>,
    /// IP address and TCP port.
    pub address: Multiaddr,
    /// Its identity, where the operator wrote it down.
    pub identity: Option<PeerId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a peer, such as { agency = ..., address = ... }")]
struct RawPeer {
    agency: Option<AgencyId>,
    address: String,
}

impl TryFrom<RawPeer> for PeerOption {
    type Error = AddressError;
    fn try_from(raw: RawPeer) -> Result<Self, AddressError> {
        PeerOption::called(raw.agency, &raw.address)
    }
}

impl PeerOption {
    /// The node of `agency`, or whoever the address names. Errors: `Peer`, `Nobody`.
    pub fn called(agency: Option<AgencyId>, address: &str) -> Result<PeerOption, AddressError> {
        let Some((place, identity)) = address.parse().ok().and_then(in_parts) else {
            return Err(AddressError::Peer(address.to_owned()));
        };
        if agency.is_none() && identity.is_none() {
            return Err(AddressError::Nobody(place));
        }
        Ok(PeerOption { agency, address: place, identity })
    }
}

/// IP address and TCP port, and the identity after them, if any; `None` for another shape.
fn in_parts(address: Multiaddr) -> Option<(Multiaddr, Option<PeerId>)> {
    let mut parts = address.iter();
    let ip = parts.next().filter(|part| matches!(part, Protocol::Ip4(_) | Protocol::Ip6(_)))?;
    let tcp = parts.next().filter(|part| matches!(part, Protocol::Tcp(_)))?;
    let place = Multiaddr::empty().with(ip).with(tcp);
    match (parts.next(), parts.next()) {
        (None, _) => Some((place, None)),
        (Some(Protocol::P2p(identity)), None) => Some((place, Some(identity))),
        _ => None,
    }
}

/// An address and port that only this machine reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct LoopbackAddress(SocketAddr);

impl Default for LoopbackAddress {
    fn default() -> Self {
        LoopbackAddress(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)))
    }
}

impl LoopbackAddress {
    /// The address.
    pub fn get(self) -> SocketAddr {
        self.0
    }
}

impl TryFrom<String> for LoopbackAddress {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, AddressError> {
        let Ok(address) = text.parse::<SocketAddr>() else { return Err(AddressError::Api(text)) };
        if address.ip().is_loopback() {
            Ok(LoopbackAddress(address))
        } else {
            Err(AddressError::NotLoopback(address))
        }
    }
}

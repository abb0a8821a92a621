//! `comityd join`: whether the nodes that a joiner is to call are there, and are who they are said to be.
//! Holds: a peer that turns out to be another is never written into the settings; nothing is made here.
//! May not enter: the making of files (see `init`).
//!
//! Who is not admitted yet is let in nowhere, so that no node can be asked what it knows. A handshake still
//! proves its key; the genesis says whose key that is, unless it came later.

use comity_core::agency::KeyRole;
use comity_core::genesis::Genesis;
use comity_core::text::AgencyId;
use libp2p::{Multiaddr, PeerId};

use crate::config::PeerOption;
use crate::failure::{Ending, Failure};
use crate::network::{ProbeError, peer_id, probe};

/// Why a node cannot join by the peers that were given.
#[derive(Debug, thiserror::Error)]
pub(super) enum JoinError {
    #[error("at {address} answers {found}, not {expected}")]
    Another { address: String, expected: String, found: String },
    #[error("none of the nodes to call can be reached. {}", .0.join(" "))]
    Nobody(Vec<String>),
    #[error("libp2p could not be set up: {0}")]
    Setup(String),
    #[error("the system did not give what is needed to call")]
    System(#[source] std::io::Error),
}

impl From<JoinError> for Failure {
    fn from(error: JoinError) -> Failure {
        let nothing = "Nothing was created.";
        let (ending, meaning, next) = match &error {
            JoinError::Another { .. } => (
                Ending::Refused,
                "The identity after /p2p/ belongs to another node, or somebody else answers in its \
                 place. Nothing was created.",
                "ask the operator for the line \"this node is ... on the network\" of the node's log, \
                 and compare it by telephone",
            ),
            JoinError::Nobody(_) => (
                Ending::Failed,
                nothing,
                "check the addresses with their operators, and both firewalls; to set the node up \
                 before the others can be reached, add --offline",
            ),
            JoinError::Setup(_) | JoinError::System(_) => {
                (Ending::Failed, nothing, "run the command again, or add --offline")
            }
        };
        Failure::because(ending, &error, meaning, next)
    }
}

/// Calls every peer; what was found, a line each, for who reads the report. Errors: one of them is another,
/// or none can be reached.
pub(super) fn check(genesis: &Genesis, peers: &[PeerOption]) -> Result<Vec<String>, JoinError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(JoinError::System)?;
    let (mut found, mut has_met) = (Vec::new(), false);
    for peer in peers {
        // The command line takes no other.
        let Some(expected) = peer.identity else { continue };
        let address = &peer.address;
        match runtime.block_on(probe(address, expected)) {
            Ok(()) => {
                has_met = true;
                found.push(met(address, founder(genesis, &expected)));
            }
            Err(ProbeError::Another(found)) => {
                let (address, expected) = (address.to_string(), expected.to_string());
                let found = match founder(genesis, &found) {
                    Some(agency) => format!("the node of {agency} ({found})"),
                    None => format!("another node ({found})"),
                };
                return Err(JoinError::Another { address, expected, found });
            }
            Err(ProbeError::Nobody(reason)) => {
                found.push(format!(
                    "{address} cannot be reached: {}.",
                    reason.trim_end_matches('.')
                ));
            }
            Err(ProbeError::Setup(reason)) => return Err(JoinError::Setup(reason)),
        }
    }
    if has_met { Ok(found) } else { Err(JoinError::Nobody(found)) }
}

fn met(address: &Multiaddr, founder: Option<AgencyId>) -> String {
    match founder {
        Some(agency) => format!("{address} is the node of {agency}: it proved its key."),
        None => format!(
            "{address} proved its key, which is not in the genesis: it came later, or is no member's. \
             Ask its operator for the consortium id."
        ),
    }
}

/// Whose node had this identity from the beginning.
fn founder(genesis: &Genesis, identity: &PeerId) -> Option<AgencyId> {
    let has = |key: &comity_core::genesis::GenesisKey| {
        key.role == KeyRole::Transport && peer_id(&key.key).as_ref() == Some(identity)
    };
    let found = genesis.members.iter().find(|member| member.keys.iter().any(has));
    found.map(|member| member.agency.id.clone())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use comity_core::hash::ConsortiumId;
    use comity_core::keys::SecretKey;
    use libp2p::multiaddr::Protocol;
    use prometheus_client::registry::Registry;

    use super::*;
    use crate::network::{self, Members, NetworkConfig};
    use crate::view::tests::chain::{Chain, secret};

    /// A node of that key which lets nobody in, on a runtime of its own.
    fn node(key: SecretKey) -> (tokio::runtime::Runtime, network::Network) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let config = NetworkConfig {
            consortium: ConsortiumId([1; 32]),
            key,
            listen: vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()],
            peers: Vec::new(),
            named: std::collections::BTreeSet::new(),
            members: Members::default(),
        };
        let network = runtime.block_on(network::start(config, &mut Registry::default())).unwrap();
        (runtime, network)
    }

    fn peer(address: &Multiaddr, identity: PeerId) -> PeerOption {
        PeerOption { agency: None, address: address.clone(), identity: Some(identity) }
    }

    #[test]
    fn founder_that_proves_its_key_is_named_and_one_that_is_another_is_refused() {
        let genesis = Chain::new().genesis;
        let key = secret("tax.gd", KeyRole::Transport);
        let identity = peer_id(&key.public()).unwrap();
        let (_runtime, node) = node(key);
        let address = &node.listening[0];
        let found = check(&genesis, &[peer(address, identity)]).unwrap();
        assert_eq!(found, [format!("{address} is the node of tax.gd: it proved its key.")]);
        let other = peer_id(&secret("health.gd", KeyRole::Transport).public()).unwrap();
        let refused = check(&genesis, &[peer(address, identity), peer(address, other)]);
        let said = Failure::from(refused.unwrap_err()).to_string();
        assert!(said.contains("answers the node of tax.gd"), "{said}");
    }

    #[test]
    fn key_that_the_genesis_does_not_have_is_mentioned() {
        let key = SecretKey::from_seed(&[77; 32]);
        let identity = peer_id(&key.public()).unwrap();
        let (_runtime, node) = node(key);
        let found = check(&Chain::new().genesis, &[peer(&node.listening[0], identity)]).unwrap();
        assert!(found[0].contains("not in the genesis"), "{found:?}");
    }

    #[test]
    fn nobody_to_reach_is_an_error_that_names_the_address() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let address: Multiaddr =
            Multiaddr::from(std::net::Ipv4Addr::LOCALHOST).with(Protocol::Tcp(port));
        let refused = check(&Chain::new().genesis, &[peer(&address, PeerId::random())]);
        let said = Failure::from(refused.unwrap_err()).to_string();
        assert!(said.contains(&address.to_string()) && said.contains("--offline"), "{said}");
    }
}

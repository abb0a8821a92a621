//! The settings of a devnet's nodes: where each listens, and that it calls all the others.
//! Holds: the file is the one that `comityd init` writes, filled in as an operator would.
//! May not enter: settings that make a node behave otherwise than in earnest.

use comity_node::config::{ApiOptions, KeyOptions, NetworkOptions, PeerOption, new_file};

use crate::failure::DevnetError;
use crate::place::Place;
use crate::topology::{Node, Topology, address};

/// Writes every node's `config.toml`. Errors: it cannot be written.
pub(crate) fn write_all(place: &Place, topology: &Topology) -> Result<(), DevnetError> {
    write_all_between(place, topology, |_, to| to.p2p_port)
}

/// The same, but a node calls another at the port of this machine that `called` says, first the one
/// that calls. Errors: it cannot be written.
pub(crate) fn write_all_between(
    place: &Place,
    topology: &Topology,
    called: impl Fn(&Node, &Node) -> u16,
) -> Result<(), DevnetError> {
    for node in &topology.nodes {
        let path = place.node(&node.agency).join("config.toml");
        let text = text(node, topology, |to| called(node, to))?;
        place.write(&path, text.as_bytes())?;
    }
    Ok(())
}

fn text(
    node: &Node,
    topology: &Topology,
    called: impl Fn(&Node) -> u16,
) -> Result<String, DevnetError> {
    let mut network = NetworkOptions { listen: vec![read(node.address())?], peers: Vec::new() };
    for other in topology.nodes.iter().filter(|other| other.agency != node.agency) {
        let agency = Some(other.agency.clone());
        let address = address(called(other));
        let Ok(address) = address.parse() else { return Err(unusable(&address)) };
        network.peers.push(PeerOption { agency, address, identity: None });
    }
    let api = ApiOptions { listen: read(format!("127.0.0.1:{}", node.api_port))? };
    Ok(new_file(&node.agency, &network, &api, &KeyOptions::default()))
}

fn read<T: TryFrom<String>>(address: String) -> Result<T, DevnetError> {
    T::try_from(address.clone()).map_err(|_| unusable(&address))
}

fn unusable(address: &str) -> DevnetError {
    DevnetError::Unexpected(format!("comityd does not understand the address {address}"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use comity_node::config::Config;

    use super::*;
    use crate::topology::Purpose;

    #[test]
    fn each_node_calls_all_the_others_and_listens_on_its_own_ports() {
        let (topology, _) = Topology::new(4, Purpose::Work).unwrap();
        for node in &topology.nodes {
            let text = text(node, &topology, |to| to.p2p_port).unwrap();
            let config = Config::parse(&text, Path::new("config.toml")).unwrap();
            assert_eq!(config.agency, node.agency);
            assert_eq!(config.api.listen.get().port(), node.api_port);
            assert_eq!(config.network.listen.len(), 1);
            let called: Vec<_> = config.network.peers.iter().map(|p| p.agency.clone()).collect();
            let others = topology.nodes.iter().map(|n| n.agency.clone());
            let others: Vec<_> = others.filter(|a| *a != node.agency).map(Some).collect();
            assert_eq!(called, others);
        }
    }
}

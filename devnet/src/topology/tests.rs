//! Tests of the list of nodes: writing, reading, ports.

use std::net::{Ipv4Addr, TcpListener};

use super::*;

fn place() -> (tempfile::TempDir, Place) {
    let temp = tempfile::tempdir().unwrap();
    let place = Place::create(&temp.path().join("devnet")).unwrap();
    (temp, place)
}

#[test]
fn what_was_written_is_read_again() {
    let (_temp, place) = place();
    let (mut topology, _) = Topology::new(MAX_NODES, Purpose::Work).unwrap();
    topology.nodes[2].pid = Some(4711);
    topology.save(&place).unwrap();
    assert_eq!(Topology::load(&place).unwrap(), topology);
}

#[test]
fn the_first_four_are_of_four_levels() {
    let (topology, _) = Topology::new(4, Purpose::Work).unwrap();
    let levels: BTreeSet<Level> = topology.nodes.iter().map(|node| node.level).collect();
    assert_eq!((topology.nodes.len(), levels.len()), (4, 4));
    for node in &topology.nodes {
        let text = serde_json::to_value(node.level).unwrap();
        assert_eq!(text, node.level_word());
    }
}

#[test]
fn a_list_that_is_missing_damaged_or_foreign_is_not_used() {
    let (_temp, place) = place();
    assert!(matches!(Topology::load(&place), Err(TopologyError::Unfinished(_))));
    let (topology, _) = Topology::new(2, Purpose::Demo).unwrap();
    let load = |change: fn(&mut Topology)| {
        let mut changed = topology.clone();
        change(&mut changed);
        changed.save(&place).unwrap();
        Topology::load(&place)
    };
    load(|_| ()).unwrap();
    let changes: [fn(&mut Topology); 4] = [
        |t| t.format = "comity-devnet-9".to_owned(),
        |t| t.nodes.clear(),
        |t| t.nodes[1].agency = t.nodes[0].agency.clone(),
        |t| t.nodes[1].p2p_port = t.nodes[0].api_port,
    ];
    for change in changes {
        assert!(matches!(load(change), Err(TopologyError::Unfit { .. })));
    }
    place.write(&place.topology_file(), b"{\"nodes\": 3}").unwrap();
    assert!(matches!(Topology::load(&place), Err(TopologyError::Text { .. })));
}

#[test]
fn a_stopped_node_whose_port_was_taken_meanwhile_gets_another() {
    let (mut topology, _) = Topology::new(2, Purpose::Demo).unwrap();
    let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let (listener, other) = (bind(), bind());
    let taken = listener.local_addr().unwrap().port();
    topology.nodes[1].api_port = taken;
    topology.nodes[1].p2p_port = other.local_addr().unwrap().port();
    drop(other);
    let before = topology.clone();
    let stopped = [topology.nodes[1].agency.clone()];
    let moved = topology.move_ports(&stopped).unwrap();
    assert_eq!((moved.len(), moved[0].wanted), (1, taken));
    assert_ne!(topology.nodes[1].api_port, taken);
    assert_eq!(topology.nodes[0], before.nodes[0]);
    assert_eq!(topology.nodes[1].p2p_port, before.nodes[1].p2p_port);
}

//! Nodes that do not belong, at the doors of nodes that run.

use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpStream};

use serde_json::json;

use crate::harness::author::Role;
use crate::harness::consortium::Consortium;
use crate::harness::http::Api;
use crate::harness::node::Node;
use crate::harness::wait;

/// The value of a metric without labels.
pub(crate) fn metric(api: Api, name: &str) -> f64 {
    let text = api.get("/metrics").text();
    let line = text.lines().find(|line| line.split(' ').next() == Some(name));
    let line = line.unwrap_or_else(|| panic!("{name} is not in {text}"));
    line.split(' ').nth(1).unwrap().parse().unwrap()
}

fn said(log: impl Fn() -> String, words: &str) {
    wait::until(words, || if log().contains(words) { Ok(()) } else { Err("not said".to_owned()) });
}

/// Whether the node says that it parted with an agency's node for its genesis.
fn has_parted(node: &Node, agency: &str) -> bool {
    let log = node.log();
    let lines = log.lines().filter(|line| line.contains("another consortium (foreign genesis)"));
    lines.into_iter().any(|line| line.contains(&format!("agency=\"{agency}\"")))
}

#[test]
fn node_of_a_foreign_genesis_stays_alone() {
    let mut consortium = Consortium::found(4);
    let other = consortium.other_genesis(None);
    fs::copy(other, consortium.nodes[3].file("genesis.json")).unwrap();
    consortium.nodes.iter_mut().for_each(|node| node.start());
    for node in &mut consortium.nodes[..3] {
        node.ready();
    }
    let record = consortium.admin(0).register(Role::Officer).0;
    consortium.nodes[0].api.commit(&record);
    // Of two that meet, the first to notice closes the connection, and the other may not learn why.
    let foreign = &consortium.nodes[3];
    for member in &consortium.nodes[..3] {
        wait::until("one of the two to say why they part", || {
            let pairs = [(member, foreign), (foreign, member)];
            let told = pairs.iter().any(|(one, other)| has_parted(one, &other.agency));
            if told { Ok(()) } else { Err(format!("{} and the foreign node", member.agency)) }
        });
    }
    consortium.same_tip(&[0, 1, 2], 1);
    let status = consortium.nodes[3].until_status("to be alone", |s| s["peers"] == json!([]));
    assert_eq!((&status["height"], &status["best_peer_height"]), (&0.into(), &0.into()));
    assert_eq!(consortium.nodes[3].api.get("/readyz").status, 503);
}

#[test]
fn stranger_is_not_let_in() {
    let mut consortium = Consortium::start(2);
    let mut stranger = consortium.outsider();
    let genesis = consortium.other_genesis(Some(&stranger));
    fs::copy(genesis, stranger.file("genesis.json")).unwrap();
    stranger.start();
    for node in &mut consortium.nodes {
        node.until("to refuse the stranger", |api| {
            if metric(api, "comity_strangers_refused_total") > 0.0 {
                return Ok(());
            }
            Err("nobody was refused".to_owned())
        });
        said(|| node.log(), "the other side is no member and not configured");
    }
    // Nor somebody who speaks no known protocol at all.
    let mut nobody = TcpStream::connect((Ipv4Addr::LOCALHOST, consortium.nodes[0].port)).unwrap();
    nobody.write_all(&[0xFF; 4096]).unwrap();
    let record = consortium.admin(0).register(Role::Officer).0;
    consortium.nodes[0].api.commit(&record);
    let status = consortium.same_tip(&[0, 1], 1);
    assert_eq!(status["peers"].as_array().unwrap().len(), 1, "{status}");
    let status = stranger.status();
    assert_eq!((status["peers"].as_array().unwrap().len(), &status["height"]), (0, &0.into()));
}

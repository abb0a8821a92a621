//! A validator that lost its write-ahead log, and with it all memory of what it signed.
//! Holds: its key signs nothing up to two heights above the highest tip of the others.

use serde_json::Value;

use crate::harness::author::{Author, Role};
use crate::harness::consortium::Consortium;

const ALL: [usize; 4] = [0, 1, 2, 3];
/// The node that loses its log.
const LOSER: usize = 3;

/// Commits one more block at a node; its height and who signed it.
fn one_more(consortium: &Consortium, node: usize, admin: &Author) -> (u64, Vec<Value>) {
    let api = consortium.nodes[node].api;
    let committed = api.commit(&admin.register(Role::Officer).0);
    let block = api.json(&format!("/v1/blocks/{}", committed["height"]));
    let signatures = block["certificate"]["signatures"].as_array().unwrap();
    let signers = signatures.iter().map(|signature| signature["validator"].clone()).collect();
    (committed["height"].as_u64().unwrap(), signers)
}

#[test]
fn node_without_its_write_ahead_log_follows_and_votes_again_later() {
    let mut consortium = Consortium::start(4);
    let admin = consortium.admin(0);
    let agency = consortium.nodes[LOSER].agency.clone();
    let status = consortium.nodes[LOSER].until_status("to vote", |s| s["voting"] == "active");
    let set = status["validators"].as_array().unwrap();
    let key = set.iter().find(|v| v["agency"] == *agency).unwrap()["key"].clone();

    one_more(&consortium, 0, &admin);
    assert_eq!(consortium.nodes[LOSER].stop().code(), Some(0));
    std::fs::remove_file(consortium.nodes[LOSER].file("log/wal")).unwrap();
    let (tip, _) = one_more(&consortium, 0, &admin);
    consortium.same_tip(&[0, 1, 2], tip);

    consortium.nodes[LOSER].start();
    let status =
        consortium.nodes[LOSER].until_status("to know when to vote", |s| s["voting"] == "later");
    assert_eq!(status["votes_from"].as_u64(), Some(tip + 3), "{status}");
    consortium.nodes[LOSER].ready();
    consortium.same_tip(&ALL, tip);

    for expected in tip + 1..tip + 3 {
        // Its own API takes records meanwhile.
        let (height, signers) = one_more(&consortium, LOSER, &admin);
        assert_eq!(height, expected);
        assert!(!signers.contains(&key), "it signed at {height}");
    }
    consortium.same_tip(&ALL, tip + 2);
    consortium.nodes[LOSER].until_status("to vote again", |s| s["voting"] == "active");
    // Of four, three must sign: without another one, this one must be among them.
    consortium.nodes[1].kill();
    let (height, signers) = one_more(&consortium, 0, &admin);
    assert_eq!(height, tip + 3);
    assert!(signers.contains(&key), "{signers:?}");
}

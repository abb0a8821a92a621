//! A new node starts from a peer's snapshot, reaches the tip, and builds its view anew from it.

use std::fs;

use serde_json::Value;

use crate::harness::author::{Author, Role};
use crate::harness::consortium::Consortium;
use crate::harness::node::Node;
use crate::harness::program::run;
use crate::harness::wait;

/// Three of four nodes run, and have committed some datasets.
fn three_of_four() -> (Consortium, Author) {
    let mut consortium = Consortium::found(4);
    consortium.nodes[..3].iter_mut().for_each(Node::start);
    consortium.nodes[..3].iter_mut().for_each(Node::ready);
    let steward = consortium.person(0, Role::Steward);
    publish(&consortium, &steward, ["births", "deaths", "marriages"]);
    consortium.same_tip(&[0, 1, 2], 1);
    (consortium, steward)
}

fn publish(consortium: &Consortium, steward: &Author, slugs: [&str; 3]) {
    for slug in slugs {
        consortium.nodes[0].api.commit(&steward.publish(slug));
    }
}

fn snapshot(consortium: &Consortium, number: usize, out: &str) -> String {
    let out = consortium.dir().join(out);
    let mut command = consortium.nodes[number].command(&["snapshot"]);
    run(command.arg("--out").arg(&out)).done()
}

/// All nodes stand at one tip, and a node shows as much as its blocks hold.
fn assert_caught_up(consortium: &Consortium, height: u64) -> Value {
    let tip = consortium.same_tip(&[0, 1, 2, 3], height);
    let first = consortium.nodes[0].api.json("/v1/datasets");
    assert_eq!(consortium.nodes[3].api.json("/v1/datasets")["datasets"], first["datasets"]);
    tip
}

fn height_of(status: &Value) -> u64 {
    status["height"].as_u64().unwrap()
}

#[test]
fn node_started_from_a_snapshot_file_reaches_the_tip_restarts_and_reindexes_from_it() {
    let (mut consortium, steward) = three_of_four();
    let report = snapshot(&consortium, 1, "county.snapshot");
    let taken = consortium.nodes[1].status();
    assert!(report.contains(taken["header_hash"].as_str().unwrap()), "{report}");
    publish(&consortium, &steward, ["schools", "teachers", "pupils"]);
    let file = consortium.dir().join("county.snapshot").display().to_string();
    consortium.nodes[3].start_with(&["--from-snapshot", &file]);
    consortium.nodes[3].ready();
    let tip = assert_caught_up(&consortium, height_of(&taken) + 3);
    let first = format!("blocks-{:020}.log", height_of(&taken));
    assert!(consortium.nodes[3].file("log").join(&first).is_file(), "{first}");
    // What is before its blocks it does not have, and says so.
    let early = consortium.nodes[3].api.get("/v1/entries/0");
    assert_eq!(early.status, 404, "{}", early.text());
    let out = consortium.dir().join("whole.comity");
    let mut export = consortium.nodes[3].command(&["export"]);
    run(export.arg("--out").arg(&out)).refused(1, &["not at block 1"]);

    // With the snapshot kept it needs nobody to build its view anew.
    assert_eq!(consortium.nodes[3].stop().code(), Some(0));
    let report = run(&mut consortium.nodes[3].command(&["reindex"])).done();
    for part in ["header_hash", "log_root", "state_root"] {
        assert!(report.contains(tip[part].as_str().unwrap()), "{part}: {report}");
    }
    assert!(report.contains("begin at"), "{report}");
    // The same command line, as a service manager gives it again.
    consortium.nodes[3].start_with(&["--from-snapshot", &file]);
    consortium.nodes[3].ready();
    publish(&consortium, &steward, ["roads", "bridges", "ports"]);
    assert_caught_up(&consortium, height_of(&tip) + 3);
    consortium.nodes[3].kill();
    consortium.nodes[3].start();
    consortium.nodes[3].ready();
    let status = assert_caught_up(&consortium, height_of(&tip) + 3);
    // It votes: without it and one other there is no quorum.
    consortium.nodes[2].kill();
    publish(&consortium, &steward, ["parks", "pools", "fields"]);
    consortium.same_tip(&[0, 1, 3], height_of(&status) + 3);
    // Its own snapshot is as good as any.
    snapshot(&consortium, 3, "second-hand.snapshot");

    // The blocks before the snapshot come back from an archive.
    let archive = consortium.dir().join("chain.comity");
    run(consortium.nodes[0].command(&["export"]).arg("--out").arg(&archive)).done();
    let tip = consortium.same_tip(&[0, 1, 3], 1);
    assert_eq!(consortium.nodes[3].stop().code(), Some(0));
    run(consortium.nodes[3].command(&["repair"]).arg("--archive").arg(&archive)).done();
    consortium.nodes[3].start();
    consortium.nodes[3].ready();
    assert_eq!(consortium.nodes[3].api.json("/v1/entries/0")["index"], 0);
    consortium.same_tip(&[0, 1, 3], height_of(&tip));
}

#[test]
fn node_fetches_a_snapshot_from_whichever_peer_has_one() {
    let (mut consortium, steward) = three_of_four();
    snapshot(&consortium, 2, "county.snapshot");
    let taken = consortium.nodes[2].status();
    publish(&consortium, &steward, ["schools", "teachers", "pupils"]);
    consortium.nodes[3].start_with(&["--from-snapshot", "peers"]);
    consortium.nodes[3].ready();
    assert_caught_up(&consortium, height_of(&taken) + 3);
    assert!(consortium.nodes[3].file("start.snapshot").is_file());
    assert!(!consortium.nodes[3].file("snapshot.fetch").exists());
    let first = format!("blocks-{:020}.log", height_of(&taken));
    assert!(consortium.nodes[3].file("log").join(&first).is_file(), "{first}");
}

#[test]
fn damaged_or_foreign_snapshot_is_refused_and_leaves_a_node_that_can_start_otherwise() {
    let (mut consortium, _) = three_of_four();
    snapshot(&consortium, 0, "county.snapshot");
    let path = consortium.dir().join("county.snapshot");
    let whole = fs::read(&path).unwrap();
    let damaged = consortium.dir().join("damaged.snapshot");
    for place in [3, 20, 100, whole.len() / 2, whole.len() - 300, whole.len() - 2] {
        let mut changed = whole.clone();
        changed[place] ^= 0x40;
        fs::write(&damaged, changed).unwrap();
        let mut command = consortium.nodes[3].command(&["run"]);
        let ran = run(command.arg("--from-snapshot").arg(&damaged));
        assert_eq!(ran.code, Some(3), "byte {place}: {ran:#?}");
        assert!(ran.err.contains("\nNext: get a snapshot from another member"), "{ran:#?}");
        assert!(!consortium.nodes[3].file("start.snapshot").exists());
    }
    let mut twice = consortium.nodes[0].command(&["snapshot"]);
    run(twice.arg("--out").arg(&path)).refused(3, &["is not overwritten"]);
    consortium.nodes[3].start();
    consortium.nodes[3].ready();
    wait::until("the whole chain", || {
        let first = consortium.nodes[3].api.get("/v1/entries/0");
        if first.status == 200 { Ok(()) } else { Err(first.text()) }
    });
}

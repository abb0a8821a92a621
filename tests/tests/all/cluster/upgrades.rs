//! New programs and new rules: as in docs/operations.md, "Upgrade".
//! Holds: while one node at a time is off, records are committed; nobody works by rules that it does
//! not know.

use std::fs;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use comity_core::governance::Choice;
use comity_core::statement::Action;
use serde_json::Value;

use crate::harness::author::Role;
use crate::harness::block_log::record_ids;
use crate::harness::consortium::Consortium;
use crate::harness::node::Node;
use crate::harness::program::run;
use crate::harness::wait;

const ALL: [usize; 4] = [0, 1, 2, 3];

/// What the doctor found worst: 0, 4 (something to look at) or 5 (trouble); and its words.
fn doctor(node: &Node) -> (i32, String) {
    let ran = run(&mut node.command(&["doctor"]));
    (ran.code.unwrap(), ran.out)
}

/// Waits until the doctor sees no trouble.
fn until_well(node: &Node) {
    wait::until(&format!("{} to be well", node.agency), || match doctor(node) {
        (0 | 4, _) => Ok(()),
        (_, words) => Err(words),
    });
}

#[test]
fn program_is_replaced_at_one_node_after_the_other_under_load() {
    let mut consortium = Consortium::start(4);
    let program = consortium.dir().join("comityd-new");
    fs::copy(env!("CARGO_BIN_EXE_comity-multicall"), &program).unwrap();
    let (acknowledged, end) = (Mutex::new(Vec::<Value>::new()), AtomicBool::new(false));
    let load = ALL.map(|node| (consortium.admin(node), consortium.nodes[node].api));
    let nodes = &mut consortium.nodes;
    thread::scope(|scope| {
        let over = wait::Over(&end);
        for (admin, api) in &load {
            let (acknowledged, end) = (&acknowledged, &end);
            scope.spawn(move || {
                while !end.load(Ordering::Relaxed) {
                    // The node that is off answers nobody.
                    let record = admin.register(Role::Officer).0;
                    match api.submit("/v1/records?wait=commit", &record) {
                        Ok(answer) if answer.status == 200 => {
                            acknowledged.lock().unwrap().push(answer.json());
                        }
                        _ => thread::park_timeout(std::time::Duration::from_millis(20)),
                    }
                }
            });
        }
        for node in nodes.iter_mut() {
            until_well(node);
            assert_eq!(node.stop().code(), Some(0));
            let before = acknowledged.lock().unwrap().len();
            wait::until("the others to go on", || match acknowledged.lock().unwrap().len() {
                now if now > before + 3 => Ok(()),
                now => Err(format!("{now} entries")),
            });
            let mut command = Command::new(&program);
            command.args(["comityd", "run", "--dir"]).arg(&node.dir).env_clear();
            node.start_as(command);
            node.ready();
            node.until_status("to vote", |status| status["voting"] == "active");
            until_well(node);
        }
        drop(over);
    });
    let acknowledged = acknowledged.into_inner().unwrap();
    let heights = acknowledged.iter().map(|committed| committed["height"].as_u64().unwrap());
    consortium.same_tip(&ALL, heights.max().unwrap());
    for committed in &acknowledged {
        consortium.assert_everywhere(&ALL, committed);
    }
}

#[test]
fn node_that_does_not_know_the_members_new_rules_stops_before_they_rule() {
    let mut consortium = Consortium::start(4);
    let record = consortium.admin(0).register(Role::Officer).0;
    let before = consortium.nodes[0].api.commit(&record);
    let (_, words) = doctor(&consortium.nodes[3]);
    assert!(words.contains("version 1 is in force; this comityd knows up to 1"), "{words}");
    let opened = consortium.act(0, &["proposal", "open", "activate-version", "2"]).done_json();
    let id = opened["proposal"].as_str().unwrap().to_owned();
    consortium.act(1, &["proposal", "vote", &id, "for"]).done_json();
    // Nobody waits for what comes of the last ballot: whoever takes it does not know the rules.
    let cast = Action::CastBallot { proposal: id.parse().unwrap(), choice: Choice::For };
    let record = consortium.admin(2).record(cast);
    assert_eq!(consortium.nodes[2].api.submit("/v1/records", &record).unwrap().status, 202);
    let says =
        "the consortium follows version 2 of the rules; this software knows them up to version 1";
    let mut stopped = wait::until("nodes to stop", || {
        let ended = |number: &usize| consortium.nodes[*number].ended().map(|end| (*number, end));
        let ended: Vec<_> = ALL.iter().filter_map(ended).collect();
        if ended.is_empty() { Err("all run".to_owned()) } else { Ok(ended) }
    });
    // Whoever has not heard of the decision by then waits for a quorum, and goes no further either.
    let (admin, api) = (consortium.admin(3), consortium.nodes[3].api);
    let _ = api.submit("/v1/records", &admin.register(Role::Officer).0);
    for number in ALL {
        let node = &mut consortium.nodes[number];
        if let Some(end) = node.ended() {
            stopped.push((number, end));
        } else if stopped.iter().all(|(ended, _)| *ended != number) {
            node.kill();
        }
    }
    for (number, end) in stopped {
        let log = consortium.nodes[number].log();
        assert_eq!(end.code(), Some(1), "{log}");
        assert!(log.contains(says), "{log}");
        assert!(log.contains("install a newer comityd and start it again"), "{log}");
    }
    for node in &consortium.nodes {
        let records = record_ids(&node.file("log"), &consortium.id()).len();
        assert!(
            (1..=4).contains(&records),
            "{} went on by rules that it does not know",
            node.agency
        );
    }
    // What was there before is there: any of them writes it to a file.
    let out = consortium.dir().join("chain.comity");
    run(consortium.nodes[3].command(&["export"]).arg("--out").arg(&out)).done();
    assert!(before["index"].is_number() && out.is_file());
}

//! Machines that are gone for good, and what the agency does on a new one: as in docs/operations.md,
//! "Lost machine".
//! Holds: nothing comes from the old machine but what a backup holds.

use std::fs;

use crate::harness::author::Role;
use crate::harness::consortium::Consortium;
use crate::harness::node::Node;
use crate::harness::ports::free_port;
use crate::harness::program::{comityd, run};
use crate::harness::wait;

/// The node whose machine is lost.
const LOST: usize = 3;

/// Writes something else into a node's settings.
fn change_config(node: &Node, from: &str, to: &str) {
    let config = fs::read_to_string(node.file("config.toml")).unwrap();
    assert!(config.contains(from), "{from:?} is not in {config}");
    fs::write(node.file("config.toml"), config.replace(from, to)).unwrap();
}

fn commit(consortium: &Consortium, node: usize) -> u64 {
    let record = consortium.admin(node).register(Role::Officer).0;
    consortium.nodes[node].api.commit(&record)["height"].as_u64().unwrap()
}

/// The present key of the agency's node in a role, as the ledger has it.
fn key_in_force(consortium: &Consortium, role: &str) -> String {
    let agency = &consortium.nodes[LOST].agency;
    let keys = consortium.nodes[0].api.json(&format!("/v1/keys?agency={agency}"));
    let keys = keys["keys"].as_array().unwrap();
    let found = keys.iter().find(|k| k["key"]["role"] == role && k["key"]["revoked"].is_null());
    found.unwrap()["public_key"].as_str().unwrap().to_owned()
}

#[test]
fn agency_without_a_backup_is_given_new_keys_by_vote_and_its_new_node_votes() {
    let mut consortium = Consortium::start(4);
    commit(&consortium, LOST);
    let old = ["validator", "transport", "note"].map(|role| key_in_force(&consortium, role));
    consortium.nodes[LOST].kill();
    fs::remove_dir_all(&consortium.nodes[LOST].dir).unwrap();

    let mut new = consortium.new_machine(LOST);
    let agency = new.agency.clone();
    let cards = ["validator", "transport", "note"].map(|role| {
        run(&mut new.command(&["key", "new", "--role", role])).done();
        new.file(format!("{role}.next.card.json")).display().to_string()
    });
    for card in &cards {
        consortium.propose(0, &[1, 2], &["replace-key", &agency, "--card", card]);
    }
    let now = ["validator", "transport", "note"].map(|role| key_in_force(&consortium, role));
    assert!(old.iter().zip(&now).all(|(old, now)| old != now), "{old:?} {now:?}");
    run(&mut new.command(&["key", "use", "--role", "transport"])).done();
    new.start();
    consortium.nodes[LOST] = new;
    // It starts anew with each key as it comes to the block that names it, and is away meanwhile.
    for role in ["validator", "note"] {
        let taken = format!("the {role} key of this node is from now on the one made last");
        wait::until(&format!("the {role} key"), || {
            let log = consortium.nodes[LOST].log();
            if log.contains(&taken) { Ok(()) } else { Err(log) }
        });
    }
    consortium.nodes[LOST].until_status("to vote", |status| status["voting"] == "active");

    // Of four three must sign: without another one, this one's vote is needed.
    consortium.nodes[1].kill();
    let tip = commit(&consortium, LOST);
    consortium.same_tip(&[0, 2, LOST], tip);
    // It is as good as any other at its next start.
    consortium.nodes[LOST].kill();
    consortium.nodes[LOST].start();
    consortium.nodes[LOST].until_status("to vote again", |status| status["voting"] == "active");
    let tip = commit(&consortium, LOST);
    consortium.same_tip(&[0, 2, LOST], tip);
}

#[test]
fn node_restored_at_another_address_calls_the_others_and_is_called_once_they_know_it() {
    let mut consortium = Consortium::start(4);
    let backup = consortium.dir().join("backup");
    run(consortium.nodes[LOST].command(&["backup"]).arg("--to").arg(&backup)).done();
    consortium.nodes[LOST].kill();
    let tip = commit(&consortium, 0);
    let (new, port) = (consortium.dir().join("new-machine"), free_port());
    run(comityd(["restore", "--from"]).arg(&backup).arg("--dir").arg(&new)).done();
    let (old, address) =
        (format!("/tcp/{}\"", consortium.nodes[LOST].port), format!("/tcp/{port}\""));
    consortium.nodes[LOST].dir = new;
    consortium.nodes[LOST].port = port;
    change_config(&consortium.nodes[LOST], &old, &address);
    consortium.nodes[LOST].start();
    consortium.nodes[LOST].ready();
    consortium.same_tip(&[0, 1, 2, LOST], tip);

    // The others write the new address down, and restart one at a time.
    for number in 0..LOST {
        change_config(&consortium.nodes[number], &old, &address);
        assert_eq!(consortium.nodes[number].stop().code(), Some(0));
        consortium.nodes[number].start();
        consortium.nodes[number].ready();
        let agency = consortium.nodes[LOST].agency.clone();
        consortium.nodes[number].until_status("to meet it", |status| {
            let peers = status["peers"].as_array().unwrap();
            peers.iter().any(|peer| peer["agency"] == *agency)
        });
    }
    let tip = commit(&consortium, 0);
    consortium.same_tip(&[0, 1, 2, LOST], tip);
}

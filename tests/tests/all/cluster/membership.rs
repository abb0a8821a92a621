//! Agencies that come and go while the consortium runs, by the commands of their operators and admins.
//! Holds: what a guide says about joining, leaving and replacing keys is what happens.

use std::fs;

use comity_core::checkpoint::{Checkpoint, origin};
use comity_core::note::{Note, NoteKey, NoteKind};
use serde_json::Value;

use crate::harness::author::{Author, Role};
use crate::harness::consortium::Consortium;
use crate::harness::http::Api;
use crate::harness::node::Node;
use crate::harness::ports::free_port;
use crate::harness::program::{comity, run};
use crate::harness::wait;

impl Consortium {
    /// Sets up the node of an agency that joins, which knows the genesis and one address.
    fn joiner(&self, agency: &str) -> Node {
        let key = self.dir().join(format!("{agency}.admin.json"));
        let new = ["key", "new", "--json", "--role", "admin", "--no-passphrase"];
        let genesis = self.genesis.display().to_string();
        let card = run(comity(self.dir(), new)
            .args(["--agency", agency, "--post", "Head of office", "--genesis", &genesis, "--out"])
            .arg(&key));
        let card = card.done_json()["card_file"].as_str().unwrap().to_owned();
        let (port, api) = (free_port(), free_port());
        let dir = self.dir().join(agency.replace('.', "-"));
        let node = Node::new(agency, dir, Api { port: api }, port);
        let mut command = node.command(&["join", "--genesis", &genesis]);
        let known = &self.nodes[0];
        let address = format!("/ip4/127.0.0.1/tcp/{}/p2p/{}", known.port, known.identity());
        command.args(["--peer", &address]);
        command.args(["--agency", agency, "--name", agency, "--level", "county"]);
        command.args(["--region", "Thule", "--admin-card", &card]);
        command.args(["--listen", &format!("/ip4/127.0.0.1/tcp/{port}")]);
        command.args(["--api-listen", &format!("127.0.0.1:{api}")]);
        let said = run(&mut command).done();
        assert!(said.contains(&self.id().to_string()) && said.contains("member.json"), "{said}");
        let proved = format!("is the node of {}: it proved its key", known.agency);
        assert!(said.contains(&proved), "{said}");
        node
    }

    fn commit_some(&self, number: usize) -> Value {
        let record = self.admin(number).register(Role::Officer).0;
        self.nodes[number].api.commit(&record)
    }
}

impl Node {
    fn member_file(&self) -> String {
        self.file("member.json").display().to_string()
    }
}

#[test]
fn fifth_agency_joins_from_the_genesis_and_one_address_and_its_vote_counts() {
    let mut consortium = Consortium::start(4);
    consortium.commit_some(0);
    let mut fifth = consortium.joiner("tax.th");
    fifth.start();
    fifth.until("to wait for its admission", |api| {
        let answer = api.ask("GET /v1/status", &[], b"").map_err(|error| error.to_string())?;
        let status = answer.json();
        let waits = status["membership"] == "waiting" && status["voting"] == "observer";
        if waits { Ok(()) } else { Err(status.to_string()) }
    });
    assert!(fifth.log().contains("is not a member yet"), "{}", fifth.log());
    let id = consortium.propose(1, &[2, 3], &["admit", &fifth.member_file()]);
    assert_eq!(consortium.state_of(0, &id), "passed");
    fifth.until_status("to be a member and to vote", |status| {
        status["membership"] == "member" && status["voting"] == "active"
    });
    consortium.nodes.push(fifth);
    let committed = consortium.commit_some(4);
    consortium.same_tip(&[0, 1, 2, 3, 4], committed["height"].as_u64().unwrap());
    // Four of five are needed: with one of the old ones gone, the fifth one's vote is.
    consortium.nodes[3].kill();
    let committed = consortium.commit_some(4);
    consortium.same_tip(&[0, 1, 2, 4], committed["height"].as_u64().unwrap());
    consortium.assert_everywhere(&[0, 1, 2, 4], &committed);
    // The one whose address it was given is gone; it comes back from nothing, and the others find it.
    consortium.nodes[3].start();
    consortium.nodes[3].ready();
    consortium.nodes[0].kill();
    consortium.nodes[4].kill_and_start();
    consortium.nodes[4].until_status("to vote without whom it knew", |s| s["voting"] == "active");
    let committed = consortium.commit_some(4);
    consortium.same_tip(&[1, 2, 3, 4], committed["height"].as_u64().unwrap());
}

#[test]
fn observer_with_one_address_meets_all_and_is_ready() {
    let mut consortium = Consortium::found_with_observer(4);
    consortium.nodes[..4].iter_mut().for_each(Node::start);
    consortium.nodes[..4].iter_mut().for_each(Node::ready);
    let committed = consortium.commit_some(1);
    consortium.nodes[4].start();
    consortium.nodes[4].ready();
    consortium.same_tip(&[0, 1, 2, 3, 4], committed["height"].as_u64().unwrap());
    let status = consortium.nodes[4]
        .until_status("to meet all", |status| status["peers"].as_array().unwrap().len() == 4);
    assert_eq!(status["voting"], "observer");
}

#[test]
fn member_that_was_removed_is_shut_out_and_its_evidence_stays() {
    let mut consortium = Consortium::start(4);
    let before = consortium.commit_some(3);
    let remove = ["remove", "school.th", "--reason", "Merged into data.th"];
    let id = consortium.propose(0, &[1, 2], &remove);
    assert_eq!(consortium.state_of(0, &id), "passed");
    // Its own node learns of it, or is cut off before it does; the others have closed the door.
    for number in 0..3 {
        consortium.nodes[number].until_status("to see it go", |status| {
            let peers = status["peers"].as_array().unwrap();
            !peers.iter().any(|peer| peer["agency"] == "school.th") && !peers.is_empty()
        });
    }
    let record = consortium.admin(3).register(Role::Officer).0;
    let refused = consortium.nodes[0].api.submit("/v1/records?wait=commit", &record).unwrap();
    assert_eq!(refused.json()["rule"], "agency-left", "{}", refused.text());
    let index = before["index"].to_string();
    let shown = consortium.comity(0, &["log", "show", &index]).done();
    assert!(shown.contains("every signature in them is true"), "{shown}");
    let exit = consortium.comity(0, &["agency", "show", "school.th", "--json"]).done_json();
    assert!(exit["exit"]["keys"].as_array().unwrap().len() >= 4, "{exit}");
    assert_eq!(exit["departure"]["reason"], "Merged into data.th");
    consortium.commit_some(0);
    // A restart does not let it in again, though the settings name it.
    consortium.nodes[0].kill();
    consortium.nodes[0].start();
    consortium.nodes[0].ready();
    assert!(consortium.nodes[0].log().contains("which left"), "{}", consortium.nodes[0].log());
    consortium.commit_some(0);
}

#[test]
fn hosted_member_acts_through_its_sponsors_node() {
    let consortium = Consortium::start(4);
    let (key, genesis) = (consortium.dir().join("clinic.json"), &consortium.genesis);
    let new = ["key", "new", "--json", "--role", "admin", "--no-passphrase", "--agency"];
    let made = run(comity(consortium.dir(), new)
        .args(["clinic.th", "--post", "Head", "--genesis"])
        .arg(genesis)
        .arg("--out")
        .arg(&key));
    let card = made.done_json()["card_file"].as_str().unwrap().to_owned();
    let describe = ["agency", "describe", "clinic.th", "--name", "Clinic", "--level", "county"];
    let rest = ["--region", "Thule", "--sponsor", "health.th", "--until", "2100-01-01"];
    let out = ["--admin-card", &card, "--out", "clinic.member.json"];
    consortium.comity(0, &[&describe[..], &rest, &out].concat()).done();
    let file = consortium.dir().join("clinic.member.json").display().to_string();
    let id = consortium.propose(0, &[1], &["admit", &file]);
    assert_eq!(consortium.state_of(0, &id), "open", "two of four are not more than two thirds");
    consortium.act(2, &["proposal", "vote", &id, "for"]).done_json();
    let clinic = Author::of_key_file(consortium.id(), &fs::read(&key).unwrap());
    let committed = consortium.nodes[2].api.commit(&clinic.register(Role::Officer).0);
    consortium.same_tip(&[0, 1, 2, 3], committed["height"].as_u64().unwrap());
    let key = key.display().to_string();
    let vote = ["proposal", "open", "change-authority", "tax.th", "--key", &key, "--yes"];
    consortium.comity(2, &vote).refused(3, &["clinic.th has no ballot"]);
}

#[test]
fn proposal_without_enough_ballots_changes_nothing() {
    let consortium = Consortium::start(4);
    let change = ["change-operator", "school.th", "--operated-by", "Cloud Company"];
    let id = consortium.propose(0, &[1], &change);
    consortium.act(2, &["proposal", "vote", &id, "against"]).done_json();
    consortium.act(3, &["proposal", "vote", &id, "against"]).done_json();
    assert_eq!(consortium.state_of(0, &id), "open");
    let shown = consortium.comity(0, &["agency", "show", "school.th", "--json"]).done_json();
    assert_eq!(shown["operated_by"], "school.th");
    let again = consortium.act(2, &["proposal", "vote", &id, "for"]);
    assert_eq!(again.code, Some(3), "{again:#?}");
    assert!(again.out.contains("ballot-cast"), "{again:#?}");
}

#[test]
fn validator_key_is_replaced_under_load_and_the_node_goes_on_with_the_new_one() {
    let mut consortium = Consortium::start(4);
    let made = run(&mut consortium.nodes[3].command(&["key", "new", "--role", "validator"])).done();
    assert!(made.contains("the present key stays in use"), "{made}");
    let card = consortium.nodes[3].file("validator.next.card.json");
    let card_text: Value = serde_json::from_slice(&fs::read(&card).unwrap()).unwrap();
    let new_key = card_text["public_key"].clone();
    let card = card.display().to_string();
    let id = consortium.propose(0, &[1], &["replace-key", "school.th", "--card", &card]);
    // Records go on before, while and after the last ballot is cast.
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (admin, api) = (consortium.admin(1), consortium.nodes[1].api);
        let stop = &stop;
        let load = scope.spawn(move || {
            let mut count = 0;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) || count < 5 {
                api.commit(&admin.register(Role::Officer).0);
                count += 1;
            }
        });
        consortium.act(2, &["proposal", "vote", &id, "for"]).done_json();
        wait::until("the set to change", || {
            let status = consortium.nodes[0].status();
            let of = |v: &&Value| v["agency"] == "school.th";
            let found = status["validators"].as_array().unwrap().iter().find(of).unwrap().clone();
            if found["key"] == new_key { Ok(()) } else { Err(status.to_string()) }
        });
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        load.join().unwrap();
    });
    consortium.nodes[3].until_status("to vote again", |status| status["voting"] == "active");
    assert!(!consortium.nodes[3].file("keys/validator.next.json").exists());
    // A crash after the change, and another voter gone: its vote with the new key is needed.
    consortium.nodes[3].kill();
    consortium.nodes[3].start();
    consortium.nodes[3].until_status("to vote after a crash", |s| s["voting"] == "active");
    consortium.nodes[0].kill();
    let committed = consortium.commit_some(1);
    consortium.same_tip(&[1, 2, 3], committed["height"].as_u64().unwrap());
    consortium.assert_everywhere(&[1, 2, 3], &committed);
}

#[test]
fn replaced_transport_key_is_taken_up_and_the_old_one_is_let_in_no_more() {
    let mut consortium = Consortium::start(4);
    let old = consortium.nodes[3].identity();
    run(&mut consortium.nodes[3].command(&["key", "new", "--role", "transport"])).done();
    let card = consortium.nodes[3].file("transport.next.card.json").display().to_string();
    consortium.propose(0, &[1, 2], &["replace-key", "school.th", "--card", &card]);
    for number in 0..3 {
        consortium.nodes[number].until_status("to meet it again", |status| {
            let peers = status["peers"].as_array().unwrap();
            peers.iter().any(|peer| peer["agency"] == "school.th")
        });
    }
    let log = consortium.nodes[3].log();
    let starts: Vec<&str> = log.lines().filter(|line| line.contains(" on the network")).collect();
    assert!(starts.len() == 2 && !starts[1].contains(&old), "{starts:#?}");
    consortium.nodes[0].kill();
    let committed = consortium.commit_some(3);
    consortium.same_tip(&[1, 2, 3], committed["height"].as_u64().unwrap());
    consortium.assert_everywhere(&[1, 2, 3], &committed);
}

#[test]
fn replaced_note_key_signs_the_checkpoints_of_a_node_that_runs() {
    let mut consortium = Consortium::start(4);
    run(&mut consortium.nodes[3].command(&["key", "new", "--role", "note"])).done();
    let card = consortium.nodes[3].file("note.next.card.json");
    let card_text: Value = serde_json::from_slice(&fs::read(&card).unwrap()).unwrap();
    let next = card_text["public_key"].as_str().unwrap().parse().unwrap();
    let origin = origin(&consortium.id());
    let next = NoteKey::new(&origin, NoteKind::Ed25519, next).unwrap();
    let card = card.display().to_string();
    consortium.propose(0, &[1, 2], &["replace-key", "school.th", "--card", &card]);
    consortium.nodes[3].until("to sign with the key that the ledger has", |api| {
        let answer = api.ask("GET /tlog/checkpoint", &[], b"").map_err(|e| e.to_string())?;
        let note = Note::parse(&answer.body).map_err(|error| error.to_string())?;
        let signed = Checkpoint::verify(&note, &next, &origin);
        signed.map(|_| ()).map_err(|error| error.to_string())
    });
    assert!(!consortium.nodes[3].file("keys/note.next.json").exists());
}

#[test]
fn node_whose_note_key_follows_elsewhere_signs_no_checkpoint() {
    let mut consortium = Consortium::start(4);
    run(&mut consortium.nodes[3].command(&["key", "new", "--role", "note"])).done();
    let card = consortium.nodes[3].file("note.next.card.json");
    let elsewhere = consortium.dir().join("note.card.json");
    fs::rename(&card, &elsewhere).unwrap();
    // The key was made and is lost again, with the machine that had it.
    fs::remove_file(consortium.nodes[3].file("keys/note.next.json")).unwrap();
    let card = elsewhere.display().to_string();
    consortium.propose(0, &[1, 2], &["replace-key", "school.th", "--card", &card]);
    consortium.nodes[3].until("to sign no more", |api| {
        let answer = api.ask("GET /tlog/checkpoint", &[], b"").map_err(|e| e.to_string())?;
        if answer.status == 404 { Ok(()) } else { Err(answer.text()) }
    });
    let log = consortium.nodes[3].log();
    assert!(log.contains("the note key of this node ended with entry"), "{log}");
}

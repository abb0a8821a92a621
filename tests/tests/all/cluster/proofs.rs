//! Proof files from a live node: fetched, and verified on a desk without a node.

use std::fs;

use serde_json::Value;

use crate::harness::author::Role;
use crate::harness::consortium::Consortium;
use crate::harness::program::{Ran, comity, run};

/// A consortium of two, with a dataset of the one, a grant of it to the other, and their ids.
fn with_a_grant() -> (Consortium, String, u64) {
    let consortium = Consortium::start(2);
    let [agency, other] = [0, 1].map(|number| consortium.nodes[number].agency.clone());
    let steward = consortium.person(0, Role::Steward);
    consortium.nodes[0].api.commit(&steward.publish("births"));
    let dataset = format!("{agency}/births");
    let granted = consortium.nodes[0].api.commit(&steward.grant(&dataset, &other));
    (consortium, dataset, granted["index"].as_u64().unwrap())
}

/// Fetches a proof from the node.
fn fetch(consortium: &Consortium, args: &[&str], out: &str) -> Vec<u8> {
    consortium.comity(0, &[&["proof"], args, &["--out", out]].concat()).done();
    fs::read(consortium.dir().join(out)).unwrap()
}

/// Verifies a proof where there is no node.
fn verify(consortium: &Consortium, file: &str, more: &[&str]) -> Ran {
    let genesis = consortium.genesis.display().to_string();
    let args = [&["verify", "proof", file, "--genesis", &genesis, "--json"], more].concat();
    run(&mut comity(consortium.dir(), args))
}

fn fault(ran: &Ran) -> (Option<i32>, Value) {
    let error = serde_json::from_str::<Value>(&ran.out).unwrap()["error"].take();
    assert!(ran.err.contains("\nNext: "), "{}", ran.err);
    (ran.code, error)
}

#[test]
fn receipt_shows_the_entry_and_since_when_it_is_on_the_log() {
    let (consortium, _, grant) = with_a_grant();
    let number = grant.to_string();
    fetch(&consortium, &["receipt", &number], "grant.proof");
    let shown = verify(&consortium, "grant.proof", &[]).done_json();
    let entry = consortium.nodes[0].api.json(&format!("/v1/entries/{grant}"));
    assert_eq!(shown["kind"], "receipt");
    assert_eq!(shown["index"], grant);
    for part in ["record_id", "record"] {
        assert_eq!(shown[part], entry[part], "{part}");
    }
    assert_eq!(shown["block"]["time"], entry["time"]);
    assert_eq!(shown["block"]["height"], entry["height"]);
    assert_eq!(shown["certified_by"].as_array().unwrap().len(), 2);
}

#[test]
fn extract_answers_what_there_is_and_what_there_is_not_as_of_one_block() {
    let (consortium, dataset, grant) = with_a_grant();
    let (grant, none) = (format!("G{grant}"), "G99".to_owned());
    let args = ["extract", "--grant", &grant, "--grant", &none, "--dataset", &dataset];
    fetch(&consortium, &args, "today.proof");
    let shown = verify(&consortium, "today.proof", &["--max-age", "1h"]).done_json();
    let status = consortium.nodes[0].status();
    assert_eq!(shown["block"]["header_hash"], status["header_hash"]);
    let held = |what: &str| {
        let all = shown["holds"].as_array().unwrap();
        let found = all.iter().find(|pair| pair["of"].as_str().unwrap().contains(what));
        found.unwrap_or_else(|| panic!("{what} is not in {shown:#}"))["held"].as_bool().unwrap()
    };
    assert!(held(&format!("Grant {grant}")));
    assert!(!held(&format!("Grant {none}")));
    assert!(held(&dataset));
}

#[test]
fn old_extract_is_refused_by_whom_needs_a_new_one() {
    let (consortium, dataset, _) = with_a_grant();
    fetch(&consortium, &["extract", "--dataset", &dataset], "old.proof");
    verify(&consortium, "old.proof", &["--max-age", "1h"]).done();
    let (code, error) = fault(&verify(&consortium, "old.proof", &["--max-age", "0s"]));
    assert_eq!((code, error["name"].as_str()), (Some(5), Some("proof-too-old")));
}

#[test]
fn extension_shows_that_the_log_goes_on_where_it_ended() {
    let (consortium, ..) = with_a_grant();
    fetch(&consortium, &["extension", "--earlier", "1"], "growth.proof");
    let shown = verify(&consortium, "growth.proof", &[]).done_json();
    let status = consortium.nodes[0].status();
    assert_eq!(shown["earlier"]["height"], 1);
    assert_eq!(shown["later"]["header_hash"], status["header_hash"]);
}

#[test]
fn changed_proof_and_proof_of_another_consortium_are_refused() {
    let (consortium, _, grant) = with_a_grant();
    let proof = fetch(&consortium, &["receipt", &grant.to_string()], "grant.proof");
    for place in (0..proof.len()).step_by(proof.len() / 40) {
        let mut changed = proof.clone();
        changed[place] ^= 0x10;
        fs::write(consortium.dir().join("changed.proof"), changed).unwrap();
        let (code, error) = fault(&verify(&consortium, "changed.proof", &[]));
        assert_eq!(code, Some(5), "byte {place} of {}: {error}", proof.len());
    }
    let other = consortium.other_genesis(None).display().to_string();
    let args = ["verify", "proof", "grant.proof", "--genesis", &other, "--json"];
    let (code, error) = fault(&run(&mut comity(consortium.dir(), args)));
    assert_eq!((code, &error["fields"]["rule"]), (Some(5), &Value::from("consortium")));
}

#[test]
fn entry_that_is_not_there_leaves_no_file() {
    let (consortium, ..) = with_a_grant();
    let ran = consortium.comity(0, &["proof", "receipt", "1000", "--out", "none.proof"]);
    assert_ne!(ran.code, Some(0));
    assert!(ran.err.contains("there is no entry 1000"), "{}", ran.err);
    assert!(!consortium.dir().join("none.proof").exists());
}

//! Archives of a live node, before the auditor's offline verifier.

use std::fs;

use serde_json::Value;

use crate::harness::author::Role;
use crate::harness::consortium::Consortium;
use crate::harness::program::{Ran, run};

/// Magic and consortium id.
const HEAD_BYTES: usize = 40;
/// Bytes of an archive that are changed, one at a time.
const CHANGES: usize = 60;

fn verify(consortium: &Consortium, archive: &str, genesis: &str) -> Ran {
    let args = ["verify", "archive", archive, "--genesis", genesis, "--json"];
    consortium.comity(0, &args)
}

/// The archive does not verify: the fault's name and fields.
fn fault(ran: Ran) -> (String, Value) {
    assert_eq!(ran.code, Some(5), "{ran:#?}");
    let error = serde_json::from_str::<Value>(&ran.out).unwrap()["error"].take();
    assert_eq!(error["exit"], 5, "{error}");
    assert!(ran.err.contains("\nNext: "), "{}", ran.err);
    (error["name"].as_str().unwrap().to_owned(), error["fields"].clone())
}

fn with_records() -> (Consortium, String) {
    let consortium = Consortium::start(1);
    let steward = consortium.person(0, Role::Steward);
    for slug in ["births", "deaths"] {
        consortium.nodes[0].api.commit(&steward.publish(slug));
    }
    let genesis = consortium.genesis.display().to_string();
    (consortium, genesis)
}

#[test]
fn archive_of_a_live_node_verifies_and_one_changed_byte_does_not() {
    let (consortium, genesis) = with_records();
    let exported = consortium.dir().join("exported.comity");
    run(consortium.nodes[0].command(&["export"]).arg("--out").arg(&exported)).done();
    consortium.comity(0, &["log", "archive", "--out", "fetched.comity"]).done();
    let got = consortium.nodes[0].api.get("/v1/archive");
    let archive = fs::read(&exported).unwrap();
    assert_eq!(got.body, archive);
    assert_eq!(fs::read(consortium.dir().join("fetched.comity")).unwrap(), archive);
    let verified = verify(&consortium, "fetched.comity", &genesis).done_json();
    let (tip, status) = (&verified["tip"], consortium.nodes[0].status());
    assert_eq!(verified["entries"], 3);
    assert_eq!(tip["header_hash"], status["header_hash"]);

    let places = (0..CHANGES).map(|n| HEAD_BYTES + n * (archive.len() - HEAD_BYTES) / CHANGES);
    for place in places.chain([archive.len() - 1]) {
        let mut changed = archive.clone();
        changed[place] ^= 0x10;
        fs::write(consortium.dir().join("changed.comity"), changed).unwrap();
        let (name, fields) = fault(verify(&consortium, "changed.comity", &genesis));
        let height = fields["height"].as_str().and_then(|height| height.parse::<u64>().ok());
        let named = height.is_some_and(|height| (1..=4).contains(&height));
        assert!(named, "byte {place} of {}: {name} {fields}", archive.len());
    }
}

#[test]
fn file_in_the_place_of_a_node_answers_as_the_node_does() {
    let (consortium, genesis) = with_records();
    let agency = consortium.nodes[0].agency.to_string();
    consortium.propose(0, &[], &["change-operator", &agency, "--operated-by", "Cloud Company"]);
    consortium.comity(0, &["log", "archive", "--out", "own.comity"]).done();
    for args in [
        &["dataset", "list"][..],
        &["agency", "list"],
        &["key", "list"],
        &["codes", "list"],
        &["rules", "show"],
        &["proposal", "list"],
        &["duty", "list"],
        &["log", "list"],
        &["log", "list", "--oldest-first", "--limit", "2"],
        &["log", "list", "--kind", "publish-dataset"],
        &["log", "show", "1"],
    ] {
        let node = consortium.comity(0, &[args, &["--json"]].concat()).done_json();
        let file = ["--json", "--archive", "own.comity", "--genesis", &genesis];
        let held = consortium.comity(0, &[args, &file].concat()).done_json();
        assert_eq!(held, node, "{args:?}");
    }
}

#[test]
fn archive_that_is_cut_or_continued_does_not_verify() {
    let (consortium, genesis) = with_records();
    let archive = consortium.nodes[0].api.get("/v1/archive").body;
    let check = |bytes: &[u8]| {
        fs::write(consortium.dir().join("changed.comity"), bytes).unwrap();
        fault(verify(&consortium, "changed.comity", &genesis)).0
    };
    assert_eq!(check(&archive[..archive.len() - 1]), "archive-truncated");
    assert_eq!(check(&archive[..archive.len() / 2]), "archive-truncated");
    assert_eq!(check(&archive[..HEAD_BYTES]), "archive-truncated");
    assert_eq!(check(&[&archive[..], b"\n"].concat()), "archive-trailing");
}

#[test]
fn archive_of_another_consortium_is_named() {
    let (consortium, genesis) = with_records();
    let other = consortium.other_genesis(None).display().to_string();
    consortium.comity(0, &["log", "archive", "--out", "own.comity"]).done();
    let (name, fields) = fault(verify(&consortium, "own.comity", &other));
    assert_eq!(name, "archive-other-consortium");
    assert_eq!(fields["found"], consortium.id().to_string());
    verify(&consortium, "own.comity", &genesis).done();
}

#[test]
fn wrong_archive_is_named() {
    let (consortium, genesis) = with_records();
    let letter = "Dear colleague, please find the archive attached. Yours, the Registry.\n";
    for text in [letter, "short", ""] {
        fs::write(consortium.dir().join("letter.txt"), text).unwrap();
        let ran = verify(&consortium, "letter.txt", &genesis);
        assert!(ran.err.contains("letter.txt is not an archive"), "{ran:#?}");
        assert_eq!(fault(ran).0, "archive-not-one", "{text:?}");
    }
}

//! What is refused before anything happens: arguments, confirmations, files.

use comity_core::agency::KeyRole;

use super::fake_node::FakeNode;
use super::fixture::{Office, genesis, secret};
use crate::fault::Exit;

#[test]
fn wrong_arguments_end_with_2_and_say_which() {
    let office = Office::new();
    let cases: [(&[&str], &str); 7] = [
        (&["grant", "show", "17"], "G17"),
        (&["grant", "issue", "--dataset", "civil.gd/m"], "--until"),
        (&["key", "new", "--agency", "A.GD", "--role", "officer", "--out", "k"], "lower-case"),
        (&["key", "new", "--agency", "a", "--role", "boss", "--out", "k"], "steward"),
        (&["key", "revoke", "00ff", "--reason", "x", "--key", "k"], "64"),
        (&["log", "show", "first"], "first"),
        (&["nonsense"], "nonsense"),
    ];
    for (args, says) in cases {
        let ran = office.run(args).ended(Exit::Usage);
        assert!(ran.err.contains(says), "{args:?}: {}", ran.err);
        assert!(ran.out.is_empty(), "{args:?}");
    }
}

#[test]
fn what_needs_a_node_says_so_where_a_file_is_named_in_its_place() {
    let office = Office::new();
    for args in [
        &["grant", "revoke", "G0", "--reason", "x", "--key", "k", "--archive", "a"][..],
        &["sealed", "show", "9", "--key", "k", "--copy", "c"],
    ] {
        let ran = office.run(args).ended(Exit::Usage);
        assert!(ran.err.contains("asks a node"), "{args:?}: {}", ran.err);
    }
    let alone = office.run(&["grant", "list", "--archive", "a"]).ended(Exit::Usage);
    assert!(alone.err.contains("--genesis"), "{}", alone.err);
}

#[test]
fn a_value_that_fills_pages_does_not_hide_what_is_wrong_with_it() {
    let office = Office::new();
    let long = "字".repeat(10_000);
    let args = ["grant", "revoke", "G0", "--key", "k", "--reason", &long];
    let ran = office.run(&args).ended(Exit::Usage);
    assert!(ran.err.contains("30000 bytes long") && ran.err.contains("字…"), "{}", ran.err);
    assert!(ran.err.len() < 1_000, "{} bytes", ran.err.len());
}

#[test]
fn a_grant_names_its_items_or_says_all_of_them() {
    let office = Office::new();
    let args = "grant issue --dataset civil.gd/m --to finance.gd --matter A --basis B --mode query \
                --until 30d --key k";
    let args: Vec<&str> = args.split(' ').filter(|word| !word.is_empty()).collect();
    let ran = office.run(&args).ended(Exit::Usage);
    assert!(ran.err.contains("--all-items"), "{}", ran.err);
    let both = [&args[..], &["--item", "x", "--all-items"]].concat();
    office.run(&both).ended(Exit::Usage);
}

#[test]
fn help_says_what_a_command_achieves_with_an_example_and_exit_codes() {
    let office = Office::new();
    let ran = office.run(&["--help"]).ended(Exit::Done);
    for code in ["0  done", "3  the ledger refused", "5  verification failed"] {
        assert!(ran.out.contains(code), "{}", ran.out);
    }
    let ran = office.run(&["grant", "issue", "--help"]).ended(Exit::Done);
    assert!(ran.out.contains("Let another agency use a dataset"), "{}", ran.out);
    assert!(ran.out.contains("comity grant issue --dataset"), "{}", ran.out);
}

#[test]
fn nothing_is_signed_unseen_without_an_explicit_yes() {
    let office = Office::new();
    let node = FakeNode::start();
    let key = office.key("civil.gd", KeyRole::Steward);
    let url = node.url();
    let args = ["grant", "revoke", "G0", "--reason", "x", "--key", &key, "--node", &url];
    let ran = office.run(&args).ended(Exit::Usage);
    assert!(ran.err.contains("--yes"), "{}", ran.err);
    assert!(node.inside(|inside| inside.asked.is_empty()), "the node was not even asked");

    let ran = office.run_answering("n\n", &args).ended(Exit::Failed);
    assert!(ran.err.contains("You are about to sign: revoke the grant G0"), "{}", ran.err);
    office.run_answering("", &args).ended(Exit::Failed);
    assert!(node.asked("POST").is_empty());
}

#[test]
fn nothing_is_signed_for_an_unexpected_consortium() {
    let office = Office::new();
    let node = FakeNode::start();
    let (key, url) = (office.key("civil.gd", KeyRole::Steward), node.url());
    let args = ["grant", "revoke", "G0", "--reason", "x", "--yes", "--key", &key, "--node", &url];
    let other = "11".repeat(32);
    let ran = office.run(&[&args[..], &["--consortium", &other]].concat()).ended(Exit::Failed);
    assert!(ran.err.contains(&other), "{}", ran.err);

    let out = office.path("desk.key");
    let mut other_genesis = genesis();
    other_genesis.name = "Another".parse().unwrap();
    office.put("other.json", &serde_json::to_vec(&other_genesis).unwrap());
    let other_genesis = office.path("other.json");
    let new = ["key", "new", "--agency", "civil.gd", "--role", "steward", "--post", "Desk"];
    office
        .run(&[&new[..], &["--no-passphrase", "--out", &out, "--genesis", &other_genesis]].concat())
        .ended(Exit::Done);
    let args = ["grant", "revoke", "G0", "--reason", "x", "--yes", "--key", &out, "--node", &url];
    let ran = office.run(&args).ended(Exit::Failed);
    assert!(ran.err.contains("is expected"), "{}", ran.err);
    assert!(node.asked("POST").is_empty());
}

#[test]
fn addresses_other_than_plain_http_are_refused() {
    let office = Office::new();
    for url in ["https://127.0.0.1:1", "127.0.0.1:8080", "ftp://x", "http://", ""] {
        let ran = office.run(&["status", "--node", url]).ended(Exit::Usage);
        assert!(ran.err.contains("no address of a node"), "{url}: {}", ran.err);
    }
}

#[test]
fn showing_a_key_never_shows_its_secret() {
    let office = Office::new();
    let path = office.key("civil.gd", KeyRole::Steward);
    let seed = hex::encode(*secret("civil.gd", KeyRole::Steward).seed());
    for extra in [&[][..], &["--json"]] {
        let ran = office.run(&[&["key", "show", &path][..], extra].concat()).ended(Exit::Done);
        let public = secret("civil.gd", KeyRole::Steward).public().to_string();
        assert!(ran.out.contains(&public) && ran.out.contains("civil.gd"), "{}", ran.out);
        assert!(!ran.out.contains(&seed) && !ran.err.contains(&seed));
    }
}

#[test]
fn keys_of_nodes_are_made_for_a_genesis_only() {
    let office = Office::new();
    let out = office.path("note.key");
    let args =
        ["key", "new", "--agency", "tax.gd", "--role", "note", "--no-passphrase", "--out", &out];
    let ran = office.run(&args).ended(Exit::Usage);
    assert!(ran.err.contains("--for-genesis"), "{}", ran.err);
    let ran = office.run(&[&args[..], &["--for-genesis", "--json"]].concat()).ended(Exit::Done);
    assert_eq!(ran.json()["consortium"], "0".repeat(64));
    let again = office.run(&[&args[..], &["--for-genesis"]].concat()).ended(Exit::Failed);
    assert!(again.err.contains("exists already"), "{}", again.err);
}

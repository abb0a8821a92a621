//! Outside witnesses: what a node publishes with them, without them, and when they see two logs.

use std::fs::{self, File};
use std::io::Write as _;

use comity_core::checkpoint::{Checkpoint, origin};
use comity_core::hash::LogRoot;
use comity_core::key_file::KeyFile;
use comity_core::note::{Note, NoteKey, NoteKind};
use serde_json::Value;

use super::strangers::metric;
use crate::harness::author::Role;
use crate::harness::consortium::Consortium;
use crate::harness::node::Node;
use crate::harness::program::run;
use crate::harness::wait;
use crate::harness::witness::{Manner, Witness};

/// The verifier keys of the nodes' checkpoints.
pub(crate) fn note_keys(consortium: &Consortium) -> Vec<NoteKey> {
    let origin = origin(&consortium.id());
    let key = |node: &Node| {
        let text = fs::read(node.file("keys/note.json")).unwrap();
        let public = serde_json::from_slice::<KeyFile>(&text).unwrap().public_key;
        NoteKey::new(&origin, NoteKind::Ed25519, public).unwrap()
    };
    consortium.nodes.iter().map(key).collect()
}

/// Has a node ask witnesses, by its settings.
pub(crate) fn configure(node: &Node, policy: &str, witnesses: &[String]) {
    let mut config = File::options().append(true).open(node.file("config.toml")).unwrap();
    writeln!(config, "\n[checkpoints]\nevery_seconds = 1\n{policy}").unwrap();
    writeln!(config, "{}", witnesses.concat()).unwrap();
}

/// The checkpoint that a node publishes, signed by it.
pub(crate) fn published(node: &Node, key: &NoteKey) -> Option<(Checkpoint, Note)> {
    let answer = node.api.get("/tlog/checkpoint");
    if answer.status != 200 {
        answer.problem(503, "problem:not-witnessed");
        return None;
    }
    let note = Note::parse(&answer.body).unwrap();
    Some((Checkpoint::verify(&note, key, key.name()).unwrap(), note))
}

/// Waits until the published checkpoint has all entries and is cosigned by these.
fn until_cosigned(node: &Node, key: &NoteKey, by: &[&Witness]) -> (Checkpoint, Note) {
    wait::until("the newest checkpoint to be cosigned", || {
        let size = node.status()["log_size"].as_u64().unwrap();
        match published(node, key) {
            Some((checkpoint, note))
                if checkpoint.size == size && by.iter().all(|of| of.has_cosigned(&note)) =>
            {
                Ok((checkpoint, note))
            }
            found => Err(format!("{size} entries, published {found:?}")),
        }
    })
}

fn until_metric(node: &Node, name: &str, wanted: impl Fn(f64) -> bool) {
    wait::until(name, || match metric(node.api, name) {
        value if wanted(value) => Ok(()),
        value => Err(value.to_string()),
    });
}

fn commit(consortium: &Consortium, count: usize) {
    (0..count).for_each(|_| drop(consortium.person(0, Role::Officer)));
}

/// What the doctor says of witnesses: the worst of it.
fn doctor(node: &Node) -> (String, String) {
    let ran = run(&mut node.command(&["doctor", "--json"]));
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let mut findings = report["findings"].as_array().unwrap().iter();
    let found = findings.find(|finding| finding["subject"] == "witnesses").unwrap();
    let part = |name: &str| found[name].as_str().unwrap().to_owned();
    (part("level"), part("found"))
}

#[test]
fn newest_checkpoint_is_published_cosigned_and_stays_so_over_restarts_and_while_witnesses_are_away()
{
    let mut consortium = Consortium::found(1);
    let keys = note_keys(&consortium);
    let (a, b) = (
        Witness::start("a.example/w", 1, keys.clone()),
        Witness::start("b.example/w", 2, keys.clone()),
    );
    let policy = "patience_seconds = 1";
    configure(&consortium.nodes[0], policy, &[a.option(), b.option()]);
    consortium.start_all();
    commit(&consortium, 3);
    let (first, _) = until_cosigned(&consortium.nodes[0], &keys[0], &[&a, &b]);
    assert_eq!(first.size, 3);
    let (level, found) = doctor(&consortium.nodes[0]);
    assert!(level == "fine" && found.starts_with("2 of 2 cosign, 2 must"), "{found}");

    // One is enough to keep what is published, since both must sign.
    b.is_from_now_on(Manner::Away);
    commit(&consortium, 2);
    until_metric(&consortium.nodes[0], "comity_checkpoint_overdue_since_seconds", |at| at > 0.0);
    let (kept, before) = published(&consortium.nodes[0], &keys[0]).unwrap();
    assert_eq!((kept, metric(consortium.nodes[0].api, "comity_log_size")), (first.clone(), 5.0));
    let (level, found) = doctor(&consortium.nodes[0]);
    assert!(level == "warning" && found.contains("Not cosigning: b.example/w"), "{found}");

    a.is_from_now_on(Manner::Away);
    consortium.nodes[0].kill_and_start();
    consortium.nodes[0].ready();
    wait::until("the kept checkpoint", || match published(&consortium.nodes[0], &keys[0]) {
        Some((_, note)) if note == before => Ok(()),
        found => Err(format!("{found:?}")),
    });

    a.is_from_now_on(Manner::Honest);
    b.is_from_now_on(Manner::Honest);
    let (last, _) = until_cosigned(&consortium.nodes[0], &keys[0], &[&a, &b]);
    assert_eq!(last.size, 5);
    until_metric(&consortium.nodes[0], "comity_checkpoint_overdue_since_seconds", |at| at == 0.0);
}

#[test]
fn open_policy_publishes_the_newest_without_and_adds_what_witnesses_sign() {
    let mut consortium = Consortium::found(1);
    let keys = note_keys(&consortium);
    let (a, b) = (
        Witness::start("a.example/w", 1, keys.clone()),
        Witness::start("b.example/w", 2, keys.clone()),
    );
    a.is_from_now_on(Manner::Forging);
    b.is_from_now_on(Manner::Babbling);
    let policy = "fail = \"open\"\ncosignatures = 1\npatience_seconds = 1";
    configure(&consortium.nodes[0], policy, &[a.option(), b.option()]);
    consortium.start_all();
    commit(&consortium, 1);
    let (checkpoint, note) = published(&consortium.nodes[0], &keys[0]).unwrap();
    assert_eq!((checkpoint.size, note.signatures.len()), (1, 1));
    wait::until("both to be asked", || match (a.asked_from(), b.asked_from()) {
        (a, _) if !a.is_empty() => Ok(()),
        found => Err(format!("{found:?}")),
    });
    // The forger believes to have signed; from there an honest one would be asked.
    a.is_from_now_on(Manner::Honest);
    let (_, note) = until_cosigned(&consortium.nodes[0], &keys[0], &[&a]);
    assert!(!b.has_cosigned(&note));
    a.is_from_now_on(Manner::Away);
    commit(&consortium, 1);
    wait::until("the newest without", || match published(&consortium.nodes[0], &keys[0]) {
        Some((checkpoint, note)) if checkpoint.size == 2 && note.signatures.len() == 1 => Ok(()),
        found => Err(format!("{found:?}")),
    });
}

#[test]
fn closed_policy_publishes_nothing_that_was_never_cosigned() {
    let mut consortium = Consortium::found(1);
    let keys = note_keys(&consortium);
    // It does not know this log.
    let a = Witness::start("a.example/w", 1, Vec::new());
    configure(&consortium.nodes[0], "", &[a.option()]);
    consortium.start_all();
    commit(&consortium, 1);
    let name = "comity_witness_failing_since_seconds{witness=\"a.example/w\"}";
    until_metric(&consortium.nodes[0], name, |since| since > 0.0);
    assert!(published(&consortium.nodes[0], &keys[0]).is_none());
    let log = consortium.nodes[0].log();
    assert!(log.contains("it does not know this log"), "{log}");
    // Nothing else is held up by it.
    commit(&consortium, 1);
}

#[test]
fn witness_of_two_nodes_is_asked_from_where_the_other_took_it() {
    let mut consortium = Consortium::found(2);
    let keys = note_keys(&consortium);
    let a = Witness::start("a.example/w", 1, keys.clone());
    for node in &consortium.nodes {
        configure(node, "", &[a.option()]);
    }
    consortium.start_all();
    for _ in 0..3 {
        commit(&consortium, 2);
        for (node, key) in consortium.nodes.iter().zip(&keys) {
            until_cosigned(node, key, &[&a]);
        }
    }
    // What was kept is gone: the witness itself says how far it is.
    assert_eq!(consortium.nodes[1].stop().code(), Some(0));
    fs::remove_file(consortium.nodes[1].file("cosigned.checkpoint")).unwrap();
    let before = a.asked_from().len();
    consortium.nodes[1].start();
    consortium.nodes[1].ready();
    until_cosigned(&consortium.nodes[1], &keys[1], &[&a]);
    assert_eq!(a.asked_from()[before..], [0, 6]);
}

#[test]
fn witness_that_has_seen_another_log_is_told_loudly() {
    let mut consortium = Consortium::found(1);
    let keys = note_keys(&consortium);
    let a = Witness::start("a.example/w", 1, keys.clone());
    a.has_signed(2, LogRoot([7; 32]));
    configure(&consortium.nodes[0], "", &[a.option()]);
    consortium.start_all();
    commit(&consortium, 3);
    let name = "comity_witness_conflict{witness=\"a.example/w\"}";
    until_metric(&consortium.nodes[0], name, |conflict| conflict == 1.0);
    assert!(published(&consortium.nodes[0], &keys[0]).is_none());
    let (level, found) = doctor(&consortium.nodes[0]);
    assert!(level == "trouble" && found.contains("two logs were signed as one"), "{found}");
    let log = consortium.nodes[0].log();
    assert!(log.contains("a witness has seen another log"), "{log}");
    commit(&consortium, 1);
}

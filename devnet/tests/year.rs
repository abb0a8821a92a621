//! An invented year, small, as it is made everywhere: the same bytes twice, verified, reported, and read
//! in the place of a node. With `COMITY_FULL=1` at full size, and over the catalogues that
//! `COMITY_CATALOGS` names.
//! Holds: what lists show is counted a second time from the archive's own bytes.
//! May not enter: nodes.

#![cfg(test)]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::process::Command;

use comity_core::archive::{FRAME_HEAD_BYTES, Frame, HEAD_BYTES, decode_frame, frame_head};
use comity_core::encoding::decode;
use comity_core::statement::{Action, MAX_RECORD_BYTES, SignedRecord};
use serde_json::Value;

/// Requests in the small year: enough for every kind of thing to happen.
const SMALL: &str = "90";

fn devnet(directory: &Path, args: &[&str]) -> String {
    let told = Command::new(env!("CARGO_BIN_EXE_comity-devnet"))
        .args(args)
        .current_dir(directory)
        .env_remove("COMITY_NODE")
        .env_remove("COMITY_KEY")
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.status.success(), "{args:?}\n{words}\n{}", String::from_utf8_lossy(&told.stderr));
    words
}

fn comity(directory: &Path, args: &[&str]) -> Value {
    let said = devnet(directory, &[&["__comity"], args, &["--json"]].concat());
    serde_json::from_str(&said).unwrap()
}

/// A list, read from the archive of a year in the place of a node.
fn listed(directory: &Path, args: &[&str], name: &str) -> Vec<Value> {
    let file = ["--archive", "year.archive", "--genesis", "year.genesis.json"];
    let found = comity(directory, &[args, &file].concat());
    found[name].as_array().unwrap_or_else(|| panic!("{args:?}: no {name} in {found}")).clone()
}

/// The entries of an archive, by the frames of the file alone.
fn entries(path: &Path) -> Vec<SignedRecord> {
    let mut file = BufReader::new(File::open(path).unwrap());
    file.read_exact(&mut [0; HEAD_BYTES]).unwrap();
    let mut entries = Vec::new();
    let mut head = [0; FRAME_HEAD_BYTES];
    while file.read_exact(&mut head).is_ok() {
        let (kind, length) = frame_head(&head).unwrap();
        let mut content = vec![0; length];
        file.read_exact(&mut content).unwrap();
        if let Frame::Block(block) = decode_frame(kind, &content).unwrap() {
            let read = |record: &Vec<u8>| decode(record, MAX_RECORD_BYTES).unwrap();
            entries.extend(block.records.iter().map(read));
        }
    }
    entries
}

fn by_kind(entries: &[SignedRecord]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for entry in entries {
        *counts.entry(entry.statement.action.kind()).or_default() += 1;
    }
    counts
}

fn make(directory: &Path, seed: &str) {
    let args = ["year", "--seed", seed, "--requests", SMALL, "--out", "year.archive"];
    devnet(directory, &args);
}

/// The report of a year, and the same figures computed a second time; `None`, and the reason printed,
/// without Python.
fn reported_twice(directory: &Path) -> Option<(Value, Value)> {
    if Command::new("python3").arg("--version").output().is_err() {
        println!("skipped: python3 does not run here");
        return None;
    }
    let file = ["--archive", "year.archive", "--genesis", "year.genesis.json"];
    let ours = comity(directory, &[&["report", "collaboration"], &file[..]].concat());
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/indicators/compute.py");
    let told = Command::new("python3")
        .arg(program)
        .args(["year.archive", "year.genesis.json"])
        .current_dir(directory)
        .output()
        .unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    Some((ours, serde_json::from_slice(&told.stdout).unwrap()))
}

#[test]
fn nobody_who_has_left_acts_on_what_it_passed_on() {
    let directory = tempfile::tempdir().unwrap();
    // Years in which a member leaves that had passed on grants, which are to be revoked and suspended later.
    for seed in ["9", "10"] {
        let args = ["year", "--seed", seed, "--requests", "400", "--out", "year.archive"];
        devnet(directory.path(), &args);
        for file in ["year.archive", "year.genesis.json"] {
            std::fs::remove_file(directory.path().join(file)).unwrap();
        }
    }
}

#[test]
fn a_seed_makes_the_same_year_twice_and_another_seed_another() {
    let read = |seed: &str| {
        let directory = tempfile::tempdir().unwrap();
        make(directory.path(), seed);
        let read = |name: &str| std::fs::read(directory.path().join(name)).unwrap();
        (read("year.archive"), read("year.genesis.json"))
    };
    let first = read("7");
    assert!(first == read("7"), "the same seed made other bytes");
    assert!(first.0 != read("8").0, "another seed made the same year");
}

#[test]
fn a_second_year_is_not_written_over_the_first_nor_its_genesis_over_another() {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path(), "1");
    let read = |name: &str| std::fs::read(directory.path().join(name)).ok();
    let before = (read("year.archive"), read("year.genesis.json"));
    std::fs::write(directory.path().join("genesis.json"), "{}").unwrap();
    let refused = |args: &[&str]| {
        let told = Command::new(env!("CARGO_BIN_EXE_comity-devnet"))
            .args([&["year", "--requests", "1"], args].concat())
            .current_dir(directory.path())
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&told.stderr);
        assert!(!told.status.success() && words.contains("exists"), "{args:?}: {words}");
    };
    refused(&["--out", "year.archive", "--genesis", "other.json"]);
    refused(&["--out", "other.archive", "--genesis", "genesis.json"]);
    assert!(before == (read("year.archive"), read("year.genesis.json")), "the first was changed");
    assert!(read("other.json").is_none() && read("other.archive").is_none(), "half of a year");
    assert_eq!(read("genesis.json").as_deref(), Some("{}".as_bytes()));
}

#[test]
fn a_year_verifies_and_its_report_is_the_one_that_is_computed_from_its_bytes() {
    for seed in ["1", "2"] {
        let directory = tempfile::tempdir().unwrap();
        make(directory.path(), seed);
        let file = ["year.archive", "--genesis", "year.genesis.json"];
        let verified = comity(directory.path(), &[&["verify", "archive"], &file[..]].concat());
        assert_eq!(verified["verified"], true);
        let made = entries(&directory.path().join("year.archive"));
        assert_eq!(verified["entries"].as_u64(), Some(made.len() as u64));
        let Some((ours, theirs)) = reported_twice(directory.path()) else { return };
        assert!(ours == theirs, "seed {seed}: two computations of one report differ");
    }
}

#[test]
fn everything_that_a_year_is_to_have_happens_in_it() {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path(), "1");
    let made = entries(&directory.path().join("year.archive"));
    let counts = by_kind(&made);
    for kind in [
        "publish-calendar",
        "publish-rules",
        "publish-dataset",
        "open-request",
        "approve-request",
        "refuse-request",
        "report-delivery",
        "record-access",
        "record-denial",
        "acknowledge-access",
        "refresh-dataset",
        "suspend-grant",
        "resume-grant",
        "issue-onward",
        "narrow-grant",
        "extend-grant",
        "revoke-grant",
        "open-check",
        "answer-check",
        "open-dispute",
        "answer-dispute",
        "declare-emergency",
        "end-emergency",
        "embed-late",
        "justify-access",
        "review-emergency",
        "open-draw",
        "commit-draw",
        "reveal-draw",
        "report-review",
        "open-finding",
        "answer-finding",
        "close-finding",
        "form-task-force",
        "leave-task-force",
        "report-assessment",
        "follow-up-assessment",
        "open-proposal",
        "cast-ballot",
    ] {
        assert!(counts.contains_key(kind), "no {kind} in {counts:?}");
    }
    let status = comity(
        directory.path(),
        &["verify", "archive", "year.archive", "--genesis", "year.genesis.json"],
    );
    let began = 1_767_225_600_000;
    let lasted = status["tip"]["time"].as_u64().unwrap() - began;
    assert!(lasted > 366 * 86_400_000, "it lasts {lasted} ms");
    let left = listed(directory.path(), &["agency", "list"], "agencies");
    assert!(left.iter().any(|agency| !agency["departure"].is_null()), "nobody left");
}

#[test]
fn what_a_year_changes_of_grants_and_takes_in_late_is_followed_to_its_end() {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path(), "1");
    let place = directory.path();
    let made = entries(&place.join("year.archive"));
    let grants = listed(place, &["grant", "list"], "grants");
    let standing = |id: &Value| {
        let found = grants.iter().find(|grant| grant["id"] == *id);
        found.map(|grant| grant["standing"].clone()).unwrap_or_default()
    };
    let derived = grants.iter().filter(|grant| !grant["grant"]["parent"].is_null());
    let ended_above =
        derived.filter(|grant| standing(&grant["grant"]["parent"]) == "revoked").count();
    assert!(ended_above > 0, "nothing that was passed on ended with the grant it came from");
    let against = made.iter().filter_map(|entry| match &entry.statement.action {
        Action::EmbedLate { missing, against, .. } => {
            Some((!missing.is_empty(), against.is_some()))
        }
        _ => None,
    });
    let against: Vec<(bool, bool)> = against.collect();
    for (is_wanted, why) in [
        (against.iter().any(|(_, against)| *against), "nothing stood against any late entry"),
        (against.iter().any(|(_, against)| !*against), "something stood against every late entry"),
        (against.iter().any(|(missing, _)| *missing), "no late entry was missed at first"),
    ] {
        assert!(is_wanted, "{why}: {against:?}");
    }
    let (last_is_complete, _) = *against.last().unwrap();
    assert!(!last_is_complete, "what was missed never came in");
}

#[test]
fn lists_read_from_a_year_show_what_its_entries_made() {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path(), "1");
    let made = entries(&directory.path().join("year.archive"));
    let counts = by_kind(&made);
    let count = |kind: &str| counts.get(kind).copied().unwrap_or_default();
    let place = directory.path();
    for (command, name, kind) in [
        ("dataset", "datasets", "publish-dataset"),
        ("request", "requests", "open-request"),
        ("check", "checks", "open-check"),
        ("dispute", "disputes", "open-dispute"),
        ("incident", "incidents", "report-incident"),
        ("emergency", "emergencies", "declare-emergency"),
        ("draw", "draws", "open-draw"),
        ("task-force", "task_forces", "form-task-force"),
        ("assessment", "assessments", "report-assessment"),
        ("proposal", "proposals", "open-proposal"),
    ] {
        assert_eq!(listed(place, &[command, "list"], name).len(), count(kind), "{command} list");
    }
    let findings = listed(place, &["finding", "list", "--all"], "findings");
    assert_eq!(findings.len(), count("open-finding"));
    let grants = listed(place, &["grant", "list"], "grants");
    let by_rule = listed(place, &["request", "list"], "requests").into_iter().filter(|request| {
        request["request"]["reply"]["outcome"]["by_rule"].as_bool() == Some(true)
    });
    let issued = count("approve-request") + count("issue-grant") + count("issue-onward");
    assert_eq!(grants.len(), issued + by_rule.count());
    let allowed = count("record-access") + count("embed-late");
    for (outcome, count) in [("allowed", allowed), ("refused", count("record-denial"))] {
        let args = ["access", "list", "--limit", "1000", "--outcome", outcome];
        assert_eq!(listed(place, &args, "entries").len(), count, "{outcome}");
    }
}

#[test]
fn one_thing_read_from_a_year_is_what_its_list_says_and_its_entries_are_found_by_it() {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path(), "1");
    let place = directory.path();
    let made = entries(&place.join("year.archive"));
    let file = ["--archive", "year.archive", "--genesis", "year.genesis.json"];
    let grants = listed(place, &["grant", "list"], "grants");
    let used = grants.iter().find(|grant| grant["usage"]["total"].as_u64() > Some(2)).unwrap();
    let id = used["id"].as_str().unwrap();
    assert_eq!(comity(place, &[&["grant", "show", id], &file[..]].concat()), *used);
    let accesses = made.iter().filter(|entry| match &entry.statement.action {
        Action::RecordAccess { attempt, .. } => attempt.attempt.grant.to_string() == id,
        _ => false,
    });
    let args = ["log", "list", "--grant", id, "--kind", "record-access", "--limit", "1000"];
    assert_eq!(listed(place, &args, "entries").len(), accesses.count());
    for (command, name) in [
        ("request", "requests"),
        ("check", "checks"),
        ("dispute", "disputes"),
        ("draw", "draws"),
        ("finding", "findings"),
        ("emergency", "emergencies"),
        ("task-force", "task_forces"),
        ("assessment", "assessments"),
    ] {
        let first = listed(place, &[command, "list"], name)[0].clone();
        let id = first["id"].as_str().unwrap();
        let shown = comity(place, &[&[command, "show", id], &file[..]].concat());
        assert_eq!(shown["id"], first["id"], "{command} show {id}");
    }
    // What needs no id, and the words for people.
    for args in [
        &["duty", "list"][..],
        &["codes", "list"],
        &["calendar", "list"],
        &["rules", "show"],
        &["responsibility", "list"],
        &["key", "list"],
        &["log", "show", "20"],
        &["inbox", "--agency", "civil.city", "--role", "steward"],
        &["inbox", "--agency", "audit.prov", "--role", "auditor"],
        &["agency", "show", "data.prov"],
        &["grant", "show", id],
        &["dataset", "duplicates"],
    ] {
        let said = devnet(place, &[&["__comity"], args, &file].concat());
        assert!(!said.trim().is_empty(), "{args:?}");
    }
}

#[test]
fn a_changed_byte_is_noticed_before_anything_is_shown() {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path(), "1");
    let path = directory.path().join("year.archive");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let told = Command::new(env!("CARGO_BIN_EXE_comity-devnet"))
        .args(["__comity", "grant", "list", "--archive", "year.archive"])
        .args(["--genesis", "year.genesis.json"])
        .current_dir(directory.path())
        .output()
        .unwrap();
    assert_eq!(told.status.code(), Some(5), "{}", String::from_utf8_lossy(&told.stderr));
    assert!(told.stdout.is_empty());
}

#[test]
fn a_year_at_full_size_over_real_catalogues_is_reported_as_it_is_computed() {
    if std::env::var_os("COMITY_FULL").is_none() {
        println!("skipped: COMITY_FULL=1 makes a year at full size");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let mut args = vec!["year".to_owned(), "--out".to_owned(), "year.archive".to_owned()];
    if let Ok(catalogues) = std::env::var("COMITY_CATALOGS") {
        args.extend(["--catalogs".to_owned(), catalogues]);
    }
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    println!("{}", devnet(directory.path(), &args));
    let Some((ours, theirs)) = reported_twice(directory.path()) else { return };
    assert!(ours == theirs, "two computations of one report differ");
}

//! Sealed details: to the node and not on the log, read again, erased; and the warning of what
//! should have been sealed.

use std::collections::BTreeSet;

use comity_core::access::SignedAttempt;
use comity_core::agency::KeyRole;
use serde_json::{Value, json};

use super::fake_node::Answer;
use super::fixture::Ran;
use super::flows::Desk;
use super::requests;
use crate::fault::Exit;

const ATTEMPT: [&str; 9] = [
    "access",
    "attempt",
    "--grant",
    "G1",
    "--matter",
    "LOW-INCOME-CHECK",
    "--mode",
    "query",
    "--all-items",
];

fn desk_with_grant() -> Desk {
    let desk = Desk::new();
    desk.publish().ended(Exit::Done);
    let grant = "grant issue --dataset civil.gd/marriage-register --to finance.gd --matter \
                 LOW-INCOME-CHECK --basis ACT-12 --mode query --until 2026-12-31 --all-items";
    let words: Vec<&str> = grant.split_whitespace().collect();
    desk.sign("civil.gd", KeyRole::Steward, &words).ended(Exit::Done);
    desk
}

fn attempt(desk: &Desk, extra: &[&str]) -> Ran {
    let out = desk.office.path("request.json");
    let args = [&ATTEMPT[..], &["--out", &out], extra].concat();
    desk.sign("finance.gd", KeyRole::Officer, &args)
}

fn signed(desk: &Desk) -> SignedAttempt {
    let bytes = std::fs::read(desk.office.path("request.json")).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn an_attempt_has_commitments_and_the_officers_node_keeps_what_opens_them() {
    let desk = desk_with_grant();
    let file = desk.office.path("sealed.toml");
    std::fs::write(&file, "purpose = \"Relief for widows\"\nrow-filter = \"id = 7\"\n").unwrap();
    let ran = attempt(&desk, &["--case-number", "2026-0417", "--sealed-file", &file]);
    let ran = ran.ended(Exit::Done);
    let shown = ["2026-0417", "Relief for widows", "id = 7", "kept sealed at your node"];
    for words in shown {
        assert!(ran.err.contains(words), "{words} is missing in {}", ran.err);
    }
    let text = std::fs::read_to_string(desk.office.path("request.json")).unwrap();
    assert!(!text.contains("0417") && !text.contains("widows"), "{text}");
    let signed = signed(&desk);
    signed.verify().unwrap();
    let kept: Vec<Value> = desk.node.inside(|inside| inside.kept.values().cloned().collect());
    assert_eq!(kept.len(), 3);
    for commitment in &signed.attempt.sealed {
        assert!(kept.iter().any(|kept| kept["commitment"] == json!(commitment)));
    }
    let salts: BTreeSet<String> = kept.iter().map(|kept| kept["salt"].to_string()).collect();
    assert_eq!(salts.len(), 3, "each has a salt of its own");
}

#[test]
fn nothing_is_signed_that_the_node_does_not_keep_the_openings_of() {
    let desk = desk_with_grant();
    let full = json!({
        "type": "urn:comity:problem:kept-full", "status": 507, "detail": "all is used",
    });
    desk.node.answer("POST /v1/sealed", Answer::Json(507, full));
    let ran = attempt(&desk, &["--case-number", "2026-0417"]).ended(Exit::Failed);
    assert!(ran.err.contains("no room to keep more: all is used"), "{}", ran.err);
    assert!(!std::path::Path::new(&desk.office.path("request.json")).exists());
    let other = json!({ "commitments": ["00".repeat(32)] });
    desk.node.answer("POST /v1/sealed", Answer::Json(200, other));
    attempt(&desk, &["--case-number", "2026-0417"]).ended(Exit::Failed);
    assert!(!std::path::Path::new(&desk.office.path("request.json")).exists());
}

#[test]
fn a_detail_is_given_once_and_is_something() {
    let desk = desk_with_grant();
    let file = desk.office.path("sealed.json");
    let cases = [
        (r#"{"case-number": "7"}"#, "given twice"),
        (r#"{"purpose": "two\nlines"}"#, "cannot be sealed as it is"),
        (r#"{"purpose": " "}"#, "there is nothing in it"),
        (r#"{"name": "Li Lei"}"#, "is no file of sealed details"),
    ];
    for (text, words) in cases {
        std::fs::write(&file, text).unwrap();
        let ran = attempt(&desk, &["--case-number", "2026-0417", "--sealed-file", &file]);
        let ran = ran.ended(Exit::Usage);
        assert!(ran.err.contains(words), "{words} is missing in {}", ran.err);
        assert!(!ran.err.contains("Li Lei"), "{}", ran.err);
    }
    assert!(desk.node.asked("POST /v1/sealed").is_empty());
}

#[test]
fn what_is_wrong_with_a_file_is_said_without_repeating_it() {
    let desk = desk_with_grant();
    let file = desk.office.path("sealed.toml");
    for text in ["purpose = \"Relief\"\ncase-number = 31415926\n", "\n31415926"] {
        std::fs::write(&file, text).unwrap();
        let ran = attempt(&desk, &["--sealed-file", &file]).ended(Exit::Usage);
        assert!(ran.err.contains("line 2") && !ran.err.contains("31415926"), "{}", ran.err);
    }
}

#[test]
fn what_was_sealed_is_shown_by_commitment_or_entry_until_it_is_erased() {
    let desk = desk_with_grant();
    attempt(&desk, &["--case-number", "2026-0417", "--purpose", "Relief"]).ended(Exit::Done);
    let file = desk.office.path("request.json");
    let record = ["access", "record", "--attempt", &file];
    desk.sign("civil.gd", KeyRole::Gateway, &record).ended(Exit::Done);
    let commitment = signed(&desk).attempt.sealed[0].to_string();
    // Reading needs no confirmation.
    let key = desk.office.key("finance.gd", KeyRole::Officer);
    let ran = desk.ask(&["sealed", "show", "2", "--key", &key]).ended(Exit::Done);
    for words in ["Case number       2026-0417", "Purpose           Relief", &commitment] {
        assert!(ran.out.contains(words), "{words} is missing in {}", ran.out);
    }
    let erase = ["sealed", "erase", &commitment, "--reason", "Retention period has ended"];
    let ran = desk
        .office
        .run_answering("n\n", &[&erase[..], &["--key", &key, "--node", &desk.node.url()]].concat());
    assert!(ran.ended(Exit::Failed).err.contains("stays provable: the entry"));
    assert!(desk.node.asked("DELETE").is_empty());
    let ran = desk.sign("finance.gd", KeyRole::Officer, &erase).ended(Exit::Done);
    assert!(ran.out.contains(&format!("{commitment} is erased")), "{}", ran.out);
    let ran = desk.ask(&["sealed", "show", &commitment, "--key", &key]).ended(Exit::Failed);
    assert!(ran.err.contains("gone for good"), "{}", ran.err);
    // When, by whom and why, as people read it.
    for words in ["It was erased: on 20", "with the key ", "given: Retention period has ended"] {
        assert!(ran.err.contains(words), "{words} is missing in {}", ran.err);
    }
    // Of the entry, what is left is shown.
    let ran = desk.ask(&["sealed", "show", "2", "--key", &key, "--json"]).ended(Exit::Done);
    let sealed = ran.json()["sealed"].clone();
    assert_eq!(sealed[0], json!({ "commitment": commitment, "missing": "erased" }));
    assert_eq!(sealed[1]["text"], "Relief");
    // A text that the node's disk has damaged does not hide its neighbours either.
    let damaged = json!({
        "type": "urn:comity:problem:kept-damaged", "status": 500, "detail": "it is damaged",
    });
    desk.node.answer(&format!("GET /v1/sealed/{commitment}"), Answer::Json(500, damaged));
    let ran = desk.ask(&["sealed", "show", "2", "--key", &key, "--json"]).ended(Exit::Done);
    let sealed = ran.json()["sealed"].clone();
    assert_eq!(sealed[0], json!({ "commitment": commitment, "missing": "kept-damaged" }));
    assert_eq!(sealed[1]["text"], "Relief");
    let ran = desk.ask(&["sealed", "show", "0", "--key", &key]).ended(Exit::Failed);
    assert!(ran.err.contains("Nothing was sealed in entry 0"), "{}", ran.err);
}

#[test]
fn requests_of_one_command_seal_the_same_texts_under_salts_of_their_own() {
    let desk = requests::desk();
    let args = "request open --dataset civil.gd/marriage-register health.gd/births --matter \
                LOW-INCOME-CHECK --basis ACT-12 --mode query --until 2026-12-31 --all-items \
                --case-number 2026-0417 --purpose Relief";
    let words: Vec<&str> = args.split_whitespace().collect();
    let ran = desk.sign("finance.gd", KeyRole::Officer, &words).ended(Exit::Done);
    assert_eq!(ran.err.matches("2026-0417").count(), 1, "shown once for all: {}", ran.err);
    let kept: Vec<Value> = desk.node.inside(|inside| inside.kept.values().cloned().collect());
    let salts: BTreeSet<String> = kept.iter().map(|kept| kept["salt"].to_string()).collect();
    assert_eq!((kept.len(), salts.len()), (4, 4), "{kept:?}");
    // No commitment of one entry is in the other, so one is erased without the other.
    let key = desk.office.key("finance.gd", KeyRole::Officer);
    let show = |entry: &str| {
        let ran = desk.ask(&["sealed", "show", entry, "--key", &key, "--json"]).ended(Exit::Done);
        ran.json()["sealed"].clone()
    };
    let first = show("2")[0]["commitment"].as_str().unwrap().to_owned();
    let erase = ["sealed", "erase", &first, "--reason", "Retention period has ended"];
    desk.sign("finance.gd", KeyRole::Officer, &erase).ended(Exit::Done);
    assert_eq!(show("2")[0]["missing"], "erased");
    assert_eq!(show("3")[0]["text"], "2026-0417");
    assert_eq!(show("3")[1]["text"], "Relief");
}

#[test]
fn a_refused_request_of_several_says_how_to_erase_its_own_details_alone() {
    let desk = requests::desk();
    let args = "request open --dataset civil.gd/marriage-register civil.gd/not-there --matter \
                LOW-INCOME-CHECK --basis ACT-12 --mode query --until 2026-12-31 --all-items \
                --case-number 2026-0417";
    let words: Vec<&str> = args.split_whitespace().collect();
    let ran = desk.sign("finance.gd", KeyRole::Officer, &words).ended(Exit::Refused);
    assert!(ran.out.contains("Done: R2 asks for civil.gd/marriage-register"), "{}", ran.out);
    let key = desk.office.key("finance.gd", KeyRole::Officer);
    let ran_show = desk.ask(&["sealed", "show", "2", "--key", &key, "--json"]).ended(Exit::Done);
    let opened = ran_show.json()["sealed"][0]["commitment"].as_str().unwrap().to_owned();
    let kept: Vec<String> = desk.node.inside(|inside| inside.kept.keys().cloned().collect());
    assert_eq!(kept.len(), 2);
    for commitment in kept {
        let is_told = ran.err.contains(&format!("comity sealed erase {commitment}"));
        assert_eq!(is_told, commitment != opened, "{}", ran.err);
    }
}

#[test]
fn what_the_node_shows_must_fit_its_commitment() {
    let desk = desk_with_grant();
    attempt(&desk, &["--case-number", "2026-0417"]).ended(Exit::Done);
    let commitment = signed(&desk).attempt.sealed[0].to_string();
    desk.node.inside(|inside| {
        inside.kept.get_mut(&commitment).unwrap()["text"] = json!("2026-0418");
    });
    let key = desk.office.key("finance.gd", KeyRole::Officer);
    let ran = desk.ask(&["sealed", "show", &commitment, "--key", &key]).ended(Exit::Failed);
    assert!(ran.err.contains("does not fit that commitment"), "{}", ran.err);
    assert!(ran.out.is_empty(), "{}", ran.out);
}

#[test]
fn what_looks_like_a_person_is_warned_of_also_with_yes_and_is_not_refused() {
    let desk = desk_with_grant();
    let reason = "Wrong for 11010519491231002X";
    let args = ["grant", "revoke", "G1", "--reason", reason];
    let ran = desk.sign("civil.gd", KeyRole::Steward, &args).ended(Exit::Done);
    let warning = "Warning: reason has what looks like a resident identity number (11…2X).";
    assert!(ran.err.contains(warning), "{}", ran.err);
    assert!(ran.err.contains("--sealed-file"), "{}", ran.err);
    // A sealed detail may well be a person's.
    let desk = desk_with_grant();
    let ran = attempt(&desk, &["--row-filter", "id = 11010519491231002X"]).ended(Exit::Done);
    assert!(!ran.err.contains("Warning"), "{}", ran.err);
}

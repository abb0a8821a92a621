//! What a gateway signed while the network was cut, taken in late from the command line: by number, with
//! what is missing and what stood against it, and no further than the first that is refused.

use std::collections::BTreeSet;

use comity_core::access::{Attempt, SignedAttempt};
use comity_core::agency::KeyRole;
use comity_core::dataset::{DeliveryMode, Items};
use comity_core::hash::{ConsortiumId, leaf_hash};
use comity_core::ids::{EmergencyId, ExchangeId, LogIndex, Nonce, TimeMs};
use comity_core::statement::{
    Action, Capacity, STATEMENT_VERSION, SignedRecord, Statement, StatementSigner,
};
use serde_json::{Value, json};

use super::emergencies::{DATASET, flooded};
use super::fixture::{MEMBERS, NOW, Ran, genesis, secret};
use super::flows::Desk;
use crate::fault::Exit;

/// When the emergency is declared, by its block.
const DECLARED: TimeMs = TimeMs(NOW.0 + 4);
/// Before this, what was signed then can still go in.
const IN_AN_HOUR: TimeMs = TimeMs(NOW.0 + 60 * 60 * 1_000);

/// What a gateway signed while nobody heard it.
struct Unheard {
    number: u64,
    matter: &'static str,
    until: TimeMs,
    consortium: ConsortiumId,
}

impl Unheard {
    /// One that has run out.
    fn of(number: u64) -> Unheard {
        Unheard { number, matter: "TAX-RELIEF", until: DECLARED, consortium: genesis().id() }
    }

    fn signed(&self) -> Vec<u8> {
        let Unheard { number, matter, until, consortium } = *self;
        let (officer, gateway) =
            (secret(MEMBERS[2], KeyRole::Officer), secret(MEMBERS[1], KeyRole::Gateway));
        let mark = [u8::try_from(number).unwrap(); 16];
        let attempt = Attempt {
            consortium,
            exchange: ExchangeId(mark),
            grant: EmergencyId(LogIndex(4)).into(),
            dataset: DATASET.parse().unwrap(),
            requester: MEMBERS[2].parse().unwrap(),
            officer: officer.public(),
            matter: matter.parse().unwrap(),
            items: Items::All,
            mode: DeliveryMode::Query,
            made_at: DECLARED,
            valid_until: DECLARED,
            sealed: vec![],
            batch: None,
            capacity: Capacity::Agency,
        };
        let attempt = SignedAttempt { signature: officer.sign_attempt(&attempt), attempt };
        let signer = StatementSigner {
            agency: MEMBERS[1].parse().unwrap(),
            key: gateway.public(),
            role: KeyRole::Gateway,
            capacity: Capacity::Agency,
        };
        let statement = Statement {
            version: STATEMENT_VERSION,
            consortium,
            nonce: Nonce(mark),
            valid_until: until,
            signers: vec![signer],
            sealed: vec![],
            action: Action::RecordAccess { attempt, number, answer: None },
        };
        let signatures = vec![gateway.sign_statement(&statement)];
        SignedRecord { statement, signatures }.to_bytes()
    }

    /// The file in which it is kept.
    fn kept(&self, desk: &Desk) -> String {
        let name = format!("cut-{}.record", self.number);
        desk.office.put(&name, &self.signed());
        desk.office.path(&name)
    }
}

fn embed(desk: &Desk, files: &[String]) -> Ran {
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let args = [&["access", "embed-late", "--json"], &files[..]].concat();
    desk.sign(MEMBERS[1], KeyRole::Gateway, &args)
}

/// Of each late entry, the number, those left out, and the rule that stood against it.
fn entered(desk: &Desk) -> Vec<(u64, BTreeSet<u64>, Value)> {
    let entries = desk.node.inside(|inside| inside.entries().to_vec());
    let late = entries.iter().map(|entry| &entry["record"]["statement"]["action"]);
    late.filter(|action| action["kind"] == "embed-late")
        .map(|action| {
            let missing = serde_json::from_value(action["missing"].clone()).unwrap();
            let number = action["record"]["number"].as_u64().unwrap();
            (number, missing, action["against"]["rule"].clone())
        })
        .collect()
}

#[test]
fn records_go_in_by_their_numbers_and_what_is_missing_is_named_and_goes_in_afterwards() {
    let desk = flooded();
    let [first, second, fourth] = [1, 2, 4].map(|number| Unheard::of(number).kept(&desk));
    let ran = embed(&desk, &[fourth, first]).ended(Exit::Done);
    let of = |name: &str| -> Vec<Value> {
        let embedded = ran.json()["embedded"].as_array().unwrap().clone();
        embedded.iter().map(|one| one[name].clone()).collect()
    };
    assert_eq!((of("number"), of("index")), (vec![json!(1), json!(4)], vec![json!(5), json!(6)]));
    for words in ["Numbers left out", "2, 3", "none: this is the next number"] {
        assert!(ran.err.contains(words), "{words} is missing in {}", ran.err);
    }
    embed(&desk, &[second]).ended(Exit::Done);
    let found = entered(&desk);
    let missing: Vec<(u64, BTreeSet<u64>)> =
        found.into_iter().map(|(number, missing, _)| (number, missing)).collect();
    let expected = [(1, [].into()), (4, [2, 3].into()), (2, [].into())];
    assert_eq!(missing, expected);
}

#[test]
fn what_stood_against_an_access_is_shown_before_it_is_signed_beside_it() {
    let desk = flooded();
    let other = Unheard { matter: "LOW-INCOME-CHECK", ..Unheard::of(1) };
    let ran = embed(&desk, &[other.kept(&desk)]).ended(Exit::Done);
    assert_eq!(ran.json()["embedded"][0]["against"]["rule"], "emergency-matter");
    for words in ["Something stood against this access", "the emergency is for TAX-RELIEF"] {
        assert!(ran.err.contains(words), "{words} is missing in {}", ran.err);
    }
    assert_eq!(entered(&desk), [(1, [].into(), json!("emergency-matter"))]);
}

#[test]
fn what_went_in_late_is_found_by_its_exchange_and_waits_for_the_other_sides_word() {
    let desk = flooded();
    embed(&desk, &[Unheard::of(1).kept(&desk)]).ended(Exit::Done);
    let exchange = ExchangeId([1; 16]).to_string();
    let explain = ["access", "explain", &exchange, "--json"];
    let explained = desk.ask(&explain).ended(Exit::Done).json();
    assert_eq!(explained["late_since"], json!(DECLARED), "{explained}");
    let unmatched = desk.ask(&["audit", "unmatched", "--json"]).ended(Exit::Unverified).json();
    assert_eq!(unmatched["unmatched"][0]["access"]["index"], json!(5), "{unmatched}");
}

#[test]
fn a_file_that_holds_no_such_record_is_named_before_anything_is_signed() {
    let desk = flooded();
    desk.office.put("rubbish.record", b"nothing that anybody signed");
    let published = desk.node.asked("POST /v1/records").remove(0);
    desk.office.put("published.record", &published);
    let elsewhere = Unheard { consortium: ConsortiumId([9; 32]), ..Unheard::of(2) };
    let good = Unheard::of(1).kept(&desk);
    for (file, cause) in [
        (desk.office.path("rubbish.record"), ""),
        (desk.office.path("published.record"), "it records no access"),
        (elsewhere.kept(&desk), "consortium"),
    ] {
        let ran = embed(&desk, &[good.clone(), file.clone()]).ended(Exit::Failed);
        for words in [
            format!("{file} holds nothing that can go in late"),
            cause.to_owned(),
            "Nothing was signed".to_owned(),
            format!("Next: leave it out, or see what it is: comity record submit {file}"),
        ] {
            assert!(ran.err.contains(&words), "{words} is missing in {}", ran.err);
        }
    }
    assert_eq!(entered(&desk), []);
}

#[test]
fn a_kept_record_that_ran_out_is_left_when_it_is_submitted_and_gone_when_it_is_in() {
    let desk = flooded();
    let bytes = Unheard::of(1).signed();
    let leaf = leaf_hash(&bytes).to_string();
    let name = format!("comity-pending-{}.record", &leaf[..16]);
    desk.office.put(&name, &bytes);
    let (kept, pending) = (desk.office.path(&name), desk.office.pending());
    let ran = desk.ask(&["record", "submit", &kept, "--yes"]).ended(Exit::Refused);
    assert!(ran.err.contains("goes in late: comity access embed-late"), "{}", ran.err);
    assert_eq!(desk.office.pending(), pending, "nobody else has what was signed then");
    embed(&desk, &[kept]).ended(Exit::Done);
    assert!(desk.office.pending().is_empty(), "it is on the log");
}

#[test]
fn what_can_still_go_in_as_it_is_is_not_taken_in_late() {
    let desk = flooded();
    let file = Unheard { until: IN_AN_HOUR, ..Unheard::of(1) }.kept(&desk);
    let ran = embed(&desk, &[file]).ended(Exit::Refused);
    for words in
        ["can still go in as it is, until 2026-05-03T12:09:37", "Next: comity record submit"]
    {
        assert!(ran.err.contains(words), "{words} is missing in {}", ran.err);
    }
}

#[test]
fn the_first_that_is_refused_stops_the_rest_and_what_went_in_is_said() {
    let desk = flooded();
    let still = Unheard { until: IN_AN_HOUR, ..Unheard::of(2) }.kept(&desk);
    let [first, third] = [1, 3].map(|number| Unheard::of(number).kept(&desk));
    let files = [third.clone(), still, first.clone()];
    let ran = embed(&desk, &files).ended(Exit::Refused);
    let told = "1 of 3 went in, the others did not. Entries: 5";
    assert!(ran.err.contains(told), "{}", ran.err);
    assert_eq!(entered(&desk).len(), 1);
    // With the rest it goes on; what is on the log already does not go in twice.
    let again = embed(&desk, &[first]).ended(Exit::Refused);
    assert!(again.err.contains("0 of 1 went in"), "{}", again.err);
    assert!(again.err.contains("another record of this gateway has that number"), "{}", again.err);
    embed(&desk, &[third]).ended(Exit::Done);
    let numbers: Vec<u64> = entered(&desk).into_iter().map(|(number, ..)| number).collect();
    assert_eq!(numbers, [1, 3]);
}

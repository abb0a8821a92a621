//! An emergency from the command line: declared, used, justified, ended, reviewed.

use comity_core::agency::KeyRole;
use serde_json::{Value, json};

use super::fixture::Ran;
use super::flows::Desk;
use crate::fault::Exit;

pub(super) const DATASET: &str = "civil.gd/marriage-register";

/// The dataset is published at 0, the office given from 1 to 3, the emergency declared at 4.
pub(super) fn flooded() -> Desk {
    let desk = Desk::new();
    desk.publish().ended(Exit::Done);
    let appoint = ["proposal", "open", "appoint", "emergency-declarer", "audit.gd"];
    desk.sign("audit.gd", KeyRole::Admin, &appoint).ended(Exit::Done);
    for member in ["civil.gd", "finance.gd"] {
        let vote = ["proposal", "vote", "P1", "for"];
        desk.sign(member, KeyRole::Admin, &vote).ended(Exit::Done);
    }
    let ran = declare(&desk, &["--dataset", DATASET]).ended(Exit::Done);
    assert!(ran.out.contains("the emergency E4 is declared"), "{}", ran.out);
    for words in ["finance.gd may ask for data without a grant", "TAX-RELIEF", "Opens"] {
        assert!(ran.err.contains(words), "{words} is missing in {}", ran.err);
    }
    desk
}

fn declare(desk: &Desk, opens: &[&str]) -> Ran {
    let args = ["emergency", "declare", "--requester", "finance.gd", "--matter", "TAX-RELIEF"];
    let rest = ["--until", "48h", "--reason", "The river is over its banks"];
    desk.sign("audit.gd", KeyRole::Steward, &[&args[..], opens, &rest].concat())
}

/// Entry 5 on.
fn help(desk: &Desk, matter: &str, exit: Exit) -> Ran {
    let out = desk.office.path(&format!("{matter}.json"));
    let args = ["access", "attempt", "--emergency", "E4", "--dataset", DATASET, "--out", &out];
    let rest = ["--matter", matter, "--mode", "query", "--item", "date of marriage"];
    let ran = desk.sign("finance.gd", KeyRole::Officer, &[&args[..], &rest].concat());
    let ran = ran.ended(Exit::Done);
    assert!(ran.err.contains("In the emergency"), "{}", ran.err);
    let args = ["access", "record", "--attempt", &out];
    desk.sign("civil.gd", KeyRole::Gateway, &args).ended(exit)
}

fn justify(desk: &Desk, member: &str) -> Ran {
    let args = ["emergency", "justify", "E4", "--access", "5", "--basis", "ACT-12"];
    let text = ["--text", "Forty people on a roof"];
    desk.sign(member, KeyRole::Steward, &[&args[..], &text].concat())
}

fn end(desk: &Desk) -> Ran {
    let args = ["emergency", "end", "E4", "--reason", "The water has gone"];
    desk.sign("audit.gd", KeyRole::Steward, &args)
}

fn show(desk: &Desk) -> String {
    desk.ask(&["emergency", "show", "E4"]).ended(Exit::Done).out
}

#[test]
fn an_emergency_is_told_from_its_declaration_to_its_review() {
    let desk = flooded();
    let shown = show(&desk);
    for words in ["E4 was declared by audit.gd", "It is in force until", "Nobody used it"] {
        assert!(shown.contains(words), "{words} is missing in {shown}");
    }
    help(&desk, "TAX-RELIEF", Exit::Done);
    let shown = show(&desk);
    for words in ["finance.gd used it for 1 access", "1 access waits for a justification: 5"] {
        assert!(shown.contains(words), "{words} is missing in {shown}");
    }
    let duties = desk.ask(&["duty", "list", "--agency", "finance.gd"]).ended(Exit::Done);
    assert!(duties.out.contains("access 5 in E4"), "{}", duties.out);
    let refused = justify(&desk, "health.gd").ended(Exit::Refused);
    assert!(refused.err.contains("health.gd may not ask in E4"), "{}", refused.err);
    justify(&desk, "finance.gd").ended(Exit::Done);
    let again = justify(&desk, "finance.gd").ended(Exit::Refused);
    assert!(again.err.contains("was justified by entry 6"), "{}", again.err);
    assert!(!show(&desk).contains("for a justification:"));
    end(&desk).ended(Exit::Done);
    let over = end(&desk).ended(Exit::Refused);
    assert!(over.err.contains("E4 was over at 2026-"), "a time that people read: {}", over.err);
    let listed = desk.ask(&["emergency", "list", "--state", "awaiting-review"]).ended(Exit::Done);
    assert!(listed.out.contains("over, awaits review"), "{}", listed.out);
    let review = ["emergency", "review", "E4", "--verdict", "warranted", "--text", "It had risen"];
    desk.sign("health.gd", KeyRole::Steward, &review).ended(Exit::Done);
    let shown = show(&desk);
    for words in ["ended on", "The water has gone", "health.gd reviewed it", "as it was meant"] {
        assert!(shown.contains(words), "{words} is missing in {shown}");
    }
}

#[test]
fn what_an_emergency_does_not_open_is_refused_in_words_and_explained() {
    let desk = flooded();
    let ran = help(&desk, "LOW-INCOME-CHECK", Exit::Denied);
    assert!(ran.err.contains("the emergency is for TAX-RELIEF"), "{}", ran.err);
    help(&desk, "TAX-RELIEF", Exit::Done);
    let explained = |entry: &str| -> Value {
        desk.ask(&["access", "explain", entry, "--json"]).ended(Exit::Done).json()
    };
    let refused = explained("5");
    assert_eq!((&refused["outcome"], &refused["judged"]), (&json!("denied"), &json!("denied")));
    assert_eq!(refused["refusal"]["rule"], "emergency-matter");
    let allowed = explained("6");
    assert_eq!((&allowed["outcome"], &allowed["judged"]), (&json!("allowed"), &json!("allowed")));
    let clauses = allowed["clauses"].as_array().unwrap();
    let names: Vec<&str> = clauses.iter().map(|one| one["clause"].as_str().unwrap()).collect();
    let of_emergencies =
        ["key", "attempt", "exchange", "grant", "dataset", "period", "matter", "offer", "quota"];
    assert_eq!(names, of_emergencies);
    assert!(clauses.iter().all(|one| one["verdict"] == "holds"), "{clauses:?}");
    end(&desk).ended(Exit::Done);
    // It was allowed then, whatever came later.
    let allowed = explained("6");
    assert_eq!((&allowed["judged"], &allowed["today"]["since"]), (&json!("allowed"), &json!(7)));
    assert_eq!(allowed["today"]["refusal"]["rule"], "emergency-ended");
}

#[test]
fn accesses_in_an_emergency_are_listed_and_acknowledged_by_it() {
    let desk = flooded();
    help(&desk, "TAX-RELIEF", Exit::Done);
    let listed = desk.ask(&["access", "list", "--grant", "E4"]).ended(Exit::Done);
    assert!(listed.out.contains("E4"), "{}", listed.out);
    let args = ["access", "acknowledge", "5"];
    desk.sign("finance.gd", KeyRole::Officer, &args).ended(Exit::Done);
    let unmatched = desk.ask(&["audit", "unmatched", "--json"]).ended(Exit::Done).json();
    assert_eq!(unmatched["unmatched"], json!([]));
}

#[test]
fn only_a_ballot_lets_it_go_on() {
    let desk = flooded();
    let again = declare(&desk, &["--all-of", "civil.gd"]).ended(Exit::Refused);
    assert!(again.err.contains("E4 opened some of this"), "{}", again.err);
    let renew = ["proposal", "open", "renew-emergency", "E4", "--until", "60h"];
    desk.sign("audit.gd", KeyRole::Admin, &renew).ended(Exit::Done);
    for member in ["civil.gd", "finance.gd"] {
        let vote = ["proposal", "vote", "P5", "for"];
        desk.sign(member, KeyRole::Admin, &vote).ended(Exit::Done);
    }
    let shown = show(&desk);
    assert!(shown.contains("Ballots let it go on until"), "{shown}");
}

#[test]
fn an_attempt_relies_on_a_grant_or_on_an_emergency_and_not_on_both() {
    let desk = flooded();
    let out = desk.office.path("attempt.json");
    let rest = ["--matter", "TAX-RELIEF", "--mode", "query", "--all-items", "--out", &out];
    for basis in [
        &["--grant", "G1", "--emergency", "E4", "--dataset", DATASET][..],
        &["--emergency", "E4"],
        &["--dataset", DATASET],
        &[],
    ] {
        let args = [&["access", "attempt"], basis, &rest].concat();
        desk.sign("finance.gd", KeyRole::Officer, &args).ended(Exit::Usage);
    }
}

//! Check requests and incidents, as officers and stewards see them.

use comity_core::agency::KeyRole;
use serde_json::json;

use super::fixture::Ran;
use super::flows::Desk;
use super::legs::{attempt, desk_with_grant, record};
use super::requests::fits_80_columns;
use crate::fault::Exit;

const STEWARD: KeyRole = KeyRole::Steward;

/// A desk at which finance.gd received data of civil.gd under G1, with entry 2.
fn desk() -> Desk {
    let desk = desk_with_grant();
    let file = attempt(&desk, "attempt.json", &[]);
    record(&desk, &file, &[]).ended(Exit::Done);
    desk
}

fn sign(desk: &Desk, member: &str, role: KeyRole, args: &[&str]) -> Ran {
    desk.sign(member, role, args)
}

/// finance.gd says that what it received is wrong: C3.
fn open(desk: &Desk, extra: &[&str]) -> Ran {
    let args = ["check", "open", "--dataset", "civil.gd/marriage-register", "--grant", "G1"];
    let rest = ["--item", "date of marriage", "--claim", "Days and months are swapped"];
    sign(desk, "finance.gd", KeyRole::Officer, &[&args[..], &rest, extra].concat())
}

fn inbox(desk: &Desk, member: &str, role: &str) -> Ran {
    desk.ask(&["inbox", "--agency", member, "--role", role]).ended(Exit::Done)
}

fn has(ran: &Ran, words: &[&str]) {
    let text = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in words {
        assert!(text.contains(words), "{words} is missing in {}", ran.out);
    }
}

#[test]
fn who_is_asked_first_answers_until_another_has_accepted() {
    let desk = desk();
    let ran = open(&desk, &["--json"]).ended(Exit::Done);
    assert_eq!(ran.json()["check"], "C3");
    assert!(ran.err.contains("say that data of civil.gd/marriage-register are wrong"));
    let ran = inbox(&desk, "civil.gd", "steward");
    has(&ran, &["Check requests to answer: 1", "Days and months are swapped", "due up to"]);
    let handover = ["check", "handover", "C3", "--to", "health.gd", "--reason", "The source"];
    sign(&desk, "civil.gd", STEWARD, &handover).ended(Exit::Done);
    let ran = sign(&desk, "civil.gd", STEWARD, &handover).ended(Exit::Refused);
    assert!(ran.err.contains("was offered to health.gd by entry 4"), "{}", ran.err);
    let ran = inbox(&desk, "health.gd", "steward");
    has(&ran, &["asked to take over: 1", "civil.gd offers it: The source"]);
    sign(&desk, "health.gd", STEWARD, &["check", "accept", "C3"]).ended(Exit::Done);
    let ran = desk.ask(&["check", "show", "C3"]).ended(Exit::Done);
    has(&ran, &["accepted on 2026-05-03", "health.gd owes the answer", "comity check answer C3"]);
    let ran = desk.ask(&["check", "list", "--holder", "health.gd", "--state", "open"]);
    has(&ran.ended(Exit::Done), &["C3", "finance.gd", "health.gd"]);
    assert!(!inbox(&desk, "civil.gd", "steward").out.contains("to answer: 1"));
    let ran = inbox(&desk, "finance.gd", "officer");
    has(&ran, &["open or answered lately: 1", "open; health.gd answers it"]);
}

#[test]
fn a_check_that_is_not_taken_over_stays_where_it_was() {
    let desk = desk();
    open(&desk, &[]).ended(Exit::Done);
    let handover = ["check", "handover", "C3", "--to", "health.gd", "--reason", "The source"];
    sign(&desk, "civil.gd", STEWARD, &handover).ended(Exit::Done);
    sign(&desk, "health.gd", STEWARD, &["check", "decline", "C3"]).ended(Exit::Done);
    let stands = ["check", "answer", "C3", "--legal-basis", "Act, s. 9", "--reason", "As filed"];
    let ran = sign(&desk, "health.gd", STEWARD, &stands).ended(Exit::Refused);
    assert!(ran.err.contains("civil.gd"), "{}", ran.err);
    sign(&desk, "civil.gd", STEWARD, &stands).ended(Exit::Done);
    let ran = desk.ask(&["check", "show", "C3"]).ended(Exit::Done);
    has(&ran, &["declined on", "the data stand", "Act, s. 9", "As filed"]);
    assert!(!ran.out.contains("received"), "{}", ran.out);
    assert!(!inbox(&desk, "finance.gd", "officer").out.contains("Wrong data"));
}

#[test]
fn whoever_received_what_was_wrong_is_told() {
    let desk = desk();
    open(&desk, &[]).ended(Exit::Done);
    let answer = ["check", "answer", "C3", "--wrong-from", "1d", "--correction", "Month first"];
    sign(&desk, "civil.gd", STEWARD, &answer).ended(Exit::Done);
    let ran = desk.ask(&["check", "show", "C3", "--json"]).ended(Exit::Done);
    let received = &ran.json()["received"];
    let expected = json!({ "agency": "finance.gd", "grant": "G1", "accesses": 1, "first": 2 });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(received[0][name], *value, "{name}");
    }
    assert_eq!(received.as_array().unwrap().len(), 1);
    for role in ["officer", "steward"] {
        let ran = inbox(&desk, "finance.gd", role);
        has(&ran, &["Wrong data that your agency received: 1", "in 1 access from", "Month first"]);
        assert!(!inbox(&desk, "health.gd", role).out.contains("Wrong data"));
    }
    let ran = inbox(&desk, "civil.gd", "steward");
    has(&ran, &["correction of what a check found, C3"]);
    let correct = ["check", "correct", "C3", "--note", "Read in anew"];
    sign(&desk, "civil.gd", STEWARD, &correct).ended(Exit::Done);
    desk.office.at_terminal(80);
    let ran = desk.ask(&["check", "show", "C3"]).ended(Exit::Done);
    has(&ran, &["Read in anew", "RECIPIENT", "finance.gd"]);
    fits_80_columns(&ran.out);
    let ran = desk.ask(&["check", "list", "--state", "corrected"]).ended(Exit::Done);
    has(&ran, &["C3", "corrected"]);
}

#[test]
fn an_answer_says_either_that_the_data_were_wrong_or_why_they_stand() {
    let desk = desk();
    open(&desk, &[]).ended(Exit::Done);
    for options in [
        &[][..],
        &["--correction", "x"],
        &["--wrong-from", "1d"],
        &["--legal-basis", "x"],
        &["--reason", "x"],
        &["--correction", "x", "--wrong-from", "1d", "--legal-basis", "y", "--reason", "z"],
        &["--legal-basis", "y", "--reason", "z", "--wrong-until", "now"],
    ] {
        let args = [&["check", "answer", "C3"], options].concat();
        sign(&desk, "civil.gd", STEWARD, &args).ended(Exit::Usage);
    }
}

#[test]
fn an_incident_says_who_received_what_and_tells_them() {
    let desk = desk();
    let nature = ["--nature", "A copy was left on a train"];
    let report = ["incident", "report", "--grant", "G1", "--since", "2d", "--found", "1h"];
    let args = [&report[..], &nature, &["--json"]].concat();
    let ran = sign(&desk, "civil.gd", STEWARD, &args).ended(Exit::Done);
    assert_eq!(ran.json()["incident"], "I3");
    let ran = inbox(&desk, "finance.gd", "steward");
    has(&ran, &["Incidents that concern your agency: 1", "received the data in 1 access since"]);
    assert!(!inbox(&desk, "civil.gd", "steward").out.contains("Incidents"), "its own report");
    assert!(!inbox(&desk, "health.gd", "steward").out.contains("Incidents"));
    let update = ["incident", "update", "I3", "--note", "It was found again"];
    sign(&desk, "civil.gd", STEWARD, &update).ended(Exit::Done);
    desk.office.at_terminal(80);
    let ran = desk.ask(&["incident", "show", "I3"]).ended(Exit::Done);
    has(&ran, &["civil.gd reported an incident", "It was found again", "It is not closed"]);
    has(&ran, &["RECIPIENT", "finance.gd"]);
    fits_80_columns(&ran.out);
    let close = ["incident", "close", "I3", "--measures", "No copies any more"];
    sign(&desk, "civil.gd", STEWARD, &close).ended(Exit::Done);
    let ran = desk.ask(&["incident", "show", "I3", "--json"]).ended(Exit::Done);
    assert_eq!(ran.json()["received"][0]["accesses"], 1);
    let ran = desk.ask(&["incident", "list", "--state", "closed", "--agency", "finance.gd"]);
    has(&ran.ended(Exit::Done), &["I3", "closed", "G1", "A copy was left"]);
    let ran = sign(&desk, "civil.gd", STEWARD, &update).ended(Exit::Refused);
    assert!(ran.err.contains("was closed by entry 5"), "{}", ran.err);
}

#[test]
fn the_other_side_of_a_grant_is_told_of_what_the_requester_lost() {
    let desk = desk();
    let args = ["incident", "report", "--grant", "G1", "--since", "2d", "--nature", "A theft"];
    sign(&desk, "finance.gd", STEWARD, &args).ended(Exit::Done);
    let ran = inbox(&desk, "civil.gd", "steward");
    has(&ran, &["Incidents that concern your agency: 1", "a side of what is affected"]);
}

#[test]
fn a_dataset_that_leaked_is_traced_over_all_its_grants() {
    let desk = desk();
    let about = ["--dataset", "civil.gd/marriage-register", "--since", "2d"];
    let args = [&["incident", "report"], &about[..], &["--nature", "A leak"]].concat();
    sign(&desk, "civil.gd", STEWARD, &args).ended(Exit::Done);
    // The access counts once, though grant and dataset both lead to it.
    let both = [&args[..], &["--grant", "G1"]].concat();
    sign(&desk, "civil.gd", STEWARD, &both).ended(Exit::Done);
    for incident in ["I3", "I4"] {
        let ran = desk.ask(&["incident", "show", incident, "--json"]).ended(Exit::Done);
        let received = ran.json()["received"].clone();
        assert_eq!(
            (received[0]["grant"].clone(), received[0]["accesses"].clone()),
            (json!("G1"), json!(1))
        );
        assert_eq!(received.as_array().unwrap().len(), 1);
    }
}

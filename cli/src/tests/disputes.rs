//! A refusal taken through its dispute, as stewards see it.

use comity_core::agency::KeyRole;

use super::fixture::Ran;
use super::flows::Desk;
use super::requests::{desk, fits_80_columns, open};
use crate::fault::Exit;

const STEWARD: KeyRole = KeyRole::Steward;

/// R2 is refused, and D4 is about that.
fn contested() -> Desk {
    let desk = desk();
    open(&desk, &[]).ended(Exit::Done);
    refuse(&desk);
    let args = ["dispute", "open", "--request", "R2", "--grounds", "The Act names it", "--json"];
    let ran = desk.sign("finance.gd", STEWARD, &args).ended(Exit::Done);
    assert_eq!(ran.json()["dispute"], "D4");
    desk
}

fn refuse(desk: &Desk) {
    let args = ["request", "refuse", "R2", "--legal-basis", "Act 9", "--reason", "Not for that"];
    desk.sign("civil.gd", STEWARD, &args).ended(Exit::Done);
}

fn stands(desk: &Desk, member: &str, verb: &str) -> Ran {
    let args = ["dispute", verb, "D4", "--legal-basis", "Act 9", "--reason", "As before"];
    desk.sign(member, STEWARD, &args)
}

fn inbox(desk: &Desk, member: &str) -> String {
    let ran = desk.ask(&["inbox", "--agency", member, "--role", "steward"]).ended(Exit::Done);
    ran.out.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shown(desk: &Desk) -> String {
    let ran = desk.ask(&["dispute", "show", "D4"]).ended(Exit::Done);
    ran.out.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_refusal_is_ruled_anew_by_the_authority_and_answered_again() {
    let desk = contested();
    assert!(inbox(&desk, "civil.gd").contains("Disputes to rule on, or to decide anew: 1"));
    assert!(shown(&desk).contains("to rule on it: comity dispute answer D4"));
    stands(&desk, "civil.gd", "answer").ended(Exit::Done);
    assert!(shown(&desk).contains("finance.gd may take it further up"));
    let escalate = ["dispute", "escalate", "D4", "--grounds", "Nothing new"];
    desk.sign("finance.gd", STEWARD, &escalate).ended(Exit::Done);
    assert!(inbox(&desk, "audit.gd").contains("ruling on a dispute, D4"));
    assert!(shown(&desk).contains("audit.gd has until 2026-"));
    let anew = ["dispute", "decide", "D4", "--anew", "--reason", "Look at the purpose"];
    desk.sign("audit.gd", STEWARD, &anew).ended(Exit::Done);
    let ran = desk.ask(&["request", "list", "--state", "open"]).ended(Exit::Done);
    assert!(ran.out.contains("R2"), "{}", ran.out);
    assert!(inbox(&desk, "civil.gd").contains("decision anew, after a ruling, D4"));
    assert!(shown(&desk).contains("to decide it anew: comity request show R2"));
    desk.office.at_terminal(80);
    let ran = desk.ask(&["dispute", "show", "D4"]).ended(Exit::Done);
    for words in ["The Act names it", "As before", "as the competent authority", "Look at the"] {
        let text = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(words), "{words} is missing in {}", ran.out);
    }
    fits_80_columns(&ran.out);
    desk.sign("civil.gd", STEWARD, &["request", "approve", "R2"]).ended(Exit::Done);
    assert!(!inbox(&desk, "civil.gd").contains("Disputes"));
    assert!(shown(&desk).contains("dealt with since: comity request show R2"));
    let ran = desk.ask(&["dispute", "list", "--state", "anew"]).ended(Exit::Done);
    assert!(ran.out.contains("to be decided anew"), "{}", ran.out);
}

#[test]
fn a_step_that_has_time_is_not_passed() {
    let desk = contested();
    let escalate = ["dispute", "escalate", "D4", "--grounds", "Too slow"];
    let ran = desk.sign("finance.gd", STEWARD, &escalate).ended(Exit::Refused);
    assert!(ran.err.contains("has time until"), "{}", ran.err);
    let ran = stands(&desk, "audit.gd", "decide").ended(Exit::Refused);
    assert!(ran.err.contains("was not escalated"), "{}", ran.err);
}

#[test]
fn one_thing_is_disputed_and_one_thing_ruled() {
    let desk = desk();
    let open = ["dispute", "open", "--grounds", "x"];
    desk.sign("finance.gd", STEWARD, &open).ended(Exit::Usage);
    let both = [&open[..], &["--request", "R2", "--check", "C2"]].concat();
    desk.sign("finance.gd", STEWARD, &both).ended(Exit::Usage);
    let rule = ["dispute", "decide", "D4", "--reason", "x"];
    desk.sign("audit.gd", STEWARD, &rule).ended(Exit::Usage);
    let both = [&rule[..], &["--anew", "--legal-basis", "Act"]].concat();
    desk.sign("audit.gd", STEWARD, &both).ended(Exit::Usage);
}

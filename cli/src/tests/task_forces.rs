//! A task force from the command line: formed, joined, granted to, used by its members, ended.

use comity_core::agency::KeyRole;
use serde_json::json;

use super::fixture::Ran;
use super::flows::Desk;
use crate::fault::Exit;

const DATASET: &str = "civil.gd/marriage-register";

/// The dataset is published at 0, the task force formed at 1 and joined at 2.
fn formed() -> Desk {
    let desk = Desk::new();
    desk.publish().ended(Exit::Done);
    let args =
        ["task-force", "form", "--title", "Housing after the flood", "--invite", "health.gd"];
    let rest = ["--matter", "TAX-RELIEF", "--basis", "ACT-12", "--until", "60d"];
    let ran = desk.sign("finance.gd", KeyRole::Steward, &[&args[..], &rest].concat());
    let ran = ran.ended(Exit::Done);
    assert!(ran.out.contains("the task force T1 is formed"), "{}", ran.out);
    let join = ["task-force", "join", "T1"];
    let ran = desk.sign("health.gd", KeyRole::Steward, &join).ended(Exit::Done);
    assert!(ran.err.contains("Housing after the flood"), "what is joined is shown: {}", ran.err);
    desk
}

/// A request in its name at 3, approved at 4.
fn granted() -> Desk {
    let desk = formed();
    let args = ["request", "open", "--dataset", DATASET, "--matter", "TAX-RELIEF", "--basis"];
    let rest = ["ACT-12", "--item", "date of marriage", "--mode", "query", "--until", "30d"];
    let force = ["--task-force", "T1"];
    let ran = desk.sign("finance.gd", KeyRole::Officer, &[&args[..], &rest, &force].concat());
    let ran = ran.ended(Exit::Done);
    assert!(ran.err.contains("T1"), "for whom is signed is shown: {}", ran.err);
    let approve = ["request", "approve", "R3"];
    desk.sign("civil.gd", KeyRole::Steward, &approve).ended(Exit::Done);
    desk
}

fn used(desk: &Desk, member: &str, exit: Exit) -> Ran {
    let out = desk.office.path(&format!("{member}-{exit:?}.json"));
    let args = ["access", "attempt", "--grant", "G4", "--out", &out, "--matter", "TAX-RELIEF"];
    let rest = ["--mode", "query", "--item", "date of marriage"];
    let ran = desk.sign(member, KeyRole::Officer, &[&args[..], &rest].concat()).ended(Exit::Done);
    assert!(ran.err.contains("Signed for the task force"), "{}", ran.err);
    let args = ["access", "record", "--attempt", &out];
    desk.sign("civil.gd", KeyRole::Gateway, &args).ended(exit)
}

#[test]
fn a_task_force_is_told_from_its_forming_to_its_end() {
    let desk = granted();
    used(&desk, "health.gd", Exit::Done);
    let shown = desk.ask(&["task-force", "show", "T1"]).ended(Exit::Done).out;
    for words in [
        "was formed by finance.gd",
        "health.gd is a member since",
        "It holds G4",
        "By health.gd",
        "It ends by itself on",
    ] {
        assert!(shown.contains(words), "{words} is missing in {shown}");
    }
    let shown = desk.ask(&["grant", "show", "G4"]).ended(Exit::Done).out;
    assert!(shown.contains("The task force T1 holds it"), "{shown}");
    let listed = desk.ask(&["task-force", "list", "--state", "active"]).ended(Exit::Done).out;
    assert!(listed.contains("T1") && listed.contains("finance.gd"), "{listed}");
    let end = ["task-force", "end", "T1", "--reason", "All are housed"];
    desk.sign("finance.gd", KeyRole::Steward, &end).ended(Exit::Done);
    let again = desk.sign("finance.gd", KeyRole::Steward, &end).ended(Exit::Refused);
    assert!(again.err.contains("T1 was over at 2026-"), "a time that people read: {}", again.err);
    let ran = used(&desk, "finance.gd", Exit::Denied);
    assert!(ran.err.contains("the task force was over at"), "{}", ran.err);
}

#[test]
fn every_member_is_named_that_gains_or_loses_what_its_task_force_holds() {
    let desk = formed();
    let invite = |agency: &str| {
        let invite = ["task-force", "invite", "T1", "--agency", agency];
        desk.sign("finance.gd", KeyRole::Steward, &invite).ended(Exit::Done);
    };
    let args = "grant issue --dataset civil.gd/marriage-register --to finance.gd --basis ACT-12 \
                --matter TAX-RELIEF --mode query --all-items --until 30d --task-force T1";
    let args: Vec<&str> = args.split_whitespace().collect();
    let ran = desk.sign("civil.gd", KeyRole::Steward, &args).ended(Exit::Done);
    let gains = "It goes to the task force T1. Those who may use it: finance.gd, health.gd.";
    assert!(ran.err.contains(gains), "{}", ran.err);
    assert!(!ran.err.contains("Once they have joined"), "{}", ran.err);
    // Who is invited afterwards has nothing of it to lose.
    invite("audit.gd");
    let join = ["task-force", "join", "T1"];
    desk.sign("audit.gd", KeyRole::Steward, &join).ended(Exit::Done);
    let dry = ["grant", "revoke", "G3", "--reason", "Over", "--dry-run"];
    let told = desk.sign("civil.gd", KeyRole::Steward, &dry).ended(Exit::Done).out;
    let loses = "T1 holds it, so the same goes for its members health.gd.";
    assert!(told.contains("finance.gd loses G3.") && told.contains(loses), "{told}");
    let dry = [&dry[..], &["--json"]].concat();
    let told = desk.sign("civil.gd", KeyRole::Steward, &dry).ended(Exit::Done).json();
    let grant = &told["impact"]["grants"][0];
    assert_eq!((&grant["task_force"], &grant["members"]), (&json!("T1"), &json!(["health.gd"])));
    // Whoever is invited may join, and use what is granted from now on.
    let exclude = ["task-force", "exclude", "T1", "--agency", "audit.gd", "--reason", "Done"];
    desk.sign("finance.gd", KeyRole::Steward, &exclude).ended(Exit::Done);
    invite("audit.gd");
    let ran = desk.sign("civil.gd", KeyRole::Steward, &args).ended(Exit::Done);
    assert!(ran.err.contains("Once they have joined, also: audit.gd."), "{}", ran.err);
}

#[test]
fn an_access_of_a_member_is_explained_also_after_it_left() {
    let desk = granted();
    used(&desk, "health.gd", Exit::Done);
    let leave = ["task-force", "leave", "T1", "--reason", "Our part is done"];
    desk.sign("health.gd", KeyRole::Steward, &leave).ended(Exit::Done);
    let ran = used(&desk, "health.gd", Exit::Denied);
    assert!(ran.err.contains("was no member of T1"), "{}", ran.err);
    let explained =
        |entry: &str| desk.ask(&["access", "explain", entry, "--json"]).ended(Exit::Done).json();
    let allowed = explained("5");
    assert_eq!((&allowed["judged"], &allowed["today"]["since"]), (&json!("allowed"), &json!(6)));
    assert_eq!(allowed["today"]["refusal"]["rule"], "not-a-member");
    let denied = explained("7");
    assert_eq!((&denied["outcome"], &denied["judged"]), (&json!("denied"), &json!("denied")));
    let told = desk.ask(&["access", "explain", "5"]).ended(Exit::Done).out;
    assert!(told.contains("was a member since entry 2, invited by entry 1"), "{told}");
}

#[test]
fn an_invitation_waits_for_the_steward_until_the_agency_has_joined() {
    let desk = formed();
    let inbox = ["inbox", "--agency", "civil.gd", "--role", "steward"];
    let waits = |desk: &Desk| desk.ask(&inbox).ended(Exit::Done).out;
    assert!(!waits(&desk).contains("T1"), "{}", waits(&desk));
    let invite = ["task-force", "invite", "T1", "--agency", "civil.gd"];
    desk.sign("finance.gd", KeyRole::Steward, &invite).ended(Exit::Done);
    assert!(waits(&desk).contains("comity task-force join T1 --key"), "{}", waits(&desk));
    desk.sign("civil.gd", KeyRole::Steward, &["task-force", "join", "T1"]).ended(Exit::Done);
    assert!(!waits(&desk).contains("T1"), "{}", waits(&desk));
}

#[test]
fn nobody_joins_uninvited_and_the_lead_does_not_leave() {
    let desk = formed();
    let join = ["task-force", "join", "T1"];
    let ran = desk.sign("civil.gd", KeyRole::Steward, &join).ended(Exit::Refused);
    assert!(ran.err.contains("civil.gd is not invited into T1"), "{}", ran.err);
    let leave = ["task-force", "leave", "T1", "--reason", "Enough"];
    let ran = desk.sign("finance.gd", KeyRole::Steward, &leave).ended(Exit::Refused);
    assert!(ran.err.contains("the lead of T1 neither leaves it"), "{}", ran.err);
}

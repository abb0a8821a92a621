//! Grants that bind: named posts, undertakings, narrowing, extending, passing on.

use comity_core::agency::KeyRole;

use super::flows::Desk;
use super::requests::steward;
use crate::fault::Exit;

/// G1 of civil.gd to finance.gd, to be passed on to health.gd.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.publish().ended(Exit::Done);
    let bound = [
        "--officer-post",
        "Duty desk",
        "--onward",
        "health.gd",
        "--total-quota",
        "5",
        "--requester-undertakes",
        "delete-after-days=30",
        "report-use-every-days=20",
        "--provider-undertakes",
        "notify-change-days=5",
    ];
    let ran = desk.grant(&bound).ended(Exit::Done);
    for words in [
        "officers of these posts: Duty desk",
        "May be passed on to",
        "health.gd",
        "(1) finance.gd: deletes what it received, within 30 working days",
        "(3) provider: tells the other side of each change",
    ] {
        assert!(ran.err.replace("\n", " ").contains(words), "{words} is missing in {}", ran.err);
    }
    desk
}

fn finance(desk: &Desk, args: &[&str]) -> super::fixture::Ran {
    desk.sign("finance.gd", KeyRole::Steward, args)
}

/// An access of a member's officer under a grant. Returns how recording it ended.
fn access(desk: &Desk, member: &str, grant: &str, name: &str, end: Exit) {
    let out = desk.office.path(name);
    let ask = ["access", "attempt", "--grant", grant, "--matter", "LOW-INCOME-CHECK"];
    let how = ["--mode", "query", "--item", "date of marriage", "--out", &out];
    desk.sign(member, KeyRole::Officer, &[&ask[..], &how[..]].concat()).ended(Exit::Done);
    desk.sign("civil.gd", KeyRole::Gateway, &["access", "record", "--attempt", &out]).ended(end);
}

#[test]
fn a_grant_is_narrowed_and_extended_from_what_it_is() {
    let desk = desk();
    let ran = steward(&desk, &["grant", "narrow", "G1", "--total-quota", "9"]);
    let ran = ran.ended(Exit::Refused);
    assert!(ran.err.contains("permit more than the grant: more accesses in all"), "{}", ran.err);
    let narrow = ["grant", "narrow", "G1", "--total-quota", "2", "--no-onward"];
    let ran = steward(&desk, &narrow).ended(Exit::Done);
    assert!(ran.out.starts_with("Done: G1 permits no more than this from now on"), "{}", ran.out);
    let extend = ["grant", "extend", "G1", "--no-total-quota", "--until", "2027-06-30"];
    steward(&desk, &extend).ended(Exit::Done);
    let ran = desk.ask(&["grant", "show", "G1"]).ended(Exit::Done);
    assert!(ran.out.contains("changed 2 times, last by entry 3"), "{}", ran.out);
    assert!(!ran.out.contains("May be passed on to"), "{}", ran.out);
    let ran = finance(&desk, &["grant", "narrow", "G1", "--total-quota", "1"]);
    let ran = ran.ended(Exit::Refused);
    assert!(ran.err.contains("this must be signed by civil.gd"), "{}", ran.err);
    steward(&desk, &["grant", "narrow", "G9", "--total-quota", "1"]).ended(Exit::Refused);
}

#[test]
fn a_grant_is_passed_on_and_its_use_counts_above_and_is_explained() {
    let desk = desk();
    let onward = ["grant", "onward", "G1", "--to", "health.gd"];
    finance(&desk, &[&onward[..], &["--total-quota", "9"]].concat()).ended(Exit::Refused);
    let ran = finance(&desk, &[&onward[..], &["--total-quota", "3"]].concat()).ended(Exit::Done);
    assert!(ran.out.starts_with("Done: G2 is granted, within G1"), "{}", ran.out);
    access(&desk, "health.gd", "G2", "a.json", Exit::Done);
    access(&desk, "finance.gd", "G1", "b.json", Exit::Done);
    let shown = |grant| desk.ask(&["grant", "show", grant]).ended(Exit::Done).out;
    assert!(shown("G2").replace('\n', " ").contains("passed on under G1"), "{}", shown("G2"));
    assert!(shown("G1").contains("1 of these accesses"), "{}", shown("G1"));
    steward(&desk, &["grant", "narrow", "G1", "--total-quota", "2"]).ended(Exit::Done);
    access(&desk, "health.gd", "G2", "c.json", Exit::Denied);
    let explained = desk.ask(&["access", "explain", "6", "--json"]).ended(Exit::Done).json();
    assert_eq!(explained["judged_refusal"]["because"], "quota-used", "{explained}");
    // The access before the grant above was narrowed is judged by the terms of then.
    let explained = desk.ask(&["access", "explain", "3"]).ended(Exit::Done);
    assert!(explained.out.contains("Grant above"), "{}", explained.out);
    let list = desk.ask(&["grant", "list"]).ended(Exit::Done);
    assert!(list.out.contains("G2"), "{}", list.out);
    steward(&desk, &["grant", "revoke", "G1", "--reason", "Over"]).ended(Exit::Done);
    let list = desk.ask(&["grant", "list", "--standing", "parent-not-in-force"]).ended(Exit::Done);
    assert!(list.out.contains("G2"), "{}", list.out);
}

#[test]
fn an_exit_statement_lists_the_promises_that_are_not_kept() {
    let desk = desk();
    access(&desk, "finance.gd", "G1", "a.json", Exit::Done);
    let sample = crate::messages::dataset_sample();
    desk.office.put("changed.toml", sample.replacen("title = \"", "title = \"New ", 1).as_bytes());
    let changed = desk.office.path("changed.toml");
    steward(&desk, &["dataset", "amend", &changed, "--replaces", "1"]).ended(Exit::Done);
    let admin = |member, args: &[&str]| desk.sign(member, KeyRole::Admin, args).ended(Exit::Done);
    admin("civil.gd", &["proposal", "open", "remove", "finance.gd", "--reason", "Merged"]);
    for member in ["audit.gd", "health.gd"] {
        admin(member, &["proposal", "vote", "P4", "for"]);
    }
    let shown = desk.ask(&["agency", "show", "finance.gd"]).ended(Exit::Done).out;
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "Undertakings it still owes G1, undertaking 2, of finance.gd to civil.gd, up to 20",
        "G1, undertaking 1, of finance.gd to civil.gd, up to 20",
        "Undertakings owed to it G1, undertaking 3, of civil.gd to finance.gd, up to 20",
    ] {
        assert!(shown.contains(words), "{words} is missing in {shown}");
    }
    let exit = desk.ask(&["agency", "show", "finance.gd", "--json"]).ended(Exit::Done).json();
    let exit = &exit["exit"];
    assert_eq!(exit["undertakings_owed_by"].as_array().unwrap().len(), 2, "{exit}");
    assert_eq!(exit["undertakings_owed_to"][0]["object"]["undertaking"]["number"], 3, "{exit}");
}

#[test]
fn a_promise_is_kept_by_the_side_that_made_it() {
    let desk = desk();
    let report = ["grant", "fulfil", "G1", "2", "--note", "12 checks, no complaint"];
    let ran = finance(&desk, &report).ended(Exit::Refused);
    assert!(ran.err.contains("binds from the first access on"), "{}", ran.err);
    access(&desk, "finance.gd", "G1", "a.json", Exit::Done);
    steward(&desk, &report).ended(Exit::Refused);
    finance(&desk, &report).ended(Exit::Done);
    let ran = desk.ask(&["grant", "show", "G1"]).ended(Exit::Done);
    assert!(ran.out.contains("Undertaking 2 was fulfilled on"), "{}", ran.out);
    let ran = desk.ask(&["duty", "list", "--agency", "finance.gd"]).ended(Exit::Done);
    assert!(ran.out.contains("G1, undertaking 1"), "{}", ran.out);
    let inbox = ["inbox", "--agency", "finance.gd", "--role", "steward"];
    let ran = desk.ask(&inbox).ended(Exit::Done);
    let shown = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("Your agency also owes: 2"), "{}", ran.out);
    let settled = "Once it is done: comity grant fulfil G1 1 --note TEXT --key KEYFILE";
    assert!(shown.contains(settled), "{}", ran.out);
    let wrong = ["grant", "extend", "G1", "--requester-undertakes", "delete-after=3"];
    steward(&desk, &wrong).ended(Exit::Usage);
}

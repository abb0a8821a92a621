//! Lists, pages, the log as it grows, and what is shown of it.

use comity_core::agency::KeyRole;
use serde_json::json;

use super::fake_node::Answer;
use super::fixture::Ran;
use super::flows::Desk;
use crate::fault::Exit;

fn desk_with_entries() -> Desk {
    let desk = Desk::new();
    desk.publish().ended(Exit::Done);
    desk.grant(&[]).ended(Exit::Done);
    desk.revoke().ended(Exit::Done);
    desk
}

fn event(desk: &Desk, at: usize) -> String {
    let entry = desk.node.inside(|inside| inside.entries()[at].clone());
    format!("event: entry\nid: {at}\ndata: {entry}\n\n")
}

fn indexes(ran: &Ran) -> Vec<u64> {
    let index = |line: &str| {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        entry["index"].as_u64().unwrap()
    };
    ran.out.lines().map(index).collect()
}

#[test]
fn following_the_log_survives_a_broken_connection_without_gap_or_repetition() {
    let desk = desk_with_entries();
    let kind = "text/event-stream";
    let (first, cut) = (event(&desk, 0), event(&desk, 1));
    let cut = &cut[..cut.len() / 2];
    desk.node.answer("GET /v1/events?from=0", Answer::Stream(kind, format!(": hi\n{first}{cut}")));
    desk.node.answer("GET /v1/events?from=1", Answer::HangUp);
    let rest = [event(&desk, 0), event(&desk, 1), event(&desk, 2)].concat();
    desk.node.answer("GET /v1/events?from=1", Answer::Stream(kind, rest));
    let args = ["log", "tail", "--from", "0", "--count", "3", "--json"];
    let ran = desk.ask(&args).ended(Exit::Done);
    assert_eq!(indexes(&ran), [0, 1, 2]);
    assert!(ran.err.contains("Connecting again"), "{}", ran.err);
}

#[test]
fn following_from_now_begins_after_the_last_entry() {
    let desk = desk_with_entries();
    let next = event(&desk, 2).replace("\"index\":2,", "\"index\":3,");
    let stream = [event(&desk, 2), next].concat();
    desk.node.answer("GET /v1/events?from=3", Answer::Stream("text/event-stream", stream));
    let ran = desk.ask(&["log", "tail", "--count", "1", "--json"]).ended(Exit::Done);
    assert_eq!(indexes(&ran), [3]);
}

#[test]
fn a_list_is_read_page_by_page_up_to_its_limit() {
    let desk = desk_with_entries();
    let entries = desk.node.inside(|inside| inside.entries().to_vec());
    let page = |from: usize, to: usize, next| json!({"entries": entries[from..to], "next": next});
    desk.node.answer("GET /v1/entries?order=asc&from=0&", Answer::Json(200, page(0, 2, Some(2))));
    desk.node
        .answer("GET /v1/entries?order=asc&limit=1&from=2", Answer::Json(200, page(2, 3, None)));
    let ran = desk.ask(&["log", "list", "--from", "0", "--limit", "3"]).ended(Exit::Done);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.len(), 4, "{}", ran.out);
    assert!(lines[0].contains("ENTRY") && lines[3].contains("revoke the grant G1"), "{}", ran.out);
}

#[test]
fn accesses_and_denials_stand_in_one_list_the_newest_first() {
    let desk = Desk::new();
    desk.publish().ended(Exit::Done);
    desk.grant(&[]).ended(Exit::Done);
    for (file, matter, exit) in
        [("a.json", "LOW-INCOME-CHECK", Exit::Done), ("b.json", "TAX-RELIEF", Exit::Denied)]
    {
        let out = desk.office.path(file);
        let args = ["access", "attempt", "--grant", "G1", "--matter", matter, "--mode", "query"];
        let args = [&args[..], &["--item", "date of marriage", "--out", &out]].concat();
        desk.sign("finance.gd", KeyRole::Officer, &args).ended(Exit::Done);
        let args = ["access", "record", "--attempt", &out];
        desk.sign("civil.gd", KeyRole::Gateway, &args).ended(exit);
    }
    let entries = desk.node.inside(|inside| inside.entries().to_vec());
    for (kind, at) in [("record-access", 2), ("record-denial", 3)] {
        let request = format!("GET /v1/entries?order=desc&kind={kind}&grant=G1&limit=50");
        let page = json!({"entries": [entries[at]], "next": null});
        desk.node.answer(&request, Answer::Json(200, page));
    }
    let ran = desk.ask(&["access", "list", "--grant", "G1"]).ended(Exit::Done);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert!(lines[1].contains("refused: matter-not-covered"), "{}", ran.out);
    assert!(lines[2].contains("allowed"), "{}", ran.out);
}

#[test]
fn an_entry_whose_bytes_are_not_what_the_node_says_is_not_shown_as_checked() {
    let desk = desk_with_entries();
    let mut entry = desk.node.inside(|inside| inside.entries()[2].clone());
    entry["record"]["statement"]["action"]["reason"] = json!("Another reason");
    desk.node.answer("GET /v1/entries/2", Answer::Json(200, entry));
    let ran = desk.ask(&["log", "show", "2"]).ended(Exit::Unverified);
    assert!(ran.err.contains("not honest"), "{}", ran.err);
    assert!(ran.out.is_empty());
}

#[test]
fn what_is_not_there_is_said_plainly() {
    let desk = Desk::new();
    let ran = desk.ask(&["grant", "show", "G9"]).ended(Exit::Failed);
    assert!(ran.err.contains("does not know it"), "{}", ran.err);
}

#[test]
fn an_answer_that_cannot_be_understood_ends_the_command() {
    let desk = Desk::new();
    desk.node.answer("GET /v1/status", Answer::Json(200, json!({"version": "9"})));
    let ran = desk.ask(&["status"]).ended(Exit::Failed);
    assert!(ran.err.contains("cannot be understood"), "{}", ran.err);
}

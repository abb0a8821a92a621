//! Lists, pages, the log as it grows, and what is shown of it.

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
fn following_asks_again_for_entries_that_a_node_leaves_out() {
    let desk = desk_with_entries();
    let kind = "text/event-stream";
    let gap = [event(&desk, 0), event(&desk, 2)].concat();
    desk.node.answer("GET /v1/events?from=0", Answer::Stream(kind, gap));
    let rest = [event(&desk, 1), event(&desk, 2)].concat();
    desk.node.answer("GET /v1/events?from=1", Answer::Stream(kind, rest));
    let ran = desk.ask(&["log", "tail", "--from", "0", "--count", "3", "--json"]).ended(Exit::Done);
    assert_eq!(indexes(&ran), [0, 1, 2]);
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

#[test]
fn a_list_in_the_place_of_an_object_is_no_answer() {
    let desk = desk_with_entries();
    let path = "/v1/datasets/civil.gd/marriage-register";
    let shown = desk.node.inside(|inside| inside.object(path));
    let parts = ["dataset", "version", "published_at", "version_at", "suspensions", "withdrawals"];
    let list: Vec<serde_json::Value> = parts.iter().map(|part| shown[*part].clone()).collect();
    desk.node.answer(&format!("GET {path}"), Answer::Json(200, json!(list)));
    let show = ["dataset", "show", "civil.gd/marriage-register"];
    let ran = desk.ask(&show).ended(Exit::Failed);
    assert!(ran.err.contains("no object"), "{}", ran.err);
}

//! Both legs of an exchange, batches, and what does not match, as people see it.

use comity_core::agency::KeyRole;
use serde_json::{Value, json};

use super::fixture::Ran;
use super::flows::Desk;
use crate::fault::Exit;

pub(super) fn desk_with_grant() -> Desk {
    let desk = Desk::new();
    desk.publish().ended(Exit::Done);
    desk.grant(&[]).ended(Exit::Done);
    desk.office.put("answer.json", b"{\"married\": true}");
    desk
}

pub(super) fn attempt(desk: &Desk, file: &str, extra: &[&str]) -> String {
    let out = desk.office.path(file);
    let args = ["access", "attempt", "--grant", "G1", "--matter", "LOW-INCOME-CHECK"];
    let rest = ["--mode", "query", "--item", "date of marriage", "--out", &out];
    let args = [&args[..], &rest, extra].concat();
    desk.sign("finance.gd", KeyRole::Officer, &args).ended(Exit::Done);
    out
}

pub(super) fn record(desk: &Desk, attempt: &str, extra: &[&str]) -> Ran {
    let args = [&["access", "record", "--attempt", attempt, "--json"], extra].concat();
    desk.sign("civil.gd", KeyRole::Gateway, &args)
}

fn acknowledge(desk: &Desk, args: &[&str]) -> Ran {
    let args = [&["access", "acknowledge", "--json"], args].concat();
    desk.sign("finance.gd", KeyRole::Officer, &args)
}

/// An access with a note about its answer.
fn answered(desk: &Desk, name: &str) -> u64 {
    let (answer, note) = (desk.office.path("answer.json"), desk.office.path(name));
    let file = attempt(desk, &format!("attempt-{name}"), &[]);
    let ran = record(desk, &file, &["--answer", &answer, "--note", &note]).ended(Exit::Done);
    ran.json()["index"].as_u64().unwrap()
}

fn last_action(desk: &Desk) -> Value {
    let entry = desk.node.inside(|inside| inside.entries().last().unwrap().clone());
    entry["record"]["statement"]["action"].clone()
}

fn unmatched(desk: &Desk, extra: &[&str]) -> (Exit, Value) {
    let ran = desk.ask(&[&["audit", "unmatched", "--json"], extra].concat());
    let found = ran.json();
    let exit = if found["matched"] == true { Exit::Done } else { Exit::Unverified };
    (exit, found)
}

#[test]
fn records_of_a_gateway_are_numbered_from_one() {
    let desk = desk_with_grant();
    for number in 1..=3 {
        let file = attempt(&desk, &format!("{number}.json"), &[]);
        record(&desk, &file, &[]).ended(Exit::Done);
        assert_eq!(last_action(&desk)["number"], number);
    }
}

#[test]
fn a_number_that_another_record_takes_meanwhile_is_drawn_again() {
    let desk = desk_with_grant();
    let [first, second] = ["1.json", "2.json"].map(|name| attempt(&desk, name, &[]));
    // Made at the desk, then taken back out of the node: it comes first after all.
    let busy = json!({"type": "urn:comity:problem:busy", "status": 503});
    desk.node.answer("POST /v1/records", super::fake_node::Answer::Json(503, busy));
    record(&desk, &first, &[]).ended(Exit::Unknown);
    let kept = desk.office.pending().remove(0);
    let bytes = std::fs::read(&kept).unwrap();
    desk.node.inside(|inside| inside.meanwhile.push(bytes));
    record(&desk, &second, &[]).ended(Exit::Done);
    assert_eq!(last_action(&desk)["number"], 2);
}

#[test]
fn what_was_received_is_held_against_what_the_provider_said() {
    let desk = desk_with_grant();
    let index = answered(&desk, "note.json").to_string();
    let (answer, note) = (desk.office.path("answer.json"), desk.office.path("note.json"));
    let received = ["--answer", &answer, "--note", &note];
    acknowledge(&desk, &[&[&index[..]], &received[..]].concat()).ended(Exit::Done);
    let action = last_action(&desk);
    assert_eq!(action["kind"], "acknowledge-access");
    let recorded = desk.node.inside(|inside| inside.entries()[2].clone());
    let said = &recorded["record"]["statement"]["action"]["answer"]["digest"];
    assert_eq!(action["accesses"][0]["digest"], *said);
    desk.office.put("answer.json", b"{\"married\": false}");
    let ran = acknowledge(&desk, &[&[&index[..]], &received[..]].concat());
    let ran = ran.ended(Exit::Unverified);
    assert!(ran.err.contains("not what the provider put on the log"), "{}", ran.err);
    let shown = desk.ask(&["access", "show", &index]).ended(Exit::Done);
    for words in ["Both sides say the same", "civil.gd", "finance.gd"] {
        assert!(shown.out.contains(words), "{words} is missing in {}", shown.out);
    }
}

#[test]
fn a_note_of_another_exchange_is_refused() {
    let desk = desk_with_grant();
    let [first, _] = ["one.json", "two.json"].map(|name| answered(&desk, name).to_string());
    let (answer, note) = (desk.office.path("answer.json"), desk.office.path("two.json"));
    let ran = acknowledge(&desk, &[&first, "--answer", &answer, "--note", &note]);
    let ran = ran.ended(Exit::Failed);
    assert!(ran.err.contains("about another exchange"), "{}", ran.err);
}

#[test]
fn an_answer_that_was_refused_leaves_no_note() {
    let desk = desk_with_grant();
    let (answer, note) = (desk.office.path("answer.json"), desk.office.path("note.json"));
    let file = attempt(&desk, "once.json", &[]);
    record(&desk, &file, &[]).ended(Exit::Done);
    record(&desk, &file, &["--answer", &answer, "--note", &note]).ended(Exit::Denied);
    assert!(!std::path::Path::new(&note).exists());
}

#[test]
fn legs_that_do_not_match_are_listed_until_they_do() {
    let desk = desk_with_grant();
    assert_eq!(unmatched(&desk, &[]).0, Exit::Done);
    let [first, second] = ["one.json", "two.json"].map(|name| answered(&desk, name).to_string());
    let (exit, found) = unmatched(&desk, &[]);
    assert_eq!((exit, found["unmatched"].as_array().unwrap().len()), (Exit::Unverified, 2));
    acknowledge(&desk, &[&first, &second]).ended(Exit::Done);
    assert_eq!(unmatched(&desk, &["--grant", "G1", "--agency", "civil.gd"]).0, Exit::Done);
    acknowledge(&desk, &[&second, "--received", "3"]).ended(Exit::Done);
    let (_, found) = unmatched(&desk, &["--agency", "finance.gd"]);
    let kinds: Vec<_> = found["unmatched"].as_array().unwrap().iter().map(|u| &u["kind"]).collect();
    assert_eq!(kinds, ["doubled", "other-count"]);
    desk.ask(&["audit", "unmatched"]).ended(Exit::Unverified);
}

#[test]
fn each_line_of_a_table_is_an_access_of_a_batch_that_can_be_proven() {
    let desk = desk_with_grant();
    desk.office.put("asked.csv", "name,born\n王某,1950\n李某,1962\n张某,1971\n".as_bytes());
    let [table, batch] = ["asked.csv", "asked.batch"].map(|name| desk.office.path(name));
    desk.ask(&["access", "batch", "prepare", &table, "--out", &batch]).ended(Exit::Done);
    let file = attempt(&desk, "batch.json", &["--batch", &batch]);
    let ran = record(&desk, &file, &[]).ended(Exit::Done);
    let index = ran.json()["index"].as_u64().unwrap().to_string();
    assert_eq!(last_action(&desk)["attempt"]["attempt"]["batch"]["count"], 3);
    let proof = desk.office.path("one.proof");
    let prove = ["access", "batch", "prove", &batch, "--line", "3", "--out", &proof];
    desk.ask(&prove).ended(Exit::Done);
    let verify = ["access", "batch", "verify", &proof, "--access", &index];
    let ran = desk.ask(&verify).ended(Exit::Done);
    assert!(ran.out.contains("李某,1962"), "{}", ran.out);
    let other = answered(&desk, "note.json").to_string();
    let of_other = ["access", "batch", "verify", &proof, "--access", &other];
    desk.ask(&of_other).ended(Exit::Unverified);
    let text = std::fs::read_to_string(&proof).unwrap();
    assert!(!text.contains("王某"), "a proof shows one access alone");
    desk.office.put("forged.proof", text.replace("1962", "1963").as_bytes());
    let forged = desk.office.path("forged.proof");
    desk.ask(&["access", "batch", "verify", &forged]).ended(Exit::Unverified);
    let beyond = desk.office.path("beyond.proof");
    desk.ask(&["access", "batch", "prove", &batch, "--line", "5", "--out", &beyond])
        .ended(Exit::Usage);
}

#[test]
fn a_table_of_one_access_is_no_batch() {
    let desk = desk_with_grant();
    desk.office.put("asked.csv", b"name\nsomeone\n");
    let [table, batch] = ["asked.csv", "asked.batch"].map(|name| desk.office.path(name));
    let ran = desk.ask(&["access", "batch", "prepare", &table, "--out", &batch]);
    ran.ended(Exit::Failed);
}

//! Why an access was allowed or refused: judged here, as things stood at its position.

use comity_core::agency::KeyRole;
use comity_core::dataset::Dataset;
use comity_core::ids::{GrantId, LogIndex, Nonce};
use comity_core::statement::{
    Action, Capacity, STATEMENT_VERSION, SignedRecord, Statement, StatementSigner,
};
use serde_json::json;

use super::fake_node::Answer;
use super::fixture::{NOW, Ran, genesis, secret};
use super::flows::Desk;
use super::listing::{access, desk_with_accesses};
use crate::fault::Exit;
use crate::messages::dataset_sample;

fn explain(desk: &Desk, entry: &str) -> serde_json::Value {
    desk.ask(&["access", "explain", entry, "--json"]).ended(Exit::Done).json()
}

fn verdict<'a>(explained: &'a serde_json::Value, clause: &str) -> &'a str {
    let clauses = explained["clauses"].as_array().unwrap();
    let found = clauses.iter().find(|found| found["clause"] == clause).unwrap();
    found["verdict"].as_str().unwrap()
}

/// Commits a change of civil.gd's steward, as if another desk had made it.
fn commit(desk: &Desk, nonce: u8, action: Action) {
    let (agency, role) = ("civil.gd", KeyRole::Steward);
    let key = secret(agency, role);
    let signer = StatementSigner {
        agency: agency.parse().unwrap(),
        key: key.public(),
        role,
        capacity: Capacity::Agency,
    };
    let statement = Statement {
        version: STATEMENT_VERSION,
        consortium: genesis().id(),
        nonce: Nonce([nonce; 16]),
        valid_until: NOW.plus(600_000),
        signers: vec![signer],
        sealed: vec![],
        action,
    };
    let signatures = vec![key.sign_statement(&statement)];
    let bytes = SignedRecord { statement, signatures }.to_bytes();
    desk.node.inside(|inside| inside.commit(&bytes)).unwrap();
}

fn g1() -> GrantId {
    GrantId(LogIndex(1))
}

fn revoke_key(desk: &Desk) -> Ran {
    let key = secret("finance.gd", KeyRole::Officer).public().to_string();
    let args = ["key", "revoke", &key, "--reason", "Left the post"];
    desk.sign("finance.gd", KeyRole::Admin, &args)
}

#[test]
fn each_clause_is_shown_with_what_was_found_up_to_the_one_that_refused() {
    let desk = desk_with_accesses(&[]);
    let ran = desk.ask(&["access", "explain", "3"]).ended(Exit::Done);
    let shown = [
        "Entry 3, 2026-05-03T11:09:37+08:00: the access was refused, since the grant does not cover the matter TAX-RELIEF",
        "Grant              holds: G1, on civil.gd/marriage-register, to finance.gd, issued by entry 1",
        "Matter             REFUSES: asked for TAX-RELIEF; granted for LOW-INCOME-CHECK",
        "Items              not reached",
        "Asked anew today, it would end in the same way.",
    ];
    for words in shown {
        assert!(ran.out.contains(words), "{words} is missing in {}", ran.out);
    }
    let explained = explain(&desk, "2");
    assert_eq!(explained["outcome"], "allowed");
    let clauses = explained["clauses"].as_array().unwrap();
    assert!(clauses.iter().all(|clause| clause["verdict"] == "holds"), "{explained}");
    assert_eq!(clauses.len(), 15);
}

#[test]
fn what_happened_afterwards_does_not_change_why_but_is_told() {
    let desk = desk_with_accesses(&[]);
    desk.revoke().ended(Exit::Done);
    let explained = explain(&desk, "2");
    assert_eq!(verdict(&explained, "standing"), "holds");
    assert_eq!(explained["outcome"], "allowed");
    let today = &explained["today"];
    assert_eq!((&today["outcome"], &today["since"]), (&json!("denied"), &json!(4)));
    let ran = desk.ask(&["access", "explain", "2"]).ended(Exit::Done);
    let words = "it would be refused: the grant was revoked by entry 4, since entry 4.";
    assert!(ran.out.contains(words), "{}", ran.out);

    revoke_key(&desk).ended(Exit::Done);
    let explained = explain(&desk, "2");
    assert_eq!(verdict(&explained, "key"), "holds");
    assert_eq!(explained["today"]["refusal"]["rule"], "officer-revoked");
    assert_eq!(explained["today"]["since"], 5);
}

#[test]
fn quotas_are_counted_up_to_the_position() {
    let desk = desk_with_accesses(&["--total-quota", "2"]);
    access(&desk, "c.json", "LOW-INCOME-CHECK").ended(Exit::Done);
    access(&desk, "d.json", "LOW-INCOME-CHECK").ended(Exit::Denied);
    let second = explain(&desk, "4");
    assert_eq!(verdict(&second, "quota"), "holds");
    let found = second["clauses"][13]["found"].as_str().unwrap();
    assert_eq!(found, "1 used before, of 2");
    assert_eq!(
        (&second["today"]["outcome"], &second["today"]["since"]),
        (&json!("denied"), &json!(4))
    );
    let third = explain(&desk, "5");
    assert_eq!(verdict(&third, "quota"), "refuses");
    assert_eq!(verdict(&third, "daily-quota"), "not-reached");
}

#[test]
fn a_used_exchange_is_found_and_an_exchange_can_be_asked_for() {
    let desk = desk_with_accesses(&[]);
    let file = desk.office.path("a.json");
    let record = ["access", "record", "--attempt", &file];
    desk.sign("civil.gd", KeyRole::Gateway, &record).ended(Exit::Denied);
    assert_eq!(verdict(&explain(&desk, "4"), "exchange"), "refuses");
    let attempt: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let exchange = attempt["attempt"]["exchange"].as_str().unwrap();
    assert_eq!(explain(&desk, exchange)["entry"], 4, "the newest record of it");
    let ran = desk.ask(&["access", "explain", &"77".repeat(16)]).ended(Exit::Failed);
    assert!(ran.err.contains("No access and no denial"), "{}", ran.err);
}

#[test]
fn a_suspension_counts_while_it_lasts() {
    let desk = desk_with_accesses(&[]);
    let reason = "A complaint is looked into".parse().unwrap();
    commit(&desk, 200, Action::SuspendGrant { grant: g1(), reason });
    access(&desk, "c.json", "LOW-INCOME-CHECK").ended(Exit::Denied);
    commit(&desk, 201, Action::ResumeGrant { grant: g1() });
    let explained = explain(&desk, "5");
    assert_eq!(verdict(&explained, "standing"), "refuses");
    let today = &explained["today"];
    assert_eq!((&today["outcome"], &today["since"]), (&json!("allowed"), &json!(6)));
    assert_eq!(verdict(&explain(&desk, "2"), "standing"), "holds");
}

#[test]
fn no_clause_is_said_to_hold_that_was_not_judged_to_its_end() {
    let desk = desk_with_accesses(&[]);
    let reason = || "A complaint is looked into".parse().unwrap();
    commit(&desk, 200, Action::SuspendGrant { grant: g1(), reason: reason() });
    let dataset = "civil.gd/marriage-register".parse().unwrap();
    commit(&desk, 201, Action::WithdrawDataset { dataset, reason: reason() });
    access(&desk, "c.json", "LOW-INCOME-CHECK").ended(Exit::Denied);
    let explained = explain(&desk, "6");
    assert_eq!(explained["refusal"]["rule"], "dataset-withdrawn");
    let found = ["grant", "standing", "dataset", "period"].map(|c| verdict(&explained, c));
    assert_eq!(found, ["holds", "not-reached", "refuses", "not-reached"]);
}

#[test]
fn a_dataset_counts_in_the_version_of_that_time() {
    let desk = desk_with_accesses(&[]);
    let mut dataset: Dataset = toml::from_str(dataset_sample()).unwrap();
    dataset.items.retain(|item| item.name.as_str() != "date of marriage");
    commit(&desk, 200, Action::AmendDataset { dataset, version: 1 });
    access(&desk, "c.json", "LOW-INCOME-CHECK").ended(Exit::Denied);
    let before = explain(&desk, "2");
    assert_eq!(verdict(&before, "offer"), "holds");
    let found = before["clauses"][12]["found"].as_str().unwrap();
    assert!(found.starts_with("version 1 "), "{found}");
    assert_eq!(
        (&before["today"]["outcome"], &before["today"]["since"]),
        (&json!("denied"), &json!(4))
    );
    let after = explain(&desk, "5");
    assert_eq!(verdict(&after, "offer"), "refuses");
    assert_eq!(after["refusal"]["rule"], "item-not-listed");
}

#[test]
fn an_entry_that_does_not_follow_is_not_explained_away() {
    let desk = desk_with_accesses(&[]);
    let mut grant = desk.node.inside(|inside| inside.object("/v1/grants/G1"));
    grant["grant"]["terms"]["matters"] = json!(["TAX-RELIEF"]);
    desk.node.answer("GET /v1/grants/G1", Answer::Json(200, grant));
    let ran = desk.ask(&["access", "explain", "2"]).ended(Exit::Unverified);
    assert!(ran.err.contains("does not follow"), "{}", ran.err);
}

#[test]
fn a_node_that_leaves_out_the_dataset_of_that_time_is_not_believed() {
    let desk = desk_with_accesses(&[]);
    let dataset = desk.node.inside(|inside| inside.object("/v1/grants/G1"));
    let dataset = dataset["grant"]["terms"]["dataset"].as_str().unwrap().to_owned();
    let none = json!({ "versions": [], "next": null });
    desk.node.answer(&format!("GET /v1/datasets/{dataset}/versions"), Answer::Json(200, none));
    let ran = desk.ask(&["access", "explain", "2"]).ended(Exit::Failed);
    assert!(ran.err.contains("lacks the version"), "{}", ran.err);
}

#[test]
fn a_node_that_tells_of_another_dataset_is_not_believed() {
    let desk = desk_with_accesses(&[]);
    let path = "/v1/datasets/civil.gd/marriage-register/versions";
    let mut dataset = desk.node.inside(|inside| {
        inside.object("/v1/datasets/civil.gd/marriage-register")["dataset"].clone()
    });
    dataset["id"] = json!("civil.gd/births");
    let other = json!({ "version": 1, "version_at": 0, "dataset": dataset });
    let answer = json!({ "versions": [other], "next": null });
    desk.node.answer(&format!("GET {path}"), Answer::Json(200, answer));
    let ran = desk.ask(&["access", "explain", "2"]).ended(Exit::Failed);
    assert!(ran.err.contains("lacks the version"), "{}", ran.err);
}

#[test]
fn a_node_that_puts_an_entry_at_the_end_of_time_is_not_believed() {
    let desk = desk_with_accesses(&[]);
    let mut entry = desk.node.inside(|inside| inside.entries()[2].clone());
    entry["time"] = json!(u64::MAX);
    desk.node.answer("GET /v1/entries/2", Answer::Json(200, entry));
    let ran = desk.ask(&["access", "explain", "2"]).ended(Exit::Unverified);
    assert!(ran.err.contains("does not follow"), "{}", ran.err);
}

#[test]
fn what_is_no_access_is_not_explained() {
    let desk = desk_with_accesses(&[]);
    let ran = desk.ask(&["access", "explain", "1"]).ended(Exit::Failed);
    assert!(ran.err.contains("of kind issue-grant"), "{}", ran.err);
    let ran = desk.ask(&["access", "explain", "latest"]).ended(Exit::Usage);
    assert!(ran.err.contains("32 digits"), "{}", ran.err);
}

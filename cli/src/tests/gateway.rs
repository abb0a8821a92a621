//! An access from the officer's attempt to the gateway's record, also where events overtake it.

use comity_core::access::SignedAttempt;
use comity_core::agency::KeyRole;
use serde_json::{Value, json};

use super::fake_node::Answer;
use super::fixture::{NOW, Ran};
use super::flows::Desk;
use crate::fault::Exit;

fn desk_with_grant(extra: &[&str]) -> Desk {
    let desk = Desk::new();
    desk.publish().ended(Exit::Done);
    desk.grant(extra).ended(Exit::Done);
    desk
}

fn attempt(desk: &Desk, file: &str, matter: &str) -> String {
    let out = desk.office.path(file);
    let args = ["access", "attempt", "--grant", "G1", "--matter", matter, "--mode", "query"];
    let args = [&args[..], &["--item", "date of marriage", "--out", &out]].concat();
    desk.sign("finance.gd", KeyRole::Officer, &args).ended(Exit::Done);
    out
}

fn record(desk: &Desk, attempt: &str) -> Ran {
    let args = ["access", "record", "--attempt", attempt, "--json"];
    desk.sign("civil.gd", KeyRole::Gateway, &args)
}

/// A change that others commit meanwhile: made at the desk, then taken back out of the node.
fn revocation(desk: &Desk) -> Vec<u8> {
    let busy = json!({"type": "urn:comity:problem:busy", "status": 503});
    desk.node.answer("POST /v1/records", Answer::Json(503, busy));
    desk.revoke().ended(Exit::Unknown);
    let kept = desk.office.pending().remove(0);
    let bytes = std::fs::read(&kept).unwrap();
    std::fs::remove_file(kept).unwrap();
    bytes
}

fn last_entry(desk: &Desk) -> Value {
    desk.node.inside(|inside| inside.entries().last().unwrap().clone())
}

#[test]
fn an_allowed_access_is_recorded_with_the_officers_own_word() {
    let desk = desk_with_grant(&[]);
    let file = attempt(&desk, "request.json", "LOW-INCOME-CHECK");
    let signed: SignedAttempt = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    signed.verify().unwrap();
    assert_eq!(signed.attempt.dataset.to_string(), "civil.gd/marriage-register");
    // Counted from consensus time, which is a millisecond ahead of this computer's after two blocks.
    assert_eq!(signed.attempt.valid_until, NOW.plus(600_001));
    let ran = record(&desk, &file).ended(Exit::Done);
    let result = ran.json();
    assert_eq!((&result["outcome"], &result["index"]), (&json!("allowed"), &json!(2)));
    let entry = last_entry(&desk);
    assert_eq!(entry["record"]["statement"]["action"]["attempt"], json!(signed));
}

#[test]
fn a_refused_access_is_denied_by_name_and_ends_with_4() {
    let desk = desk_with_grant(&[]);
    let file = attempt(&desk, "request.json", "TAX-RELIEF");
    let ran = record(&desk, &file).ended(Exit::Denied);
    let result = ran.json();
    assert_eq!(result["outcome"], "denied");
    assert_eq!(result["rule"], "matter-not-covered");
    assert_eq!(result["kind"], "record-denial");
    assert!(ran.err.contains("the grant does not cover the matter TAX-RELIEF"), "{}", ran.err);
    assert!(ran.err.contains("Do not hand over the data"), "{}", ran.err);
}

#[test]
fn one_attempt_serves_for_one_access() {
    let desk = desk_with_grant(&[]);
    let file = attempt(&desk, "request.json", "LOW-INCOME-CHECK");
    record(&desk, &file).ended(Exit::Done);
    let ran = record(&desk, &file).ended(Exit::Denied);
    assert_eq!(ran.json()["rule"], "exchange-used");
}

#[test]
fn a_revocation_that_is_ordered_first_turns_the_access_into_a_denial() {
    let desk = desk_with_grant(&[]);
    let file = attempt(&desk, "request.json", "LOW-INCOME-CHECK");
    let revocation = revocation(&desk);
    desk.node.inside(|inside| inside.meanwhile.push(revocation));
    let ran = record(&desk, &file).ended(Exit::Denied);
    let result = ran.json();
    assert_eq!(result["rule"], "grant-revoked");
    assert_eq!(result["refusal"]["at"], 2);
    assert_eq!(last_entry(&desk)["kind"], "record-denial");
}

#[test]
fn a_denial_that_is_overtaken_is_judged_again() {
    let desk = desk_with_grant(&[]);
    let file = attempt(&desk, "request.json", "LOW-INCOME-CHECK");
    let stale = json!({
        "allowed": false, "rule": "quota-used", "refusal": {"rule": "quota-used", "limit": 1},
    });
    desk.node.answer("POST /v1/evaluate", Answer::Json(200, stale.clone()));
    desk.node.answer("POST /v1/evaluate", Answer::Json(200, stale));
    let ran = record(&desk, &file).ended(Exit::Done);
    assert_eq!(ran.json()["outcome"], "allowed");
    let revocation = revocation(&desk);
    desk.node.inside(|inside| inside.commit(&revocation).unwrap());
    let file = attempt(&desk, "second.json", "LOW-INCOME-CHECK");
    let stale = json!({
        "allowed": false, "rule": "quota-used", "refusal": {"rule": "quota-used", "limit": 1},
    });
    desk.node.answer("POST /v1/evaluate", Answer::Json(200, stale));
    let ran = record(&desk, &file).ended(Exit::Denied);
    assert_eq!(ran.json()["rule"], "grant-revoked");
}

#[test]
fn a_judgement_that_never_settles_is_given_up_with_nothing_recorded() {
    let desk = desk_with_grant(&[]);
    let file = attempt(&desk, "request.json", "LOW-INCOME-CHECK");
    let stale = json!({
        "allowed": false, "rule": "quota-used", "refusal": {"rule": "quota-used", "limit": 1},
    });
    for _ in 0..5 {
        desk.node.answer("POST /v1/evaluate", Answer::Json(200, stale.clone()));
    }
    let ran = record(&desk, &file).ended(Exit::Failed);
    assert!(ran.err.contains("Do not hand over the data"), "{}", ran.err);
    assert_eq!(last_entry(&desk)["kind"], "issue-grant");
}

#[test]
fn a_gateway_of_another_agency_is_refused_not_denied() {
    let desk = desk_with_grant(&[]);
    let file = attempt(&desk, "request.json", "LOW-INCOME-CHECK");
    let args = ["access", "record", "--attempt", &file];
    let ran = desk.sign("health.gd", KeyRole::Gateway, &args).ended(Exit::Refused);
    assert!(ran.err.contains("must be signed by civil.gd, with its gateway key"), "{}", ran.err);
}

#[test]
fn a_changed_attempt_is_not_recorded() {
    let desk = desk_with_grant(&[]);
    let file = attempt(&desk, "request.json", "LOW-INCOME-CHECK");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("LOW-INCOME-CHECK", "TAX-RELIEF")).unwrap();
    let ran = record(&desk, &file).ended(Exit::Failed);
    assert!(ran.err.contains("does not hold"), "{}", ran.err);
    assert_eq!(last_entry(&desk)["kind"], "issue-grant");
}

#[test]
fn a_daily_quota_ends_in_a_denial_that_says_so() {
    let desk = desk_with_grant(&["--daily-quota", "1"]);
    let first = attempt(&desk, "first.json", "LOW-INCOME-CHECK");
    record(&desk, &first).ended(Exit::Done);
    let second = attempt(&desk, "second.json", "LOW-INCOME-CHECK");
    let ran = record(&desk, &second).ended(Exit::Denied);
    assert_eq!(ran.json()["rule"], "daily-quota-used");
    assert!(ran.err.contains("of the 1 access of the grant for this day"), "{}", ran.err);
}

//! Changes from the command line to the commit, and every way in which they can end.

use comity_core::agency::KeyRole;
use comity_core::ids::{GrantId, LogIndex};
use comity_core::refusal::Refusal;
use comity_core::statement::VerifiedRecord;
use serde_json::json;

use super::fake_node::{Answer, FakeNode, rule_problem};
use super::fixture::{NOW, Office, Ran, genesis};
use crate::fault::Exit;
use crate::messages::dataset_sample;

/// An office at a node.
pub(super) struct Desk {
    pub(super) office: Office,
    pub(super) node: FakeNode,
}

impl Desk {
    pub(super) fn new() -> Desk {
        let office = Office::new();
        office.put("marriages.toml", dataset_sample().as_bytes());
        Desk { office, node: FakeNode::start() }
    }

    /// Runs a command at the node.
    pub(super) fn ask(&self, args: &[&str]) -> Ran {
        self.office.run(&[args, &["--node", &self.node.url()]].concat())
    }

    /// Runs a change, signed with a member's key.
    pub(super) fn sign(&self, member: &str, role: KeyRole, args: &[&str]) -> Ran {
        let key = self.office.key(member, role);
        self.ask(&[args, &["--yes", "--key", &key]].concat())
    }

    pub(super) fn publish(&self) -> Ran {
        let file = self.office.path("marriages.toml");
        self.sign("civil.gd", KeyRole::Steward, &["dataset", "publish", &file])
    }

    pub(super) fn grant(&self, extra: &[&str]) -> Ran {
        let args = "grant issue --dataset civil.gd/marriage-register --to finance.gd --matter \
                    LOW-INCOME-CHECK --basis ACT-12 --mode query --until 2026-12-31 --item";
        let words = args.split(' ').filter(|word| !word.is_empty());
        let args: Vec<&str> = words.chain(["date of marriage"]).collect();
        self.sign("civil.gd", KeyRole::Steward, &[&args[..], extra].concat())
    }

    pub(super) fn revoke(&self) -> Ran {
        let args = ["grant", "revoke", "G1", "--reason", "The programme has ended"];
        self.sign("civil.gd", KeyRole::Steward, &args)
    }
}

#[test]
fn a_change_is_shown_committed_and_says_how_to_check_it() {
    let desk = Desk::new();
    let ran = desk.publish().ended(Exit::Done);
    assert!(ran.out.contains("entry 0, block 1"), "{}", ran.out);
    assert!(ran.out.contains("comity log show 0"), "{}", ran.out);
    let ran = desk.grant(&["--daily-quota", "3"]).ended(Exit::Done);
    let shown = [
        "let finance.gd use civil.gd/marriage-register",
        "date of marriage",
        "LOW-INCOME-CHECK",
        "up to, not including, 2027-01-01T00:00:00+08:00",
        "civil.gd (steward, Duty desk)",
        "Test consortium",
        // NOW and ten minutes.
        "2026-05-03T11:19:37+08:00",
    ];
    for words in shown {
        assert!(ran.err.contains(words), "{words} is missing in {}", ran.err);
    }
    assert!(ran.out.contains("the grant G1 is issued"), "{}", ran.out);
    assert!(desk.office.pending().is_empty());
    let ran = desk.ask(&["grant", "show", "G1"]).ended(Exit::Done);
    assert!(ran.out.contains("G1: civil.gd lets finance.gd use"), "{}", ran.out);
    let ran = desk.ask(&["log", "show", "1"]).ended(Exit::Done);
    assert!(ran.out.contains("every signature in them is true"), "{}", ran.out);
}

#[test]
fn the_same_seed_nonce_and_clock_give_the_same_record() {
    let desk = Desk::new();
    desk.publish().ended(Exit::Done);
    let ran = desk.grant(&["--json"]).ended(Exit::Done);
    let posted = desk.node.asked("POST /v1/records").remove(1);
    let record = VerifiedRecord::verify(&posted, &genesis().id()).unwrap();
    assert_eq!(record.statement().nonce.0, [2; 16]);
    assert_eq!(record.statement().valid_until, NOW.plus(600_000));
    // Golden: changes only with the formats, deliberately.
    assert_eq!(record.id().to_string(), GOLDEN_GRANT);
    let result = ran.json();
    assert_eq!(result["record_id"], GOLDEN_GRANT);
    assert_eq!(result["grant"], "G1");
    assert_eq!((&result["index"], &result["height"]), (&json!(1), &json!(2)));
}

const GOLDEN_GRANT: &str = "e2dc78076824498256ca5f099cadb993c9d0cea589d593b0c441e2d1b490e8f5";

#[test]
fn a_refused_change_ends_with_3_in_the_words_of_the_catalogue() {
    let desk = Desk::new();
    desk.publish().ended(Exit::Done);
    let ran = desk.publish().ended(Exit::Refused);
    let expected = "Record not accepted: civil.gd/marriage-register was already published by entry \
                    0.\nNothing was changed. What is published is changed by amending it, so that \
                    everybody sees what changed.\nNext: comity dataset show \
                    civil.gd/marriage-register; to change it: comity dataset amend --help; or \
                    publish under another name.";
    assert!(ran.err.contains(expected), "{}", ran.err);
    let file = desk.office.path("marriages.toml");
    let args = ["dataset", "publish", &file, "--json"];
    let ran = desk.sign("civil.gd", KeyRole::Officer, &args).ended(Exit::Refused);
    assert!(ran.err.contains("You signed as civil.gd, with its officer key."), "{}", ran.err);
    let error = &ran.json()["error"];
    assert_eq!((&error["name"], &error["exit"]), (&json!("wrong-signer"), &json!(3)));
    assert!(desk.office.pending().is_empty(), "a refused record is not kept");
}

#[test]
fn a_rule_of_a_newer_node_is_passed_on() {
    let desk = Desk::new();
    let problem = json!({
        "type": "urn:comity:rule:from-the-future", "status": 409, "title": "Refused",
        "detail": "the moon is\u{1b}[31m full", "rule": "from-the-future",
    });
    desk.node.answer("POST /v1/records", Answer::Json(409, problem));
    let ran = desk.publish().ended(Exit::Refused);
    assert!(ran.err.contains("from-the-future"), "{}", ran.err);
    assert!(ran.err.contains("full") && !ran.err.contains('\u{1b}'), "{}", ran.err);
}

#[test]
fn an_unreachable_node_ends_with_6() {
    let office = Office::new();
    let url = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let ran = office.run(&["status", "--node", &url]).ended(Exit::Unknown);
    assert!(ran.err.contains("cannot be reached"), "{}", ran.err);
    let key = office.key("civil.gd", KeyRole::Steward);
    let args = ["grant", "revoke", "G0", "--reason", "x", "--yes", "--key", &key, "--node", &url];
    office.run(&args).ended(Exit::Unknown);
    assert!(office.pending().is_empty(), "nothing was signed");
}

#[test]
fn a_record_of_unknown_outcome_is_kept_and_submitted_again_byte_by_byte() {
    let timeout = json!({"type": "urn:comity:problem:commit-timeout", "status": 504});
    for answer in [Answer::Json(504, timeout), Answer::HangUp, Answer::Json(200, json!({}))] {
        let desk = Desk::new();
        desk.node.answer("POST /v1/records", answer);
        let ran = desk.publish().ended(Exit::Unknown);
        let [kept] = &desk.office.pending()[..] else { panic!("kept: {ran:?}") };
        let kept = kept.to_str().unwrap();
        assert!(ran.err.contains(&format!("comity record submit {kept}")), "{}", ran.err);
        let bytes = std::fs::read(kept).unwrap();

        desk.ask(&["record", "submit", kept]).ended(Exit::Usage);
        let ran = desk.ask(&["record", "submit", kept, "--yes"]).ended(Exit::Done);
        assert!(ran.out.contains("entry 0, block 1"), "{}", ran.out);
        let posted = desk.node.asked("POST /v1/records");
        assert_eq!(posted, [bytes.clone(), bytes.clone()]);
        assert!(desk.office.pending().is_empty(), "its fate is known");

        desk.office.put("copy.record", &bytes);
        let copy = desk.office.path("copy.record");
        let ran = desk.ask(&["record", "submit", &copy, "--yes"]).ended(Exit::Done);
        assert!(ran.out.contains("entry 0"), "submitting twice is submitting once: {}", ran.out);
    }
}

#[test]
fn a_busy_node_keeps_the_record_for_another_try() {
    let desk = Desk::new();
    let busy = json!({"type": "urn:comity:problem:busy", "status": 503, "title": "Busy"});
    desk.node.answer("POST /v1/records", Answer::Json(503, busy));
    let ran = desk.publish().ended(Exit::Unknown);
    assert!(ran.err.contains("did not take the record"), "{}", ran.err);
    assert_eq!(desk.office.pending().len(), 1);
}

#[test]
fn a_node_that_answers_about_another_record_is_not_believed() {
    let desk = Desk::new();
    let answer = json!({
        "record_id": "22".repeat(32), "leaf_hash": "33".repeat(32), "status": "committed",
        "index": 5, "height": 9, "time": NOW, "header_hash": "44".repeat(32),
    });
    desk.node.answer("POST /v1/records", Answer::Json(200, answer));
    let ran = desk.publish().ended(Exit::Unknown);
    assert!(ran.err.contains("another record"), "{}", ran.err);
    let kept = desk.office.pending().remove(0);
    assert!(ran.err.contains(&*kept.to_string_lossy()), "{}", ran.err);
}

#[test]
fn a_damaged_record_is_not_submitted() {
    let desk = Desk::new();
    desk.publish().ended(Exit::Done);
    let mut bytes = desk.node.asked("POST /v1/records").remove(0);
    *bytes.last_mut().unwrap() ^= 1;
    desk.office.put("damaged.record", &bytes);
    let path = desk.office.path("damaged.record");
    let ran = desk.ask(&["record", "submit", &path, "--yes"]).ended(Exit::Failed);
    assert!(ran.err.contains("bad-signature"), "{}", ran.err);
}

#[test]
fn a_new_officer_is_registered_and_revoked_from_cards() {
    let desk = Desk::new();
    let out = desk.office.path("desk4.key");
    let new = "key new --agency finance.gd --role officer --no-passphrase --out";
    let new: Vec<&str> = new.split(' ').chain([&out[..], "--post", "Benefits desk 4"]).collect();
    let made = desk.ask(&[&new[..], &["--json"]].concat()).ended(Exit::Done).json();
    let (key, card) = (made["public_key"].as_str().unwrap(), desk.office.path("desk4.card.json"));
    let register = ["key", "register", "--card", &card, "--valid-until", "2027-12-31"];
    let ran = desk.sign("civil.gd", KeyRole::Admin, &register).ended(Exit::Failed);
    assert!(ran.err.contains("give the card to the admin of finance.gd"), "{}", ran.err);
    desk.sign("finance.gd", KeyRole::Admin, &register).ended(Exit::Done);
    let ran = desk.ask(&["key", "show", key]).ended(Exit::Done);
    assert!(ran.out.contains("valid until 2028-01-01T00:00:00+08:00"), "{}", ran.out);
    let revoke = ["key", "revoke", key, "--reason", "Stolen", "--suspect-since", "2026-05-03"];
    desk.sign("finance.gd", KeyRole::Admin, &revoke).ended(Exit::Done);
    let ran = desk.ask(&["key", "show", &card]).ended(Exit::Done);
    assert!(ran.out.contains("revoked by entry 1 (Stolen)"), "{}", ran.out);
    let ran = desk.sign("finance.gd", KeyRole::Admin, &revoke).ended(Exit::Refused);
    assert!(ran.err.contains("already revoked by entry 1"), "{}", ran.err);
}

#[test]
fn refusals_tell_times_and_entries_in_the_readers_terms() {
    let desk = Desk::new();
    let refusal = Refusal::SignerExpired { until: NOW };
    desk.node.answer("POST /v1/records", Answer::Json(409, rule_problem(&refusal)));
    let ran = desk.publish().ended(Exit::Refused);
    let words = "the key of civil.gd expired on 2026-05-03T11:09:37+08:00";
    assert!(ran.err.contains(words), "{}", ran.err);
    let grant = GrantId(LogIndex(4));
    let refusal = Refusal::GrantAlreadyRevoked { grant, at: LogIndex(21) };
    desk.node.answer("POST /v1/records", Answer::Json(409, rule_problem(&refusal)));
    let ran = desk.revoke().ended(Exit::Refused);
    assert!(ran.err.contains("G4 was already revoked by entry 21"), "{}", ran.err);
}

//! Records, attempts and requests as an enemy or a broken program would send them.
//! Holds: each is answered by its own problem, and changes nothing.

use std::collections::BTreeSet;

use comity_core::access::{Attempt, SignedAttempt};
use comity_core::dataset::{DeliveryMode, Item, Items};
use comity_core::hash::ConsortiumId;
use comity_core::ids::{ExchangeId, GrantId, LogIndex, TimeMs};
use comity_core::keys::Signature;
use comity_core::statement::{Action, Statement};
use serde_json::{Value, json};

use crate::harness::author::{Author, Role, dataset, drawn, now, terms};
use crate::harness::consortium::Consortium;
use crate::harness::http::{Answer, Api};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// Most bytes of a record in a request, for ever.
const MOST_BYTES: usize = 65_535;

/// A node whose ledger is not to change.
struct Target {
    api: Api,
    before: Value,
}

impl Target {
    fn new(api: Api) -> Target {
        Target { api, before: api.json("/v1/status") }
    }

    /// The record is answered by this problem, whether its commit is waited for or not.
    fn refuses(&self, what: &str, record: &[u8], status: u16, kind: &str) {
        println!("{what}");
        for path in ["/v1/records", "/v1/records?wait=commit"] {
            self.api.submit(path, record).unwrap().problem(status, kind);
        }
        self.is_unchanged();
    }

    fn answers(&self, request: &str, headers: &[&str], body: &[u8], status: u16, kind: &str) {
        println!("{request} {headers:?}");
        let problem = format!("problem:{kind}");
        self.api.ask(request, headers, body).unwrap().problem(status, &problem);
        self.is_unchanged();
    }

    fn is_unchanged(&self) {
        let after = self.api.json("/v1/status");
        for part in ["height", "log_size", "state_root"] {
            assert_eq!(after[part], self.before[part], "{part}");
        }
        assert_eq!(after["pending"], 0);
        assert_eq!(self.api.get("/readyz").status, 200);
    }
}

#[test]
fn bytes_that_are_no_record_are_refused() {
    let consortium = Consortium::start(1);
    let steward = consortium.person(0, Role::Steward);
    let target = Target::new(consortium.nodes[0].api);
    let good = steward.publish("births");
    let refuses = |what, bytes: &[u8], rule: &str| {
        target.refuses(what, bytes, 400, &format!("rule:{rule}"));
    };
    refuses("empty", b"", "record-truncated");
    refuses("one byte", &good[..1], "record-truncated");
    refuses("without its last byte", &good[..good.len() - 1], "record-truncated");
    refuses("with a byte too many", &[&good[..], &[0]].concat(), "record-trailing");
    let mut padded = good.clone();
    padded.resize(MOST_BYTES, 0);
    refuses("padded to the limit", &padded, "record-trailing");
    padded.push(0);
    target.refuses("over the limit", &padded, 413, "problem:too-large");
    padded.resize(4 * MOST_BYTES, 0);
    target.refuses("far over the limit", &padded, 413, "problem:too-large");
    refuses("delivery modes out of order", &unsorted(&good), "record-not-canonical");
    refuses("text", b"{\"record\": 1}", "wrong-version");

    let changed = |change: &dyn Fn(&mut Statement)| {
        let mut statement = steward.statement(action("births"));
        change(&mut statement);
        steward.sign(statement).to_bytes()
    };
    refuses("version", &changed(&|s| s.version = 2), "wrong-version");
    let elsewhere = changed(&|s| s.consortium = ConsortiumId([5; 32]));
    refuses("consortium", &elsewhere, "wrong-consortium");
    refuses("nobody signs", &changed(&|s| s.signers.clear()), "signers");
    refuses("one signs twice", &changed(&|s| s.signers.push(s.signers[0].clone())), "signers");

    let mut record = steward.sign(steward.statement(action("births")));
    record.signatures.clear();
    refuses("no signature", &record.to_bytes(), "signature-count");
    record.signatures.push(Signature([0x11; 64]));
    refuses("garbage for a signature", &record.to_bytes(), "bad-signature");

    let request = "POST /v1/records";
    for kind in ["content-type: application/json", "content-type: text/plain"] {
        target.answers(request, &[kind], &good, 415, "unsupported-media-type");
    }
    // After all that the good one, of which most of these were made, is as good as before.
    target.api.commit(&good);
}

fn action(slug: &str) -> Action {
    Action::PublishDataset { dataset: dataset(&format!("civil.th/{slug}")) }
}

/// The record with its set of two delivery modes written in the wrong order.
fn unsorted(record: &[u8]) -> Vec<u8> {
    let (sorted, swapped) =
        ([2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0]);
    let at = record.windows(sorted.len()).position(|found| found == sorted).unwrap();
    let mut bytes = record.to_vec();
    bytes[at + 8..at + 16].copy_from_slice(&swapped);
    bytes
}

#[test]
fn records_that_break_a_rule_are_refused() {
    let consortium = Consortium::start(2);
    let steward = consortium.person(0, Role::Steward);
    let officer = consortium.person(0, Role::Officer);
    let leaver = consortium.person(0, Role::Steward);
    let api = consortium.nodes[0].api;
    api.commit(&steward.publish("births"));
    let reason = "left".parse().unwrap();
    let revoke = Action::RevokeKey { key: leaver.key.public(), reason, suspect_since: None };
    api.commit(&consortium.admin(0).record(revoke));
    let other = consortium.person(1, Role::Steward);
    let height = consortium.same_tip(&[0, 1], 6);
    assert_eq!(height["log_size"], 6);

    let target = Target::new(api);
    let refuses = |what, record: Vec<u8>, rule: &str| {
        target.refuses(what, &record, 409, &format!("rule:{rule}"));
    };
    let until = |valid_until| {
        let statement = Statement { valid_until, ..steward.statement(action("deaths")) };
        steward.sign(statement).to_bytes()
    };
    refuses("over", until(TimeMs(now().0 - 60_000)), "record-expired");
    refuses("too far ahead", until(now().plus(DAY_MS + 60_000)), "record-too-far-ahead");
    refuses("too long", too_long(&steward), "record-too-long");
    refuses("an officer publishes", officer.publish("deaths"), "wrong-signer");
    let pretender = Author { role: Role::Steward, ..officer.clone() };
    refuses("an officer calls himself steward", pretender.publish("deaths"), "signer-mismatch");
    refuses("a revoked key", leaver.publish("deaths"), "signer-revoked");
    refuses(
        "a key of nobody",
        steward.colleague(Role::Steward).publish("deaths"),
        "signer-unknown",
    );
    refuses("a dataset twice", steward.publish("births"), "dataset-exists");
    refuses("grant on nothing", steward.grant("civil.th/none", "data.th"), "dataset-unknown");
    refuses("grant to nobody", steward.grant("civil.th/births", "mars.th"), "agency-unknown");
    refuses("grant to oneself", steward.grant("civil.th/births", "civil.th"), "grant-to-self");
    refuses(
        "what is another's, for oneself",
        other.grant("civil.th/births", "data.th"),
        "both-sides",
    );
    let mut without_code = terms("civil.th/births", "data.th");
    without_code.matters = ["NO-SUCH-MATTER".parse().unwrap()].into();
    let record = steward.record(Action::IssueGrant { terms: without_code });
    refuses("grant for an unpublished matter", record, "code-unknown");
    let (grant, reason) = (GrantId(LogIndex(999)), "over".parse().unwrap());
    let record = steward.record(Action::RevokeGrant { grant, reason });
    refuses("no such grant", record, "grant-unknown");
    let (again, _) = steward.register(Role::Officer);
    refuses("a steward registers a key", again, "wrong-signer");
}

/// A record beyond this consortium's limit and within that of the format.
fn too_long(steward: &Author) -> Vec<u8> {
    let mut dataset = dataset("civil.th/long");
    let item = |number| Item {
        name: format!("{number:0>48}").parse().unwrap(),
        kind: "k".repeat(48).parse().unwrap(),
    };
    dataset.items = (0..128).map(item).collect();
    dataset.summary = "s".repeat(2048).parse().unwrap();
    let record = steward.record(Action::PublishDataset { dataset });
    assert!((16 * 1024..MOST_BYTES).contains(&record.len()), "{} bytes", record.len());
    record
}

#[test]
fn replayed_record_is_answered_as_committed_and_a_forged_copy_does_not_hide_it() {
    let consortium = Consortium::start(1);
    let steward = consortium.person(0, Role::Steward);
    let api = consortium.nodes[0].api;
    let statement = steward.statement(action("births"));
    let mut forged = steward.sign(statement.clone());
    forged.signatures[0].0[40] ^= 1;
    let (forged, good) = (forged.to_bytes(), steward.sign(statement).to_bytes());

    let before = Target::new(api);
    before.refuses("forged before the good one", &forged, 400, "rule:bad-signature");
    let committed = api.commit(&good);
    let after = Target::new(api);
    after.refuses("forged after the good one", &forged, 400, "rule:bad-signature");
    let is_the_same = |answer: Answer| {
        assert_eq!((answer.status, answer.json()), (200, committed.clone()));
        after.is_unchanged();
    };
    is_the_same(api.submit("/v1/records", &good).unwrap());
    is_the_same(api.submit("/v1/records?wait=commit", &good).unwrap());
    consortium.assert_everywhere(&[0], &committed);
}

#[test]
fn attempts_that_cannot_be_judged_are_refused_and_others_are_judged() {
    let consortium = Consortium::start(1);
    let officer = consortium.person(0, Role::Officer);
    let target = Target::new(consortium.nodes[0].api);
    let json = &["content-type: application/json"];
    let evaluate = "POST /v1/evaluate";
    target.answers(evaluate, json, b"", 400, "bad-request");
    target.answers(evaluate, json, b"{}", 400, "bad-request");
    let deep = "[".repeat(200_000);
    target.answers(evaluate, json, deep.as_bytes(), 400, "bad-request");
    let huge = format!("{{\"attempt\": \"{}\"}}", "x".repeat(8 * 1024 * 1024));
    target.answers(evaluate, json, huge.as_bytes(), 413, "too-large");
    target.answers(evaluate, &["content-type: text/plain"], b"{}", 415, "unsupported-media-type");

    let ask = |signed: &SignedAttempt| {
        target.api.ask(evaluate, json, json!(signed).to_string().as_bytes()).unwrap()
    };
    let signed = attempt(&officer);
    let judged = ask(&signed).json();
    assert_eq!((&judged["allowed"], &judged["rule"]), (&json!(false), &json!("no-such-grant")));
    let forged = SignedAttempt { signature: Signature([9; 64]), ..signed.clone() };
    ask(&forged).problem(400, "rule:attempt-bad-signature");
    let nothing = Attempt { items: Items::Only(BTreeSet::new()), ..signed.attempt.clone() };
    let nothing = SignedAttempt { signature: officer.key.sign_attempt(&nothing), attempt: nothing };
    ask(&nothing).problem(400, "rule:attempt-without-items");
    let elsewhere = Author { consortium: ConsortiumId([5; 32]), ..officer };
    ask(&attempt(&elsewhere)).problem(400, "rule:attempt-wrong-consortium");
    target.is_unchanged();
}

/// An attempt under a grant that nobody issued.
fn attempt(officer: &Author) -> SignedAttempt {
    let attempt = Attempt {
        consortium: officer.consortium,
        exchange: ExchangeId(drawn()),
        grant: GrantId(LogIndex(999)).into(),
        dataset: "data.th/none".parse().unwrap(),
        requester: officer.agency.parse().unwrap(),
        officer: officer.key.public(),
        matter: "SCHOOL-ENROLMENT".parse().unwrap(),
        items: Items::All,
        mode: DeliveryMode::Verify,
        made_at: now(),
        valid_until: now().plus(60_000),
        sealed: vec![],
        batch: None,
        capacity: Default::default(),
    };
    SignedAttempt { signature: officer.key.sign_attempt(&attempt), attempt }
}

#[test]
fn requests_for_what_is_not_there_are_problems() {
    let consortium = Consortium::start(1);
    let target = Target::new(consortium.nodes[0].api);
    for path in [
        "/",
        "/v1",
        "/v1/nothing",
        "/v2/status",
        "/v1/entries/0",
        "/v1/blocks/1",
        "/v1/grants/G7",
        "/v1/agencies/mars.th",
        "/v1/datasets/civil.th/none",
        "/v1/archive",
        "/v1/../etc/passwd",
        "/v1/status/",
    ] {
        target.answers(&format!("GET {path}"), &[], b"", 404, "not-found");
    }
    for path in [
        "/v1/entries/first",
        "/v1/entries/-1",
        "/v1/grants/7",
        "/v1/keys/00",
        "/v1/records/zz",
        "/v1/entries?form=3",
        "/v1/entries?limit=0",
        "/v1/entries?limit=1001",
        "/v1/entries?order=up",
        "/v1/agencies/%FF",
        "/v1/datasets/Civil/x",
    ] {
        target.answers(&format!("GET {path}"), &[], b"", 400, "bad-request");
    }
    for request in ["GET /v1/records", "POST /v1/status", "DELETE /v1/entries/0", "PUT /readyz"] {
        target.answers(request, &[], b"", 405, "method-not-allowed");
    }
    let body = ["content-type: application/octet-stream"];
    target.answers("POST /v1/records?wait=soon", &body, b"x", 400, "bad-request");
    target.answers("GET /v1/status", &["host: comity.example.org"], b"", 421, "misdirected");
}

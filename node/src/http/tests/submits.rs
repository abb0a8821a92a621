//! Submitting and waiting: every answer, and the races around a commit.

use std::sync::Arc;
use std::time::Duration;

use comity_core::ids::LogIndex;
use comity_core::refusal::Refusal;
use comity_core::statement::{MAX_RECORD_BYTES, RecordError, VerifiedRecord};
use comity_replica::io::Admission;
use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::client::{Reply, begin};
use super::fixture::Node;
use crate::shell::handle::Ask;
use crate::view::tests::chain::Chain;

const WAIT: &str = "POST /v1/records?wait=commit";

fn post(node: &Node, request: &'static str, body: &[u8]) -> JoinHandle<Reply> {
    let (address, body) = (node.address, body.to_vec());
    tokio::spawn(async move { begin(address, request, &[], &body).await.whole().await })
}

/// The next thing that the API asks of the replica.
async fn next_ask(node: &mut Node) -> Ask {
    let asked = timeout(Duration::from_secs(60), node.ends.asks.recv());
    asked.await.expect("the API asks in time").expect("the API still runs")
}

/// Answers the next submission as a replica would that checks only form and signatures.
async fn admit(node: &mut Node, admission: impl FnOnce(VerifiedRecord) -> Admission) {
    let Ask::Submit { bytes, answer } = next_ask(node).await else { panic!() };
    let consortium = *node.chain.ledger.consortium();
    let admission = match VerifiedRecord::verify(&bytes, &consortium) {
        Ok(record) => admission(record),
        Err(error) => Admission::Invalid(error),
    };
    answer.send(admission).unwrap();
}

#[tokio::test]
async fn record_without_wait_is_answered_as_pending() {
    let mut node = Node::start(Chain::with_accesses(0)).await;
    let access = node.chain.access();
    let asked = post(&node, "POST /v1/records", access.bytes());
    admit(&mut node, Admission::Pending).await;
    let reply = asked.await.unwrap();
    let expected = json!({
        "record_id": access.id(), "leaf_hash": access.leaf(), "status": "pending",
    });
    assert_eq!((reply.status, reply.json()), (202, expected));
}

#[tokio::test]
async fn waiting_submitter_is_told_the_position_and_can_read_it_at_once() {
    let mut node = Node::start(Chain::with_accesses(0)).await;
    let access = node.chain.access();
    let asked = post(&node, WAIT, access.bytes());
    admit(&mut node, Admission::Pending).await;
    let commit = node.commit(vec![access.clone()]);
    let reply = asked.await.unwrap();
    let expected = json!({
        "record_id": access.id(), "leaf_hash": access.leaf(), "status": "committed",
        "index": 2, "height": 3, "time": commit.header.time, "header_hash": commit.header_hash,
    });
    assert_eq!((reply.status, reply.json()), (200, expected));
    assert_eq!(node.get("/v1/entries/2").await.json()["leaf_hash"], json!(access.leaf()));
    let metrics = node.get("/metrics").await.text();
    assert!(metrics.contains("comity_commit_latency_seconds_count 1\n"), "{metrics}");
    assert!(metrics.contains("comity_submissions_total{outcome=\"committed\"} 1\n"), "{metrics}");
}

#[tokio::test]
async fn commit_before_the_admission_is_answered_is_not_missed() {
    let mut node = Node::start(Chain::with_accesses(0)).await;
    let access = node.chain.access();
    let asked = post(&node, WAIT, access.bytes());
    let Ask::Submit { answer, .. } = next_ask(&mut node).await else { panic!() };
    node.commit(vec![access.clone()]);
    node.view.settle().unwrap();
    answer.send(Admission::Pending(access)).unwrap();
    assert_eq!(asked.await.unwrap().json()["index"], 2);
}

#[tokio::test]
async fn many_wait_at_once_and_each_is_told_its_own_position() {
    let mut node = Node::start(Chain::with_accesses(0)).await;
    let records: Vec<_> = (0..300).map(|_| node.chain.access()).collect();
    let asked: Vec<_> = records.iter().map(|record| post(&node, WAIT, record.bytes())).collect();
    for _ in &records {
        admit(&mut node, Admission::Pending).await;
    }
    // Two who wait for the same bytes are both told.
    let again = post(&node, WAIT, records[7].bytes());
    admit(&mut node, Admission::Pending).await;
    for part in records.chunks(100) {
        node.commit(part.to_vec());
    }
    for (index, asked) in (2..).zip(asked) {
        assert_eq!(asked.await.unwrap().json()["index"], index);
    }
    assert_eq!(again.await.unwrap().json()["index"], 9);
}

#[tokio::test]
async fn waiting_submitters_are_told_though_more_blocks_came_than_are_announced() {
    let mut node = Node::start(Chain::with_accesses(0)).await;
    let (first, last) = (node.chain.publish("tax.gd/a"), node.chain.publish("tax.gd/b"));
    let asked_first = post(&node, WAIT, first.bytes());
    admit(&mut node, Admission::Pending).await;
    let asked_last = post(&node, WAIT, last.bytes());
    admit(&mut node, Admission::Pending).await;
    // Nothing else runs on this thread before the next `await`.
    node.commit(vec![first]);
    for _ in 0..100 {
        node.commit(vec![]);
    }
    node.commit(vec![last]);
    node.view.settle().unwrap();
    assert_eq!(asked_first.await.unwrap().json()["index"], 2);
    assert_eq!(asked_last.await.unwrap().json()["index"], 3);
    let metrics = node.get("/metrics").await.text();
    assert!(metrics.contains("comity_commits_total 102\n"), "{metrics}");
    assert!(metrics.contains("comity_records_committed_total 2\n"), "{metrics}");
}

#[tokio::test]
async fn record_that_a_rule_comes_to_refuse_is_answered_with_the_rule() {
    let mut node = Node::start(Chain::with_accesses(0)).await;
    let access = node.chain.access();
    let asked = post(&node, WAIT, access.bytes());
    admit(&mut node, Admission::Pending).await;
    let refusal = Refusal::SignerRevoked { at: LogIndex(5) };
    node.ends.dropped.send((access.leaf(), refusal)).unwrap();
    let problem = asked.await.unwrap().problem(409, "urn:comity:rule:signer-revoked");
    assert_eq!(problem["refusal"], json!({ "rule": "signer-revoked", "at": 5 }));
}

#[tokio::test]
async fn refused_invalid_and_crowded_out_records_are_problems() {
    let mut node = Node::start(Chain::with_accesses(0)).await;
    let access = node.chain.access();
    let refusal = Refusal::RecordTooFarAhead;
    let asked = post(&node, WAIT, access.bytes());
    admit(&mut node, |record| Admission::Refused { record, refusal }).await;
    asked.await.unwrap().problem(409, "urn:comity:rule:record-too-far-ahead");
    let asked = post(&node, WAIT, access.bytes());
    admit(&mut node, |_| Admission::Busy).await;
    let busy = asked.await.unwrap();
    busy.problem(503, "urn:comity:problem:busy");
    assert_eq!(busy.header("retry-after"), Some("1"));
    let asked = post(&node, WAIT, &access.bytes()[..100]);
    admit(&mut node, |_| Admission::Busy).await;
    let problem = asked.await.unwrap().problem(400, "urn:comity:rule:record-truncated");
    let said = RecordError::Decode(comity_core::encoding::DecodeError::Truncated).to_string();
    assert_eq!(problem["detail"], said);
    let asked = post(&node, "POST /v1/records?wait=forever", access.bytes());
    asked.await.unwrap().problem(400, "urn:comity:problem:bad-request");
}

#[tokio::test]
async fn body_over_the_limit_is_refused_however_it_is_sent() {
    let node = Node::start(Chain::with_accesses(0)).await;
    let long = vec![1; MAX_RECORD_BYTES + 1];
    let problem = "urn:comity:problem:too-large";
    post(&node, WAIT, &long).await.unwrap().problem(413, problem);
    let chunked = [format!("{:x}\r\n", long.len()).as_bytes(), &long, b"\r\n0\r\n\r\n"].concat();
    let headers = ["transfer-encoding: chunked"];
    let reply = node.begin(WAIT, &headers, &chunked).await.whole().await;
    reply.problem(413, problem);
}

#[tokio::test]
async fn record_on_the_log_is_answered_as_committed_whatever_refuses_it_now() {
    let mut node = Node::start(Chain::with_accesses(1)).await;
    let on_log = node.chain.commits[2].records[1].clone();
    let expired = Refusal::RecordExpired { until: on_log.statement().valid_until };
    for refusal in [Refusal::Replayed, expired] {
        for request in [WAIT, "POST /v1/records"] {
            let asked = post(&node, request, on_log.bytes());
            let refusal = refusal.clone();
            admit(&mut node, |record| Admission::Refused { record, refusal }).await;
            let reply = asked.await.unwrap();
            assert_eq!((reply.status, &reply.json()["index"]), (200, &json!(3)), "{reply:?}");
        }
    }
}

#[tokio::test]
async fn replay_that_the_view_does_not_show_yet_is_awaited() {
    let mut node = Node::start(Chain::with_accesses(0)).await;
    let access = node.chain.access();
    let commit = node.store(vec![access.clone()]);
    let asked = post(&node, WAIT, access.bytes());
    let refusal = Refusal::Replayed;
    admit(&mut node, |record| Admission::Refused { record, refusal }).await;
    node.view.apply(Arc::clone(&commit));
    let reply = asked.await.unwrap();
    assert_eq!((reply.status, &reply.json()["index"]), (200, &json!(2)), "{reply:?}");
}

#[tokio::test]
async fn attempts_are_judged_by_the_replica_once_their_signature_is_checked() {
    let mut node = Node::start(Chain::with_accesses(0)).await;
    let attempt = node.chain.attempt("LOW-INCOME");
    for (matter, expected) in [
        ("LOW-INCOME", json!({ "allowed": true })),
        (
            "SCHOOL",
            json!({ "allowed": false, "rule": "matter-not-covered",
            "refusal": { "rule": "matter-not-covered", "matter": "SCHOOL" } }),
        ),
    ] {
        let signed = node.chain.attempt(matter);
        let asked = post(&node, "POST /v1/evaluate", &serde_json::to_vec(&signed).unwrap());
        let Ask::Evaluate { attempt, answer } = next_ask(&mut node).await else { panic!() };
        assert_eq!(*attempt, signed.attempt);
        let now = node.chain.ledger.tip().time;
        answer.send(node.chain.ledger.evaluate(&attempt, now)).unwrap();
        let reply = asked.await.unwrap();
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&reply.json()[name], value, "{reply:?}");
        }
    }
    let mut forged = attempt.clone();
    forged.attempt.matter = "SCHOOL".parse().unwrap();
    let asked = post(&node, "POST /v1/evaluate", &serde_json::to_vec(&forged).unwrap());
    asked.await.unwrap().problem(400, "urn:comity:rule:attempt-bad-signature");
    let asked = post(&node, "POST /v1/evaluate", b"{\"attempt\": 1}");
    asked.await.unwrap().problem(400, "urn:comity:problem:bad-request");
}

#[tokio::test]
async fn those_who_wait_are_told_when_the_node_stops() {
    let mut node = Node::start(Chain::with_accesses(0)).await;
    let access = node.chain.access();
    let asked = post(&node, WAIT, access.bytes());
    admit(&mut node, Admission::Pending).await;
    node.stop().await.unwrap();
    asked.await.unwrap().problem(503, "urn:comity:problem:shutting-down");
}

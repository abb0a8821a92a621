//! Disputes as they change what the API lists: what is owed, and where a request stands.

use comity_core::agency::KeyRole;
use comity_core::dispute::{DisputeAbout, Ruling};
use comity_core::ids::{DisputeId, LogIndex, RequestId};
use comity_core::statement::Action;
use serde_json::{Value, json};

use super::fixture::Node;
use crate::view::tests::chain::{Chain, DATASET};

const REQUEST: RequestId = RequestId(LogIndex(1));
const DISPUTE: DisputeId = DisputeId(LogIndex(3));

async fn listed(node: &Node, state: &str) -> usize {
    let page = node.get(&format!("/v1/requests?state={state}")).await.json();
    page["requests"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_request_that_is_to_be_decided_anew_is_open_again() {
    let mut chain = Chain::new();
    let published = chain.publish(DATASET);
    chain.push(vec![published]);
    let asked = chain.ask("tax.gd", None);
    chain.push(vec![asked]);
    let (legal_basis, reason) = ("Act, s. 4".parse().unwrap(), "not needed".parse().unwrap());
    let refuse = chain.steward(Action::RefuseRequest { request: REQUEST, legal_basis, reason });
    chain.push(vec![refuse]);
    let grounds = "It is needed".parse().unwrap();
    let about = DisputeAbout::Request(REQUEST);
    let opened = Action::OpenDispute { about, grounds };
    let opened = chain.record("tax.gd", KeyRole::Steward, opened);
    chain.push(vec![opened]);
    let mut node = Node::start(chain).await;
    assert_eq!((listed(&node, "refused").await, listed(&node, "open").await), (1, 0));
    let one = node.get("/v1/disputes/D3").await.json();
    assert_eq!(
        (&one["state"], &one["dispute"]["respondent"]),
        (&json!("open"), &json!("health.gd"))
    );
    for part in ["agency=tax.gd", "agency=health.gd", "by=health.gd", "state=open"] {
        let page = node.get(&format!("/v1/disputes?{part}")).await.json();
        assert_eq!(page, json!({ "disputes": [one], "next": null }), "{part}");
    }
    for part in ["agency=civil.gd", "by=tax.gd", "state=anew"] {
        let page = node.get(&format!("/v1/disputes?{part}")).await.json();
        assert_eq!(page["disputes"], json!([]), "{part}");
    }
    node.get("/v1/disputes/D2").await.problem(404, "urn:comity:problem:not-found");
    node.get("/v1/disputes?state=lost").await.problem(400, "urn:comity:problem:bad-request");
    let ruling = Ruling::Anew { reason: "The purpose was not looked at".parse().unwrap() };
    let answer = node.chain.steward(Action::AnswerDispute { dispute: DISPUTE, ruling });
    node.commit(vec![answer]);
    node.view.settle().unwrap();
    assert_eq!((listed(&node, "refused").await, listed(&node, "open").await), (0, 1));
    let owed = node.get("/v1/duties?agency=health.gd&undone=true&state=running").await.json();
    let of_dispute = |duty: &&Value| duty["object"] == json!({ "dispute": "D3" });
    let owed: Vec<_> = owed["duties"].as_array().unwrap().iter().filter(of_dispute).collect();
    assert_eq!((owed.len(), &owed[0]["clock"]), (1, &json!("decide-anew")));
    let entries = node.get("/v1/entries?request=R1").await.json();
    assert_eq!(entries["entries"].as_array().unwrap().len(), 4, "disputes are about their request");
}

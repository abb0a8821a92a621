//! Check requests and incidents as the API lists them, what is owed for them, and by what their
//! entries are found.

use comity_core::agency::KeyRole;
use comity_core::check_request::{CheckOutcome, CheckTerms};
use comity_core::dataset::Items;
use comity_core::ids::{CheckId, GrantId, IncidentId, LogIndex};
use comity_core::incident::IncidentTerms;
use comity_core::statement::Action;
use serde_json::{Value, json};

use super::fixture::Node;
use crate::view::tests::chain::{BEGIN, Chain, DATASET};

const GRANT: GrantId = GrantId(LogIndex(1));
const CHECK: CheckId = CheckId(LogIndex(4));
const INCIDENT: IncidentId = IncidentId(LogIndex(4));

fn numbers(page: &Value, list: &str, part: &str) -> Vec<Value> {
    page[list].as_array().unwrap().iter().map(|item| item[part].clone()).collect()
}

/// Two accesses under G1, and C4: `tax.gd` says to `health.gd` that the data are wrong.
fn checked() -> Chain {
    let mut chain = Chain::with_accesses(1);
    let terms = CheckTerms {
        dataset: DATASET.parse().unwrap(),
        items: Items::All,
        grant: Some(GRANT.into()),
        asked: "health.gd".parse().unwrap(),
        claim: "Doses are counted twice".parse().unwrap(),
    };
    act(&mut chain, "tax.gd", KeyRole::Officer, Action::OpenCheck { terms });
    chain
}

fn act(chain: &mut Chain, agency: &str, role: KeyRole, action: Action) {
    let record = chain.record(agency, role, action);
    chain.push(vec![record]);
}

fn handed_over(chain: &mut Chain) {
    let (to, reason) = ("civil.gd".parse().unwrap(), "It keeps the source".parse().unwrap());
    let offer = Action::OfferHandover { check: CHECK, to, reason };
    act(chain, "health.gd", KeyRole::Steward, offer);
    act(chain, "civil.gd", KeyRole::Steward, Action::AcceptHandover { check: CHECK });
}

async fn listed(node: &Node, query: &str) -> Vec<Value> {
    numbers(&node.get(&format!("/v1/checks?{query}")).await.json(), "checks", "id")
}

#[tokio::test]
async fn checks_are_listed_by_part_holder_dataset_and_state() {
    let mut chain = checked();
    handed_over(&mut chain);
    let node = Node::start(chain).await;
    let one = node.get("/v1/checks/C4").await.json();
    assert_eq!((&one["holder"], &one["state"]), (&json!("civil.gd"), &json!("open")));
    assert_eq!(one["check"]["terms"]["claim"], "Doses are counted twice");
    let all = node.get("/v1/checks").await.json();
    assert_eq!(all, json!({ "checks": [one], "next": null }));
    for part in ["agency=tax.gd", "agency=health.gd", "agency=civil.gd", "holder=civil.gd"] {
        assert_eq!(listed(&node, part).await, ["C4"], "{part}");
    }
    let both = format!("dataset={DATASET}&state=open");
    assert_eq!(listed(&node, &both).await, ["C4"]);
    for part in ["agency=housing.gd", "holder=health.gd", "state=upheld", "dataset=health.gd/x"] {
        assert_eq!(listed(&node, part).await, [] as [Value; 0], "{part}");
    }
    node.get("/v1/checks/C3").await.problem(404, "urn:comity:problem:not-found");
    for path in ["/v1/checks/4", "/v1/checks?state=lost", "/v1/checks?from=G1"] {
        node.get(path).await.problem(400, "urn:comity:problem:bad-request");
    }
}

#[tokio::test]
async fn the_answer_and_then_the_correction_are_owed_until_they_are_given() {
    let mut chain = checked();
    handed_over(&mut chain);
    let mut node = Node::start(chain).await;
    let owed = async |node: &Node| {
        let found = node.get("/v1/duties?undone=true&state=running").await.json();
        let duties = found["duties"].as_array().unwrap().iter();
        let of_check = duties.filter(|duty| duty["object"] == json!({ "check": "C4" }));
        let words = |duty: &Value| (duty["clock"].clone(), duty["owed_by"].clone());
        of_check.map(words).collect::<Vec<_>>()
    };
    assert_eq!(owed(&node).await, [(json!("check-reply"), json!("civil.gd"))]);
    let correction = "Each dose once".parse().unwrap();
    let outcome = CheckOutcome::Upheld { from: BEGIN, to: BEGIN.plus(1), correction };
    let answer = Action::AnswerCheck { check: CHECK, outcome };
    let answer = node.chain.record("civil.gd", KeyRole::Steward, answer);
    node.commit(vec![answer]);
    node.view.settle().unwrap();
    assert_eq!(owed(&node).await, [(json!("correction"), json!("health.gd"))]);
    assert_eq!(listed(&node, "state=upheld").await, ["C4"]);
    let note = "Counted anew".parse().unwrap();
    let corrected = node.chain.steward(Action::ReportCorrection { check: CHECK, note });
    node.commit(vec![corrected]);
    node.view.settle().unwrap();
    assert_eq!(owed(&node).await, []);
    assert_eq!(listed(&node, "state=corrected").await, ["C4"]);
    let all = node.get("/v1/duties?agency=health.gd").await.json();
    let of_check = |duty: &&Value| duty["object"] == json!({ "check": "C4" });
    let states: Vec<_> = all["duties"].as_array().unwrap().iter().filter(of_check).collect();
    assert_eq!([&states[0]["state"], &states[1]["state"]], ["released", "met"]);
}

#[tokio::test]
async fn incidents_are_listed_by_side_dataset_grant_and_state() {
    let mut chain = Chain::with_accesses(1);
    let terms = IncidentTerms {
        datasets: [].into(),
        grants: [GRANT].into(),
        since: BEGIN,
        found: BEGIN,
        nature: "A laptop was lost".parse().unwrap(),
    };
    act(&mut chain, "tax.gd", KeyRole::Steward, Action::ReportIncident { terms });
    let note = "It was found again".parse().unwrap();
    let news = Action::UpdateIncident { incident: INCIDENT, note };
    act(&mut chain, "tax.gd", KeyRole::Steward, news);
    let mut node = Node::start(chain).await;
    let listed = async |node: &Node, query: &str| {
        let page = node.get(&format!("/v1/incidents?{query}")).await.json();
        numbers(&page, "incidents", "id")
    };
    let dataset = format!("dataset={DATASET}");
    for part in ["agency=tax.gd", "agency=health.gd", &dataset, "grant=G1", "state=open"] {
        assert_eq!(listed(&node, part).await, ["I4"], "{part}");
    }
    for part in ["agency=civil.gd", "dataset=health.gd/x", "grant=G0", "state=closed"] {
        assert_eq!(listed(&node, part).await, [] as [Value; 0], "{part}");
    }
    let measures = "Disks are sealed".parse().unwrap();
    let close = Action::CloseIncident { incident: INCIDENT, measures };
    let close = node.chain.record("tax.gd", KeyRole::Steward, close);
    node.commit(vec![close]);
    node.view.settle().unwrap();
    let one = node.get("/v1/incidents/I4").await.json();
    assert_eq!((&one["state"], &one["incident"]["updates"]), (&json!("closed"), &json!(1)));
    // The other side finds every entry about it.
    for part in ["agency=health.gd", "grant=G1", &dataset] {
        let path = format!("/v1/entries?since={}&{part}", BEGIN.0 + 4_000);
        let entries = node.get(&path).await.json();
        assert_eq!(numbers(&entries, "entries", "index"), [4, 5, 6], "{part}");
    }
    node.get("/v1/incidents/I3").await.problem(404, "urn:comity:problem:not-found");
    for path in ["/v1/incidents/4", "/v1/incidents?state=lost", "/v1/incidents?from=C4"] {
        node.get(path).await.problem(400, "urn:comity:problem:bad-request");
    }
}

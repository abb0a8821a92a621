//! Requests, catalogue and grants as the API lists them.

use comity_core::dataset::{Dataset, Sharing};
use comity_core::ids::{LogIndex, RequestId};
use comity_core::statement::Action;
use serde_json::{Value, json};

use super::fixture::Node;
use crate::view::tests::chain::{Chain, DATASET, dataset, terms};

fn numbers(page: &Value, list: &str, part: &str) -> Vec<Value> {
    page[list].as_array().unwrap().iter().map(|item| item[part].clone()).collect()
}

#[tokio::test]
async fn request_granted_by_rule_is_found_by_its_grant() {
    let mut chain = Chain::new();
    let all = Dataset { sharing: Sharing::Unconditional, ..dataset(DATASET) };
    let published = chain.steward(Action::PublishDataset { dataset: all });
    chain.push(vec![published]);
    let asked = vec![chain.ask("tax.gd", None)];
    chain.push(asked);
    let node = Node::start(chain).await;
    let one = node.get("/v1/requests/R1").await.json();
    let granted = json!({ "outcome": "approved", "grant": "G1", "by_rule": true });
    assert_eq!(one["request"]["reply"]["outcome"], granted);
    let entries = node.get("/v1/entries?grant=G1").await.json();
    assert_eq!(numbers(&entries, "entries", "index"), [1]);
}

#[tokio::test]
async fn requests_are_listed_with_their_state_and_looked_up() {
    let mut chain = Chain::new();
    let published = chain.publish(DATASET);
    chain.push(vec![published]);
    let asked = vec![chain.ask("tax.gd", None), chain.ask("civil.gd", None)];
    chain.push(asked);
    let request = RequestId(LogIndex(1));
    let approval = chain.steward(Action::ApproveRequest { request, terms: terms("tax.gd") });
    chain.push(vec![approval]);
    let node = Node::start(chain).await;
    let all = node.get("/v1/requests").await.json();
    assert_eq!(numbers(&all, "requests", "id"), ["R1", "R2"]);
    assert_eq!(numbers(&all, "requests", "state"), ["approved", "open"]);
    let reply = &all["requests"][0]["request"]["reply"];
    assert_eq!(reply["outcome"], json!({ "outcome": "approved", "grant": "G3", "by_rule": false }));
    let open = node.get("/v1/requests?provider=health.gd&state=open").await.json();
    assert_eq!(numbers(&open, "requests", "id"), ["R2"]);
    let first = node.get("/v1/requests?limit=1").await.json();
    assert_eq!(first["next"], "R2");
    let one = node.get("/v1/requests/R2").await.json();
    assert_eq!(one, all["requests"][1]);
    let entries = node.get("/v1/entries?request=R1").await.json();
    assert_eq!(numbers(&entries, "entries", "index"), [1, 3]);
    let issued = node.get("/v1/grants?standing=in-force").await.json();
    assert_eq!(numbers(&issued, "grants", "id"), ["G3"]);
    assert_eq!(issued["grants"][0]["grant"]["request"], "R1");
    node.get("/v1/requests/R0").await.problem(404, "urn:comity:problem:not-found");
    for path in [
        "/v1/requests/1",
        "/v1/requests?state=closed",
        "/v1/requests?bundle=1",
        "/v1/requests?from=G1",
        "/v1/grants?standing=fine",
        "/v1/entries?since=yesterday",
    ] {
        node.get(path).await.problem(400, "urn:comity:problem:bad-request");
    }
}

#[tokio::test]
async fn datasets_are_listed_with_state_and_versions() {
    let mut chain = Chain::with_accesses(0);
    let mut open = dataset(DATASET);
    open.sharing = Sharing::Unconditional;
    let reason = "under review".parse().unwrap();
    for action in [
        Action::AmendDataset { dataset: open, version: 1 },
        Action::SuspendDataset { dataset: DATASET.parse().unwrap(), reason },
    ] {
        let record = chain.steward(action);
        chain.push(vec![record]);
    }
    let node = Node::start(chain).await;
    let one = node.get(&format!("/v1/datasets/{DATASET}")).await.json();
    assert_eq!((&one["state"], &one["version"]), (&json!("suspended"), &json!(2)));
    assert_eq!(one["suspensions"][0]["at"], 3);
    let listed = node.get("/v1/datasets?state=suspended&sharing=unconditional").await.json();
    assert_eq!(listed["datasets"], json!([one]));
    assert_eq!(node.get("/v1/datasets?state=listed").await.json()["datasets"], json!([]));
    let versions = node.get(&format!("/v1/datasets/{DATASET}/versions")).await.json();
    assert_eq!(numbers(&versions, "versions", "version"), [1, 2]);
    assert_eq!(versions["versions"][1]["dataset"], one["dataset"]);
    assert_eq!(versions["versions"][0]["dataset"]["sharing"], "conditional");
    let first = node.get(&format!("/v1/datasets/{DATASET}/versions?limit=1")).await.json();
    assert_eq!(
        (numbers(&first, "versions", "version_at"), &first["next"]),
        (vec![json!(0)], &json!(2))
    );
    let standing = node.get("/v1/grants/G1").await.json()["standing"].clone();
    assert_eq!(standing, "dataset-suspended");
    let none = node.get("/v1/datasets/health.gd/none/versions").await;
    none.problem(404, "urn:comity:problem:not-found");
}

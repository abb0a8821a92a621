//! Listings, lookups, status, and every way to ask wrongly.

use comity_core::block::Header;
use comity_core::genesis::Genesis;
use comity_core::ids::Height;
use comity_core::statement::SignedRecord;
use comity_core::vote::CommitCertificate;
use serde_json::{Value, json};

use super::fixture::{Node, with_peers};
use crate::http::{HttpError, bind};
use crate::view::tests::chain::{Chain, DATASET};

fn indexes(page: &Value) -> Vec<u64> {
    let entries = page["entries"].as_array().unwrap();
    entries.iter().map(|entry| entry["index"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn entries_come_page_by_page_in_either_order() {
    let node = Node::start(Chain::with_accesses(4)).await;
    for (order, expected) in
        [("asc", Vec::from_iter(0..10)), ("desc", Vec::from_iter((0..10).rev()))]
    {
        let (mut seen, mut from) = (Vec::new(), String::new());
        loop {
            let page = node.get(&format!("/v1/entries?limit=3&order={order}{from}")).await;
            assert_eq!(page.status, 200, "{page:?}");
            seen.extend(indexes(&page.json()));
            match page.json()["next"].as_u64() {
                Some(next) => from = format!("&from={next}"),
                None => break,
            }
        }
        assert_eq!(seen, expected);
    }
    let filtered = "/v1/entries?kind=record-access&agency=tax.gd&dataset=health.gd/vaccinations\
                    &grant=G1&order=desc&limit=2";
    let page = node.get(filtered).await.json();
    assert_eq!((indexes(&page), &page["next"]), (vec![9, 8], &json!(7)));
}

#[tokio::test]
async fn entry_carries_the_bytes_that_its_record_and_hashes_are_of() {
    use base64::Engine as _;
    let node = Node::start(Chain::with_accesses(1)).await;
    let record = node.chain.commits[2].records[1].clone();
    let entry = node.get("/v1/entries/3").await.json();
    let bytes = base64::engine::general_purpose::STANDARD.decode(entry["bytes"].as_str().unwrap());
    assert_eq!(&bytes.unwrap()[..], &record.bytes()[..]);
    let rendered: SignedRecord = serde_json::from_value(entry["record"].clone()).unwrap();
    assert_eq!(&rendered, record.record());
    assert_eq!(entry["record_id"], json!(record.id()));
    assert_eq!(entry["leaf_hash"], json!(record.leaf()));
    assert_eq!((&entry["kind"], &entry["height"]), (&json!("record-access"), &json!(3)));
    assert_eq!(entry["time"], json!(node.chain.commits[2].header.time));
    let by_id = node.get(&format!("/v1/records/{}", record.id())).await.json();
    assert_eq!(by_id, entry);
}

#[tokio::test]
async fn blocks_can_be_verified_from_their_json() {
    let node = Node::start(Chain::with_accesses(2)).await;
    let page = node.get("/v1/blocks?from=2&limit=2").await.json();
    assert_eq!((&page["blocks"][0]["height"], &page["next"]), (&json!(2), &json!(4)));
    let last = node.get("/v1/blocks?from=4").await.json();
    assert_eq!((last["blocks"].as_array().unwrap().len(), &last["next"]), (1, &Value::Null));
    let block = node.get("/v1/blocks/3").await.json();
    assert_eq!(block, page["blocks"][1]);
    let header: Header = serde_json::from_value(block["header"].clone()).unwrap();
    assert_eq!(json!(header.hash()), block["header_hash"]);
    let certificate: CommitCertificate =
        serde_json::from_value(block["certificate"].clone()).unwrap();
    let ledger = &node.chain.ledger;
    let verified = certificate.verify(ledger.consortium(), ledger.tip_validators()).unwrap();
    assert_eq!(verified.certificate().header_hash, header.hash());
    assert_eq!(block["records"][0], json!(node.chain.commits[2].records[0].leaf()));
}

#[tokio::test]
async fn what_the_state_holds_is_listed_and_found() {
    let node = Node::start(Chain::with_accesses(2)).await;
    let datasets = node.get("/v1/datasets?agency=health.gd").await.json();
    assert_eq!(datasets["datasets"][0]["dataset"]["id"], DATASET);
    let dataset = node.get(&format!("/v1/datasets/{DATASET}")).await.json();
    assert_eq!(dataset, datasets["datasets"][0]);
    let grants = node.get("/v1/grants?provider=health.gd&requester=tax.gd").await.json();
    let grant = &grants["grants"][0];
    assert_eq!((&grant["id"], &grant["standing"]), (&json!("G1"), &json!("in-force")));
    assert_eq!(grant["usage"]["total"], 4);
    assert_eq!(&node.get("/v1/grants/G1").await.json(), grant);
    assert_eq!(node.get("/v1/agencies").await.json()["agencies"].as_array().unwrap().len(), 4);
    assert_eq!(node.get("/v1/agencies/tax.gd").await.json()["id"], "tax.gd");
    let keys = node.get("/v1/keys?agency=tax.gd").await.json();
    assert_eq!((keys["keys"].as_array().unwrap().len(), &keys["next"]), (7, &Value::Null));
    let key = keys["keys"][0]["public_key"].as_str().unwrap();
    assert_eq!(node.get(&format!("/v1/keys/{key}")).await.json(), keys["keys"][0]);
    let codes = node.get("/v1/codes").await.json();
    assert_eq!(codes["matters"][0]["code"], "LOW-INCOME");
    assert_eq!(codes["duty_bases"][0]["code"], "ACT-1");
    let genesis: Genesis = serde_json::from_slice(&node.get("/v1/genesis").await.body).unwrap();
    assert_eq!(genesis.id(), *node.chain.ledger.consortium());
}

#[tokio::test]
async fn status_is_of_the_last_block_that_can_be_read() {
    let mut node = Node::start(Chain::new()).await;
    let status = node.get("/v1/status").await.json();
    assert_eq!((&status["height"], &status["log_size"]), (&json!(0), &json!(0)));
    assert_eq!(status["header_hash"], status["consortium"]);
    assert_eq!(status["state_root"], json!(node.chain.ledger.state_root()));
    node.commit(vec![]);
    node.view.settle().unwrap();
    node.ends.status.send_replace(with_peers(&node, 2, Height(1)));
    let status = node.get("/v1/status").await.json();
    assert_eq!((&status["height"], &status["agency"]), (&json!(1), &json!("health.gd")));
    assert_eq!((&status["voting"], &status["votes_from"]), (&json!("active"), &Value::Null));
    assert_eq!(status["peers"][0]["agency"], "civil.gd");
    assert_eq!(status["validators"].as_array().unwrap().len(), 4);
    assert_eq!(status["time"], json!(node.chain.ledger.tip().time));
}

#[tokio::test]
async fn node_is_ready_once_it_is_caught_up_and_in_contact_with_a_quorum() {
    let node = Node::start(Chain::with_accesses(1)).await;
    assert_eq!(node.get("/healthz").await.status, 200);
    let alone = node.get("/readyz").await;
    assert_eq!(alone.status, 503);
    assert!(alone.text().contains("1 of 4 validators"), "{}", alone.text());
    // civil.gd and health.gd itself: still two of four.
    node.ends.status.send_replace(with_peers(&node, 2, Height(3)));
    assert_eq!(node.get("/readyz").await.status, 503);
    let mut silent = with_peers(&node, 3, Height(3));
    silent.peers.iter_mut().for_each(|peer| peer.height = None);
    node.ends.status.send_replace(silent);
    assert_eq!(node.get("/readyz").await.status, 503, "none has said where it stands");
    // One block was missed while the node was down: what is read here is not current.
    let mut peers = with_peers(&node, 3, Height(4));
    node.ends.status.send_replace(peers.clone());
    let missed = node.get("/readyz").await;
    assert_eq!((missed.status, &missed.text()[..]), (503, "catching up: at height 3 of 4\n"));
    // It has come, but what is read here does not show it yet.
    peers.caught_up_at = Some(Height(4));
    node.ends.status.send_replace(peers.clone());
    assert_eq!(node.get("/readyz").await.status, 503);
    // Of a node that was level one block is always under way.
    peers.caught_up_at = Some(Height(3));
    node.ends.status.send_replace(peers.clone());
    assert_eq!(node.get("/readyz").await.status, 200);
    peers.replica.best_peer_height = Height(90);
    node.ends.status.send_replace(peers);
    let behind = node.get("/readyz").await;
    assert_eq!((behind.status, &behind.text()[..]), (503, "catching up: at height 3 of 90\n"));
    let metrics = node.get("/metrics").await.text();
    assert!(metrics.contains("comity_height 3\n"), "{metrics}");
    assert!(metrics.contains("comity_log_size 4\n"), "{metrics}");
}

#[tokio::test]
async fn node_is_level_with_a_quorum_that_said_where_it_stands() {
    let node = Node::start(Chain::with_accesses(1)).await;
    let (own, validators) = ("health.gd".parse().unwrap(), node.chain.ledger.validators());
    let is_level = |count, best| with_peers(&node, count, best).is_level(&own, validators);
    assert!(is_level(3, Height(3)), "civil.gd, another, and itself");
    assert!(!is_level(3, Height(4)), "a block is missing");
    assert!(!is_level(2, Height(3)), "two of four are no quorum");
    let mut silent = with_peers(&node, 3, Height(3));
    silent.peers[0].height = None;
    assert!(!silent.is_level(&own, validators), "civil.gd has not said where it stands");
}

#[tokio::test]
async fn what_is_not_there_or_not_understood_is_a_problem() {
    let node = Node::start(Chain::with_accesses(1)).await;
    let unknown_id = "ab".repeat(32);
    for path in [
        "/v1/nothing".to_owned(),
        "/v1/entries/4".to_owned(),
        "/v1/blocks/0".to_owned(),
        "/v1/blocks/4".to_owned(),
        "/v1/datasets/health.gd/none".to_owned(),
        "/v1/grants/G0".to_owned(),
        "/v1/agencies/none.gd".to_owned(),
        format!("/v1/records/{unknown_id}"),
    ] {
        node.get(&path).await.problem(404, "urn:comity:problem:not-found");
    }
    for path in [
        "/v1/entries?limit=0",
        "/v1/entries?limit=1001",
        "/v1/entries?limit=x",
        "/v1/entries?order=up",
        "/v1/entries?agency=UPPER",
        "/v1/entries?agent=tax.gd",
        "/v1/entries/first",
        "/v1/entries/-1",
        "/v1/grants/17",
        "/v1/keys/00",
        "/v1/keys?from=00",
        "/v1/records/zz",
        "/v1/datasets/health.gd/%ff",
        "/v1/events?from=x",
    ] {
        node.get(path).await.problem(400, "urn:comity:problem:bad-request");
    }
    let wrong = node.begin("DELETE /v1/entries", &[], &[]).await.whole().await;
    wrong.problem(405, "urn:comity:problem:method-not-allowed");
    assert!(wrong.header("allow").unwrap().contains("GET"), "{wrong:?}");
    let foreign = node.begin("GET /v1/status", &["host: evil.example"], &[]).await.whole().await;
    foreign.problem(421, "urn:comity:problem:misdirected");
}

#[tokio::test]
async fn api_refuses_addresses_that_others_can_reach_and_names_one_that_is_taken() {
    let error = bind("0.0.0.0:8080".parse().unwrap()).await.unwrap_err();
    assert!(matches!(error, HttpError::NotLoopback { .. }));
    assert!(error.to_string().contains("ssh -L 8080:127.0.0.1:8080"), "{error}");
    let held = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = held.local_addr().unwrap();
    let error = bind(address).await.unwrap_err();
    assert!(matches!(error, HttpError::Taken { address: found } if found == address));
}

//! What is kept beside the log: who may keep, read and erase it, and what a signature is for.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use comity_core::agency::KeyRole;
use comity_core::dataset::{MAX_DETAILS_BYTES, details_hash};
use comity_core::encoding::encode;
use comity_core::hash::ConsortiumId;
use comity_core::ids::TimeMs;
use comity_core::keys::SecretKey;
use comity_core::query::{MAX_QUERY_AGE_MS, Query, SignedQuery};
use comity_core::sealed::{Detail, Opening, Salt};
use comity_core::statement::Action;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::client::Reply;
use super::fixture::Node;
use crate::view::tests::chain::{Chain, secret};

fn now() -> TimeMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    TimeMs(u64::try_from(since.as_millis()).unwrap())
}

fn problem(name: &str) -> String {
    format!("urn:comity:problem:{name}")
}

fn opening(number: u8) -> Opening {
    let text = format!("case {number}").parse().unwrap();
    Opening { detail: Detail::CaseNumber, salt: Salt([number; 32]), text }
}

fn query(node: &Node, secret: &SecretKey, request: &str, body: &[u8]) -> Query {
    let (method, path) = request.split_once(' ').unwrap();
    Query {
        consortium: *node.chain.ledger.consortium(),
        key: secret.public(),
        method: method.parse().unwrap(),
        path: path.parse().unwrap(),
        body: hex::encode(Sha256::digest(body)).parse().unwrap(),
        made_at: now(),
    }
}

fn header(secret: &SecretKey, query: Query) -> String {
    let signature = secret.sign_query(&query);
    let signed = STANDARD.encode(encode(&SignedQuery { query, signature }));
    format!("authorization: Comity {signed}")
}

async fn send(node: &Node, header: &str, request: &str, body: &[u8]) -> Reply {
    node.begin(request, &[header], body).await.whole().await
}

/// Asks in the name of a member's key.
async fn ask(node: &Node, (agency, role): (&str, KeyRole), request: &str, body: &[u8]) -> Reply {
    let secret = secret(agency, role);
    let header = header(&secret, query(node, &secret, request, body));
    send(node, &header, request, body).await
}

const OFFICER: (&str, KeyRole) = ("health.gd", KeyRole::Officer);
const STEWARD: (&str, KeyRole) = ("health.gd", KeyRole::Steward);
const ADMIN: (&str, KeyRole) = ("health.gd", KeyRole::Admin);
const GATEWAY: (&str, KeyRole) = ("health.gd", KeyRole::Gateway);

/// Keeps an opening for a key; the path at which it is.
async fn keep(node: &Node, who: (&str, KeyRole), number: u8) -> String {
    let body = json!({ "openings": [opening(number)] }).to_string();
    let reply = ask(node, who, "POST /v1/sealed", body.as_bytes()).await;
    let commitment = opening(number).commitment(node.chain.ledger.consortium());
    assert_eq!((reply.status, reply.json()), (200, json!({ "commitments": [commitment] })));
    format!("/v1/sealed/{commitment}")
}

async fn erase(node: &Node, who: (&str, KeyRole), path: &str) -> Reply {
    let body = json!({ "reason": "Retention period has ended" }).to_string();
    ask(node, who, &format!("DELETE {path}"), body.as_bytes()).await
}

#[tokio::test]
async fn what_an_officer_seals_is_read_by_the_agencys_people_and_nobody_else() {
    let node = Node::start(Chain::with_accesses(0)).await;
    let path = keep(&node, OFFICER, 1).await;
    let get = format!("GET {path}");
    for reader in [OFFICER, STEWARD, ADMIN] {
        let reply = ask(&node, reader, &get, &[]).await;
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let found = reply.json();
        assert_eq!(found["detail"], "case-number");
        assert_eq!(found["text"], "case 1");
        assert_eq!(found["salt"], "01".repeat(32));
        assert_eq!(path, format!("/v1/sealed/{}", found["commitment"].as_str().unwrap()));
        assert_eq!(found["kept_by"], json!(secret(OFFICER.0, OFFICER.1).public()));
        assert!(found["kept_at"].as_u64().unwrap() <= now().0);
    }
    let others = [
        GATEWAY,
        ("health.gd", KeyRole::Validator),
        ("health.gd", KeyRole::Transport),
        ("tax.gd", KeyRole::Officer),
        ("civil.gd", KeyRole::Steward),
    ];
    for other in others {
        ask(&node, other, &get, &[]).await.problem(403, &problem("not-yours"));
    }
    let reply = node.get(&path).await;
    reply.problem(401, &problem("unsigned"));
    assert_eq!(reply.header("www-authenticate"), Some("Comity"));
    let stranger = SecretKey::from_seed(&[99; 32]);
    let header = header(&stranger, query(&node, &stranger, &get, &[]));
    send(&node, &header, &get, &[]).await.problem(403, &problem("not-yours"));
}

#[tokio::test]
async fn a_gateway_reads_its_own_only() {
    let node = Node::start(Chain::with_accesses(0)).await;
    let own = keep(&node, GATEWAY, 1).await;
    let others = keep(&node, OFFICER, 2).await;
    assert_eq!(ask(&node, GATEWAY, &format!("GET {own}"), &[]).await.status, 200);
    let unknown = format!("/v1/sealed/{}", "00".repeat(32));
    // Whether somebody else's is kept is not told either.
    for path in [&others, &unknown] {
        let reply = ask(&node, GATEWAY, &format!("GET {path}"), &[]).await;
        reply.problem(403, &problem("not-yours"));
    }
    assert_eq!(erase(&node, GATEWAY, &own).await.status, 200);
}

#[tokio::test]
async fn a_signature_is_for_one_method_path_body_minute_and_consortium() {
    let node = Node::start(Chain::with_accesses(0)).await;
    let path = keep(&node, OFFICER, 1).await;
    let get = format!("GET {path}");
    let key = secret(OFFICER.0, OFFICER.1);
    let right = query(&node, &key, &get, &[]);
    let late = right.made_at.0 - MAX_QUERY_AGE_MS - 60_000;
    let early = right.made_at.0 + MAX_QUERY_AGE_MS + 60_000;
    let wrong = [
        Query { consortium: ConsortiumId([9; 32]), ..right.clone() },
        Query { method: "DELETE".parse().unwrap(), ..right.clone() },
        Query { path: format!("{path}?x=1").parse().unwrap(), ..right.clone() },
        Query { body: hex::encode(Sha256::digest(b"x")).parse().unwrap(), ..right.clone() },
        Query { made_at: TimeMs(late), ..right.clone() },
        Query { made_at: TimeMs(early), ..right.clone() },
        // Signed by another than it names.
        Query { key: secret(STEWARD.0, STEWARD.1).public(), ..right.clone() },
    ];
    for wrong in wrong {
        let reply = send(&node, &header(&key, wrong), &get, &[]).await;
        reply.problem(401, &problem("bad-signature"));
    }
    let other_body = send(&node, &header(&key, right.clone()), &get, b"x").await;
    assert!([401, 413].contains(&other_body.status), "{other_body:?}");
    let good = header(&key, right);
    assert_eq!(send(&node, &good, &get, &[]).await.status, 200);
    let unreadable = [
        "authorization: Comity".to_owned(),
        "authorization: Comity ####".to_owned(),
        "authorization: Bearer abc".to_owned(),
        format!("{good}AAAA"),
        format!("{good}\r\n{good}"),
    ];
    for header in unreadable {
        send(&node, &header, &get, &[]).await.problem(401, &problem("unsigned"));
    }
}

#[tokio::test]
async fn a_revoked_key_is_asked_nothing_more() {
    let mut node = Node::start(Chain::with_accesses(0)).await;
    let path = keep(&node, OFFICER, 1).await;
    let key = secret(OFFICER.0, OFFICER.1).public();
    let reason = "The post was given up".parse().unwrap();
    let revocation = Action::RevokeKey { key, reason, suspect_since: None };
    let record = node.chain.record("health.gd", KeyRole::Admin, revocation);
    node.commit(vec![record]);
    node.view.settle().unwrap();
    let reply = ask(&node, OFFICER, &format!("GET {path}"), &[]).await;
    let problem = reply.problem(403, &problem("not-yours"));
    assert!(problem["detail"].as_str().unwrap().contains("revoked by entry 2"), "{problem}");
}

#[tokio::test]
async fn what_is_erased_stays_erased_and_says_why() {
    let node = Node::start(Chain::with_accesses(0)).await;
    let path = keep(&node, STEWARD, 1).await;
    // Not by whoever did not hand it in, unless they are steward or admin.
    erase(&node, OFFICER, &path).await.problem(403, &problem("not-yours"));
    let unreasoned = ask(&node, ADMIN, &format!("DELETE {path}"), br#"{"reason": ""}"#).await;
    unreasoned.problem(400, &problem("bad-request"));
    let erased = erase(&node, ADMIN, &path).await;
    assert_eq!(erased.status, 200);
    let again = erase(&node, STEWARD, &path).await;
    assert_eq!((again.status, again.json()), (200, erased.json()), "the first erasure counts");
    let gone = ask(&node, OFFICER, &format!("GET {path}"), &[]).await;
    let gone = gone.problem(410, &problem("erased"));
    assert_eq!(gone["erased_at"], erased.json()["erased_at"]);
    assert_eq!(gone["erased_by"], json!(secret(ADMIN.0, ADMIN.1).public()));
    assert_eq!(gone["reason"], "Retention period has ended");
    let body = json!({ "openings": [opening(1)] }).to_string();
    let again = ask(&node, STEWARD, "POST /v1/sealed", body.as_bytes()).await;
    again.problem(410, &problem("erased"));
    let unknown = format!("/v1/sealed/{}", "00".repeat(32));
    erase(&node, ADMIN, &unknown).await.problem(404, &problem("not-kept"));
    let reply = ask(&node, OFFICER, &format!("GET {unknown}"), &[]).await;
    reply.problem(404, &problem("not-kept"));
}

#[tokio::test]
async fn a_request_keeps_a_bounded_number_and_a_full_store_says_so() {
    let node = Node::start(Chain::with_accesses(0)).await;
    let post = async |openings: Vec<Opening>| {
        let body = json!({ "openings": openings }).to_string();
        ask(&node, OFFICER, "POST /v1/sealed", body.as_bytes()).await
    };
    post(vec![]).await.problem(400, &problem("bad-request"));
    post((0..33).map(opening).collect()).await.problem(400, &problem("bad-request"));
    let full = post((0..32).map(opening).collect()).await.problem(507, &problem("kept-full"));
    assert!(full["detail"].as_str().unwrap().contains("max_bytes"), "{full}");
    assert_eq!(post((0..16).map(opening).collect()).await.status, 200);
    let unread = ask(&node, OFFICER, "POST /v1/sealed", br#"{"openings": ["case 7"]}"#).await;
    let unread = unread.problem(400, &problem("bad-request"));
    assert!(!unread["detail"].as_str().unwrap().contains("case 7"), "{unread}");
}

#[tokio::test]
async fn texts_about_datasets_are_handed_in_by_stewards_and_read_by_all() {
    let node = Node::start(Chain::with_accesses(0)).await;
    let text = "字段说明：日期为北京时间\u{0}".as_bytes();
    let hash = details_hash(node.chain.ledger.consortium(), text);
    let path = format!("/v1/details/{hash}");
    node.get(&path).await.problem(404, &problem("not-kept"));
    let put = format!("PUT {path}");
    ask(&node, OFFICER, &put, text).await.problem(403, &problem("not-yours"));
    ask(&node, STEWARD, &put, b"other").await.problem(400, &problem("hash-mismatch"));
    let long = vec![b'x'; MAX_DETAILS_BYTES + 1];
    assert_eq!(ask(&node, STEWARD, &put, &long).await.status, 413);
    for _ in 0..2 {
        let reply = ask(&node, STEWARD, &put, text).await;
        let expected: Value = json!({ "hash": hash, "size_bytes": text.len() });
        assert_eq!((reply.status, reply.json()), (200, expected));
    }
    let reply = node.get(&path).await;
    assert_eq!(reply.header("content-type"), Some("application/octet-stream"));
    assert_eq!((reply.status, reply.body.as_slice()), (200, text));
}

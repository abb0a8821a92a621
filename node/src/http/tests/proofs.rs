//! Proof files and the log's tiles: they verify from the genesis, and by the tiles alone.

use comity_core::agency::KeyRole;
use comity_core::checkpoint::{Checkpoint, origin};
use comity_core::grant::Grant;
use comity_core::hash::{LogRoot, leaf_hash};
use comity_core::ids::{GrantId, LogIndex};
use comity_core::log_tree::Frontier;
use comity_core::note::{Note, NoteKey, NoteKind};
use comity_core::proof::Proof;
use comity_core::state::StateKey;

use super::fixture::Node;
use crate::view::tests::chain::{Chain, secret};

async fn proof(node: &Node, path: &str) -> Proof {
    let reply = node.get(path).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("content-type"), Some("application/octet-stream"));
    Proof::from_bytes(&reply.body).unwrap()
}

#[tokio::test]
async fn receipt_of_every_entry_verifies_from_the_genesis_alone() {
    let node = Node::start(Chain::with_accesses(4)).await;
    let size = node.chain.ledger.log().size();
    for index in 0..size {
        let Proof::Receipt(receipt) = proof(&node, &format!("/v1/entries/{index}/receipt")).await
        else {
            panic!("no receipt");
        };
        let verified = receipt.verify(&node.chain.genesis).unwrap();
        assert_eq!(verified.index(), LogIndex(index));
        assert!(verified.header().height.0 <= node.chain.commits.len() as u64);
    }
    let beyond = node.get(&format!("/v1/entries/{size}/receipt")).await;
    beyond.problem(404, "urn:comity:problem:not-found");
    let wrong = node.get("/v1/entries/x/receipt").await;
    wrong.problem(400, "urn:comity:problem:bad-request");
}

#[tokio::test]
async fn collection_proves_several_entries_each_once_and_in_order() {
    let node = Node::start(Chain::with_accesses(4)).await;
    let last = node.chain.ledger.log().size() - 1;
    let path = format!("/v1/collection?entries={last},0,2,0");
    let Proof::Collection(collection) = proof(&node, &path).await else { panic!("{path}") };
    let shown = collection.verify(&node.chain.genesis).unwrap();
    let found: Vec<u64> = shown.entries().iter().map(|entry| entry.index.0).collect();
    assert_eq!(found, [0, 2, last]);
    let beyond = node.get(&format!("/v1/collection?entries=0,{}", last + 1)).await;
    beyond.problem(404, "urn:comity:problem:not-found");
    for wrong in ["", "?entries=", "?entries=x", "?entries=0,", "?entries=-1"] {
        let reply = node.get(&format!("/v1/collection{wrong}")).await;
        reply.problem(400, "urn:comity:problem:bad-request");
    }
    let many = vec!["0"; 257].join(",");
    let many = node.get(&format!("/v1/collection?entries={many}")).await;
    many.problem(400, "urn:comity:problem:bad-request");
}

#[tokio::test]
async fn extract_says_what_the_newest_state_holds_and_what_it_does_not() {
    let node = Node::start(Chain::with_accesses(2)).await;
    let (grant, none) = (GrantId(LogIndex(1)), GrantId(LogIndex(2)));
    let keys = [grant, none].map(|id| StateKey::Grant(id).to_bytes());
    let path = format!("/v1/extract?keys={},{}", hex::encode(&keys[1]), hex::encode(&keys[0]));
    let Proof::Extract(extract) = proof(&node, &path).await else { panic!("no extract") };
    let held = extract.verify(&node.chain.genesis).unwrap();
    assert_eq!(held.header().height, node.chain.ledger.tip().height);
    let found: Grant = held.object(&StateKey::Grant(grant)).unwrap().unwrap();
    assert_eq!(found.terms.requester.as_str(), "tax.gd");
    assert_eq!(held.object::<Grant>(&StateKey::Grant(none)), Ok(None));
    for wrong in ["/v1/extract", "/v1/extract?keys=", "/v1/extract?keys=6", "/v1/extract?keys=67,"]
    {
        node.get(wrong).await.problem(400, "urn:comity:problem:bad-request");
    }
    let many = vec!["67"; 257].join(",");
    let many = node.get(&format!("/v1/extract?keys={many}")).await;
    many.problem(400, "urn:comity:problem:bad-request");
}

#[tokio::test]
async fn extension_leads_from_any_block_to_any_later_one() {
    let node = Node::start(Chain::with_accesses(4)).await;
    let tip = node.chain.ledger.tip().height.0;
    for (path, earlier, later) in
        [("/v1/extension?earlier=1&later=3", 1, 3), ("/v1/extension?earlier=2", 2, tip)]
    {
        let Proof::Extension(extension) = proof(&node, path).await else { panic!("{path}") };
        let shown = extension.verify(&node.chain.genesis).unwrap();
        assert_eq!((shown.earlier().height.0, shown.later().height.0), (earlier, later));
    }
    for wrong in ["earlier=0", "earlier=3&later=3", "earlier=1&later=99", "later=3"] {
        let reply = node.get(&format!("/v1/extension?{wrong}")).await;
        reply.problem(400, "urn:comity:problem:bad-request");
    }
}

#[tokio::test]
async fn checkpoint_and_tiles_are_those_of_the_log() {
    let node = Node::start(Chain::with_accesses(150)).await;
    let reply = node.get("/tlog/checkpoint").await;
    assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"));
    let origin = origin(node.chain.ledger.consortium());
    let key = secret("health.gd", KeyRole::Note).public();
    let key = NoteKey::new(&origin, NoteKind::Ed25519, key).unwrap();
    let note = Note::parse(&reply.body).unwrap();
    let checkpoint = Checkpoint::verify(&note, &key, &origin).unwrap();
    assert_eq!(checkpoint.size, node.chain.ledger.log().size());

    // As a monitor does: from the bundles to the leaves, by the tiles to the root.
    let last = checkpoint.size % 256;
    let mut log = Frontier::new();
    for (place, count) in [("000".to_owned(), 256), (format!("001.p/{last}"), last)] {
        let tile = node.get(&format!("/tlog/tile/0/{place}")).await;
        assert_eq!(tile.body.len() as u64, count * 32);
        assert!(tile.header("cache-control").unwrap().contains("immutable"));
        let bundle = node.get(&format!("/tlog/tile/entries/{place}")).await;
        let mut rest = &bundle.body[..];
        for hash in tile.body.as_chunks::<32>().0 {
            let (length, after) = rest.split_first_chunk::<2>().unwrap();
            let (record, after) = after.split_at(usize::from(u16::from_be_bytes(*length)));
            assert_eq!(leaf_hash(record).0, *hash);
            log.push(leaf_hash(record));
            rest = after;
        }
        assert!(rest.is_empty());
    }
    assert_eq!(log.root(), checkpoint.root);
    let above = node.get("/tlog/tile/1/000.p/1").await;
    let mut first = Frontier::new();
    let leaves = node.get("/tlog/tile/0/000").await;
    leaves
        .body
        .as_chunks::<32>()
        .0
        .iter()
        .for_each(|leaf| first.push(comity_core::hash::LeafHash(*leaf)));
    assert_eq!(above.body, first.root().0);
    assert_ne!(first.root(), LogRoot(checkpoint.root.0));
}

#[tokio::test]
async fn tiles_that_are_not_there_yet_or_never_are_not_found() {
    let node = Node::start(Chain::with_accesses(2)).await;
    let size = node.chain.ledger.log().size();
    for path in [
        "/tlog/tile/0/000",
        &format!("/tlog/tile/0/000.p/{}", size + 1),
        &format!("/tlog/tile/entries/000.p/{}", size + 1),
        "/tlog/tile/0/001.p/1",
        "/tlog/tile/1/000.p/1",
        "/tlog/tile/63/000.p/1",
        "/tlog/tile/64/000.p/1",
        "/tlog/tile/0/0",
        "/tlog/tile/entries/x",
        "/tlog/tile/entries/x999/x999/x999/x999/x999/x999/999",
        "/tlog/other",
    ] {
        node.get(path).await.problem(404, "urn:comity:problem:not-found");
    }
}

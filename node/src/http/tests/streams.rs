//! Events and archives.

use comity_core::archive::{
    FRAME_HEAD_BYTES, Frame, HEAD_BYTES, Verified, Verifier, check_block, decode_frame, frame_head,
};
use comity_core::genesis::Genesis;
use serde_json::{Value, json};

use super::client::Coming;
use super::fixture::Node;
use crate::http::limits::LISTENERS;
use crate::view::tests::chain::Chain;

/// The first byte of a block's frame in an archive.
const BLOCK_FRAME: u8 = 1;

/// A listener's events.
struct Events {
    coming: Coming,
    text: String,
}

impl Events {
    async fn begin(node: &Node, path: &str, headers: &[&str]) -> Events {
        let coming = node.begin(&format!("GET {path}"), headers, &[]).await;
        assert_eq!(coming.status, 200);
        let kind = ("content-type".to_owned(), "text/event-stream".to_owned());
        assert!(coming.headers.contains(&kind), "{:?}", coming.headers);
        Events { coming, text: String::new() }
    }

    /// The next event's id and data; `None` at the end.
    async fn next(&mut self) -> Option<(u64, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let line = event.lines().find_map(|line| line.strip_prefix(name));
                    line.map(|value| value.trim().to_owned())
                };
                assert_eq!(field("event:").as_deref(), Some("entry"), "{event}");
                let (id, data) = (field("id:").unwrap(), field("data:").unwrap());
                let read = (id.parse().unwrap(), serde_json::from_str(&data).unwrap());
                self.text = rest.to_owned();
                return Some(read);
            }
            self.text += &String::from_utf8(self.coming.chunk().await?).unwrap();
        }
    }

    async fn ids(&mut self, count: usize) -> Vec<u64> {
        let mut ids = Vec::new();
        for _ in 0..count {
            ids.push(self.next().await.unwrap().0);
        }
        ids
    }
}

#[tokio::test]
async fn listener_gets_the_past_from_where_it_asks_and_then_what_is_committed() {
    let mut node = Node::start(Chain::with_accesses(2)).await;
    let mut events = Events::begin(&node, "/v1/events?from=3", &[]).await;
    assert_eq!(events.ids(3).await, [3, 4, 5]);
    let accesses = vec![node.chain.access(), node.chain.access()];
    node.commit(accesses.clone());
    node.commit(vec![]);
    let (id, entry) = events.next().await.unwrap();
    assert_eq!((id, &entry["index"]), (6, &json!(6)));
    assert_eq!(entry["leaf_hash"], json!(accesses[0].leaf()));
    assert_eq!(entry, node.get("/v1/entries/6").await.json());
    assert_eq!(events.ids(1).await, [7]);
}

#[tokio::test]
async fn listener_that_comes_back_goes_on_after_the_last_event_it_saw() {
    let mut node = Node::start(Chain::with_accesses(2)).await;
    // As a browser does: the same address, and the id of the last event.
    let mut again = Events::begin(&node, "/v1/events?from=0", &["last-event-id: 4"]).await;
    assert_eq!(again.ids(1).await, [5]);
    let mut new = Events::begin(&node, "/v1/events", &[]).await;
    let access = node.chain.access();
    node.commit(vec![access]);
    assert_eq!((again.ids(1).await, new.ids(1).await), (vec![6], vec![6]));
    let wrong = node.begin("GET /v1/events", &["last-event-id: x"], &[]).await.whole().await;
    wrong.problem(400, "urn:comity:problem:bad-request");
}

#[tokio::test]
async fn listeners_are_bounded_and_end_when_the_node_stops() {
    let mut node = Node::start(Chain::with_accesses(0)).await;
    let mut listeners = Vec::new();
    for _ in 0..LISTENERS {
        listeners.push(Events::begin(&node, "/v1/events", &[]).await);
    }
    node.get("/v1/events").await.problem(503, "urn:comity:problem:busy");
    node.stop().await.unwrap();
    for mut listener in listeners {
        assert_eq!(listener.next().await, None);
    }
}

#[tokio::test]
async fn archive_verifies_against_the_genesis_alone() {
    let node = Node::start(Chain::with_accesses(5)).await;
    let reply = node.get("/v1/archive").await;
    assert_eq!(reply.header("content-type"), Some("application/octet-stream"));
    let genesis: Genesis = serde_json::from_slice(&node.get("/v1/genesis").await.body).unwrap();
    let verified = verify(&genesis, &reply.body);
    assert_eq!(verified.tip, node.chain.ledger.tip());
    assert_eq!((verified.entries, verified.signers), (12, 3));
}

#[tokio::test]
async fn end_of_an_archive_continues_a_copy_of_what_was_before() {
    let node = Node::start(Chain::with_accesses(5)).await;
    let whole = node.get("/v1/archive").await.body;
    let tip = node.chain.ledger.tip().height.0;
    let (mut at, mut places) = (HEAD_BYTES, Vec::new());
    while let Some(head) = whole[at..].first_chunk::<FRAME_HEAD_BYTES>() {
        let (kind, length) = frame_head(head).unwrap();
        if kind == BLOCK_FRAME {
            places.push(at);
        }
        at += FRAME_HEAD_BYTES + length;
    }
    assert_eq!(places.len() as u64, tip);
    for (from, place) in (1..=tip).zip(places) {
        let reply = node.get(&format!("/v1/archive?from={from}")).await;
        assert_eq!(reply.body, whole[place..], "from block {from}");
    }
    for wrong in ["0", &format!("{}", tip + 1), "x", "-1", ""] {
        let reply = node.get(&format!("/v1/archive?from={wrong}")).await;
        reply.problem(400, "urn:comity:problem:bad-request");
    }
}

#[tokio::test]
async fn archive_of_nothing_is_a_problem() {
    let node = Node::start(Chain::new()).await;
    node.get("/v1/archive").await.problem(404, "urn:comity:problem:not-found");
}

fn verify(genesis: &Genesis, archive: &[u8]) -> Verified {
    let mut verifier = Verifier::new(genesis).unwrap();
    let (head, mut rest) = archive.split_first_chunk::<HEAD_BYTES>().unwrap();
    verifier.check_head(head).unwrap();
    loop {
        let (head, after) = rest.split_first_chunk::<FRAME_HEAD_BYTES>().unwrap();
        let (kind, length) = frame_head(head).unwrap();
        let (content, after) = after.split_at(length);
        rest = after;
        match decode_frame(kind, content).unwrap() {
            Frame::Block(block) => {
                let checked = check_block(&genesis.id(), block).unwrap();
                verifier.push(checked).unwrap();
            }
            Frame::Polkas(polkas) => verifier.polkas(&polkas).unwrap(),
            Frame::Certificate(certificate) => {
                assert!(rest.is_empty());
                return verifier.finish(certificate).unwrap();
            }
        }
    }
}

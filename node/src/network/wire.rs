//! What a peer's bytes are read as, apart from any connection: for whoever judges bytes (tests/hostile).
//! Holds: the same code as on a connection reads them.
//! May not enter: sockets. Source: docs/formats.md, "Network".

use std::io;

use comity_core::hash::ConsortiumId;
use comity_replica::message::{Gossip, Request, Response};
use futures::FutureExt as _;
use futures::io::Cursor;
use libp2p::gossipsub::TopicHash;
use libp2p::request_response::Codec as _;

use super::codec::{RPC_PROTOCOL, RpcCodec};
use super::gossip::{self, Topics};

/// The request at the beginning of a stream's bytes. Errors: none is there that is well formed.
pub fn request(bytes: &[u8]) -> io::Result<Request> {
    let mut stream = Cursor::new(bytes);
    let read = RpcCodec.read_request(&RPC_PROTOCOL, &mut stream).now_or_never();
    Ok(read.unwrap_or_else(|| Err(io::ErrorKind::WouldBlock.into()))??)
}

/// The response likewise.
pub fn response(bytes: &[u8]) -> io::Result<Response> {
    let mut stream = Cursor::new(bytes);
    let read = RpcCodec.read_response(&RPC_PROTOCOL, &mut stream).now_or_never();
    read.unwrap_or_else(|| Err(io::ErrorKind::WouldBlock.into()))
}

/// The bytes by which a request is sent. Errors: it is too long.
pub fn request_bytes(request: Request) -> io::Result<Vec<u8>> {
    let mut stream = Cursor::new(Vec::new());
    let written = RpcCodec.write_request(&RPC_PROTOCOL, &mut stream, Ok(request)).now_or_never();
    written.unwrap_or_else(|| Err(io::ErrorKind::WouldBlock.into()))?;
    Ok(stream.into_inner())
}

/// The gossip message that bytes are on a topic of the consortium's, by that topic's name. `None` for
/// none, for another topic, and for a message that belongs on the other.
pub fn gossip(consortium: &ConsortiumId, topic: &str, bytes: &[u8]) -> Option<Gossip> {
    gossip::from_bytes(&Topics::new(consortium), &TopicHash::from_raw(topic), bytes)
}

/// The bytes of a gossip message, and the name of its topic.
pub fn gossip_bytes(
    consortium: &ConsortiumId,
    message: &Gossip,
    attempt: u32,
) -> (String, Vec<u8>) {
    let topic = Topics::new(consortium).of(message);
    (topic.into_string(), gossip::to_bytes(message, attempt))
}

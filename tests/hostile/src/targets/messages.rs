//! What nodes say to one another.

use comity_core::block::{Block, CommittedBlock};
use comity_core::encoding::decode;
use comity_core::vote::{Vote, VoteKind};
use comity_replica::message::{
    Gossip, MAX_GOSSIP_BYTES, MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES, Request, Response,
    RoundCertificate, SignedProposal, SignedVote, Status,
};

use super::promises::{
    genuine_certificate, genuine_proposal, genuine_record, genuine_vote, genuine_witness,
    one_encoding,
};

/// Longest vote with its signature (bytes, rounded up).
const MAX_VOTE_BYTES: usize = 512;
/// Records, votes and blocks of one message that are verified: the rest are as they.
const FEW: usize = 16;

/// A gossip message.
pub fn gossip(data: &[u8]) {
    match one_encoding(data, MAX_GOSSIP_BYTES, Gossip::from_bytes(data)) {
        Some(Gossip::Records(records)) => {
            records.iter().take(FEW).for_each(|bytes| genuine_record(bytes));
        }
        Some(Gossip::Vote(signed)) => genuine_vote(&signed),
        Some(Gossip::Proposal(signed)) => of_proposal(&signed),
        Some(Gossip::Polka(polka)) => {
            for one in polka.signatures.iter().take(FEW) {
                let vote = Vote {
                    kind: VoteKind::Prevote,
                    height: polka.height,
                    round: polka.round,
                    value: Some(polka.value),
                    validator: one.validator,
                };
                genuine_vote(&SignedVote { vote, signature: one.signature });
            }
        }
        Some(Gossip::Round(RoundCertificate { votes, .. })) => {
            votes.iter().take(FEW).for_each(genuine_vote);
        }
        None => {}
    }
}

/// A vote with its signature.
pub fn vote(data: &[u8]) {
    let decoded = decode::<SignedVote>(data, MAX_VOTE_BYTES);
    if let Some(signed) = one_encoding(data, MAX_VOTE_BYTES, decoded) {
        genuine_vote(&signed);
    }
}

/// A proposal with the outline of its block.
pub fn proposal(data: &[u8]) {
    let decoded = decode::<SignedProposal>(data, MAX_GOSSIP_BYTES);
    if let Some(signed) = one_encoding(data, MAX_GOSSIP_BYTES, decoded) {
        of_proposal(&signed);
    }
}

fn of_proposal(signed: &SignedProposal) {
    genuine_proposal(&signed.proposal, &signed.signature);
    if let Some(certificate) = &signed.parent_certificate {
        genuine_certificate(certificate);
    }
}

/// A request.
pub fn request(data: &[u8]) {
    match one_encoding(data, MAX_REQUEST_BYTES, Request::from_bytes(data)) {
        Some(Request::Status(status)) => of_status(&status),
        Some(
            Request::Blocks { .. }
            | Request::Body { .. }
            | Request::Snapshot { .. }
            | Request::SnapshotChunk { .. }
            | Request::Addresses
            | Request::Neighbours(_),
        )
        | None => {}
    }
}

/// A response.
pub fn response(data: &[u8]) {
    match one_encoding(data, MAX_RESPONSE_BYTES, Response::from_bytes(data)) {
        Some(Response::Status(status)) => of_status(&status),
        Some(Response::Blocks(blocks)) => {
            for bytes in blocks.iter().take(FEW) {
                if let Ok(committed) = CommittedBlock::from_bytes(bytes) {
                    assert_eq!(committed.to_bytes(), *bytes);
                    genuine_certificate(&committed.certificate);
                }
            }
        }
        Some(Response::Body(Some(bytes))) => {
            if let Ok(block) = Block::from_bytes(&bytes) {
                assert_eq!(block.to_bytes(), bytes);
            }
        }
        Some(Response::Snapshot(Some(piece))) => {
            assert!(piece.bytes.len() <= data.len(), "a piece is part of its message");
        }
        Some(Response::SnapshotChunk(Some(bytes))) => {
            assert!(bytes.len() <= data.len(), "a chunk is part of its message");
        }
        Some(Response::Addresses(nodes)) => {
            let addresses: usize = nodes.iter().map(|node| node.addresses.len()).sum();
            assert!(nodes.len() + addresses <= data.len(), "each takes some of its message");
        }
        Some(
            Response::Body(None)
            | Response::Snapshot(None)
            | Response::SnapshotChunk(None)
            | Response::Noted,
        )
        | None => {}
    }
}

fn of_status(status: &Status) {
    if let Some(certificate) = &status.certificate {
        genuine_certificate(certificate);
    }
    if let Some(witnessed) = &status.newest_of_yours {
        genuine_witness(witnessed);
    }
}

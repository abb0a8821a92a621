//! What nodes send one another.

use comity_core::block::Header;
use comity_core::hash::{ConsortiumId, HeaderHash, LeafHash};
use comity_core::ids::Height;
use comity_core::keys::Signature;
use comity_core::vote::{CertificateSignature, CommitCertificate, Proposal, Vote};
use comity_replica::message::{
    Gossip, ManifestPiece, NodeAddress, NodeAddresses, PolkaCertificate, Request, Response,
    RoundCertificate, SignedProposal, SignedVote, Status, Witnessed,
};
use serde::Deserialize;
use serde_json::Value;

use super::{Hex, Vectors};

#[derive(Deserialize)]
#[serde(untagged)]
enum Case {
    Good(Good),
    Bad(Bad),
    Zeros(Zeros),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Good {
    message: String,
    value: Value,
    bytes: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bad {
    message: String,
    bytes: Hex,
    fault: String,
}

/// So many zero bytes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Zeros {
    message: String,
    zeros: usize,
    fault: String,
}

pub(super) fn check(vectors: &Vectors) {
    vectors.each(|case: Case| match case {
        Case::Good(Good { message, value, bytes }) => match message.as_str() {
            "gossip" => {
                let expected = Gossip::from(AGossip::deserialize(value).unwrap());
                assert_eq!(hex::encode(expected.to_bytes()), hex::encode(&bytes.0));
                assert_eq!(Gossip::from_bytes(&bytes.0), Ok(expected));
            }
            "request" => {
                let expected = Request::from(ARequest::deserialize(value).unwrap());
                assert_eq!(hex::encode(expected.to_bytes()), hex::encode(&bytes.0));
                assert_eq!(Request::from_bytes(&bytes.0), Ok(expected));
            }
            "response" => {
                let expected = Response::from(AResponse::deserialize(value).unwrap());
                assert_eq!(hex::encode(expected.to_bytes()), hex::encode(&bytes.0));
                assert_eq!(Response::from_bytes(&bytes.0), Ok(expected));
            }
            other => panic!("no message {other}"),
        },
        Case::Bad(Bad { message, bytes, fault }) => {
            assert_eq!(fault_of(&message, &bytes.0), fault);
        }
        Case::Zeros(Zeros { message, zeros, fault }) => {
            assert_eq!(fault_of(&message, &vec![0; zeros]), fault);
        }
    });
}

fn fault_of(message: &str, bytes: &[u8]) -> &'static str {
    let error = match message {
        "gossip" => Gossip::from_bytes(bytes).unwrap_err(),
        "request" => Request::from_bytes(bytes).unwrap_err(),
        "response" => Response::from_bytes(bytes).unwrap_err(),
        other => panic!("no message {other}"),
    };
    error.name()
}

// Messages have no rendering of their own. These are the vectors', field by field.

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum AGossip {
    Records(Vec<Hex>),
    Vote(AVote),
    Proposal(Box<AProposal>),
    Polka(APolka),
    Round(ARound),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AVote {
    vote: Vote,
    signature: Signature,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AProposal {
    proposal: Proposal,
    signature: Signature,
    header: Header,
    parent_certificate: Option<CommitCertificate>,
    leaves: Vec<LeafHash>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct APolka {
    height: Height,
    round: u32,
    value: HeaderHash,
    signatures: Vec<CertificateSignature>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ARound {
    height: Height,
    round: u32,
    by_precommits: bool,
    votes: Vec<AVote>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum AWitnessed {
    Vote(AVote),
    Proposal(Proposed),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Proposed {
    proposal: Proposal,
    signature: Signature,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AStatus {
    consortium: ConsortiumId,
    height: Height,
    header_hash: HeaderHash,
    certificate: Option<CommitCertificate>,
    newest_of_yours: Option<AWitnessed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ARequest {
    Status(Box<AStatus>),
    Blocks(Wanted),
    Body(OfBlock),
    Snapshot(OfManifest),
    #[serde(rename = "snapshot_chunk")]
    SnapshotChunk(OfSnapshot),
    Addresses,
    Neighbours(Vec<Hex>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfManifest {
    height: Option<Height>,
    offset: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfSnapshot {
    height: Height,
    number: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct APiece {
    height: Height,
    size_bytes: u32,
    bytes: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    from: Height,
    max_bytes: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfBlock {
    height: Height,
    header_hash: HeaderHash,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum AResponse {
    Status(Box<AStatus>),
    Blocks(Vec<Hex>),
    Body(Option<Hex>),
    Snapshot(Option<APiece>),
    #[serde(rename = "snapshot_chunk")]
    SnapshotChunk(Option<Hex>),
    Addresses(Vec<AnAddressee>),
    Noted,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnAddressee {
    key: Hex,
    addresses: Vec<AnAddress>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum AnAddress {
    Ip4 { ip: Hex, port: u16 },
    Ip6 { ip: Hex, port: u16 },
}

impl From<AnAddress> for NodeAddress {
    fn from(address: AnAddress) -> NodeAddress {
        match address {
            AnAddress::Ip4 { ip, port } => NodeAddress::Ip4 { ip: ip.0.try_into().unwrap(), port },
            AnAddress::Ip6 { ip, port } => NodeAddress::Ip6 { ip: ip.0.try_into().unwrap(), port },
        }
    }
}

impl From<AnAddressee> for NodeAddresses {
    fn from(AnAddressee { key, addresses }: AnAddressee) -> NodeAddresses {
        let addresses = addresses.into_iter().map(NodeAddress::from).collect();
        NodeAddresses { key: key.0.try_into().unwrap(), addresses }
    }
}

fn bytes(records: Vec<Hex>) -> Vec<Vec<u8>> {
    records.into_iter().map(|record| record.0).collect()
}

impl From<AVote> for SignedVote {
    fn from(AVote { vote, signature }: AVote) -> SignedVote {
        SignedVote { vote, signature }
    }
}

impl From<AGossip> for Gossip {
    fn from(gossip: AGossip) -> Gossip {
        match gossip {
            AGossip::Records(records) => Gossip::Records(bytes(records)),
            AGossip::Vote(vote) => Gossip::Vote(vote.into()),
            AGossip::Proposal(proposal) => {
                let AProposal { proposal, signature, header, parent_certificate, leaves } =
                    *proposal;
                Gossip::Proposal(Box::new(SignedProposal {
                    proposal,
                    signature,
                    header,
                    parent_certificate,
                    leaves,
                }))
            }
            AGossip::Polka(APolka { height, round, value, signatures }) => {
                Gossip::Polka(PolkaCertificate { height, round, value, signatures })
            }
            AGossip::Round(ARound { height, round, by_precommits, votes }) => {
                let votes = votes.into_iter().map(SignedVote::from).collect();
                Gossip::Round(RoundCertificate { height, round, by_precommits, votes })
            }
        }
    }
}

impl From<Box<AStatus>> for Box<Status> {
    fn from(status: Box<AStatus>) -> Box<Status> {
        let AStatus { consortium, height, header_hash, certificate, newest_of_yours } = *status;
        let newest_of_yours = newest_of_yours.map(|newest| match newest {
            AWitnessed::Vote(vote) => Witnessed::Vote(vote.into()),
            AWitnessed::Proposal(Proposed { proposal, signature }) => {
                Witnessed::Proposal { proposal, signature }
            }
        });
        Box::new(Status { consortium, height, header_hash, certificate, newest_of_yours })
    }
}

impl From<ARequest> for Request {
    fn from(request: ARequest) -> Request {
        match request {
            ARequest::Status(status) => Request::Status(status.into()),
            ARequest::Blocks(Wanted { from, max_bytes }) => Request::Blocks { from, max_bytes },
            ARequest::Body(OfBlock { height, header_hash }) => {
                Request::Body { height, header_hash }
            }
            ARequest::Snapshot(OfManifest { height, offset }) => {
                Request::Snapshot { height, offset }
            }
            ARequest::SnapshotChunk(OfSnapshot { height, number }) => {
                Request::SnapshotChunk { height, number }
            }
            ARequest::Addresses => Request::Addresses,
            ARequest::Neighbours(keys) => {
                let keys = keys.into_iter().map(|key| key.0.try_into().unwrap());
                Request::Neighbours(keys.collect())
            }
        }
    }
}

impl From<AResponse> for Response {
    fn from(response: AResponse) -> Response {
        match response {
            AResponse::Status(status) => Response::Status(status.into()),
            AResponse::Blocks(blocks) => Response::Blocks(bytes(blocks)),
            AResponse::Body(body) => Response::Body(body.map(|body| body.0)),
            AResponse::Snapshot(piece) => Response::Snapshot(piece.map(|piece| {
                let APiece { height, size_bytes, bytes } = piece;
                ManifestPiece { height, size_bytes, bytes: bytes.0 }
            })),
            AResponse::SnapshotChunk(chunk) => Response::SnapshotChunk(chunk.map(|chunk| chunk.0)),
            AResponse::Addresses(nodes) => {
                Response::Addresses(nodes.into_iter().map(NodeAddresses::from).collect())
            }
            AResponse::Noted => Response::Noted,
        }
    }
}

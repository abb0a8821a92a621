//! What nodes say to one another.
//! Holds: every message is bounded before it is decoded; what is signed inside is checked later.
//! May not enter: sockets. Source: docs/formats.md, "Network".

use comity_core::block::Header;
use comity_core::encoding::{Decode, DecodeError, Encode, decode, encode};
use comity_core::hash::{ConsortiumId, HeaderHash, LeafHash};
use comity_core::ids::Height;
use comity_core::keys::{PublicKey, Signature};
use comity_core::vote::{CommitCertificate, Proposal, Vote, VoteKind};

pub use comity_core::polka::PolkaCertificate;

use crate::storage::{MarkPosition, Step};

/// Longest gossip message (bytes).
pub const MAX_GOSSIP_BYTES: usize = 1024 * 1024;
/// Longest request (bytes).
pub const MAX_REQUEST_BYTES: usize = 64 * 1024;
/// Longest response (bytes).
pub const MAX_RESPONSE_BYTES: usize = 16 * 1024 * 1024;
/// Most bytes of a snapshot's manifest in one response.
pub const MANIFEST_PIECE_BYTES: usize = 256 * 1024;
/// Most nodes whose addresses one response tells (count).
pub const MAX_NODES_TOLD: usize = 512;
/// Most addresses of one node that are told (count).
pub const MAX_ADDRESSES_OF_NODE: usize = 4;
/// Most bytes of records in one gossip message.
pub const RECORD_BATCH_BYTES: usize = 256 * 1024;

/// A vote with its signature.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SignedVote {
    /// The vote.
    pub vote: Vote,
    /// The validator's signature.
    pub signature: Signature,
}

/// A proposal with its signature and with the block that it names, the records by leaf hash.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SignedProposal {
    /// The proposal.
    pub proposal: Proposal,
    /// The proposer's signature.
    pub signature: Signature,
    /// The block's header.
    pub header: Header,
    /// The certificate of the parent.
    pub parent_certificate: Option<CommitCertificate>,
    /// The records, in order.
    pub leaves: Vec<LeafHash>,
}

/// Votes that carry a node into or past a round.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RoundCertificate {
    /// The height.
    pub height: Height,
    /// The round.
    pub round: u32,
    /// Whether it shows a quorum of precommits (else more than a third of votes, to skip).
    pub by_precommits: bool,
    /// The votes.
    pub votes: Vec<SignedVote>,
}

/// What goes to everyone.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Gossip {
    /// Signed records, each as its canonical bytes.
    Records(Vec<Vec<u8>>),
    /// A vote.
    Vote(SignedVote),
    /// A proposal with the outline of its block.
    Proposal(Box<SignedProposal>),
    /// A polka certificate.
    Polka(PolkaCertificate),
    /// A round certificate.
    Round(RoundCertificate),
}

/// A message that a validator signed, shown back to it: it can check that it is its own.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Witnessed {
    /// A vote.
    Vote(SignedVote),
    /// A proposal.
    Proposal {
        /// The proposal.
        proposal: Proposal,
        /// Its signature.
        signature: Signature,
    },
}

impl Witnessed {
    /// Whose it is.
    pub fn validator(&self) -> PublicKey {
        match self {
            Witnessed::Vote(signed) => signed.vote.validator,
            Witnessed::Proposal { proposal, .. } => proposal.validator,
        }
    }

    /// Where in consensus it was signed.
    pub fn position(&self) -> MarkPosition {
        match self {
            Witnessed::Vote(SignedVote { vote, .. }) => {
                let step = match vote.kind {
                    VoteKind::Prevote => Step::Prevote,
                    VoteKind::Precommit => Step::Precommit,
                };
                MarkPosition { height: vote.height.0, round: vote.round, step }
            }
            Witnessed::Proposal { proposal, .. } => MarkPosition {
                height: proposal.height.0,
                round: proposal.round,
                step: Step::Proposal,
            },
        }
    }

    /// Whether it verifies.
    pub fn is_genuine(&self, consortium: &ConsortiumId) -> bool {
        let verified = match self {
            Witnessed::Vote(SignedVote { vote, signature }) => {
                vote.validator.verify_vote(consortium, vote, signature)
            }
            Witnessed::Proposal { proposal, signature } => {
                proposal.validator.verify_proposal(consortium, proposal, signature)
            }
        };
        verified.is_ok()
    }
}

/// Where a node stands; sent on connecting and now and then.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Status {
    /// The consortium.
    pub consortium: ConsortiumId,
    /// Height of the last committed block.
    pub height: Height,
    /// Its hash.
    pub header_hash: HeaderHash,
    /// Its certificate; `None` at height 0.
    pub certificate: Option<CommitCertificate>,
    /// The newest message signed by the receiver's validator key that the sender has seen.
    pub newest_of_yours: Option<Witnessed>,
}

/// What one node asks another.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Request {
    /// "Here I stand; where do you?"
    Status(Box<Status>),
    /// Committed blocks from this height on, as many as fit into `max_bytes` (at least one).
    Blocks {
        /// The first height wanted.
        from: Height,
        /// Most bytes wanted.
        max_bytes: u32,
    },
    /// The body of a block under decision.
    Body {
        /// The block's height.
        height: Height,
        /// The block.
        header_hash: HeaderHash,
    },
    /// The manifest of a snapshot, from a byte on.
    Snapshot {
        /// Of which height; `None` is the newest.
        height: Option<Height>,
        /// From which byte of the manifest on.
        offset: u32,
    },
    /// A chunk of a snapshot.
    SnapshotChunk {
        /// The snapshot's height.
        height: Height,
        /// The chunk's number in the file, from 0.
        number: u32,
    },
    /// Where the members' nodes listen, as far as the other side knows it at first hand.
    Addresses,
    /// "With these I am connected, and send to them what I send to you": transport keys, not checked to be any, at
    /// most [`MAX_NODES_TOLD`].
    Neighbours(Vec<[u8; 32]>),
}

/// Where a node listens for others: TCP, under an IP address as its bytes stand in a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum NodeAddress {
    /// IPv4.
    Ip4 {
        /// The address.
        ip: [u8; 4],
        /// The port.
        port: u16,
    },
    /// IPv6.
    Ip6 {
        /// The address.
        ip: [u8; 16],
        /// The port.
        port: u16,
    },
}

/// Where one node listens. A hint: only a connection on which the node proves its key shows that it is true.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct NodeAddresses {
    /// The node's transport key, not checked to be one: so that a long list costs little to read.
    pub key: [u8; 32],
    /// At most [`MAX_ADDRESSES_OF_NODE`], the likeliest first.
    pub addresses: Vec<NodeAddress>,
}

/// A piece of a snapshot's manifest.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ManifestPiece {
    /// The snapshot's height.
    pub height: Height,
    /// Size of the whole manifest (bytes).
    pub size_bytes: u32,
    /// The bytes from the offset asked for on, at most [`MANIFEST_PIECE_BYTES`].
    pub bytes: Vec<u8>,
}

/// What it answers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Response {
    /// To [`Request::Status`].
    Status(Box<Status>),
    /// To [`Request::Blocks`]: the canonical bytes of consecutive committed blocks; empty where
    /// the node has none of that height.
    Blocks(Vec<Vec<u8>>),
    /// To [`Request::Body`]: the block's canonical bytes, where the node has it.
    Body(Option<Vec<u8>>),
    /// To [`Request::Snapshot`], where the node has that snapshot.
    Snapshot(Option<ManifestPiece>),
    /// To [`Request::SnapshotChunk`], where the node has that snapshot.
    SnapshotChunk(Option<Vec<u8>>),
    /// To [`Request::Addresses`]: at most [`MAX_NODES_TOLD`] nodes, each once.
    Addresses(Vec<NodeAddresses>),
    /// To [`Request::Neighbours`].
    Noted,
}

macro_rules! wire {
    ($($name:ident, $limit:ident;)*) => {$(
        impl $name {
            /// The canonical bytes.
            pub fn to_bytes(&self) -> Vec<u8> {
                encode(self)
            }
            /// Reads a message. Errors: too long, or not its canonical bytes.
            pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
                decode(bytes, $limit)
            }
        }
    )*};
}

wire! {
    Gossip, MAX_GOSSIP_BYTES;
    Request, MAX_REQUEST_BYTES;
    Response, MAX_RESPONSE_BYTES;
}

//! Blocks: header, body, and how they are bound together.
//! Holds: a header's hash fixes every byte of its block.
//! May not enter: execution (see `ledger`). Source: docs/formats.md, "Blocks".

use serde::{Deserialize, Serialize};

use crate::encoding::{Decode, DecodeError, Encode, decode, encode};
use crate::hash::{
    BodyHash, CertificateHash, ConsortiumId, HeaderHash, LeafHash, LogRoot, Purpose, StateRoot,
    ValidatorSetHash, tagged,
};
use crate::ids::{Height, LogIndex, TimeMs};
use crate::polka::PolkaCertificate;
use crate::text::AgencyId;
use crate::vote::CommitCertificate;

/// The header version that this software writes and reads.
pub const HEADER_VERSION: u16 = 1;
/// No encoded block is longer than this (bytes).
pub const MAX_BLOCK_BYTES: usize = 8 * 1024 * 1024;

/// What validators sign (by its hash).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Header {
    /// Format version.
    pub version: u16,
    /// The consortium.
    pub consortium: ConsortiumId,
    /// The block's height, from 1.
    pub height: Height,
    /// The round in which it was first proposed.
    pub proposal_round: u32,
    /// Consensus time: later than the parent's.
    pub time: TimeMs,
    /// The parent's header hash; at height 1 the consortium id.
    pub parent: HeaderHash,
    /// Hash of the parent's commit certificate in the body; at height 1 zeros.
    pub parent_certificate: CertificateHash,
    /// Hash of the list of the records' leaf hashes.
    pub body: BodyHash,
    /// Position of the first record; where there is none, of the next.
    pub first_index: LogIndex,
    /// Entries on the log after this block.
    pub log_size: u64,
    /// Root of the log after this block.
    pub log_root: LogRoot,
    /// Root of the state after this block.
    pub state_root: StateRoot,
    /// The validators of this height.
    pub validators: ValidatorSetHash,
    /// The validators of the next height.
    pub next_validators: ValidatorSetHash,
    /// Who proposed it first: `select(validators, height, proposal_round)`.
    pub proposer: AgencyId,
}

impl Header {
    /// The block's id.
    pub fn hash(&self) -> HeaderHash {
        HeaderHash(tagged(Purpose::Header, &self.consortium, &encode(self)))
    }
}

/// A block as it travels and is stored.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Block {
    /// The header.
    pub header: Header,
    /// The parent's commit certificate; `None` at height 1.
    pub parent_certificate: Option<CommitCertificate>,
    /// The canonical bytes of the signed records, in order.
    pub records: Vec<Vec<u8>>,
}

impl Block {
    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads a block. Errors: not the canonical bytes of one of at most [`MAX_BLOCK_BYTES`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Block, DecodeError> {
        decode(bytes, MAX_BLOCK_BYTES)
    }
}

/// The hash over a body's records, by their leaf hashes in order.
pub fn body_hash(consortium: &ConsortiumId, leaves: &[LeafHash]) -> BodyHash {
    BodyHash(tagged(Purpose::Body, consortium, &encode(&leaves.to_vec())))
}

/// A block with the certificate that committed it: what the block log stores and sync carries.
/// Which polka certificates are beside it differs from node to node: each keeps what it saw.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CommittedBlock {
    /// The block.
    pub block: Block,
    /// The precommits that committed it.
    pub certificate: CommitCertificate,
    /// The quorums of prevotes of its height that this node knows, ascending by round and block;
    /// none where the block was decided in round 0 and nothing else came close.
    pub polkas: Vec<PolkaCertificate>,
}

impl CommittedBlock {
    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads a committed block. Errors: not its canonical bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<CommittedBlock, DecodeError> {
        decode(bytes, 2 * MAX_BLOCK_BYTES)
    }
}

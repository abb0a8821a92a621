//! Proof files: what one hands to a court, an auditor or a citizen, checked with the genesis alone.
//! Holds: what verifies was certified by the consortium of that genesis, over every change of its
//! validators; a proof says as of which height and time it speaks, never that it is the newest.
//! May not enter: files, clocks, the tree that a proof is cut from.
//! Source: docs/formats.md, "Proof files".

mod collection;
mod extension;
mod extract;
mod fork;
mod names;
mod receipt;

use crate::encoding::{Decode, DecodeError, Encode, decode, encode};

pub use collection::{
    CollectedBlock, CollectedEntry, Collection, CollectionError, ProvenEntry, VerifiedCollection,
};
pub use extension::{Extension, ExtensionError, VerifiedExtension};
pub use extract::{Claim, Extract, ExtractError, MAX_CLAIMS, ReadError, VerifiedExtract};
pub use fork::{Branch, Fork, ForkError, Judged, Prevoted, Verdict, VerifiedFork};
pub use receipt::{Receipt, ReceiptError, VerifiedReceipt};

/// First bytes of every proof file.
pub const MAGIC: [u8; 8] = *b"COMITYP1";
/// No proof file is longer than this (bytes).
pub const MAX_PROOF_BYTES: usize = 16 * 1024 * 1024;

/// A proof file's content.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Proof {
    /// That an entry is on the log.
    Receipt(Receipt),
    /// What the state holds under some keys.
    Extract(Extract),
    /// That one certified log goes on where another ended.
    Extension(Extension),
    /// That the consortium certified two different blocks of one height.
    Fork(Fork),
    /// That several entries are on the log.
    Collection(Collection),
}

/// Why bytes are no proof file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofFileError {
    /// Other first bytes.
    #[error("this is not a Comity proof file (its first bytes are not those of one)")]
    NotAProof,
    /// Damaged, or of a newer kind than this software knows.
    #[error("the proof's bytes are damaged, or of a kind that is not known here: {0}")]
    Decode(#[from] DecodeError),
}

impl Proof {
    /// The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&MAGIC[..], &encode(self)].concat()
    }

    /// Reads a file's bytes; nothing is verified yet. Errors: they are not the canonical bytes of one.
    pub fn from_bytes(bytes: &[u8]) -> Result<Proof, ProofFileError> {
        let content = bytes.strip_prefix(&MAGIC).ok_or(ProofFileError::NotAProof)?;
        Ok(decode(content, MAX_PROOF_BYTES - MAGIC.len())?)
    }
}

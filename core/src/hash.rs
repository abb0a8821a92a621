//! Hashes: one newtype for each kind, one tagged preimage for each purpose.
//! Holds: no hash of one purpose or consortium can stand for one of another.
//! May not enter: signatures (see `keys`). Source: docs/formats.md, "Domain separation".

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::encoding::{Decode, Encode};

/// Text that is not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 lower-case hexadecimal digits")]
pub struct HashTextError;

macro_rules! hash_types {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// The 32 bytes.
            pub fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }
        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), hex::encode(&self.0[..6]))
            }
        }
        impl From<$name> for String {
            fn from(hash: $name) -> String {
                hash.to_string()
            }
        }
        impl TryFrom<String> for $name {
            type Error = HashTextError;
            fn try_from(text: String) -> Result<Self, HashTextError> {
                text.parse()
            }
        }
        impl FromStr for $name {
            type Err = HashTextError;
            fn from_str(text: &str) -> Result<Self, HashTextError> {
                parse_hex32(text).map($name)
            }
        }
    )*};
}

hash_types! {
    /// Identifies a consortium: the hash of its genesis.
    ConsortiumId;
    /// Identifies a statement, whatever its signatures: used against replay, for nothing else.
    RecordId;
    /// RFC 6962 leaf hash of a whole signed record: its place in the log tree, caches and gossip.
    LeafHash;
    /// Identifies a block: what validators vote on.
    HeaderHash;
    /// Commits to a block's records, in order.
    BodyHash;
    /// Hash of a commit certificate as it travels in the next block's body.
    CertificateHash;
    /// RFC 6962 root of the log tree.
    LogRoot;
    /// Root of the state tree.
    StateRoot;
    /// Hash of a validator set.
    ValidatorSetHash;
    /// Salted commitment to a detail that is kept off the log.
    Commitment;
    /// Hash of a text about a dataset that its owner's node keeps.
    DetailsHash;
    /// RFC 6962 root over the commitments to a batch's accesses.
    BatchRoot;
    /// Salted hash of what was handed over in an exchange.
    AnswerHash;
    /// What an agency commits to in a draw.
    DrawCommitment;
    /// The random bytes behind it: a secret until they are revealed.
    DrawSecret;
    /// Hash of the whole report of an assessment.
    ReportHash;
}

/// Exactly 32 bytes from 64 lower-case hexadecimal digits.
pub(crate) fn parse_hex32(text: &str) -> Result<[u8; 32], HashTextError> {
    let mut bytes = [0u8; 32];
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(HashTextError);
    }
    hex::decode_to_slice(text, &mut bytes).map_err(|_| HashTextError)?;
    Ok(bytes)
}

/// What a hash or signature is for. The text is part of the preimage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Consortium id, from the canonical genesis.
    Genesis,
    /// Record id, and the signatures over a statement.
    Statement,
    /// An officer's signed attempt.
    Attempt,
    /// Possession of a key that is being registered.
    Possession,
    /// Block id.
    Header,
    /// A block's records.
    Body,
    /// A commit certificate.
    Certificate,
    /// A validator set.
    ValidatorSet,
    /// A validator's prevote or precommit.
    Vote,
    /// A proposer's proposal.
    Proposal,
    /// Where a state key lies in the state tree.
    StateKey,
    /// A state value.
    StateValue,
    /// A leaf of the state tree.
    StateLeaf,
    /// An inner node of the state tree.
    StateNode,
    /// A salted commitment to a sealed detail.
    Sealed,
    /// A text about a dataset that its owner's node keeps.
    Details,
    /// A signed query to a node.
    Query,
    /// What a node draws the nonce of an accusation from.
    Accusation,
    /// A salted commitment to one access of a batch.
    Batched,
    /// What was handed over in an exchange.
    Answer,
    /// What an agency commits to in a draw.
    DrawCommitment,
    /// The seed of a draw.
    DrawSeed,
    /// Which record is drawn.
    DrawRecord,
    /// Who reviews it.
    DrawReviewer,
    /// The whole report of an assessment, which is kept off the log.
    Report,
}

impl Purpose {
    /// The tag as it stands in every preimage of this purpose.
    pub fn tag(self) -> &'static str {
        match self {
            Purpose::Genesis => "comity/genesis/1",
            Purpose::Statement => "comity/statement/1",
            Purpose::Attempt => "comity/attempt/1",
            Purpose::Possession => "comity/possession/1",
            Purpose::Header => "comity/header/1",
            Purpose::Body => "comity/body/1",
            Purpose::Certificate => "comity/certificate/1",
            Purpose::ValidatorSet => "comity/validator-set/1",
            Purpose::Vote => "comity/vote/1",
            Purpose::Proposal => "comity/proposal/1",
            Purpose::StateKey => "comity/state-key/1",
            Purpose::StateValue => "comity/state-value/1",
            Purpose::StateLeaf => "comity/leaf/1",
            Purpose::StateNode => "comity/node/1",
            Purpose::Sealed => "comity/sealed/1",
            Purpose::Details => "comity/details/1",
            Purpose::Query => "comity/query/1",
            Purpose::Accusation => "comity/accusation/1",
            Purpose::Batched => "comity/batched/1",
            Purpose::Answer => "comity/answer/1",
            Purpose::DrawCommitment => "comity/draw-commitment/1",
            Purpose::DrawSeed => "comity/draw-seed/1",
            Purpose::DrawRecord => "comity/draw-record/1",
            Purpose::DrawReviewer => "comity/draw-reviewer/1",
            Purpose::Report => "comity/report/1",
        }
    }
}

/// The preimage of a purpose: tag length (1 byte), tag, consortium id (32), body length
/// (8, little-endian), body.
pub(crate) fn preimage(purpose: Purpose, consortium: &ConsortiumId, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64 + body.len());
    push_head(&mut bytes, purpose, consortium);
    bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
    bytes.extend_from_slice(body);
    bytes
}

fn push_head(bytes: &mut Vec<u8>, purpose: Purpose, consortium: &ConsortiumId) {
    let tag = purpose.tag().as_bytes();
    bytes.push(tag_length(tag));
    bytes.extend_from_slice(tag);
    bytes.extend_from_slice(&consortium.0);
}

fn tag_length(tag: &[u8]) -> u8 {
    match u8::try_from(tag.len()) {
        Ok(length) => length,
        Err(_) => unreachable!("tags are short"),
    }
}

/// SHA-256 of the tagged preimage.
pub(crate) fn tagged(purpose: Purpose, consortium: &ConsortiumId, body: &[u8]) -> [u8; 32] {
    Tagger::new(purpose, consortium).hash(&[body])
}

/// A purpose's hash with its constant head taken in once: for trees, which hash many small bodies.
#[derive(Clone, Debug)]
pub(crate) struct Tagger(Sha256);

impl Tagger {
    pub(crate) fn new(purpose: Purpose, consortium: &ConsortiumId) -> Self {
        let mut head = Vec::with_capacity(64);
        push_head(&mut head, purpose, consortium);
        Tagger(Sha256::new_with_prefix(&head))
    }

    /// Hash of the body that `parts` form when joined.
    pub(crate) fn hash(&self, parts: &[&[u8]]) -> [u8; 32] {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let mut hasher = self.0.clone();
        hasher.update((length as u64).to_le_bytes());
        for part in parts {
            hasher.update(part);
        }
        hasher.finalize().into()
    }
}

/// The consortium id: SHA-256 of tag length, tag, body length, canonical genesis. The only tagged
/// hash without a consortium id in its preimage, since it makes one.
pub(crate) fn genesis_id(genesis: &[u8]) -> ConsortiumId {
    let tag = Purpose::Genesis.tag().as_bytes();
    let mut hasher = Sha256::new();
    hasher.update([tag_length(tag)]);
    hasher.update(tag);
    hasher.update((genesis.len() as u64).to_le_bytes());
    hasher.update(genesis);
    ConsortiumId(hasher.finalize().into())
}

/// RFC 6962 leaf hash of a signed record's canonical bytes.
pub fn leaf_hash(record: &[u8]) -> LeafHash {
    LeafHash(Sha256::new_with_prefix([0u8]).chain_update(record).finalize().into())
}

/// RFC 6962 hash of an inner node.
pub(crate) fn log_node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    Sha256::new_with_prefix([1u8]).chain_update(left).chain_update(right).finalize().into()
}

/// RFC 6962 root of the empty log: SHA-256 of nothing.
pub(crate) fn empty_log() -> [u8; 32] {
    Sha256::digest([]).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So that nothing that is signed under a tag is the text of a note, or the other way round.
    #[test]
    fn no_tagged_preimage_begins_like_the_text_of_a_note() {
        use Purpose::{
            Accusation, Attempt, Possession, Proposal, Query, Statement, ValidatorSet, Vote,
        };
        let purposes =
            [Accusation, Attempt, Possession, Proposal, Query, Statement, ValidatorSet, Vote];
        for purpose in purposes {
            let first = preimage(purpose, &ConsortiumId([0; 32]), b"")[0];
            assert!((13..32).contains(&first), "{}", purpose.tag());
        }
    }
}

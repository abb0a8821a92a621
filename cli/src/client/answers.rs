//! What the node answers, as far as it is shown or relied on.
//! Holds: unknown fields are ignored, so that a newer node can say more. Source: docs/api.md.

use comity_core::access::AccessRefusal;
use comity_core::agency::Key;
use comity_core::genesis::CodeEntry;
use comity_core::grant::{Grant, Usage};
use comity_core::hash::{ConsortiumId, HeaderHash, LeafHash, RecordId};
use comity_core::ids::{GrantId, Height, LogIndex, TimeMs};
use comity_core::keys::PublicKey;
use comity_core::statement::SignedRecord;
use comity_core::text::AgencyId;
use serde::Deserialize;

/// `GET /v1/status`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Status {
    pub(crate) agency: AgencyId,
    pub(crate) consortium: ConsortiumId,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) height: Height,
    pub(crate) header_hash: HeaderHash,
    pub(crate) time: TimeMs,
    pub(crate) log_size: u64,
    pub(crate) voting: Voting,
    #[serde(default)]
    pub(crate) votes_from: Option<Height>,
    #[serde(default)]
    pub(crate) pending: u64,
    #[serde(default)]
    pub(crate) validators: Vec<Voter>,
    #[serde(default)]
    pub(crate) peers: Vec<Peer>,
    #[serde(default)]
    pub(crate) best_peer_height: Option<Height>,
}

/// Whether and why a node votes or not.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Voting {
    Active,
    Observer,
    Asking,
    Later,
    Withheld,
}

/// A validator in a status.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Voter {
    pub(crate) agency: AgencyId,
    pub(crate) key: PublicKey,
    pub(crate) power: u64,
}

/// A peer in a status.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Peer {
    #[serde(default)]
    pub(crate) agency: Option<AgencyId>,
    #[serde(default)]
    pub(crate) address: Option<String>,
    #[serde(default)]
    pub(crate) height: Option<Height>,
}

/// A committed record's place.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Committed {
    pub(crate) record_id: RecordId,
    pub(crate) leaf_hash: LeafHash,
    pub(crate) index: LogIndex,
    pub(crate) height: Height,
    pub(crate) time: TimeMs,
    pub(crate) header_hash: HeaderHash,
}

/// An entry of the log.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct EntryAnswer {
    pub(crate) index: LogIndex,
    pub(crate) height: Height,
    pub(crate) time: TimeMs,
    pub(crate) record_id: RecordId,
    pub(crate) leaf_hash: LeafHash,
    pub(crate) record: SignedRecord,
    /// Base64 of the canonical bytes.
    pub(crate) bytes: String,
}

/// A grant with how it stands.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct GrantAnswer {
    pub(crate) id: GrantId,
    pub(crate) grant: Grant,
    pub(crate) usage: Usage,
    pub(crate) standing: String,
}

/// A registered key.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct KeyAnswer {
    pub(crate) public_key: PublicKey,
    pub(crate) key: Key,
}

/// The published codes.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Codes {
    pub(crate) matters: Vec<CodeEntry>,
    pub(crate) duty_bases: Vec<CodeEntry>,
}

/// How an attempt would be judged.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Evaluation {
    pub(crate) allowed: bool,
    #[serde(default)]
    pub(crate) refusal: Option<AccessRefusal>,
}

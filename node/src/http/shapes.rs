//! What the API's JSON looks like.
//! Holds: the shapes of docs/api.md, and no other.
//! May not enter: how an answer is found.

use comity_core::access::AccessRefusal;
use comity_core::agency::{Agency, Key};
use comity_core::block::Header;
use comity_core::dataset::PublishedDataset;
use comity_core::genesis::CodeEntry;
use comity_core::grant::{Grant, Usage};
use comity_core::hash::{ConsortiumId, HeaderHash, LeafHash, LogRoot, RecordId, StateRoot};
use comity_core::ids::{DatasetId, GrantId, Height, LogIndex, TimeMs};
use comity_core::keys::PublicKey;
use comity_core::statement::SignedRecord;
use comity_core::text::{AgencyId, Text};
use comity_core::validators::Validator;
use comity_core::vote::CommitCertificate;
use serde::Serialize;
use serde_json::value::RawValue;

/// A record that waits.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Pending {
    pub(super) record_id: RecordId,
    pub(super) leaf_hash: LeafHash,
    pub(super) status: &'static str,
}

/// A record that is on the log.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Committed {
    pub(super) record_id: RecordId,
    pub(super) leaf_hash: LeafHash,
    pub(super) status: &'static str,
    pub(super) index: LogIndex,
    pub(super) height: Height,
    pub(super) time: TimeMs,
    pub(super) header_hash: HeaderHash,
}

/// How an attempt would be judged.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Evaluation {
    Allowed { allowed: True, usage: Usage },
    Refused { allowed: False, rule: &'static str, refusal: AccessRefusal },
}

/// Always `true`.
#[derive(Clone, Copy, Debug)]
pub(super) struct True;

/// Always `false`.
#[derive(Clone, Copy, Debug)]
pub(super) struct False;

impl Serialize for True {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(true)
    }
}

impl Serialize for False {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(false)
    }
}

/// Where the node stands.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Status {
    pub(super) agency: AgencyId,
    pub(super) consortium: ConsortiumId,
    pub(super) name: Text<128>,
    pub(super) version: &'static str,
    pub(super) height: Height,
    pub(super) header_hash: HeaderHash,
    pub(super) time: TimeMs,
    pub(super) log_size: u64,
    pub(super) log_root: LogRoot,
    pub(super) state_root: StateRoot,
    pub(super) round: u32,
    pub(super) voting: &'static str,
    pub(super) votes_from: Option<Height>,
    pub(super) pending: usize,
    pub(super) validators: Vec<Validator>,
    pub(super) peers: Vec<Peer>,
    pub(super) best_peer_height: Height,
}

/// A connected peer.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Peer {
    pub(super) agency: Option<AgencyId>,
    pub(super) address: String,
    pub(super) height: Height,
}

/// An entry of the log.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Entry<'a> {
    pub(super) index: LogIndex,
    pub(super) height: Height,
    pub(super) time: TimeMs,
    pub(super) record_id: RecordId,
    pub(super) leaf_hash: LeafHash,
    pub(super) kind: &'static str,
    pub(super) record: &'a SignedRecord,
    /// Base64.
    pub(super) bytes: String,
}

/// A page of entries, each already written as JSON.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Entries {
    pub(super) entries: Vec<Box<RawValue>>,
    pub(super) next: Option<LogIndex>,
}

/// A block without its records.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Block {
    pub(super) height: Height,
    pub(super) header_hash: HeaderHash,
    pub(super) header: Header,
    pub(super) certificate: CommitCertificate,
    pub(super) records: Vec<LeafHash>,
}

/// A page of blocks.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Blocks {
    pub(super) blocks: Vec<Block>,
    pub(super) next: Option<Height>,
}

/// A page of datasets.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Datasets {
    pub(super) datasets: Vec<PublishedDataset>,
    pub(super) next: Option<DatasetId>,
}

/// A grant, how far it is used, and whether it is in force.
#[derive(Clone, Debug, Serialize)]
pub(super) struct GrantShape {
    pub(super) id: GrantId,
    pub(super) grant: Grant,
    pub(super) usage: Usage,
    pub(super) standing: GrantStanding,
}

/// A page of grants.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Grants {
    pub(super) grants: Vec<GrantShape>,
    pub(super) next: Option<GrantId>,
}

/// Whether a grant is in force at the last block's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum GrantStanding {
    InForce,
    NotYetInForce,
    Expired,
    Revoked,
    UsedUp,
}

impl GrantStanding {
    /// The standing at `time`: the first that applies of revoked, not yet in force, expired and
    /// used up, in the order in which an access would be refused.
    pub(super) fn of(grant: &Grant, usage: &Usage, time: TimeMs) -> GrantStanding {
        let terms = &grant.terms;
        if grant.revoked.is_some() {
            GrantStanding::Revoked
        } else if time < terms.not_before {
            GrantStanding::NotYetInForce
        } else if time >= terms.not_after {
            GrantStanding::Expired
        } else if terms.total_quota.is_some_and(|quota| usage.total >= quota) {
            GrantStanding::UsedUp
        } else {
            GrantStanding::InForce
        }
    }
}

/// All members.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Agencies {
    pub(super) agencies: Vec<Agency>,
}

/// A key with its registration.
#[derive(Clone, Debug, Serialize)]
pub(super) struct KeyShape {
    pub(super) public_key: PublicKey,
    pub(super) key: Key,
}

/// A page of keys.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Keys {
    pub(super) keys: Vec<KeyShape>,
    pub(super) next: Option<PublicKey>,
}

/// The published codes.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Codes {
    pub(super) matters: Vec<CodeEntry>,
    pub(super) duty_bases: Vec<CodeEntry>,
}

//! What the node answers, as far as it is shown or relied on.
//! Holds: unknown fields are ignored, so that a newer node can say more. Source: docs/api.md.

use std::collections::BTreeMap;

use comity_core::access::AccessRefusal;
use comity_core::agency::{Agency, Key};
use comity_core::check_request::CheckRequest;
use comity_core::codes::PublishedCode;
use comity_core::dataset::Dataset;
use comity_core::dispute::Dispute;
use comity_core::emergency::{Emergency, EmergencyState, EmergencyUse};
use comity_core::gateway::GatewayNumbers;
use comity_core::genesis::Params;
use comity_core::governance::{Departure, Proposal, Tally};
use comity_core::grant::{Grant, Usage};
use comity_core::hash::{ConsortiumId, HeaderHash, LeafHash, RecordId};
use comity_core::ids::{
    CheckId, DisputeId, EmergencyId, GrantId, Height, IncidentId, LogIndex, ProposalId, RequestId,
    TaskForceId, TimeMs,
};
use comity_core::incident::Incident;
use comity_core::keys::PublicKey;
use comity_core::request::Request;
use comity_core::statement::SignedRecord;
use comity_core::task_force::{TaskForce, TaskForceState};
use comity_core::text::AgencyId;
use serde::{Deserialize, Serialize};

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
    /// Of a task force's grant, what each member used of it.
    #[serde(default)]
    pub(crate) members: BTreeMap<AgencyId, Usage>,
}

impl GrantAnswer {
    /// Whether it counts now, or will at another time without a new grant.
    pub(crate) fn may_be_used(&self) -> bool {
        let over = ["revoked", "expired", "used-up", "dataset-withdrawn", "task-force-ended"];
        !over.contains(&self.standing.as_str()) && self.lost_party().is_none()
    }

    /// The agency that acts no more, of its provider and its requesting agency, for whose sake it
    /// counts no more.
    pub(crate) fn lost_party(&self) -> Option<&AgencyId> {
        let terms = &self.grant.terms;
        match self.standing.as_str() {
            "requester-left" | "requester-hosting-over" | "lead-gone" => Some(&terms.requester),
            "provider-left" | "provider-hosting-over" => Some(&terms.dataset.agency),
            _ => None,
        }
    }
}

/// A task force with how it stands.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct TaskForceAnswer {
    pub(crate) id: TaskForceId,
    pub(crate) task_force: TaskForce,
    pub(crate) state: TaskForceState,
}

/// An emergency with how it stands.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct EmergencyAnswer {
    pub(crate) id: EmergencyId,
    pub(crate) emergency: Emergency,
    pub(crate) state: EmergencyState,
    /// What each agency used of it, as far as any did.
    pub(crate) uses: BTreeMap<AgencyId, EmergencyUse>,
}

/// A request with how it stands.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RequestAnswer {
    pub(crate) id: RequestId,
    pub(crate) request: Request,
    /// `open`, `approved`, `refused` or `withdrawn`.
    pub(crate) state: String,
}

/// A check request with how it stands.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct CheckFound {
    pub(crate) id: CheckId,
    pub(crate) check: CheckRequest,
    /// Who answers it, or answered.
    pub(crate) holder: AgencyId,
    /// `open`, `upheld`, `not-upheld` or `corrected`.
    pub(crate) state: String,
}

/// An incident with how it stands.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct IncidentFound {
    pub(crate) id: IncidentId,
    pub(crate) incident: Incident,
    /// `open` or `closed`.
    pub(crate) state: String,
}

/// A dispute with how it stands.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct DisputeFound {
    pub(crate) id: DisputeId,
    pub(crate) dispute: Dispute,
    /// `open`, `stands` or `anew`.
    pub(crate) state: String,
}

/// One version of a dataset.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Version {
    /// Its number, from 1.
    pub(crate) version: u32,
    /// The entry that made it.
    pub(crate) version_at: LogIndex,
    /// What it says.
    pub(crate) dataset: Dataset,
}

/// A registered key.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct KeyAnswer {
    pub(crate) public_key: PublicKey,
    pub(crate) key: Key,
    /// A gateway's: which numbers its records have used.
    pub(crate) numbers: Option<GatewayNumbers>,
}

/// An agency, and how it left if it did.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct MemberAnswer {
    #[serde(flatten)]
    pub(crate) agency: Agency,
    #[serde(default)]
    pub(crate) departure: Option<Departure>,
}

/// A proposal with how it stands.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ProposalAnswer {
    pub(crate) id: ProposalId,
    pub(crate) proposal: Proposal,
    /// `open`, `passed` or `closed`.
    pub(crate) state: String,
    pub(crate) tally: Tally,
}

/// The rules in force, and who decides about them.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RulesAnswer {
    pub(crate) params: Params,
    pub(crate) competent_authority: AgencyId,
    pub(crate) electorate: Vec<AgencyId>,
}

/// The published codes.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Codes {
    pub(crate) matters: Vec<PublishedCode>,
    pub(crate) duty_bases: Vec<PublishedCode>,
}

/// How an attempt would be judged.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Evaluation {
    pub(crate) allowed: bool,
    #[serde(default)]
    pub(crate) refusal: Option<AccessRefusal>,
}

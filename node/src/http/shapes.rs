//! What the API's JSON looks like.
//! Holds: the shapes of docs/openapi.json, and no other.
//! May not enter: how an answer is found.

use comity_core::access::AccessRefusal;
use comity_core::block::Header;
use comity_core::calendar::PublishedCalendar;
use comity_core::codes::PublishedCode;
use comity_core::genesis::Params;
use comity_core::grant::Usage;
use comity_core::hash::{ConsortiumId, HeaderHash, LeafHash, LogRoot, RecordId, StateRoot};
use comity_core::ids::{
    CheckId, DatasetId, DisputeId, EmergencyId, GrantId, Height, IncidentId, LogIndex, ProposalId,
    RequestId, TimeMs,
};
use comity_core::keys::PublicKey;
use comity_core::rule_pack::{PublishedRules, RulePack};
use comity_core::text::{AgencyId, Text};
use comity_core::validators::Validator;
use comity_core::vote::CommitCertificate;
use serde::Serialize;
use serde_json::value::RawValue;

pub(super) use comity_listing::{
    AgencyShape, CheckShape, DatasetShape, DisputeShape, DrawShape, DutyShape, EmergencyShape,
    EntryShape, FindingShape, GrantShape, IncidentShape, KeyShape, ProposalShape, RequestShape,
    VersionShape,
};

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
    pub(super) membership: &'static str,
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
    pub(super) datasets: Vec<DatasetShape>,
    pub(super) next: Option<DatasetId>,
}

/// A page of a dataset's versions.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Versions {
    pub(super) versions: Vec<VersionShape>,
    pub(super) next: Option<u32>,
}

/// A page of requests.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Requests {
    pub(super) requests: Vec<RequestShape>,
    pub(super) next: Option<RequestId>,
}

/// A page of grants.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Grants {
    pub(super) grants: Vec<GrantShape>,
    pub(super) next: Option<GrantId>,
}

/// A page of check requests.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Checks {
    pub(super) checks: Vec<CheckShape>,
    pub(super) next: Option<CheckId>,
}

/// A page of incidents.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Incidents {
    pub(super) incidents: Vec<IncidentShape>,
    pub(super) next: Option<IncidentId>,
}

/// A page of disputes.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Disputes {
    pub(super) disputes: Vec<DisputeShape>,
    pub(super) next: Option<DisputeId>,
}

/// A page of emergencies.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Emergencies {
    pub(super) emergencies: Vec<EmergencyShape>,
    pub(super) next: Option<EmergencyId>,
}

/// All who are or were members.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Agencies {
    pub(super) agencies: Vec<AgencyShape>,
}

/// A page of proposals.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Proposals {
    pub(super) proposals: Vec<ProposalShape>,
    pub(super) next: Option<ProposalId>,
}

/// The rules that are in force, and who decides about them.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Rules {
    pub(super) protocol_version: u16,
    pub(super) params: Params,
    pub(super) competent_authority: AgencyId,
    pub(super) electorate: Vec<AgencyId>,
}

/// A page of keys.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Keys {
    pub(super) keys: Vec<KeyShape>,
    pub(super) next: Option<PublicKey>,
}

/// A page of duties.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Duties {
    pub(super) duties: Vec<DutyShape>,
    pub(super) next: Option<String>,
}

/// The calendars of every region that has some.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Calendars {
    pub(super) calendars: Vec<PublishedCalendar>,
}

/// The rule packs that were published, and the one that rules.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RulePacks {
    pub(super) in_force: RulePack,
    pub(super) published: Vec<PublishedRules>,
}

/// The published codes.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Codes {
    pub(super) matters: Vec<PublishedCode>,
    pub(super) duty_bases: Vec<PublishedCode>,
}

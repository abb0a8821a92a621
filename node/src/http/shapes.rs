//! What the API's JSON looks like.
//! Holds: the shapes of docs/openapi.json, and no other.
//! May not enter: how an answer is found.

use std::collections::BTreeMap;

use comity_core::access::AccessRefusal;
use comity_core::agency::{Agency, Key, KeyRole};
use comity_core::block::Header;
use comity_core::calendar::PublishedCalendar;
use comity_core::check_request::CheckRequest;
use comity_core::codes::PublishedCode;
use comity_core::dataset::{Dataset, DatasetVersion, PublishedDataset};
use comity_core::dispute::Dispute;
use comity_core::duty::{Duty, DutyState};
use comity_core::emergency::{Emergency, EmergencyState, EmergencyUse};
use comity_core::gateway::GatewayNumbers;
use comity_core::genesis::Params;
use comity_core::governance::{Departure, Proposal, Tally};
use comity_core::grant::{Grant, Usage};
use comity_core::hash::{ConsortiumId, HeaderHash, LeafHash, LogRoot, RecordId, StateRoot};
use comity_core::ids::{
    CheckId, DatasetId, DisputeId, EmergencyId, GrantId, Height, IncidentId, LogIndex, ProposalId,
    RequestId, TimeMs,
};
use comity_core::incident::Incident;
use comity_core::keys::PublicKey;
use comity_core::request::Request;
use comity_core::rule_pack::{PublishedRules, RulePack};
use comity_core::statement::SignedRecord;
use comity_core::text::{AgencyId, Text};
use comity_core::validators::Validator;
use comity_core::vote::CommitCertificate;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::view::{
    CheckState, DatasetState, DisputeState, EmergencyFound, GrantFound, GrantStanding,
    IncidentState, ProposalFound, ProposalState, RequestState, Snapshot,
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

/// A dataset with where it stands.
#[derive(Clone, Debug, Serialize)]
pub(super) struct DatasetShape {
    #[serde(flatten)]
    pub(super) published: PublishedDataset,
    pub(super) state: DatasetState,
}

impl DatasetShape {
    pub(super) fn of(published: PublishedDataset) -> DatasetShape {
        let state = DatasetState::of(&published);
        DatasetShape { published, state }
    }
}

/// A page of datasets.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Datasets {
    pub(super) datasets: Vec<DatasetShape>,
    pub(super) next: Option<DatasetId>,
}

/// A dataset as it was, or is, in one of its versions.
#[derive(Clone, Debug, Serialize)]
pub(super) struct VersionShape {
    pub(super) version: u32,
    pub(super) version_at: LogIndex,
    pub(super) dataset: Dataset,
}

impl VersionShape {
    pub(super) fn of((version, made): (u32, DatasetVersion)) -> VersionShape {
        let DatasetVersion { dataset, version_at, .. } = made;
        VersionShape { version, version_at, dataset }
    }
}

/// A page of a dataset's versions.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Versions {
    pub(super) versions: Vec<VersionShape>,
    pub(super) next: Option<u32>,
}

/// A request, and where it stands.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RequestShape {
    pub(super) id: RequestId,
    pub(super) request: Request,
    pub(super) state: RequestState,
}

impl RequestShape {
    pub(super) fn of((id, request): (RequestId, Request)) -> RequestShape {
        let state = RequestState::of(&request);
        RequestShape { id, request, state }
    }
}

/// A page of requests.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Requests {
    pub(super) requests: Vec<RequestShape>,
    pub(super) next: Option<RequestId>,
}

/// A grant, how far it is used, and whether it is in force at the last block's time.
#[derive(Clone, Debug, Serialize)]
pub(super) struct GrantShape {
    pub(super) id: GrantId,
    pub(super) grant: Grant,
    pub(super) usage: Usage,
    pub(super) standing: GrantStanding,
}

impl GrantShape {
    pub(super) fn of(found: GrantFound) -> GrantShape {
        let GrantFound { id, grant, usage, standing } = found;
        GrantShape { id, grant, usage, standing }
    }
}

/// A page of grants.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Grants {
    pub(super) grants: Vec<GrantShape>,
    pub(super) next: Option<GrantId>,
}

/// A check request, who answers it, and where it stands.
#[derive(Clone, Debug, Serialize)]
pub(super) struct CheckShape {
    pub(super) id: CheckId,
    pub(super) check: CheckRequest,
    pub(super) holder: AgencyId,
    pub(super) state: CheckState,
}

impl CheckShape {
    pub(super) fn of((id, check): (CheckId, CheckRequest)) -> CheckShape {
        let (holder, state) = (check.holder().clone(), CheckState::of(&check));
        CheckShape { id, check, holder, state }
    }
}

/// A page of check requests.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Checks {
    pub(super) checks: Vec<CheckShape>,
    pub(super) next: Option<CheckId>,
}

/// An incident, and where it stands.
#[derive(Clone, Debug, Serialize)]
pub(super) struct IncidentShape {
    pub(super) id: IncidentId,
    pub(super) incident: Incident,
    pub(super) state: IncidentState,
}

impl IncidentShape {
    pub(super) fn of((id, incident): (IncidentId, Incident)) -> IncidentShape {
        let state = IncidentState::of(&incident);
        IncidentShape { id, incident, state }
    }
}

/// A page of incidents.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Incidents {
    pub(super) incidents: Vec<IncidentShape>,
    pub(super) next: Option<IncidentId>,
}

/// A dispute, and where it stands.
#[derive(Clone, Debug, Serialize)]
pub(super) struct DisputeShape {
    pub(super) id: DisputeId,
    pub(super) dispute: Dispute,
    pub(super) state: DisputeState,
}

impl DisputeShape {
    pub(super) fn of((id, dispute): (DisputeId, Dispute)) -> DisputeShape {
        let state = DisputeState::of(&dispute);
        DisputeShape { id, dispute, state }
    }
}

/// A page of disputes.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Disputes {
    pub(super) disputes: Vec<DisputeShape>,
    pub(super) next: Option<DisputeId>,
}

/// An emergency, how it stands at the last block's time, and what each agency used of it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct EmergencyShape {
    pub(super) id: EmergencyId,
    pub(super) emergency: Emergency,
    pub(super) state: EmergencyState,
    pub(super) uses: BTreeMap<AgencyId, EmergencyUse>,
}

impl EmergencyShape {
    pub(super) fn of(found: EmergencyFound) -> EmergencyShape {
        let EmergencyFound { id, emergency, state, uses } = found;
        EmergencyShape { id, emergency, state, uses }
    }
}

/// A page of emergencies.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Emergencies {
    pub(super) emergencies: Vec<EmergencyShape>,
    pub(super) next: Option<EmergencyId>,
}

/// An agency, and how it left if it did.
#[derive(Clone, Debug, Serialize)]
pub(super) struct AgencyShape {
    #[serde(flatten)]
    pub(super) agency: Agency,
    pub(super) departure: Option<Departure>,
}

/// All who are or were members.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Agencies {
    pub(super) agencies: Vec<AgencyShape>,
}

/// A proposal, where it stands, and how its ballots stand.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ProposalShape {
    pub(super) id: ProposalId,
    pub(super) proposal: Proposal,
    pub(super) state: ProposalState,
    pub(super) tally: Tally,
}

impl ProposalShape {
    pub(super) fn of(found: ProposalFound) -> ProposalShape {
        let ProposalFound { id, proposal, state, tally } = found;
        ProposalShape { id, proposal, state, tally }
    }
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

/// A key with its registration.
#[derive(Clone, Debug, Serialize)]
pub(super) struct KeyShape {
    pub(super) public_key: PublicKey,
    pub(super) key: Key,
    /// A gateway's: which numbers its records have used.
    pub(super) numbers: Option<GatewayNumbers>,
}

impl KeyShape {
    pub(super) fn of((public_key, key): (PublicKey, Key), at: &Snapshot) -> KeyShape {
        let is_gateway = key.role == KeyRole::Gateway;
        let numbers = is_gateway.then(|| at.gateway_numbers(&public_key));
        KeyShape { public_key, key, numbers }
    }
}

/// A page of keys.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Keys {
    pub(super) keys: Vec<KeyShape>,
    pub(super) next: Option<PublicKey>,
}

/// A duty with how it stands.
#[derive(Clone, Debug, Serialize)]
pub(super) struct DutyShape {
    #[serde(flatten)]
    pub(super) duty: Duty,
    pub(super) state: DutyState,
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

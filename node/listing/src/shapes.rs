//! What the JSON of objects and entries looks like, one by one.
//! Holds: the shapes of docs/openapi.json, and no other.
//! May not enter: pages, and how what is in them is found.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as STANDARD;
use comity_core::agency::{Agency, Key, KeyRole};
use comity_core::assessment::Assessment;
use comity_core::check_request::CheckRequest;
use comity_core::dataset::{Dataset, DatasetVersion, PublishedDataset};
use comity_core::dispute::Dispute;
use comity_core::duty::{Duty, DutyState};
use comity_core::emergency::{Emergency, EmergencyState, EmergencyUse};
use comity_core::gateway::GatewayNumbers;
use comity_core::governance::{Departure, Proposal, Tally};
use comity_core::grant::{Grant, Usage};
use comity_core::hash::{LeafHash, RecordId, leaf_hash};
use comity_core::ids::{
    AssessmentId, CheckId, DisputeId, DrawId, EmergencyId, FindingId, GrantId, Height, IncidentId,
    LogIndex, ProposalId, RequestId, TaskForceId, TimeMs,
};
use comity_core::incident::Incident;
use comity_core::keys::PublicKey;
use comity_core::oversight::{Draw, DrawState, Drawn, Finding};
use comity_core::request::Request;
use comity_core::state::{self, StateRead};
use comity_core::statement::SignedRecord;
use comity_core::task_force::{TaskForce, TaskForceState};
use comity_core::text::AgencyId;
use serde::Serialize;

use crate::duties::DutyFound;
use crate::found::{EmergencyFound, GrantFound, ProposalFound, TaskForceFound};
use crate::states::{
    CheckState, DatasetState, DisputeState, GrantStanding, IncidentState, ProposalState,
    RequestState,
};

/// A dataset with where it stands.
#[derive(Clone, Debug, Serialize)]
pub struct DatasetShape {
    #[serde(flatten)]
    published: PublishedDataset,
    state: DatasetState,
}

impl DatasetShape {
    /// Its shape.
    pub fn of(published: PublishedDataset) -> DatasetShape {
        let state = DatasetState::of(&published);
        DatasetShape { published, state }
    }
}

/// A dataset as it was, or is, in one of its versions.
#[derive(Clone, Debug, Serialize)]
pub struct VersionShape {
    version: u32,
    version_at: LogIndex,
    dataset: Dataset,
}

impl VersionShape {
    /// Its shape.
    pub fn of((version, made): (u32, DatasetVersion)) -> VersionShape {
        let DatasetVersion { dataset, version_at, .. } = made;
        VersionShape { version, version_at, dataset }
    }
}

/// A request, and where it stands.
#[derive(Clone, Debug, Serialize)]
pub struct RequestShape {
    id: RequestId,
    request: Request,
    state: RequestState,
}

impl RequestShape {
    /// Its shape.
    pub fn of((id, request): (RequestId, Request)) -> RequestShape {
        let state = RequestState::of(&request);
        RequestShape { id, request, state }
    }
}

/// A grant, how far it is used, and whether it is in force at the last block's time.
#[derive(Clone, Debug, Serialize)]
pub struct GrantShape {
    id: GrantId,
    grant: Grant,
    usage: Usage,
    standing: GrantStanding,
    members: BTreeMap<AgencyId, Usage>,
}

impl GrantShape {
    /// Its shape.
    pub fn of(found: GrantFound) -> GrantShape {
        let GrantFound { id, grant, usage, standing, members } = found;
        GrantShape { id, grant, usage, standing, members }
    }
}

/// A check request, who answers it, and where it stands.
#[derive(Clone, Debug, Serialize)]
pub struct CheckShape {
    id: CheckId,
    check: CheckRequest,
    holder: AgencyId,
    state: CheckState,
}

impl CheckShape {
    /// Its shape.
    pub fn of((id, check): (CheckId, CheckRequest)) -> CheckShape {
        let (holder, state) = (check.holder().clone(), CheckState::of(&check));
        CheckShape { id, check, holder, state }
    }
}

/// An incident, and where it stands.
#[derive(Clone, Debug, Serialize)]
pub struct IncidentShape {
    id: IncidentId,
    incident: Incident,
    state: IncidentState,
}

impl IncidentShape {
    /// Its shape.
    pub fn of((id, incident): (IncidentId, Incident)) -> IncidentShape {
        let state = IncidentState::of(&incident);
        IncidentShape { id, incident, state }
    }
}

/// A dispute, and where it stands.
#[derive(Clone, Debug, Serialize)]
pub struct DisputeShape {
    id: DisputeId,
    dispute: Dispute,
    state: DisputeState,
}

impl DisputeShape {
    /// Its shape.
    pub fn of((id, dispute): (DisputeId, Dispute)) -> DisputeShape {
        let state = DisputeState::of(&dispute);
        DisputeShape { id, dispute, state }
    }
}

/// An assessment.
#[derive(Clone, Debug, Serialize)]
pub struct AssessmentShape {
    id: AssessmentId,
    assessment: Assessment,
}

impl AssessmentShape {
    /// Its shape.
    pub fn of((id, assessment): (AssessmentId, Assessment)) -> AssessmentShape {
        AssessmentShape { id, assessment }
    }
}

/// A task force, and how it stands at the last block's time.
#[derive(Clone, Debug, Serialize)]
pub struct TaskForceShape {
    id: TaskForceId,
    task_force: TaskForce,
    state: TaskForceState,
}

impl TaskForceShape {
    /// Its shape.
    pub fn of(found: TaskForceFound) -> TaskForceShape {
        let TaskForceFound { id, task_force, state } = found;
        TaskForceShape { id, task_force, state }
    }
}

/// An emergency, how it stands at the last block's time, and what each agency used of it.
#[derive(Clone, Debug, Serialize)]
pub struct EmergencyShape {
    id: EmergencyId,
    emergency: Emergency,
    state: EmergencyState,
    uses: BTreeMap<AgencyId, EmergencyUse>,
}

impl EmergencyShape {
    /// Its shape.
    pub fn of(found: EmergencyFound) -> EmergencyShape {
        let EmergencyFound { id, emergency, state, uses } = found;
        EmergencyShape { id, emergency, state, uses }
    }
}

/// An agency, and how it left if it did.
#[derive(Clone, Debug, Serialize)]
pub struct AgencyShape {
    #[serde(flatten)]
    agency: Agency,
    departure: Option<Departure>,
}

impl AgencyShape {
    /// Its shape.
    pub fn of(agency: Agency, departure: Option<Departure>) -> AgencyShape {
        AgencyShape { agency, departure }
    }
}

/// A proposal, where it stands, and how its ballots stand.
#[derive(Clone, Debug, Serialize)]
pub struct ProposalShape {
    id: ProposalId,
    proposal: Proposal,
    state: ProposalState,
    tally: Tally,
}

impl ProposalShape {
    /// Its shape.
    pub fn of(found: ProposalFound) -> ProposalShape {
        let ProposalFound { id, proposal, state, tally } = found;
        ProposalShape { id, proposal, state, tally }
    }
}

/// A key with its registration.
#[derive(Clone, Debug, Serialize)]
pub struct KeyShape {
    public_key: PublicKey,
    key: Key,
    /// A gateway's: which numbers its records have used.
    numbers: Option<GatewayNumbers>,
}

impl KeyShape {
    /// Its shape.
    pub fn of((public_key, key): (PublicKey, Key), state: &impl StateRead) -> KeyShape {
        let is_gateway = key.role == KeyRole::Gateway;
        let numbers = is_gateway.then(|| state::gateway_numbers(state, &public_key));
        KeyShape { public_key, key, numbers }
    }
}

/// A duty with how it stands.
#[derive(Clone, Debug, Serialize)]
pub struct DutyShape {
    #[serde(flatten)]
    duty: Duty,
    state: DutyState,
}

impl DutyShape {
    /// Its shape.
    pub fn of(found: DutyFound) -> DutyShape {
        let DutyFound { duty, state } = found;
        DutyShape { duty, state }
    }
}

/// An entry of the log.
#[derive(Clone, Debug, Serialize)]
pub struct EntryShape<'a> {
    index: LogIndex,
    height: Height,
    time: TimeMs,
    record_id: RecordId,
    leaf_hash: LeafHash,
    kind: &'static str,
    record: &'a SignedRecord,
    /// Base64.
    bytes: String,
}

impl<'a> EntryShape<'a> {
    /// Its shape: at its position, in the block of a height and time, with its bytes.
    pub fn of(
        index: LogIndex,
        (height, time): (Height, TimeMs),
        record: &'a SignedRecord,
        bytes: &[u8],
    ) -> EntryShape<'a> {
        EntryShape {
            index,
            height,
            time,
            record_id: record.statement.id(),
            leaf_hash: leaf_hash(bytes),
            kind: record.statement.action.kind(),
            record,
            bytes: STANDARD.encode(bytes),
        }
    }
}

/// A draw, how it stands, and what was drawn.
#[derive(Clone, Debug, Serialize)]
pub struct DrawShape {
    id: DrawId,
    draw: Draw,
    state: DrawState,
    commits_until: TimeMs,
    reveals_until: TimeMs,
    withheld: Vec<AgencyId>,
    drawn: Option<Vec<Drawn>>,
}

impl DrawShape {
    /// Its shape.
    pub fn of(draw: Draw, now: TimeMs) -> DrawShape {
        DrawShape {
            id: draw.id(),
            state: draw.state(now),
            commits_until: draw.commits_until(),
            reveals_until: draw.reveals_until(),
            withheld: draw.withheld(now).into_iter().cloned().collect(),
            drawn: draw.drawn(),
            draw,
        }
    }
}

/// A finding.
#[derive(Clone, Debug, Serialize)]
pub struct FindingShape {
    id: FindingId,
    finding: Finding,
}

impl FindingShape {
    /// Its shape.
    pub fn of((id, finding): (FindingId, Finding)) -> FindingShape {
        FindingShape { id, finding }
    }
}

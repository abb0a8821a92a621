//! Which objects are asked for; all conditions of one filter together.
//! Holds: an object fits or not by itself and the state, wherever it is kept.
//! May not enter: by what a view looks things up.

use comity_core::assessment::{Assessment, AssessmentKind};
use comity_core::check_request::CheckRequest;
use comity_core::dataset::{PublishedDataset, Sharing};
use comity_core::dispute::Dispute;
use comity_core::emergency::EmergencyState;
use comity_core::governance::Proposal;
use comity_core::ids::{BundleId, DatasetId, GrantId};
use comity_core::incident::Incident;
use comity_core::oversight::Finding;
use comity_core::request::{Request, RequestTerms};
use comity_core::state::{self, StateRead};
use comity_core::task_force::TaskForceState;
use comity_core::text::AgencyId;

use crate::found::{EmergencyFound, GrantFound, ProposalFound, TaskForceFound};
use crate::states::{
    CheckState, DatasetState, DisputeState, GrantStanding, IncidentState, ProposalState,
    RequestState,
};

/// Which datasets; all conditions together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DatasetFilter {
    /// The dataset's owner.
    pub agency: Option<AgencyId>,
    /// How it is shared.
    pub sharing: Option<Sharing>,
    /// Where it stands.
    pub state: Option<DatasetState>,
}

/// Which requests; all conditions together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestFilter {
    /// The dataset's owner.
    pub provider: Option<AgencyId>,
    /// The agency that asks.
    pub requester: Option<AgencyId>,
    /// The dataset.
    pub dataset: Option<DatasetId>,
    /// The bundle that it was opened in.
    pub bundle: Option<BundleId>,
    /// Where it stands.
    pub state: Option<RequestState>,
}

/// Which grants; all conditions together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrantFilter {
    /// The dataset's owner.
    pub provider: Option<AgencyId>,
    /// The agency that it is for.
    pub requester: Option<AgencyId>,
    /// The dataset.
    pub dataset: Option<DatasetId>,
    /// Where it stands.
    pub standing: Option<GrantStanding>,
}

/// Which check requests; all conditions together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckFilter {
    /// Who owns the data, asked, was asked, or was or is asked to take the check over.
    pub agency: Option<AgencyId>,
    /// Who answers it now, or answered.
    pub holder: Option<AgencyId>,
    /// The dataset.
    pub dataset: Option<DatasetId>,
    /// Where it stands.
    pub state: Option<CheckState>,
}

/// Which incidents; all conditions together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncidentFilter {
    /// Whose steward reported it, or a side of what it affects.
    pub agency: Option<AgencyId>,
    /// A dataset that it affects, wholly or under a grant.
    pub dataset: Option<DatasetId>,
    /// A grant that it affects, by itself or with its dataset.
    pub grant: Option<GrantId>,
    /// Where it stands.
    pub state: Option<IncidentState>,
}

/// Which disputes; all conditions together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DisputeFilter {
    /// A side, or who rules or ruled.
    pub agency: Option<AgencyId>,
    /// Who is to rule, or ruled last.
    pub by: Option<AgencyId>,
    /// Where it stands.
    pub state: Option<DisputeState>,
}

/// Which assessments; all conditions together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssessmentFilter {
    /// Who was assessed, or who reported it.
    pub agency: Option<AgencyId>,
    /// Of which kind.
    pub kind: Option<AssessmentKind>,
    /// Whether something is still to be followed up.
    pub open: Option<bool>,
}

/// Which task forces; all conditions together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskForceFilter {
    /// How it stands.
    pub state: Option<TaskForceState>,
    /// An agency that is or was a member, or is invited.
    pub agency: Option<AgencyId>,
}

/// Which emergencies; all conditions together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EmergencyFilter {
    /// How it stands.
    pub state: Option<EmergencyState>,
    /// An agency that has a part in it.
    pub agency: Option<AgencyId>,
}

/// Which proposals; all conditions together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProposalFilter {
    /// Where it stands.
    pub state: Option<ProposalState>,
    /// The member that it is about, or that opened it.
    pub agency: Option<AgencyId>,
    /// The measure's name.
    pub kind: Option<String>,
}

/// Which findings; all conditions together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FindingFilter {
    /// Who has to answer, or who opened it.
    pub agency: Option<AgencyId>,
    /// Whether it is closed.
    pub closed: Option<bool>,
}

impl DisputeFilter {
    /// Whether it is one of them.
    pub fn fits(&self, dispute: &Dispute) -> bool {
        let concerns = |agency: &AgencyId| {
            let rules = dispute.steps.iter().map(|step| &step.by);
            [&dispute.claimant, &dispute.respondent].into_iter().chain(rules).any(|a| a == agency)
        };
        self.state.is_none_or(|state| DisputeState::of(dispute) == state)
            && self.by.as_ref().is_none_or(|by| dispute.step().by == *by)
            && self.agency.as_ref().is_none_or(concerns)
    }
}

impl CheckFilter {
    /// Whether it is one of them.
    pub fn fits(&self, check: &CheckRequest) -> bool {
        let terms = &check.terms;
        let concerns = |agency: &AgencyId| {
            let sides = [&check.opened_by, &terms.asked, &terms.dataset.agency];
            let handed = check.handovers.iter().map(|handover| &handover.to);
            sides.into_iter().chain(handed).any(|one| one == agency)
        };
        self.state.is_none_or(|state| CheckState::of(check) == state)
            && self.dataset.as_ref().is_none_or(|dataset| *dataset == terms.dataset)
            && self.holder.as_ref().is_none_or(|holder| holder == check.holder())
            && self.agency.as_ref().is_none_or(concerns)
    }
}

impl IncidentFilter {
    /// Whether it is one of them.
    pub fn fits(&self, state: &impl StateRead, incident: &Incident) -> bool {
        self.state.is_none_or(|state| IncidentState::of(incident) == state)
            && self.dataset.as_ref().is_none_or(|dataset| of_dataset(state, incident, dataset))
            && self.grant.is_none_or(|grant| of_grant(state, incident, grant))
            && self.agency.as_ref().is_none_or(|agency| of_agency(state, incident, agency))
    }
}

fn of_dataset(state: &impl StateRead, incident: &Incident, dataset: &DatasetId) -> bool {
    let mut grants = incident.terms.grants.iter().filter_map(|id| state::grant(state, *id));
    incident.terms.datasets.contains(dataset) || grants.any(|grant| grant.terms.dataset == *dataset)
}

fn of_grant(state: &impl StateRead, incident: &Incident, id: GrantId) -> bool {
    let dataset = state::grant(state, id).map(|grant| grant.terms.dataset);
    incident.terms.grants.contains(&id)
        || dataset.is_some_and(|dataset| incident.terms.datasets.contains(&dataset))
}

fn of_agency(state: &impl StateRead, incident: &Incident, agency: &AgencyId) -> bool {
    let mut grants = incident.terms.grants.iter().filter_map(|id| state::grant(state, *id));
    incident.reported_by == *agency
        || incident.terms.datasets.iter().any(|dataset| dataset.agency == *agency)
        || grants.any(|grant| {
            let terms = &grant.terms;
            [&terms.requester, &terms.dataset.agency].contains(&agency)
                || state::grantor(state, &grant) == *agency
        })
}

impl AssessmentFilter {
    /// Whether it is one of them.
    pub fn fits(&self, assessment: &Assessment) -> bool {
        let terms = &assessment.terms;
        let concerns =
            |agency: &AgencyId| terms.agency == *agency || assessment.reported_by == *agency;
        self.agency.as_ref().is_none_or(concerns)
            && self.kind.is_none_or(|kind| terms.kind == kind)
            && self.open.is_none_or(|wanted| assessment.is_open() == wanted)
    }
}

impl TaskForceFilter {
    /// Whether it is one of them.
    pub fn fits(&self, found: &TaskForceFound) -> bool {
        self.state.is_none_or(|wanted| wanted == found.state)
            && self.agency.as_ref().is_none_or(|agency| found.task_force.concerns(agency))
    }
}

impl EmergencyFilter {
    /// Whether it is one of them.
    pub fn fits(&self, found: &EmergencyFound) -> bool {
        self.state.is_none_or(|wanted| wanted == found.state)
            && self.agency.as_ref().is_none_or(|agency| found.emergency.involves(agency))
    }
}

impl ProposalFilter {
    /// Whether it is one of them.
    pub fn fits(&self, found: &ProposalFound) -> bool {
        let Proposal { measure, opened_by, .. } = &found.proposal;
        self.state.is_none_or(|state| found.state == state)
            && self.kind.as_ref().is_none_or(|kind| measure.kind() == kind)
            && self
                .agency
                .as_ref()
                .is_none_or(|agency| measure.agency() == Some(agency) || opened_by == agency)
    }
}

impl FindingFilter {
    /// Whether it is one of them.
    pub fn fits(&self, finding: &Finding) -> bool {
        let concerns =
            |agency: &AgencyId| finding.agency == *agency || finding.opened_by == *agency;
        self.agency.as_ref().is_none_or(concerns)
            && self.closed.is_none_or(|closed| finding.closed.is_some() == closed)
    }
}

impl DatasetFilter {
    /// Whether it is one of them.
    pub fn fits(&self, published: &PublishedDataset) -> bool {
        let dataset = &published.dataset;
        self.agency.as_ref().is_none_or(|agency| dataset.id.agency == *agency)
            && self.sharing.is_none_or(|sharing| dataset.sharing == sharing)
            && self.state.is_none_or(|state| DatasetState::of(published) == state)
    }
}

impl RequestFilter {
    /// Whether it is one of them.
    pub fn fits(&self, request: &Request) -> bool {
        let RequestTerms { asked, bundle, .. } = &request.terms;
        self.provider.as_ref().is_none_or(|agency| asked.dataset.agency == *agency)
            && self.requester.as_ref().is_none_or(|agency| asked.requester == *agency)
            && self.dataset.as_ref().is_none_or(|dataset| asked.dataset == *dataset)
            && self.bundle.is_none_or(|wanted| *bundle == Some(wanted))
            && self.state.is_none_or(|state| RequestState::of(request) == state)
    }
}

impl GrantFilter {
    /// Whether it is one of them.
    pub fn fits(&self, found: &GrantFound) -> bool {
        let terms = &found.grant.terms;
        self.provider.as_ref().is_none_or(|agency| terms.dataset.agency == *agency)
            && self.requester.as_ref().is_none_or(|agency| terms.requester == *agency)
            && self.dataset.as_ref().is_none_or(|dataset| terms.dataset == *dataset)
            && self.standing.is_none_or(|standing| found.standing == standing)
    }
}

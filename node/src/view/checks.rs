//! Check requests, incidents and disputes, as a snapshot has them.
//! Holds: every object is as the snapshot has it; the work of one page is bounded.
//! May not enter: rules (who may do what is core's to say), JSON.

use comity_core::check_request::{CheckOutcome, CheckRequest};
use comity_core::dispute::{Dispute, Ruling};
use comity_core::ids::{CheckId, DatasetId, DisputeId, GrantId, IncidentId};
use comity_core::incident::Incident;
use comity_core::ledger::TreeState;
use comity_core::state;
use comity_core::text::AgencyId;
use serde::{Deserialize, Serialize};

use super::layout::state_key;
use super::{Page, Snapshot, View, ViewError};

/// Where a check request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckState {
    /// It waits for its answer.
    Open,
    /// The data were wrong, and are not corrected yet.
    Upheld,
    /// The data stand.
    NotUpheld,
    /// The data were wrong, and were corrected.
    Corrected,
}

impl CheckState {
    /// Where `check` stands.
    pub fn of(check: &CheckRequest) -> CheckState {
        match check.answer.as_ref().map(|answer| &answer.outcome) {
            None => CheckState::Open,
            Some(CheckOutcome::NotUpheld { .. }) => CheckState::NotUpheld,
            Some(CheckOutcome::Upheld { .. }) if check.corrected.is_some() => CheckState::Corrected,
            Some(CheckOutcome::Upheld { .. }) => CheckState::Upheld,
        }
    }
}

/// Where an incident stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IncidentState {
    /// It goes on.
    Open,
    /// It was closed.
    Closed,
}

impl IncidentState {
    /// Where `incident` stands.
    pub fn of(incident: &Incident) -> IncidentState {
        match incident.closed {
            Some(_) => IncidentState::Closed,
            None => IncidentState::Open,
        }
    }
}

/// Where a dispute stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DisputeState {
    /// It waits for a ruling.
    Open,
    /// It was ruled that it stands. The claimant may take it further up.
    Stands,
    /// It was ruled that it is to be decided anew.
    Anew,
}

impl DisputeState {
    /// Where `dispute` stands.
    pub fn of(dispute: &Dispute) -> DisputeState {
        match dispute.step().ruled.as_ref().map(|ruled| &ruled.ruling) {
            None => DisputeState::Open,
            Some(Ruling::Stands { .. }) => DisputeState::Stands,
            Some(Ruling::Anew { .. }) => DisputeState::Anew,
        }
    }
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

impl Snapshot {
    /// A dispute.
    pub fn dispute(&self, id: DisputeId) -> Option<Dispute> {
        state::dispute(&TreeState(self.state()), id)
    }

    /// A check request.
    pub fn check_request(&self, id: CheckId) -> Option<CheckRequest> {
        state::check_request(&TreeState(self.state()), id)
    }

    /// An incident.
    pub fn incident(&self, id: IncidentId) -> Option<Incident> {
        state::incident(&TreeState(self.state()), id)
    }
}

impl View {
    /// Check requests, ascending by id. Errors: the store.
    pub fn checks(
        &self,
        at: &Snapshot,
        filter: &CheckFilter,
        from: Option<CheckId>,
        limit: usize,
    ) -> Result<Page<(CheckId, CheckRequest), CheckId>, ViewError> {
        let first = state_key(b"B");
        let page = self.numbers(&first, &[], from.map(|from| from.0), limit, |index| {
            let check = at.check_request(CheckId(index))?;
            filter.fits(&check).then_some((CheckId(index), check))
        })?;
        Ok(Page { found: page.found, next: page.next.map(CheckId) })
    }

    /// Incidents, ascending by id. Errors: the store.
    pub fn incidents(
        &self,
        at: &Snapshot,
        filter: &IncidentFilter,
        from: Option<IncidentId>,
        limit: usize,
    ) -> Result<Page<(IncidentId, Incident), IncidentId>, ViewError> {
        let first = state_key(b"I");
        let page = self.numbers(&first, &[], from.map(|from| from.0), limit, |index| {
            let incident = at.incident(IncidentId(index))?;
            filter.fits(at, &incident).then_some((IncidentId(index), incident))
        })?;
        Ok(Page { found: page.found, next: page.next.map(IncidentId) })
    }
}

impl View {
    /// Disputes, ascending by id. Errors: the store.
    pub fn disputes(
        &self,
        at: &Snapshot,
        filter: &DisputeFilter,
        from: Option<DisputeId>,
        limit: usize,
    ) -> Result<Page<(DisputeId, Dispute), DisputeId>, ViewError> {
        let first = state_key(b"D");
        let page = self.numbers(&first, &[], from.map(|from| from.0), limit, |index| {
            let dispute = at.dispute(DisputeId(index))?;
            filter.fits(&dispute).then_some((DisputeId(index), dispute))
        })?;
        Ok(Page { found: page.found, next: page.next.map(DisputeId) })
    }
}

impl DisputeFilter {
    fn fits(&self, dispute: &Dispute) -> bool {
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
    fn fits(&self, check: &CheckRequest) -> bool {
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
    fn fits(&self, at: &Snapshot, incident: &Incident) -> bool {
        self.state.is_none_or(|state| IncidentState::of(incident) == state)
            && self.dataset.as_ref().is_none_or(|dataset| of_dataset(at, incident, dataset))
            && self.grant.is_none_or(|grant| of_grant(at, incident, grant))
            && self.agency.as_ref().is_none_or(|agency| of_agency(at, incident, agency))
    }
}

fn of_dataset(at: &Snapshot, incident: &Incident, dataset: &DatasetId) -> bool {
    let state = TreeState(at.state());
    let mut grants = incident.terms.grants.iter().filter_map(|id| state::grant(&state, *id));
    incident.terms.datasets.contains(dataset) || grants.any(|grant| grant.terms.dataset == *dataset)
}

fn of_grant(at: &Snapshot, incident: &Incident, id: GrantId) -> bool {
    let dataset = state::grant(&TreeState(at.state()), id).map(|grant| grant.terms.dataset);
    incident.terms.grants.contains(&id)
        || dataset.is_some_and(|dataset| incident.terms.datasets.contains(&dataset))
}

fn of_agency(at: &Snapshot, incident: &Incident, agency: &AgencyId) -> bool {
    let state = TreeState(at.state());
    let mut grants = incident.terms.grants.iter().filter_map(|id| state::grant(&state, *id));
    incident.reported_by == *agency
        || incident.terms.datasets.iter().any(|dataset| dataset.agency == *agency)
        || grants.any(|grant| {
            let terms = &grant.terms;
            [&terms.requester, &terms.dataset.agency].contains(&agency)
                || state::grantor(&state, &grant) == *agency
        })
}

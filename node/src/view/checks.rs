//! Check requests, incidents and disputes, as a snapshot has them.
//! Holds: every object is as the snapshot has it; the work of one page is bounded.
//! May not enter: rules (who may do what is core's to say), JSON.

use comity_core::check_request::CheckRequest;
use comity_core::dispute::Dispute;
use comity_core::ids::{CheckId, DisputeId, IncidentId};
use comity_core::incident::Incident;
use comity_core::ledger::TreeState;
use comity_core::state;
use comity_listing::{CheckFilter, DisputeFilter, IncidentFilter};

use super::layout::state_key;
use super::{Page, Snapshot, View, ViewError};

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
            filter.fits(&TreeState(at.state()), &incident).then_some((IncidentId(index), incident))
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

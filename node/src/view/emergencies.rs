//! Emergencies: how each stands at a snapshot, and what was used of it.
//! Holds: every emergency is as the snapshot has it; the work of one page is bounded.
//! May not enter: accesses in them (see `listing`), JSON.

use comity_core::ids::EmergencyId;
use comity_core::ledger::TreeState;
use comity_listing::{EmergencyFilter, EmergencyFound};

use super::layout::state_key;
use super::query::Page;
use super::{Snapshot, View, ViewError};

impl Snapshot {
    /// An emergency with how it stands and what was used of it.
    pub fn emergency(&self, id: EmergencyId) -> Option<EmergencyFound> {
        EmergencyFound::read(&TreeState(self.state()), self.tip().time, id)
    }
}

impl View {
    /// Emergencies, ascending by id. Errors: the store.
    pub fn emergencies(
        &self,
        at: &Snapshot,
        filter: &EmergencyFilter,
        from: Option<EmergencyId>,
        limit: usize,
    ) -> Result<Page<EmergencyFound, EmergencyId>, ViewError> {
        let all = state_key(b"h");
        let page = self.numbers(&all, &[], from.map(|from| from.0), limit, |index| {
            at.emergency(EmergencyId(index)).filter(|found| filter.fits(found))
        })?;
        Ok(Page { found: page.found, next: page.next.map(EmergencyId) })
    }
}

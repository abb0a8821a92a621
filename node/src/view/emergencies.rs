//! Emergencies: how each stands at a snapshot, and what was used of it.
//! Holds: every emergency is as the snapshot has it; the work of one page is bounded.
//! May not enter: accesses in them (see `listing`), JSON.

use std::collections::BTreeMap;

use comity_core::emergency::{Emergency, EmergencyState, EmergencyUse};
use comity_core::ids::EmergencyId;
use comity_core::ledger::TreeState;
use comity_core::state;
use comity_core::text::AgencyId;

use super::layout::state_key;
use super::query::Page;
use super::{Snapshot, View, ViewError};

/// Which emergencies; all conditions together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EmergencyFilter {
    /// How it stands.
    pub state: Option<EmergencyState>,
    /// An agency that has a part in it.
    pub agency: Option<AgencyId>,
}

/// An emergency with what is known about it at a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmergencyFound {
    /// Its id.
    pub id: EmergencyId,
    /// The emergency.
    pub emergency: Emergency,
    /// How it stands at the last block's time.
    pub state: EmergencyState,
    /// What each agency used of it, as far as any did.
    pub uses: BTreeMap<AgencyId, EmergencyUse>,
}

impl Snapshot {
    /// An emergency with how it stands and what was used of it.
    pub fn emergency(&self, id: EmergencyId) -> Option<EmergencyFound> {
        let tree = TreeState(self.state());
        let emergency = state::emergency(&tree, id)?;
        let used = |agency: &AgencyId| {
            let used = state::emergency_use(&tree, id, agency);
            (used.entries > 0).then(|| (agency.clone(), used))
        };
        let uses = emergency.terms.requesters.iter().filter_map(used).collect();
        let state = emergency.state(self.tip().time);
        Some(EmergencyFound { id, emergency, state, uses })
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

impl EmergencyFilter {
    fn fits(&self, found: &EmergencyFound) -> bool {
        self.state.is_none_or(|wanted| wanted == found.state)
            && self.agency.as_ref().is_none_or(|agency| found.emergency.involves(agency))
    }
}

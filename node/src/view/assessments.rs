//! Assessments, as a snapshot has them.
//! May not enter: rules of its own (see docs/formats.md, "Assessments").

use comity_core::assessment::Assessment;
use comity_core::ids::AssessmentId;
use comity_core::ledger::TreeState;
use comity_core::state;
use comity_listing::AssessmentFilter;

use super::layout::state_key;
use super::query::Page;
use super::{Snapshot, View, ViewError};

impl Snapshot {
    /// An assessment.
    pub fn assessment(&self, id: AssessmentId) -> Option<Assessment> {
        state::assessment(&TreeState(self.state()), id)
    }
}

impl View {
    /// Assessments, ascending by id. Errors: the store.
    pub fn assessments(
        &self,
        at: &Snapshot,
        filter: &AssessmentFilter,
        from: Option<AssessmentId>,
        limit: usize,
    ) -> Result<Page<(AssessmentId, Assessment), AssessmentId>, ViewError> {
        let first = state_key(b"A");
        let page = self.numbers(&first, &[], from.map(|from| from.0), limit, |index| {
            let assessment = at.assessment(AssessmentId(index))?;
            filter.fits(&assessment).then_some((AssessmentId(index), assessment))
        })?;
        Ok(Page { found: page.found, next: page.next.map(AssessmentId) })
    }
}

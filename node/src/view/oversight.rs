//! Draws and findings, as a snapshot has them.
//! Holds: how a draw stands, and what was drawn, is as core derives it at the snapshot.
//! May not enter: rules of its own (see docs/formats.md, "Oversight").

use comity_core::ids::{DrawId, FindingId};
use comity_core::ledger::TreeState;
use comity_core::oversight::{Draw, DrawState, Finding};
use comity_core::state;
use comity_listing::FindingFilter;

use super::layout::state_key;
use super::query::Page;
use super::{Snapshot, View, ViewError};

impl Snapshot {
    /// A draw.
    pub fn draw(&self, id: DrawId) -> Option<Draw> {
        state::draw(&TreeState(self.state()), id)
    }

    /// A finding.
    pub fn finding(&self, id: FindingId) -> Option<Finding> {
        state::finding(&TreeState(self.state()), id)
    }
}

impl View {
    /// Draws, ascending by id; of one state, or of all. Errors: the store.
    pub fn draws(
        &self,
        at: &Snapshot,
        state: Option<DrawState>,
        from: Option<DrawId>,
        limit: usize,
    ) -> Result<Page<Draw, DrawId>, ViewError> {
        let now = at.tip().time;
        let first = state_key(b"W");
        let page = self.numbers(&first, &[], from.map(|from| from.0), limit, |index| {
            let draw = at.draw(DrawId(index))?;
            state.is_none_or(|wanted| draw.state(now) == wanted).then_some(draw)
        })?;
        Ok(Page { found: page.found, next: page.next.map(DrawId) })
    }

    /// Findings, ascending by id. Errors: the store.
    pub fn findings(
        &self,
        at: &Snapshot,
        filter: &FindingFilter,
        from: Option<FindingId>,
        limit: usize,
    ) -> Result<Page<(FindingId, Finding), FindingId>, ViewError> {
        let first = state_key(b"F");
        let page = self.numbers(&first, &[], from.map(|from| from.0), limit, |index| {
            let finding = at.finding(FindingId(index))?;
            filter.fits(&finding).then_some((FindingId(index), finding))
        })?;
        Ok(Page { found: page.found, next: page.next.map(FindingId) })
    }
}

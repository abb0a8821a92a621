//! Task forces: how each stands at a snapshot.
//! Holds: every task force is as the snapshot has it; the work of one page is bounded.
//! May not enter: what they were granted (see `query`), JSON.

use comity_core::ids::TaskForceId;
use comity_core::ledger::TreeState;
use comity_listing::{TaskForceFilter, TaskForceFound};

use super::layout::state_key;
use super::query::Page;
use super::{Snapshot, View, ViewError};

impl Snapshot {
    /// A task force with how it stands.
    pub fn task_force(&self, id: TaskForceId) -> Option<TaskForceFound> {
        TaskForceFound::read(&TreeState(self.state()), self.tip().time, id)
    }
}

impl View {
    /// Task forces, ascending by id. Errors: the store.
    pub fn task_forces(
        &self,
        at: &Snapshot,
        filter: &TaskForceFilter,
        from: Option<TaskForceId>,
        limit: usize,
    ) -> Result<Page<TaskForceFound, TaskForceId>, ViewError> {
        let all = state_key(b"T");
        let page = self.numbers(&all, &[], from.map(|from| from.0), limit, |index| {
            at.task_force(TaskForceId(index)).filter(|found| filter.fits(found))
        })?;
        Ok(Page { found: page.found, next: page.next.map(TaskForceId) })
    }
}

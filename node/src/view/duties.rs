//! Duties: what is owed by whom and to whom, listed from the objects that make it owed.
//! Holds: every duty is as core derives it at the snapshot; the work of one page is bounded.
//! May not enter: rules of its own (see docs/formats.md, "Duties").

use comity_core::ledger::TreeState;
use comity_listing::{DUTY_LETTERS, DutyFilter, DutyFound, duties_of};

use super::layout::{OWING, STATE};
use super::query::Page;
use super::{Snapshot, View, ViewError};

/// Objects that one page looks at most before it ends early.
const OBJECTS_PER_PAGE: usize = 5_000;

impl View {
    /// Duties, by the objects that make them owed: of all objects, or (`undone`) of those alone of
    /// which something may be left to do. A page ends with an object; the next begins at `next`, a
    /// key of the state. Errors: the store.
    pub fn duties(
        &self,
        at: &Snapshot,
        filter: &DutyFilter,
        undone: bool,
        from: Option<&[u8]>,
        limit: usize,
    ) -> Result<Page<DutyFound, Vec<u8>>, ViewError> {
        let mut page = Page::empty();
        let mut looked_at = 0;
        let now = at.tip().time;
        for letter in DUTY_LETTERS {
            let prefix = if undone { vec![OWING, letter] } else { vec![STATE, letter] };
            let start = from.map_or_else(Vec::new, |from| [&prefix[..1], from].concat());
            for key in self.keys_from(&prefix, start)? {
                let key = key?;
                let Some(value) = at.state().get(&key[1..]) else { continue };
                if page.found.len() >= limit || looked_at == OBJECTS_PER_PAGE {
                    page.next = Some(key[1..].to_vec());
                    return Ok(page);
                }
                looked_at += 1;
                let duties = duties_of(&TreeState(at.state()), &key[1..], value).into_iter();
                let found = duties.map(|duty| DutyFound { state: duty.state(now), duty });
                page.found.extend(found.filter(|found| filter.fits(found)));
            }
        }
        Ok(page)
    }
}

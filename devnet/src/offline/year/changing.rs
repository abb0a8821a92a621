//! Grants that change: passed on one level down, narrowed by who granted, extended by a new approval.
//! Holds: what the rules no longer take when its time has come is left undone; some of what was passed
//! on ends with the grant that it came from.
//! May not enter: suspensions and revocations (see `tending`).

use comity_core::binding::Promise;
use comity_core::dataset::Items;
use comity_core::grant::{Grant, GrantTerms};
use comity_core::ids::{GrantId, TimeMs};
use comity_core::state;
use comity_core::statement::Action;
use comity_core::text::AgencyId;

use super::agenda::Event;
use super::days::DAY_MS;
use super::people::By;
use super::{Done, Year};

/// Of a hundred grants: how many are narrowed, and for how many more time is asked.
const NARROWED: u64 = 10;
const EXTENDED: u64 = 14;
/// Of a hundred grants that were passed on: how many are revoked, and what was passed on with them.
const REVOKED_ABOVE: u64 = 35;

impl Year {
    /// Plans how a grant that has just been issued changes.
    pub(super) fn plan_changes(&mut self, id: GrantId, grant: &Grant) {
        if !grant.terms.onward.is_empty() {
            let days = self.chance.between((3, 25));
            let at = self.at_desk(days);
            self.agenda.plan(at, Event::PassOn(id));
        }
        if self.chance.in_hundred(NARROWED) {
            let days = self.chance.between((15, 60));
            let at = self.at_desk(days);
            self.agenda.plan(at, Event::Narrow(id));
        }
        let is_once = grant.terms.total_quota == Some(1);
        if !is_once && self.chance.in_hundred(EXTENDED) {
            let before = self.chance.between((6, 30)) * DAY_MS;
            let from = TimeMs(grant.terms.not_after.0.saturating_sub(before)).max(self.now());
            let at = self.at_desk_after(from, 0);
            self.agenda.plan(at, Event::Prolong(id));
        }
    }

    /// The requester passes on what it may, half of it at most. Errors: the rules refuse what follows.
    pub(super) fn pass_on(&mut self, parent: GrantId) -> Done {
        let Some(above) = self.live(parent) else { return Ok(()) };
        let by = [By::steward(&above.terms.requester)];
        for agency in above
            .terms
            .onward
            .iter()
            .filter(|agency| self.is_here(agency))
            .cloned()
            .collect::<Vec<_>>()
        {
            let terms = self.passed_on(&above, &agency);
            let action = Action::IssueOnward { parent, terms };
            let Some(issued) = self.book.act_if_taken(&by, action)? else { continue };
            self.granted(GrantId(issued))?;
            if self.chance.in_hundred(REVOKED_ABOVE) {
                let days = self.chance.between((20, 60));
                let at = self.at_desk(days);
                self.agenda.plan(at, Event::Revoke(parent));
            }
        }
        Ok(())
    }

    fn passed_on(&mut self, above: &Grant, agency: &AgencyId) -> GrantTerms {
        let mut terms = above.terms.passed_on_to(agency);
        terms.onward.clear();
        terms.not_before = self.now();
        terms.total_quota = terms.total_quota.map(|quota| (quota / 2).max(1));
        if let (Items::Only(items), true) = (&terms.items, self.chance.in_hundred(50)) {
            terms.items = Items::Only(items.iter().take(1).cloned().collect());
        }
        terms
    }

    /// Who granted takes some of it back. Errors: the rules refuse it.
    pub(super) fn narrow(&mut self, id: GrantId) -> Done {
        let Some(grant) = self.live(id) else { return Ok(()) };
        let mut terms = grant.terms.clone();
        match (self.chance.below(3), terms.total_quota) {
            _ if terms.matters.len() > 1 => drop(terms.matters.pop_last()),
            (0, Some(quota)) => terms.total_quota = Some((quota / 2).max(1)),
            (1, _) => {
                terms.daily_quota = Some(terms.daily_quota.map_or(40, |quota| (quota / 2).max(1)))
            }
            _ => terms.not_after = TimeMs(self.now().0.midpoint(terms.not_after.0)),
        }
        let by = state::grantor(&self.book, &grant);
        let action = Action::NarrowGrant { grant: id, terms, version: grant.version };
        self.book.act_if_taken(&[By::steward(&by)], action).map(drop)
    }

    /// All who approved it approve it for longer; what was passed on goes on no longer than the grant
    /// that it came from. Errors: the rules refuse what follows.
    pub(super) fn prolong(&mut self, id: GrantId) -> Done {
        let Some(grant) = self.live(id) else { return Ok(()) };
        let Some(published) = state::dataset(&self.book, &grant.terms.dataset) else {
            return Ok(());
        };
        let mut terms = grant.terms.clone();
        terms.not_after = terms.not_after.plus(self.chance.between((60, 180)) * DAY_MS);
        let grantor = state::grantor(&self.book, &grant);
        let by = match grant.parent.and_then(|parent| state::grant(&self.book, parent)) {
            Some(above) => {
                terms.not_after = terms.not_after.min(above.terms.not_after);
                vec![(grantor, 0)]
            }
            None => {
                terms.total_quota = terms.total_quota.map(|quota| quota * 2);
                self.approvers(&published.dataset, &terms, &grantor)
            }
        };
        let by: Vec<By<'_>> =
            by.iter().map(|(agency, number)| By::steward_number(agency, *number)).collect();
        let (until, undertaken) = (terms.not_after, terms.undertakings.clone());
        let action = Action::ExtendGrant { grant: id, terms, version: grant.version };
        if self.book.act_if_taken(&by, action)?.is_none() {
            return Ok(());
        }
        let (days, more) = (self.chance.between((5, 30)), self.chance.between((1, 6)));
        let at = self.at_desk(days);
        self.agenda.plan(at, Event::Use(id, more));
        // What was to be deleted at the end is deleted at the end that there is now.
        for (number, undertaking) in (1..).zip(&undertaken) {
            if matches!(undertaking.what, Promise::DeleteAfterDays(_)) {
                let at = self.at_desk_after(until, 3);
                self.agenda.plan(at, Event::Fulfil(id, number));
            }
        }
        Ok(())
    }
}

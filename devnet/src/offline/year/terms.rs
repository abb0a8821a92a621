//! What is asked for: by whom, of whose data, for what, for how long.
//! Holds: the terms are such as the rules take today.

use std::collections::BTreeSet;

use comity_core::agency::AgencyKind;
use comity_core::binding::{Bearers, Promise, Side, Undertaking};
use comity_core::dataset::{Dataset, Items};
use comity_core::duty;
use comity_core::grant::GrantTerms;
use comity_core::ids::TimeMs;
use comity_core::request::Request;
use comity_core::state;
use comity_core::text::AgencyId;

use super::Year;
use super::days::DAY_MS;
use super::people::{DUTY_BASES, MATTERS};
use super::said;

/// Of a hundred requests: how many ask for what may be passed on.
const PASSED_ON: u64 = 18;

impl Year {
    /// A dataset that may be asked for, by chance.
    pub(super) fn some_dataset(&mut self) -> Option<Dataset> {
        for _ in 0..8 {
            let place = self.chance.place(self.shelf.datasets.len());
            let id = self.shelf.datasets[place].id.clone();
            let Some(published) = state::dataset(&self.book, &id) else { continue };
            let is_there = published.withdrawals.current().is_none() && self.is_here(&id.agency);
            if is_there {
                return Some(published.dataset);
            }
        }
        None
    }

    /// Somebody who asks for a dataset that is not its own.
    pub(super) fn some_requester(&mut self, dataset: &Dataset) -> Option<usize> {
        let place = self.chance.place(self.cast.members.len());
        let member = &self.cast.members[place];
        let is_fit = member.id != dataset.id.agency
            && dataset.manager.as_ref() != Some(&member.id)
            && self.is_here(&member.id);
        is_fit.then_some(place)
    }

    /// What one agency asks of a dataset.
    pub(super) fn terms(&mut self, dataset: &Dataset, requester: usize) -> GrantTerms {
        let now = self.now();
        let lasts = self.chance.between((70, 320)) * DAY_MS;
        let items = match dataset.items.as_slice() {
            [first, .., last] if self.chance.in_hundred(60) => {
                Items::Only([first.name.clone(), last.name.clone()].into())
            }
            _ => Items::All,
        };
        let is_research = self.cast.members[requester].kind == AgencyKind::Research;
        let matter = if is_research { "RESEARCH" } else { self.chance.one_of(&MATTERS).0 };
        let mut matters = BTreeSet::from([said(matter)]);
        if self.chance.in_hundred(15) {
            matters.insert(said(self.chance.one_of(&MATTERS).0));
        }
        let undertaken = |what| Undertaking { by: Side::Requester, what };
        let mut undertakings = Vec::new();
        if self.chance.in_hundred(20) {
            undertakings.push(undertaken(Promise::DeleteAfterDays(30)));
        }
        if self.chance.in_hundred(12) {
            undertakings.push(undertaken(Promise::ReportUseEveryDays(60)));
        }
        let onward = self.some_others(dataset, requester);
        GrantTerms {
            dataset: dataset.id.clone(),
            requester: self.cast.members[requester].id.clone(),
            matters,
            duty_basis: said(self.chance.one_of(&DUTY_BASES).0),
            items,
            modes: dataset.modes.clone(),
            not_before: now,
            not_after: now.plus(lasts),
            total_quota: self.chance.in_hundred(50).then(|| self.chance.between((4, 40)) * 50),
            daily_quota: self.chance.in_hundred(20).then(|| self.chance.between((20, 400))),
            conditions: (1..=dataset.stated.len()).filter_map(|n| u8::try_from(n).ok()).collect(),
            officers: Bearers::All,
            onward,
            undertakings,
            task_force: None,
        }
    }

    /// To whom it is to be passed on, where it is: offices that work for the requester.
    fn some_others(&mut self, dataset: &Dataset, requester: usize) -> BTreeSet<AgencyId> {
        if !self.chance.in_hundred(PASSED_ON) {
            return BTreeSet::new();
        }
        let drawn = [self.some_requester(dataset), self.some_requester(dataset)];
        let is_fit =
            |place: &usize| *place != requester && self.cast.members[*place].kind.is_public();
        let fit = drawn.into_iter().flatten().filter(is_fit);
        fit.map(|place| self.cast.members[place].id.clone()).collect()
    }

    /// By when a request is to be answered, where that clock runs.
    pub(super) fn reply_due(&self, request: &Request) -> Option<TimeMs> {
        let duties = duty::of_request(&self.book, request);
        let reply = duties.iter().find(|duty| duty.owed_by == request.decided_by);
        reply.map(|duty| duty.due)
    }
}

//! The task force of the year, and what its members use together.
//! Holds: one that is invited never joins, and one leaves before the others are done: what it asks for
//! after that is denied.

use comity_core::dataset::{Dataset, Grade, Items, Sharing};
use comity_core::grant::GrantTerms;
use comity_core::ids::{GrantId, TaskForceId};
use comity_core::state;
use comity_core::statement::{Action, Capacity};
use comity_core::task_force::TaskForceTerms;
use comity_core::text::AgencyId;

use super::agenda::Event;
use super::days::DAY_MS;
use super::people::{By, DUTY_BASES};
use super::using::Asking;
use super::{Done, Year, said};

/// Who leads it, who joins, who leaves, and who only was invited.
const LEAD: &str = "civil.city";
const JOINING: [&str; 2] = ["health.city", "school.county"];
const LEAVING: &str = "social.city";
const INVITED: &str = "office.town";
const MATTER: &str = "BIRTH";
/// How long it lasts (days).
const LASTS: u64 = 120;
/// Uses of its grant.
const USES: u64 = 40;

impl Year {
    /// Four agencies make one counter of theirs. Errors: the rules refuse a record.
    pub(super) fn form_task_force(&mut self) -> Done {
        let lead: AgencyId = said(LEAD);
        let invited = [JOINING[0], JOINING[1], LEAVING, INVITED];
        let terms = TaskForceTerms {
            title: said("One counter for newborn children 出生一件事专班"),
            lead: lead.clone(),
            invited: invited.into_iter().map(said).collect(),
            matter: said(MATTER),
            duty_basis: said(DUTY_BASES[2].0),
            until: self.now().plus(LASTS * DAY_MS),
        };
        let until = terms.until;
        let formed = self.book.act(&[By::steward(&lead)], Action::FormTaskForce { terms })?;
        let task_force = TaskForceId(formed);
        for agency in [JOINING[0], JOINING[1], LEAVING] {
            let agency: AgencyId = said(agency);
            self.book.act(&[By::steward(&agency)], Action::JoinTaskForce { task_force })?;
        }
        let parts = [LEAD, JOINING[0], JOINING[1], LEAVING, INVITED];
        let Some(dataset) = self.for_all(&parts) else { return Ok(()) };
        let terms = GrantTerms {
            dataset: dataset.id.clone(),
            requester: lead.clone(),
            matters: [said(MATTER)].into(),
            duty_basis: said(DUTY_BASES[2].0),
            items: Items::All,
            modes: dataset.modes.clone(),
            not_before: self.now(),
            not_after: until,
            total_quota: Some(5_000),
            daily_quota: None,
            conditions: (1..=dataset.stated.len()).filter_map(|n| u8::try_from(n).ok()).collect(),
            officers: Default::default(),
            onward: Default::default(),
            undertakings: Vec::new(),
            task_force: Some(task_force),
        };
        let decides = dataset.decided_by(&lead).clone();
        let issued = self.book.act(&[By::steward(&decides)], Action::IssueGrant { terms })?;
        for _ in 0..USES {
            let days = self.chance.between((1, LASTS - 20));
            let at = self.at_desk(days);
            self.agenda.plan(at, Event::UseTogether(GrantId(issued)));
        }
        let at = self.at_desk(LASTS / 3);
        self.agenda.plan(at, Event::LeaveTaskForce(task_force));
        Ok(())
    }

    /// A dataset of none of these, that one steward may grant.
    fn for_all(&self, parts: &[&str]) -> Option<Dataset> {
        let is_fit = |dataset: &Dataset| {
            let shared = [Sharing::Conditional, Sharing::Unconditional];
            dataset.grade == Grade::General
                && shared.contains(&dataset.sharing)
                && !parts.contains(&dataset.id.agency.as_str())
                && self.is_here(&dataset.id.agency)
        };
        let ids = self.shelf.datasets.iter().map(|dataset| &dataset.id);
        let published = ids.filter_map(|id| state::dataset(&self.book, id));
        let open = published.filter(|one| {
            one.withdrawals.current().is_none() && one.suspensions.current().is_none()
        });
        open.map(|one| one.dataset).find(is_fit)
    }

    /// One of those who joined asks in the name of all. Errors: the rules refuse the record.
    pub(super) fn use_together(&mut self, id: GrantId) -> Done {
        let Some(grant) = state::grant(&self.book, id) else { return Ok(()) };
        let Some(force) = grant.terms.task_force else { return Ok(()) };
        let Some(published) = state::dataset(&self.book, &grant.terms.dataset) else {
            return Ok(());
        };
        if !self.is_here(&grant.terms.dataset.agency) {
            return Ok(());
        }
        let asks = *self.chance.one_of(&[LEAD, JOINING[0], JOINING[1], LEAVING]);
        let modes: Vec<_> = grant.terms.modes.iter().copied().collect();
        let asking = Asking {
            basis: id.into(),
            dataset: grant.terms.dataset.clone(),
            requester: said(asks),
            matter: said(MATTER),
            items: Items::All,
            mode: *self.chance.one_of(&modes),
            batch: None,
            capacity: Capacity::TaskForce(force),
        };
        self.exchange(asking, &published.dataset).map(drop)
    }

    /// One has done its part. Errors: the rules refuse it.
    pub(super) fn leave_task_force(&mut self, task_force: TaskForceId) -> Done {
        let agency: AgencyId = said(LEAVING);
        let reason = said("The registers are joined");
        let action = Action::LeaveTaskForce { task_force, reason };
        self.book.act(&[By::steward(&agency)], action).map(drop)
    }
}

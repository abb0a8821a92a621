//! Task forces in a history: who forms one, who joins, and what they use together.
//! Holds: who works together follows from the place in the history alone.

use comity_core::agency::KeyRole::Steward;
use comity_core::grant::GrantTerms;
use comity_core::ids::{GrantId, TaskForceId};
use comity_core::statement::Action;
use comity_core::task_force::TaskForceTerms;

use super::super::founding::{DUTY_BASIS, MATTERS, MEMBERS};
use super::{DATASETS, DAY_MS, History, dataset};

impl History {
    /// A task force, with a member beside its lead, a grant to it, and accesses of both.
    pub(super) fn work_together(&mut self, number: u64) {
        let place = |count: usize| usize::try_from(number / 9).unwrap() % count;
        let lead = MEMBERS[place(MEMBERS.len())].0;
        let member = MEMBERS[(place(MEMBERS.len()) + 1) % MEMBERS.len()].0;
        let (matter, now) = (MATTERS[place(MATTERS.len())], self.chain.now);
        let terms = TaskForceTerms {
            title: "One counter".parse().unwrap(),
            lead: lead.parse().unwrap(),
            invited: [member.parse().unwrap()].into(),
            matter: matter.parse().unwrap(),
            duty_basis: DUTY_BASIS.parse().unwrap(),
            until: now.plus(90 * DAY_MS),
        };
        let formed = self.act(&[(lead, Steward)], Action::FormTaskForce { terms });
        let Some(force) = formed.map(TaskForceId) else { return };
        self.act(&[(member, Steward)], Action::JoinTaskForce { task_force: force });
        let of = dataset(DATASETS[place(5)].0);
        let owner = of.id.agency.to_string();
        let decides = of.decided_by(&lead.parse().unwrap()).to_string();
        let terms = GrantTerms {
            dataset: of.id.clone(),
            requester: lead.parse().unwrap(),
            matters: [matter.parse().unwrap()].into(),
            not_before: now,
            not_after: now.plus(60 * DAY_MS),
            onward: [].into(),
            modes: of.modes,
            task_force: Some(force),
            ..self.terms()
        };
        let issued = self.act(&[(&decides, Steward)], Action::IssueGrant { terms: terms.clone() });
        let Some(grant) = issued.map(GrantId) else { return };
        for agency in [lead, member] {
            if agency != owner {
                let requester = agency.parse().unwrap();
                self.use_data(grant.into(), &GrantTerms { requester, ..terms.clone() });
            }
        }
        if place(2) == 0 {
            let reason = "Done".parse().unwrap();
            self.act(&[(lead, Steward)], Action::EndTaskForce { task_force: force, reason });
        }
    }
}

//! Deeds of random histories in task forces: formed, joined, left, granted to, used, ended.
//! Holds: most are by whoever may do them, on what there is; the rules refuse the others.

use comity_core::access::Attempt;
use comity_core::agency::KeyRole;
use comity_core::batch::Batch;
use comity_core::grant::GrantTerms;
use comity_core::hash::BatchRoot;
use comity_core::ids::{GrantId, LogIndex, TaskForceId};
use comity_core::state;
use comity_core::statement::{Action, Capacity, VerifiedRecord};
use comity_core::task_force::{TaskForce, TaskForceTerms};

use crate::acts::{AUTHORITY, asking};
use crate::story::{CIVIL, FINANCE, HEALTH, HOUR_MS, secret, signed_by};
use crate::task_forces::{for_force, force};
use crate::teller::Teller;

impl Teller {
    /// Something in a task force.
    pub(crate) fn force_deed(&mut self) -> VerifiedRecord {
        let id = TaskForceId(self.some_position(&["form-task-force"]));
        let Some(found) = state::task_force(&self.story.ledger, id) else {
            return self.forming_some();
        };
        let who = *self.chance.pick(&[HEALTH, HEALTH, AUTHORITY, CIVIL, FINANCE]);
        let invited = found.invited.keys().next().map(ToString::to_string);
        match self.chance.below(40) {
            0..=2 => self.forming_some(),
            3..=4 => self.story.inviting(id, who),
            5..=9 => self.story.joining(&invited.unwrap_or(who.to_owned()), id),
            10 => self.story.leaving(who, id),
            11 => self.story.excluding(id, who),
            12 => self.story.dissolving(id),
            13..=18 => self.granting_some(id, &found),
            19..=20 => self.asking_some(id, &found),
            _ => self.access_in_some(id, &found),
        }
    }

    fn forming_some(&mut self) -> VerifiedRecord {
        let until = self.story.now.plus(1 + self.chance.next() % (200 * HOUR_MS));
        let invited = match self.chance.below(3) {
            0 => [HEALTH, CIVIL].map(|agency| agency.parse().unwrap()).into(),
            1 => [HEALTH, AUTHORITY].map(|agency| agency.parse().unwrap()).into(),
            _ => force().invited,
        };
        self.story.forming(TaskForceTerms { until, invited, ..force() })
    }

    fn terms_for(&mut self, id: TaskForceId, found: &TaskForce) -> GrantTerms {
        let own = self.some_terms();
        GrantTerms {
            dataset: own.dataset,
            not_before: own.not_before,
            not_after: own.not_after.min(found.terms.until),
            total_quota: own.total_quota.map(|quota| quota + 3),
            ..for_force(id)
        }
    }

    fn granting_some(&mut self, id: TaskForceId, found: &TaskForce) -> VerifiedRecord {
        let terms = self.terms_for(id, found);
        self.story.steward(Action::IssueGrant { terms })
    }

    fn asking_some(&mut self, id: TaskForceId, found: &TaskForce) -> VerifiedRecord {
        let asked = self.terms_for(id, found);
        let capacity = match self.chance.below(4) {
            0 => Capacity::Agency,
            _ => Capacity::TaskForce(id),
        };
        let action = Action::OpenRequest { terms: asking(asked) };
        self.story.record_in(capacity, (FINANCE, KeyRole::Officer), action)
    }

    /// An access by a member mostly, under the last grant that the task force was given.
    fn access_in_some(&mut self, id: TaskForceId, found: &TaskForce) -> VerifiedRecord {
        let granted = (0..).zip(&self.earlier).filter_map(|(at, _)| {
            let grant = GrantId(LogIndex(at));
            let held = state::grant(&self.story.ledger, grant)?.terms.task_force == Some(id);
            held.then_some(grant)
        });
        let Some(grant) = granted.last() else { return self.granting_some(id, found) };
        let members: Vec<String> = found.members().iter().map(ToString::to_string).collect();
        let member = match self.chance.below(6) {
            0 => HEALTH.to_owned(),
            _ => self.chance.pick(&members).clone(),
        };
        let mut attempt = self.story.attempt_in(id, grant, &member).attempt;
        let terms = state::grant(&self.story.ledger, grant).unwrap().terms;
        attempt = Attempt { dataset: terms.dataset, ..attempt };
        if self.chance.below(12) == 0 {
            attempt.capacity = Capacity::Agency;
        }
        if self.chance.below(8) == 0 {
            attempt.batch = Some(Batch { count: 2, root: BatchRoot([5; 32]) });
        }
        let attempt = signed_by(&secret(&member, KeyRole::Officer), attempt);
        match self.story.ledger.evaluate(&attempt.attempt, self.story.now) {
            Err(refusal) if self.chance.below(2) == 0 => self.story.denial_of(&attempt, refusal),
            _ => self.story.access_of(&attempt),
        }
    }
}

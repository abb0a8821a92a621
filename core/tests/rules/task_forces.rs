//! Task forces: every rule about them broken once, who may use what they are granted, and who was a
//! member when.
//! Holds: the latest state proves every membership. Longer than 500 lines because each rule about task
//! forces is broken here once.

use comity_core::access::{AccessRefusal, Attempt, SignedAttempt};
use comity_core::agency::KeyRole;
use comity_core::binding::{Bearers, Promise, Side};
use comity_core::check_request::CheckTerms;
use comity_core::codes::CodeList;
use comity_core::dataset::{Dataset, Sharing};
use comity_core::duty::{self, DutyObject};
use comity_core::grant::{GrantTerms, TermField};
use comity_core::ids::{
    EmergencyId, ExchangeId, GrantId, LogIndex, RequestId, TaskForceId, TimeMs,
};
use comity_core::incident::IncidentTerms;
use comity_core::legs::Acknowledgement;
use comity_core::refusal::{GrantRefusal, Refusal, SignerNeeded, TaskForceRefusal};
use comity_core::request::Outcome;
use comity_core::state;
use comity_core::statement::{Action, Capacity, VerifiedRecord};
use comity_core::task_force::{MAX_TASK_FORCE, MAX_TASK_FORCE_MS, TaskForce, TaskForceTerms};

use crate::acts::{AUTHORITY, asking};
use crate::bindings::{by, wide};
use crate::checks::claim;
use crate::governance::{VILLAGE, removal};
use crate::incidents::leak;
use crate::refusals::{Case, wrong_signer};
use crate::story::{
    CIVIL, FINANCE, HEALTH, HOUR_MS, START, Story, dataset, secret, signed_by, terms, text,
};

/// An attempt that is refused, and by what.
type Attempted = fn(&mut Story) -> (SignedAttempt, AccessRefusal);

/// No task force was formed there.
const NONE: TaskForceId = TaskForceId(LogIndex(1));

/// What the requesting agency leads, and the health agency is invited into.
pub(crate) fn force() -> TaskForceTerms {
    TaskForceTerms {
        title: text("专班：受灾户安置"),
        lead: FINANCE.parse().unwrap(),
        invited: [HEALTH.parse().unwrap()].into(),
        matter: "LOW-INCOME".parse().unwrap(),
        duty_basis: "ACT-12".parse().unwrap(),
        until: START.plus(60 * 24 * HOUR_MS),
    }
}

/// The usual terms, for a task force.
pub(crate) fn for_force(task_force: TaskForceId) -> GrantTerms {
    GrantTerms { task_force: Some(task_force), ..terms() }
}

impl Story {
    pub(crate) fn forming(&mut self, terms: TaskForceTerms) -> VerifiedRecord {
        let lead = terms.lead.to_string();
        self.record(&lead, KeyRole::Steward, Action::FormTaskForce { terms })
    }

    /// A task force with its lead alone.
    pub(crate) fn formed(&mut self) -> TaskForceId {
        let record = self.forming(force());
        TaskForceId(self.commit(vec![record]))
    }

    pub(crate) fn joining(&mut self, by: &str, task_force: TaskForceId) -> VerifiedRecord {
        self.record(by, KeyRole::Steward, Action::JoinTaskForce { task_force })
    }

    /// A task force that the health agency joined.
    pub(crate) fn joined(&mut self) -> TaskForceId {
        let force = self.formed();
        let record = self.joining(HEALTH, force);
        self.commit(vec![record]);
        force
    }

    pub(crate) fn inviting(&mut self, task_force: TaskForceId, who: &str) -> VerifiedRecord {
        let agency = who.parse().unwrap();
        self.record(FINANCE, KeyRole::Steward, Action::InviteToTaskForce { task_force, agency })
    }

    pub(crate) fn excluding(&mut self, task_force: TaskForceId, who: &str) -> VerifiedRecord {
        let (agency, reason) = (who.parse().unwrap(), text("Its part is done"));
        let action = Action::ExcludeFromTaskForce { task_force, agency, reason };
        self.record(FINANCE, KeyRole::Steward, action)
    }

    pub(crate) fn leaving(&mut self, by: &str, task_force: TaskForceId) -> VerifiedRecord {
        let reason = text("Our part is done");
        self.record(by, KeyRole::Steward, Action::LeaveTaskForce { task_force, reason })
    }

    pub(crate) fn dissolving(&mut self, task_force: TaskForceId) -> VerifiedRecord {
        let reason = text("All are housed");
        self.record(FINANCE, KeyRole::Steward, Action::EndTaskForce { task_force, reason })
    }

    pub(crate) fn force_of(&self, id: TaskForceId) -> TaskForce {
        state::task_force(&self.ledger, id).unwrap()
    }

    /// A task force of two, and a grant to it.
    pub(crate) fn granted_to_force(&mut self) -> (TaskForceId, GrantId) {
        let force = self.joined();
        (force, self.issue(for_force(force)))
    }

    /// What an officer of a member asks in the capacity of a task force.
    pub(crate) fn attempt_in(
        &mut self,
        task_force: TaskForceId,
        grant: GrantId,
        member: &str,
    ) -> SignedAttempt {
        let key = secret(member, KeyRole::Officer);
        let (officer, requester) = (key.public(), member.parse().unwrap());
        let capacity = Capacity::TaskForce(task_force);
        signed_by(&key, Attempt { officer, requester, capacity, ..self.attempt(grant) })
    }

    /// An access of a member, recorded.
    pub(crate) fn access_in(
        &mut self,
        task_force: TaskForceId,
        grant: GrantId,
        member: &str,
    ) -> VerifiedRecord {
        let attempt = self.attempt_in(task_force, grant, member);
        self.access_of(&attempt)
    }

    /// A record that is signed in a capacity.
    pub(crate) fn record_in(
        &mut self,
        capacity: Capacity,
        (by, role): (&str, KeyRole),
        action: Action,
    ) -> VerifiedRecord {
        let mut draft = self.draft(by, role, action);
        draft.statement.signers[0].capacity = capacity;
        draft.verified()
    }

    /// A request of the lead's officer, for a task force, in a capacity.
    fn asking_in(&mut self, capacity: Capacity, asked: GrantTerms) -> VerifiedRecord {
        let action = Action::OpenRequest { terms: asking(asked) };
        self.record_in(capacity, (FINANCE, KeyRole::Officer), action)
    }

    fn acknowledging_in(
        &mut self,
        capacity: Capacity,
        by: &str,
        (grant, access): (GrantId, LogIndex),
    ) -> VerifiedRecord {
        let exchange = ExchangeId([9; 16]);
        let accesses = vec![Acknowledgement { access, exchange, digest: None, count: 1 }];
        let action = Action::AcknowledgeAccess { grant: grant.into(), accesses };
        self.record_in(capacity, (by, KeyRole::Gateway), action)
    }

    fn used_by(&self, grant: GrantId, member: &str) -> u64 {
        state::member_usage(&self.ledger, grant, &member.parse().unwrap()).total
    }
}

pub(crate) fn refused(refusal: TaskForceRefusal) -> Refusal {
    Refusal::TaskForce(refusal)
}

fn size() -> Refusal {
    refused(TaskForceRefusal::TaskForceSize { limit: MAX_TASK_FORCE as u64 })
}

fn capacity(needed: Capacity) -> Refusal {
    refused(TaskForceRefusal::SignerCapacity { capacity: needed })
}

/// Terms for a task force that are not its own.
fn bent(story: &mut Story, bend: impl FnOnce(&mut GrantTerms)) -> (VerifiedRecord, TaskForceId) {
    let force = story.joined();
    let mut terms = for_force(force);
    bend(&mut terms);
    (story.steward(Action::IssueGrant { terms }), force)
}

fn beyond(task_force: TaskForceId, field: TermField) -> Refusal {
    refused(TaskForceRefusal::BeyondTaskForce { task_force, field })
}

/// Attempts of task forces; the dataset is published at 0, a grant issued at 1.
pub(crate) const ATTEMPTS: &[Attempted] = &[
    |story| {
        let (force, grant) = story.granted_to_force();
        let key = secret(FINANCE, KeyRole::Officer);
        let capacity = Capacity::TaskForce(force);
        (signed_by(&key, story.attempt(grant)), AccessRefusal::WrongCapacity { capacity })
    },
    |story| {
        // An ordinary grant is no task force's, whoever leads one.
        let force = story.joined();
        let attempt = story.attempt_in(force, GrantId(LogIndex(1)), FINANCE);
        (attempt, AccessRefusal::WrongCapacity { capacity: Capacity::Agency })
    },
    |story| {
        let (force, grant) = story.granted_to_force();
        let other = story.joined();
        let capacity = Capacity::TaskForce(force);
        let attempt = story.attempt_in(other, grant, FINANCE);
        (attempt, AccessRefusal::WrongCapacity { capacity })
    },
    |story| {
        let emergency = story.flooded();
        let force = story.joined();
        let capacity = Capacity::TaskForce(force);
        let attempt = Attempt { capacity, ..story.urgent(emergency) };
        let key = secret(FINANCE, KeyRole::Officer);
        let capacity = Capacity::Agency;
        (signed_by(&key, attempt), AccessRefusal::WrongCapacity { capacity })
    },
    |story| {
        // Who was invited and has not joined is none.
        let force = story.formed();
        let grant = story.issue(for_force(force));
        let attempt = story.attempt_in(force, grant, HEALTH);
        (attempt, AccessRefusal::NotAMember { task_force: force })
    },
    |story| {
        let (force, grant) = story.granted_to_force();
        let record = story.leaving(HEALTH, force);
        story.commit(vec![record]);
        let attempt = story.attempt_in(force, grant, HEALTH);
        (attempt, AccessRefusal::NotAMember { task_force: force })
    },
    |story| {
        let (force, grant) = story.granted_to_force();
        let record = story.inviting(force, AUTHORITY);
        let at = story.commit(vec![record]);
        let record = story.joining(AUTHORITY, force);
        story.commit(vec![record]);
        let attempt = story.attempt_in(force, grant, AUTHORITY);
        (attempt, AccessRefusal::InvitedAfterGrant { at })
    },
    |story| {
        let invited = [CIVIL, HEALTH].map(|one| one.parse().unwrap()).into();
        let record = story.forming(TaskForceTerms { invited, ..force() });
        let force = TaskForceId(story.commit(vec![record]));
        let record = story.joining(CIVIL, force);
        story.commit(vec![record]);
        let grant = story.issue(for_force(force));
        (story.attempt_in(force, grant, CIVIL), AccessRefusal::OwnDataset)
    },
    |story| {
        let (force, grant) = story.granted_to_force();
        let since = story.now;
        let record = story.dissolving(force);
        story.commit(vec![record]);
        (story.attempt_in(force, grant, HEALTH), AccessRefusal::TaskForceEnded { since })
    },
    |story| {
        let since = START.plus(10 * HOUR_MS);
        let record = story.forming(TaskForceTerms { until: since, ..force() });
        let force = TaskForceId(story.commit(vec![record]));
        let grant = story.issue(GrantTerms { not_after: since, ..for_force(force) });
        story.now = since;
        (story.attempt_in(force, grant, FINANCE), AccessRefusal::TaskForceEnded { since })
    },
    |story| {
        let (force, grant) = story.granted_to_force();
        story.pass(removal(FINANCE));
        let attempt = story.attempt_in(force, grant, HEALTH);
        (attempt, AccessRefusal::LeadGone { task_force: force })
    },
];

/// Cases about forming, joining, leaving and ending; and about what is granted, and who signs.
pub(crate) const CASES: &[Case] = &[
    |story| {
        let record =
            story.record(HEALTH, KeyRole::Steward, Action::FormTaskForce { terms: force() });
        (record, wrong_signer(FINANCE, KeyRole::Steward))
    },
    |story| {
        let record = story.forming(TaskForceTerms { title: text(""), ..force() });
        (record, refused(TaskForceRefusal::TaskForceTextEmpty))
    },
    |story| {
        let record = story.forming(TaskForceTerms { invited: [].into(), ..force() });
        (record, size())
    },
    |story| {
        let many = (0..MAX_TASK_FORCE).map(|number| format!("a{number}.gd").parse().unwrap());
        let record = story.forming(TaskForceTerms { invited: many.collect(), ..force() });
        (record, size())
    },
    |story| {
        let invited = [FINANCE.parse().unwrap()].into();
        let record = story.forming(TaskForceTerms { invited, ..force() });
        (record, refused(TaskForceRefusal::InTaskForce { agency: FINANCE.parse().unwrap() }))
    },
    |story| {
        let invited = ["nobody.gd".parse().unwrap()].into();
        let record = story.forming(TaskForceTerms { invited, ..force() });
        (record, Refusal::AgencyUnknown { agency: "nobody.gd".parse().unwrap() })
    },
    |story| {
        let at = story.pass(removal(HEALTH));
        (story.forming(force()), Refusal::AgencyLeft { agency: HEALTH.parse().unwrap(), at })
    },
    |story| {
        story.pass(story.enterprise(Some(HEALTH)));
        let invited = [VILLAGE.parse().unwrap()].into();
        let record = story.forming(TaskForceTerms { invited, ..force() });
        (record, refused(TaskForceRefusal::MemberNotPublic { agency: VILLAGE.parse().unwrap() }))
    },
    |story| {
        story.pass(story.enterprise(Some(HEALTH)));
        let record = story.forming(TaskForceTerms { lead: VILLAGE.parse().unwrap(), ..force() });
        (record, refused(TaskForceRefusal::MemberNotPublic { agency: VILLAGE.parse().unwrap() }))
    },
    |story| {
        let (list, code) = (CodeList::Matters, "UNHEARD-OF".parse().unwrap());
        let matter = "UNHEARD-OF".parse().unwrap();
        (story.forming(TaskForceTerms { matter, ..force() }), Refusal::CodeUnknown { list, code })
    },
    |story| {
        let (list, code) = (CodeList::DutyBases, "UNHEARD-OF".parse().unwrap());
        let duty_basis = "UNHEARD-OF".parse().unwrap();
        let record = story.forming(TaskForceTerms { duty_basis, ..force() });
        (record, Refusal::CodeUnknown { list, code })
    },
    |story| {
        let (until, latest) = (story.now, story.now.plus(MAX_TASK_FORCE_MS));
        let record = story.forming(TaskForceTerms { until, ..force() });
        (record, refused(TaskForceRefusal::TaskForcePeriod { latest }))
    },
    |story| {
        let latest = story.now.plus(MAX_TASK_FORCE_MS);
        let record = story.forming(TaskForceTerms { until: latest.plus(1), ..force() });
        (record, refused(TaskForceRefusal::TaskForcePeriod { latest }))
    },
    |story| {
        let record = story.inviting(NONE, CIVIL);
        (record, refused(TaskForceRefusal::TaskForceUnknown { task_force: NONE }))
    },
    |story| {
        // A member does not invite.
        let (task_force, agency) = (story.joined(), CIVIL.parse().unwrap());
        let action = Action::InviteToTaskForce { task_force, agency };
        let record = story.record(HEALTH, KeyRole::Steward, action);
        (record, wrong_signer(FINANCE, KeyRole::Steward))
    },
    |story| {
        let (task_force, since) = (story.joined(), story.now);
        let record = story.dissolving(task_force);
        story.commit(vec![record]);
        let record = story.inviting(task_force, CIVIL);
        (record, refused(TaskForceRefusal::TaskForceOver { task_force, since }))
    },
    |story| {
        let (force, agency) = (story.formed(), HEALTH.parse().unwrap());
        (story.inviting(force, HEALTH), refused(TaskForceRefusal::InTaskForce { agency }))
    },
    |story| {
        let (force, agency) = (story.joined(), HEALTH.parse().unwrap());
        (story.inviting(force, HEALTH), refused(TaskForceRefusal::InTaskForce { agency }))
    },
    |story| {
        // Those that left count: their memberships are kept.
        let force = story.joined();
        for _ in 1..MAX_TASK_FORCE - 1 {
            let left = story.leaving(HEALTH, force);
            let invited = story.inviting(force, HEALTH);
            let again = story.joining(HEALTH, force);
            story.commit(vec![left, invited, again]);
        }
        (story.inviting(force, CIVIL), size())
    },
    |story| {
        let (task_force, agency) = (story.joined(), HEALTH.parse().unwrap());
        let action = Action::ExcludeFromTaskForce { task_force, agency, reason: text("") };
        let record = story.record(FINANCE, KeyRole::Steward, action);
        (record, refused(TaskForceRefusal::TaskForceTextEmpty))
    },
    |story| {
        let task_force = story.joined();
        let record = story.excluding(task_force, FINANCE);
        (record, refused(TaskForceRefusal::LeadStays { task_force }))
    },
    |story| {
        let (task_force, agency) = (story.joined(), CIVIL.parse().unwrap());
        let record = story.excluding(task_force, CIVIL);
        (record, refused(TaskForceRefusal::NotInTaskForce { task_force, agency }))
    },
    |story| {
        let (task_force, agency) = (story.formed(), CIVIL.parse().unwrap());
        let record = story.joining(CIVIL, task_force);
        (record, refused(TaskForceRefusal::NotInvited { task_force, agency }))
    },
    |story| {
        // The invitation was taken back.
        let (task_force, agency) = (story.formed(), HEALTH.parse().unwrap());
        let record = story.excluding(task_force, HEALTH);
        story.commit(vec![record]);
        let record = story.joining(HEALTH, task_force);
        (record, refused(TaskForceRefusal::NotInvited { task_force, agency }))
    },
    |story| {
        let task_force = story.formed();
        let since = story.force_of(task_force).terms.until;
        story.now = since;
        let record = story.joining(HEALTH, task_force);
        (record, refused(TaskForceRefusal::TaskForceOver { task_force, since }))
    },
    |story| {
        let record = story.leaving(HEALTH, NONE);
        (record, refused(TaskForceRefusal::TaskForceUnknown { task_force: NONE }))
    },
    |story| {
        let (task_force, reason) = (story.joined(), text(""));
        let action = Action::LeaveTaskForce { task_force, reason };
        let record = story.record(HEALTH, KeyRole::Steward, action);
        (record, refused(TaskForceRefusal::TaskForceTextEmpty))
    },
    |story| {
        let (task_force, agency) = (story.formed(), HEALTH.parse().unwrap());
        let record = story.leaving(HEALTH, task_force);
        (record, refused(TaskForceRefusal::NotInTaskForce { task_force, agency }))
    },
    |story| {
        let task_force = story.joined();
        let record = story.leaving(FINANCE, task_force);
        (record, refused(TaskForceRefusal::LeadStays { task_force }))
    },
    |story| {
        let (task_force, reason) = (story.joined(), text("Enough"));
        let record =
            story.record(HEALTH, KeyRole::Steward, Action::EndTaskForce { task_force, reason });
        (record, wrong_signer(FINANCE, KeyRole::Steward))
    },
    |story| {
        let (task_force, reason) = (story.joined(), text(""));
        let record =
            story.record(FINANCE, KeyRole::Steward, Action::EndTaskForce { task_force, reason });
        (record, refused(TaskForceRefusal::TaskForceTextEmpty))
    },
    |story| {
        let terms = for_force(NONE);
        let unknown = refused(TaskForceRefusal::TaskForceUnknown { task_force: NONE });
        (story.steward(Action::IssueGrant { terms }), unknown)
    },
    |story| {
        let (record, force) = bent(story, |terms| terms.requester = HEALTH.parse().unwrap());
        (record, beyond(force, TermField::Requester))
    },
    |story| {
        let (record, force) = bent(story, |terms| {
            terms.matters.insert("HOUSING".parse().unwrap());
        });
        (record, beyond(force, TermField::Matters))
    },
    |story| {
        let (record, force) = bent(story, |terms| terms.duty_basis = "ACT-13".parse().unwrap());
        (record, beyond(force, TermField::DutyBasis))
    },
    |story| {
        let (record, force) =
            bent(story, |terms| terms.not_after = super::task_forces::force().until.plus(1));
        (record, beyond(force, TermField::Period))
    },
    |story| {
        let (record, force) = bent(story, |terms| terms.onward = wide().onward);
        (record, beyond(force, TermField::Onward))
    },
    |story| {
        // An officer named is one of a member.
        let key = secret(CIVIL, KeyRole::Officer).public();
        let (record, _) = bent(story, |terms| terms.officers = Bearers::Keys([key].into()));
        let agency = FINANCE.parse().unwrap();
        (record, Refusal::Grant(GrantRefusal::OfficerUnfit { key, agency }))
    },
    |story| {
        let force = story.joined();
        let record = story.asking_in(Capacity::Agency, for_force(force));
        (record, capacity(Capacity::TaskForce(force)))
    },
    |story| {
        let force = story.joined();
        let record = story.asking_in(Capacity::TaskForce(force), terms());
        (record, capacity(Capacity::Agency))
    },
    |story| {
        let force = story.joined();
        let record = story.asking_in(Capacity::TaskForce(force), for_force(force));
        let request = RequestId(story.commit(vec![record]));
        (story.taking_back(request), capacity(Capacity::TaskForce(force)))
    },
    |story| {
        let force = story.joined();
        let record = story.asking_in(Capacity::TaskForce(force), for_force(force));
        let request = RequestId(story.commit(vec![record]));
        let record = story.officer(Action::UrgeRequest { request });
        (record, capacity(Capacity::TaskForce(force)))
    },
    |story| {
        // The lead asks for all of them.
        let force = story.joined();
        let action = Action::OpenRequest { terms: asking(for_force(force)) };
        let by = (HEALTH, KeyRole::Officer);
        let record = story.record_in(Capacity::TaskForce(force), by, action);
        (record, wrong_signer(FINANCE, KeyRole::Officer))
    },
    |story| {
        let (force, grant) = story.granted_to_force();
        let access = story.access_in(force, grant, HEALTH);
        let access = story.commit(vec![access]);
        let record = story.acknowledging_in(Capacity::Agency, HEALTH, (grant, access));
        (record, capacity(Capacity::TaskForce(force)))
    },
    |story| {
        let (task_force, grant) = story.granted_to_force();
        let access = story.access_in(task_force, grant, HEALTH);
        let access = story.commit(vec![access]);
        let capacity = Capacity::TaskForce(task_force);
        let record = story.acknowledging_in(capacity, CIVIL, (grant, access));
        let agency = CIVIL.parse().unwrap();
        (record, refused(TaskForceRefusal::NotInTaskForce { task_force, agency }))
    },
    |story| {
        let force = story.joined();
        let undertakings = vec![by(Side::Requester, Promise::ReportUseEveryDays(20))];
        let grant = story.issue(GrantTerms { undertakings, ..for_force(force) });
        let access = story.access_in(force, grant, HEALTH);
        story.commit(vec![access]);
        (story.fulfilling(FINANCE, grant, 1), capacity(Capacity::TaskForce(force)))
    },
    |story| {
        let (force, grant) = story.granted_to_force();
        let terms = CheckTerms { grant: Some(grant.into()), ..claim() };
        (story.claiming(terms), capacity(Capacity::TaskForce(force)))
    },
    |story| {
        let (force, grant) = story.granted_to_force();
        let terms = for_force(story.joined());
        let record = story.extending_grant(grant, terms, 1);
        assert_ne!(story.force_of(force).formed_at, LogIndex(0));
        let field = TermField::TaskForce;
        (record, Refusal::Grant(GrantRefusal::ExtensionOfOther { field }))
    },
];

#[test]
fn nobody_is_a_member_before_its_own_steward_says_so() {
    let (mut story, _) = Story::with_grant(terms());
    let force = story.formed();
    assert_eq!(story.force_of(force).members().len(), 1, "the lead alone");
    let record = story.joining(HEALTH, force);
    let at = story.commit(vec![record]);
    let found = story.force_of(force);
    let membership = found.membership(&HEALTH.parse().unwrap()).unwrap();
    assert_eq!((membership.invited_at, membership.joined.at), (force.0, at));
    assert!(found.invited.is_empty(), "an invitation is taken up once");
}

#[test]
fn every_membership_is_proven_from_the_latest_state() {
    let (mut story, _) = Story::with_grant(terms());
    let force = story.formed();
    let health = HEALTH.parse().unwrap();
    let records = [story.joining(HEALTH, force), story.leaving(HEALTH, force)];
    let joined = story.commit(vec![records[0].clone()]);
    let between = LogIndex(joined.0 + 1);
    let left = story.commit(vec![records[1].clone()]);
    let records = vec![story.inviting(force, HEALTH), story.joining(HEALTH, force)];
    let again = LogIndex(story.commit(records).0 + 1);
    let out = story.excluding(force, HEALTH);
    let out = story.commit(vec![out]);
    let found = story.force_of(force);
    let was = |at: u64| found.membership_at(&health, LogIndex(at)).is_some();
    // An entry sees what is before it, and not itself.
    assert!(!was(joined.0) && was(between.0) && was(left.0) && !was(left.0 + 1));
    assert!(!was(again.0) && was(again.0 + 1) && was(out.0) && !was(out.0 + 1));
    let ends: Vec<_> = found.memberships.iter().filter_map(|one| one.left.as_ref()).collect();
    assert_eq!(ends.iter().map(|end| end.by.as_str()).collect::<Vec<_>>(), [HEALTH, FINANCE]);
}

#[test]
fn members_use_one_grant_together_and_each_is_counted() {
    let (mut story, _) = Story::with_grant(terms());
    let force = story.joined();
    let grant = story.issue(GrantTerms { total_quota: Some(3), ..for_force(force) });
    let records = [HEALTH, FINANCE, HEALTH].map(|member| story.access_in(force, grant, member));
    story.commit(records.into());
    assert_eq!(state::usage(&story.ledger, grant).total, 3);
    assert_eq!((story.used_by(grant, FINANCE), story.used_by(grant, HEALTH)), (1, 2));
    let further = story.access_in(force, grant, FINANCE);
    let used_up = AccessRefusal::QuotaUsed { limit: 3 };
    assert_eq!(story.check(&further), Err(Refusal::Access(used_up)), "they share the quota");
}

#[test]
fn a_task_force_ends_by_itself_with_its_grants_and_nothing_is_written() {
    let (mut story, _) = Story::with_grant(terms());
    let (force, grant) = story.granted_to_force();
    let before = story.ledger.log().size();
    story.pass_until(story.force_of(force).terms.until);
    assert!(story.force_of(force).is_over(story.now));
    assert_eq!(story.ledger.log().size(), before);
    let attempt = story.attempt_in(force, grant, HEALTH).attempt;
    let refusal = story.ledger.evaluate(&attempt, story.now).unwrap_err();
    assert_eq!(refusal.rule(), "task-force-ended");
}

#[test]
fn what_was_undertaken_runs_from_the_end_of_the_task_force_and_is_fulfilled_in_its_name() {
    let (mut story, _) = Story::with_grant(terms());
    let force = story.joined();
    let undertakings = vec![by(Side::Requester, Promise::DeleteAfterDays(10))];
    let grant = story.issue(GrantTerms { undertakings, ..for_force(force) });
    let access = story.access_in(force, grant, HEALTH);
    story.commit(vec![access]);
    let record = story.dissolving(force);
    let ended = story.now;
    story.commit(vec![record]);
    let granted = state::grant(&story.ledger, grant).unwrap();
    let duties = duty::of_grant(&story.ledger, &granted);
    let owed =
        duties.iter().find(|duty| duty.object == DutyObject::Undertaking { grant, number: 1 });
    let owed = owed.unwrap();
    assert_eq!((owed.began, owed.owed_by.as_str()), (ended, FINANCE), "the lead answers for all");
    let action = Action::FulfilUndertaking { grant, number: 1, note: text("Deleted") };
    let by = (FINANCE, KeyRole::Steward);
    let record = story.record_in(Capacity::TaskForce(force), by, action);
    assert_eq!(story.check(&record), Ok(()));
}

#[test]
fn a_task_force_asks_by_its_lead_and_is_granted_by_rule_like_any_public_body() {
    let (mut story, _) = Story::with_grant(terms());
    story.amend(Dataset { sharing: Sharing::Unconditional, ..dataset() }, 1).unwrap();
    let force = story.joined();
    let record = story.asking_in(Capacity::TaskForce(force), for_force(force));
    let request = RequestId(story.commit(vec![record]));
    let outcome = state::request(&story.ledger, request).unwrap().reply.unwrap().outcome;
    let Outcome::Approved { grant, by_rule: true } = outcome else { panic!("{outcome:?}") };
    let access = story.access_in(force, grant, HEALTH);
    assert_eq!(story.check(&access), Ok(()));
}

#[test]
fn who_received_as_a_member_acknowledges_checks_and_reports_also_after_it_left() {
    let (mut story, _) = Story::with_grant(terms());
    let (force, grant) = story.granted_to_force();
    let access = story.access_in(force, grant, HEALTH);
    let access = story.commit(vec![access]);
    let record = story.leaving(HEALTH, force);
    story.commit(vec![record]);
    let capacity = Capacity::TaskForce(force);
    let acknowledged = story.acknowledging_in(capacity, HEALTH, (grant, access));
    assert_eq!(story.check(&acknowledged), Ok(()));
    let terms = CheckTerms { grant: Some(grant.into()), ..claim() };
    let by = (HEALTH, KeyRole::Officer);
    let check = story.record_in(capacity, by, Action::OpenCheck { terms });
    assert_eq!(story.check(&check), Ok(()));
    let terms = IncidentTerms { grants: [grant].into(), ..leak() };
    let report = story.reporting(HEALTH, terms.clone());
    assert_eq!(story.check(&report), Ok(()));
    let report = story.reporting(AUTHORITY, terms);
    assert!(story.check(&report).is_err(), "it never was one");
}

#[test]
fn what_the_authority_receives_as_a_member_the_supervisor_signs() {
    let (mut story, _) = Story::with_grant(terms());
    let conditions = text("Act 5");
    story.amend(Dataset { sharing: Sharing::NotShared, conditions, ..dataset() }, 1).unwrap();
    let invited = [AUTHORITY.parse().unwrap()].into();
    let record = story.forming(TaskForceTerms { invited, ..force() });
    let force = TaskForceId(story.commit(vec![record]));
    let issue = story.steward(Action::IssueGrant { terms: for_force(force) });
    assert_eq!(story.check(&issue).unwrap_err().rule(), "no-overseer");
    story.supervised();
    let needed = [CIVIL, HEALTH]
        .map(|agency| SignerNeeded { agency: agency.parse().unwrap(), role: KeyRole::Steward });
    let issue = story.steward(Action::IssueGrant { terms: for_force(force) });
    assert_eq!(story.check(&issue), Err(Refusal::WrongSigners { needed: needed.into() }));
}

#[test]
fn an_end_in_a_block_wins_over_the_accesses_after_it() {
    let (mut story, _) = Story::with_grant(terms());
    let (force, grant) = story.granted_to_force();
    let since = story.now;
    let access = story.access_in(force, grant, HEALTH);
    for (end, rule) in [
        (story.dissolving(force), AccessRefusal::TaskForceEnded { since }),
        (story.leaving(HEALTH, force), AccessRefusal::NotAMember { task_force: force }),
        (story.excluding(force, HEALTH), AccessRefusal::NotAMember { task_force: force }),
    ] {
        let built = story.build(vec![end.clone(), access.clone()]);
        assert_eq!(built.refused, [(access.leaf(), Refusal::Access(rule))]);
        let built = story.build(vec![access.clone(), end]);
        assert_eq!(built.refused, [], "what was ordered before stands");
    }
}

#[test]
fn a_longest_task_force_is_formed_and_a_longer_one_is_not() {
    let (mut story, _) = Story::with_grant(terms());
    let longest = story.now.plus(MAX_TASK_FORCE_MS);
    let record = story.forming(TaskForceTerms { until: longest, ..force() });
    assert_eq!(story.check(&record), Ok(()));
    let record = story.forming(TaskForceTerms { until: TimeMs(longest.0 + 1), ..force() });
    assert!(story.check(&record).is_err());
}

#[test]
fn an_emergency_is_not_used_in_the_name_of_a_task_force() {
    let (mut story, _) = Story::with_grant(terms());
    let emergency: EmergencyId = story.flooded();
    let force = story.joined();
    let capacity = Capacity::TaskForce(force);
    let attempt = Attempt { capacity, ..story.urgent(emergency) };
    let refusal = story.ledger.evaluate(&attempt, story.now).unwrap_err();
    assert_eq!(refusal, AccessRefusal::WrongCapacity { capacity: Capacity::Agency });
}

/// What is recorded about a task force.
pub(crate) fn one_of_each(story: &mut Story) -> [VerifiedRecord; 6] {
    let id = TaskForceId(LogIndex(4));
    [
        story.forming(force()),
        story.inviting(id, CIVIL),
        story.excluding(id, CIVIL),
        story.joining(HEALTH, id),
        story.leaving(HEALTH, id),
        story.dissolving(id),
    ]
}

//! The kinds of records that a task force makes: from its forming to its end.
//! Holds: one of each; one member leaves, one is excluded.

use comity_core::grant::GrantTerms;
use comity_core::ids::{GrantId, LogIndex, TaskForceId};
use comity_core::statement::{Action, Capacity};
use comity_core::task_force::TaskForceTerms;
use serde_json::json;

use super::driver::Driver;
use super::every_kind::{BIRTHS, attempt, commit};
use super::rules_of_sharing::newcomer;
use crate::harness::author::{Author, Role, now, terms};
use crate::harness::consortium::Consortium;

const MATTER: &str = "SCHOOL-ENROLMENT";
const DAY_MS: u64 = 86_400_000;

/// Commits one record of every kind about task forces, and drives what lists them; `steward` and
/// `gateway` are the provider's.
pub(super) fn commit_all(
    consortium: &Consortium,
    driver: &mut Driver<'_>,
    (steward, gateway): (&Author, &Author),
) {
    let lead = newcomer(driver, &consortium.admin(1), Role::Steward);
    let member = newcomer(driver, &consortium.admin(2), Role::Steward);
    let other = newcomer(driver, &consortium.admin(3), Role::Steward);
    let officer = newcomer(driver, &consortium.admin(2), Role::Officer);
    let of = |author: &Author| author.agency.parse().unwrap();
    let formed = TaskForceTerms {
        title: "Housing after the flood".parse().unwrap(),
        lead: of(&lead),
        invited: [of(&member)].into(),
        matter: MATTER.parse().unwrap(),
        duty_basis: "DEPARTMENT-MANDATE".parse().unwrap(),
        until: now().plus(30 * DAY_MS),
    };
    let formed = commit(driver, &lead.record(Action::FormTaskForce { terms: formed }));
    let task_force = TaskForceId(LogIndex(formed));
    let invited = Action::InviteToTaskForce { task_force, agency: of(&other) };
    commit(driver, &lead.record(invited));
    for author in [&member, &other] {
        commit(driver, &author.record(Action::JoinTaskForce { task_force }));
    }
    let reason = "Its part is done".parse().unwrap();
    let excluded = Action::ExcludeFromTaskForce { task_force, agency: of(&other), reason };
    commit(driver, &lead.record(excluded));
    let granted = GrantTerms {
        requester: of(&lead),
        matters: [MATTER.parse().unwrap()].into(),
        duty_basis: "DEPARTMENT-MANDATE".parse().unwrap(),
        not_before: now(),
        not_after: now().plus(DAY_MS),
        task_force: Some(task_force),
        ..terms(BIRTHS, &lead.agency)
    };
    let grant = commit(driver, &steward.record(Action::IssueGrant { terms: granted }));
    let grant = GrantId(LogIndex(grant));
    let mut asked = attempt(&officer, grant, MATTER).attempt;
    asked.capacity = Capacity::TaskForce(task_force);
    let signature = officer.key.sign_attempt(&asked);
    let signed = comity_core::access::SignedAttempt { attempt: asked, signature };
    commit(driver, &gateway.access(signed));
    listed(driver, &task_force.to_string(), (&grant.to_string(), &member.agency));
    let reason = || "Our part is done".parse().unwrap();
    commit(driver, &member.record(Action::LeaveTaskForce { task_force, reason: reason() }));
    commit(driver, &lead.record(Action::EndTaskForce { task_force, reason: reason() }));
}

fn listed(driver: &mut Driver<'_>, task_force: &str, (grant, member): (&str, &str)) {
    let about = format!("agency={member}&state=active&from={task_force}&limit=2");
    let found = driver.get("/v1/task-forces", &[], &about);
    assert_eq!(found["task_forces"][0]["id"], task_force);
    let found = driver.get("/v1/task-forces/{id}", &[task_force], "");
    assert_eq!(found["task_force"]["memberships"][1]["agency"], member);
    let found = driver.get("/v1/grants/{id}", &[grant], "");
    assert_eq!(found["members"][member]["total"], json!(1));
    let found = driver.get("/v1/entries", &[], &format!("task_force={task_force}&limit=1000"));
    let kinds = super::every_kind::kinds(&found);
    for kind in ["form-task-force", "join-task-force", "issue-grant", "record-access"] {
        assert!(kinds.contains(kind), "{kind}: {kinds:?}");
    }
}

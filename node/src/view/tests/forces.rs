//! A grant that a task force holds: how it stands while the force lives, and when it is over.

use comity_core::agency::KeyRole;
use comity_core::grant::GrantTerms;
use comity_core::ids::{GrantId, LogIndex, TaskForceId};
use comity_core::statement::Action;
use comity_core::task_force::TaskForceTerms;

use super::chain::{Chain, DATASET, terms};
use super::listings::view_of;
use crate::view::{GrantStanding, View};

const FORCE: TaskForceId = TaskForceId(LogIndex(1));
const GRANT: GrantId = GrantId(LogIndex(2));

#[test]
fn a_task_forces_grant_stands_until_the_task_force_is_over() {
    let mut chain = Chain::new();
    let given = terms("tax.gd");
    let formed = TaskForceTerms {
        title: "Joint checks".parse().unwrap(),
        lead: "tax.gd".parse().unwrap(),
        invited: ["civil.gd".parse().unwrap()].into(),
        matter: given.matters.first().unwrap().clone(),
        duty_basis: given.duty_basis.clone(),
        until: given.not_after,
    };
    let published = chain.publish(DATASET);
    chain.push(vec![published]);
    let formed = Action::FormTaskForce { terms: formed };
    let formed = chain.record("tax.gd", KeyRole::Steward, formed);
    chain.push(vec![formed]);
    let terms = GrantTerms { task_force: Some(FORCE), ..given };
    let issued = chain.steward(Action::IssueGrant { terms });
    chain.push(vec![issued]);
    let (_dir, view) = view_of(&chain);
    let standing = |view: &View| view.snapshot().grant(GRANT).unwrap().standing;
    assert_eq!(standing(&view), GrantStanding::InForce);
    let end = Action::EndTaskForce { task_force: FORCE, reason: "done".parse().unwrap() };
    let ended = chain.record("tax.gd", KeyRole::Steward, end);
    view.apply(chain.push(vec![ended]));
    view.settle().unwrap();
    assert_eq!(standing(&view), GrantStanding::TaskForceEnded);
}

//! A record of each kind about task forces.

use comity_core::agency::KeyRole;
use comity_core::ids::TaskForceId;
use comity_core::statement::Action;
use comity_core::text::AgencyId;

use super::super::docket::together::{force, invited, member, part, stranger};
use super::super::docket::{PENDING, Pending};
use super::super::town::name;
use super::{Act, Deed, Number, Town, act};
use crate::failure::DevnetError;

fn task_force(number: Number) -> TaskForceId {
    TaskForceId(Pending::TaskForce.at(number, 0))
}

fn lead(town: &Town, number: Number) -> &AgencyId {
    part(town, number % PENDING, 0)
}

fn by_steward(by: &AgencyId, action: Action) -> Result<Deed<'_>, DevnetError> {
    Ok((vec![(by, KeyRole::Steward)], action))
}

/// All of them.
pub(super) const ACTS: &[Act] = &[
    act("of seventeen", |town, number| {
        let terms = force(town, number)?;
        by_steward(part(town, number, 0), Action::FormTaskForce { terms })
    }),
    act("", |town, number| {
        let (task_force, agency) = (task_force(number), stranger(town, number % PENDING).clone());
        by_steward(lead(town, number), Action::InviteToTaskForce { task_force, agency })
    }),
    act("", |town, number| {
        let (task_force, agency) = (task_force(number), member(town, number % PENDING).clone());
        let reason = name("Its part is done");
        by_steward(lead(town, number), Action::ExcludeFromTaskForce { task_force, agency, reason })
    }),
    act("", |town, number| {
        let action = Action::JoinTaskForce { task_force: task_force(number) };
        by_steward(invited(town, number % PENDING), action)
    }),
    act("", |town, number| {
        let (task_force, reason) = (task_force(number), name("Our part is done"));
        let action = Action::LeaveTaskForce { task_force, reason };
        by_steward(member(town, number % PENDING), action)
    }),
    act("", |town, number| {
        let (task_force, reason) = (task_force(number), name("Counted"));
        by_steward(lead(town, number), Action::EndTaskForce { task_force, reason })
    }),
];

//! Task forces that live: each with a lead, members and one more that is invited.

use std::collections::BTreeMap;

use comity_core::ids::TaskForceId;
use comity_core::state::{Changes, StateKey};
use comity_core::task_force::{Membership, TaskForce, TaskForceTerms};
use comity_core::text::AgencyId;

use super::super::super::founding;
use super::super::town::{AGENCIES, DAY_MS, NOW, Town, name};
use super::{Pending, mark};
use crate::failure::DevnetError;

/// Members beside the lead.
const MEMBERS: u64 = 15;

/// The agency at a place in a task force: its lead at 0, then its members, then who is invited, then
/// others.
pub(in super::super) fn part(town: &Town, number: u64, place: u64) -> &AgencyId {
    let at = (number + place) % AGENCIES as u64;
    &town.agencies[usize::try_from(at).unwrap_or_default()]
}

/// Who is a member, and not the lead.
pub(in super::super) fn member(town: &Town, number: u64) -> &AgencyId {
    part(town, number, 1)
}

/// Who is invited.
pub(in super::super) fn invited(town: &Town, number: u64) -> &AgencyId {
    part(town, number, MEMBERS + 1)
}

/// Who is neither.
pub(in super::super) fn stranger(town: &Town, number: u64) -> &AgencyId {
    part(town, number, MEMBERS + 2)
}

/// What one is formed for.
pub(in super::super) fn force(town: &Town, number: u64) -> Result<TaskForceTerms, DevnetError> {
    Ok(TaskForceTerms {
        title: name("One census of households"),
        lead: part(town, number, 0).clone(),
        invited: (1..=MEMBERS + 1).map(|place| part(town, number, place).clone()).collect(),
        matter: founding::matter()?,
        duty_basis: founding::duty_basis()?,
        until: NOW.plus(90 * DAY_MS),
    })
}

/// One that lives.
pub(super) fn put(town: &Town, number: u64, changes: &mut Changes) {
    let Ok(terms) = force(town, number) else {
        unreachable!("the founding's codes are well formed")
    };
    let formed = mark(Pending::TaskForce.at(number, 0), 9);
    let joined = mark(Pending::TaskForce.at(number, 1), 8);
    let memberships = (0..=MEMBERS).map(|place| Membership {
        agency: part(town, number, place).clone(),
        invited_at: formed.at,
        joined: if place == 0 { formed } else { joined },
        left: None,
    });
    let force = TaskForce {
        terms,
        formed_at: formed.at,
        formed_on: formed.on,
        invited: BTreeMap::from([(invited(town, number).clone(), formed.at)]),
        memberships: memberships.collect(),
        ended: None,
    };
    changes.put(&StateKey::TaskForce(TaskForceId(formed.at)), &force);
}

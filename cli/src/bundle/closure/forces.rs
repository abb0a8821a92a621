//! What belongs to a case of task forces: who was a member when, and by whose word.
//! Holds: the tables of docs/formats.md, "What a bundle holds". May not enter: fetching, proofs.

use comity_core::codes::CodeList;
use comity_core::ids::{LogIndex, TaskForceId};
use comity_core::state::StateKey;
use comity_core::statement::{Action, Capacity};
use comity_core::task_force::{Membership, TaskForce};

use super::Place;

/// The key of a task force.
pub(super) fn of(id: TaskForceId) -> Vec<u8> {
    StateKey::TaskForce(id).to_bytes()
}

/// The key of the task force for which is signed, where it is for one.
pub(super) fn of_capacity(capacity: Capacity) -> Option<Vec<u8>> {
    match capacity {
        Capacity::Agency => None,
        Capacity::TaskForce(id) => Some(of(id)),
    }
}

/// The key of the task force that an act is in or about.
pub(super) fn needs(index: LogIndex, action: &Action) -> Option<Vec<u8>> {
    named(index, action).map(of)
}

fn named(index: LogIndex, action: &Action) -> Option<TaskForceId> {
    match action {
        Action::FormTaskForce { .. } => Some(TaskForceId(index)),
        Action::InviteToTaskForce { task_force, .. }
        | Action::ExcludeFromTaskForce { task_force, .. }
        | Action::JoinTaskForce { task_force }
        | Action::LeaveTaskForce { task_force, .. }
        | Action::EndTaskForce { task_force, .. } => Some(*task_force),
        _ => None,
    }
}

/// The keys of the objects that a task force needs: its purpose, and its lead.
pub(super) fn of_object(force: &TaskForce) -> Vec<Vec<u8>> {
    let codes = [
        StateKey::code(CodeList::Matters, &force.terms.matter),
        StateKey::code(CodeList::DutyBases, &force.terms.duty_basis),
    ];
    let lead = super::of_agency(&force.terms.lead);
    codes.map(|key| key.to_bytes()).into_iter().chain(lead).collect()
}

/// The positions that a task force names.
pub(super) fn positions(force: &TaskForce) -> Vec<(Place, LogIndex)> {
    let mut found = vec![(Place::Made, force.formed_at)];
    // The lead's membership begins with the task force, and was asked for by nobody.
    for one in force.memberships.iter().skip(1) {
        found.extend([(Place::Offered, one.invited_at), (Place::Accepted, one.joined.at)]);
        found.extend(one.left.as_ref().map(|leaving| (Place::Left, leaving.mark.at)));
    }
    found.extend(force.invited.values().map(|at| (Place::Offered, *at)));
    found.extend(force.ended.as_ref().map(|end| (Place::Ended, end.mark.at)));
    found
}

/// Whether an entry is the act that a task force says of its position.
pub(super) fn is_act(
    (id, force): (TaskForceId, &TaskForce),
    place: Place,
    index: LogIndex,
    action: &Action,
) -> bool {
    if named(index, action) != Some(id) {
        return false;
    }
    let later = || force.memberships.iter().skip(1);
    let left = |one: &&Membership| one.left.as_ref().is_some_and(|left| left.mark.at == index);
    match (place, action) {
        (Place::Made, Action::FormTaskForce { terms }) => *terms == force.terms,
        (Place::Offered, Action::FormTaskForce { terms }) => {
            let named = later().filter(|one| one.invited_at == index).map(|one| &one.agency);
            let open = force.invited.iter().filter(|(_, at)| **at == index);
            named.chain(open.map(|(agency, _)| agency)).all(|one| terms.invited.contains(one))
        }
        (Place::Offered, Action::InviteToTaskForce { agency, .. }) => {
            force.invited.get(agency) == Some(&index)
                || later().any(|one| one.agency == *agency && one.invited_at == index)
        }
        (Place::Accepted, Action::JoinTaskForce { .. }) => true,
        (Place::Left, Action::LeaveTaskForce { reason, .. }) => later().filter(left).all(|one| {
            one.left.as_ref().is_some_and(|left| left.by == one.agency && left.reason == *reason)
        }),
        (Place::Left, Action::ExcludeFromTaskForce { agency, reason, .. }) => {
            later().filter(left).all(|one| {
                one.agency == *agency
                    && one
                        .left
                        .as_ref()
                        .is_some_and(|left| left.by == force.terms.lead && left.reason == *reason)
            })
        }
        (Place::Ended, Action::EndTaskForce { reason, .. }) => {
            force.ended.as_ref().is_some_and(|end| end.reason == *reason)
        }
        _ => false,
    }
}

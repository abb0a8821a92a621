//! Accesses of a task force: who of its members may ask, and until when.
//! Holds: nobody asks who was not a member at that position, or whom the provider could not mean when
//! it granted.
//! Source: docs/formats.md, "Evaluation".

use super::{Position, check_membership};
use crate::access::{AccessRefusal, Attempt};
use crate::grant::Grant;
use crate::ids::TaskForceId;
use crate::state::{self, StateRead};
use crate::task_force::TaskForce;

/// The task force that holds a grant, where one does.
pub(super) fn of(state: &impl StateRead, grant: &Grant) -> Option<TaskForce> {
    state::task_force_of(state, &grant.terms)
}

/// The requesting agency must be a member, invited before the grant was issued; and the dataset is not
/// its own.
pub(super) fn check_asker(
    grant: &Grant,
    force: Option<&TaskForce>,
    attempt: &Attempt,
) -> Result<(), AccessRefusal> {
    let Some(force) = force else { return Ok(()) };
    let Some(membership) = force.membership(&attempt.requester) else {
        return Err(AccessRefusal::NotAMember { task_force: TaskForceId(force.formed_at) });
    };
    if membership.invited_at > grant.issued_at {
        return Err(AccessRefusal::InvitedAfterGrant { at: membership.invited_at });
    }
    if attempt.requester == attempt.dataset.agency {
        return Err(AccessRefusal::OwnDataset);
    }
    Ok(())
}

/// The task force must not be over, and its lead, who answers for what it undertook, must be there.
pub(super) fn check_there(
    state: &impl StateRead,
    at: Position,
    force: Option<&TaskForce>,
) -> Result<(), AccessRefusal> {
    let Some(force) = force else { return Ok(()) };
    if force.is_over(at.time) {
        return Err(AccessRefusal::TaskForceEnded { since: force.ends() });
    }
    match check_membership(state, at, &force.terms.lead) {
        Ok(()) => Ok(()),
        Err(_) => Err(AccessRefusal::LeadGone { task_force: TaskForceId(force.formed_at) }),
    }
}

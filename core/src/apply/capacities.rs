//! In what capacity an act is signed.
//! Holds: who acts for a task force says so in the signature, and nobody says so who does not.
//! Source: docs/formats.md, "Rules".

use super::task_forces::refuse;
use crate::basis::Basis;
use crate::binding::Side;
use crate::ids::{GrantId, RequestId};
use crate::refusal::{Refusal, TaskForceRefusal};
use crate::state::{self, StateRead};
use crate::statement::{Action, Capacity, Statement};

/// Every signer must have signed in the capacity in which the act is done.
pub(super) fn check(state: &impl StateRead, statement: &Statement) -> Result<(), Refusal> {
    let capacity = needed(state, &statement.action);
    match statement.signers.iter().all(|signer| signer.capacity == capacity) {
        true => Ok(()),
        false => refuse(TaskForceRefusal::SignerCapacity { capacity }),
    }
}

/// What the side that asks does with a task force's request or grant is done in that capacity, and
/// everything else for the agency. What names no such object is left to the rules of the act.
fn needed(state: &impl StateRead, action: &Action) -> Capacity {
    match action {
        Action::OpenRequest { terms } => Capacity::of(terms.asked.task_force),
        Action::WithdrawRequest { request, .. } | Action::UrgeRequest { request } => {
            of_request(state, *request)
        }
        Action::AcknowledgeAccess { grant: Basis::Grant(grant), .. } => of_grant(state, *grant),
        Action::FulfilUndertaking { grant, number, .. } => of_undertaking(state, *grant, *number),
        Action::OpenCheck { terms } => match terms.grant {
            Some(Basis::Grant(grant)) => of_grant(state, grant),
            _ => Capacity::Agency,
        },
        _ => Capacity::Agency,
    }
}

fn of_request(state: &impl StateRead, id: RequestId) -> Capacity {
    let request = state::request(state, id);
    Capacity::of(request.and_then(|request| request.terms.asked.task_force))
}

fn of_grant(state: &impl StateRead, id: GrantId) -> Capacity {
    Capacity::of(state::grant(state, id).and_then(|grant| grant.terms.task_force))
}

fn of_undertaking(state: &impl StateRead, id: GrantId, number: u8) -> Capacity {
    let Some(grant) = state::grant(state, id) else { return Capacity::Agency };
    match grant.terms.undertaking(number).map(|undertaking| undertaking.by) {
        Some(Side::Requester) => Capacity::of(grant.terms.task_force),
        _ => Capacity::Agency,
    }
}

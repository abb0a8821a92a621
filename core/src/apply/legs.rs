//! Gateways' numbers, declared answers, and the acknowledgement leg.
//! Holds: a gateway's number is used once; an acknowledgement is the requesting side's own word, and
//! changes nothing that a rule reads.
//! May not enter: whether the legs match (see `legs`). Source: docs/formats.md, "Rules", record-access
//! to acknowledge-access.

use std::collections::BTreeSet;

use super::{Position, acting, emergencies, require_sole_signer, task_forces};
use crate::access::Attempt;
use crate::agency::KeyRole;
use crate::basis::Basis;
use crate::batch::MAX_BATCH;
use crate::dataset::DeliveryMode;
use crate::gateway::NumberFault;
use crate::grant::Grant;
use crate::ids::LogIndex;
use crate::keys::PublicKey;
use crate::legs::{Acknowledgement, Answer, MAX_ACKNOWLEDGED};
use crate::refusal::{EmergencyRefusal, LegRefusal, Refusal, TaskForceRefusal};
use crate::state::{self, Changes, StateKey, StateRead};
use crate::statement::StatementSigner;
use crate::text::AgencyId;

/// The key of the gateway that signs. The caller has seen that nobody else does.
pub(super) fn gateway(signers: &[StatementSigner]) -> &PublicKey {
    let [gateway] = signers else { unreachable!("the gateway is the sole signer") };
    &gateway.key
}

/// Uses a number of a gateway's.
pub(super) fn number(
    state: &impl StateRead,
    gateway: &PublicKey,
    number: u64,
    changes: &mut Changes,
) -> Result<(), Refusal> {
    let used = state::gateway_numbers(state, gateway);
    let expected = used.next();
    let used = used.with(number).map_err(|fault| {
        Refusal::Leg(match fault {
            NumberFault::Taken => LegRefusal::GatewayNumber { expected },
            NumberFault::Ahead { limit } => LegRefusal::GatewayNumberAhead { limit },
        })
    })?;
    changes.put(&StateKey::GatewayNumbers(gateway), &used);
    Ok(())
}

/// An answer may be declared reliable only where the dataset says that its answers are.
pub(super) fn check_answer(
    state: &impl StateRead,
    attempt: &Attempt,
    answer: Option<&Answer>,
) -> Result<(), Refusal> {
    let is_declared = answer.is_some_and(|answer| answer.reliable);
    let is_offered = || state::dataset(state, &attempt.dataset).is_some_and(|d| d.dataset.reliable);
    if is_declared && !(attempt.mode == DeliveryMode::Verify && is_offered()) {
        let dataset = attempt.dataset.clone();
        return Err(Refusal::Leg(LegRefusal::NotReliable { dataset }));
    }
    Ok(())
}

pub(super) fn acknowledge(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    basis: Basis,
    accesses: &[Acknowledgement],
) -> Result<Changes, Refusal> {
    let requester = requester_of(state, signers, basis)?;
    if require_sole_signer(signers, &requester, KeyRole::Gateway).is_err() {
        require_sole_signer(signers, &requester, KeyRole::Officer)?;
    }
    check_acknowledged(at, basis.made_at(), accesses).map_err(Refusal::Leg)?;
    Ok(Changes::default())
}

/// Whose word it is: a grant's requester's or a task force's member's, in an emergency that of any agency that may ask.
fn requester_of(
    state: &impl StateRead,
    signers: &[StatementSigner],
    basis: Basis,
) -> Result<AgencyId, Refusal> {
    match basis {
        Basis::Grant(grant) => match state::shared(state, &StateKey::Grant(grant)) {
            Some(granted) => receiver(state, signers, &granted),
            None => Err(Refusal::GrantUnknown { grant }),
        },
        Basis::Emergency(id) => {
            let agency = acting(signers).clone();
            match emergencies::require(state, id)?.terms.requesters.contains(&agency) {
                true => Ok(agency),
                false => {
                    emergencies::refuse(EmergencyRefusal::NotARequester { emergency: id, agency })
                }
            }
        }
    }
}

/// The requester; of what a task force holds, whichever agency is or was a member of it.
fn receiver(
    state: &impl StateRead,
    signers: &[StatementSigner],
    grant: &Grant,
) -> Result<AgencyId, Refusal> {
    let Some(task_force) = grant.terms.task_force else {
        return Ok(grant.terms.requester.clone());
    };
    let agency = acting(signers).clone();
    match state::received(state, grant, &agency) {
        true => Ok(agency),
        false => task_forces::refuse(TaskForceRefusal::NotInTaskForce { task_force, agency }),
    }
}

fn check_acknowledged(
    at: Position,
    issued_at: LogIndex,
    accesses: &[Acknowledgement],
) -> Result<(), LegRefusal> {
    if accesses.is_empty() || accesses.len() > MAX_ACKNOWLEDGED {
        return Err(LegRefusal::AcknowledgedCount { limit: MAX_ACKNOWLEDGED as u64 });
    }
    let mut named = BTreeSet::new();
    for one in accesses {
        if !named.insert(one.exchange) {
            return Err(LegRefusal::AcknowledgedTwice { exchange: one.exchange });
        }
        if one.access <= issued_at || one.access >= at.index {
            return Err(LegRefusal::NoAccessThere { access: one.access });
        }
        if !(1..=MAX_BATCH).contains(&one.count) {
            return Err(LegRefusal::ReceivedCount { limit: u64::from(MAX_BATCH) });
        }
    }
    Ok(())
}

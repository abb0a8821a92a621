//! Taking in late what went out in an emergency while the network was cut.
//! Holds: what went out is never kept off the ledger because it should not have gone; whatever stood
//! against it is signed beside it. A gateway's number is used once, however its record comes in.
//! Source: docs/formats.md, "Rules", embed-late.

use std::collections::BTreeSet;

use super::accesses::evaluate;
use super::approval::require_provider;
use super::{Position, legs, params, urgent};
use crate::access::AccessRefusal;
use crate::agency::{KeyEnd, KeyRole};
use crate::ids::TimeMs;
use crate::late::{LateAccess, counts};
use crate::refusal::{LateRefusal, Refusal};
use crate::state::{self, Changes, StateRead};
use crate::statement::StatementSigner;

fn refuse<T>(refusal: LateRefusal) -> Result<T, Refusal> {
    Err(Refusal::Late(refusal))
}

pub(super) fn embed(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    record: &LateAccess,
    missing: &BTreeSet<u64>,
    against: Option<&AccessRefusal>,
) -> Result<Changes, Refusal> {
    let attempt = &record.attempt.attempt;
    require_provider(state, signers, &attempt.dataset, KeyRole::Gateway)?;
    if at.time <= record.valid_until {
        return refuse(LateRefusal::LateNotOver { until: record.valid_until });
    }
    // Nobody asked after the block that takes it in.
    let claimed = record.claimed().min(at.time);
    check_gateway(state, claimed, &record.gateway)?;
    let mut changes = Changes::default();
    let unused = state::gateway_numbers(state, &record.gateway.key).free_below(record.number);
    legs::number(state, &record.gateway.key, record.number, &mut changes)?;
    if let Some(number) = unused.symmetric_difference(missing).next().copied() {
        return refuse(LateRefusal::LateOrder { number });
    }
    let found = evaluate(state, Position { time: claimed, ..at }, attempt).err();
    match (found, against) {
        (None, Some(_)) => return refuse(LateRefusal::AgainstNotDue),
        (Some(due), named) if named != Some(&due) => {
            return refuse(LateRefusal::AgainstMismatch { due });
        }
        _ => {}
    }
    if let Some(id) = record.emergency().filter(|_| counts(against)) {
        let day = at.time.day(params(state).day_offset_minutes);
        let used = state::emergency_use(state, id, &attempt.requester).with(attempt.count(), day);
        // Beyond the bound nothing is kept of it but the entry.
        if let Some(used) = used {
            let late = Some(record.claimed());
            urgent::put(state, &mut changes, at, (id, attempt), (&used, late));
        }
    }
    urgent::use_exchange(state, &mut changes, at, attempt);
    Ok(changes)
}

/// The gateway's key of then must have been on the ledger as stated, and have counted at the time at
/// which the officer says to have asked, by all that is known since.
fn check_gateway(
    state: &impl StateRead,
    claimed: TimeMs,
    gateway: &StatementSigner,
) -> Result<(), Refusal> {
    let known = state::key(state, &gateway.key).filter(|key| {
        key.role == KeyRole::Gateway
            && gateway.role == KeyRole::Gateway
            && key.agency == gateway.agency
            && key.is_known(claimed)
    });
    match known.map(|key| key.end_then(claimed)) {
        Some(None) => Ok(()),
        Some(Some(KeyEnd::Revoked(at))) => refuse(LateRefusal::LateGatewayRevoked { at }),
        Some(Some(KeyEnd::Expired(until))) => refuse(LateRefusal::LateGatewayExpired { until }),
        None => refuse(LateRefusal::LateGatewayUnknown { key: gateway.key }),
    }
}

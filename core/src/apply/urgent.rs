//! Accesses in an emergency: judging them, recording them, and justifying them.
//! Holds: nothing goes out in an emergency but what it opens, to whom it names, for its matter; each
//! access awaits a justification, and has at most one.
//! Source: docs/formats.md, "Evaluation", "Rules", justify-access.

use std::collections::BTreeSet;

use super::accesses::{check_offered, check_provider};
use super::codes::require_in_use;
use super::emergencies::{refuse, require};
use super::{Position, acting, params, require_sole_signer};
use crate::access::{AccessRefusal, Attempt};
use crate::agency::KeyRole;
use crate::codes::CodeList;
use crate::dataset::{PublishedDataset, Sharing};
use crate::emergency::{
    Emergency, EmergencyAccess, EmergencyUse, MAX_EMERGENCY_ENTRIES, MAX_JUSTIFIED,
};
use crate::ids::{EmergencyId, LogIndex, TimeMs};
use crate::refusal::{EmergencyRefusal, Refusal};
use crate::state::{self, Changes, StateKey, StateRead};
use crate::statement::{Capacity, StatementSigner};
use crate::text::{Code, Text};

/// What the requesting agency used of the emergency after this attempt, which is allowed. What is
/// said of officer, agency and attempt alone was looked at before.
pub(super) fn judge(
    state: &impl StateRead,
    at: Position,
    id: EmergencyId,
    attempt: &Attempt,
) -> Result<EmergencyUse, AccessRefusal> {
    let Some(emergency) = state::emergency(state, id) else {
        return Err(AccessRefusal::NoSuchEmergency { emergency: id });
    };
    if at.time < emergency.declared_on {
        return Err(AccessRefusal::EmergencyNotYet { from: emergency.declared_on });
    }
    if attempt.capacity != Capacity::Agency {
        return Err(AccessRefusal::WrongCapacity { capacity: Capacity::Agency });
    }
    let published = opened(state, &emergency, attempt)?;
    if !emergency.terms.requesters.contains(&attempt.requester) {
        return Err(AccessRefusal::RequesterNotNamed);
    }
    if attempt.requester == attempt.dataset.agency {
        return Err(AccessRefusal::OwnDataset);
    }
    check_provider(state, at, &attempt.dataset.agency)?;
    check_there(&emergency, &published, at.time)?;
    let matter = &emergency.terms.matter;
    if attempt.matter != *matter {
        return Err(AccessRefusal::EmergencyMatter { matter: matter.clone() });
    }
    check_offered(&published.dataset, attempt)?;
    let day = at.time.day(params(state).day_offset_minutes);
    let limit = u64::from(MAX_EMERGENCY_ENTRIES);
    state::emergency_use(state, id, &attempt.requester)
        .with(attempt.count(), day)
        .ok_or(AccessRefusal::EmergencyUsed { limit })
}

/// The dataset, if the emergency opens it.
fn opened(
    state: &impl StateRead,
    emergency: &Emergency,
    attempt: &Attempt,
) -> Result<PublishedDataset, AccessRefusal> {
    let id = &attempt.dataset;
    let published = emergency.opens(id).then(|| state::dataset(state, id)).flatten();
    published.ok_or_else(|| AccessRefusal::DatasetNotOpened { dataset: id.clone() })
}

/// What is final comes first.
fn check_there(
    emergency: &Emergency,
    published: &PublishedDataset,
    now: TimeMs,
) -> Result<(), AccessRefusal> {
    if let Some(since) = emergency.over_since(now) {
        return Err(AccessRefusal::EmergencyEnded { since });
    }
    if let Some(withdrawal) = published.withdrawals.at(now) {
        return Err(AccessRefusal::DatasetWithdrawn { at: withdrawal.at });
    }
    if let Some(suspension) = published.suspensions.at(now) {
        return Err(AccessRefusal::DatasetSuspended { at: suspension.at });
    }
    let (id, sharing) = (&published.dataset.id, published.dataset.sharing);
    let is_shared = matches!(sharing, Sharing::Unconditional | Sharing::Conditional);
    // Who named the dataset has seen how it is classified.
    if !is_shared && !emergency.terms.scope.datasets.contains(id) {
        return Err(AccessRefusal::DatasetNotShared { sharing });
    }
    Ok(())
}

/// What an access puts that counts in an emergency: it awaits its justification. `late` is when the
/// officer says to have asked, of one that goes in late.
pub(super) fn put(
    state: &impl StateRead,
    changes: &mut Changes,
    at: Position,
    (id, attempt): (EmergencyId, &Attempt),
    (used, late): (&EmergencyUse, Option<TimeMs>),
) {
    let Attempt { requester, dataset, .. } = attempt;
    changes.put(&StateKey::EmergencyUse(id, requester), used);
    let requester = requester.clone();
    if state::emergency_received(state, id, &requester, dataset).is_none() {
        changes.put(&StateKey::EmergencyRecipient(id, &requester, dataset), &at.index);
    }
    let access = EmergencyAccess { requester, on: at.time, justified: None, late };
    changes.put(&StateKey::EmergencyAccess(id, at.index), &access);
}

/// Keeps the exchange of an access in an emergency for good.
pub(super) fn use_exchange(
    state: &impl StateRead,
    changes: &mut Changes,
    at: Position,
    attempt: &Attempt,
) {
    if state::emergency_exchange(state, &attempt.exchange).is_none() {
        changes.put(&StateKey::EmergencyExchange(&attempt.exchange), &at.index);
    }
}

pub(super) fn justify(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: EmergencyId,
    accesses: &BTreeSet<LogIndex>,
    (basis, text): (&Code, &Text<512>),
) -> Result<Changes, Refusal> {
    let agency = acting(signers);
    require_sole_signer(signers, agency, KeyRole::Steward)?;
    let emergency = require(state, id)?;
    if !emergency.terms.requesters.contains(agency) {
        let agency = agency.clone();
        return refuse(EmergencyRefusal::NotARequester { emergency: id, agency });
    }
    if !(1..=MAX_JUSTIFIED).contains(&accesses.len()) {
        return refuse(EmergencyRefusal::JustifiedCount { limit: MAX_JUSTIFIED as u64 });
    }
    let mut changes = Changes::default();
    let mut used = state::emergency_use(state, id, agency);
    for access in accesses.iter().copied() {
        let Some(mut recorded) = state::emergency_access(state, id, access) else {
            return refuse(EmergencyRefusal::NoEmergencyAccess { emergency: id, access });
        };
        if recorded.requester != *agency {
            let agency = recorded.requester;
            return refuse(EmergencyRefusal::AccessOfOther { access, agency });
        }
        if let Some(earlier) = recorded.justified {
            return refuse(EmergencyRefusal::JustifiedAlready { access, at: earlier.at });
        }
        recorded.justified = Some(at.mark());
        used.justified = used.justified.saturating_add(1);
        changes.put(&StateKey::EmergencyAccess(id, access), &recorded);
    }
    changes.put(&StateKey::EmergencyUse(id, agency), &used);
    require_in_use(state, CodeList::DutyBases, basis)?;
    if text.as_str().is_empty() {
        return refuse(EmergencyRefusal::WordsMissing);
    }
    Ok(changes)
}

//! Judging attempts, and recording accesses and denials.
//! Holds: an access is recorded only where evaluation allows it; a denial only where evaluation
//! refuses by the very rule that it names.
//! Source: docs/formats.md, "Rules", record-access and record-denial.

use super::{Position, params, require_sole_signer};
use crate::access::{AccessRefusal, Attempt, SignedAttempt};
use crate::agency::KeyRole;
use crate::grant::{Grant, Usage};
use crate::refusal::Refusal;
use crate::state::{self, Changes, StateKey, StateRead};
use crate::statement::{MAX_VALIDITY_MS, StatementSigner};

/// Whether an attempt is allowed at a position; if so, the grant's usage after it. Errors: the
/// first rule that refuses, in the order of docs/formats.md, "Evaluation".
pub fn evaluate(
    state: &impl StateRead,
    at: Position,
    attempt: &Attempt,
) -> Result<Usage, AccessRefusal> {
    check_officer(state, at, attempt)?;
    check_attempt(state, at, attempt)?;
    let Some(grant) = state::grant(state, attempt.grant) else {
        return Err(AccessRefusal::GrantUnknown { grant: attempt.grant });
    };
    check_parties(&grant, attempt)?;
    check_in_force(&grant, at)?;
    check_coverage(&grant, attempt)?;
    check_quota(state, &grant, at, attempt)
}

fn check_officer(
    state: &impl StateRead,
    at: Position,
    attempt: &Attempt,
) -> Result<(), AccessRefusal> {
    let Some(key) = state::key(state, &attempt.officer) else {
        return Err(AccessRefusal::OfficerUnknown);
    };
    if key.role != KeyRole::Officer || key.agency != attempt.requester {
        return Err(AccessRefusal::NotAnOfficer);
    }
    if let Some(revocation) = key.revoked {
        return Err(AccessRefusal::OfficerRevoked { at: revocation.at });
    }
    match key.valid_until {
        Some(until) if at.time >= until => Err(AccessRefusal::OfficerExpired { until }),
        _ => Ok(()),
    }
}

fn check_attempt(
    state: &impl StateRead,
    at: Position,
    attempt: &Attempt,
) -> Result<(), AccessRefusal> {
    if at.time > attempt.valid_until {
        return Err(AccessRefusal::AttemptExpired { until: attempt.valid_until });
    }
    if attempt.valid_until > at.time.plus(MAX_VALIDITY_MS) {
        return Err(AccessRefusal::AttemptTooLong);
    }
    if state.has_exchange(&attempt.exchange) {
        return Err(AccessRefusal::ExchangeUsed);
    }
    Ok(())
}

fn check_parties(grant: &Grant, attempt: &Attempt) -> Result<(), AccessRefusal> {
    if grant.terms.dataset != attempt.dataset {
        return Err(AccessRefusal::OtherDataset { dataset: grant.terms.dataset.clone() });
    }
    if grant.terms.requester != attempt.requester {
        return Err(AccessRefusal::OtherRequester { requester: grant.terms.requester.clone() });
    }
    Ok(())
}

fn check_in_force(grant: &Grant, at: Position) -> Result<(), AccessRefusal> {
    if let Some(revocation) = &grant.revoked {
        return Err(AccessRefusal::GrantRevoked { at: revocation.at });
    }
    if at.time < grant.terms.not_before {
        return Err(AccessRefusal::GrantNotYetInForce { from: grant.terms.not_before });
    }
    if at.time >= grant.terms.not_after {
        return Err(AccessRefusal::GrantExpired { until: grant.terms.not_after });
    }
    Ok(())
}

fn check_coverage(grant: &Grant, attempt: &Attempt) -> Result<(), AccessRefusal> {
    if !grant.terms.matters.contains(&attempt.matter) {
        return Err(AccessRefusal::MatterNotCovered { matter: attempt.matter.clone() });
    }
    match grant.terms.items.missing(&attempt.items) {
        Some(Some(item)) => return Err(AccessRefusal::ItemNotCovered { item: item.clone() }),
        Some(None) => return Err(AccessRefusal::WholeNotCovered),
        None => {}
    }
    if !grant.terms.modes.contains(&attempt.mode) {
        return Err(AccessRefusal::ModeNotCovered);
    }
    Ok(())
}

fn check_quota(
    state: &impl StateRead,
    grant: &Grant,
    at: Position,
    attempt: &Attempt,
) -> Result<Usage, AccessRefusal> {
    let used = state::usage(state, attempt.grant);
    let day = at.time.day(params(state).day_offset_minutes);
    if let Some(limit) = grant.terms.total_quota.filter(|limit| used.total >= *limit) {
        return Err(AccessRefusal::QuotaUsed { limit });
    }
    if let Some(limit) = grant.terms.daily_quota.filter(|limit| used.on(day) >= *limit) {
        return Err(AccessRefusal::DailyQuotaUsed { limit });
    }
    Ok(used.with_one_on(day))
}

pub(super) fn record(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    signed: &SignedAttempt,
) -> Result<Changes, Refusal> {
    let attempt = &signed.attempt;
    require_sole_signer(signers, &attempt.dataset.agency, KeyRole::Gateway)?;
    let usage = evaluate(state, at, attempt).map_err(Refusal::Access)?;
    let mut changes = Changes::default();
    changes.put(&StateKey::Usage(attempt.grant), &usage);
    changes.exchanges.insert(attempt.exchange, attempt.valid_until);
    Ok(changes)
}

pub(super) fn deny(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    signed: &SignedAttempt,
    named: &AccessRefusal,
) -> Result<Changes, Refusal> {
    let attempt = &signed.attempt;
    require_sole_signer(signers, &attempt.dataset.agency, KeyRole::Gateway)?;
    match evaluate(state, at, attempt) {
        Ok(_) => Err(Refusal::DenialNotDue),
        Err(actual) if actual != *named => Err(Refusal::DenialMismatch { due: actual }),
        Err(_) => Ok(Changes::default()),
    }
}

//! Judging attempts, and recording accesses and denials.
//! Holds: an access is recorded only where evaluation allows it; a denial only where evaluation
//! refuses by the very rule that it names.
//! Source: docs/formats.md, "Rules", record-access and record-denial.

use super::{Position, check_membership, params, require_sole_signer};
use crate::access::{AccessRefusal, Attempt, SignedAttempt};
use crate::agency::{KeyEnd, KeyRole};
use crate::dataset::{Dataset, PublishedDataset, Sharing};
use crate::grant::{Grant, Usage};
use crate::ids::TimeMs;
use crate::refusal::Refusal;
use crate::state::{self, Changes, StateKey, StateRead};
use crate::statement::{MAX_VALIDITY_MS, StatementSigner};
use crate::text::AgencyId;

/// Whether an attempt is allowed at a position; if so, the grant's usage after it. Errors: the
/// first rule that refuses, in the order of docs/formats.md, "Evaluation".
pub fn evaluate(
    state: &impl StateRead,
    at: Position,
    attempt: &Attempt,
) -> Result<Usage, AccessRefusal> {
    check_officer(state, at, attempt)?;
    check_requester(state, at, &attempt.requester)?;
    check_attempt(state, at, attempt)?;
    let Some(grant) = state::grant(state, attempt.grant) else {
        return Err(AccessRefusal::NoSuchGrant { grant: attempt.grant });
    };
    check_parties(&grant, attempt)?;
    check_provider(state, at, &attempt.dataset.agency)?;
    let published = dataset_of(state, &grant);
    check_terms_in_force(&grant, &published, at.time)?;
    check_coverage(&grant, attempt)?;
    check_offered(&published.dataset, attempt)?;
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
    match key.end(at.time) {
        Some(KeyEnd::Revoked(at)) => Err(AccessRefusal::OfficerRevoked { at }),
        Some(KeyEnd::Expired(until)) => Err(AccessRefusal::OfficerExpired { until }),
        None => Ok(()),
    }
}

/// The requesting agency must be a member today, and a hosted one within its time.
fn check_requester(
    state: &impl StateRead,
    at: Position,
    requester: &AgencyId,
) -> Result<(), AccessRefusal> {
    match check_membership(state, at, requester) {
        Err(Refusal::AgencyLeft { at, .. }) => Err(AccessRefusal::RequesterLeft { at }),
        Err(Refusal::HostingOver { until, .. }) => {
            Err(AccessRefusal::RequesterHostingOver { until })
        }
        _ => Ok(()),
    }
}

/// So must the provider: nobody could record the access.
fn check_provider(
    state: &impl StateRead,
    at: Position,
    provider: &AgencyId,
) -> Result<(), AccessRefusal> {
    match check_membership(state, at, provider) {
        Err(Refusal::AgencyLeft { at, .. }) => Err(AccessRefusal::ProviderLeft { at }),
        Err(Refusal::HostingOver { until, .. }) => {
            Err(AccessRefusal::ProviderHostingOver { until })
        }
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

/// Whether a grant lets anything through at a position, whoever of its requester's asks for what.
/// Errors: the first reason why it does not, in the order in which [`evaluate`] refuses an access:
/// the requester is a member no more, nor the provider, then what befell the grant and its dataset.
pub fn check_in_force(
    state: &impl StateRead,
    at: Position,
    grant: &Grant,
) -> Result<(), AccessRefusal> {
    check_requester(state, at, &grant.terms.requester)?;
    check_provider(state, at, &grant.terms.dataset.agency)?;
    check_terms_in_force(grant, &dataset_of(state, grant), at.time)
}

fn dataset_of(state: &impl StateRead, grant: &Grant) -> PublishedDataset {
    match state::dataset(state, &grant.terms.dataset) {
        Some(published) => published,
        None => unreachable!("a grant is on a dataset, and objects are never deleted"),
    }
}

/// What is final comes first, so that nobody waits for the end of a suspension on a grant that has
/// ended.
fn check_terms_in_force(
    grant: &Grant,
    published: &PublishedDataset,
    now: TimeMs,
) -> Result<(), AccessRefusal> {
    check_not_ended(grant, published, now)?;
    if let Some(suspension) = grant.suspensions.current() {
        return Err(AccessRefusal::GrantSuspended { at: suspension.at });
    }
    if let Some(suspension) = published.suspensions.current() {
        return Err(AccessRefusal::DatasetSuspended { at: suspension.at });
    }
    if let sharing @ (Sharing::NotShared | Sharing::Unclassified) = published.dataset.sharing {
        return Err(AccessRefusal::DatasetNotShared { sharing });
    }
    if now < grant.terms.not_before {
        return Err(AccessRefusal::GrantNotYetInForce { from: grant.terms.not_before });
    }
    Ok(())
}

fn check_not_ended(
    grant: &Grant,
    published: &PublishedDataset,
    now: TimeMs,
) -> Result<(), AccessRefusal> {
    if let Some(revocation) = &grant.revoked {
        return Err(AccessRefusal::GrantRevoked { at: revocation.at });
    }
    if let Some(withdrawal) = published.withdrawn_since(grant.issued_at) {
        return Err(AccessRefusal::DatasetWithdrawn { at: withdrawal.at });
    }
    if now >= grant.terms.not_after {
        return Err(AccessRefusal::GrantExpired { until: grant.terms.not_after });
    }
    Ok(())
}

/// What is covered by the grant may not be offered any longer.
fn check_offered(dataset: &Dataset, attempt: &Attempt) -> Result<(), AccessRefusal> {
    if let Some(item) = dataset.unlisted(&attempt.items).next() {
        return Err(AccessRefusal::ItemNotListed { item: item.clone() });
    }
    if !dataset.modes.contains(&attempt.mode) {
        return Err(AccessRefusal::ModeNoLongerOffered);
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

//! Issuing, suspending, resuming and revoking grants.
//! Holds: a grant's terms lie within its dataset and the code lists when it is issued.
//! Source: docs/formats.md, "Rules", issue-grant to resume-grant.

use super::{Position, begin, check_membership, codes, datasets, require_sole_signer};
use crate::agency::KeyRole;
use crate::codes::CodeList;
use crate::dataset::{Dataset, Items, Sharing};
use crate::grant::{Grant, GrantTerms, MAX_MATTERS, Revocation};
use crate::ids::{GrantId, RequestId};
use crate::interruption::Interruptions;
use crate::refusal::Refusal;
use crate::state::{self, Changes, StateKey, StateRead};
use crate::statement::StatementSigner;
use crate::text::Text;

pub(super) fn issue(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    terms: &GrantTerms,
) -> Result<Changes, Refusal> {
    require_sole_signer(signers, &terms.dataset.agency, KeyRole::Steward)?;
    grant(state, at, terms, None)
}

/// A grant of these terms, whoever has signed for it.
pub(super) fn grant(
    state: &impl StateRead,
    at: Position,
    terms: &GrantTerms,
    request: Option<RequestId>,
) -> Result<Changes, Refusal> {
    let dataset = datasets::require_published(state, &terms.dataset)?.dataset;
    if let sharing @ (Sharing::NotShared | Sharing::Unclassified) = dataset.sharing {
        return Err(Refusal::NotShareable { sharing });
    }
    check_terms(state, at, &dataset, terms)?;
    let grant = Grant {
        terms: terms.clone(),
        issued_at: at.index,
        request,
        suspensions: Interruptions::default(),
        revoked: None,
    };
    Ok(put(GrantId(at.index), &grant))
}

/// Whether terms on `dataset`, asked for or granted, name what there is.
pub(super) fn check_terms(
    state: &impl StateRead,
    at: Position,
    dataset: &Dataset,
    terms: &GrantTerms,
) -> Result<(), Refusal> {
    check_requester(state, at, terms)?;
    check_purpose(state, terms)?;
    check_scope(dataset, terms)?;
    check_limits(at, terms)
}

fn check_requester(
    state: &impl StateRead,
    at: Position,
    terms: &GrantTerms,
) -> Result<(), Refusal> {
    if terms.requester == terms.dataset.agency {
        return Err(Refusal::GrantToSelf);
    }
    let requester = &terms.requester;
    if state::agency(state, requester).is_none() {
        return Err(Refusal::AgencyUnknown { agency: requester.clone() });
    }
    check_membership(state, at, requester)
}

fn check_purpose(state: &impl StateRead, terms: &GrantTerms) -> Result<(), Refusal> {
    if terms.matters.is_empty() || terms.matters.len() > MAX_MATTERS {
        return Err(Refusal::MatterCount { limit: MAX_MATTERS as u64 });
    }
    for matter in &terms.matters {
        codes::require_in_use(state, CodeList::Matters, matter)?;
    }
    codes::require_in_use(state, CodeList::DutyBases, &terms.duty_basis).map(drop)
}

fn check_scope(dataset: &Dataset, terms: &GrantTerms) -> Result<(), Refusal> {
    if let Items::Only(items) = &terms.items {
        if items.is_empty() {
            return Err(Refusal::NoItems);
        }
        if let Some(item) = dataset.unlisted(&terms.items).next() {
            return Err(Refusal::ItemUnknown { item: item.clone() });
        }
    }
    if terms.modes.is_empty() {
        return Err(Refusal::NoModes);
    }
    match terms.modes.difference(&dataset.modes).next() {
        Some(mode) => Err(Refusal::ModeNotOffered { mode: *mode }),
        None => Ok(()),
    }
}

fn check_limits(at: Position, terms: &GrantTerms) -> Result<(), Refusal> {
    if terms.not_before >= terms.not_after || terms.not_after <= at.time {
        return Err(Refusal::PeriodEmpty);
    }
    if terms.total_quota == Some(0) || terms.daily_quota == Some(0) {
        return Err(Refusal::QuotaZero);
    }
    Ok(())
}

pub(super) fn revoke(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: GrantId,
    reason: &Text<256>,
) -> Result<Changes, Refusal> {
    let mut grant = require_live(state, signers, id)?;
    grant.revoked = Some(Revocation { at: at.index, reason: reason.clone() });
    Ok(put(id, &grant))
}

pub(super) fn suspend(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: GrantId,
    reason: &Text<256>,
) -> Result<Changes, Refusal> {
    let mut grant = require_live(state, signers, id)?;
    if let Some(suspension) = grant.suspensions.current() {
        return Err(Refusal::GrantAlreadySuspended { grant: id, at: suspension.at });
    }
    begin(&mut grant.suspensions, at, reason)?;
    Ok(put(id, &grant))
}

pub(super) fn resume(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: GrantId,
) -> Result<Changes, Refusal> {
    let mut grant = require_live(state, signers, id)?;
    if grant.suspensions.current().is_none() {
        return Err(Refusal::GrantNotSuspended { grant: id });
    }
    grant.suspensions.end(at.index);
    Ok(put(id, &grant))
}

/// The grant, if the signer is its provider's steward and it was not revoked.
fn require_live(
    state: &impl StateRead,
    signers: &[StatementSigner],
    id: GrantId,
) -> Result<Grant, Refusal> {
    let Some(grant) = state::grant(state, id) else {
        return Err(Refusal::GrantUnknown { grant: id });
    };
    require_sole_signer(signers, &grant.terms.dataset.agency, KeyRole::Steward)?;
    match &grant.revoked {
        Some(revocation) => Err(Refusal::GrantAlreadyRevoked { grant: id, at: revocation.at }),
        None => Ok(grant),
    }
}

fn put(id: GrantId, grant: &Grant) -> Changes {
    Changes::of(&StateKey::Grant(id), grant)
}

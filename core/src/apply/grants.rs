//! Issuing, suspending, resuming and revoking grants.
//! Holds: a grant's terms lie within its dataset and the code lists when it is issued.
//! May not enter: how terms bind (see `bindings`); how they change (see `versions`, `onward`).
//! Source: docs/formats.md, "Rules", issue-grant to resume-grant.

use super::{
    Position, approval, begin, bindings, codes, datasets, require_member, require_sole_signer,
    task_forces,
};
use crate::agency::KeyRole;
use crate::codes::CodeList;
use crate::dataset::{Dataset, Items, PublishedDataset, Sharing};
use crate::grant::{Grant, GrantTerms, MAX_MATTERS, Revocation};
use crate::ids::{GrantId, RequestId};
use crate::interruption::Interruptions;
use crate::refusal::{ApprovalRefusal, DutyRefusal, Refusal};
use crate::state::{self, Changes, StateKey, StateRead};
use crate::statement::StatementSigner;
use crate::text::Text;

pub(super) fn issue(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    terms: &GrantTerms,
) -> Result<Changes, Refusal> {
    approved(state, at, signers, terms, None)
}

/// A grant of these terms, approved by whoever has to.
pub(super) fn approved(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    terms: &GrantTerms,
    request: Option<RequestId>,
) -> Result<Changes, Refusal> {
    let dataset = datasets::require_published(state, &terms.dataset)?.dataset;
    approval::require_approval(state, at, signers, &dataset, terms)?;
    check_terms(state, at, &dataset, terms)?;
    Ok(put(GrantId(at.index), &Grant { request, ..new(at, &dataset, terms) }))
}

/// The dataset, if a grant of these terms could be issued on it, whoever has to sign.
pub(super) fn check_grantable(
    state: &impl StateRead,
    at: Position,
    terms: &GrantTerms,
) -> Result<PublishedDataset, Refusal> {
    let published = datasets::require_published(state, &terms.dataset)?;
    if let sharing @ Sharing::Unclassified = published.dataset.sharing {
        return Err(Refusal::NotShareable { sharing });
    }
    check_terms(state, at, &published.dataset, terms)?;
    Ok(published)
}

/// A grant of these terms, which are sound, as it is issued.
pub(super) fn new(at: Position, dataset: &Dataset, terms: &GrantTerms) -> Grant {
    Grant {
        terms: terms.clone(),
        issued_at: at.index,
        request: None,
        suspensions: Interruptions::default(),
        revoked: None,
        issued_on: at.time,
        delivered: None,
        version: 1,
        version_at: at.index,
        parent: None,
        first_use: None,
        fulfilled: Vec::new(),
        sharing: dataset.sharing,
    }
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
    check_limits(at, terms)?;
    check_conditions(dataset, terms)?;
    task_forces::check_terms(state, at, terms)?;
    bindings::check(state, terms)
}

/// No hurdle is invented for one requester: what applies is stated for all.
pub(super) fn check_conditions(dataset: &Dataset, terms: &GrantTerms) -> Result<(), Refusal> {
    let stated = 1..=dataset.stated.len();
    match terms.conditions.iter().find(|number| !stated.contains(&usize::from(**number))) {
        Some(number) => {
            Err(Refusal::Approval(ApprovalRefusal::ConditionNotStated { number: *number }))
        }
        None => Ok(()),
    }
}

fn check_requester(
    state: &impl StateRead,
    at: Position,
    terms: &GrantTerms,
) -> Result<(), Refusal> {
    if terms.requester == terms.dataset.agency {
        return Err(Refusal::GrantToSelf);
    }
    require_member(state, at, &terms.requester).map(drop)
}

fn check_purpose(state: &impl StateRead, terms: &GrantTerms) -> Result<(), Refusal> {
    check_count(terms)?;
    for matter in &terms.matters {
        codes::require_in_use(state, CodeList::Matters, matter)?;
    }
    codes::require_in_use(state, CodeList::DutyBases, &terms.duty_basis).map(drop)
}

fn check_count(terms: &GrantTerms) -> Result<(), Refusal> {
    if terms.matters.is_empty() || terms.matters.len() > MAX_MATTERS {
        return Err(Refusal::MatterCount { limit: MAX_MATTERS as u64 });
    }
    Ok(())
}

/// Whether terms that lie within a grant's leave anything of it, whatever became of its dataset
/// and of the codes.
pub(super) fn check_what_is_left(at: Position, terms: &GrantTerms) -> Result<(), Refusal> {
    check_count(terms)?;
    if matches!(&terms.items, Items::Only(items) if items.is_empty()) {
        return Err(Refusal::NoItems);
    }
    if terms.modes.is_empty() {
        return Err(Refusal::NoModes);
    }
    check_limits(at, terms)
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
    let mut grant = find(state, id)?;
    // Whose data it is can end at any time what was passed on.
    require_sole_signer(signers, &grant.terms.dataset.agency, KeyRole::Steward)
        .or_else(|_| require_grantor(state, signers, &grant))?;
    require_not_revoked(id, &grant)?;
    grant.revoked = Some(Revocation { at: at.index, reason: reason.clone(), on: at.time });
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
    grant.suspensions.end(at.mark());
    Ok(put(id, &grant))
}

/// The provider's word that the data is ready.
pub(super) fn deliver(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: GrantId,
) -> Result<Changes, Refusal> {
    let mut grant = find(state, id)?;
    approval::require_provider(state, signers, &grant.terms.dataset, KeyRole::Steward)?;
    require_not_revoked(id, &grant)?;
    if let Some(delivered) = grant.delivered {
        return Err(Refusal::Duty(DutyRefusal::Delivered { grant: id, at: delivered.at }));
    }
    if at.time >= grant.terms.not_after {
        let until = grant.terms.not_after;
        return Err(Refusal::Duty(DutyRefusal::DeliveryOver { grant: id, until }));
    }
    grant.delivered = Some(at.mark());
    Ok(put(id, &grant))
}

/// The grant.
pub(super) fn find(state: &impl StateRead, id: GrantId) -> Result<Grant, Refusal> {
    state::grant(state, id).ok_or(Refusal::GrantUnknown { grant: id })
}

/// The grant, if the signer is a steward of who granted it and it was not revoked.
pub(super) fn require_live(
    state: &impl StateRead,
    signers: &[StatementSigner],
    id: GrantId,
) -> Result<Grant, Refusal> {
    let grant = find(state, id)?;
    require_grantor(state, signers, &grant)?;
    require_not_revoked(id, &grant)?;
    Ok(grant)
}

fn require_grantor(
    state: &impl StateRead,
    signers: &[StatementSigner],
    grant: &Grant,
) -> Result<(), Refusal> {
    require_sole_signer(signers, &state::grantor(state, grant), KeyRole::Steward)
}

pub(super) fn require_not_revoked(id: GrantId, grant: &Grant) -> Result<(), Refusal> {
    match &grant.revoked {
        Some(revocation) => Err(Refusal::GrantAlreadyRevoked { grant: id, at: revocation.at }),
        None => Ok(()),
    }
}

pub(super) fn put(id: GrantId, grant: &Grant) -> Changes {
    Changes::of(&StateKey::Grant(id), grant)
}

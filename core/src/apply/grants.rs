//! Issuing and revoking grants.
//! Holds: a grant's terms lie within its dataset and the code lists when it is issued.
//! Source: docs/formats.md, "Rules", issue-grant and revoke-grant.

use super::{Position, require_sole_signer};
use crate::agency::KeyRole;
use crate::dataset::{Dataset, Items, Sharing};
use crate::genesis::CodeEntry;
use crate::grant::{Grant, GrantTerms, MAX_MATTERS, Revocation};
use crate::ids::GrantId;
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
    let Some(published) = state::dataset(state, &terms.dataset) else {
        return Err(Refusal::DatasetUnknown { dataset: terms.dataset.clone() });
    };
    check_requester(state, terms)?;
    check_purpose(state, terms)?;
    check_scope(&published.dataset, terms)?;
    check_limits(at, terms)?;
    let mut changes = Changes::default();
    let grant = Grant { terms: terms.clone(), issued_at: at.index, revoked: None };
    changes.put(&StateKey::Grant(GrantId(at.index)), &grant);
    Ok(changes)
}

fn check_requester(state: &impl StateRead, terms: &GrantTerms) -> Result<(), Refusal> {
    if terms.requester == terms.dataset.agency {
        return Err(Refusal::GrantToSelf);
    }
    match state::agency(state, &terms.requester) {
        Some(_) => Ok(()),
        None => Err(Refusal::AgencyUnknown { agency: terms.requester.clone() }),
    }
}

fn check_purpose(state: &impl StateRead, terms: &GrantTerms) -> Result<(), Refusal> {
    if terms.matters.is_empty() || terms.matters.len() > MAX_MATTERS {
        return Err(Refusal::MatterCount { limit: MAX_MATTERS as u64 });
    }
    let listed = |key| state::read::<CodeEntry>(state, &key).is_some();
    if let Some(matter) = terms.matters.iter().find(|m| !listed(StateKey::Matter(m))) {
        return Err(Refusal::MatterUnknown { matter: matter.clone() });
    }
    if !listed(StateKey::DutyBasis(&terms.duty_basis)) {
        return Err(Refusal::BasisUnknown { basis: terms.duty_basis.clone() });
    }
    Ok(())
}

fn check_scope(dataset: &Dataset, terms: &GrantTerms) -> Result<(), Refusal> {
    let sharing = dataset.sharing;
    if matches!(sharing, Sharing::NotShared | Sharing::Unclassified) {
        return Err(Refusal::NotShareable { sharing });
    }
    if let Items::Only(items) = &terms.items {
        if items.is_empty() {
            return Err(Refusal::NoItems);
        }
        let unknown = items.iter().find(|item| !dataset.items.iter().any(|i| i.name == **item));
        if let Some(item) = unknown {
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
    let Some(mut grant) = state::grant(state, id) else {
        return Err(Refusal::GrantUnknown { grant: id });
    };
    require_sole_signer(signers, &grant.terms.dataset.agency, KeyRole::Steward)?;
    if let Some(revocation) = grant.revoked {
        return Err(Refusal::GrantAlreadyRevoked { grant: id, at: revocation.at });
    }
    grant.revoked = Some(Revocation { at: at.index, reason: reason.clone() });
    let mut changes = Changes::default();
    changes.put(&StateKey::Grant(id), &grant);
    Ok(changes)
}

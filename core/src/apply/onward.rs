//! Passing a grant on, one level down.
//! Holds: when it is issued, a derived grant permits nothing that the one above it does not.
//! Source: docs/formats.md, "Rules", issue-onward.

use super::accesses::check_in_force;
use super::{Position, grants, require_sole_signer};
use crate::access::AccessRefusal;
use crate::agency::KeyRole;
use crate::grant::{Grant, GrantTerms};
use crate::ids::GrantId;
use crate::refusal::{GrantRefusal, Refusal};
use crate::state::{Changes, StateRead};
use crate::statement::StatementSigner;

pub(super) fn issue(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    parent: GrantId,
    terms: &GrantTerms,
) -> Result<Changes, Refusal> {
    require_allowed(state, at, signers, parent, terms)?;
    let dataset = grants::check_grantable(state, at, terms)?.dataset;
    // What it was shared as when the one above it was approved goes on.
    let sharing = grants::find(state, parent)?.sharing;
    let grant = Grant { parent: Some(parent), sharing, ..grants::new(at, &dataset, terms) };
    Ok(grants::put(GrantId(at.index), &grant))
}

/// The steward of the requester of `parent` has signed, and a grant of these terms may be derived
/// from it.
pub(super) fn require_allowed(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    parent: GrantId,
    terms: &GrantTerms,
) -> Result<(), Refusal> {
    let above = grants::find(state, parent)?;
    require_sole_signer(signers, &above.terms.requester, KeyRole::Steward)?;
    if let Some(origin) = above.parent {
        return Err(Refusal::Grant(GrantRefusal::OnwardOfOnward { parent, origin }));
    }
    check_in_force(state, at, &above)
        .map_err(|because| Refusal::Access(AccessRefusal::of_parent(parent, &because)))?;
    check_within(parent, &above, terms).map_err(Refusal::Grant)
}

fn check_within(parent: GrantId, above: &Grant, terms: &GrantTerms) -> Result<(), GrantRefusal> {
    if !above.terms.onward.contains(&terms.requester) {
        let agency = terms.requester.clone();
        return Err(GrantRefusal::OnwardNotAllowed { parent, agency });
    }
    if !terms.onward.is_empty() {
        return Err(GrantRefusal::OnwardAgain);
    }
    match terms.beyond(&above.terms.passed_on_to(&terms.requester)) {
        Some(field) => Err(GrantRefusal::OnwardBeyond { parent, field }),
        None => Ok(()),
    }
}

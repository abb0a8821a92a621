//! Changing a grant's terms: narrowing, by who granted alone; extending, by a new approval.
//! Holds: each version stays; what was undertaken stays at its place.
//! Source: docs/formats.md, "Rules", narrow-grant and extend-grant.

use super::{Position, approval, bindings, datasets, grants, onward};
use crate::grant::{Grant, GrantTerms, GrantVersion, TermField};
use crate::ids::GrantId;
use crate::refusal::{GrantRefusal, Refusal};
use crate::state::{self, Changes, StateKey, StateRead};
use crate::statement::StatementSigner;

pub(super) fn narrow(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: GrantId,
    terms: &GrantTerms,
    version: u32,
) -> Result<Changes, Refusal> {
    let grant = grants::require_live(state, signers, id)?;
    check_change(at, &grant, terms, version).map_err(Refusal::Grant)?;
    if let Some(field) = terms.beyond(&grant.terms) {
        return Err(Refusal::Grant(GrantRefusal::NarrowingBeyond { field }));
    }
    if terms.undertakings != grant.terms.undertakings {
        return Err(Refusal::Grant(GrantRefusal::UndertakingsKept { grant: id }));
    }
    grants::check_what_is_left(at, terms)?;
    bindings::check_officers(state, terms).map_err(Refusal::Grant)?;
    if let Some(published) = state::dataset(state, &terms.dataset) {
        grants::check_conditions(&published.dataset, terms)?;
    }
    Ok(replace(at, grant, terms))
}

pub(super) fn extend(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: GrantId,
    terms: &GrantTerms,
    version: u32,
) -> Result<Changes, Refusal> {
    let grant = grants::find(state, id)?;
    check_parties(&grant, terms).map_err(Refusal::Grant)?;
    match grant.parent {
        None => {
            let dataset = datasets::require_published(state, &terms.dataset)?.dataset;
            approval::require_approval(state, at, signers, &dataset, terms)?;
        }
        Some(parent) => onward::require_allowed(state, at, signers, parent, terms)?,
    }
    grants::require_not_revoked(id, &grant)?;
    check_change(at, &grant, terms, version).map_err(Refusal::Grant)?;
    if !terms.undertakings.starts_with(&grant.terms.undertakings) {
        return Err(Refusal::Grant(GrantRefusal::UndertakingsKept { grant: id }));
    }
    let published = grants::check_grantable(state, at, terms)?;
    // A dataset that was published again does not bring back what ended with it.
    if let Some(withdrawal) = published.withdrawn_since(grant.issued_at) {
        let (dataset, at) = (terms.dataset.clone(), withdrawal.at);
        return Err(Refusal::DatasetGone { dataset, at });
    }
    // It was approved anew, and of a derived one the one above it says what it went as.
    let sharing = if grant.parent.is_none() { published.dataset.sharing } else { grant.sharing };
    Ok(replace(at, Grant { sharing, ..grant }, terms))
}

/// An extension is for the same two.
fn check_parties(grant: &Grant, terms: &GrantTerms) -> Result<(), GrantRefusal> {
    let other = [
        (TermField::Dataset, terms.dataset != grant.terms.dataset),
        (TermField::Requester, terms.requester != grant.terms.requester),
        (TermField::TaskForce, terms.task_force != grant.terms.task_force),
    ];
    match other.into_iter().find(|(_, is_other)| *is_other) {
        Some((field, _)) => Err(GrantRefusal::ExtensionOfOther { field }),
        None => Ok(()),
    }
}

fn check_change(
    at: Position,
    grant: &Grant,
    terms: &GrantTerms,
    version: u32,
) -> Result<(), GrantRefusal> {
    let id = GrantId(grant.issued_at);
    if at.time >= grant.terms.not_after {
        return Err(GrantRefusal::GrantOver { grant: id, until: grant.terms.not_after });
    }
    if grant.version != version {
        let (version, at) = (grant.version, grant.version_at);
        return Err(GrantRefusal::GrantChanged { grant: id, version, at });
    }
    if grant.terms == *terms {
        return Err(GrantRefusal::GrantUnchanged { grant: id });
    }
    Ok(())
}

/// A new version, with the earlier one beside it.
fn replace(at: Position, earlier: Grant, terms: &GrantTerms) -> Changes {
    let (id, version) = (GrantId(earlier.issued_at), earlier.version);
    let replaced = GrantVersion { terms: earlier.terms.clone(), version_at: earlier.version_at };
    let (terms, version_at) = (terms.clone(), at.index);
    let mut changes =
        grants::put(id, &Grant { terms, version: version + 1, version_at, ..earlier });
    changes.put(&StateKey::GrantVersion(id, version), &replaced);
    changes
}

//! Whose signatures let data go from one agency to another.
//! Holds: no one signs for both sides; the weightier the data, the more stewards; what is not shared,
//! and the core of it, never goes without whoever oversees sharing.
//! Source: docs/formats.md, "Rules", issue-grant.

use super::{Position, acting, check_membership, require_signers, require_sole_signer};
use crate::agency::KeyRole;
use crate::dataset::{Dataset, Grade, Sharing};
use crate::governance::Office;
use crate::grant::GrantTerms;
use crate::ids::DatasetId;
use crate::refusal::{ApprovalRefusal, Refusal};
use crate::rule_pack::rules_at;
use crate::state::{self, StateRead};
use crate::statement::StatementSigner;
use crate::text::AgencyId;

/// The act lets `terms.requester` have data of `dataset`: it needs exactly the signatures that
/// these terms ask for.
pub(super) fn require_approval(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    dataset: &Dataset,
    terms: &GrantTerms,
) -> Result<(), Refusal> {
    if dataset.sharing == Sharing::Unclassified {
        return Err(Refusal::NotShareable { sharing: dataset.sharing });
    }
    let agency = &terms.requester;
    if *agency == dataset.id.agency {
        return Err(Refusal::GrantToSelf);
    }
    if signers.iter().any(|signer| signer.agency == *agency) {
        let agency = agency.clone();
        return Err(Refusal::Approval(ApprovalRefusal::BothSides { agency }));
    }
    let stewards = stewards_needed(state, at, dataset, terms)?;
    if let [steward] = stewards.as_slice() {
        return require_sole_signer(signers, steward, KeyRole::Steward);
    }
    let needed: Vec<_> = stewards.iter().map(|agency| (agency, KeyRole::Steward)).collect();
    require_signers(signers, &needed)
}

/// The agencies whose stewards sign, each as often as it needs distinct keys. Every capacity has a
/// key of its own, also where one agency has several.
fn stewards_needed(
    state: &impl StateRead,
    at: Position,
    dataset: &Dataset,
    terms: &GrantTerms,
) -> Result<Vec<AgencyId>, Refusal> {
    let rules = rules_at(state, at.time);
    let count = match dataset.grade {
        Grade::General => 1,
        Grade::Important => rules.stewards_important,
        Grade::Core => rules.stewards_core,
    };
    let decides = dataset.decided_by(&terms.requester);
    let mut needed = vec![decides.clone(); usize::from(count)];
    if dataset.grade == Grade::Core || dataset.sharing == Sharing::NotShared {
        needed.push(overseer(state, terms)?);
    }
    needed.extend(sponsor(state, at, &terms.requester)?);
    Ok(needed)
}

/// Who oversees what an agency is given: the competent authority, and of the authority itself the
/// supervisor.
fn overseer(state: &impl StateRead, terms: &GrantTerms) -> Result<AgencyId, Refusal> {
    let authority = state::require_competent_authority(state);
    let force = state::task_force_of(state, terms);
    let receives =
        authority == terms.requester || force.is_some_and(|force| force.concerns(&authority));
    if !receives {
        return Ok(authority);
    }
    let supervisor = state::office(state, Office::Supervisor).into_iter().next();
    supervisor.ok_or(Refusal::Approval(ApprovalRefusal::NoOverseer { agency: authority }))
}

/// Who answers for a requester that is no public body.
fn sponsor(
    state: &impl StateRead,
    at: Position,
    requester: &AgencyId,
) -> Result<Option<AgencyId>, Refusal> {
    let Some(agency) = state::agency(state, requester).filter(|agency| !agency.kind.is_public())
    else {
        return Ok(None);
    };
    let Some(sponsor) = agency.answered_for_by() else {
        let agency = requester.clone();
        return Err(Refusal::Approval(ApprovalRefusal::SponsorMissing { agency }));
    };
    check_membership(state, at, sponsor)?;
    Ok(Some(sponsor.clone()))
}

/// The signer must be a steward of whoever decides what `requester` does with the dataset.
pub(super) fn require_decider(
    state: &impl StateRead,
    signers: &[StatementSigner],
    terms: &GrantTerms,
) -> Result<(), Refusal> {
    let published = state::dataset(state, &terms.dataset);
    let decides = published.as_ref().map(|p| p.dataset.decided_by(&terms.requester));
    require_sole_signer(signers, decides.unwrap_or(&terms.dataset.agency), KeyRole::Steward)
}

/// The signer must be the owner's or the manager's, in `role`: both have the data.
pub(super) fn require_provider(
    state: &impl StateRead,
    signers: &[StatementSigner],
    dataset: &DatasetId,
    role: KeyRole,
) -> Result<(), Refusal> {
    let owner = &dataset.agency;
    let signing = acting(signers);
    // Gateways sign by far the most records, and nearly all of them for the owner.
    if signing == owner {
        return require_sole_signer(signers, owner, role);
    }
    let manager = state::dataset(state, dataset).and_then(|published| published.dataset.manager);
    let provider = manager.as_ref().filter(|manager| *manager == signing).unwrap_or(owner);
    require_sole_signer(signers, provider, role)
}

/// Whether an officer's well-formed request is granted by rule, without anybody's decision.
pub(super) fn is_granted_by_rule(
    state: &impl StateRead,
    dataset: &Dataset,
    requester: &AgencyId,
) -> bool {
    dataset.sharing == Sharing::Unconditional
        && dataset.grade == Grade::General
        && state::agency(state, requester).is_some_and(|agency| agency.kind.is_public())
}

//! Forming, joining, leaving and ending task forces, and what may be granted to them.
//! Holds: nobody is a member against its word; a task force is granted nothing beyond its own matter
//! and time.
//! Source: docs/formats.md, "Rules", form-task-force to end-task-force.

use std::collections::BTreeMap;

use super::codes::require_in_use;
use super::{Position, acting, require_member, require_sole_signer};
use crate::agency::KeyRole;
use crate::codes::CodeList;
use crate::grant::{GrantTerms, TermField};
use crate::ids::TaskForceId;
use crate::refusal::{Refusal, TaskForceRefusal};
use crate::state::{self, Changes, StateKey, StateRead};
use crate::statement::StatementSigner;
use crate::task_force::{
    Leaving, MAX_TASK_FORCE, MAX_TASK_FORCE_MS, Membership, TaskForce, TaskForceEnd, TaskForceTerms,
};
use crate::text::{AgencyId, Text};

pub(super) fn refuse<T>(refusal: TaskForceRefusal) -> Result<T, Refusal> {
    Err(Refusal::TaskForce(refusal))
}

pub(super) fn form(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    terms: &TaskForceTerms,
) -> Result<Changes, Refusal> {
    require_sole_signer(signers, &terms.lead, KeyRole::Steward)?;
    require_text(terms.title.as_str())?;
    let size = 1 + terms.invited.len();
    if !(2..=MAX_TASK_FORCE).contains(&size) {
        return refuse(TaskForceRefusal::TaskForceSize { limit: MAX_TASK_FORCE as u64 });
    }
    require_fit(state, at, &terms.lead)?;
    for agency in &terms.invited {
        if *agency == terms.lead {
            return refuse(TaskForceRefusal::InTaskForce { agency: agency.clone() });
        }
        require_fit(state, at, agency)?;
    }
    require_in_use(state, CodeList::Matters, &terms.matter)?;
    require_in_use(state, CodeList::DutyBases, &terms.duty_basis)?;
    let latest = at.time.plus(MAX_TASK_FORCE_MS);
    if terms.until <= at.time || terms.until > latest {
        return refuse(TaskForceRefusal::TaskForcePeriod { latest });
    }
    let lead = Membership {
        agency: terms.lead.clone(),
        invited_at: at.index,
        joined: at.mark(),
        left: None,
    };
    let invited: BTreeMap<_, _> =
        terms.invited.iter().map(|agency| (agency.clone(), at.index)).collect();
    Ok(put(&TaskForce {
        terms: terms.clone(),
        formed_at: at.index,
        formed_on: at.time,
        invited,
        memberships: vec![lead],
        ended: None,
    }))
}

pub(super) fn invite(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: TaskForceId,
    agency: &AgencyId,
) -> Result<Changes, Refusal> {
    let mut force = require_led(state, at, signers, id)?;
    if force.membership(agency).is_some() || force.invited.contains_key(agency) {
        return refuse(TaskForceRefusal::InTaskForce { agency: agency.clone() });
    }
    require_fit(state, at, agency)?;
    if force.size() >= MAX_TASK_FORCE {
        return refuse(TaskForceRefusal::TaskForceSize { limit: MAX_TASK_FORCE as u64 });
    }
    force.invited.insert(agency.clone(), at.index);
    Ok(put(&force))
}

pub(super) fn exclude(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: TaskForceId,
    (agency, reason): (&AgencyId, &Text<256>),
) -> Result<Changes, Refusal> {
    let mut force = require_led(state, at, signers, id)?;
    require_text(reason.as_str())?;
    // Who had not joined yet was not there: nothing of that is kept but the entry.
    if force.invited.remove(agency).is_none() {
        let by = force.terms.lead.clone();
        end_membership(&mut force, at, agency, (&by, reason))?;
    }
    Ok(put(&force))
}

pub(super) fn join(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: TaskForceId,
) -> Result<Changes, Refusal> {
    let agency = acting(signers);
    require_sole_signer(signers, agency, KeyRole::Steward)?;
    let mut force = require_alive(state, at, id)?;
    let agency = agency.clone();
    let Some(invited_at) = force.invited.remove(&agency) else {
        return refuse(TaskForceRefusal::NotInvited { task_force: id, agency });
    };
    force.memberships.push(Membership { agency, invited_at, joined: at.mark(), left: None });
    Ok(put(&force))
}

pub(super) fn leave(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: TaskForceId,
    reason: &Text<256>,
) -> Result<Changes, Refusal> {
    let agency = acting(signers);
    require_sole_signer(signers, agency, KeyRole::Steward)?;
    let mut force = require_alive(state, at, id)?;
    require_text(reason.as_str())?;
    end_membership(&mut force, at, agency, (agency, reason))?;
    Ok(put(&force))
}

pub(super) fn end(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: TaskForceId,
    reason: &Text<256>,
) -> Result<Changes, Refusal> {
    let mut force = require_led(state, at, signers, id)?;
    require_text(reason.as_str())?;
    force.ended = Some(TaskForceEnd { mark: at.mark(), reason: reason.clone() });
    Ok(put(&force))
}

/// Whether terms, asked for or granted, lie within the task force that they name, if they name one.
pub(super) fn check_terms(
    state: &impl StateRead,
    at: Position,
    terms: &GrantTerms,
) -> Result<(), Refusal> {
    let Some(id) = terms.task_force else { return Ok(()) };
    let force = require_alive(state, at, id)?;
    let own = &force.terms;
    let beyond = [
        (TermField::Requester, terms.requester != own.lead),
        (TermField::Matters, !terms.matters.iter().eq([&own.matter])),
        (TermField::DutyBasis, terms.duty_basis != own.duty_basis),
        (TermField::Period, terms.not_after > own.until),
        // Members use it themselves; nobody else does.
        (TermField::Onward, !terms.onward.is_empty()),
    ];
    match beyond.into_iter().find(|(_, is_beyond)| *is_beyond) {
        Some((field, _)) => refuse(TaskForceRefusal::BeyondTaskForce { task_force: id, field }),
        None => Ok(()),
    }
}

/// The task force.
pub(super) fn require(state: &impl StateRead, id: TaskForceId) -> Result<TaskForce, Refusal> {
    let unknown = Refusal::TaskForce(TaskForceRefusal::TaskForceUnknown { task_force: id });
    state::task_force(state, id).ok_or(unknown)
}

fn require_alive(
    state: &impl StateRead,
    at: Position,
    id: TaskForceId,
) -> Result<TaskForce, Refusal> {
    refuse_over(at, require(state, id)?)
}

/// The same task force, if it is not over.
fn refuse_over(at: Position, force: TaskForce) -> Result<TaskForce, Refusal> {
    if force.is_over(at.time) {
        let (task_force, since) = (TaskForceId(force.formed_at), force.ends());
        return refuse(TaskForceRefusal::TaskForceOver { task_force, since });
    }
    Ok(force)
}

/// The task force, if the signer is its lead's steward and it is not over.
fn require_led(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: TaskForceId,
) -> Result<TaskForce, Refusal> {
    let force = require(state, id)?;
    require_sole_signer(signers, &force.terms.lead, KeyRole::Steward)?;
    refuse_over(at, force)
}

/// Who may be a member: a public body that is in the consortium today. Of any other agency a sponsor
/// signs for each grant.
fn require_fit(state: &impl StateRead, at: Position, id: &AgencyId) -> Result<(), Refusal> {
    if !require_member(state, at, id)?.kind.is_public() {
        return refuse(TaskForceRefusal::MemberNotPublic { agency: id.clone() });
    }
    Ok(())
}

fn end_membership(
    force: &mut TaskForce,
    at: Position,
    agency: &AgencyId,
    (by, reason): (&AgencyId, &Text<256>),
) -> Result<(), Refusal> {
    let id = TaskForceId(force.formed_at);
    if force.terms.lead == *agency {
        return refuse(TaskForceRefusal::LeadStays { task_force: id });
    }
    let mut memberships = force.memberships.iter_mut();
    let Some(membership) = memberships.find(|one| one.agency == *agency && one.left.is_none())
    else {
        let agency = agency.clone();
        return refuse(TaskForceRefusal::NotInTaskForce { task_force: id, agency });
    };
    membership.left = Some(Leaving { mark: at.mark(), by: by.clone(), reason: reason.clone() });
    Ok(())
}

fn require_text(text: &str) -> Result<(), Refusal> {
    if text.is_empty() {
        return refuse(TaskForceRefusal::TaskForceTextEmpty);
    }
    Ok(())
}

fn put(force: &TaskForce) -> Changes {
    Changes::of(&StateKey::TaskForce(TaskForceId(force.formed_at)), force)
}

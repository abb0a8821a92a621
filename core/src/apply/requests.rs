//! Opening, answering, withdrawing and urging requests.
//! Holds: a request asks only for what could be granted; an approval grants no more than was
//! asked; a request is answered once.
//! Source: docs/formats.md, "Rules", open-request to urge-request.

use super::{Position, approval, check_membership, datasets, grants, params, require_sole_signer};
use crate::agency::KeyRole;
use crate::duty;
use crate::grant::{Grant, GrantTerms};
use crate::ids::{GrantId, RequestId};
use crate::refusal::{DutyRefusal, Refusal};
use crate::request::{Extension, Outcome, Reply, Request, RequestTerms, Urging};
use crate::rule_pack::{Clock, rules_at};
use crate::state::{self, Changes, StateKey, StateRead};
use crate::statement::StatementSigner;
use crate::text::Text;

pub(super) fn open(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    terms: &RequestTerms,
) -> Result<Changes, Refusal> {
    let asked = &terms.asked;
    require_sole_signer(signers, &asked.requester, KeyRole::Officer)?;
    let dataset = datasets::require_published(state, &asked.dataset)?.dataset;
    let decided_by = dataset.decided_by(&asked.requester).clone();
    // Who has left answers nobody.
    check_membership(state, at, &asked.dataset.agency)?;
    check_membership(state, at, &decided_by)?;
    // What no steward has classified yet may be asked for: the request makes one do it.
    grants::check_terms(state, at, &dataset, asked)?;
    if terms.once && asked.total_quota != Some(1) {
        return Err(Refusal::OnceQuota);
    }
    if terms.needed_by.is_some_and(|by| by <= at.time) {
        return Err(Refusal::NeededByOver);
    }
    let [signer] = signers else { unreachable!("exactly one signer was required") };
    let by_rule = approval::is_granted_by_rule(state, &dataset, &asked.requester);
    let id = RequestId(at.index);
    let request = Request {
        terms: terms.clone(),
        opened_at: at.index,
        opened_by: signer.key,
        opened_on: at.time,
        urging: Urging::default(),
        reply: None,
        sharing: dataset.sharing,
        reviewer: rules_at(state, at.time)
            .days(Clock::ComplianceReview)
            .filter(|_| !by_rule)
            .map(|_| state::require_competent_authority(state)),
        reviewed: None,
        extension: None,
        decided_by,
        earlier: Vec::new(),
    };
    if !by_rule {
        return Ok(put(id, &request));
    }
    let grant = Grant { request: Some(id), ..grants::new(at, &dataset, asked) };
    let mut changes = grants::put(GrantId(at.index), &grant);
    changes.extend(close(at, id, request, Outcome::Approved { grant: GrantId(at.index), by_rule }));
    Ok(changes)
}

pub(super) fn approve(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: RequestId,
    terms: &GrantTerms,
) -> Result<Changes, Refusal> {
    let request = find(state, id)?;
    require_open(id, &request)?;
    if let Some(field) = terms.beyond(&request.terms.asked) {
        return Err(Refusal::GrantBeyondRequest { field });
    }
    let mut changes = grants::approved(state, at, signers, terms, Some(id))?;
    let outcome = Outcome::Approved { grant: GrantId(at.index), by_rule: false };
    changes.extend(close(at, id, request, outcome));
    Ok(changes)
}

pub(super) fn refuse(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: RequestId,
    legal_basis: &Text<256>,
    reason: &Text<512>,
) -> Result<Changes, Refusal> {
    let request = find(state, id)?;
    approval::require_decider(state, signers, &request.terms.asked)?;
    require_open(id, &request)?;
    if legal_basis.as_str().is_empty() {
        return Err(Refusal::RefusalWithoutBasis);
    }
    if reason.as_str().is_empty() {
        return Err(Refusal::RefusalWithoutReason);
    }
    let (legal_basis, reason) = (legal_basis.clone(), reason.clone());
    Ok(close(at, id, request, Outcome::Refused { legal_basis, reason }))
}

pub(super) fn withdraw(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: RequestId,
    reason: &Text<256>,
) -> Result<Changes, Refusal> {
    let request = find(state, id)?;
    require_sole_signer(signers, &request.terms.asked.requester, KeyRole::Officer)?;
    require_open(id, &request)?;
    Ok(close(at, id, request, Outcome::Withdrawn { reason: reason.clone() }))
}

pub(super) fn urge(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: RequestId,
) -> Result<Changes, Refusal> {
    let mut request = find(state, id)?;
    require_sole_signer(signers, &request.terms.asked.requester, KeyRole::Officer)?;
    require_open(id, &request)?;
    let day = at.time.day(params(state).day_offset_minutes);
    let Urging { count, last_at, last_day } = request.urging;
    if let Some(at) = last_at.filter(|_| last_day == day) {
        return Err(Refusal::UrgedToday { at });
    }
    request.urging = Urging { count: count + 1, last_at: Some(at.index), last_day: day };
    Ok(put(id, &request))
}

/// The review of a request's form: nothing amiss, or sent back for what is.
pub(super) fn review(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: RequestId,
    fault: &Text<256>,
) -> Result<Changes, Refusal> {
    let mut request = find(state, id)?;
    let Some(reviewer) = &request.reviewer else {
        return Err(Refusal::Duty(DutyRefusal::NoReview { request: id }));
    };
    require_sole_signer(signers, reviewer, KeyRole::Steward)?;
    require_open(id, &request)?;
    if let Some(reviewed) = request.reviewed {
        return Err(Refusal::Duty(DutyRefusal::Reviewed { request: id, at: reviewed.at }));
    }
    if !fault.as_str().is_empty() {
        return Ok(close(at, id, request, Outcome::Returned { reason: fault.clone() }));
    }
    request.reviewed = Some(at.mark());
    Ok(put(id, &request))
}

/// More days for a reply: once, before it is due, and no more than the rules of its day allow.
pub(super) fn extend(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: RequestId,
    days: u16,
    reason: &Text<256>,
) -> Result<Changes, Refusal> {
    let mut request = find(state, id)?;
    approval::require_decider(state, signers, &request.terms.asked)?;
    require_open(id, &request)?;
    check_extension(state, at, &request, days, reason).map_err(Refusal::Duty)?;
    request.extension = Some(Extension { at: at.index, days, reason: reason.clone() });
    Ok(put(id, &request))
}

fn check_extension(
    state: &impl StateRead,
    at: Position,
    request: &Request,
    days: u16,
    reason: &Text<256>,
) -> Result<(), DutyRefusal> {
    let request_id = RequestId(request.opened_at);
    if let Some(extension) = &request.extension {
        return Err(DutyRefusal::Extended { request: request_id, at: extension.at });
    }
    let limit = rules_at(state, request.opened_on).days(Clock::ReplyExtension).unwrap_or_default();
    if days == 0 || days > limit {
        return Err(DutyRefusal::ExtensionDays { limit });
    }
    if reason.as_str().is_empty() {
        return Err(DutyRefusal::ExtensionWithoutReason);
    }
    match duty::reply_due(state, request) {
        None => Err(DutyRefusal::NoReplyClock { request: request_id }),
        Some(due) if at.time >= due => Err(DutyRefusal::ReplyLapsed { request: request_id, due }),
        Some(_) => Ok(()),
    }
}

fn find(state: &impl StateRead, id: RequestId) -> Result<Request, Refusal> {
    state::request(state, id).ok_or(Refusal::RequestUnknown { request: id })
}

fn require_open(id: RequestId, request: &Request) -> Result<(), Refusal> {
    match &request.reply {
        Some(reply) => Err(Refusal::RequestClosed { request: id, at: reply.at }),
        None => Ok(()),
    }
}

fn close(at: Position, id: RequestId, request: Request, outcome: Outcome) -> Changes {
    let reply = Some(Reply { at: at.index, on: at.time, outcome });
    put(id, &Request { reply, ..request })
}

fn put(id: RequestId, request: &Request) -> Changes {
    Changes::of(&StateKey::Request(id), request)
}

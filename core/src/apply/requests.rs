//! Opening, answering, withdrawing and urging requests.
//! Holds: a request asks only for what could be granted; an approval grants no more than was
//! asked; a request is answered once.
//! Source: docs/formats.md, "Rules", open-request to urge-request.

use super::{Position, check_membership, datasets, grants, params, require_sole_signer};
use crate::agency::KeyRole;
use crate::dataset::Sharing;
use crate::grant::GrantTerms;
use crate::ids::{GrantId, RequestId};
use crate::refusal::Refusal;
use crate::request::{Outcome, Reply, Request, RequestTerms, Urging};
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
    // Who has left answers nobody.
    check_membership(state, at, &asked.dataset.agency)?;
    // What no steward has classified yet may be asked for: the request makes one do it.
    if dataset.sharing == Sharing::NotShared {
        return Err(Refusal::NotShareable { sharing: dataset.sharing });
    }
    grants::check_terms(state, at, &dataset, asked)?;
    if terms.once && asked.total_quota != Some(1) {
        return Err(Refusal::OnceQuota);
    }
    if terms.needed_by.is_some_and(|by| by <= at.time) {
        return Err(Refusal::NeededByOver);
    }
    let [signer] = signers else { unreachable!("exactly one signer was required") };
    let request = Request {
        terms: terms.clone(),
        opened_at: at.index,
        opened_by: signer.key,
        opened_on: at.time,
        urging: Urging::default(),
        reply: None,
    };
    Ok(put(RequestId(at.index), &request))
}

pub(super) fn approve(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: RequestId,
    terms: &GrantTerms,
) -> Result<Changes, Refusal> {
    let request = find(state, id)?;
    let asked = &request.terms.asked;
    require_sole_signer(signers, &asked.dataset.agency, KeyRole::Steward)?;
    require_open(id, &request)?;
    if let Some(field) = terms.beyond(asked) {
        return Err(Refusal::GrantBeyondRequest { field });
    }
    let mut changes = grants::grant(state, at, terms, Some(id))?;
    let outcome = Outcome::Approved { grant: GrantId(at.index) };
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
    let provider = &request.terms.asked.dataset.agency;
    require_sole_signer(signers, provider, KeyRole::Steward)?;
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

//! Opening, handing over and answering check requests, and correcting what they find.
//! Holds: whoever is asked first answers until another accepts; a check is answered once.
//! Source: docs/formats.md, "Rules", open-check to report-correction.

use super::{
    Position, acting, check_membership, emergencies, grants, require_member, require_sole_signer,
};
use crate::agency::KeyRole;
use crate::basis::Basis;
use crate::check_request::{
    CheckAnswer, CheckOutcome, CheckRequest, CheckTerms, Correction, Handover, HandoverEnd,
    MAX_HANDOVERS,
};
use crate::dataset::{Dataset, Items};
use crate::ids::CheckId;
use crate::refusal::{CheckRefusal, Refusal};
use crate::state::{self, Changes, StateKey, StateRead};
use crate::statement::StatementSigner;
use crate::text::{AgencyId, Text};

pub(super) fn open(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    terms: &CheckTerms,
) -> Result<Changes, Refusal> {
    let by = acting(signers);
    require_sole_signer(signers, by, KeyRole::Officer)?;
    let [signer] = signers else { unreachable!("exactly one signer was required") };
    // What was withdrawn from the catalogue may have been wrong as well.
    let Some(published) = state::dataset(state, &terms.dataset) else {
        return Err(Refusal::DatasetUnknown { dataset: terms.dataset.clone() });
    };
    let dataset = &published.dataset;
    check_items(dataset, &terms.items)?;
    check_parties(state, by, dataset, terms)?;
    check_membership(state, at, &terms.asked)?;
    require_text(terms.claim.as_str())?;
    let check = CheckRequest {
        terms: terms.clone(),
        opened_by: by.clone(),
        opener: signer.key,
        opened: at.mark(),
        handovers: Vec::new(),
        answer: None,
        corrected: None,
        earlier: Vec::new(),
    };
    Ok(put(CheckId(at.index), &check))
}

fn check_items(dataset: &Dataset, items: &Items) -> Result<(), Refusal> {
    if matches!(items, Items::Only(named) if named.is_empty()) {
        return Err(Refusal::NoItems);
    }
    match dataset.unlisted(items).next() {
        Some(item) => Err(Refusal::ItemUnknown { item: item.clone() }),
        None => Ok(()),
    }
}

/// Who claims has or had the data; who is asked gave them, and is another.
fn check_parties(
    state: &impl StateRead,
    by: &AgencyId,
    dataset: &Dataset,
    terms: &CheckTerms,
) -> Result<(), Refusal> {
    let mut granted = None;
    let received = match terms.grant {
        Some(Basis::Grant(id)) => {
            let grant = granted.insert(grants::find(state, id)?);
            grant.terms.dataset == dataset.id && state::received(state, grant, by)
        }
        // Who could have asked and never did has received nothing.
        Some(Basis::Emergency(id)) => {
            emergencies::require(state, id)?;
            state::emergency_received(state, id, by, &dataset.id).is_some()
        }
        None => dataset.is_held_by(by),
    };
    if !received {
        let (agency, dataset) = (by.clone(), dataset.id.clone());
        return Err(Refusal::Check(CheckRefusal::NotARecipient { agency, dataset }));
    }
    let gave = granted.is_some_and(|grant| state::grantor(state, &grant) == terms.asked);
    if terms.asked == *by || !(gave || dataset.is_held_by(&terms.asked)) {
        let (agency, dataset) = (terms.asked.clone(), dataset.id.clone());
        return Err(Refusal::Check(CheckRefusal::NotAnswerable { agency, dataset }));
    }
    Ok(())
}

/// Who holds a check offers it to another. Until that one accepts, it stays where it is.
pub(super) fn offer(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: CheckId,
    to: &AgencyId,
    reason: &Text<256>,
) -> Result<Changes, Refusal> {
    let mut check = require_held(state, signers, id)?;
    if let Some(Handover { to, offered, .. }) = check.waiting() {
        let (to, at) = (to.clone(), offered.at);
        return Err(Refusal::Check(CheckRefusal::HandoverWaiting { check: id, to, at }));
    }
    if check.handovers.len() >= MAX_HANDOVERS {
        let limit = MAX_HANDOVERS as u64;
        return Err(Refusal::Check(CheckRefusal::TooManyHandovers { limit }));
    }
    if to == check.holder() || *to == check.opened_by {
        return Err(Refusal::Check(CheckRefusal::HandoverUnfit { agency: to.clone() }));
    }
    require_member(state, at, to)?;
    require_text(reason.as_str())?;
    let (to, reason) = (to.clone(), reason.clone());
    check.handovers.push(Handover { to, reason, offered: at.mark(), end: None });
    Ok(put(id, &check))
}

/// The agency to which a check was offered takes it, or does not.
pub(super) fn settle(
    state: &impl StateRead,
    signers: &[StatementSigner],
    id: CheckId,
    end: HandoverEnd,
) -> Result<Changes, Refusal> {
    let mut check = find(state, id)?;
    let Some(offer) = check.handovers.last_mut().filter(|offer| offer.end.is_none()) else {
        return Err(Refusal::Check(CheckRefusal::NoHandover { check: id }));
    };
    require_sole_signer(signers, &offer.to, KeyRole::Steward)?;
    offer.end = Some(end);
    require_open(id, &check)?;
    Ok(put(id, &check))
}

pub(super) fn answer(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: CheckId,
    outcome: &CheckOutcome,
) -> Result<Changes, Refusal> {
    let mut check = require_held(state, signers, id)?;
    match outcome {
        CheckOutcome::Upheld { from, to, correction } => {
            if from >= to || *to > at.time {
                return Err(Refusal::Check(CheckRefusal::CheckPeriod));
            }
            require_text(correction.as_str())?;
        }
        CheckOutcome::NotUpheld { basis, reason } => {
            require_text(basis.as_str())?;
            require_text(reason.as_str())?;
        }
    }
    check.answer = Some(CheckAnswer { given: at.mark(), outcome: outcome.clone() });
    Ok(put(id, &check))
}

/// The owner's word that what a check found was put right.
pub(super) fn correct(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: CheckId,
    note: &Text<512>,
) -> Result<Changes, Refusal> {
    let mut check = find(state, id)?;
    require_sole_signer(signers, &check.terms.dataset.agency, KeyRole::Steward)?;
    let outcome = check.answer.as_ref().map(|answer| &answer.outcome);
    if !matches!(outcome, Some(CheckOutcome::Upheld { .. })) {
        return Err(Refusal::Check(CheckRefusal::CheckNotUpheld { check: id }));
    }
    if let Some(correction) = &check.corrected {
        let at = correction.made.at;
        return Err(Refusal::Check(CheckRefusal::CheckCorrected { check: id, at }));
    }
    require_text(note.as_str())?;
    check.corrected = Some(Correction { made: at.mark(), note: note.clone() });
    Ok(put(id, &check))
}

fn find(state: &impl StateRead, id: CheckId) -> Result<CheckRequest, Refusal> {
    state::check_request(state, id).ok_or(Refusal::Check(CheckRefusal::CheckUnknown { check: id }))
}

/// The check, if the signer is a steward of who holds it and it has no answer.
fn require_held(
    state: &impl StateRead,
    signers: &[StatementSigner],
    id: CheckId,
) -> Result<CheckRequest, Refusal> {
    let check = find(state, id)?;
    require_sole_signer(signers, check.holder(), KeyRole::Steward)?;
    require_open(id, &check)?;
    Ok(check)
}

fn require_open(id: CheckId, check: &CheckRequest) -> Result<(), Refusal> {
    match &check.answer {
        Some(answer) => {
            let at = answer.given.at;
            Err(Refusal::Check(CheckRefusal::CheckAnswered { check: id, at }))
        }
        None => Ok(()),
    }
}

fn require_text(text: &str) -> Result<(), Refusal> {
    if text.is_empty() {
        return Err(Refusal::Check(CheckRefusal::CheckTextEmpty));
    }
    Ok(())
}

fn put(id: CheckId, check: &CheckRequest) -> Changes {
    Changes::of(&StateKey::CheckRequest(id), check)
}

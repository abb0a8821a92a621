//! Opening, answering, escalating and deciding disputes.
//! Holds: nobody rules on a step that is not theirs; what is ruled anew is open again at once.
//! Source: docs/formats.md, "Rules", open-dispute to decide-dispute.

use super::{Position, check_membership, require_sole_signer, superiors};
use crate::agency::KeyRole;
use crate::check_request::CheckOutcome;
use crate::dispute::{Dispute, DisputeAbout, MAX_REOPENINGS, Ruled, Ruling, Stage, Step};
use crate::duty;
use crate::ids::{DisputeId, LogIndex, TimeMs};
use crate::refusal::{CheckRefusal, DisputeRefusal, Refusal};
use crate::request::Outcome;
use crate::state::{self, Changes, StateKey, StateRead};
use crate::statement::StatementSigner;
use crate::text::{AgencyId, Text};

/// How what is disputed stands.
enum Matter {
    /// Decided against the claimant, there.
    Decided(LogIndex),
    /// Not decided; due then, if a clock runs.
    Waiting(Option<TimeMs>),
    /// Nothing is left to dispute.
    Settled,
}

/// What is disputed: its sides, how it stands, and how often it was decided anew.
struct Case {
    claimant: AgencyId,
    respondent: AgencyId,
    matter: Matter,
    reopened: usize,
}

pub(super) fn open(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    about: DisputeAbout,
    grounds: &Text<512>,
) -> Result<Changes, Refusal> {
    let Case { claimant, respondent, matter, reopened } = case(state, at, about)?;
    require_sole_signer(signers, &claimant, KeyRole::Steward)?;
    let last = state::last_dispute(state, about);
    check_disputable(state, at, &matter, last.as_ref()).map_err(Refusal::Dispute)?;
    if reopened >= MAX_REOPENINGS {
        return Err(too_often());
    }
    check_membership(state, at, &respondent)?;
    require_text(&[grounds.as_str()])?;
    let began = at.mark();
    let by = respondent.clone();
    let steps = vec![Step { stage: Stage::Parties, by, began, ruled: None }];
    let grounds = grounds.clone();
    let dispute = Dispute { about, grounds, claimant, respondent, opened: began, steps };
    let id = DisputeId(at.index);
    let mut changes = put(id, &dispute);
    changes.extend(Changes::of(&StateKey::LastDispute(about), &id));
    Ok(changes)
}

fn too_often() -> Refusal {
    Refusal::Dispute(DisputeRefusal::TooManyReopenings { limit: MAX_REOPENINGS as u64 })
}

/// What was decided is disputed once; what is overdue too, and again where it was ruled that it is to
/// be decided anew, and was not in time.
fn check_disputable(
    state: &impl StateRead,
    at: Position,
    matter: &Matter,
    last: Option<&(DisputeId, Dispute)>,
) -> Result<(), DisputeRefusal> {
    let again = |(id, _): &(DisputeId, Dispute)| DisputeRefusal::DisputedAlready { dispute: *id };
    match (matter, last) {
        (Matter::Settled, _) => Err(DisputeRefusal::NothingToDispute),
        (Matter::Decided(decided), Some(last)) if last.1.opened.at > *decided => Err(again(last)),
        (Matter::Decided(_), _) => Ok(()),
        (Matter::Waiting(_), Some(last)) if last.1.anew().is_none() => Err(again(last)),
        (Matter::Waiting(due), last) => {
            let due = match last {
                Some((_, dispute)) => duty::anew_due(state, dispute),
                None => *due,
            };
            match due {
                Some(due) if at.time >= due => Ok(()),
                _ => Err(DisputeRefusal::NothingToDispute),
            }
        }
    }
}

/// Errors: there is no such object.
fn case(state: &impl StateRead, at: Position, about: DisputeAbout) -> Result<Case, Refusal> {
    match about {
        DisputeAbout::Request(id) => {
            let Some(request) = state::request(state, id) else {
                return Err(Refusal::RequestUnknown { request: id });
            };
            let matter = match &request.reply {
                None => Matter::Waiting(duty::reply_due(state, &request)),
                Some(reply) => match reply.outcome {
                    Outcome::Refused { .. } => Matter::Decided(reply.at),
                    _ => Matter::Settled,
                },
            };
            let reopened = request.earlier.len();
            let claimant = request.terms.asked.requester;
            Ok(Case { claimant, respondent: request.decided_by, matter, reopened })
        }
        DisputeAbout::Delivery(id) => {
            let grant = super::grants::find(state, id)?;
            let over = grant.delivered.is_some() || at.time >= duty::grant_ends(state, &grant);
            let matter = match over {
                true => Matter::Settled,
                false => Matter::Waiting(duty::delivery_due(state, &grant)),
            };
            let (claimant, respondent) = (grant.terms.requester, grant.terms.dataset.agency);
            Ok(Case { claimant, respondent, matter, reopened: 0 })
        }
        DisputeAbout::Check(id) => {
            let Some(check) = state::check_request(state, id) else {
                return Err(Refusal::Check(CheckRefusal::CheckUnknown { check: id }));
            };
            let matter = match &check.answer {
                None => Matter::Waiting(duty::answer_due(state, &check)),
                Some(answer) => match answer.outcome {
                    CheckOutcome::NotUpheld { .. } => Matter::Decided(answer.given.at),
                    CheckOutcome::Upheld { .. } => Matter::Settled,
                },
            };
            let (respondent, reopened) = (check.holder().clone(), check.earlier.len());
            Ok(Case { claimant: check.opened_by, respondent, matter, reopened })
        }
    }
}

/// The respondent's word on it.
pub(super) fn answer(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: DisputeId,
    ruling: &Ruling,
) -> Result<Changes, Refusal> {
    let dispute = find(state, id)?;
    let step = dispute.step();
    if step.stage != Stage::Parties {
        let at = step.began.at;
        return Err(Refusal::Dispute(DisputeRefusal::DisputeEscalated { dispute: id, at }));
    }
    rule(state, at, signers, (id, dispute), ruling)
}

/// The word of who is above.
pub(super) fn decide(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: DisputeId,
    ruling: &Ruling,
) -> Result<Changes, Refusal> {
    let dispute = find(state, id)?;
    if dispute.step().stage == Stage::Parties {
        return Err(Refusal::Dispute(DisputeRefusal::DisputeNotEscalated { dispute: id }));
    }
    rule(state, at, signers, (id, dispute), ruling)
}

fn rule(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    (id, mut dispute): (DisputeId, Dispute),
    ruling: &Ruling,
) -> Result<Changes, Refusal> {
    require_sole_signer(signers, &dispute.step().by, KeyRole::Steward)?;
    require_running(state, at, id, &dispute)?;
    if let Some(ruled) = &dispute.step().ruled {
        let at = ruled.given.at;
        return Err(Refusal::Dispute(DisputeRefusal::DisputeRuled { dispute: id, at }));
    }
    let mut changes = match ruling {
        Ruling::Anew { reason } => {
            require_text(&[reason.as_str()])?;
            reopened(state, dispute.about)?
        }
        Ruling::Stands { basis, reason } => {
            require_text(&[basis.as_str(), reason.as_str()])?;
            Changes::default()
        }
    };
    if let Some(step) = dispute.steps.last_mut() {
        step.ruled = Some(Ruled { given: at.mark(), ruling: ruling.clone() });
    }
    changes.extend(put(id, &dispute));
    Ok(changes)
}

/// What was decided is open again; what was decided before stays where it can be read.
fn reopened(state: &impl StateRead, about: DisputeAbout) -> Result<Changes, Refusal> {
    match about {
        DisputeAbout::Request(id) => {
            let Some(mut request) = state::request(state, id) else {
                return Err(Refusal::RequestUnknown { request: id });
            };
            request.earlier.extend(request.reply.take());
            if request.earlier.len() > MAX_REOPENINGS {
                return Err(too_often());
            }
            Ok(Changes::of(&StateKey::Request(id), &request))
        }
        // What was not done is done yet.
        DisputeAbout::Delivery(_) => Ok(Changes::default()),
        DisputeAbout::Check(id) => {
            let Some(mut check) = state::check_request(state, id) else {
                return Err(Refusal::Check(CheckRefusal::CheckUnknown { check: id }));
            };
            check.earlier.extend(check.answer.take());
            if check.earlier.len() > MAX_REOPENINGS {
                return Err(too_often());
            }
            Ok(Changes::of(&StateKey::CheckRequest(id), &check))
        }
    }
}

/// The claimant takes it one step further up: after a ruling against it, or where none came in time.
pub(super) fn escalate(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: DisputeId,
    grounds: &Text<512>,
) -> Result<Changes, Refusal> {
    let mut dispute = find(state, id)?;
    require_sole_signer(signers, &dispute.claimant, KeyRole::Steward)?;
    require_running(state, at, id, &dispute)?;
    check_escalation(state, at, id, &dispute).map_err(Refusal::Dispute)?;
    require_text(&[grounds.as_str()])?;
    let authority = state::require_competent_authority(state);
    let is_side = authority == dispute.claimant || authority == dispute.respondent;
    let (stage, by) = match dispute.step().stage {
        Stage::Parties if !is_side => (Stage::Authority, authority),
        _ => match superiors::common(state, at, &dispute) {
            Some(superior) => (Stage::Superior, superior),
            None => {
                return Err(Refusal::Dispute(DisputeRefusal::NoCommonSuperior { dispute: id }));
            }
        },
    };
    check_membership(state, at, &by)?;
    dispute.steps.push(Step { stage, by, began: at.mark(), ruled: None });
    Ok(put(id, &dispute))
}

fn check_escalation(
    state: &impl StateRead,
    at: Position,
    id: DisputeId,
    dispute: &Dispute,
) -> Result<(), DisputeRefusal> {
    let step = dispute.step();
    if let Some(anew) = dispute.anew() {
        return Err(DisputeRefusal::DisputeRuled { dispute: id, at: anew.at });
    }
    if step.stage == Stage::Superior {
        return Err(DisputeRefusal::DisputeFinal { dispute: id });
    }
    match duty::step_due(state, step) {
        Some(due) if step.ruled.is_none() && at.time < due => {
            Err(DisputeRefusal::EscalationTooEarly { dispute: id, due })
        }
        _ => Ok(()),
    }
}

/// It is the dispute about its matter, and there is still something to dispute. What was ruled anew is
/// not looked at: that refuses by itself.
fn require_running(
    state: &impl StateRead,
    at: Position,
    id: DisputeId,
    dispute: &Dispute,
) -> Result<(), Refusal> {
    if let Some((last, _)) = state::last_dispute(state, dispute.about)
        && last != id
    {
        return Err(Refusal::Dispute(DisputeRefusal::DisputeSuperseded { dispute: last }));
    }
    match case(state, at, dispute.about)?.matter {
        Matter::Settled if dispute.anew().is_none() => {
            Err(Refusal::Dispute(DisputeRefusal::NothingToDispute))
        }
        _ => Ok(()),
    }
}

fn find(state: &impl StateRead, id: DisputeId) -> Result<Dispute, Refusal> {
    let unknown = DisputeRefusal::DisputeUnknown { dispute: id };
    state::dispute(state, id).ok_or(Refusal::Dispute(unknown))
}

fn require_text(texts: &[&str]) -> Result<(), Refusal> {
    if texts.contains(&"") {
        return Err(Refusal::Dispute(DisputeRefusal::DisputeTextEmpty));
    }
    Ok(())
}

fn put(id: DisputeId, dispute: &Dispute) -> Changes {
    Changes::of(&StateKey::Dispute(id), dispute)
}

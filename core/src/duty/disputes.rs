//! The duties that disputes make: a ruling at each step, and to decide anew what is ruled so.
//! Holds: a step that lapsed stays lapsed, whoever rules after it.
//! Source: docs/formats.md, "Duties".

use super::{Duty, DutyEnd, DutyObject, clock_due, grant_ends};
use crate::dispute::{Dispute, DisputeAbout, Stage, Step};
use crate::ids::{DisputeId, LogIndex, TimeMs};
use crate::request::Outcome;
use crate::rule_pack::Clock;
use crate::state::{self, StateRead};

/// The ruling, owed at one step after the other, and the decision anew.
pub fn of_dispute(state: &impl StateRead, dispute: &Dispute) -> Vec<Duty> {
    let steps = dispute.steps.iter().filter_map(|step| of_step(state, dispute, step));
    steps.chain(anew(state, dispute)).collect()
}

fn of_step(state: &impl StateRead, dispute: &Dispute, step: &Step) -> Option<Duty> {
    let due = step_due(state, step)?;
    let end = match &step.ruled {
        Some(ruled) => Some(DutyEnd::Done(ruled.given.on)),
        // Whoever decides it after all makes the ruling needless.
        None => decided_after(state, dispute.about, dispute.opened.at, due)
            .map(|end| DutyEnd::Released(time_of(end))),
    };
    Some(Duty {
        clock: clock_of(step.stage),
        object: object(dispute),
        owed_by: step.by.clone(),
        owed_to: Some(dispute.claimant.clone()),
        began: step.began.on,
        due,
        end,
    })
}

fn anew(state: &impl StateRead, dispute: &Dispute) -> Option<Duty> {
    let (ruled, due) = (dispute.anew()?, anew_due(state, dispute)?);
    Some(Duty {
        clock: Clock::DecideAnew,
        object: object(dispute),
        owed_by: dispute.respondent.clone(),
        owed_to: Some(dispute.claimant.clone()),
        began: ruled.on,
        due,
        end: decided_after(state, dispute.about, ruled.at, due),
    })
}

fn object(dispute: &Dispute) -> DutyObject {
    DutyObject::Dispute(DisputeId(dispute.opened.at))
}

fn clock_of(stage: Stage) -> Clock {
    match stage {
        Stage::Parties => Clock::DisputeAnswer,
        Stage::Authority | Stage::Superior => Clock::DisputeDecision,
    }
}

fn time_of(end: DutyEnd) -> TimeMs {
    match end {
        DutyEnd::Done(on) | DutyEnd::Released(on) => on,
    }
}

/// By when a step is to be ruled, where its clock runs.
pub(crate) fn step_due(state: &impl StateRead, step: &Step) -> Option<TimeMs> {
    clock_due(state, clock_of(step.stage), &step.by, step.began.on, 0)
}

/// By when what was ruled anew is to be decided, where that was ruled and its clock runs.
pub(crate) fn anew_due(state: &impl StateRead, dispute: &Dispute) -> Option<TimeMs> {
    let ruled = dispute.anew()?;
    clock_due(state, Clock::DecideAnew, &dispute.respondent, ruled.on, 0)
}

/// How and when what is disputed was first decided, done or dropped after an entry.
fn decided_after(
    state: &impl StateRead,
    about: DisputeAbout,
    after: LogIndex,
    due: TimeMs,
) -> Option<DutyEnd> {
    match about {
        DisputeAbout::Request(id) => {
            let request = state::request(state, id)?;
            let mut replies = request.earlier.iter().chain(&request.reply);
            replies.find(|reply| reply.at > after).map(|reply| match reply.outcome {
                Outcome::Approved { .. } | Outcome::Refused { .. } => DutyEnd::Done(reply.on),
                Outcome::Withdrawn { .. } | Outcome::Returned { .. } => DutyEnd::Released(reply.on),
            })
        }
        DisputeAbout::Delivery(id) => {
            let grant = state::grant(state, id)?;
            let ends = grant_ends(state, &grant);
            match grant.delivered {
                Some(mark) => Some(DutyEnd::Done(mark.on)),
                None => Some(DutyEnd::Released(ends)).filter(|_| ends < due),
            }
        }
        DisputeAbout::Check(id) => {
            let check = state::check_request(state, id)?;
            let mut answers = check.earlier.iter().chain(&check.answer);
            let found = answers.find(|answer| answer.given.at > after)?;
            Some(DutyEnd::Done(found.given.on))
        }
    }
}

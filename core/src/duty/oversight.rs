//! The duties that oversight makes: reviews of what was drawn, answers to findings and their closure.
//! Holds: who was drawn owes the review; who is found against owes the answer.
//! Source: docs/formats.md, "Duties".

use super::{Duty, DutyEnd, DutyObject, clock_due};
use crate::ids::{FindingId, TimeMs};
use crate::oversight::{Draw, Drawn, Finding};
use crate::rule_pack::Clock;
use crate::state::StateRead;

/// The review of each record that was drawn.
pub fn of_draw(state: &impl StateRead, draw: &Draw) -> Vec<Duty> {
    let (Some(settled), Some(drawn)) = (draw.settled(), draw.drawn()) else { return vec![] };
    let numbered = (1..).zip(drawn);
    numbered.filter_map(|(number, one)| review(state, draw, settled.on, (number, one))).collect()
}

fn review(
    state: &impl StateRead,
    draw: &Draw,
    began: TimeMs,
    (number, drawn): (u16, Drawn),
) -> Option<Duty> {
    Some(Duty {
        clock: Clock::DrawnReview,
        object: DutyObject::Drawn { draw: draw.id(), number },
        due: clock_due(state, Clock::DrawnReview, &drawn.reviewer, began, 0)?,
        owed_by: drawn.reviewer,
        owed_to: None,
        began,
        end: draw.reviews.get(&number).map(|review| DutyEnd::Done(review.made.on)),
    })
}

/// The answer, and then the closure.
pub fn of_finding(state: &impl StateRead, finding: &Finding) -> Vec<Duty> {
    answer(state, finding).into_iter().chain(closure(state, finding)).collect()
}

/// By when a finding is to be answered, where that clock runs.
pub(crate) fn finding_answer_due(state: &impl StateRead, finding: &Finding) -> Option<TimeMs> {
    clock_due(state, Clock::FindingAnswer, &finding.agency, finding.opened.on, 0)
}

fn answer(state: &impl StateRead, finding: &Finding) -> Option<Duty> {
    let answered = finding.answer.as_ref().map(|answer| DutyEnd::Done(answer.given.on));
    let closed = finding.closed.as_ref().map(|closure| DutyEnd::Released(closure.made.on));
    Some(Duty {
        clock: Clock::FindingAnswer,
        object: DutyObject::Finding(FindingId(finding.opened.at)),
        owed_by: finding.agency.clone(),
        owed_to: Some(finding.opened_by.clone()),
        began: finding.opened.on,
        due: finding_answer_due(state, finding)?,
        end: answered.or(closed),
    })
}

fn closure(state: &impl StateRead, finding: &Finding) -> Option<Duty> {
    let began = finding.answer.as_ref()?.given.on;
    Some(Duty {
        clock: Clock::FindingClosure,
        object: DutyObject::Finding(FindingId(finding.opened.at)),
        owed_by: finding.opened_by.clone(),
        owed_to: Some(finding.agency.clone()),
        began,
        due: clock_due(state, Clock::FindingClosure, &finding.opened_by, began, 0)?,
        end: finding.closed.as_ref().map(|closure| DutyEnd::Done(closure.made.on)),
    })
}

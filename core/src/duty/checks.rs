//! The duties that check requests make: the answer, and the correction of what was wrong.
//! Holds: each holder owes the answer from its own acceptance on, until another accepts.
//! Source: docs/formats.md, "Duties".

use super::{Duty, DutyEnd, DutyObject, clock_due};
use crate::check_request::{CheckOutcome, CheckRequest};
use crate::ids::{CheckId, TimeMs};
use crate::rule_pack::Clock;
use crate::state::StateRead;
use crate::text::AgencyId;

/// The answer, owed by one holder after the other, and the owner's correction.
pub fn of_check(state: &impl StateRead, check: &CheckRequest) -> Vec<Duty> {
    let mut duties = Vec::new();
    let (mut holder, mut began) = (&check.terms.asked, check.opened.on);
    // Who takes it over after an answer that a dispute set aside owes nothing by this clock.
    let first = check.first_answer();
    let taken = check.accepted().take_while(|(_, mark)| first.is_none_or(|a| mark.at < a.given.at));
    for (next, mark) in taken {
        let end = Some(DutyEnd::Released(mark.on));
        duties.extend(reply(state, check, (holder, began), end));
        (holder, began) = (next, mark.on);
    }
    let end = first.map(|answer| DutyEnd::Done(answer.given.on));
    duties.extend(reply(state, check, (holder, began), end));
    duties.extend(correction(state, check));
    duties
}

/// By when who holds a check is to answer it, where that clock runs.
pub(crate) fn answer_due(state: &impl StateRead, check: &CheckRequest) -> Option<TimeMs> {
    let began = check.accepted().last().map_or(check.opened, |(_, mark)| mark);
    clock_due(state, Clock::CheckReply, check.holder(), began.on, 0)
}

fn reply(
    state: &impl StateRead,
    check: &CheckRequest,
    (holder, began): (&AgencyId, TimeMs),
    end: Option<DutyEnd>,
) -> Option<Duty> {
    Some(Duty {
        clock: Clock::CheckReply,
        object: DutyObject::Check(CheckId(check.opened.at)),
        owed_by: holder.clone(),
        owed_to: Some(check.opened_by.clone()),
        began,
        due: clock_due(state, Clock::CheckReply, holder, began, 0)?,
        end,
    })
}

fn correction(state: &impl StateRead, check: &CheckRequest) -> Option<Duty> {
    let answer = check.answer.as_ref()?;
    if !matches!(answer.outcome, CheckOutcome::Upheld { .. }) {
        return None;
    }
    let (owner, began) = (&check.terms.dataset.agency, answer.given.on);
    Some(Duty {
        clock: Clock::Correction,
        object: DutyObject::Check(CheckId(check.opened.at)),
        owed_by: owner.clone(),
        owed_to: None,
        began,
        due: clock_due(state, Clock::Correction, owner, began, 0)?,
        end: check.corrected.as_ref().map(|correction| DutyEnd::Done(correction.made.on)),
    })
}

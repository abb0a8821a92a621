//! The duty that an assessment makes: to say what was done about what it recommends.
//! Holds: who was assessed owes it, to who reported; where nothing is recommended, nothing is owed.
//! Source: docs/formats.md, "Duties".

use super::{Duty, DutyEnd, DutyObject, clock_due};
use crate::assessment::Assessment;
use crate::rule_pack::Clock;
use crate::state::StateRead;

/// The follow-up, where something was recommended.
pub fn of_assessment(state: &impl StateRead, assessment: &Assessment) -> Vec<Duty> {
    let follow_up = (assessment.terms.recommendations > 0).then(|| owed(state, assessment));
    follow_up.flatten().into_iter().collect()
}

fn owed(state: &impl StateRead, assessment: &Assessment) -> Option<Duty> {
    let (owed_by, began) = (&assessment.terms.agency, assessment.reported.on);
    Some(Duty {
        clock: Clock::AssessmentFollowUp,
        object: DutyObject::Assessment(assessment.id()),
        due: clock_due(state, Clock::AssessmentFollowUp, owed_by, began, 0)?,
        owed_by: owed_by.clone(),
        owed_to: Some(assessment.reported_by.clone()),
        began,
        end: assessment.followed_up.as_ref().map(|done| DutyEnd::Done(done.made.on)),
    })
}

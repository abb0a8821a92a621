//! The duties that emergencies make.
//! Holds: whoever was named for it, or oversees sharing, and had no part in an emergency owes that it is reviewed; whoever
//! asked in it owes a justification of each access.
//! Source: docs/formats.md, "Duties".

use super::{Duty, DutyEnd, DutyObject, clock_due};
use crate::emergency::{Emergency, EmergencyAccess};
use crate::governance::Office;
use crate::ids::{EmergencyId, LogIndex};
use crate::rule_pack::Clock;
use crate::state::{self, StateRead};
use crate::text::AgencyId;

/// The review after the end. Any review by an agency without a part in it fulfils it.
pub fn of_emergency(state: &impl StateRead, emergency: &Emergency) -> Vec<Duty> {
    let owed_by = overseer(state, emergency);
    let began = emergency.ends();
    let due = clock_due(state, Clock::EmergencyReview, &owed_by, began, 0);
    let review = due.map(|due| Duty {
        clock: Clock::EmergencyReview,
        object: DutyObject::Emergency(EmergencyId(emergency.declared_at)),
        owed_by,
        owed_to: None,
        began,
        due,
        end: emergency.reviews.first().map(|review| DutyEnd::Done(review.mark.on)),
    });
    review.into_iter().collect()
}

/// The justification of an access, which everyone may read.
pub fn of_emergency_access(
    state: &impl StateRead,
    emergency: EmergencyId,
    access: LogIndex,
    recorded: &EmergencyAccess,
) -> Option<Duty> {
    let EmergencyAccess { requester, on, justified, late: _ } = recorded;
    let due = clock_due(state, Clock::EmergencyJustification, requester, *on, 0)?;
    Some(Duty {
        clock: Clock::EmergencyJustification,
        object: DutyObject::EmergencyAccess { emergency, access },
        owed_by: requester.clone(),
        owed_to: None,
        began: *on,
        due,
        end: justified.map(|mark| DutyEnd::Done(mark.on)),
    })
}

/// The first that was named to review emergencies, else the supervisor, else the competent authority:
/// whichever is a member and had no part in it, and where all had, the competent authority, which has
/// to see that another reviews it.
fn overseer(state: &impl StateRead, emergency: &Emergency) -> AgencyId {
    let named = [Office::EmergencyReviewer, Office::Supervisor].into_iter();
    let mut named = named.flat_map(|office| state::office(state, office));
    let is_apart = |agency: &AgencyId| {
        !emergency.involves(agency) && state::departure(state, agency).is_none()
    };
    named.find(is_apart).unwrap_or_else(|| state::require_competent_authority(state))
}

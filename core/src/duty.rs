//! Duty clocks 时限: by when something is owed, and whether it was done by then.
//! Holds: whether a duty was met or lapsed follows from the state and the time, and stands nowhere.
//! May not enter: who may act (see `apply`). Source: docs/formats.md, "Duties".

mod assessments;
mod checks;
mod disputes;
mod emergencies;
mod incidents;
mod objects;
mod oversight;
mod undertakings;

use serde::{Deserialize, Serialize};

use crate::apply;
use crate::calendar::{Day, WorkingDays};
use crate::encoding::{Decode, Encode};
use crate::ids::{
    AssessmentId, CheckId, DatasetId, DisputeId, DrawId, EmergencyId, FindingId, GrantId, LogIndex,
    RequestId, TimeMs,
};
use crate::rule_pack::{Clock, rules_at};
use crate::state::{self, StateRead};
use crate::text::AgencyId;

pub use assessments::of_assessment;
pub(crate) use checks::answer_due;
pub use checks::of_check;
pub use disputes::of_dispute;
pub(crate) use disputes::{anew_due, step_due};
pub use emergencies::{of_emergency, of_emergency_access};
pub use incidents::{of_incident, of_incident_under};
pub(crate) use objects::{delivery_due, reply_due};
pub use objects::{of_dataset, of_grant, of_request};
pub(crate) use oversight::finding_answer_due;
pub use oversight::{of_draw, of_finding};
pub use undertakings::ends as grant_ends;
pub(crate) use undertakings::sides as undertaking_sides;

/// Where and when something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Mark {
    /// The entry.
    pub at: LogIndex,
    /// The time of its block.
    pub on: TimeMs,
}

/// What a duty is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DutyObject {
    /// A request.
    Request(RequestId),
    /// A grant.
    Grant(GrantId),
    /// A dataset.
    Dataset(DatasetId),
    /// An undertaking.
    Undertaking {
        /// The grant in which it stands.
        grant: GrantId,
        /// Its place among the grant's undertakings, from 1.
        number: u8,
    },
    /// A check request.
    Check(CheckId),
    /// An emergency.
    Emergency(EmergencyId),
    /// A dispute.
    Dispute(DisputeId),
    /// An access in an emergency.
    EmergencyAccess {
        /// The emergency.
        emergency: EmergencyId,
        /// The entry that records the access.
        access: LogIndex,
    },
    /// A record that was drawn.
    Drawn {
        /// The draw.
        draw: DrawId,
        /// Its place among what was drawn, from 1.
        number: u16,
    },
    /// A finding.
    Finding(FindingId),
    /// An assessment.
    Assessment(AssessmentId),
}

/// Something that an agency owes by a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duty {
    /// Which clock runs.
    pub clock: Clock,
    /// About what.
    pub object: DutyObject,
    /// Who owes it …
    pub owed_by: AgencyId,
    /// … and to whom; `None`: to all.
    pub owed_to: Option<AgencyId>,
    /// Since when.
    pub began: TimeMs,
    /// It lapses with the first block at or after this time.
    pub due: TimeMs,
    /// How it ended, if it did.
    pub end: Option<DutyEnd>,
}

/// How a duty ended, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DutyEnd {
    /// It was done.
    Done(TimeMs),
    /// Nobody needs it any longer.
    Released(TimeMs),
}

/// How a duty stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DutyState {
    /// Neither done nor due.
    Running,
    /// Done in time.
    Met,
    /// Done, but late.
    MetLate,
    /// Due and not done by then.
    Lapsed,
    /// No longer needed, before it was due.
    Released,
}

impl Duty {
    /// How it stands at a time.
    pub fn state(&self, now: TimeMs) -> DutyState {
        match self.end {
            Some(DutyEnd::Done(done)) if done < self.due => DutyState::Met,
            Some(DutyEnd::Done(_)) => DutyState::MetLate,
            Some(DutyEnd::Released(released)) if released < self.due => DutyState::Released,
            None if now < self.due => DutyState::Running,
            Some(DutyEnd::Released(_)) | None => DutyState::Lapsed,
        }
    }
}

/// The time of a clock that began at `began`, with `more` working days of the agency that owes;
/// `None` where the rules in force at its beginning do not run that clock.
pub fn clock_due(
    state: &impl StateRead,
    clock: Clock,
    owed_by: &AgencyId,
    began: TimeMs,
    more: u16,
) -> Option<TimeMs> {
    let days = rules_at(state, began).days(clock)?.saturating_add(more);
    Some(due(state, owed_by, began, days))
}

/// When `days` working days of an agency's region are over, the day of `began` not counted.
pub fn due(state: &impl StateRead, agency: &AgencyId, began: TimeMs, days: u16) -> TimeMs {
    let offset = apply::params(state).day_offset_minutes;
    let last = working_days(state, agency).after(Day::of(began, offset), days);
    last.next().begins(offset)
}

/// The days worked where an agency is.
pub fn working_days(state: &impl StateRead, agency: &AgencyId) -> WorkingDays {
    let region = state::agency(state, agency).map(|agency| agency.region).unwrap_or_default();
    let own = (!region.as_str().is_empty()).then(|| state::calendars(state, &region)).flatten();
    WorkingDays { own, common: state::calendars(state, &Default::default()) }
}

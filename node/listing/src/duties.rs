//! Duties: what is owed by whom and to whom, by the objects that make it owed.
//! Holds: every duty is as core derives it.
//! May not enter: rules of its own (see docs/formats.md, "Duties").

use comity_core::assessment::Assessment;
use comity_core::check_request::CheckRequest;
use comity_core::dataset::PublishedDataset;
use comity_core::dispute::Dispute;
use comity_core::duty::{self, Duty, DutyState};
use comity_core::emergency::{Emergency, EmergencyAccess};
use comity_core::grant::Grant;
use comity_core::ids::{EmergencyId, LogIndex};
use comity_core::oversight::{Draw, Finding};
use comity_core::request::Request;
use comity_core::state::{StateRead, object};
use comity_core::text::AgencyId;

use crate::states::CheckState;

/// The letters of objects that make duties, in the order of the state's keys.
pub const DUTY_LETTERS: [u8; 11] =
    [b'A', b'B', b'D', b'F', b'I', b'W', b'd', b'g', b'h', b'r', b's'];

/// Which duties; all conditions together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DutyFilter {
    /// Who owes.
    pub owed_by: Option<AgencyId>,
    /// To whom; what is owed to all is owed to everyone.
    pub owed_to: Option<AgencyId>,
    /// How it stands.
    pub state: Option<DutyState>,
}

/// A duty with how it stands at a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DutyFound {
    /// The duty.
    pub duty: Duty,
    /// How it stands at the snapshot's time.
    pub state: DutyState,
}

/// Whether an object may make something owed that was not done yet.
pub fn may_owe(key: &[u8], value: &[u8]) -> Option<bool> {
    match key.first()? {
        b'B' => {
            let state = CheckState::of(&object::<CheckRequest>(value));
            Some(matches!(state, CheckState::Open | CheckState::Upheld))
        }
        // Also one that is over, where what was ruled anew may not be decided.
        b'D' => {
            let dispute: Dispute = object(value);
            Some(dispute.step().ruled.is_none() || dispute.anew().is_some())
        }
        b'A' => Some(object::<Assessment>(value).is_open()),
        b'F' => Some(object::<Finding>(value).closed.is_none()),
        b'W' => {
            let draw: Draw = object(value);
            Some(draw.settled().is_some() && draw.reviews.len() < usize::from(draw.count))
        }
        b'd' => {
            let published: PublishedDataset = object(value);
            // What lapsed before a withdrawal stands.
            Some(published.promised.is_some())
        }
        b'g' => {
            let grant: Grant = object(value);
            let undelivered = grant.delivered.is_none() && grant.revoked.is_none();
            Some(undelivered || !grant.terms.undertakings.is_empty())
        }
        b'h' => Some(object::<Emergency>(value).reviews.is_empty()),
        b'r' => Some(object::<Request>(value).reply.is_none()),
        b's' => Some(object::<EmergencyAccess>(value).justified.is_none()),
        _ => None,
    }
}

/// The duties that an object makes, by its key and value in this state. Its letter is one of
/// [`DUTY_LETTERS`].
pub fn duties_of(state: &impl StateRead, key: &[u8], value: &[u8]) -> Vec<Duty> {
    match key.first() {
        Some(b'B') => duty::of_check(state, &object(value)),
        Some(b'D') => duty::of_dispute(state, &object(value)),
        Some(b'A') => duty::of_assessment(state, &object(value)),
        Some(b'F') => duty::of_finding(state, &object(value)),
        Some(b'I') => duty::of_incident(state, &object(value)),
        Some(b'W') => duty::of_draw(state, &object(value)),
        Some(b'd') => duty::of_dataset(state, &object(value)),
        Some(b'g') => duty::of_grant(state, &object(value)),
        Some(b'h') => duty::of_emergency(state, &object(value)),
        Some(b's') => of_emergency_access(state, key, value).into_iter().collect(),
        Some(b'r') => duty::of_request(state, &object(value)),
        other => unreachable!("{other:?} is none of the letters that are read"),
    }
}

/// The key names the emergency and the access's entry.
fn of_emergency_access(state: &impl StateRead, key: &[u8], value: &[u8]) -> Option<Duty> {
    let (of, at) = key.get(1..)?.split_first_chunk::<8>()?;
    let emergency = EmergencyId(LogIndex(u64::from_be_bytes(*of)));
    let access = LogIndex(u64::from_be_bytes(at.try_into().ok()?));
    duty::of_emergency_access(state, emergency, access, &object(value))
}

impl DutyFilter {
    /// Whether it is one of them.
    pub fn fits(&self, found: &DutyFound) -> bool {
        let Duty { owed_by, owed_to, .. } = &found.duty;
        let to = |wanted: &AgencyId| owed_to.as_ref().is_none_or(|to| to == wanted);
        self.owed_by.as_ref().is_none_or(|wanted| wanted == owed_by)
            && self.owed_to.as_ref().is_none_or(to)
            && self.state.is_none_or(|wanted| wanted == found.state)
    }
}

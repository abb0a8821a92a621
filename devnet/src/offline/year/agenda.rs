//! What is still to happen, and when.
//! Holds: what happens at one time happens in the order in which it was planned.

use std::collections::BTreeMap;

use comity_core::basis::Basis;
use comity_core::dispute::DisputeAbout;
use comity_core::ids::{
    AssessmentId, CheckId, DisputeId, DrawId, EmergencyId, FindingId, GrantId, IncidentId,
    RequestId, TaskForceId, TimeMs,
};
use comity_core::legs::Acknowledgement;

/// Something that happens. What has become impossible meanwhile does not.
pub(super) enum Event {
    /// Somebody asks for data.
    Ask,
    Review(RequestId),
    Extend(RequestId),
    Urge(RequestId),
    TakeBack(RequestId),
    Reply(RequestId),
    Deliver(GrantId),
    /// One use of a grant, after which so many are still to come.
    Use(GrantId, u64),
    Acknowledge(Box<Leg>),
    Pause(GrantId),
    Resume(GrantId),
    Revoke(GrantId),
    PassOn(GrantId),
    Narrow(GrantId),
    Prolong(GrantId),
    Fulfil(GrantId, u8),
    /// Of the dataset at a place of the shelf.
    Refresh(usize),
    Amend(usize),
    Withdraw(usize),
    OpenCheck(GrantId),
    Handover(CheckId),
    SettleHandover(CheckId),
    AnswerCheck(CheckId),
    Correct(CheckId),
    Dispute(DisputeAbout),
    AnswerDispute(DisputeId),
    Escalate(DisputeId),
    Decide(DisputeId),
    Incident(GrantId),
    CloseIncident(IncidentId),
    Declare,
    UrgentUse(EmergencyId),
    Renew(EmergencyId),
    CutOff(EmergencyId),
    EndEmergency(EmergencyId),
    Mend,
    /// What a gateway missed of what it had signed while it was cut off is found.
    EmbedRest,
    Justify(EmergencyId),
    ReviewEmergency(EmergencyId),
    OpenDraw,
    Commit(DrawId),
    Reveal(DrawId),
    ReportDrawn(DrawId),
    AnswerFinding(FindingId),
    CloseFinding(FindingId),
    FormTaskForce,
    UseTogether(GrantId),
    LeaveTaskForce(TaskForceId),
    Assess,
    FollowUp(AssessmentId),
    NewRules,
    Leave,
    NextYear,
}

/// What a receiving officer is to say.
pub(super) struct Leg {
    /// Under what was received.
    pub(super) basis: Basis,
    /// Whose officer, by place.
    pub(super) by: usize,
    /// What is said of the access.
    pub(super) received: Acknowledgement,
}

/// Events by their time.
#[derive(Default)]
pub(super) struct Agenda {
    planned: BTreeMap<(TimeMs, u64), Event>,
    count: u64,
}

impl Agenda {
    /// Plans an event; one after the end of the year does not happen.
    pub(super) fn plan(&mut self, at: TimeMs, event: Event) {
        if at < super::days::ENDS || matches!(event, Event::NextYear) {
            self.planned.insert((at, self.count), event);
            self.count += 1;
        }
    }

    /// When something happens next.
    pub(super) fn next_time(&self) -> Option<TimeMs> {
        self.planned.keys().next().map(|(at, _)| *at)
    }

    /// What comes next, if its time has come.
    pub(super) fn due(&mut self, now: TimeMs) -> Option<Event> {
        let first = self.planned.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }
}

//! What an inbox says of duties that stand in no other section: each with the command that settles it.
//! Holds: replies stand beside their requests, answers beside their checks, and so not here.

use comity_core::duty::{Duty, DutyObject};
use comity_core::rule_pack::Clock;
use serde_json::Value;

use super::{DutyAnswer, Inbox, found};
use crate::messages::say;

/// Whether what a clock measures is owed and settled by one act, without a section of its own.
pub(super) fn is_settled_here(clock: Clock) -> bool {
    matches!(
        clock,
        Clock::Delivery
            | Clock::Update
            | Clock::Undertaking
            | Clock::Correction
            | Clock::EmergencyReview
            | Clock::EmergencyJustification
            | Clock::FindingAnswer
            | Clock::AssessmentFollowUp
    )
}

impl Inbox<'_> {
    /// What the agency owes beside, each with what to do next.
    pub(super) fn owing(&mut self, owed: &[(DutyAnswer, Value)]) {
        self.settling("owed", say!("inbox-owed", count = owed.len()), owed);
    }

    /// A section of duties, if there are any, each with the command that settles it.
    pub(super) fn settling(&mut self, section: &str, title: String, owed: &[(DutyAnswer, Value)]) {
        if owed.is_empty() {
            return;
        }
        let mut lines = Vec::new();
        for one in owed {
            lines.extend(self.duty_lines(std::slice::from_ref(one)));
            let (answer, _) = one;
            let command = settled_by(&answer.duty);
            lines.extend(command.map(|command| say!("inbox-detail", detail = command)));
        }
        self.section(section, title, found(owed), lines);
    }
}

/// The command that settles a duty; `None` of what is shown in a section of its own.
fn settled_by(duty: &Duty) -> Option<String> {
    let command = match &duty.object {
        DutyObject::Grant(grant) => say!("inbox-settle-delivery", grant = grant),
        DutyObject::Dataset(dataset) => say!("inbox-settle-update", dataset = dataset),
        DutyObject::Undertaking { grant, number } => {
            say!("inbox-settle-undertaking", grant = grant, number = number)
        }
        DutyObject::Check(check) => say!("inbox-settle-correction", check = check),
        DutyObject::Emergency(emergency) => {
            say!("inbox-settle-emergency", emergency = emergency)
        }
        DutyObject::EmergencyAccess { emergency, access } => {
            say!("inbox-settle-access", emergency = emergency, access = access)
        }
        DutyObject::Finding(finding) if duty.clock == Clock::FindingClosure => {
            say!("inbox-settle-closure", finding = finding)
        }
        DutyObject::Finding(finding) => say!("inbox-settle-finding", finding = finding),
        DutyObject::Drawn { draw, number } => {
            say!("inbox-settle-drawn", draw = draw, number = number)
        }
        DutyObject::Assessment(assessment) => {
            say!("inbox-settle-assessment", assessment = assessment)
        }
        DutyObject::Request(_) | DutyObject::Dispute(_) => return None,
    };
    Some(command)
}

#[cfg(test)]
mod tests {
    use comity_core::ids::{DrawId, LogIndex, TimeMs};

    use super::*;

    #[test]
    fn what_was_drawn_for_review_names_the_command_that_reports_it() {
        let drawn = Duty {
            clock: Clock::DrawnReview,
            object: DutyObject::Drawn { draw: DrawId(LogIndex(31)), number: 2 },
            owed_by: "audit.gd".parse().unwrap(),
            owed_to: None,
            began: TimeMs(1),
            due: TimeMs(2),
            end: None,
        };
        let command = settled_by(&drawn).unwrap();
        for words in ["comity draw show W31", "comity draw report W31 2 --in-order"] {
            assert!(command.contains(words), "{words} is missing in {command}");
        }
    }
}

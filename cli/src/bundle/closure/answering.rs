//! What belongs to a case of that by which agencies answer for what was done: checks, incidents, disputes,
//! emergencies.
//! Holds: the tables of docs/formats.md, "What a bundle holds". May not enter: fetching, proofs.

use comity_core::check_request::{CheckAnswer, CheckRequest, HandoverEnd};
use comity_core::dispute::{Dispute, Ruling, Stage};
use comity_core::ids::{CheckId, DisputeId, EmergencyId, IncidentId, LogIndex};
use comity_core::incident::Incident;
use comity_core::late::Accessed;
use comity_core::state::StateKey;
use comity_core::statement::Action;
use comity_core::text::AgencyId;

use super::super::objects::Held;
use super::Place;

/// The keys of the objects that such an act needs.
pub(super) fn needs(index: LogIndex, action: &Action) -> Vec<Vec<u8>> {
    match action {
        Action::AcknowledgeAccess { grant: basis, .. } => {
            basis.grant().into_iter().flat_map(super::of_grant).collect()
        }
        Action::RecordAccess { .. } | Action::EmbedLate { .. } => {
            let counted = action.access().filter(Accessed::counts);
            let emergency = counted.and_then(|access| access.attempt.attempt.grant.emergency());
            emergency.map(|id| of_emergency_access(id, index)).into_iter().collect()
        }
        Action::DeclareEmergency { .. } => vec![of_emergency(EmergencyId(index))],
        Action::EndEmergency { emergency, .. }
        | Action::ReviewEmergency { emergency, .. }
        | Action::JustifyAccess { emergency, .. } => vec![of_emergency(*emergency)],
        _ => of_what_was_asked(index, action).into_iter().collect(),
    }
}

pub(super) fn of_emergency(emergency: EmergencyId) -> Vec<u8> {
    StateKey::Emergency(emergency).to_bytes()
}

fn of_emergency_access(emergency: EmergencyId, access: LogIndex) -> Vec<u8> {
    StateKey::EmergencyAccess(emergency, access).to_bytes()
}

/// The check, incident or dispute that an act is about, if it is about one.
fn of_what_was_asked(index: LogIndex, action: &Action) -> Option<Vec<u8>> {
    let key = match action {
        Action::OpenCheck { .. } => StateKey::CheckRequest(CheckId(index)),
        Action::OfferHandover { check, .. }
        | Action::AcceptHandover { check }
        | Action::DeclineHandover { check }
        | Action::AnswerCheck { check, .. }
        | Action::ReportCorrection { check, .. } => StateKey::CheckRequest(*check),
        Action::ReportIncident { .. } => StateKey::Incident(IncidentId(index)),
        Action::UpdateIncident { incident, .. } | Action::CloseIncident { incident, .. } => {
            StateKey::Incident(*incident)
        }
        Action::OpenDispute { .. } => StateKey::Dispute(DisputeId(index)),
        Action::AnswerDispute { dispute, .. }
        | Action::EscalateDispute { dispute, .. }
        | Action::DecideDispute { dispute, .. } => StateKey::Dispute(*dispute),
        _ => return None,
    };
    Some(key.to_bytes())
}

/// The positions that such an object names.
pub(super) fn positions(held: &Held) -> Vec<(Place, LogIndex)> {
    let mut found = Vec::new();
    match held {
        Held::Emergency(_, emergency) => {
            found.push((Place::Made, emergency.declared_at));
            found.extend(emergency.renewals.iter().map(|one| (Place::Ballot, one.mark.at)));
            found.extend(emergency.ended.as_ref().map(|end| (Place::Ended, end.mark.at)));
            found.extend(emergency.reviews.iter().map(|one| (Place::Reviewed, one.mark.at)));
        }
        Held::EmergencyAccess((_, at), access) => {
            found.push((Place::Used, *at));
            found.extend(access.justified.map(|mark| (Place::Answered, mark.at)));
        }
        Held::Check(_, check) => found.extend(of_check(check)),
        Held::Incident(_, incident) => {
            found.push((Place::Made, incident.reported.at));
            found.extend(incident.updated.map(|mark| (Place::Updated, mark.at)));
            found.extend(incident.closed.as_ref().map(|closure| (Place::Ended, closure.on.at)));
        }
        Held::Dispute(_, dispute) => {
            found.push((Place::Made, dispute.opened.at));
            let later = dispute.steps.iter().skip(1);
            found.extend(later.map(|step| (Place::Escalated, step.began.at)));
            let ruled = dispute.steps.iter().filter_map(|step| step.ruled.as_ref());
            found.extend(ruled.map(|ruled| (Place::Ruled, ruled.given.at)));
        }
        _ => {}
    }
    found
}

/// The positions that a check request names.
fn of_check(check: &CheckRequest) -> Vec<(Place, LogIndex)> {
    let mut found = vec![(Place::Made, check.opened.at)];
    for handover in &check.handovers {
        found.push((Place::Offered, handover.offered.at));
        found.extend(handover.end.as_ref().map(|end| match end {
            HandoverEnd::Accepted(mark) => (Place::Accepted, mark.at),
            HandoverEnd::Declined(mark) => (Place::Declined, mark.at),
        }));
    }
    found.extend(check.earlier.iter().map(|answer| (Place::SetAside, answer.given.at)));
    found.extend(check.answer.as_ref().map(|answer| (Place::Answered, answer.given.at)));
    found.extend(check.corrected.as_ref().map(|done| (Place::Corrected, done.made.at)));
    found
}

/// Whether an entry is the act that such an object says of its position.
pub(super) fn is_act(held: &Held, place: Place, index: LogIndex, action: &Action) -> bool {
    match held {
        Held::Dispute(id, dispute) => is_of_dispute(*id, dispute, place, index, action),
        Held::Check(id, check) => is_of_check(*id, check, place, index, action),
        Held::Incident(id, incident) => is_of_incident(*id, incident, place, action),
        Held::Emergency(..) | Held::EmergencyAccess(..) => is_of_emergency(held, place, action),
        _ => false,
    }
}

fn is_of_check(
    id: CheckId,
    check: &CheckRequest,
    place: Place,
    index: LogIndex,
    action: &Action,
) -> bool {
    let offered = |to: &AgencyId| {
        check.handovers.iter().all(|handover| handover.offered.at != index || handover.to == *to)
    };
    match (place, action) {
        (Place::Made, Action::OpenCheck { terms }) => *terms == check.terms,
        (Place::Offered, Action::OfferHandover { check, to, .. }) => *check == id && offered(to),
        (Place::Accepted, Action::AcceptHandover { check })
        | (Place::Declined, Action::DeclineHandover { check })
        | (Place::Corrected, Action::ReportCorrection { check, .. }) => *check == id,
        (Place::Answered, Action::AnswerCheck { check: of, outcome }) => {
            *of == id && check.answer.as_ref().is_some_and(|answer| answer.outcome == *outcome)
        }
        (Place::SetAside, Action::AnswerCheck { check: of, outcome }) => {
            let is_it = |one: &CheckAnswer| one.given.at != index || one.outcome == *outcome;
            *of == id && check.earlier.iter().all(is_it)
        }
        _ => false,
    }
}

fn is_of_dispute(
    id: DisputeId,
    held: &Dispute,
    place: Place,
    index: LogIndex,
    action: &Action,
) -> bool {
    let ruled = |is_first: bool, ruling: &Ruling| {
        held.steps.iter().all(|step| {
            let there = step.ruled.as_ref().filter(|one| one.given.at == index);
            there.is_none_or(|one| {
                (step.stage == Stage::Parties) == is_first && one.ruling == *ruling
            })
        })
    };
    match (place, action) {
        (Place::Made, Action::OpenDispute { about, grounds }) => {
            held.about == *about && held.grounds == *grounds
        }
        (Place::Escalated, Action::EscalateDispute { dispute, .. }) => *dispute == id,
        (Place::Ruled, Action::AnswerDispute { dispute, ruling }) => {
            *dispute == id && ruled(true, ruling)
        }
        (Place::Ruled, Action::DecideDispute { dispute, ruling }) => {
            *dispute == id && ruled(false, ruling)
        }
        _ => false,
    }
}

fn is_of_incident(id: IncidentId, incident: &Incident, place: Place, action: &Action) -> bool {
    match (place, action) {
        (Place::Made, Action::ReportIncident { terms }) => *terms == incident.terms,
        (Place::Updated, Action::UpdateIncident { incident, .. })
        | (Place::Ended, Action::CloseIncident { incident, .. }) => *incident == id,
        _ => false,
    }
}

fn is_of_emergency(held: &Held, place: Place, action: &Action) -> bool {
    use Action as A;
    match (held, place, action) {
        (Held::Emergency(_, found), Place::Made, A::DeclareEmergency { terms }) => {
            *terms == found.terms
        }
        (Held::Emergency(id, _), Place::Ended, A::EndEmergency { emergency, .. })
        | (Held::Emergency(id, _), Place::Reviewed, A::ReviewEmergency { emergency, .. }) => {
            id == emergency
        }
        (Held::Emergency(..), Place::Ballot, action) => {
            matches!(action, A::OpenProposal { .. } | A::CastBallot { .. })
        }
        (Held::EmergencyAccess((id, _), _), Place::Used, action) => {
            let access = action.access();
            access.is_some_and(|access| access.attempt.attempt.grant == (*id).into())
        }
        (
            Held::EmergencyAccess((id, access), _),
            Place::Answered,
            A::JustifyAccess { emergency, accesses, .. },
        ) => id == emergency && accesses.contains(access),
        _ => false,
    }
}

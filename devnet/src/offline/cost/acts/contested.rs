//! A record of each kind about checks, incidents and disputes.

use comity_core::agency::KeyRole;
use comity_core::dispute::{DisputeAbout, Ruling};
use comity_core::ids::{CheckId, DisputeId, IncidentId, RequestId};
use comity_core::statement::Action;

use super::super::docket::contested::{claim, leak, stands, upheld};
use super::super::docket::{Pending, life};
use super::super::town::name;
use super::{Act, Deed, Number, Town, act, by_authority, by_owner};
use crate::failure::DevnetError;

/// What one of a pending check's agencies does about it.
type CheckDeed<'a> = Result<Deed<'a>, DevnetError>;

fn check(pending: Pending, number: Number) -> CheckId {
    CheckId(pending.at(number, 0))
}

fn dispute(pending: Pending, number: Number) -> DisputeId {
    DisputeId(pending.at(number, 2))
}

fn anew() -> Ruling {
    Ruling::Anew { reason: name("The purpose was not looked at") }
}

fn by_third(town: &Town, number: Number, action: Action) -> CheckDeed<'_> {
    Ok((vec![(life(town, number).third(), KeyRole::Steward)], action))
}

fn by_requester(town: &Town, number: Number, action: Action) -> CheckDeed<'_> {
    Ok((vec![(life(town, number).requester(), KeyRole::Steward)], action))
}

/// All of them.
pub(super) const ACTS: &[Act] = &[
    act("", |town, number| {
        let life = life(town, number);
        let by = vec![(life.requester(), KeyRole::Officer)];
        Ok((by, Action::OpenCheck { terms: claim(life) }))
    }),
    act("", |town, number| {
        let life = life(town, number);
        let (check, to) = (check(Pending::Check, number), life.third().clone());
        let action = Action::OfferHandover { check, to, reason: name("They enter the grades") };
        by_owner(life, action)
    }),
    act("", |town, number| {
        let check = check(Pending::OfferedCheck, number);
        by_third(town, number, Action::AcceptHandover { check })
    }),
    act("", |town, number| {
        let check = check(Pending::OfferedCheck, number);
        by_third(town, number, Action::DeclineHandover { check })
    }),
    act("", |town, number| {
        let check = check(Pending::Check, number);
        by_owner(life(town, number), Action::AnswerCheck { check, outcome: upheld() })
    }),
    act("", |town, number| {
        let check = check(Pending::UpheldCheck, number);
        let action = Action::ReportCorrection { check, note: name("Entered anew") };
        by_owner(life(town, number), action)
    }),
    act("", |town, number| {
        let terms = leak(life(town, number));
        by_requester(town, number, Action::ReportIncident { terms })
    }),
    act("", |town, number| {
        let incident = IncidentId(Pending::Incident.at(number, 0));
        let action = Action::UpdateIncident { incident, note: name("It was found") };
        by_requester(town, number, action)
    }),
    act("", |town, number| {
        let incident = IncidentId(Pending::Incident.at(number, 0));
        let action = Action::CloseIncident { incident, measures: name("Disks are sealed") };
        by_requester(town, number, action)
    }),
    act("", |town, number| {
        let about = DisputeAbout::Request(RequestId(Pending::Refusal.at(number, 0)));
        let grounds = name("The refusal names another act");
        by_requester(town, number, Action::OpenDispute { about, grounds })
    }),
    act("stands", |town, number| {
        let dispute = dispute(Pending::Dispute, number);
        by_owner(life(town, number), Action::AnswerDispute { dispute, ruling: stands() })
    }),
    act("anew", |town, number| {
        let dispute = dispute(Pending::Dispute, number);
        by_owner(life(town, number), Action::AnswerDispute { dispute, ruling: anew() })
    }),
    act("", |town, number| {
        let dispute = dispute(Pending::AnsweredDispute, number);
        let grounds = name("The answer says nothing new");
        by_requester(town, number, Action::EscalateDispute { dispute, grounds })
    }),
    act("", |town, number| {
        let dispute = dispute(Pending::EscalatedDispute, number);
        by_authority(town, Action::DecideDispute { dispute, ruling: anew() })
    }),
];

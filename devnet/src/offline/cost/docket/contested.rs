//! Checks, incidents, and disputes about refused requests.

use comity_core::agency::KeyRole;
use comity_core::check_request::{CheckAnswer, CheckOutcome, CheckRequest, CheckTerms, Handover};
use comity_core::dataset::Items;
use comity_core::dispute::{Dispute, DisputeAbout, Ruled, Ruling, Stage, Step};
use comity_core::ids::{CheckId, DisputeId, IncidentId, RequestId};
use comity_core::incident::{Incident, IncidentTerms};
use comity_core::request::{Outcome, Reply, Request};
use comity_core::state::{Changes, StateKey};

use super::super::super::founding;
use super::super::crowd::{self, Life};
use super::super::town::{Town, name};
use super::{Pending, ago, life, mark};

/// What is claimed of the data under a grant.
pub(in super::super) fn claim(life: Life<'_>) -> CheckTerms {
    CheckTerms {
        dataset: life.dataset().clone(),
        items: Items::Only([name("grade")].into()),
        grant: Some(life.id().into()),
        asked: life.owner().clone(),
        claim: name("Two grades are last year's"),
    }
}

/// That data were wrong for some days.
pub(in super::super) fn upheld() -> CheckOutcome {
    let correction = name("This year's grades are entered");
    CheckOutcome::Upheld { from: ago(90), to: ago(60), correction }
}

/// That a refusal stands.
pub(in super::super) fn stands() -> Ruling {
    Ruling::Stands { basis: name("Measures, art. 4"), reason: name("The purpose is another") }
}

/// What is reported of a grant.
pub(in super::super) fn leak(life: Life<'_>) -> IncidentTerms {
    IncidentTerms {
        datasets: [].into(),
        grants: [life.id()].into(),
        since: ago(9),
        found: ago(8),
        nature: name("A laptop was lost on the way"),
    }
}

fn check(town: &Town, number: u64, pending: Pending) -> CheckRequest {
    let life = life(town, number);
    let place = town.place_of(life.requester());
    CheckRequest {
        terms: claim(life),
        opened_by: life.requester().clone(),
        opener: founding::secret(place, KeyRole::Officer).public(),
        opened: mark(pending.at(number, 0), 3),
        handovers: Vec::new(),
        answer: None,
        corrected: None,
        earlier: Vec::new(),
    }
}

/// A request that was refused.
fn refused(town: &Town, number: u64, pending: Pending) -> (RequestId, Request) {
    let opened = mark(pending.at(number, 0), 20);
    let (legal_basis, reason) = (name("Measures, art. 3"), name("not for this purpose"));
    let outcome = Outcome::Refused { legal_basis, reason };
    let reply = Reply { at: pending.at(number, 1), on: ago(15), outcome };
    let request = crowd::request(town, life(town, number).first_terms(), opened);
    (RequestId(opened.at), Request { reply: Some(reply), ..request })
}

/// A dispute about that, opened after it.
fn dispute(town: &Town, number: u64, pending: Pending) -> (DisputeId, Dispute) {
    let life = life(town, number);
    let opened = mark(pending.at(number, 2), 10);
    let (stage, by) = (Stage::Parties, life.owner().clone());
    let dispute = Dispute {
        about: DisputeAbout::Request(RequestId(pending.at(number, 0))),
        grounds: name("The refusal names another act"),
        claimant: life.requester().clone(),
        respondent: life.owner().clone(),
        opened,
        steps: vec![Step { stage, by, began: opened, ruled: None }],
    };
    (DisputeId(opened.at), dispute)
}

/// One of each kind.
pub(super) fn put(town: &Town, number: u64, changes: &mut Changes) {
    let life = life(town, number);
    let mut put_check = |pending: Pending, check: &CheckRequest| {
        changes.put(&StateKey::CheckRequest(CheckId(pending.at(number, 0))), check);
    };
    put_check(Pending::Check, &check(town, number, Pending::Check));
    let mut offered = check(town, number, Pending::OfferedCheck);
    offered.handovers.push(Handover {
        to: life.third().clone(),
        reason: name("They enter the grades"),
        offered: mark(Pending::OfferedCheck.at(number, 1), 2),
        end: None,
    });
    put_check(Pending::OfferedCheck, &offered);
    let mut answered = check(town, number, Pending::UpheldCheck);
    let given = mark(Pending::UpheldCheck.at(number, 1), 2);
    answered.answer = Some(CheckAnswer { given, outcome: upheld() });
    put_check(Pending::UpheldCheck, &answered);
    let incident = Incident {
        terms: leak(life),
        reported_by: life.requester().clone(),
        reported: mark(Pending::Incident.at(number, 0), 7),
        updates: 0,
        updated: None,
        closed: None,
    };
    changes.put(&StateKey::Incident(IncidentId(incident.reported.at)), &incident);
    put_disputes(town, number, changes);
}

fn put_disputes(town: &Town, number: u64, changes: &mut Changes) {
    let (id, request) = refused(town, number, Pending::Refusal);
    changes.put(&StateKey::Request(id), &request);
    let stages = [Pending::Dispute, Pending::AnsweredDispute, Pending::EscalatedDispute];
    for pending in stages {
        let (id, request) = refused(town, number, pending);
        changes.put(&StateKey::Request(id), &request);
        let (id, mut dispute) = dispute(town, number, pending);
        if pending != Pending::Dispute {
            let ruled = Ruled { given: mark(pending.at(number, 3), 8), ruling: stands() };
            dispute.steps.iter_mut().for_each(|step| step.ruled = Some(ruled.clone()));
        }
        if pending == Pending::EscalatedDispute {
            let (stage, by) = (Stage::Authority, town.agencies[0].clone());
            let began = mark(pending.at(number, 4), 6);
            dispute.steps.push(Step { stage, by, began, ruled: None });
        }
        changes.put(&StateKey::Dispute(id), &dispute);
        changes.put(&StateKey::LastDispute(dispute.about), &id);
    }
}

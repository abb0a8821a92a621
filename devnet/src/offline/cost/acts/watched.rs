//! A record of each kind in emergencies and draws, about findings, and about assessments.

use comity_core::agency::KeyRole;
use comity_core::assessment::AssessmentTerms;
use comity_core::emergency::Verdict;
use comity_core::ids::{AssessmentId, DrawId, EmergencyId, FindingId, LogIndex, Nonce, TimeMs};
use comity_core::late::LateAccess;
use comity_core::oversight::{DrawnVerdict, FindingAbout, FindingOutcome};
use comity_core::statement::{
    Action, Capacity, STATEMENT_VERSION, SignedRecord, Statement, StatementSigner,
};
use comity_core::text::AgencyId;

use super::super::super::founding;
use super::super::docket::watched::{
    DRAWN, SECRET, accesses, asks_in, assessed, attempt, commitment, declared, declares, draw,
    flood, found_against, in_force, range, reviewers,
};
use super::super::docket::{PENDING, Pending};
use super::super::town::{NOW, name};
use super::{AGENCIES, Act, Deed, Number, Town, act, agency, place};
use crate::failure::DevnetError;

type WatchedDeed<'a> = Result<Deed<'a>, DevnetError>;

fn draw_id(pending: Pending, number: Number) -> DrawId {
    DrawId(pending.at(number, 0))
}

fn by_auditor(by: &AgencyId, action: Action) -> WatchedDeed<'_> {
    Ok((vec![(by, KeyRole::Auditor)], action))
}

fn by_steward(by: &AgencyId, action: Action) -> WatchedDeed<'_> {
    Ok((vec![(by, KeyRole::Steward)], action))
}

/// One of those who review.
fn reviewer(town: &Town, number: Number) -> &AgencyId {
    let reviewers = reviewers(town);
    &reviewers[place(number) % reviewers.len()]
}

fn justify(town: &Town, number: Number, count: usize) -> WatchedDeed<'_> {
    let action = Action::JustifyAccess {
        emergency: in_force(number),
        accesses: accesses(number).take(count).collect(),
        basis: founding::duty_basis()?,
        text: name("Forty people on a roof"),
    };
    by_steward(asks_in(town, number), action)
}

/// An access whose record ran out while the network was cut.
fn late(town: &Town, number: Number) -> WatchedDeed<'_> {
    let attempt = attempt(town, number);
    let owner = town.place_of(&attempt.attempt.dataset.agency);
    let (by, gateway) = (&town.agencies[owner], founding::secret(owner, KeyRole::Gateway));
    let number = town.numbered.get(owner).copied().unwrap_or_default() + 1;
    let signer = StatementSigner {
        agency: by.clone(),
        key: gateway.public(),
        role: KeyRole::Gateway,
        capacity: Capacity::Agency,
    };
    let statement = Statement {
        version: STATEMENT_VERSION,
        consortium: town.consortium,
        nonce: Nonce([3; 16]),
        valid_until: TimeMs(NOW.0 - 1),
        signers: vec![signer],
        sealed: vec![],
        action: Action::RecordAccess { attempt, number, answer: None },
    };
    let signatures = vec![gateway.sign_statement(&statement)];
    let Ok(record) = LateAccess::of(SignedRecord { statement, signatures }) else {
        unreachable!("it is the record of one access, signed by one gateway")
    };
    let action = Action::EmbedLate { record: Box::new(record), missing: [].into(), against: None };
    Ok((vec![(by, KeyRole::Gateway)], action))
}

/// Who reviews one of the records that were drawn, and that record's place.
fn drawn(town: &Town, number: Number) -> (&AgencyId, u16) {
    let at = 1 + u16::try_from(number % u64::from(DRAWN)).unwrap_or_default();
    let drawn = draw(town, number % PENDING, Pending::Drawn).drawn();
    let one = drawn.and_then(|all| all.into_iter().nth(usize::from(at) - 1));
    let place = one.map_or(0, |one| town.place_of(&one.reviewer));
    (&town.agencies[place], at)
}

/// All of them.
pub(super) const ACTS: &[Act] = &[
    act("", |town, number| {
        let dataset = town.special("open", place(number));
        let requester = &town.agencies[(town.place_of(&dataset.agency) + 2) % AGENCIES];
        let terms = flood(&dataset, requester);
        by_steward(declares(town), Action::DeclareEmergency { terms })
    }),
    act("", |town, number| {
        let (emergency, reason) = (in_force(number), name("The water has gone"));
        by_steward(declared(town, number), Action::EndEmergency { emergency, reason })
    }),
    act("", |town, number| {
        let emergency = EmergencyId(Pending::PastEmergency.at(number, 0));
        let (verdict, text) = (Verdict::Warranted, name("The river had risen"));
        // None of the first eight, who declare, nor beside whoever provides and asks.
        let by = agency(town, 8 + (number % PENDING + 20) % 56);
        by_auditor(by, Action::ReviewEmergency { emergency, verdict, text })
    }),
    act("in an emergency", |town, number| {
        let attempt = attempt(town, number);
        let owner = town.place_of(&attempt.attempt.dataset.agency);
        let number = town.numbered.get(owner).copied().unwrap_or_default() + 1;
        let by = vec![(&town.agencies[owner], KeyRole::Gateway)];
        Ok((by, Action::RecordAccess { attempt, number, answer: None }))
    }),
    act("", late),
    act("of one", |town, number| justify(town, number, 1)),
    act("of sixty-four", |town, number| justify(town, number, 64)),
    act("of one gateway", |town, number| {
        let action = Action::OpenDraw { scope: vec![range(town, number)], count: 1 };
        by_auditor(reviewer(town, number), action)
    }),
    act("of sixteen gateways", |town, number| {
        let scope = (0..16).map(|at| range(town, number + at)).collect();
        by_auditor(reviewer(town, number), Action::OpenDraw { scope, count: 1 })
    }),
    act("", |town, number| {
        let (draw, by) = (draw_id(Pending::CommittingDraw, number), reviewer(town, number));
        let commitment = commitment(town, draw, by);
        by_auditor(by, Action::CommitDraw { draw, commitment })
    }),
    act("", |town, number| {
        let draw = draw_id(Pending::RevealingDraw, number);
        by_auditor(reviewer(town, number), Action::RevealDraw { draw, secret: SECRET })
    }),
    act("", |town, number| {
        let (by, at) = drawn(town, number);
        let (draw, verdict) = (draw_id(Pending::Drawn, number), DrawnVerdict::InOrder);
        by_auditor(by, Action::ReportReview { draw, number: at, verdict })
    }),
    act("of an entry", |town, number| {
        let (agency, about) = (found_against(town, number).clone(), entry(number));
        let text = name("No basis stands beside it");
        by_auditor(&town.agencies[0], Action::OpenFinding { agency, about, text })
    }),
    act("of what was drawn", |town, number| {
        let (by, at) = drawn(town, number);
        let about = FindingAbout::Drawn { draw: draw_id(Pending::Drawn, number), number: at };
        // One that reviews nothing.
        let (agency, text) = (town.agencies[40].clone(), name("No basis stands beside it"));
        by_auditor(by, Action::OpenFinding { agency, about, text })
    }),
    act("", |town, number| {
        let finding = FindingId(Pending::Finding.at(number, 0));
        let by = found_against(town, number % PENDING);
        by_steward(by, Action::AnswerFinding { finding, answer: name("It stands there") })
    }),
    act("", |town, number| {
        let finding = FindingId(Pending::AnsweredFinding.at(number, 0));
        let (outcome, text) = (FindingOutcome::Remedied, name("Seen"));
        by_auditor(&town.agencies[0], Action::CloseFinding { finding, outcome, text })
    }),
    act("", |town, number| {
        // Of another time than what was filed before.
        let known = assessed(town, number);
        let terms = AssessmentTerms { from: TimeMs(known.from.0 - 1), ..known };
        by_auditor(&town.agencies[0], Action::ReportAssessment { terms })
    }),
    act("", |town, number| {
        let assessment = AssessmentId(Pending::Assessment.at(number, 0));
        let by = found_against(town, number % PENDING);
        let text = name("One form instead of three");
        by_steward(by, Action::FollowUpAssessment { assessment, text })
    }),
];

fn entry(number: Number) -> FindingAbout {
    FindingAbout::Entry(LogIndex(number))
}

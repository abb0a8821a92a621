//! The kinds of records that an emergency makes: from those who name its declarer to the review.
//! Holds: one of each; who reviews had no part in it.

use comity_core::access::SignedAttempt;
use comity_core::emergency::{EmergencyScope, EmergencyTerms, Verdict};
use comity_core::governance::{Choice, Measure, Office};
use comity_core::ids::{EmergencyId, LogIndex, ProposalId, TimeMs};
use comity_core::late::LateAccess;
use comity_core::statement::Action;

use super::driver::Driver;
use super::every_kind::{BIRTHS, attempt, commit};
use super::rules_of_sharing::newcomer;
use crate::harness::author::{Author, Role, now};
use crate::harness::consortium::Consortium;

const MATTER: &str = "SCHOOL-ENROLMENT";
const DAY_MS: u64 = 86_400_000;

/// Commits one record of every kind about emergencies; `gateway` is the provider's. Returns the
/// emergency, which is over and reviewed.
pub(super) fn commit_all(
    consortium: &Consortium,
    driver: &mut Driver<'_>,
    gateway: &Author,
) -> EmergencyId {
    let declarer = newcomer(driver, &consortium.admin(2), Role::Steward);
    let requester = newcomer(driver, &consortium.admin(1), Role::Steward);
    let officer = newcomer(driver, &consortium.admin(1), Role::Officer);
    let reviewer = newcomer(driver, &consortium.admin(3), Role::Steward);
    appoint(consortium, driver, &declarer);
    let terms = EmergencyTerms {
        scope: EmergencyScope { datasets: [BIRTHS.parse().unwrap()].into(), ..Default::default() },
        requesters: [requester.agency.parse().unwrap()].into(),
        matter: MATTER.parse().unwrap(),
        until: now().plus(DAY_MS),
        reason: "The river is over its banks".parse().unwrap(),
    };
    let declared = commit(driver, &declarer.record(Action::DeclareEmergency { terms }));
    let emergency = EmergencyId(LogIndex(declared));
    let access = commit(driver, &gateway.access(attempt(&officer, emergency, MATTER)));
    let justified = Action::JustifyAccess {
        emergency,
        accesses: [LogIndex(access)].into(),
        basis: "DEPARTMENT-MANDATE".parse().unwrap(),
        text: "Forty people on a roof".parse().unwrap(),
    };
    commit(driver, &requester.record(justified));
    commit(driver, &gateway.record(late(gateway, attempt(&officer, emergency, MATTER))));
    let reason = "The water has gone".parse().unwrap();
    commit(driver, &declarer.record(Action::EndEmergency { emergency, reason }));
    let (verdict, text) = (Verdict::Warranted, "It had risen".parse().unwrap());
    commit(driver, &reviewer.record(Action::ReviewEmergency { emergency, verdict, text }));
    emergency
}

/// An access whose record ran out before anybody could commit it.
fn late(gateway: &Author, attempt: SignedAttempt) -> Action {
    let number = gateway.number();
    let mut statement = gateway.statement(Action::RecordAccess { attempt, number, answer: None });
    // A millisecond ago: the block that takes it in late may be of this very one.
    statement.valid_until = TimeMs(now().0 - 1);
    let record = Box::new(LateAccess::of(gateway.sign(statement)).unwrap());
    Action::EmbedLate { record, missing: [].into(), against: None }
}

/// By ballot.
fn appoint(consortium: &Consortium, driver: &mut Driver<'_>, declarer: &Author) {
    let agencies = [declarer.agency.parse().unwrap()].into();
    let measure = Measure::Appoint { office: Office::EmergencyDeclarer, agencies };
    let opened = commit(driver, &consortium.admin(0).record(Action::OpenProposal { measure }));
    let proposal = ProposalId(LogIndex(opened));
    for number in 1..3 {
        let ballot = Action::CastBallot { proposal, choice: Choice::For };
        commit(driver, &consortium.admin(number).record(ballot));
    }
}

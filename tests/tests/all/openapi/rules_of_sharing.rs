//! The kinds of records by which duties run and grants bind.
//! Holds: one of each but the review of a request, which only a rule pack can ask for, and no pack
//! rules before a week has passed.

use std::collections::BTreeSet;

use comity_core::binding::{Promise, Side, Undertaking};
use comity_core::calendar::{Calendar, Day, Week};
use comity_core::governance::{Choice, Measure, Office};
use comity_core::grant::GrantTerms;
use comity_core::ids::{GrantId, LogIndex, ProposalId, RequestId};
use comity_core::request::RequestTerms;
use comity_core::rule_pack::{MIN_NOTICE_MS, RulePack};
use comity_core::statement::{Action, SignedRecord};

use super::checks::{self, Parties};
use super::driver::Driver;
use super::every_kind::commit;
use crate::harness::author::{Author, Role, dataset, now, terms};
use crate::harness::consortium::Consortium;

/// The kind of record that a young ledger cannot have.
pub(super) const NOT_YET: &str = "review-request";
const ADDRESSES: &str = "civil.th/addresses";
const DAY_MS: u64 = 86_400_000;

/// Commits at least one record of every kind but [`NOT_YET`]; `steward` is of the competent authority.
pub(super) fn commit_all(consortium: &Consortium, driver: &mut Driver<'_>, steward: &Author) {
    let supervisor = newcomer(driver, &consortium.admin(2), Role::Steward);
    let requester = newcomer(driver, &consortium.admin(1), Role::Steward);
    let officer = newcomer(driver, &consortium.admin(1), Role::Officer);
    publications(consortium, driver, steward, &supervisor);
    duties(driver, steward, &officer);
    let grant = grants(driver, steward, &requester);
    let dataset = ADDRESSES.parse().unwrap();
    let parties = Parties { owner: steward, officer: &officer, third: &supervisor, dataset, grant };
    checks::check(driver, &parties);
    checks::incident(driver, &parties);
    checks::emergency(consortium, driver, &parties);
    checks::dispute(driver, &parties, &requester);
}

pub(super) fn newcomer(driver: &mut Driver<'_>, admin: &Author, role: Role) -> Author {
    let (record, person) = admin.register(role);
    commit(driver, &record);
    person
}

/// A supervisor by ballot, a calendar, and a pack that both authorities sign.
fn publications(
    consortium: &Consortium,
    driver: &mut Driver<'_>,
    steward: &Author,
    supervisor: &Author,
) {
    let agencies = BTreeSet::from([supervisor.agency.parse().unwrap()]);
    let measure = Measure::Appoint { office: Office::Supervisor, agencies };
    let opened = commit(driver, &consortium.admin(0).record(Action::OpenProposal { measure }));
    let proposal = ProposalId(LogIndex(opened));
    // Whoever opens a proposal is for it; with the third it has passed.
    for number in 1..3 {
        let ballot = Action::CastBallot { proposal, choice: Choice::For };
        commit(driver, &consortium.admin(number).record(ballot));
    }
    // The first of a region's calendars may begin early, wherever on earth it is which day.
    let today = Day::of(now(), 0).0;
    let calendar = Calendar {
        region: "".parse().unwrap(),
        first: Day(today),
        last: Day(today + 300),
        week: Week::PLAIN,
        holidays: BTreeSet::new(),
        workdays: BTreeSet::new(),
    };
    commit(driver, &steward.record(Action::PublishCalendar { calendar }));
    let pack = RulePack {
        name: "THULE-1".parse().unwrap(),
        title: "The rules of Thule".parse().unwrap(),
        source: "Decision 7 of the council".parse().unwrap(),
        from: now().plus(MIN_NOTICE_MS + DAY_MS),
        ..RulePack::plain()
    };
    let mut statement = steward.statement(Action::PublishRules { pack });
    statement.signers.push(supervisor.statement(statement.action.clone()).signers[0].clone());
    let signatures = [steward, supervisor].map(|one| one.key.sign_statement(&statement)).into();
    commit(driver, &SignedRecord { statement, signatures }.to_bytes());
}

/// A dataset that is kept up to date, and a reply that is put off.
fn duties(driver: &mut Driver<'_>, steward: &Author, officer: &Author) {
    let addresses = comity_core::dataset::Dataset { update_days: Some(30), ..dataset(ADDRESSES) };
    commit(driver, &steward.record(Action::PublishDataset { dataset: addresses }));
    let refreshed = Action::RefreshDataset { dataset: ADDRESSES.parse().unwrap() };
    commit(driver, &steward.record(refreshed));
    let asked = terms(ADDRESSES, &officer.agency);
    let terms = RequestTerms { asked, once: false, needed_by: None, bundle: None };
    let opened = commit(driver, &officer.record(Action::OpenRequest { terms }));
    let reason = "The register is being moved".parse().unwrap();
    let request = RequestId(LogIndex(opened));
    commit(driver, &steward.record(Action::ExtendReply { request, days: 5, reason }));
}

/// A grant that is delivered, extended, passed on and narrowed, with an undertaking that is kept.
fn grants(driver: &mut Driver<'_>, steward: &Author, requester: &Author) -> GrantId {
    let undertaking = Undertaking { by: Side::Provider, what: Promise::NotifyChangeDays(5) };
    let terms = GrantTerms {
        onward: ["school.th".parse().unwrap()].into(),
        undertakings: vec![undertaking],
        not_before: now(),
        not_after: now().plus(30 * DAY_MS),
        ..terms(ADDRESSES, &requester.agency)
    };
    let grant = Action::IssueGrant { terms: terms.clone() };
    let grant = GrantId(LogIndex(commit(driver, &steward.record(grant))));
    let note = "Told the requester by letter".parse().unwrap();
    let longer = GrantTerms { not_after: terms.not_after.plus(DAY_MS), ..terms.clone() };
    let narrower = GrantTerms { total_quota: Some(10), ..longer.clone() };
    let passed_on = GrantTerms {
        onward: BTreeSet::new(),
        ..longer.passed_on_to(&"school.th".parse().unwrap())
    };
    commit(driver, &steward.record(Action::ReportDelivery { grant }));
    commit(driver, &steward.record(Action::FulfilUndertaking { grant, number: 1, note }));
    commit(driver, &steward.record(Action::ExtendGrant { grant, terms: longer, version: 1 }));
    commit(driver, &requester.record(Action::IssueOnward { parent: grant, terms: passed_on }));
    commit(driver, &steward.record(Action::NarrowGrant { grant, terms: narrower, version: 2 }));
    grant
}

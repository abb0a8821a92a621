//! The kinds of records by which data are checked, incidents reported, emergencies declared,
//! and refusals disputed.
//! Holds: one of each, and every listing of them.

use comity_core::check_request::{CheckOutcome, CheckTerms};
use comity_core::dataset::Items;
use comity_core::dispute::{DisputeAbout, Ruling};
use comity_core::emergency::{EmergencyScope, EmergencyTerms, Verdict};
use comity_core::governance::{Choice, Measure, Office};
use comity_core::ids::{
    CheckId, DatasetId, DisputeId, EmergencyId, GrantId, IncidentId, LogIndex, ProposalId,
    RequestId, TimeMs,
};
use comity_core::incident::IncidentTerms;
use comity_core::request::RequestTerms;
use comity_core::statement::Action;
use serde_json::json;

use super::driver::Driver;
use super::every_kind::commit;
use crate::harness::author::{Author, dataset, now, terms};
use crate::harness::consortium::Consortium;

const DAY_MS: u64 = 86_400_000;

/// Who acts, and about what.
pub(super) struct Parties<'a> {
    /// Owns the dataset.
    pub(super) owner: &'a Author,
    /// An officer of the agency that received it.
    pub(super) officer: &'a Author,
    /// A steward of a third agency.
    pub(super) third: &'a Author,
    pub(super) dataset: DatasetId,
    pub(super) grant: GrantId,
}

/// A minute ago: before the time of the next block, whatever the clocks.
fn lately() -> TimeMs {
    TimeMs(now().0 - 60_000)
}

/// A check that is handed over, upheld and corrected; and its listing in between.
pub(super) fn check(driver: &mut Driver<'_>, parties: &Parties<'_>) {
    let Parties { owner, officer, third, dataset, grant } = parties;
    let terms = CheckTerms {
        dataset: dataset.clone(),
        items: Items::All,
        grant: Some((*grant).into()),
        asked: dataset.agency.clone(),
        claim: "Two streets are swapped".parse().unwrap(),
    };
    let check = CheckId(LogIndex(commit(driver, &officer.record(Action::OpenCheck { terms }))));
    let (to, reason) = (third.agency.parse().unwrap(), "It keeps the maps".parse().unwrap());
    let offer = Action::OfferHandover { check, to, reason };
    commit(driver, &owner.record(offer.clone()));
    commit(driver, &third.record(Action::DeclineHandover { check }));
    commit(driver, &owner.record(offer));
    commit(driver, &third.record(Action::AcceptHandover { check }));
    let (owned, holder) = (&dataset.agency, &third.agency);
    let query = format!("agency={owned}&holder={holder}&dataset={dataset}&state=open&limit=2");
    let found = driver.get("/v1/checks", &[], &format!("{query}&from={check}"));
    assert_eq!(found["checks"][0]["id"], check.to_string());
    let query = format!("agency={holder}&to={}&state=running&undone=true", officer.agency);
    let owed = driver.get("/v1/duties", &[], &query);
    assert_eq!(owed["duties"][0]["object"], json!({ "check": check }));
    let correction = "As on the maps".parse().unwrap();
    let (from, to) = (TimeMs(now().0 - DAY_MS), lately());
    let outcome = CheckOutcome::Upheld { from, to, correction };
    commit(driver, &third.record(Action::AnswerCheck { check, outcome }));
    let note = "Entered anew".parse().unwrap();
    commit(driver, &owner.record(Action::ReportCorrection { check, note }));
    let found = driver.get("/v1/checks/{id}", &[&check.to_string()], "");
    assert_eq!(found["state"], "corrected");
}

/// An incident with news and an end.
pub(super) fn incident(driver: &mut Driver<'_>, parties: &Parties<'_>) {
    let Parties { owner, dataset, grant, .. } = parties;
    let terms = IncidentTerms {
        datasets: [dataset.clone()].into(),
        grants: [*grant].into(),
        since: lately(),
        found: lately(),
        nature: "A copy was left on a train".parse().unwrap(),
    };
    let report = owner.record(Action::ReportIncident { terms });
    let incident = IncidentId(LogIndex(commit(driver, &report)));
    let note = "It was found again".parse().unwrap();
    commit(driver, &owner.record(Action::UpdateIncident { incident, note }));
    let agency = &dataset.agency;
    let query = format!("agency={agency}&dataset={dataset}&grant={grant}&state=open&limit=2");
    let found = driver.get("/v1/incidents", &[], &format!("{query}&from={incident}"));
    assert_eq!(found["incidents"][0]["id"], incident.to_string());
    let measures = "Copies stay in the house".parse().unwrap();
    commit(driver, &owner.record(Action::CloseIncident { incident, measures }));
    let found = driver.get("/v1/incidents/{id}", &[&incident.to_string()], "");
    assert_eq!(found["state"], "closed");
}

/// A refusal that is disputed in two steps, and that the competent authority, `parties.owner`, has
/// decided anew.
pub(super) fn dispute(driver: &mut Driver<'_>, parties: &Parties<'_>, claimant: &Author) {
    let Parties { owner: authority, officer, third: respondent, .. } = parties;
    let pupils = format!("{}/pupils", respondent.agency);
    let published = Action::PublishDataset { dataset: dataset(&pupils) };
    commit(driver, &respondent.record(published));
    let asked = terms(&pupils, &officer.agency);
    let terms = RequestTerms { asked, once: false, needed_by: None, bundle: None };
    let opened = commit(driver, &officer.record(Action::OpenRequest { terms }));
    let request = RequestId(LogIndex(opened));
    let (legal_basis, reason) = ("Act 9".parse().unwrap(), "Not for that".parse().unwrap());
    let refuse = Action::RefuseRequest { request, legal_basis, reason };
    commit(driver, &respondent.record(refuse));
    let about = DisputeAbout::Request(request);
    let open = Action::OpenDispute { about, grounds: "It is for that".parse().unwrap() };
    let dispute = DisputeId(LogIndex(commit(driver, &claimant.record(open))));
    let (basis, reason) = ("Act 9".parse().unwrap(), "As before".parse().unwrap());
    let ruling = Ruling::Stands { basis, reason };
    commit(driver, &respondent.record(Action::AnswerDispute { dispute, ruling }));
    let grounds = "Nothing new was said".parse().unwrap();
    commit(driver, &claimant.record(Action::EscalateDispute { dispute, grounds }));
    let (agency, by) = (&claimant.agency, &authority.agency);
    let query = format!("agency={agency}&by={by}&state=open&limit=2&from={dispute}");
    let found = driver.get("/v1/disputes", &[], &query);
    assert_eq!(found["disputes"][0]["id"], dispute.to_string());
    let ruling = Ruling::Anew { reason: "The purpose was not looked at".parse().unwrap() };
    commit(driver, &authority.record(Action::DecideDispute { dispute, ruling }));
    let found = driver.get("/v1/disputes/{id}", &[&dispute.to_string()], "");
    assert_eq!(found["state"], "anew");
    commit(driver, &officer.record(withdrawal(request)));
}

/// So that no request is open that others do not count on.
fn withdrawal(request: RequestId) -> Action {
    Action::WithdrawRequest { request, reason: "Solved otherwise".parse().unwrap() }
}

/// An emergency that its declarer ends, and that a third agency reviews.
pub(super) fn emergency(consortium: &Consortium, driver: &mut Driver<'_>, parties: &Parties<'_>) {
    let Parties { owner, officer, third, dataset, .. } = parties;
    let office = Office::EmergencyDeclarer;
    let measure = Measure::Appoint { office, agencies: [dataset.agency.clone()].into() };
    let opened = commit(driver, &consortium.admin(0).record(Action::OpenProposal { measure }));
    let proposal = ProposalId(LogIndex(opened));
    for number in 1..3 {
        let ballot = Action::CastBallot { proposal, choice: Choice::For };
        commit(driver, &consortium.admin(number).record(ballot));
    }
    let scope = EmergencyScope { datasets: [dataset.clone()].into(), ..Default::default() };
    let terms = EmergencyTerms {
        scope,
        requesters: [officer.agency.parse().unwrap()].into(),
        matter: "SCHOOL-ENROLMENT".parse().unwrap(),
        until: now().plus(DAY_MS),
        reason: "The river is over its banks".parse().unwrap(),
    };
    let declared = commit(driver, &owner.record(Action::DeclareEmergency { terms }));
    let emergency = EmergencyId(LogIndex(declared));
    let reason = "The water went down".parse().unwrap();
    commit(driver, &owner.record(Action::EndEmergency { emergency, reason }));
    let (verdict, text) = (Verdict::Warranted, "Needed, and ended at once".parse().unwrap());
    commit(driver, &third.record(Action::ReviewEmergency { emergency, verdict, text }));
}

//! Draws, findings and assessments, so that there is something of them to be shown.
//! Holds: one record of each kind but those that a draw takes days to come to.

use comity_core::assessment::{AssessmentKind, AssessmentTerms, report_hash};
use comity_core::governance::{Choice, Measure, Office};
use comity_core::hash::DrawSecret;
use comity_core::ids::{AssessmentId, DrawId, FindingId, LogIndex, ProposalId, TimeMs};
use comity_core::oversight::{DrawRange, FindingAbout, FindingOutcome, draw_commitment};
use comity_core::statement::Action;
use serde_json::json;

use super::driver::Driver;
use super::every_kind::{Cast, commit};
use crate::harness::author::{Author, Role};
use crate::harness::consortium::Consortium;

/// The kinds of record that a draw comes to days after it was opened.
pub(super) const NOT_YET: [&str; 2] = ["reveal-draw", "report-review"];

/// Commits draws and findings, and shows them.
pub(super) fn drive(consortium: &Consortium, driver: &mut Driver<'_>, cast: &Cast) {
    let mut auditors = Vec::new();
    for number in 0..2 {
        let (record, auditor) = consortium.admin(number).register(Role::Auditor);
        commit(driver, &record);
        auditors.push(auditor);
    }
    let agencies = auditors.iter().map(|auditor| auditor.agency.parse().unwrap()).collect();
    let measure = Measure::Appoint { office: Office::StewardReviewer, agencies };
    let opened = commit(driver, &consortium.admin(0).record(Action::OpenProposal { measure }));
    let proposal = ProposalId(LogIndex(opened));
    for number in 1..3 {
        let ballot = Action::CastBallot { proposal, choice: Choice::For };
        commit(driver, &consortium.admin(number).record(ballot));
    }
    let scope = vec![DrawRange { gateway: cast.gateway.key.public(), first: 1, last: 1 }];
    let draw = auditors[0].record(Action::OpenDraw { scope, count: 1 });
    let draw = DrawId(LogIndex(commit(driver, &draw)));
    let (secret, agency) = (DrawSecret([7; 32]), auditors[1].agency.parse().unwrap());
    let commitment = draw_commitment(&auditors[1].consortium, draw, &agency, &secret);
    commit(driver, &auditors[1].record(Action::CommitDraw { draw, commitment }));
    let about = FindingAbout::Entry(LogIndex(0));
    let text = || "No basis stands beside it".parse().unwrap();
    let open = Action::OpenFinding { agency, about, text: text() };
    let finding = FindingId(LogIndex(commit(driver, &auditors[0].record(open))));
    let answer = Action::AnswerFinding { finding, answer: text() };
    commit(driver, &consortium.admin(1).record(answer));
    let outcome = FindingOutcome::Remedied;
    let close = Action::CloseFinding { finding, outcome, text: text() };
    commit(driver, &auditors[0].record(close));
    shown(driver, draw, finding);
    assess(consortium, driver, &auditors[0]);
}

/// Commits an assessment and what was done about it, and shows them.
fn assess(consortium: &Consortium, driver: &mut Driver<'_>, auditor: &Author) {
    let agencies = [auditor.agency.parse().unwrap()].into();
    let measure = Measure::Appoint { office: Office::Assessor, agencies };
    let opened = commit(driver, &consortium.admin(0).record(Action::OpenProposal { measure }));
    let proposal = ProposalId(LogIndex(opened));
    for number in 1..3 {
        let ballot = Action::CastBallot { proposal, choice: Choice::For };
        commit(driver, &consortium.admin(number).record(ballot));
    }
    let assessed = consortium.admin(1);
    let terms = AssessmentTerms {
        agency: assessed.agency.parse().unwrap(),
        kind: AssessmentKind::Satisfaction,
        matter: None,
        from: TimeMs(1_760_000_000_000),
        until: TimeMs(1_767_000_000_000),
        respondents: Some(412),
        score_permille: 873,
        report: report_hash(&auditor.consortium, b"the whole report"),
        text: "Most come once".parse().unwrap(),
        recommendations: 2,
    };
    let report = auditor.record(Action::ReportAssessment { terms });
    let assessment = AssessmentId(LogIndex(commit(driver, &report)));
    let (agency, id) = (&auditor.agency, assessment.to_string());
    let query = format!("agency={agency}&kind=satisfaction&open=true&from={id}&limit=2");
    let found = driver.get("/v1/assessments", &[], &query);
    assert_eq!(found["assessments"][0]["id"], json!(id));
    let text = "One form instead of three".parse().unwrap();
    let done = Action::FollowUpAssessment { assessment, text };
    commit(driver, &assessed.record(done));
    let found = driver.get("/v1/assessments/{id}", &[&id], "");
    assert_eq!(found["assessment"]["terms"]["score_permille"], 873);
    assert_eq!(found["assessment"]["followed_up"]["text"], "One form instead of three");
}

fn shown(driver: &mut Driver<'_>, draw: DrawId, finding: FindingId) {
    let (draw, finding) = (draw.to_string(), finding.to_string());
    let found = driver.get("/v1/draws", &[], &format!("state=committing&from={draw}&limit=2"));
    assert_eq!(found["draws"][0]["id"], json!(draw));
    let found = driver.get("/v1/draws/{id}", &[&draw], "");
    assert_eq!((&found["drawn"], &found["withheld"]), (&json!(null), &json!([])));
    let query = format!("agency=data.th&closed=true&from={finding}&limit=2");
    let found = driver.get("/v1/findings", &[], &query);
    assert_eq!(found["findings"][0]["id"], json!(finding));
    let found = driver.get("/v1/findings/{id}", &[&finding], "");
    assert_eq!(found["finding"]["closed"]["outcome"], "remedied");
    let duties = driver.get("/v1/duties", &[], "agency=data.th&state=met");
    let clocks = duties["duties"].as_array().unwrap().iter().map(|duty| &duty["clock"]);
    assert!(clocks.into_iter().any(|clock| *clock == "finding-answer"));
}

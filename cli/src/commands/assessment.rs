//! `comity assessment`: reports assessments, says what was done about them, lists and shows them.
//! Holds: what is shown names who signed the report; the report itself never leaves this computer.

use std::path::Path;

use comity_core::assessment::{Assessment, AssessmentKind, AssessmentTerms, report_hash};
use comity_core::hash::{ConsortiumId, ReportHash};
use comity_core::ids::AssessmentId;
use comity_core::statement::Action;
use serde::Deserialize;
use serde_json::{Value, json};

use super::filter;
use crate::args::{
    AssessmentVerb, FollowUpAssessment, ListAssessments, ReportAssessment, ShowAssessment,
};
use crate::client::{Query, Status};
use crate::describe::assessments as words;
use crate::fault::Fault;
use crate::keys;
use crate::messages::say;
use crate::shell::{Session, Shell};
use crate::sign::Desk;
use crate::table::{self, Cell};
use crate::time::{self, Edge};

/// An assessment as the node answers it.
#[derive(Clone, Debug, Deserialize)]
struct AssessmentAnswer {
    id: AssessmentId,
    assessment: Assessment,
}

pub(super) fn run(verb: AssessmentVerb, session: &mut Session<'_>) -> Result<(), Fault> {
    match verb {
        AssessmentVerb::Report(args) => report(args, session),
        AssessmentVerb::FollowUp(args) => follow_up(args, session),
        AssessmentVerb::List(args) => list(args, session),
        AssessmentVerb::Show(args) => show(&args, session),
    }
}

fn report(args: ReportAssessment, session: &mut Session<'_>) -> Result<(), Fault> {
    let desk = Desk::open(session, &args.signing.key)?;
    let (zone, now) = (&session.shell.zone, session.shell.now());
    let terms = AssessmentTerms {
        agency: args.agency,
        kind: args.kind.into(),
        matter: args.matter,
        from: time::past_instant(&args.from, Edge::Start, zone, now)?,
        until: time::past_instant(&args.until, Edge::End, zone, now)?,
        respondents: args.respondents,
        score_permille: args.score,
        report: hash_of(&args.file, &desk.consortium())?,
        text: args.text,
        recommendations: args.recommendations,
    };
    let action = Action::ReportAssessment { terms };
    desk.change(session, action, |done| json!({ "assessment": AssessmentId(done.index) })).map(drop)
}

fn hash_of(path: &Path, consortium: &ConsortiumId) -> Result<ReportHash, Fault> {
    let bytes = std::fs::read(path).map_err(|error| keys::unreadable(path, &error))?;
    Ok(report_hash(consortium, &bytes))
}

fn follow_up(args: FollowUpAssessment, session: &mut Session<'_>) -> Result<(), Fault> {
    let desk = Desk::open(session, &args.signing.key)?;
    let assessment = args.assessment;
    let action = Action::FollowUpAssessment { assessment, text: args.text };
    desk.change(session, action, |_| json!({ "assessment": assessment })).map(drop)
}

fn list(args: ListAssessments, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let mut query: Query = vec![];
    filter(&mut query, "agency", args.agency);
    filter(&mut query, "kind", args.kind.map(AssessmentKind::from));
    filter(&mut query, "open", args.open.then_some(true));
    let (assessments, found) =
        client.listed::<AssessmentAnswer>("/v1/assessments", &query, "assessments")?;
    session.result(&json!({ "assessments": Value::Array(found) }), |_| {
        let row = |answer: &AssessmentAnswer| {
            let Assessment { terms, reported_by, reported, .. } = &answer.assessment;
            vec![
                Cell::Text(answer.id.to_string()),
                Cell::Text(terms.agency.to_string()),
                Cell::Text(words::kind(terms.kind)),
                Cell::Text(words::score(terms.score_permille)),
                Cell::Text(reported_by.to_string()),
                Cell::Time(reported.on),
                Cell::Text(state_word(&answer.assessment)),
            ]
        };
        let headings = [
            &say!("column-assessment"),
            &say!("column-agency"),
            &say!("column-kind"),
            &say!("column-score"),
            &say!("column-by"),
            &say!("column-reported"),
            &say!("column-state"),
        ];
        let rows = assessments.iter().map(row).collect();
        table::rows(&headings.map(String::as_str), rows).folding_after(4)
    })
}

fn show(args: &ShowAssessment, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let found = client.value(&format!("/v1/assessments/{}", args.assessment), &vec![])?;
    let answer: AssessmentAnswer = client.read(&found)?;
    let is_it = match &args.file {
        Some(path) => {
            let status: Status = client.get("/v1/status")?;
            Some(hash_of(path, &status.consortium)? == answer.assessment.terms.report)
        }
        None => None,
    };
    let mut result = found;
    if let Some(is_it) = is_it {
        result["file_is_the_report"] = json!(is_it);
    }
    session.result(&result, |shell| {
        let head = say!(
            "assessment-head",
            assessment = answer.id,
            by = answer.assessment.reported_by,
            day = time::date(answer.assessment.reported.on, &shell.zone),
            state = state_word(&answer.assessment)
        );
        let mut rows = rows(&answer.assessment, shell);
        rows.extend(is_it.map(|is_it| {
            let word = if is_it { say!("words-file-is-it") } else { say!("words-file-is-another") };
            (say!("label-file"), word)
        }));
        format!("{head}\n{}", table::pairs(&rows))
    })
}

fn rows(assessment: &Assessment, shell: &Shell) -> Vec<(String, String)> {
    let mut rows = words::terms_rows(&assessment.terms, &shell.zone);
    if let Some(done) = &assessment.followed_up {
        rows.push((say!("label-follow-up"), done.text.to_string()));
        let day = time::date(done.made.on, &shell.zone);
        rows.push((say!("label-followed-up-on"), day));
    }
    rows
}

fn state_word(assessment: &Assessment) -> String {
    match (&assessment.followed_up, assessment.terms.recommendations) {
        (Some(_), _) => say!("assessment-followed-up"),
        (None, 0) => say!("assessment-nothing-recommended"),
        (None, _) => say!("assessment-waits"),
    }
}

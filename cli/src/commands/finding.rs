//! `comity finding`: opens, answers and closes findings, lists and shows them.
//! Holds: who has to answer, and what is said on both sides, is shown together.

use comity_core::ids::FindingId;
use comity_core::oversight::{Finding, FindingAbout};
use comity_core::statement::Action;
use serde::Deserialize;
use serde_json::{Value, json};

use super::filter;
use crate::args::{
    AnswerFinding, CloseFinding, FindingVerb, ListFindings, OpenFinding, ShowFinding,
};
use crate::client::Query;
use crate::describe::oversight;
use crate::fault::Fault;
use crate::messages::say;
use crate::shell::{Session, Shell};
use crate::sign::Desk;
use crate::table::{self, Cell};
use crate::time;

/// A finding as the node answers it.
#[derive(Clone, Debug, Deserialize)]
struct FindingAnswer {
    id: FindingId,
    finding: Finding,
}

pub(super) fn run(verb: FindingVerb, session: &mut Session<'_>) -> Result<(), Fault> {
    match verb {
        FindingVerb::Open(args) => open(args, session),
        FindingVerb::Answer(args) => answer(args, session),
        FindingVerb::Close(args) => close(args, session),
        FindingVerb::List(args) => list(args, session),
        FindingVerb::Show(args) => show(&args, session),
    }
}

fn open(args: OpenFinding, session: &mut Session<'_>) -> Result<(), Fault> {
    let desk = Desk::open(session, &args.signing.key)?;
    let about = match (args.entry, args.draw, args.number, args.power) {
        (Some(entry), _, _, _) => FindingAbout::Entry(entry),
        (_, Some(draw), Some(number), _) => FindingAbout::Drawn { draw, number },
        (_, _, _, Some(power)) => FindingAbout::Power(power.into()),
        _ => unreachable!("an entry, a drawn record or a power is required"),
    };
    let action = Action::OpenFinding { agency: args.agency, about, text: args.text };
    desk.change(session, action, |done| json!({ "finding": FindingId(done.index) })).map(drop)
}

fn answer(args: AnswerFinding, session: &mut Session<'_>) -> Result<(), Fault> {
    let desk = Desk::open(session, &args.signing.key)?;
    let finding = args.finding;
    let action = Action::AnswerFinding { finding, answer: args.text };
    desk.change(session, action, |_| json!({ "finding": finding })).map(drop)
}

fn close(args: CloseFinding, session: &mut Session<'_>) -> Result<(), Fault> {
    let desk = Desk::open(session, &args.signing.key)?;
    let finding = args.finding;
    let outcome = args.outcome.into();
    let action = Action::CloseFinding { finding, outcome, text: args.text };
    desk.change(session, action, |_| json!({ "finding": finding })).map(drop)
}

fn list(args: ListFindings, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let mut query: Query = vec![];
    filter(&mut query, "agency", args.agency);
    filter(&mut query, "closed", (!args.all).then_some(false));
    let (findings, found) = client.listed::<FindingAnswer>("/v1/findings", &query, "findings")?;
    session.result(&json!({ "findings": Value::Array(found) }), |_| {
        let row = |answer: &FindingAnswer| {
            let finding = &answer.finding;
            vec![
                Cell::Text(answer.id.to_string()),
                Cell::Text(state_word(finding)),
                Cell::Text(finding.agency.to_string()),
                Cell::Time(finding.opened.on),
                Cell::Text(finding.opened_by.to_string()),
                Cell::Text(oversight::about(finding.about)),
            ]
        };
        let headings = [
            &say!("column-finding"),
            &say!("column-state"),
            &say!("column-agency"),
            &say!("column-opened"),
            &say!("column-by"),
            &say!("column-about"),
        ];
        let rows = findings.iter().map(row).collect();
        table::rows(&headings.map(String::as_str), rows).folding_after(4)
    })
}

fn show(args: &ShowFinding, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let found = client.value(&format!("/v1/findings/{}", args.finding), &vec![])?;
    let answer: FindingAnswer = client.read(&found)?;
    session.result(&found, |shell| {
        let head = say!(
            "finding-head",
            finding = answer.id,
            by = answer.finding.opened_by,
            day = time::date(answer.finding.opened.on, &shell.zone),
            state = state_word(&answer.finding)
        );
        format!("{head}\n{}", table::pairs(&rows(&answer.finding, shell)))
    })
}

fn rows(finding: &Finding, shell: &Shell) -> Vec<(String, String)> {
    let mut rows = vec![
        (say!("label-against"), finding.agency.to_string()),
        (say!("label-about"), oversight::about(finding.about)),
        (say!("label-found"), finding.text.to_string()),
    ];
    if let Some(answer) = &finding.answer {
        let day = time::date(answer.given.on, &shell.zone);
        rows.push((say!("label-finding-answer"), answer.text.to_string()));
        rows.push((say!("label-answered-on"), day));
    }
    if let Some(closure) = &finding.closed {
        let day = time::date(closure.made.on, &shell.zone);
        rows.push((say!("label-outcome"), oversight::outcome(closure.outcome)));
        rows.push((say!("label-closing-words"), closure.text.to_string()));
        rows.push((say!("label-closed-on"), day));
    }
    rows
}

fn state_word(finding: &Finding) -> String {
    match (&finding.answer, &finding.closed) {
        (_, Some(closure)) => oversight::outcome(closure.outcome),
        (Some(_), None) => say!("finding-answered-word"),
        (None, None) => say!("finding-waits"),
    }
}

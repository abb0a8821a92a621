//! `comity check`: says that data are wrong, hands over, answers, corrects, lists and shows.
//! Holds: whoever holds a check, and since when, is said wherever one is shown.

use comity_core::check_request::{CheckOutcome, CheckRequest, CheckTerms, HandoverEnd};
use comity_core::ids::CheckId;
use comity_core::statement::Action;
use jiff::tz::TimeZone;
use serde_json::json;

use super::{filter, recipients};
use crate::args::{AnswerCheck, CheckVerb, ListChecks, OpenCheck, ShowCheck};
use crate::client::CheckFound;
use crate::fault::Fault;
use crate::messages::say;
use crate::shell::Session;
use crate::sign::Desk;
use crate::time::Edge;
use crate::wrap::fold;
use crate::{describe, table, time};

pub(super) fn run(verb: CheckVerb, session: &mut Session<'_>) -> Result<(), Fault> {
    match verb {
        CheckVerb::Open(args) => open(args, session),
        CheckVerb::Handover(args) => {
            let desk = Desk::open(session, &args.signing.key)?;
            let (check, to, reason) = (args.check, args.to, args.reason);
            change(&desk, session, check, Action::OfferHandover { check, to, reason })
        }
        CheckVerb::Accept(args) => {
            let desk = Desk::open(session, &args.signing.key)?;
            let check = args.check;
            change(&desk, session, check, Action::AcceptHandover { check })
        }
        CheckVerb::Decline(args) => {
            let desk = Desk::open(session, &args.signing.key)?;
            let check = args.check;
            change(&desk, session, check, Action::DeclineHandover { check })
        }
        CheckVerb::Answer(args) => answer(args, session),
        CheckVerb::Correct(args) => {
            let desk = Desk::open(session, &args.signing.key)?;
            let (check, note) = (args.check, args.note);
            change(&desk, session, check, Action::ReportCorrection { check, note })
        }
        CheckVerb::List(args) => list(&args, session),
        CheckVerb::Show(args) => show(&args, session),
    }
}

fn change(
    desk: &Desk,
    session: &mut Session<'_>,
    check: CheckId,
    action: Action,
) -> Result<(), Fault> {
    desk.change(session, action, |_| json!({ "check": check })).map(drop)
}

fn open(args: OpenCheck, session: &mut Session<'_>) -> Result<(), Fault> {
    let desk = Desk::open(session, &args.signing.key)?;
    // Whoever owns the data can always be asked.
    let asked = args.asked.unwrap_or_else(|| args.dataset.agency.clone());
    let terms = CheckTerms {
        items: args.scope.items(),
        dataset: args.dataset,
        grant: args.grant,
        asked,
        claim: args.claim,
    };
    let action = Action::OpenCheck { terms };
    desk.change(session, action, |committed| json!({ "check": CheckId(committed.index) })).map(drop)
}

fn answer(args: AnswerCheck, session: &mut Session<'_>) -> Result<(), Fault> {
    let desk = Desk::open(session, &args.signing.key)?;
    let (zone, now) = (&session.shell.zone, session.shell.now());
    let outcome = match (args.correction, args.wrong_from, args.legal_basis, args.reason) {
        (Some(correction), Some(from), _, _) => {
            let from = time::past_instant(&from, Edge::Start, zone, now)?;
            // Up to and with the last block: a day that goes on is meant as far as it has gone.
            let latest = desk.status.time.plus(1);
            let to = args.wrong_until.map(|text| time::past_instant(&text, Edge::End, zone, now));
            let to = to.transpose()?.map_or(latest, |to| to.min(latest));
            CheckOutcome::Upheld { from, to, correction }
        }
        (_, _, Some(basis), Some(reason)) => CheckOutcome::NotUpheld { basis, reason },
        _ => unreachable!("the options require one another"),
    };
    let check = args.check;
    change(&desk, session, check, Action::AnswerCheck { check, outcome })
}

fn list(args: &ListChecks, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let mut query = vec![];
    filter(&mut query, "agency", args.agency.as_ref());
    filter(&mut query, "holder", args.holder.as_ref());
    filter(&mut query, "dataset", args.dataset.as_ref());
    filter(&mut query, "state", args.state.map(|state| state.as_str()));
    let (checks, values) = client.listed::<CheckFound>("/v1/checks", &query, "checks")?;
    session.result(&json!({ "checks": values }), |shell| {
        let headings = [
            &say!("column-check"),
            &say!("column-dataset"),
            &say!("column-by"),
            &say!("column-holder"),
            &say!("column-state"),
            &say!("column-opened"),
            &say!("column-claim"),
        ];
        let row = |found: &CheckFound| {
            vec![
                found.id.to_string(),
                found.check.terms.dataset.to_string(),
                found.check.opened_by.to_string(),
                found.holder.to_string(),
                state(&found.state),
                time::date(found.check.opened.on, &shell.zone),
                found.check.terms.claim.to_string(),
            ]
        };
        let rows = checks.iter().map(row).collect();
        table::rows(&headings.map(String::as_str), rows).folding_after(6)
    })
}

/// How a check stands, in the reader's words.
pub(super) fn state(word: &str) -> String {
    match word {
        "open" => say!("check-open"),
        "upheld" => say!("check-upheld"),
        "not-upheld" => say!("check-not-upheld"),
        "corrected" => say!("check-corrected"),
        other => other.to_owned(),
    }
}

fn show(args: &ShowCheck, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let mut value = client.value(&format!("/v1/checks/{}", args.check), &vec![])?;
    let found: CheckFound = client.read(&value)?;
    let received = recipients::of_check(&client, &found.check, None)?;
    value["received"] = json!(received);
    let was_wrong = matches!(found.state.as_str(), "upheld" | "corrected");
    session.result(&value, |shell| {
        let check = &found.check;
        let mut parts = vec![fold(&story(&found, &shell.zone))];
        parts.push(table::pairs(&describe::check_rows(check, &shell.zone)));
        if was_wrong {
            let told = match received.is_empty() {
                true => say!("check-nobody-received"),
                false => say!("check-received", count = received.len()),
            };
            parts.push(fold(&told));
        }
        if !received.is_empty() {
            let listing = recipients::listing(&received);
            parts.push(listing.to_table(shell.widths.out, &shell.zone));
        }
        if found.state == "open" {
            parts.push(say!("check-next", check = found.id));
        }
        parts.join("\n")
    })
}

/// Who claims what, who held it since when, and what became of it.
fn story(found: &CheckFound, zone: &TimeZone) -> String {
    let CheckRequest { terms, opened_by, opened, handovers, .. } = &found.check;
    let mut lines = vec![say!(
        "check-story",
        check = found.id,
        agency = opened_by,
        dataset = terms.dataset,
        day = time::date(opened.on, zone),
        asked = terms.asked,
    )];
    for handover in handovers {
        let (to, day) = (&handover.to, time::date(handover.offered.on, zone));
        let end = match &handover.end {
            None => say!("handover-waits"),
            Some(HandoverEnd::Accepted(mark)) => {
                say!("handover-accepted", day = time::date(mark.on, zone))
            }
            Some(HandoverEnd::Declined(mark)) => {
                say!("handover-declined", day = time::date(mark.on, zone))
            }
        };
        lines.push(say!("check-offered", to = to, day = day, reason = handover.reason, end = end));
    }
    lines.push(match &found.check.answer {
        None => say!("check-held", agency = found.holder),
        Some(answer) => {
            let (day, index) = (time::date(answer.given.on, zone), answer.given.at);
            let found_what = match &answer.outcome {
                CheckOutcome::Upheld { .. } => say!("check-upheld"),
                CheckOutcome::NotUpheld { .. } => say!("check-not-upheld"),
            };
            let agency = &found.holder;
            say!("check-answered", agency = agency, day = day, index = index, what = found_what)
        }
    });
    if let Some(correction) = &found.check.corrected {
        let (day, index) = (time::date(correction.made.on, zone), correction.made.at);
        lines.push(say!("check-was-corrected", day = day, index = index, note = correction.note));
    }
    lines.join("\n")
}

//! `comity emergency`: declares, ends, justifies, reviews, lists and explains emergencies.
//! Holds: what is still owed after an emergency is said wherever it is shown.

use comity_core::emergency::{
    Emergency, EmergencyScope, EmergencyState, EmergencyTerms, EmergencyUse,
};
use comity_core::ids::{EmergencyId, LogIndex};
use comity_core::statement::Action;
use comity_core::text::AgencyId;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::duty::{self, DutyAnswer};
use super::filter;
use crate::args::{
    DeclareEmergency, EmergencyVerb, EndEmergency, JustifyAccess, ListEmergencies, ReviewEmergency,
    ShowEmergency,
};
use crate::client::{Client, EmergencyAnswer};
use crate::fault::Fault;
use crate::messages::say;
use crate::shell::Session;
use crate::sign::Desk;
use crate::table::Cell;
use crate::time::Edge;
use crate::wrap::fold;
use crate::{describe, table, time};

/// Most accesses that wait for a justification that are named one by one.
const MAX_NAMED: usize = 64;

pub(super) fn run(verb: EmergencyVerb, session: &mut Session<'_>) -> Result<(), Fault> {
    match verb {
        EmergencyVerb::Declare(args) => declare(*args, session),
        EmergencyVerb::End(args) => end(args, session),
        EmergencyVerb::Justify(args) => justify(args, session),
        EmergencyVerb::Review(args) => review(args, session),
        EmergencyVerb::List(args) => list(&args, session),
        EmergencyVerb::Show(args) => show(&args, session),
    }
}

fn declare(args: DeclareEmergency, session: &mut Session<'_>) -> Result<(), Fault> {
    let (zone, now) = (session.shell.zone.clone(), session.shell.now());
    let scope = EmergencyScope {
        datasets: args.dataset.into_iter().collect(),
        agencies: args.all_of.into_iter().collect(),
    };
    let terms = EmergencyTerms {
        scope,
        requesters: args.requester.into_iter().collect(),
        matter: args.matter,
        until: time::instant(&args.until, Edge::End, &zone, now)?,
        reason: args.reason,
    };
    let desk = Desk::open(session, &args.signing.key)?;
    let action = Action::DeclareEmergency { terms };
    let declared = |committed: &crate::client::Committed| {
        let id = EmergencyId(committed.index);
        json!({ "emergency": id })
    };
    desk.change(session, action, declared).map(drop)
}

fn end(args: EndEmergency, session: &mut Session<'_>) -> Result<(), Fault> {
    let emergency = args.emergency;
    let desk = Desk::open(session, &args.signing.key)?;
    let action = Action::EndEmergency { emergency, reason: args.reason };
    desk.change(session, action, |_| json!({ "emergency": emergency })).map(drop)
}

fn justify(args: JustifyAccess, session: &mut Session<'_>) -> Result<(), Fault> {
    let emergency = args.emergency;
    let desk = Desk::open(session, &args.signing.key)?;
    let accesses = args.access.into_iter().map(LogIndex).collect();
    let action = Action::JustifyAccess { emergency, accesses, basis: args.basis, text: args.text };
    desk.change(session, action, |_| json!({ "emergency": emergency })).map(drop)
}

fn review(args: ReviewEmergency, session: &mut Session<'_>) -> Result<(), Fault> {
    let emergency = args.emergency;
    let desk = Desk::open(session, &args.signing.key)?;
    let action = Action::ReviewEmergency { emergency, verdict: args.verdict, text: args.text };
    desk.change(session, action, |_| json!({ "emergency": emergency })).map(drop)
}

fn list(args: &ListEmergencies, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let mut query = vec![];
    filter(&mut query, "state", args.state.map(|state| state.as_str()));
    filter(&mut query, "agency", args.agency.as_ref());
    let (found, values) =
        client.listed::<EmergencyAnswer>("/v1/emergencies", &query, "emergencies")?;
    session.result(&json!({ "emergencies": Value::Array(values) }), |_| {
        let headings = [
            &say!("column-emergency"),
            &say!("column-declared-by"),
            &say!("column-state"),
            &say!("column-ends"),
            &say!("column-accesses"),
            &say!("column-unjustified"),
        ];
        table::rows(&headings.map(String::as_str), found.iter().map(row).collect())
    })
}

fn row(answer: &EmergencyAnswer) -> Vec<Cell> {
    let total: u64 = answer.uses.values().map(|used| used.usage.total).sum();
    let open: u32 = answer.uses.values().map(EmergencyUse::open).sum();
    vec![
        Cell::Text(answer.id.to_string()),
        Cell::Text(answer.emergency.declared_by.to_string()),
        Cell::Text(stands(answer.state)),
        Cell::Time(answer.emergency.ends()),
        Cell::Text(total.to_string()),
        Cell::Text(open.to_string()),
    ]
}

fn stands(state: EmergencyState) -> String {
    match state {
        EmergencyState::InForce => say!("emergency-in-force"),
        EmergencyState::AwaitingReview => say!("emergency-awaiting-review"),
        EmergencyState::Reviewed => say!("emergency-reviewed"),
    }
}

fn show(args: &ShowEmergency, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let value = client.value(&format!("/v1/emergencies/{}", args.emergency), &vec![])?;
    let answer: EmergencyAnswer = client.read(&value)?;
    if session.global.json {
        return session.result(&value, |_| String::new());
    }
    let text = explain(&client, &answer, &session.shell.zone)?;
    session.result(&value, |_| text)
}

/// An emergency in its own words: who declared it and why, how it stands, what was used of it, what
/// is owed; then what it opened.
fn explain(client: &Client, answer: &EmergencyAnswer, zone: &TimeZone) -> Result<String, Fault> {
    let (id, emergency) = (answer.id, &answer.emergency);
    let mut lines = vec![say!(
        "emergency-story",
        emergency = id,
        agency = emergency.declared_by,
        time = time::show(emergency.declared_on, zone),
        reason = emergency.terms.reason
    )];
    lines.extend(course(answer, zone));
    if answer.uses.is_empty() {
        lines.push(say!("emergency-unused"));
    }
    lines.extend(answer.uses.iter().map(used));
    let waiting = waiting(client, id)?;
    if !waiting.is_empty() {
        let named: Vec<String> = waiting.iter().take(MAX_NAMED).map(LogIndex::to_string).collect();
        lines.push(say!(
            "emergency-unjustified",
            count = waiting.len(),
            accesses = named.join(" "),
            emergency = id
        ));
    }
    lines.extend(reviews(emergency, answer.state, zone));
    let rows = describe::emergency_rows(&emergency.terms, zone);
    Ok(format!("{}\n{}", fold(&lines.join("\n")), table::pairs(&rows)))
}

/// How it went on, and how it stands.
fn course(answer: &EmergencyAnswer, zone: &TimeZone) -> Vec<String> {
    let emergency = &answer.emergency;
    let mut lines: Vec<String> = emergency
        .renewals
        .iter()
        .map(|one| {
            let until = time::show(one.until, zone);
            say!("emergency-renewed", index = one.mark.at, until = until)
        })
        .collect();
    let ends = time::show(emergency.ends(), zone);
    lines.push(match (&emergency.ended, answer.state) {
        (Some(end), _) => {
            say!("emergency-ended-by", time = ends, index = end.mark.at, reason = end.reason)
        }
        (None, EmergencyState::InForce) => say!("emergency-goes-on", until = ends),
        (None, _) => say!("emergency-ran-out", time = ends),
    });
    lines
}

fn used((agency, used): (&AgencyId, &EmergencyUse)) -> String {
    let (count, entries, open) = (used.usage.total, used.entries, used.open());
    say!("emergency-used-by", agency = agency, count = count, entries = entries, open = open)
}

/// The accesses of an emergency that nobody justified yet, ascending.
fn waiting(client: &Client, emergency: EmergencyId) -> Result<Vec<LogIndex>, Fault> {
    let query = vec![("undone", "true".to_owned())];
    let (duties, _) = duty::listed(client, &query)?;
    let of = |answer: &DutyAnswer| duty::access_in(answer, emergency);
    let mut waiting: Vec<LogIndex> = duties.iter().filter_map(of).collect();
    waiting.sort_unstable();
    Ok(waiting)
}

fn reviews(emergency: &Emergency, state: EmergencyState, zone: &TimeZone) -> Vec<String> {
    let line = |review: &comity_core::emergency::Review| {
        say!(
            "emergency-reviewed-by",
            agency = review.by,
            day = time::date(review.mark.on, zone),
            verdict = describe::verdict(review.verdict),
            index = review.mark.at
        )
    };
    let mut lines: Vec<String> = emergency.reviews.iter().map(line).collect();
    if state == EmergencyState::AwaitingReview {
        lines.push(say!("emergency-awaits-review"));
    }
    lines
}

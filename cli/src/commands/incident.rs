//! `comity incident`: reports incidents, gives news of them, closes, lists and shows them.
//! Holds: who received what is affected, and since when, is computed wherever one is shown.

use comity_core::ids::{IncidentId, LogIndex, TimeMs};
use comity_core::incident::{Incident, IncidentTerms};
use comity_core::statement::Action;
use jiff::tz::TimeZone;
use serde_json::json;

use super::{filter, recipients};
use crate::args::{IncidentVerb, ListIncidents, ReportIncident, ShowIncident};
use crate::client::{Client, EntryAnswer, IncidentFound};
use crate::fault::Fault;
use crate::messages::say;
use crate::shell::Session;
use crate::sign::Desk;
use crate::time::Edge;
use crate::wrap::fold;
use crate::{describe, table, time};

pub(super) fn run(verb: IncidentVerb, session: &mut Session<'_>) -> Result<(), Fault> {
    match verb {
        IncidentVerb::Report(args) => report(args, session),
        IncidentVerb::Update(args) => {
            let desk = Desk::open(session, &args.signing.key)?;
            let (incident, note) = (args.incident, args.note);
            let action = Action::UpdateIncident { incident, note };
            desk.change(session, action, |_| json!({ "incident": incident })).map(drop)
        }
        IncidentVerb::Close(args) => {
            let desk = Desk::open(session, &args.signing.key)?;
            let (incident, measures) = (args.incident, args.measures);
            let action = Action::CloseIncident { incident, measures };
            desk.change(session, action, |_| json!({ "incident": incident })).map(drop)
        }
        IncidentVerb::List(args) => list(&args, session),
        IncidentVerb::Show(args) => show(&args, session),
    }
}

fn report(args: ReportIncident, session: &mut Session<'_>) -> Result<(), Fault> {
    let desk = Desk::open(session, &args.signing.key)?;
    let (zone, now) = (&session.shell.zone, session.shell.now());
    // The ledger may be behind this computer's clock; nothing comes to light after its time.
    let latest = desk.status.time;
    let found = time::past_instant(&args.found, Edge::Start, zone, now)?.min(latest);
    let since = time::past_instant(&args.since, Edge::Start, zone, now)?.min(latest);
    let terms = IncidentTerms {
        datasets: args.dataset.into_iter().collect(),
        grants: args.grant.into_iter().collect(),
        since,
        found,
        nature: args.nature,
    };
    let action = Action::ReportIncident { terms };
    desk.change(session, action, |done| json!({ "incident": IncidentId(done.index) })).map(drop)
}

fn list(args: &ListIncidents, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let mut query = vec![];
    filter(&mut query, "agency", args.agency.as_ref());
    filter(&mut query, "dataset", args.dataset.as_ref());
    filter(&mut query, "grant", args.grant);
    filter(&mut query, "state", args.state.map(|state| state.as_str()));
    let (incidents, values) =
        client.listed::<IncidentFound>("/v1/incidents", &query, "incidents")?;
    session.result(&json!({ "incidents": values }), |shell| {
        let headings = [
            &say!("column-incident"),
            &say!("column-by"),
            &say!("column-state"),
            &say!("column-reported"),
            &say!("column-affected"),
            &say!("column-nature"),
        ];
        let row = |found: &IncidentFound| {
            let Incident { terms, reported_by, reported, .. } = &found.incident;
            vec![
                found.id.to_string(),
                reported_by.to_string(),
                state(&found.state),
                time::date(reported.on, &shell.zone),
                affected(terms),
                terms.nature.to_string(),
            ]
        };
        let rows = incidents.iter().map(row).collect();
        table::rows(&headings.map(String::as_str), rows).folding_after(4)
    })
}

/// What a report names.
fn affected(terms: &IncidentTerms) -> String {
    let datasets = terms.datasets.iter().map(ToString::to_string);
    let named = datasets.chain(terms.grants.iter().map(ToString::to_string));
    named.collect::<Vec<_>>().join(", ")
}

/// How an incident stands, in the reader's words.
fn state(word: &str) -> String {
    match word {
        "open" => say!("incident-open"),
        "closed" => say!("incident-closed"),
        other => other.to_owned(),
    }
}

fn show(args: &ShowIncident, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let mut value = client.value(&format!("/v1/incidents/{}", args.incident), &vec![])?;
    let found: IncidentFound = client.read(&value)?;
    let received = recipients::of_incident(&client, &found.incident, None)?;
    value["received"] = json!(received);
    let news = news(&client, &found)?;
    session.result(&value, |shell| {
        let mut parts = vec![fold(&story(&found, &shell.zone))];
        parts.push(table::pairs(&describe::incident_rows(&found.incident.terms, &shell.zone)));
        let told = match received.is_empty() {
            true => say!("incident-nobody-received"),
            false => say!("incident-received", count = received.len()),
        };
        parts.extend(news.iter().map(|(index, on, note)| {
            let day = time::date(*on, &shell.zone);
            fold(&say!("incident-note", index = index, day = day, note = note))
        }));
        parts.push(fold(&told));
        if !received.is_empty() {
            let listing = recipients::listing(&received);
            parts.push(listing.to_table(shell.widths.out, &shell.zone));
        }
        parts.join("\n")
    })
}

/// What the news said, oldest first: the incident itself only counts them.
fn news(client: &Client, found: &IncidentFound) -> Result<Vec<(LogIndex, TimeMs, String)>, Fault> {
    let Incident { reported, updates, .. } = &found.incident;
    if *updates == 0 {
        return Ok(vec![]);
    }
    let query = vec![
        ("order", "asc".to_owned()),
        ("kind", "update-incident".to_owned()),
        ("since", reported.on.to_string()),
    ];
    let entries: Vec<EntryAnswer> = client.all("/v1/entries", &query, "entries")?;
    let of_this = |entry: &EntryAnswer| match &entry.record.statement.action {
        Action::UpdateIncident { incident, note } if *incident == found.id => {
            Some((entry.index, entry.time, note.to_string()))
        }
        _ => None,
    };
    Ok(entries.iter().filter_map(of_this).collect())
}

/// Who reported it, what news there were, and how it ended.
fn story(found: &IncidentFound, zone: &TimeZone) -> String {
    let Incident { reported_by, reported, updates, updated, closed, .. } = &found.incident;
    let mut lines = vec![say!(
        "incident-story",
        incident = found.id,
        agency = reported_by,
        day = time::date(reported.on, zone),
    )];
    if let Some(mark) = updated {
        let day = time::date(mark.on, zone);
        lines.push(say!("incident-news", count = updates, day = day, index = mark.at));
    }
    lines.push(match closed {
        None => say!("incident-goes-on"),
        Some(closure) => {
            let (day, index) = (time::date(closure.on.on, zone), closure.on.at);
            say!("incident-was-closed", day = day, index = index, measures = closure.measures)
        }
    });
    lines.join("\n")
}

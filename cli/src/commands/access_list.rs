//! `comity access list`: accesses and denials in one list, each with how it ended and why.
//! Holds: the two kinds stand in the order of the log.

use comity_core::access::SignedAttempt;
use comity_core::statement::Action;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::{filter, log};
use crate::args::{ListAccesses, Outcome};
use crate::client::{Client, EntryAnswer, Query};
use crate::describe;
use crate::fault::Fault;
use crate::messages::say;
use crate::shell::Session;
use crate::table::{self, Cell, Listing};
use crate::time;

const ALLOWED: &str = "record-access";
const REFUSED: &str = "record-denial";
const LATE: &str = "embed-late";
/// Columns of the table that are short.
const BESIDE: usize = 4;

pub(super) fn list(args: &ListAccesses, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let mut query = vec![];
    log::add_part(&mut query, &args.part, session)?;
    filter(&mut query, "dataset", args.dataset.as_ref());
    filter(&mut query, "grant", args.grant);
    filter(&mut query, "agency", args.agency.as_ref());
    filter(&mut query, "key", args.key);
    filter(&mut query, "matter", args.matter.as_ref());
    let kinds: &[&str] = match args.outcome {
        None => &[ALLOWED, REFUSED, LATE],
        Some(Outcome::Allowed) => &[ALLOWED, LATE],
        Some(Outcome::Refused) => &[REFUSED],
    };
    let limit = args.part.limit as usize;
    let mut found = merged(&client, &query, kinds, limit)?;
    if !args.part.oldest_first {
        found.reverse();
    }
    // One more than asked for was looked for: there the next page begins.
    let next = found.get(limit).map(|(entry, _)| entry.index.0);
    found.truncate(limit);
    let (entries, values): (Vec<EntryAnswer>, Vec<Value>) = found.into_iter().unzip();
    session.result(&json!({ "entries": values, "next": next }), |shell| {
        listed(&entries, &shell.zone)
    })?;
    session.more(next);
    Ok(())
}

/// The entries of these kinds, ascending: of each kind one more than `limit`, if there are.
fn merged(
    client: &Client,
    query: &Query,
    kinds: &[&str],
    limit: usize,
) -> Result<Vec<(EntryAnswer, Value)>, Fault> {
    let mut found = Vec::new();
    for kind in kinds {
        let mut query = query.clone();
        query.push(("kind", (*kind).to_owned()));
        for value in client.list("/v1/entries", &query, "entries", limit + 1)? {
            found.push((client.read::<EntryAnswer>(&value)?, value));
        }
    }
    found.sort_by_key(|(entry, _)| entry.index);
    Ok(found)
}

fn listed(entries: &[EntryAnswer], zone: &TimeZone) -> Listing {
    let headings = [
        &say!("column-entry"),
        &say!("column-time"),
        &say!("column-by"),
        &say!("column-outcome"),
        &say!("column-asked-for"),
        &say!("column-why"),
    ];
    let rows = entries.iter().filter_map(|entry| row(entry, zone)).collect();
    let file_headings = [
        &say!("column-entry"),
        &say!("column-time"),
        &say!("column-outcome"),
        &say!("column-rule"),
        &say!("column-why"),
        &say!("column-requester"),
        &say!("column-officer"),
        &say!("column-dataset"),
        &say!("column-items"),
        &say!("column-modes"),
        &say!("column-grant"),
        &say!("column-matter"),
        &say!("column-exchange"),
    ];
    let file_rows = entries.iter().filter_map(|entry| file_row(entry, zone)).collect();
    table::rows(&headings.map(String::as_str), rows)
        .folding_after(BESIDE)
        .with_file_columns(&file_headings.map(String::as_str), file_rows)
}

/// The rule that refused, and why in words; `None` where the access was allowed.
fn refused(entry: &EntryAnswer, zone: &TimeZone) -> Option<(&'static str, String)> {
    let refusal = match &entry.record.statement.action {
        Action::RecordDenial { refusal, .. } => refusal,
        Action::EmbedLate { against, .. } => against.as_ref()?,
        _ => return None,
    };
    Some((refusal.rule(), describe::refusal(refusal, zone)))
}

/// How it ended: handed over, in its time or late, or refused.
fn outcome(entry: &EntryAnswer, zone: &TimeZone) -> String {
    match &entry.record.statement.action {
        Action::RecordDenial { .. } => say!("word-outcome-refused"),
        Action::EmbedLate { record, .. } => {
            say!("outcome-late", claimed = time::show(record.claimed(), zone))
        }
        _ => say!("outcome-allowed"),
    }
}

fn row(entry: &EntryAnswer, zone: &TimeZone) -> Option<Vec<Cell>> {
    let SignedAttempt { attempt, .. } = entry.record.statement.action.attempt()?;
    let (outcome, why) = (outcome(entry, zone), refused(entry, zone));
    let why = why.map_or_else(String::new, |(_, why)| why);
    let (grant, matter) = (attempt.grant, &attempt.matter);
    let by = say!(
        "words-requester",
        agency = attempt.requester,
        officer = table::short(attempt.officer)
    );
    let what = say!("words-asked-for", dataset = attempt.dataset, grant = grant, matter = matter);
    Some(vec![
        Cell::Text(entry.index.to_string()),
        Cell::Time(entry.time),
        Cell::Text(by),
        Cell::Text(outcome),
        Cell::Text(what),
        Cell::Text(why),
    ])
}

fn file_row(entry: &EntryAnswer, zone: &TimeZone) -> Option<Vec<Cell>> {
    let SignedAttempt { attempt, .. } = entry.record.statement.action.attempt()?;
    let (rule, why) = refused(entry, zone).unwrap_or(("", String::new()));
    let outcome = outcome(entry, zone);
    Some(vec![
        Cell::Text(entry.index.to_string()),
        Cell::Time(entry.time),
        Cell::Text(outcome),
        Cell::Text(rule.to_owned()),
        Cell::Text(why),
        Cell::Text(attempt.requester.to_string()),
        Cell::Digits(attempt.officer.to_string()),
        Cell::Text(attempt.dataset.to_string()),
        Cell::Text(describe::items(&attempt.items)),
        Cell::Text(describe::said("mode", &attempt.mode)),
        Cell::Text(attempt.grant.to_string()),
        Cell::Text(attempt.matter.to_string()),
        Cell::Text(attempt.exchange.to_string()),
    ])
}

//! Who received what, since when: counted from the accesses that a check or an incident concerns.
//! Holds: an access counts once; whether it is concerned is core's word.
//! May not enter: printing.

use std::collections::{BTreeMap, BTreeSet};

use comity_core::access::Attempt;
use comity_core::basis::Basis;
use comity_core::check_request::{CheckOutcome, CheckRequest};
use comity_core::dataset::Items;
use comity_core::ids::{DatasetId, LogIndex, TimeMs};
use comity_core::incident::Incident;
use comity_core::text::AgencyId;
use serde::Serialize;

use crate::client::{Client, EntryAnswer, Query};
use crate::fault::Fault;
use crate::messages::say;
use crate::table::{self, Cell, Listing};

/// What one agency received of one dataset under one grant or emergency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Received {
    pub(super) agency: AgencyId,
    pub(super) dataset: DatasetId,
    pub(super) grant: Basis,
    pub(super) items: Items,
    /// Accesses; those of a batch each.
    pub(super) accesses: u64,
    /// The first of the entries …
    pub(super) first: LogIndex,
    pub(super) first_on: TimeMs,
    /// … and the last.
    pub(super) last: LogIndex,
    pub(super) last_on: TimeMs,
}

/// Who received what a check found wrong, or one agency of them; nobody where it found nothing.
pub(super) fn of_check(
    client: &Client,
    check: &CheckRequest,
    agency: Option<&AgencyId>,
) -> Result<Vec<Received>, Fault> {
    let outcome = check.answer.as_ref().map(|answer| &answer.outcome);
    let Some(CheckOutcome::Upheld { from, to, .. }) = outcome else { return Ok(vec![]) };
    let about = [("dataset", check.terms.dataset.to_string())];
    let queries = accesses(agency, (*from, Some(*to)), &about);
    counted(client, &queries, agency, |attempt, on| check.concerns(attempt, on))
}

/// Who received what an incident affects, or one agency of them.
pub(super) fn of_incident(
    client: &Client,
    incident: &Incident,
    agency: Option<&AgencyId>,
) -> Result<Vec<Received>, Fault> {
    let until = incident.closed.as_ref().map(|closure| closure.on.on);
    let datasets = incident.terms.datasets.iter().map(|id| ("dataset", id.to_string()));
    let grants = incident.terms.grants.iter().map(|id| ("grant", id.to_string()));
    let about: Vec<_> = datasets.chain(grants).collect();
    let queries = accesses(agency, (incident.terms.since, until), &about);
    counted(client, &queries, agency, |attempt, on| incident.concerns(attempt, on))
}

/// The recorded accesses of a time to each of these. What took place then may have gone in later.
fn accesses(
    agency: Option<&AgencyId>,
    (since, until): (TimeMs, Option<TimeMs>),
    about: &[(&'static str, String)],
) -> Vec<Query> {
    let query = |(kind, until): (&str, Option<TimeMs>), named: &(&'static str, String)| {
        let mut query: Query = vec![
            ("order", "asc".to_owned()),
            ("kind", kind.to_owned()),
            ("since", since.to_string()),
            named.clone(),
        ];
        query.extend(until.map(|until| ("until", until.to_string())));
        query.extend(agency.map(|agency| ("agency", agency.to_string())));
        query
    };
    let kinds = [("record-access", until), ("embed-late", None)];
    about.iter().flat_map(|named| kinds.map(|kind| query(kind, named))).collect()
}

/// What is listed and concerned, of one agency where one is asked for: a node lists by an agency what
/// it gave as well.
fn counted(
    client: &Client,
    queries: &[Query],
    agency: Option<&AgencyId>,
    concerns: impl Fn(&Attempt, TimeMs) -> bool,
) -> Result<Vec<Received>, Fault> {
    let (mut seen, mut found) = (BTreeSet::new(), BTreeMap::new());
    for query in queries {
        for entry in client.all::<EntryAnswer>("/v1/entries", query, "entries")? {
            let Some(access) = entry.record.statement.action.access() else { continue };
            let attempt = &access.attempt.attempt;
            let is_theirs = agency.is_none_or(|agency| attempt.requester == *agency);
            if is_theirs && concerns(attempt, access.on(entry.time)) && seen.insert(entry.index) {
                add(&mut found, attempt, &entry);
            }
        }
    }
    Ok(found.into_values().collect())
}

type Sums = BTreeMap<(AgencyId, DatasetId, Basis), Received>;

fn add(found: &mut Sums, attempt: &Attempt, entry: &EntryAnswer) {
    let Attempt { requester, dataset, grant, items, .. } = attempt;
    let place = (requester.clone(), dataset.clone(), *grant);
    let sum = found.entry(place).or_insert_with(|| Received {
        agency: requester.clone(),
        dataset: dataset.clone(),
        grant: *grant,
        items: items.clone(),
        accesses: 0,
        first: entry.index,
        first_on: entry.time,
        last: entry.index,
        last_on: entry.time,
    });
    sum.accesses = sum.accesses.saturating_add(attempt.count());
    sum.items = both(&sum.items, items);
    if entry.index < sum.first {
        (sum.first, sum.first_on) = (entry.index, entry.time);
    }
    if entry.index > sum.last {
        (sum.last, sum.last_on) = (entry.index, entry.time);
    }
}

fn both(one: &Items, other: &Items) -> Items {
    match (one, other) {
        (Items::Only(one), Items::Only(other)) => Items::Only(one | other),
        _ => Items::All,
    }
}

/// The recipients, for people.
pub(super) fn listing(received: &[Received]) -> Listing {
    let headings = [
        &say!("column-recipient"),
        &say!("column-dataset"),
        &say!("column-grant"),
        &say!("column-items"),
        &say!("column-accesses"),
        &say!("column-received-first"),
        &say!("column-received-last"),
    ];
    let row = |one: &Received| {
        vec![
            Cell::Text(one.agency.to_string()),
            Cell::Text(one.dataset.to_string()),
            Cell::Text(one.grant.to_string()),
            Cell::Text(crate::describe::items(&one.items)),
            Cell::Text(one.accesses.to_string()),
            Cell::Time(one.first_on),
            Cell::Time(one.last_on),
        ]
    };
    table::rows(&headings.map(String::as_str), received.iter().map(row).collect())
}

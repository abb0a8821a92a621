//! `comity duty`: lists what is owed by whom and to whom, and whether it was done in time.
//! Holds: what is due first stands first.

use comity_core::duty::{Duty, DutyEnd, DutyObject, DutyState};
use comity_core::ids::{EmergencyId, LogIndex, TimeMs};
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::args::{DutyVerb, ListDuties};
use crate::client::{Client, Query};
use crate::fault::Fault;
use crate::messages::{say, text};
use crate::shell::Session;
use crate::{table, time};

/// A duty as the node answers it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct DutyAnswer {
    #[serde(flatten)]
    pub(super) duty: Duty,
    pub(super) state: DutyState,
}

pub(super) fn run(verb: DutyVerb, session: &mut Session<'_>) -> Result<(), Fault> {
    match verb {
        DutyVerb::List(args) => list(&args, session),
    }
}

fn list(args: &ListDuties, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let mut query: Query = vec![];
    query.extend(args.agency.as_ref().map(|agency| ("agency", agency.to_string())));
    query.extend(args.to.as_ref().map(|agency| ("to", agency.to_string())));
    query.extend(args.state.map(|state| ("state", state.as_str().to_owned())));
    if !args.all {
        query.push(("undone", "true".to_owned()));
    }
    let (mut duties, mut values) = listed(&client, &query)?;
    if !args.all {
        // What was done or is no longer needed stands there until its object says so.
        duties.retain(is_open);
        values.retain(|value| value["state"] == "running" || value["state"] == "lapsed");
    }
    duties.sort_by_key(|answer| (answer.duty.due, answer.duty.object.clone()));
    values.sort_by_key(|value| (value["due"].as_u64(), value["object"].to_string()));
    let zone = session.shell.zone.clone();
    session.result(&json!({ "duties": values }), |_| {
        let headings = [
            "column-owes",
            "column-what",
            "column-about",
            "column-to",
            "column-due",
            "column-state",
        ];
        let rows = duties.iter().map(|answer| row(answer, &zone)).collect();
        table::rows(&headings.map(text), rows)
    })
}

/// Duties that fit a query, and the same as values.
pub(super) fn listed(
    client: &Client,
    query: &Query,
) -> Result<(Vec<DutyAnswer>, Vec<Value>), Fault> {
    client.listed("/v1/duties", query, "duties")
}

/// Whether something is left to do about it.
pub(super) fn is_open(answer: &DutyAnswer) -> bool {
    matches!(answer.state, DutyState::Running | DutyState::Lapsed)
}

fn row(answer: &DutyAnswer, zone: &TimeZone) -> Vec<String> {
    let Duty { clock, object, owed_by, owed_to, .. } = &answer.duty;
    let to = owed_to.as_ref().map_or_else(|| say!("word-all"), ToString::to_string);
    vec![
        owed_by.to_string(),
        text(&format!("clock-{clock}")).to_owned(),
        about(object),
        to,
        // The last day on which it is in time.
        time::last_date(answer.duty.due, zone),
        stands(answer, zone),
    ]
}

/// What a duty is about, as people write it.
pub(super) fn about(object: &DutyObject) -> String {
    match object {
        DutyObject::Request(request) => request.to_string(),
        DutyObject::Grant(grant) => grant.to_string(),
        DutyObject::Dataset(dataset) => dataset.to_string(),
        DutyObject::Emergency(emergency) => emergency.to_string(),
        DutyObject::Dispute(dispute) => dispute.to_string(),
        DutyObject::Undertaking { grant, number } => {
            say!("words-about-undertaking", grant = grant, number = number)
        }
        DutyObject::Check(check) => check.to_string(),
        DutyObject::Drawn { draw, number } => {
            say!("words-about-drawn", draw = draw, number = number)
        }
        DutyObject::Finding(finding) => finding.to_string(),
        DutyObject::Assessment(assessment) => assessment.to_string(),
        DutyObject::EmergencyAccess { emergency, access } => {
            say!("words-about-access", access = access, emergency = emergency)
        }
    }
}

/// The access in this emergency whose justification is owed, where that is it.
pub(super) fn access_in(answer: &DutyAnswer, emergency: EmergencyId) -> Option<LogIndex> {
    match answer.duty.object {
        DutyObject::EmergencyAccess { emergency: of, access } if of == emergency => {
            is_open(answer).then_some(access)
        }
        _ => None,
    }
}

/// How a duty stands, in words.
pub(super) fn stands(answer: &DutyAnswer, zone: &TimeZone) -> String {
    let day = |time: TimeMs| time::date(time, zone);
    match (answer.state, answer.duty.end) {
        (DutyState::Met, Some(DutyEnd::Done(done))) => say!("duty-met", day = day(done)),
        (DutyState::MetLate, Some(DutyEnd::Done(done))) => say!("duty-met-late", day = day(done)),
        (DutyState::Running, _) => say!("duty-running"),
        (DutyState::Released, _) => say!("duty-released"),
        (DutyState::Lapsed | DutyState::Met | DutyState::MetLate, _) => say!("duty-lapsed"),
    }
}

//! `comity audit alerts`: what in the use of data to look at first, from an auditor's own copy or an
//! archive.
//! Holds: what is shown rests on verified blocks and on the thresholds that were given.
//! May not enter: judging who is right; how alerts are found (see `watching`).

use jiff::tz::TimeZone;
use serde_json::json;

use super::verified::Verified;
use super::watching::{Alert, AlertKind, Late, Thresholds, USUAL_DAYS, Watcher};
use crate::args::ShowAlerts;
use crate::fault::{Exit, Fault};
use crate::messages::say;
use crate::shell::Session;
use crate::table::{self, Cell};
use crate::time::{self, Edge, past_instant};

pub(super) fn run(args: &ShowAlerts, session: &mut Session<'_>) -> Result<Exit, Fault> {
    let (zone, now) = (session.shell.zone.clone(), session.as_of());
    let since = args.since.as_ref().map(|text| past_instant(text, Edge::Start, &zone, now));
    let since = since.transpose()?;
    let thresholds = Thresholds {
        opens_minute: args.hours.opens_minute,
        closes_minute: args.hours.closes_minute,
        factor: args.factor,
        least: args.least,
        per_post: args.per_post,
        before_ms: time::duration_ms(&args.before)?,
    };
    let log = Verified::open(args.copy.as_deref(), session)?;
    let offset = log.genesis().params.day_offset_minutes;
    let mut watcher = Watcher::new(log.genesis(), thresholds);
    log.each_entry(|index, time, statement| watcher.add(index, time, statement))?;
    let is_asked_for = |alert: &Alert| {
        args.agency.as_ref().is_none_or(|agency| *agency == alert.agency)
            && since.is_none_or(|since| alert.day.next().begins(offset) > since)
    };
    let mut alerts = watcher.alerts();
    alerts.retain(is_asked_for);
    session.result(&json!({ "alerts": alerts }), |_| {
        let headings = [
            &say!("column-day"),
            &say!("column-agency"),
            &say!("column-post"),
            &say!("column-officer"),
            &say!("column-entry"),
            &say!("column-alert"),
        ];
        let rows = alerts.iter().map(|alert| row(alert, &zone)).collect();
        table::rows(&headings.map(String::as_str), rows).folding_after(4)
    })?;
    Ok(if alerts.is_empty() { Exit::Done } else { Exit::Unverified })
}

fn row(alert: &Alert, zone: &TimeZone) -> Vec<Cell> {
    let officer = alert.officer.map(|key| key.to_string()).unwrap_or_default();
    vec![
        Cell::Text(time::counted_date(alert.day.0)),
        Cell::Text(alert.agency.to_string()),
        Cell::Text(alert.post.to_string()),
        Cell::Digits(officer),
        Cell::Text(alert.first.to_string()),
        Cell::Text(words(alert, zone)),
    ]
}

fn words(alert: &Alert, zone: &TimeZone) -> String {
    let count = alert.count;
    match alert.kind {
        AlertKind::AfterHours => say!("alert-after-hours", count = count),
        AlertKind::Spike => {
            let usual = alert.usual.unwrap_or_default();
            say!("alert-spike", count = count, usual = usual, days = USUAL_DAYS)
        }
        AlertKind::ManyByPost => say!("alert-many-by-post", count = count),
        AlertKind::Late | AlertKind::LateAgainst => late(alert, zone),
        AlertKind::CloseToEnd => {
            let end = alert.end.unwrap_or_default();
            say!("alert-close-to-end", count = count, index = end)
        }
    }
}

fn late(alert: &Alert, zone: &TimeZone) -> String {
    let Some(Late { claimed, entered, against }) = &alert.late else { return String::new() };
    let (claimed, entered) = (time::show(*claimed, zone), time::show(*entered, zone));
    let count = alert.count;
    match against {
        None => say!("alert-late", count = count, claimed = claimed, entered = entered),
        Some(rule) => say!(
            "alert-late-against",
            count = count,
            claimed = claimed,
            entered = entered,
            rule = rule
        ),
    }
}

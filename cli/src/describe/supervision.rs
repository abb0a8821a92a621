//! What statements about duties, calendars and rule packs say, in plain words.
//! Holds: every field of an action that has an effect is shown.
//! May not enter: signing; the node.

use comity_core::calendar::{Calendar, Day, Week};
use comity_core::rule_pack::{Clock, RulePack};
use comity_core::statement::Action;
use jiff::tz::TimeZone;

use super::Rows;
use crate::messages::{say, text};
use crate::time;

/// One of these actions in one sentence.
pub(super) fn sentence(action: &Action) -> String {
    match action {
        Action::ReviewRequest { request, fault } if fault.as_str().is_empty() => {
            say!("does-review-request", request = request)
        }
        Action::ReviewRequest { request, .. } => say!("does-return-request", request = request),
        Action::ExtendReply { request, days, .. } => {
            say!("does-extend-reply", request = request, days = days)
        }
        Action::ReportDelivery { grant } => say!("does-report-delivery", grant = grant),
        Action::RefreshDataset { dataset } => say!("does-refresh-dataset", dataset = dataset),
        Action::PublishCalendar { calendar } => {
            let (from, to) = (date(calendar.first), date(calendar.last));
            say!("does-publish-calendar", region = region(calendar), from = from, to = to)
        }
        Action::PublishRules { pack } => {
            say!("does-publish-rules", name = pack.name, title = pack.title)
        }
        other => other.kind().to_owned(),
    }
}

/// What one of these actions has changed.
pub(super) fn done(action: &Action) -> String {
    match action {
        Action::ReviewRequest { request, fault } if fault.as_str().is_empty() => {
            say!("done-review-request", request = request)
        }
        Action::ReviewRequest { request, .. } => say!("done-return-request", request = request),
        Action::ExtendReply { request, days, .. } => {
            say!("done-extend-reply", request = request, days = days)
        }
        Action::ReportDelivery { grant } => say!("done-report-delivery", grant = grant),
        Action::RefreshDataset { dataset } => say!("done-refresh-dataset", dataset = dataset),
        Action::PublishCalendar { calendar } => {
            say!("done-publish-calendar", region = region(calendar), to = date(calendar.last))
        }
        Action::PublishRules { pack } => say!("done-publish-rules", name = pack.name),
        other => other.kind().to_owned(),
    }
}

/// The terms of one of these actions, with times in `zone`.
pub(super) fn rows(action: &Action, zone: &TimeZone) -> Rows {
    match action {
        Action::ReviewRequest { request, fault } => {
            let mut rows = vec![(say!("label-request"), request.to_string())];
            if !fault.as_str().is_empty() {
                rows.push((say!("label-amiss"), fault.to_string()));
            }
            rows
        }
        Action::ExtendReply { request, days, reason } => vec![
            (say!("label-request"), request.to_string()),
            (say!("label-working-days"), days.to_string()),
            (say!("label-reason"), reason.to_string()),
        ],
        Action::ReportDelivery { grant } => vec![(say!("label-grant"), grant.to_string())],
        Action::RefreshDataset { dataset } => vec![(say!("label-dataset"), dataset.to_string())],
        Action::PublishCalendar { calendar } => calendar_rows(calendar).into(),
        Action::PublishRules { pack } => pack_rows(pack, zone),
        _ => vec![],
    }
}

/// A calendar's content.
pub(crate) fn calendar_rows(calendar: &Calendar) -> [(String, String); 5] {
    let dates = |days: &std::collections::BTreeSet<Day>| {
        let days: Vec<String> = days.iter().map(|day| date(*day)).collect();
        if days.is_empty() { say!("word-none") } else { days.join(", ") }
    };
    let (from, to) = (date(calendar.first), date(calendar.last));
    [
        (say!("label-region"), region(calendar)),
        (say!("label-period"), say!("words-days", from = from, to = to)),
        (say!("label-week"), week(calendar.week)),
        (say!("label-holidays"), dates(&calendar.holidays)),
        (say!("label-workdays"), dates(&calendar.workdays)),
    ]
}

/// A rule pack's content, with times in `zone`.
pub(crate) fn pack_rows(pack: &RulePack, zone: &TimeZone) -> Rows {
    let mut rows = vec![
        (say!("label-rule-pack"), pack.name.to_string()),
        (say!("label-title"), pack.title.to_string()),
        (say!("label-source"), pack.source.to_string()),
        (say!("label-rules-from"), time::show(pack.from, zone)),
    ];
    for (clock, days) in &pack.clocks {
        let name = match clock {
            Clock::ReplyUnconditional => say!("rules-reply-unconditional"),
            Clock::ReplyConditional => say!("rules-reply-conditional"),
            _ => text(&format!("clock-{clock}")).to_owned(),
        };
        rows.push((name, say!("words-working-days", days = days)));
    }
    let (important, core) = (pack.stewards_important, pack.stewards_core);
    rows.push((say!("label-stewards"), say!("words-stewards", important = important, core = core)));
    rows
}

/// A calendar's region, in words.
pub(crate) fn region(calendar: &Calendar) -> String {
    match calendar.region.as_str() {
        "" => say!("words-all-regions"),
        region => region.to_owned(),
    }
}

/// The days of the week that are worked, in words.
fn week(week: Week) -> String {
    let names = text("words-weekdays");
    let names = names.split(' ');
    let worked = names.enumerate().filter(|(number, _)| week.0 >> number & 1 == 1);
    worked.map(|(_, name)| name).collect::<Vec<_>>().join(", ")
}

/// A day, as a date.
pub(crate) fn date(day: Day) -> String {
    time::counted_date(day.0)
}

//! Times as people write and read them.
//! Holds: a date means a day of the zone at hand; what is shown says its offset from UTC.
//! May not enter: clocks (the shell has one).

use comity_core::ids::TimeMs;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::fault::Fault;
use crate::messages::fault;

/// A day (ms).
pub(crate) const DAY_MS: u64 = 86_400_000;

/// What a date without a time stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    /// The beginning of that day.
    Start,
    /// The end of that day, which is the beginning of the next.
    End,
}

/// Reads a time: a date (`2026-12-31`), a date with a time in `zone` or with its own offset
/// (`2026-12-31T18:00`, `2026-12-31T10:00:00Z`), `now`, or a duration from now (`30d`).
pub(crate) fn instant(
    text: &str,
    edge: Edge,
    zone: &TimeZone,
    now: TimeMs,
) -> Result<TimeMs, Fault> {
    if text == "now" {
        return Ok(now);
    }
    let unreadable = || fault!(Usage, "time-unreadable", text = text);
    if let Some(ms) = parse_duration(text) {
        let time = now.plus(ms);
        // A time after the calendar's last year could be shown to nobody.
        return zoned(time, zone).map(|_| time).ok_or_else(unreadable);
    }
    let found = match text.len() {
        10 => day(text, edge, zone),
        _ => text.parse::<Timestamp>().ok().or_else(|| {
            let local: DateTime = text.parse().ok()?;
            Some(local.to_zoned(zone.clone()).ok()?.timestamp())
        }),
    };
    found
        .and_then(|time| u64::try_from(time.as_millisecond()).ok())
        .map(TimeMs)
        .ok_or_else(unreadable)
}

/// Reads a time that lies behind: as `instant`, but a duration counts back from now (`30d`: thirty
/// days ago).
pub(crate) fn past_instant(
    text: &str,
    edge: Edge,
    zone: &TimeZone,
    now: TimeMs,
) -> Result<TimeMs, Fault> {
    match parse_duration(text) {
        Some(ms) => Ok(TimeMs(now.0.saturating_sub(ms))),
        None => instant(text, edge, zone, now),
    }
}

/// Reads a duration in milliseconds: `90s`, `10m`, `24h`, `30d`.
pub(crate) fn duration_ms(text: &str) -> Result<u64, Fault> {
    parse_duration(text).ok_or_else(|| fault!(Usage, "duration-unreadable", text = text))
}

/// A time for people: to the second, with its offset from UTC.
pub(crate) fn show(time: TimeMs, zone: &TimeZone) -> String {
    let Some(zoned) = zoned(time, zone) else { return format!("{time} ms") };
    match zoned.offset().seconds() {
        0 => zoned.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        _ => zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
    }
}

/// A time for people where its offset is said beside it.
pub(crate) fn show_local(time: TimeMs, zone: &TimeZone) -> String {
    match zoned(time, zone) {
        Some(zoned) => zoned.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        None => format!("{time} ms"),
    }
}

/// The offset from UTC that all these times have in `zone`, if there is such a one.
pub(crate) fn common_offset(times: &[TimeMs], zone: &TimeZone) -> Option<String> {
    let mut offsets = times.iter().map(|time| Some(zoned(*time, zone)?.offset()));
    let first = offsets.next()??;
    if !offsets.all(|offset| offset == Some(first)) {
        return None;
    }
    let minutes = first.seconds() / 60;
    if minutes == 0 {
        return Some("UTC".to_owned());
    }
    let sign = if minutes < 0 { '-' } else { '+' };
    Some(format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60))
}

fn zoned(time: TimeMs, zone: &TimeZone) -> Option<Zoned> {
    let ms = i64::try_from(time.0).ok()?;
    Some(Timestamp::from_millisecond(ms).ok()?.to_zoned(zone.clone()))
}

/// The day on which a time falls.
pub(crate) fn date(time: TimeMs, zone: &TimeZone) -> String {
    let Some(zoned) = zoned(time, zone) else { return format!("{time} ms") };
    zoned.date().to_string()
}

/// The last day of a period that ends before `end`.
pub(crate) fn last_date(end: TimeMs, zone: &TimeZone) -> String {
    date(TimeMs(end.0.saturating_sub(1)), zone)
}

/// A day as the ledger counts it, from 1970-01-01.
pub(crate) fn counted_date(day: u64) -> String {
    date(TimeMs(day.saturating_mul(DAY_MS)), &TimeZone::UTC)
}

/// How many days of the calendar lie between the day of a time and the day of a later one: tomorrow
/// is 1, however soon it begins. 0 where it is not later.
pub(crate) fn days_between(from: TimeMs, to: TimeMs, zone: &TimeZone) -> u64 {
    let day = |time: TimeMs| {
        let stamp = Timestamp::from_millisecond(i64::try_from(time.0).ok()?).ok()?;
        Some(stamp.to_zoned(zone.clone()).date())
    };
    match (day(from), day(to)) {
        (Some(from), Some(to)) => u64::try_from((to - from).get_days()).unwrap_or(0),
        _ => 0,
    }
}

fn day(text: &str, edge: Edge, zone: &TimeZone) -> Option<Timestamp> {
    let date: Date = text.parse().ok()?;
    let date = match edge {
        Edge::Start => date,
        Edge::End => date.tomorrow().ok()?,
    };
    Some(date.to_zoned(zone.clone()).ok()?.timestamp())
}

fn parse_duration(text: &str) -> Option<u64> {
    let unit_ms = match text.chars().last()? {
        's' => 1_000,
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => 86_400_000,
        _ => return None,
    };
    let count: u64 = text[..text.len() - 1].parse().ok()?;
    count.checked_mul(unit_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beijing() -> TimeZone {
        TimeZone::fixed(jiff::tz::offset(8))
    }

    #[test]
    fn days_are_counted_by_the_calendar() {
        let at = |text| instant(text, Edge::Start, &beijing(), TimeMs(0)).unwrap();
        let days = |from, to| days_between(at(from), at(to), &beijing());
        assert_eq!(days("2026-05-03T23:59:00+08:00", "2026-05-04T00:01:00+08:00"), 1);
        assert_eq!(days("2026-05-03T09:00:00+08:00", "2026-05-08T08:59:59+08:00"), 5);
        assert_eq!(days("2026-05-03", "2026-05-03"), 0);
        assert_eq!(days("2026-05-04", "2026-05-03"), 0);
    }

    #[test]
    fn a_date_is_a_whole_day_of_the_zone() {
        let read = |text, edge| instant(text, edge, &beijing(), TimeMs(0)).unwrap();
        let start = read("2026-05-03", Edge::Start);
        assert_eq!(show(start, &beijing()), "2026-05-03T00:00:00+08:00");
        assert_eq!(show(start, &TimeZone::UTC), "2026-05-02T16:00:00Z");
        assert_eq!(read("2026-05-03", Edge::End), start.plus(86_400_000));
        assert_eq!(read("2026-05-03T00:00", Edge::End), start);
        assert_eq!(read("2026-05-02T16:00:00Z", Edge::Start), start);
    }

    #[test]
    fn durations_count_from_now() {
        let now = TimeMs(1_000);
        let read = |text| instant(text, Edge::Start, &TimeZone::UTC, now);
        assert_eq!(read("10m").unwrap(), TimeMs(601_000));
        assert_eq!(read("now").unwrap(), now);
        let unreal = ["2026-13-01", "2026-02-30", "1969-01-01"];
        let endless = ["99999999999999999d", "99999999999d", "3000000d"];
        for bad in ["", "tomorrow", "10", "-1d"].into_iter().chain(unreal).chain(endless) {
            assert_eq!(read(bad).unwrap_err().name, "time-unreadable", "{bad}");
        }
        assert_eq!(duration_ms("90s").unwrap(), 90_000);
        assert!(duration_ms("90").is_err());
    }

    #[test]
    fn durations_count_back_where_the_past_is_meant() {
        let now = TimeMs(100_000_000);
        let read = |text, edge| past_instant(text, edge, &beijing(), now).unwrap();
        assert_eq!(read("1d", Edge::Start), TimeMs(13_600_000));
        assert_eq!(read("99d", Edge::Start), TimeMs(0));
        assert_eq!(read("2026-05-03", Edge::End).0 - read("2026-05-03", Edge::Start).0, 86_400_000);
    }

    #[test]
    fn an_offset_is_said_once_where_all_times_have_it() {
        let stockholm = TimeZone::get("Europe/Stockholm").unwrap();
        let (winter, summer) = (TimeMs(1_768_000_000_000), TimeMs(1_783_000_000_000));
        assert_eq!(common_offset(&[winter], &stockholm).unwrap(), "+01:00");
        assert_eq!(common_offset(&[summer, summer], &stockholm).unwrap(), "+02:00");
        assert_eq!(common_offset(&[winter, summer], &stockholm), None);
        assert_eq!(common_offset(&[winter], &TimeZone::UTC).unwrap(), "UTC");
        assert_eq!(common_offset(&[], &stockholm), None);
    }
}

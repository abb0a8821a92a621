//! Times as people write and read them.
//! Holds: a date means a day of the zone at hand; what is shown says its offset from UTC.
//! May not enter: clocks (the shell has one).

use comity_core::ids::TimeMs;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::fault::Fault;
use crate::messages::fault;

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
    if let Some(ms) = parse_duration(text) {
        return Ok(now.plus(ms));
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
        .ok_or_else(|| fault!(Usage, "time-unreadable", text = text))
}

/// Reads a duration in milliseconds: `90s`, `10m`, `24h`, `30d`.
pub(crate) fn duration_ms(text: &str) -> Result<u64, Fault> {
    parse_duration(text).ok_or_else(|| fault!(Usage, "duration-unreadable", text = text))
}

/// A time for people: to the second, with its offset from UTC.
pub(crate) fn show(time: TimeMs, zone: &TimeZone) -> String {
    let stamp = i64::try_from(time.0).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let Some(stamp) = stamp else { return format!("{time} ms") };
    let zoned = stamp.to_zoned(zone.clone());
    match zoned.offset().seconds() {
        0 => zoned.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        _ => zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
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
        for bad in ["", "tomorrow", "10", "-1d", "2026-13-01", "1969-01-01", "99999999999999999d"] {
            assert_eq!(read(bad).unwrap_err().name, "time-unreadable", "{bad}");
        }
        assert_eq!(duration_ms("90s").unwrap(), 90_000);
        assert!(duration_ms("90").is_err());
    }
}

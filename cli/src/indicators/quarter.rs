//! Quarters and periods: days of the consortium's zone.
//! Holds: a day belongs to one quarter; both ends of a period are in it.

use std::fmt;

use comity_core::calendar::Day;
use comity_core::ids::TimeMs;
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Serialize, Serializer};

/// The last day that the calendar knows, 9999-12-31, counted from 1970-01-01.
const LAST_DAY: i32 = 2_932_896;

/// Three months of a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Quarter {
    year: i16,
    /// 1 to 4.
    number: i8,
}

impl Quarter {
    /// The quarter of a day.
    pub(crate) fn of(day: Day) -> Quarter {
        let date = date(day);
        Quarter { year: date.year(), number: (date.month() + 2) / 3 }
    }
}

impl fmt::Display for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-Q{}", self.year, self.number)
    }
}

impl Serialize for Quarter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The date of a day; of all days after the last that the calendar knows, that one.
pub(crate) fn date(day: Day) -> Date {
    let days = i32::try_from(day.0).unwrap_or(LAST_DAY).min(LAST_DAY);
    Date::constant(1970, 1, 1).saturating_add(days.days())
}

/// The day of a date; none before 1970.
pub(crate) fn day(date: Date) -> Option<Day> {
    let since = date.since(Date::constant(1970, 1, 1)).ok()?;
    u64::try_from(since.get_days()).ok().map(Day)
}

/// What a report is about: what began in these days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Period {
    /// The first day; none: from the beginning.
    pub(crate) from: Option<Day>,
    /// The last day; none: to the end.
    pub(crate) to: Option<Day>,
    /// Minutes east of UTC at which days begin: those of the genesis, so that they are known before
    /// the log is read and never move.
    pub(crate) offset_minutes: i16,
}

impl Period {
    /// The quarter of a time; none outside the period.
    pub(crate) fn quarter(&self, time: TimeMs) -> Option<Quarter> {
        let day = Day::of(time, self.offset_minutes);
        let is_after = self.from.is_some_and(|from| day < from);
        let is_before = self.to.is_some_and(|to| day > to);
        (!is_after && !is_before).then(|| Quarter::of(day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str) -> Day {
        day(text.parse().unwrap()).unwrap()
    }

    #[test]
    fn a_quarter_begins_with_its_first_month() {
        let named = |text| Quarter::of(on(text)).to_string();
        assert_eq!(named("2026-01-01"), "2026-Q1");
        assert_eq!(named("2026-03-31"), "2026-Q1");
        assert_eq!(named("2026-04-01"), "2026-Q2");
        assert_eq!(named("2026-12-31"), "2026-Q4");
        assert_eq!(named("2028-02-29"), "2028-Q1");
        assert!(Quarter::of(on("2025-12-31")) < Quarter::of(on("2026-01-01")));
    }

    #[test]
    fn days_and_dates_are_one() {
        assert_eq!(on("1970-01-01"), Day(0));
        assert_eq!(on("9999-12-31"), Day(u64::from(LAST_DAY.unsigned_abs())));
        assert_eq!(date(Day(u64::MAX)).to_string(), "9999-12-31");
        assert_eq!(date(on("2026-05-03")).to_string(), "2026-05-03");
        assert_eq!(day("1969-12-31".parse().unwrap()), None);
    }

    #[test]
    fn both_ends_are_in_a_period_and_days_are_those_of_the_zone() {
        let period = Period {
            from: Some(on("2026-04-01")),
            to: Some(on("2026-04-02")),
            offset_minutes: 480,
        };
        // Midnight in the zone is 16:00 of the day before in UTC.
        let begins = TimeMs(on("2026-04-01").0 * 86_400_000 - 8 * 3_600_000);
        let of = |time| period.quarter(time).map(|quarter| quarter.to_string());
        assert_eq!(of(TimeMs(begins.0 - 1)), None);
        assert_eq!(of(begins).as_deref(), Some("2026-Q2"));
        assert_eq!(of(begins.plus(2 * 86_400_000 - 1)).as_deref(), Some("2026-Q2"));
        assert_eq!(of(begins.plus(2 * 86_400_000)), None);
        assert!(Period::default().quarter(TimeMs(0)).is_some());
    }
}

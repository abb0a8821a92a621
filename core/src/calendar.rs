//! Calendars 工作日历: which days are worked, by region; duties are counted in such days.
//! Holds: a day has one answer; what a calendar says of a day that has begun never changes.
//! May not enter: what is owed (see `duty`). Source: docs/formats.md, "Calendars".

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::encoding::{Decode, Encode};
use crate::ids::{LogIndex, TimeMs};
use crate::text::Text;

/// Longest calendar (days).
pub const MAX_CALENDAR_DAYS: u64 = 732;
/// Most calendars, one after the other, that a region may have.
pub const MAX_CALENDARS: usize = 128;
/// A calendar reaches at least so many days beyond the one on which it is published.
pub const MIN_DAYS_AHEAD: u64 = 30;
/// A count of working days gives up after so many days, worked or not.
const MAX_COUNT: u64 = 36_600;

/// A day, counted from 1970-01-01 in the consortium's zone.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Day(pub u64);

impl Day {
    /// The day on which a time falls, days beginning `offset_minutes` east of UTC.
    pub fn of(time: TimeMs, offset_minutes: i16) -> Day {
        Day(time.day(offset_minutes))
    }

    /// The day after.
    pub fn next(self) -> Day {
        Day(self.0.saturating_add(1))
    }

    /// When the day begins.
    pub fn begins(self, offset_minutes: i16) -> TimeMs {
        let start = self.0.saturating_mul(86_400_000);
        TimeMs(start.saturating_add_signed(-i64::from(offset_minutes) * 60_000))
    }
}

/// The days of the week that are worked: bit 0 is Monday, bit 6 Sunday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Week(pub u8);

impl Week {
    /// Monday to Friday: what counts where no calendar says otherwise.
    pub const PLAIN: Week = Week(0b001_1111);
    /// Every day.
    pub const ALL: Week = Week(0b111_1111);

    /// Whether the day of the week of a day is worked.
    pub fn works_on(self, day: Day) -> bool {
        // 1970-01-01 was a Thursday.
        (self.0 >> ((day.0 % 7 + 3) % 7)) & 1 == 1
    }
}

/// Which days are worked in a period.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// The region, as agencies name it; empty for all that have none of their own.
    #[serde(default)]
    pub region: Text<64>,
    /// The first day …
    pub first: Day,
    /// … and the last.
    pub last: Day,
    /// The days of the week that are worked.
    pub week: Week,
    /// Days of that week that are not worked 节假日.
    #[serde(default)]
    pub holidays: BTreeSet<Day>,
    /// Other days that are worked 调休上班.
    #[serde(default)]
    pub workdays: BTreeSet<Day>,
}

impl Calendar {
    fn covers(&self, day: Day) -> bool {
        self.first <= day && day <= self.last
    }

    fn works_on(&self, day: Day) -> bool {
        let exception = if self.week.works_on(day) { &self.holidays } else { &self.workdays };
        self.week.works_on(day) != exception.contains(&day)
    }

    /// The first thing about it that cannot be, if there is one.
    pub fn fault(&self) -> Option<CalendarFault> {
        let length = self.last.0.checked_sub(self.first.0);
        if length.is_none_or(|days| days >= MAX_CALENDAR_DAYS) {
            return Some(CalendarFault::Period);
        }
        if self.week.0 & Week::ALL.0 == 0 || self.week.0 > Week::ALL.0 {
            return Some(CalendarFault::Week);
        }
        let fits =
            |day: &Day, worked: bool| self.covers(*day) && self.week.works_on(*day) == worked;
        let all_fit = self.holidays.iter().all(|day| fits(day, true))
            && self.workdays.iter().all(|day| fits(day, false));
        (!all_fit).then_some(CalendarFault::Days)
    }
}

/// What cannot be about a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CalendarFault {
    /// It ends before it begins, or is too long.
    Period,
    /// No day of the week is worked, or there are more than seven.
    Week,
    /// A holiday that would not be worked anyway, a make-up day that would, or one of another period.
    Days,
}

impl CalendarFault {
    /// The fault as it is written in messages' names.
    pub fn as_str(self) -> &'static str {
        match self {
            CalendarFault::Period => "period",
            CalendarFault::Week => "week",
            CalendarFault::Days => "days",
        }
    }
}

impl std::fmt::Display for CalendarFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A calendar on the ledger, as long as no later one cut it short.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct PublishedCalendar {
    /// What it says.
    pub calendar: Calendar,
    /// The entry that published it.
    pub at: LogIndex,
}

/// A region's calendars. State value under the region.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RegionCalendars(Vec<PublishedCalendar>);

impl RegionCalendars {
    /// Them, oldest first: without overlaps and without gaps.
    pub fn all(&self) -> &[PublishedCalendar] {
        &self.0
    }

    /// The last day that they cover.
    pub fn last(&self) -> Option<Day> {
        self.0.last().map(|published| published.calendar.last)
    }

    /// Lays a calendar over those that there are: they end where it begins.
    pub fn publish(&mut self, calendar: Calendar, at: LogIndex) {
        let first = calendar.first;
        self.0.retain(|published| published.calendar.first < first);
        if let Some(PublishedCalendar { calendar: earlier, .. }) = self.0.last_mut() {
            earlier.last = earlier.last.min(Day(first.0.saturating_sub(1)));
            earlier.holidays.retain(|day| *day < first);
            earlier.workdays.retain(|day| *day < first);
        }
        self.0.push(PublishedCalendar { calendar, at });
    }

    fn works_on(&self, day: Day) -> Option<bool> {
        let covering = self.0.iter().rev().find(|published| published.calendar.covers(day));
        covering.map(|published| published.calendar.works_on(day))
    }
}

/// The days worked somewhere: by the region's calendar, else by the common one, else by the plain week.
#[derive(Clone, Debug, Default)]
pub struct WorkingDays {
    /// The region's calendars.
    pub own: Option<RegionCalendars>,
    /// Those of all that have none.
    pub common: Option<RegionCalendars>,
}

impl WorkingDays {
    /// Whether a day is worked.
    pub fn works_on(&self, day: Day) -> bool {
        let by = |calendars: &Option<RegionCalendars>| calendars.as_ref()?.works_on(day);
        by(&self.own).or_else(|| by(&self.common)).unwrap_or_else(|| Week::PLAIN.works_on(day))
    }

    /// The day that is the `count`-th worked one after `day`; `day` itself for none.
    pub fn after(&self, day: Day, count: u16) -> Day {
        let mut at = day;
        let mut left = count;
        for _ in 0..MAX_COUNT {
            if left == 0 {
                break;
            }
            at = at.next();
            left -= u16::from(self.works_on(at));
        }
        at
    }

    /// How many days after `from`, to `to` included, are worked.
    pub fn between(&self, from: Day, to: Day) -> u64 {
        let days = (from.0.saturating_add(1)..=to.0)
            .take(usize::try_from(MAX_COUNT).unwrap_or(usize::MAX));
        days.filter(|day| self.works_on(Day(*day))).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thursday.
    const JANUARY_1_2026: Day = Day(20_454);

    fn calendar(first: u64, last: u64, holidays: &[u64], workdays: &[u64]) -> Calendar {
        let days = |ahead: &[u64]| ahead.iter().map(|days| Day(JANUARY_1_2026.0 + days)).collect();
        Calendar {
            region: Text::default(),
            first: Day(JANUARY_1_2026.0 + first),
            last: Day(JANUARY_1_2026.0 + last),
            week: Week::PLAIN,
            holidays: days(holidays),
            workdays: days(workdays),
        }
    }

    #[test]
    fn a_plain_week_is_monday_to_friday() {
        let worked: Vec<bool> = (0..7)
            .map(|days| WorkingDays::default().works_on(Day(JANUARY_1_2026.0 + days)))
            .collect();
        assert_eq!(worked, [true, true, false, false, true, true, true]);
    }

    #[test]
    fn holidays_and_make_up_days_move_the_end_of_a_count() {
        let mut common = RegionCalendars::default();
        // Thursday and Friday off, Sunday made up.
        common.publish(calendar(0, 30, &[0, 1], &[3]), LogIndex(0));
        let days = WorkingDays { own: None, common: Some(common) };
        let eve = Day(JANUARY_1_2026.0 - 1);
        assert_eq!(days.after(eve, 0), eve);
        assert_eq!(days.after(eve, 1), Day(JANUARY_1_2026.0 + 3));
        assert_eq!(days.after(eve, 2), Day(JANUARY_1_2026.0 + 4));
        assert_eq!(days.between(eve, Day(JANUARY_1_2026.0 + 4)), 2);
    }

    #[test]
    fn a_later_calendar_cuts_an_earlier_one_short() {
        let mut region = RegionCalendars::default();
        region.publish(calendar(0, 30, &[20], &[]), LogIndex(0));
        region.publish(calendar(15, 60, &[], &[]), LogIndex(1));
        let [first, second] = region.all() else { panic!("{region:?}") };
        assert_eq!(first.calendar.last, Day(JANUARY_1_2026.0 + 14));
        assert!(first.calendar.holidays.is_empty());
        assert_eq!(second.at, LogIndex(1));
        assert_eq!(region.works_on(Day(JANUARY_1_2026.0 + 20)), Some(true));
    }

    #[test]
    fn what_cannot_be_in_a_calendar_is_found() {
        assert_eq!(calendar(0, 30, &[0], &[2]).fault(), None);
        assert_eq!(calendar(5, 4, &[], &[]).fault(), Some(CalendarFault::Period));
        assert_eq!(calendar(0, 732, &[], &[]).fault(), Some(CalendarFault::Period));
        assert_eq!(calendar(0, 30, &[2], &[]).fault(), Some(CalendarFault::Days), "a Saturday");
        assert_eq!(calendar(0, 30, &[], &[0]).fault(), Some(CalendarFault::Days), "a Thursday");
        assert_eq!(
            calendar(0, 30, &[33], &[]).fault(),
            Some(CalendarFault::Days),
            "beyond the end"
        );
        for week in [0, 0x80, 0xff] {
            let with = Calendar { week: Week(week), ..calendar(0, 30, &[], &[]) };
            assert_eq!(with.fault(), Some(CalendarFault::Week));
        }
    }

    #[test]
    fn a_count_ends_even_if_hardly_a_day_is_worked() {
        assert_eq!(WorkingDays::default().after(Day(u64::MAX - 5), 40).0, u64::MAX);
    }
}

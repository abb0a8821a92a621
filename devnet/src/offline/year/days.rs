//! Days and hours at which offices work.

use comity_core::calendar::{Day, Week};
use comity_core::ids::TimeMs;

use super::super::founding::BEGINS;
use super::Year;

/// An hour and a day (ms).
pub(super) const HOUR_MS: u64 = 60 * 60 * 1_000;
pub(super) const DAY_MS: u64 = 24 * HOUR_MS;
/// East of UTC (minutes), as the parameters have it.
pub(super) const OFFSET: i16 = 480;
/// Nothing new is done from here on.
pub(super) const ENDS: TimeMs = TimeMs(BEGINS.0 + 366 * DAY_MS);
/// Offices open and close (ms after midnight).
const OPENS_MS: u64 = 8 * HOUR_MS + HOUR_MS / 2;
const OPEN_FOR_MS: u64 = 9 * HOUR_MS;

/// So many days after the beginning.
pub(super) fn day(number: u64) -> TimeMs {
    BEGINS.plus(number * DAY_MS)
}

/// Midnight after so many working days, by the plain week: nobody here looks at calendars.
fn after_working_days(from: TimeMs, days: u64) -> TimeMs {
    let mut day = Day::of(from, OFFSET);
    let mut left = days;
    while left > 0 || !Week::PLAIN.works_on(day) {
        day = day.next();
        left -= u64::from(left > 0 && Week::PLAIN.works_on(day));
    }
    day.begins(OFFSET)
}

impl Year {
    /// A time in working hours, so many working days from now, and later than now.
    pub(super) fn at_desk(&mut self, working_days: u64) -> TimeMs {
        let now = self.now();
        self.at_desk_after(now, working_days)
    }

    /// A time in working hours, so many working days after a time, and later than that.
    pub(super) fn at_desk_after(&mut self, after: TimeMs, working_days: u64) -> TimeMs {
        let mut opens = after_working_days(after, working_days).plus(OPENS_MS);
        if after >= opens.plus(OPEN_FOR_MS) {
            opens = after_working_days(opens.plus(DAY_MS), 0).plus(OPENS_MS);
        }
        let earliest = opens.max(after.plus(1));
        let latest = opens.plus(OPEN_FOR_MS).max(earliest);
        earliest.plus(self.chance.below(latest.0 - earliest.0 + 1))
    }
}

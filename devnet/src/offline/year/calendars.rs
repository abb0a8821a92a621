//! The working days of the year and of the next one: for all, and for the county, which has a day of its own.
//! Holds: holidays fall on days that the week works, make-up days on others. May not enter: a claim that
//! these are any government's announcement: they are like it, and invented.

use comity_core::calendar::{Calendar, Day, Week};

use super::days::{OFFSET, day};
use super::people::{AUTHORITY, By};
use super::{Done, Year, said};
use comity_core::statement::Action;

/// The county, which closes a day more.
const COUNTY: &str = "440183";
/// Holidays, as first and last day of the year, counted from 0.
const HOLIDAYS: [(u64, u64); 7] =
    [(0, 2), (45, 53), (93, 95), (120, 124), (169, 171), (267, 269), (273, 279)];
/// Days off that are worked instead.
const WORKED: [u64; 6] = [3, 44, 58, 128, 262, 282];
/// The county's own holiday.
const COUNTY_DAY: u64 = 159;

impl Year {
    /// The calendars of this year. Errors: the rules refuse one.
    pub(super) fn publish_calendars(&mut self) -> Done {
        for (region, own) in [("", None), (COUNTY, Some(COUNTY_DAY))] {
            let holidays = HOLIDAYS.into_iter().chain(own.map(|own| (own, own)));
            let spans = holidays.flat_map(|(from, to)| from..=to).map(nth);
            let calendar = Calendar {
                region: said(region),
                first: nth(0),
                last: nth(364),
                week: Week::PLAIN,
                holidays: spans.filter(|day| Week::PLAIN.works_on(*day)).collect(),
                workdays: WORKED
                    .map(nth)
                    .into_iter()
                    .filter(|d| !Week::PLAIN.works_on(*d))
                    .collect(),
            };
            self.publish(calendar)?;
        }
        Ok(())
    }

    /// The calendar of the next year, which is published when this one is over. Errors: the rules refuse it.
    pub(super) fn publish_next_year(&mut self) -> Done {
        let from = Day::of(self.now(), OFFSET).next();
        self.publish(Calendar {
            region: said("440100"),
            first: from,
            last: Day(from.0 + 360),
            week: Week::PLAIN,
            holidays: Default::default(),
            workdays: Default::default(),
        })
    }

    fn publish(&mut self, calendar: Calendar) -> Done {
        let authority = said(AUTHORITY);
        self.book.act(&[By::steward(&authority)], Action::PublishCalendar { calendar }).map(drop)
    }
}

/// A day of the year, from 0.
fn nth(number: u64) -> Day {
    Day::of(day(number), OFFSET)
}

//! `comity calendar`: lists and publishes calendars of working days.
//! Holds: a file says days as dates; what is signed counts them.

use std::collections::BTreeSet;
use std::path::Path;

use comity_core::calendar::{Calendar, Day, PublishedCalendar, Week};
use comity_core::statement::Action;
use comity_core::text::Text;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::json;

use crate::args::{CalendarVerb, PublishCalendar};
use crate::describe::supervision;
use crate::fault::Fault;
use crate::messages::{calendar_sample, fault, say, text};
use crate::shell::Session;
use crate::sign::Desk;
use crate::{keys, table};

/// The calendars as the node answers them.
#[derive(Debug, Deserialize)]
pub(super) struct Calendars {
    pub(super) calendars: Vec<PublishedCalendar>,
}

/// A calendar as people write it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarFile {
    #[serde(default)]
    region: Text<64>,
    first: String,
    last: String,
    week: Vec<Weekday>,
    #[serde(default)]
    holidays: Vec<String>,
    #[serde(default)]
    workdays: Vec<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

pub(super) fn run(verb: CalendarVerb, session: &mut Session<'_>) -> Result<(), Fault> {
    match verb {
        CalendarVerb::Example => session.shell.line(calendar_sample().trim_end()),
        CalendarVerb::List => list(session),
        CalendarVerb::Publish(args) => publish(&args, session),
    }
}

fn list(session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let found = client.value("/v1/calendars", &vec![])?;
    let Calendars { calendars } = client.read(&found)?;
    session.result(&found, |_| {
        let headings = [
            "column-region",
            "column-first",
            "column-last",
            "column-week",
            "column-holidays",
            "column-workdays",
        ];
        let rows = calendars.iter().map(|published| row(&published.calendar)).collect();
        table::rows(&headings.map(text), rows)
    })
}

fn row(calendar: &Calendar) -> Vec<String> {
    let (first, last) = (supervision::date(calendar.first), supervision::date(calendar.last));
    let rows = supervision::calendar_rows(calendar);
    let [region, _, week, holidays, workdays] = rows.map(|(_, value)| value);
    vec![region, first, last, week, holidays, workdays]
}

fn publish(args: &PublishCalendar, session: &mut Session<'_>) -> Result<(), Fault> {
    let calendar = load(&args.file)?;
    let desk = Desk::open(session, &args.signing.key)?;
    let region = calendar.region.clone();
    desk.change(session, Action::PublishCalendar { calendar }, |_| json!({ "region": region }))
        .map(drop)
}

fn load(path: &Path) -> Result<Calendar, Fault> {
    let unreadable = |cause: String| {
        fault!(Failed, "calendar-unreadable", path = path.display(), cause = cause.trim_end())
    };
    let text = keys::read_text(path, unreadable)?;
    let file: CalendarFile = toml::from_str(&text).map_err(|e| unreadable(e.to_string()))?;
    let days = |dates: &[String]| dates.iter().map(|date| day(date)).collect::<Result<_, _>>();
    let read = || -> Result<Calendar, String> {
        let (holidays, workdays): (BTreeSet<Day>, BTreeSet<Day>) =
            (days(&file.holidays)?, days(&file.workdays)?);
        let week = file.week.iter().fold(0, |week, day| week | 1 << (*day as u8));
        Ok(Calendar {
            region: file.region.clone(),
            first: day(&file.first)?,
            last: day(&file.last)?,
            week: Week(week),
            holidays,
            workdays,
        })
    };
    read().map_err(unreadable)
}

/// A date as the ledger counts it. Errors: it is none, or before 1970.
fn day(date: &str) -> Result<Day, String> {
    let refused = || say!("words-no-date", text = date);
    let parsed: Date = date.parse().map_err(|_| refused())?;
    let since = parsed.since(Date::constant(1970, 1, 1)).map_err(|_| refused())?;
    u64::try_from(since.get_days()).map(Day).map_err(|_| refused())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_a_calendar_that_can_be() {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("src/messages/en/sample.calendar.toml");
        let calendar = load(&path).unwrap();
        assert_eq!(calendar.fault(), None);
        assert_eq!(calendar.week, Week::PLAIN);
        assert_eq!(supervision::date(calendar.first), "2030-01-01");
    }

    #[test]
    fn a_date_that_is_none_is_named() {
        for wrong in ["2030-02-30", "tomorrow", "1969-12-31", ""] {
            assert!(day(wrong).unwrap_err().contains(wrong), "{wrong}");
        }
        assert_eq!(day("1970-01-02"), Ok(Day(1)));
    }
}

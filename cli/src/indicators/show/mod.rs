//! A report as it is shown: for programs, for terminals, and as a page.
//! Holds: all three have the same figures; every word is from the catalogue.

mod assessed;
mod charts;
mod html;
mod sections;
mod svg;
mod tables;
mod text;

use comity_core::hash::ConsortiumId;
use comity_core::ledger::Tip;
use jiff::tz::{Offset, TimeZone};
use serde_json::{Value, json};

pub(crate) use html::html;
pub(crate) use text::text;

use super::measure::Report;
use super::quarter::{Period, date};
use crate::messages::say;
use crate::time;

/// What a report is of.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    /// The consortium …
    pub(crate) consortium: ConsortiumId,
    /// … and its name.
    pub(crate) name: String,
    /// The last block.
    pub(crate) tip: Tip,
    /// Entries up to it.
    pub(crate) entries: u64,
    /// What began in these days is counted.
    pub(crate) period: Period,
}

impl Header {
    /// The report for programs.
    pub(crate) fn json(&self, report: &Report) -> Value {
        let Period { from, to, offset_minutes } = self.period;
        json!({
            "verified": true,
            "consortium": self.consortium,
            "name": self.name,
            "height": self.tip.height,
            "time": self.tip.time,
            "header_hash": self.tip.hash,
            "entries": self.entries,
            "from": from.map(|day| date(day).to_string()),
            "to": to.map(|day| date(day).to_string()),
            "offset_minutes": offset_minutes,
            "overall": report.overall,
            "by": report.by,
            "contributions": report.contributions,
            "waiting": report.waiting,
            "assessments": report.assessments,
        })
    }

    /// The consortium's zone: a report says the same wherever it is made.
    fn zone(&self) -> TimeZone {
        let seconds = i32::from(self.period.offset_minutes) * 60;
        Offset::from_seconds(seconds).map_or(TimeZone::UTC, TimeZone::fixed)
    }

    /// The period in words.
    fn days(&self) -> String {
        let Period { from, to, .. } = self.period;
        match (from.map(date), to.map(date)) {
            (None, None) => say!("report-days-all"),
            (Some(from), None) => say!("report-days-from", from = from),
            (None, Some(to)) => say!("report-days-to", to = to),
            (Some(from), Some(to)) => say!("report-days", from = from, to = to),
        }
    }

    /// What was verified, and how far.
    fn verified(&self) -> String {
        let time = time::show(self.tip.time, &self.zone());
        say!("report-verified", height = self.tip.height, time = time, entries = self.entries)
    }
}

/// A number as people read it.
fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// A number, or a dash where there is nothing to say one of.
fn number_or_dash(value: Option<u64>) -> String {
    value.map_or_else(|| "–".to_owned(), number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_are_grouped() {
        for (value, shown) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345, "12,345"), (1_234_567, "1,234,567")]
        {
            assert_eq!(number(value), shown);
        }
    }
}

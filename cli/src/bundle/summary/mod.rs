//! The summary of a bundle: a page that says the case in plain words, each sentence with the
//! entries and objects that prove it.
//! Holds: the same contents make the same page; no script, nothing from a network, nothing that
//! is not proven, but for what is said to be so.
//! May not enter: the clock, the computer's time zone.

mod closing;
mod events;
mod short;
mod terms;
pub(crate) mod texts;
mod words;

use comity_core::ids::{LogIndex, TimeMs};
use jiff::tz::{Offset, TimeZone};

use super::contents::Contents;
use super::manifest::Case;
use super::member::Member;
pub(crate) use crate::messages::Language;
use crate::time;
use texts::{escaped, tell};

/// The summaries and their languages.
pub(crate) const LANGUAGES: [(Member, Language); 2] =
    [(Member::SummaryEn, Language::English), (Member::SummaryZh, Language::Chinese)];

const STYLE: &str = include_str!("style.css");

/// A page on its way.
struct Page<'a> {
    contents: &'a Contents,
    language: Language,
    zone: TimeZone,
    html: String,
}

/// The summary of a case.
pub(crate) fn page(contents: &Contents, language: Language) -> String {
    let minutes = i32::from(contents.genesis.params.day_offset_minutes);
    // No zone is further away than a day.
    let offset = Offset::from_seconds(minutes.saturating_mul(60)).unwrap_or(Offset::UTC);
    let zone = TimeZone::fixed(offset);
    let mut page = Page { contents, language, zone, html: String::new() };
    page.begin();
    page.facts();
    page.short();
    page.terms();
    page.datasets();
    page.events();
    page.accesses();
    page.signers();
    page.sealed();
    page.gaps();
    page.limits();
    page.html.push_str("</body>\n</html>\n");
    page.html
}

impl Page<'_> {
    fn begin(&mut self) {
        let (title, subtitle) = self.titles();
        let lang = tell!(self, "lang");
        self.html.push_str(&format!(
            "<!DOCTYPE html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src \
             'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
             <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
             <h1>{title}</h1>\n<p class=\"sub\">{subtitle}</p>\n"
        ));
    }

    fn titles(&self) -> (String, String) {
        match &self.contents.case {
            Case::Grant { grant } => {
                (tell!(self, "title-grant", grant = grant), tell!(self, "subtitle-grant"))
            }
            Case::Access { entry } => {
                (tell!(self, "title-access", index = entry), tell!(self, "subtitle-access"))
            }
            Case::Dataset { dataset, from, to } => {
                let period = self.period(*from, *to);
                let subtitle = tell!(self, "subtitle-dataset", period = period);
                (tell!(self, "title-dataset", dataset = dataset), subtitle)
            }
            Case::Signer { key, from, to } => {
                let period = self.period(*from, *to);
                (
                    tell!(self, "title-signer"),
                    tell!(self, "subtitle-signer", key = key, period = period),
                )
            }
        }
    }

    fn period(&self, from: Option<TimeMs>, to: Option<TimeMs>) -> String {
        let time = |time| self.time(time);
        match (from, to) {
            (None, None) => tell!(self, "period-all"),
            (Some(from), None) => tell!(self, "period-from", from = time(from)),
            (None, Some(to)) => tell!(self, "period-to", to = time(to)),
            (Some(from), Some(to)) => tell!(self, "period-both", from = time(from), to = time(to)),
        }
    }

    fn facts(&mut self) {
        let Contents { genesis, header, exported, certified_by, entries, objects, .. } =
            self.contents;
        let (height, at, hash) = (header.height, self.time(header.time), header.hash());
        let comma = tell!(self, "comma");
        let count = objects.keys().count();
        let rows = [
            (
                tell!(self, "fact-consortium"),
                escaped(&format!("{} ({})", genesis.name, genesis.id())),
            ),
            (
                tell!(self, "fact-as-of"),
                tell!(self, "as-of", height = height, time = at, header = hash),
            ),
            (tell!(self, "fact-certified"), escaped(&certified_by.join(&comma))),
            (
                tell!(self, "fact-exported"),
                tell!(self, "exported", program = exported.program, node = exported.node),
            ),
            (
                tell!(self, "fact-holds"),
                tell!(self, "holds", entries = entries.len(), objects = count),
            ),
        ];
        let offset = time::common_offset(&[header.time], &self.zone).unwrap_or_default();
        let legend = tell!(self, "legend", offset = offset);
        let heading = tell!(self, "facts");
        self.heading(&heading);
        self.pairs(&rows);
        self.html.push_str(&format!("<p class=\"note\">{legend}</p>\n"));
    }

    fn heading(&mut self, title: &str) {
        self.html.push_str(&format!("<h2>{title}</h2>\n"));
    }

    /// Labels and values, both as they stand in pages.
    fn pairs(&mut self, rows: &[(String, String)]) {
        self.html.push_str("<table class=\"pairs\">\n");
        for (label, value) in rows {
            self.html.push_str(&format!("<tr><th>{label}</th><td>{value}</td></tr>\n"));
        }
        self.html.push_str("</table>\n");
    }

    /// Rows under their headings, all as they stand in pages.
    fn table(&mut self, headings: &[String], rows: &[Vec<String>]) {
        let cells = |tag: &str, cells: &[String]| -> String {
            cells.iter().map(|cell| format!("<{tag}>{cell}</{tag}>")).collect()
        };
        let head = cells("th", headings);
        self.html.push_str(&format!("<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n"));
        for row in rows {
            self.html.push_str(&format!("<tr>{}</tr>\n", cells("td", row)));
        }
        self.html.push_str("</tbody>\n</table>\n");
    }

    /// Sentences, as they stand in pages.
    fn list(&mut self, items: &[String]) {
        self.html.push_str("<ul>\n");
        for item in items {
            self.html.push_str(&format!("<li>{item}</li>\n"));
        }
        self.html.push_str("</ul>\n");
    }

    /// A time of a block.
    fn time(&self, time: TimeMs) -> String {
        time::show_local(time, &self.zone)
    }

    /// The time of an entry's block.
    fn time_of(&self, index: LogIndex) -> String {
        self.contents.entry(index).map(|entry| self.time(entry.header.time)).unwrap_or_default()
    }
}

/// What proves a sentence: an entry, or an object by its name.
fn cite(what: impl ToString) -> String {
    format!(" <span class=\"cite\">[{}]</span>", escaped(&what.to_string()))
}

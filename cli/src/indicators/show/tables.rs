//! The tables of a report: groups, what providers contributed, what waits.
//! Holds: the same rows for a terminal and for a page.

use comity_core::agency::Level;

use super::{Header, number, number_or_dash};
use crate::args::Dimension;
use crate::describe;
use crate::indicators::figures::Figures;
use crate::indicators::groups::Table;
use crate::indicators::measure::Report;
use crate::indicators::objects::Objects;
use crate::indicators::waiting::Awaited;
use crate::messages::{self, text};
use crate::time;

/// A table with its title.
pub(super) struct Grid {
    pub(super) title: String,
    pub(super) headings: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
    /// How many columns, from the left, are words.
    pub(super) words: usize,
}

/// How much of an agency's name is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// Its id, as it is typed.
    Ids,
    /// Its name and its id.
    Names,
}

impl Naming {
    /// An agency, so named.
    pub(super) fn agency(self, id: &str, objects: &Objects) -> String {
        let found = id.parse().ok().and_then(|id| objects.agencies.get(&id));
        match (self, found) {
            (Naming::Names, Some(agency)) if agency.name.as_str() != id => {
                messages::say!("report-named", name = agency.name, id = id)
            }
            _ => id.to_owned(),
        }
    }
}

/// The tables by dimension.
pub(super) fn groups(report: &Report, objects: &Objects, naming: Naming) -> Vec<Grid> {
    let grid =
        |(dimension, table): (&Dimension, &Table)| of_table(*dimension, table, objects, naming);
    report.by.iter().map(grid).collect()
}

fn of_table(dimension: Dimension, table: &Table, objects: &Objects, naming: Naming) -> Grid {
    let name = |group: &str| group_name(dimension, group, objects, naming);
    let (title, heading) = titles(dimension);
    let mut headings = vec![heading];
    let mut rows = Vec::new();
    match table {
        Table::TwoSided(groups) => {
            headings.push(text("report-column-side"));
            let mut groups: Vec<_> = groups.iter().collect();
            groups.sort_by_key(|one| rank(dimension, &one.group));
            for one in groups {
                let sides = [
                    (name(&one.group), text("report-as-provider"), &one.as_provider),
                    (String::new(), text("report-as-requester"), &one.as_requester),
                ];
                for (name, side, figures) in sides {
                    rows.push(row(vec![name, side.to_owned()], figures));
                }
            }
        }
        Table::Whole(groups) => {
            rows.extend(groups.iter().map(|one| row(vec![name(&one.group)], &one.figures)));
        }
    }
    let words = headings.len();
    headings.extend(COLUMNS.map(text));
    Grid { title: title.to_owned(), headings, rows, words }
}

/// A group, as people call it.
pub(super) fn group_name(
    dimension: Dimension,
    group: &str,
    objects: &Objects,
    naming: Naming,
) -> String {
    match dimension {
        Dimension::Agency => naming.agency(group, objects),
        Dimension::Level => messages::word("level", group),
        Dimension::Kind => messages::word("kind", group),
        Dimension::Region if group.is_empty() => text("report-no-region").to_owned(),
        _ => group.to_owned(),
    }
}

/// What a table by this is called, and its first column.
pub(super) fn titles(dimension: Dimension) -> (&'static str, &'static str) {
    match dimension {
        Dimension::Agency => (text("report-by-agency"), text("report-column-agency")),
        Dimension::Level => (text("report-by-level"), text("report-column-level")),
        Dimension::Region => (text("report-by-region"), text("report-column-region")),
        Dimension::Kind => (text("report-by-kind"), text("report-column-kind")),
        Dimension::Matter => (text("report-by-matter"), text("report-column-matter")),
        Dimension::Quarter => (text("report-by-quarter"), text("report-column-quarter")),
    }
}

/// Levels go from the top down; all else by name.
pub(super) fn rank(dimension: Dimension, group: &str) -> (usize, String) {
    use Level as L;
    let levels = [L::National, L::Provincial, L::Municipal, L::County, L::Township, L::Village];
    let place = levels.iter().position(|level| describe::word(level) == group);
    match dimension {
        Dimension::Level => (place.unwrap_or(levels.len()), group.to_owned()),
        _ => (0, group.to_owned()),
    }
}

const COLUMNS: [&str; 7] = [
    "report-column-pairs",
    "report-column-matters",
    "report-column-datasets",
    "report-column-exchanges",
    "report-column-documents",
    "report-column-in-time",
    "report-column-days",
];

fn row(mut cells: Vec<String>, figures: &Figures) -> Vec<String> {
    let replies = &figures.speed.replies;
    cells.extend([
        number(figures.breadth.pairs),
        number(figures.matters_served),
        number(figures.thickness.datasets),
        number(figures.thickness.exchanges),
        number(figures.documents.not_asked),
        percent(replies.in_time_percent),
        number_or_dash(replies.median_working_days),
    ]);
    cells
}

/// A percentage, or a dash where there is none.
pub(super) fn percent(value: Option<u64>) -> String {
    match value {
        Some(percent) => messages::say!("report-percent", percent = percent),
        None => number_or_dash(None),
    }
}

/// What providers contributed.
pub(super) fn contributions(report: &Report, objects: &Objects, naming: Naming) -> Grid {
    let headings = [
        "report-column-agency",
        "report-column-shared",
        "report-column-used",
        "report-column-served",
        "report-column-matters",
        "report-column-documents",
        "report-column-in-time",
    ];
    let rows = report.contributions.iter().map(|one| {
        let in_time = (one.replies_in_time * 100).checked_div(one.replies_judged);
        vec![
            naming.agency(&one.agency, objects),
            number(one.datasets_shared),
            number(one.datasets_used),
            number(one.agencies_served),
            number(one.matters_served),
            number(one.documents_not_asked),
            percent(in_time),
        ]
    });
    Grid {
        title: text("report-contributions").to_owned(),
        headings: headings.map(text).into(),
        rows: rows.collect(),
        words: 1,
    }
}

/// What waits the longest.
pub(super) fn waiting(header: &Header, report: &Report, objects: &Objects, naming: Naming) -> Grid {
    let headings = [
        "report-column-awaited",
        "report-column-object",
        "report-column-on",
        "report-column-for",
        "report-column-dataset",
        "report-column-since",
        "report-column-days",
    ];
    let zone = header.zone();
    let rows = report.waiting.iter().map(|one| {
        let awaited = match one.awaited {
            Awaited::Review => text("report-awaits-review"),
            Awaited::Reply => text("report-awaits-reply"),
            Awaited::Delivery => text("report-awaits-delivery"),
            Awaited::Use => text("report-awaits-use"),
        };
        vec![
            awaited.to_owned(),
            one.object.clone(),
            naming.agency(one.agency.as_str(), objects),
            naming.agency(one.requester.as_str(), objects),
            one.dataset.to_string(),
            time::date(one.since, &zone),
            number(one.working_days),
        ]
    });
    Grid {
        title: text("report-waiting").to_owned(),
        headings: headings.map(text).into(),
        rows: rows.collect(),
        words: 5,
    }
}

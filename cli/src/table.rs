//! Tables and lists of pairs, as they are printed.
//! Holds: a table is as wide as its reader's terminal at most, where its names allow it; where
//! nobody's terminal is there, a row is a line.
//! May not enter: texts; colours.

use comfy_table::{Table, presets};
use comity_core::ids::TimeMs;
use comity_core::keys::PublicKey;
use jiff::tz::TimeZone;

use crate::{csv, time, wrap};

/// Columns between two columns of a table.
const GAP: u16 = 2;

/// What stands in one place of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    /// The same everywhere.
    Text(String),
    /// A time: to the second, in the reader's zone, which the heading names.
    Time(TimeMs),
    /// A key or hash: its first digits in a table, the whole in a file.
    Digits(String),
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell::Text(text)
    }
}

/// Headings and rows.
#[derive(Clone, Debug)]
struct Grid {
    headings: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

/// What is listed: as a table for people, as CSV for spreadsheets.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    table: Grid,
    /// How many of the table's columns stay beside each other where not all fit; what stands in
    /// the others goes beneath, a line for each.
    beside: Option<usize>,
    /// What a file has in other columns than the table.
    file: Option<Grid>,
}

/// A listing under its headings. Usable as a result of `Session::result`.
pub(crate) fn rows<C: Into<Cell>>(headings: &[&str], rows: Vec<Vec<C>>) -> Listing {
    Listing { table: Grid::new(headings, rows), beside: None, file: None }
}

impl Listing {
    /// The same listing with other columns where it is written to a file.
    pub(crate) fn with_file_columns<C: Into<Cell>>(
        self,
        headings: &[&str],
        rows: Vec<Vec<C>>,
    ) -> Listing {
        Listing { file: Some(Grid::new(headings, rows)), ..self }
    }

    /// The same listing, whose columns from the `beside`th on say by themselves what they are and
    /// go beneath the others where the terminal is too narrow for all.
    pub(crate) fn folding_after(self, beside: usize) -> Listing {
        Listing { beside: Some(beside), ..self }
    }

    /// Whether nothing is listed.
    pub(crate) fn is_empty(&self) -> bool {
        self.table.rows.is_empty()
    }

    /// The table: at most `width` columns wide where that is stated, else a row to a line.
    pub(crate) fn to_table(&self, width: Option<usize>, zone: &TimeZone) -> String {
        let rows = self.table.texts(zone, Length::Short);
        let Some(width) = width else { return laid_out(rows.iter().map(|row| on_one_line(row))) };
        if let Some(beside) = self.beside
            && !fits(&rows, width)
        {
            return folded(&rows, beside, width);
        }
        let widths = column_widths(&rows, width);
        let fitted = |cell: &String, width: &usize| wrap::wrapped(cell, *width).join("\n");
        laid_out(
            rows.iter().map(|row| row.iter().zip(&widths).map(|(c, w)| fitted(c, w)).collect()),
        )
    }

    /// The file.
    pub(crate) fn to_csv(&self, zone: &TimeZone) -> String {
        let grid = self.file.as_ref().unwrap_or(&self.table);
        let rows: Vec<_> =
            grid.texts(zone, Length::Whole).iter().map(|row| on_one_line(row)).collect();
        csv::text(rows.iter())
    }
}

impl std::fmt::Display for Listing {
    /// A row to a line, as nobody knows here for whom; times in UTC.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_table(None, &TimeZone::UTC))
    }
}

/// How much of keys and hashes is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    Short,
    Whole,
}

impl Grid {
    fn new<C: Into<Cell>>(headings: &[&str], rows: Vec<Vec<C>>) -> Grid {
        let rows = rows.into_iter().map(|row| row.into_iter().map(Into::into).collect()).collect();
        Grid { headings: headings.iter().map(|&heading| heading.to_owned()).collect(), rows }
    }

    /// Headings and rows as text.
    fn texts(&self, zone: &TimeZone, length: Length) -> Vec<Vec<String>> {
        let mut headings = self.headings.clone();
        // Days with and without summer time need the offset beside each time.
        let mut offsets = vec![None; headings.len()];
        for (at, heading) in headings.iter_mut().enumerate() {
            let times: Vec<TimeMs> =
                self.rows.iter().filter_map(|row| row.get(at)?.time()).collect();
            offsets[at] = time::common_offset(&times, zone);
            if let Some(offset) = &offsets[at] {
                *heading = format!("{heading} ({offset})");
            }
        }
        let text = |(at, cell): (usize, &Cell)| match (cell, offsets.get(at).cloned().flatten()) {
            (Cell::Text(text), _) => text.clone(),
            (Cell::Time(time), Some(_)) => time::show_local(*time, zone),
            (Cell::Time(time), None) => time::show(*time, zone),
            (Cell::Digits(digits), _) if length == Length::Short => short(digits),
            (Cell::Digits(digits), _) => digits.clone(),
        };
        let rows = self.rows.iter().map(|row| row.iter().enumerate().map(text).collect());
        std::iter::once(headings).chain(rows).collect()
    }
}

impl Cell {
    fn time(&self) -> Option<TimeMs> {
        match self {
            Cell::Time(time) => Some(*time),
            Cell::Text(_) | Cell::Digits(_) => None,
        }
    }
}

/// Labels with their values, one pair to a line; those without a value are left out.
pub(crate) fn pairs(pairs: &[(String, String)]) -> String {
    let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
    laid_out(pairs.map(|(label, value)| vec![format!("  {label}"), on_one_line_text(value)]))
}

/// The first eight digits of a key or hash, as people compare them.
pub(crate) fn short(hex: impl ToString) -> String {
    hex.to_string().chars().take(8).collect()
}

/// A key as it stands in texts: its first digits, then the whole.
pub(crate) fn key(key: &PublicKey) -> String {
    format!("{} ({key})", short(key))
}

fn on_one_line(row: &[String]) -> Vec<String> {
    row.iter().map(|cell| on_one_line_text(cell)).collect()
}

fn on_one_line_text(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join(" ")
}

fn laid_out(rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, GAP));
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

/// How wide each column is made so that all fit into `width`: the widest give first, none below
/// what its names need, unless there is no other way.
fn column_widths(rows: &[Vec<String>], width: usize) -> Vec<usize> {
    let room = room(rows, width);
    let pieces = narrowed(natural_widths(rows), &widest(rows, wrap::widest_piece), room);
    let parts = narrowed(pieces, &widest(rows, wrap::widest_part), room);
    let least = vec![1; parts.len()];
    narrowed(parts, &least, room)
}

/// Whether nothing has to be broken.
fn fits(rows: &[Vec<String>], width: usize) -> bool {
    natural_widths(rows).iter().sum::<usize>() <= room(rows, width)
}

/// Columns that are left beside the gaps.
fn room(rows: &[Vec<String>], width: usize) -> usize {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    width.saturating_sub(usize::from(GAP) * count.saturating_sub(1))
}

fn natural_widths(rows: &[Vec<String>]) -> Vec<usize> {
    widest(rows, |cell| cell.lines().map(wrap::columns).max().unwrap_or(0))
}

/// The most that `of` finds in each column.
fn widest(rows: &[Vec<String>], of: fn(&str) -> usize) -> Vec<usize> {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let column = |at: usize| rows.iter().filter_map(move |row: &Vec<String>| row.get(at));
    (0..count).map(|at| column(at).map(|cell| of(cell)).max().unwrap_or(0)).collect()
}

/// Each row's first `beside` columns under their headings, and beneath them what stands in the
/// others, as far in as the second column.
fn folded(rows: &[Vec<String>], beside: usize, width: usize) -> String {
    let heads: Vec<Vec<String>> =
        rows.iter().map(|row| on_one_line(row.get(..beside).unwrap_or(row))).collect();
    let widths = column_widths(&heads, width);
    let gap = usize::from(GAP);
    let indent = widths.first().map_or(0, |first| first + gap);
    let mut lines = Vec::new();
    for (at, (head, row)) in heads.iter().zip(rows).enumerate() {
        let cells: Vec<Vec<String>> =
            head.iter().zip(&widths).map(|(cell, width)| wrap::wrapped(cell, *width)).collect();
        for line in 0..cells.iter().map(Vec::len).max().unwrap_or(0) {
            let part = |(cell, width): (&Vec<String>, &usize)| {
                let text = cell.get(line).map(String::as_str).unwrap_or_default();
                let room = (width + gap).saturating_sub(wrap::columns(text));
                format!("{text}{:room$}", "")
            };
            let line: String = cells.iter().zip(&widths).map(part).collect();
            lines.push(line.trim_end().to_owned());
        }
        // The headings of what goes beneath are left out with it.
        let beneath = row.iter().skip(beside).filter(|cell| at > 0 && !cell.is_empty());
        for cell in beneath {
            let text = format!("{:indent$}{}", "", on_one_line_text(cell));
            lines.extend(wrap::flowed(&text, width));
        }
    }
    lines.join("\n")
}

/// Takes from the widest columns that are above their least, until all fit or all have their
/// least.
fn narrowed(mut widths: Vec<usize>, least: &[usize], room: usize) -> Vec<usize> {
    while widths.iter().sum::<usize>() > room {
        let givers =
            widths.iter().zip(least).enumerate().filter(|(_, (width, least))| width > least);
        let Some((at, _)) = givers.max_by_key(|(_, (width, _))| **width) else { break };
        widths[at] -= 1;
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing() -> Listing {
        let row = |dataset: &str, title: &str| {
            vec![
                Cell::Text("17".to_owned()),
                Cell::Time(TimeMs(1_777_777_777_000)),
                Cell::Text(dataset.to_owned()),
                Cell::Text(title.to_owned()),
                Cell::Digits("0123456789abcdef".to_owned()),
            ]
        };
        rows(
            &["ENTRY", "TIME", "DATASET", "TITLE", "KEY"],
            vec![
                row("civil.gd/marriage-register", "婚姻登记信息（全省，一九九八年以来）"),
                row("health.gd/births", "Births"),
            ],
        )
    }

    #[test]
    fn a_table_is_as_wide_as_the_terminal_at_most() {
        for width in [60, 80, 100, 200] {
            let table = listing().to_table(Some(width), &TimeZone::UTC);
            let widest = table.lines().map(wrap::columns).max().unwrap();
            assert!(widest <= width, "{width}:\n{table}");
            assert!(table.contains("marriage-register"), "names stay whole:\n{table}");
        }
    }

    #[test]
    fn columns_stand_under_each_other_beside_wide_characters() {
        let table = listing().to_table(Some(200), &TimeZone::UTC);
        let before = |line: &str| wrap::columns(&line[..line.find("01234567").unwrap()]);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(before(lines[1]), before(lines[2]), "{table}");
    }

    #[test]
    fn a_listing_that_does_not_fit_may_put_columns_beneath() {
        let listing = || listing().folding_after(3);
        assert_eq!(
            listing().to_table(Some(60), &TimeZone::UTC),
            "ENTRY  TIME (UTC)           DATASET\n\
             17     2026-05-03 03:09:37  civil.gd/marriage-register\n       \
             婚姻登记信息（全省，一九九八年以来）\n       01234567\n\
             17     2026-05-03 03:09:37  health.gd/births\n       Births\n       01234567"
        );
        let wide = listing().to_table(Some(200), &TimeZone::UTC);
        assert_eq!(wide.lines().count(), 3, "where all fits, nothing goes beneath:\n{wide}");
        assert_eq!(listing().to_table(None, &TimeZone::UTC).lines().count(), 3);
        for width in [10, 30, 45] {
            let narrow = listing().to_table(Some(width), &TimeZone::UTC);
            assert!(narrow.contains("Births"), "{narrow}");
        }
    }

    #[test]
    fn without_a_terminal_a_row_is_a_line() {
        let zone = TimeZone::fixed(jiff::tz::offset(8));
        let table = listing().to_table(None, &zone);
        assert_eq!(table.lines().count(), 3);
        assert!(table.starts_with("ENTRY  TIME (+08:00)"), "{table}");
        assert!(table.contains("2026-05-03 11:09:37  civil.gd"), "{table}");
    }

    #[test]
    fn a_file_has_whole_digits_and_its_own_columns() {
        let csv = listing().to_csv(&TimeZone::UTC);
        assert!(csv.contains(",0123456789abcdef\r\n"), "{csv}");
        let other = vec![vec!["1".to_owned(), "two\nlines".to_owned()]];
        let csv = listing().with_file_columns(&["A", "B"], other).to_csv(&TimeZone::UTC);
        assert_eq!(csv, "\u{FEFF}A,B\r\n1,two lines\r\n");
    }

    #[test]
    fn too_narrow_a_terminal_breaks_names_and_loses_nothing() {
        let table = listing().to_table(Some(30), &TimeZone::UTC);
        let kept: String = table.chars().filter(char::is_ascii_digit).collect();
        assert!(kept.len() >= 2 * (2 + 14 + 8), "{table}");
        assert!(table.lines().all(|line| wrap::columns(line) <= 30), "{table}");
    }
}

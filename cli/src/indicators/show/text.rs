//! A report for a terminal.

use super::sections::sections;
use super::tables::{self, Grid, Naming};
use super::{Header, assessed};
use crate::indicators::measure::Report;
use crate::indicators::objects::Objects;
use crate::messages::{say, text as message};
use crate::table;

/// The report in lines, its tables at most so many columns wide where that is stated.
pub(crate) fn text(
    header: &Header,
    report: &Report,
    objects: &Objects,
    width: Option<usize>,
) -> String {
    let mut parts = vec![
        say!("report-title", name = header.name),
        format!("{}\n{}", header.days(), header.verified()),
    ];
    for section in sections(&report.overall) {
        let rows: Vec<(String, String)> =
            section.rows.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let title = say!("layout-heading", title = section.title);
        parts.push(format!("{title}\n{}", table::pairs(&rows)));
    }
    let grids = [
        tables::contributions(report, objects, Naming::Ids),
        tables::waiting(header, report, objects, Naming::Ids),
    ];
    for grid in grids.iter().chain(&tables::groups(report, objects, Naming::Ids)) {
        parts.push(of_grid(grid, header, width));
    }
    let assessed = assessed::grids(header, report, objects, Naming::Ids);
    if !assessed.is_empty() {
        let title = say!("layout-heading", title = message("report-assessments"));
        parts.push(format!("{title}\n  {}", message("report-assessments-mean")));
        parts.extend(assessed.iter().map(|grid| of_grid(grid, header, width)));
    }
    parts.push(message("report-defined").to_owned());
    parts.join("\n\n")
}

fn of_grid(grid: &Grid, header: &Header, width: Option<usize>) -> String {
    let title = say!("layout-heading", title = grid.title);
    if grid.rows.is_empty() {
        return format!("{title}\n  {}", message("report-none"));
    }
    let listing = table::rows(&grid.headings, grid.rows.clone());
    format!("{title}\n{}", listing.to_table(width, &header.zone()))
}

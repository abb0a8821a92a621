//! Which drawings a page has, and of what.

use super::number;
use super::sections::{in_time, stalled};
use super::svg::{Bar, Stack, bars, stacks};
use super::tables::Naming;
use crate::args::Dimension;
use crate::indicators::figures::{Figures, Timeliness};
use crate::indicators::groups::{Table, Whole};
use crate::indicators::measure::Report;
use crate::indicators::objects::Objects;
use crate::messages::{say, text};

/// Most bars of a drawing that could have any number.
const MOST_BARS: usize = 16;

/// A drawing with its caption.
pub(super) struct Chart {
    pub(super) caption: &'static str,
    pub(super) svg: String,
}

/// All drawings of a report; those left out that would be empty.
pub(super) fn charts(report: &Report, objects: &Objects) -> Vec<Chart> {
    let quarters = match report.by.get(&Dimension::Quarter) {
        Some(Table::Whole(quarters)) => quarters.as_slice(),
        _ => &[],
    };
    let overall = &report.overall;
    let by_quarter = |figure: fn(&Figures) -> u64| last_quarters(quarters, figure);
    let drawn = [
        (text("report-chart-datasets"), datasets(overall)),
        (text("report-chart-requests"), requests(overall)),
        (text("report-chart-stalls"), stalls(overall)),
        (text("report-chart-breadth"), breadth(overall)),
        (text("report-chart-matters"), by_quarter(|figures| figures.matters_served)),
        (text("report-chart-documents"), by_quarter(|figures| figures.documents.not_asked)),
        (text("report-chart-providers"), providers(report, objects)),
    ];
    let mut charts: Vec<Chart> = drawn
        .into_iter()
        .filter(|(_, found)| found.iter().any(|bar| bar.value > 0))
        .map(|(caption, found)| Chart { caption, svg: bars(caption, &found) })
        .collect();
    charts.extend(speed(overall));
    charts
}

fn bar(name: &str, value: u64) -> Bar {
    Bar { name: name.to_owned(), value, label: number(value) }
}

/// The steps of a way, each with its share of the first.
fn steps(named: &[(&'static str, u64)]) -> Vec<Bar> {
    let first = named.first().map_or(0, |(_, value)| *value);
    let step = |(name, value): &(&'static str, u64)| {
        let percent = (value * 100).checked_div(first);
        let label = match percent {
            Some(percent) => {
                say!("report-share", count = number(*value), percent = percent)
            }
            None => number(*value),
        };
        Bar { name: (*name).to_owned(), value: *value, label }
    };
    named.iter().map(step).collect()
}

fn datasets(figures: &Figures) -> Vec<Bar> {
    let datasets = figures.funnel.datasets.clone().unwrap_or_default();
    steps(&[
        (text("report-catalogued"), datasets.catalogued),
        (text("report-datasets-requested"), datasets.requested),
        (text("report-datasets-granted"), datasets.granted),
        (text("report-datasets-delivered"), datasets.delivered),
        (text("report-datasets-used"), datasets.used),
    ])
}

fn requests(figures: &Figures) -> Vec<Bar> {
    let requests = &figures.funnel.requests;
    steps(&[
        (text("report-requests"), requests.opened),
        (text("report-requests-granted"), requests.granted),
        (text("report-requests-delivered"), requests.delivered),
        (text("report-requests-used"), requests.used),
    ])
}

fn stalls(figures: &Figures) -> Vec<Bar> {
    let stalled = stalled(figures).into_iter().filter(|(_, count)| *count > 0);
    stalled.map(|(name, count)| bar(name, count)).collect()
}

fn breadth(figures: &Figures) -> Vec<Bar> {
    let breadth = &figures.breadth;
    steps(&[
        (text("report-pairs"), breadth.pairs),
        (text("report-across-levels"), breadth.across_levels),
        (text("report-across-regions"), breadth.across_regions),
        (text("report-across-kinds"), breadth.across_kinds),
    ])
}

fn last_quarters(quarters: &[Whole], figure: fn(&Figures) -> u64) -> Vec<Bar> {
    let shown = quarters.iter().skip(quarters.len().saturating_sub(MOST_BARS));
    shown.map(|one| bar(&one.group, figure(&one.figures))).collect()
}

fn providers(report: &Report, objects: &Objects) -> Vec<Bar> {
    let serving = report.contributions.iter().filter(|one| one.matters_served > 0);
    let shown = serving.take(MOST_BARS);
    shown.map(|one| bar(&Naming::Names.agency(&one.agency, objects), one.matters_served)).collect()
}

fn speed(figures: &Figures) -> Option<Chart> {
    let stack = |name: &'static str, of: &Timeliness| Stack {
        name: name.to_owned(),
        parts: [of.met, of.met_late, of.lapsed, of.running],
        label: in_time(of),
    };
    let found = [
        stack(text("report-replies"), &figures.speed.replies),
        stack(text("report-deliveries"), &figures.speed.deliveries),
    ];
    let is_empty = found.iter().all(|stack| stack.parts == [0; 4]);
    let caption = text("report-chart-speed");
    let legend = ["duties-met", "duties-met-late", "duties-lapsed", "duties-running"].map(text);
    (!is_empty).then(|| Chart { caption, svg: stacks(caption, &found, legend) })
}

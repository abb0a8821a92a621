//! The figures in groups of a few, each with what it is called and what it says.

use super::{number, number_or_dash};
use crate::indicators::figures::{Figures, Timeliness};
use crate::messages::{say, text};

/// Some figures that belong together.
pub(super) struct Section {
    /// What they are about.
    pub(super) title: &'static str,
    /// What they say.
    pub(super) meaning: &'static str,
    /// Each with its name.
    pub(super) rows: Vec<(&'static str, String)>,
}

/// All sections, in the order of a report.
pub(super) fn sections(figures: &Figures) -> Vec<Section> {
    vec![
        served(figures),
        breadth(figures),
        depth(figures),
        thickness(figures),
        speed(figures),
        funnel(figures),
        stalls(figures),
    ]
}

fn served(figures: &Figures) -> Section {
    Section {
        title: text("report-served"),
        meaning: text("report-served-means"),
        rows: vec![
            (text("report-matters"), number(figures.matters_served)),
            (text("report-documents"), number(figures.documents.not_asked)),
            (text("report-documents-acknowledged"), number(figures.documents.acknowledged)),
        ],
    }
}

fn breadth(figures: &Figures) -> Section {
    let breadth = &figures.breadth;
    Section {
        title: text("report-breadth"),
        meaning: text("report-breadth-means"),
        rows: vec![
            (text("report-pairs"), number(breadth.pairs)),
            (text("report-across-levels"), number(breadth.across_levels)),
            (text("report-across-regions"), number(breadth.across_regions)),
            (text("report-across-kinds"), number(breadth.across_kinds)),
        ],
    }
}

fn depth(figures: &Figures) -> Section {
    let depth = &figures.depth;
    Section {
        title: text("report-depth"),
        meaning: text("report-depth-means"),
        rows: vec![
            (text("report-requests"), number(depth.requests)),
            (text("report-granted-by-decision"), number(depth.granted_by_decision)),
            (text("report-granted-by-rule"), number(depth.granted_by_rule)),
            (text("report-grants-standing"), number(depth.grants_standing)),
            (text("report-grants-once"), number(depth.grants_once)),
            (text("report-grants-onward"), number(depth.grants_onward)),
            (text("report-two-legged"), number(depth.two_legged)),
            (text("report-batches"), number(depth.batches)),
            (text("report-emergency"), number(depth.emergency)),
            (text("report-emergencies"), number(depth.emergencies)),
            (text("report-task-force"), number(depth.task_force)),
            (text("report-task-forces"), number(depth.task_forces)),
        ],
    }
}

fn thickness(figures: &Figures) -> Section {
    let thickness = &figures.thickness;
    Section {
        title: text("report-thickness"),
        meaning: text("report-thickness-means"),
        rows: vec![
            (text("report-datasets"), number(thickness.datasets)),
            (text("report-items"), number(thickness.items)),
            (text("report-exchanges"), number(thickness.exchanges)),
            (text("report-entries"), number(thickness.entries)),
        ],
    }
}

fn speed(figures: &Figures) -> Section {
    let (replies, deliveries) = (&figures.speed.replies, &figures.speed.deliveries);
    Section {
        title: text("report-speed"),
        meaning: text("report-speed-means"),
        rows: vec![
            (text("report-replies-in-time"), in_time(replies)),
            (text("report-replies-late"), number(replies.met_late)),
            (text("report-replies-lapsed"), number(replies.lapsed)),
            (text("report-replies-running"), number(replies.running)),
            (text("report-replies-median"), number_or_dash(replies.median_working_days)),
            (text("report-deliveries-in-time"), in_time(deliveries)),
            (text("report-deliveries-late"), number(deliveries.met_late)),
            (text("report-deliveries-lapsed"), number(deliveries.lapsed)),
            (text("report-deliveries-running"), number(deliveries.running)),
            (text("report-deliveries-median"), number_or_dash(deliveries.median_working_days)),
        ],
    }
}

/// How many were in time, of how many.
pub(super) fn in_time(timeliness: &Timeliness) -> String {
    let judged = timeliness.met + timeliness.met_late + timeliness.lapsed;
    match timeliness.in_time_percent {
        None => "–".to_owned(),
        Some(percent) => {
            let (met, judged) = (number(timeliness.met), number(judged));
            say!("report-in-time", met = met, judged = judged, percent = percent)
        }
    }
}

fn funnel(figures: &Figures) -> Section {
    let funnel = &figures.funnel;
    let datasets = funnel.datasets.clone().unwrap_or_default();
    Section {
        title: text("report-funnel"),
        meaning: text("report-funnel-means"),
        rows: vec![
            (text("report-catalogued"), number(datasets.catalogued)),
            (text("report-unclassified"), number(datasets.unclassified)),
            (text("report-datasets-requested"), number(datasets.requested)),
            (text("report-datasets-granted"), number(datasets.granted)),
            (text("report-datasets-delivered"), number(datasets.delivered)),
            (text("report-datasets-used"), number(datasets.used)),
            (text("report-requests-granted"), number(funnel.requests.granted)),
            (text("report-requests-delivered"), number(funnel.requests.delivered)),
            (text("report-requests-used"), number(funnel.requests.used)),
            (text("report-grants-issued"), number(funnel.grants.issued)),
            (text("report-grants-delivered"), number(funnel.grants.delivered)),
            (text("report-grants-used"), number(funnel.grants.used)),
        ],
    }
}

fn stalls(figures: &Figures) -> Section {
    let rows = stalled(figures).into_iter().map(|(name, count)| (name, number(count)));
    Section {
        title: text("report-stalls"),
        meaning: text("report-stalls-means"),
        rows: rows.collect(),
    }
}

/// Where things stall, and how many.
pub(super) fn stalled(figures: &Figures) -> Vec<(&'static str, u64)> {
    let (requests, grants) = (&figures.funnel.requests, &figures.funnel.grants);
    let datasets = figures.funnel.datasets.clone().unwrap_or_default();
    vec![
        (text("report-never-asked-for"), datasets.catalogued - datasets.requested),
        (text("report-in-review"), requests.in_review),
        (text("report-undecided"), requests.undecided),
        (text("report-refused"), requests.refused),
        (text("report-returned"), requests.returned),
        (text("report-withdrawn"), requests.withdrawn),
        (text("report-undelivered"), grants.undelivered),
        (text("report-unused"), grants.unused),
        (text("report-ended-undelivered"), grants.ended_undelivered),
        (text("report-ended-unused"), grants.ended_unused),
    ]
}

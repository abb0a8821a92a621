//! The tables of assessments: what was reported by whom, and whether it was followed up.
//! Holds: every table says that it holds reports that were signed, and by whom; no chart is made of scores.

use super::sections::in_time;
use super::tables::{Grid, Naming, group_name, rank, titles};
use super::{Header, number};
use crate::args::Dimension;
use crate::describe::assessments as words;
use crate::indicators::assessed::{AssessedFigures, AssessedGroup, Reported, Scores};
use crate::indicators::measure::Report;
use crate::indicators::objects::Objects;
use crate::messages::{say, text};
use crate::time;

/// The tables, in order; none where nothing was reported.
pub(super) fn grids(
    header: &Header,
    report: &Report,
    objects: &Objects,
    naming: Naming,
) -> Vec<Grid> {
    let assessed = &report.assessments;
    if assessed.reports.is_empty() {
        return Vec::new();
    }
    let by = assessed.by.iter().filter(|(_, groups)| !groups.is_empty());
    let by = by.map(|(dimension, groups)| of_groups(*dimension, groups, objects, naming));
    let mut grids = vec![overall(&assessed.overall, objects, naming)];
    grids.extend(by);
    grids.push(reports(header, &assessed.reports, objects, naming));
    grids
}

const COLUMNS: [&str; 6] = [
    "report-column-satisfaction",
    "report-column-score",
    "report-column-third-party",
    "report-column-score",
    "report-column-signed-by",
    "report-column-followed-up",
];

fn overall(figures: &AssessedFigures, objects: &Objects, naming: Naming) -> Grid {
    Grid {
        title: text("report-assessed").to_owned(),
        headings: COLUMNS.map(text).into(),
        rows: vec![cells(figures, objects, naming)],
        words: 0,
    }
}

fn of_groups(
    dimension: Dimension,
    groups: &[AssessedGroup],
    objects: &Objects,
    naming: Naming,
) -> Grid {
    let (title, heading) = titles(dimension);
    let mut groups: Vec<&AssessedGroup> = groups.iter().collect();
    groups.sort_by_key(|one| rank(dimension, &one.group));
    let row = |one: &AssessedGroup| {
        let name = group_name(dimension, &one.group, objects, naming);
        [vec![name], cells(&one.figures, objects, naming)].concat()
    };
    Grid {
        title: say!("report-assessed-by", by = title),
        headings: std::iter::once(heading).chain(COLUMNS.map(text)).collect(),
        rows: groups.into_iter().map(row).collect(),
        words: 1,
    }
}

fn cells(figures: &AssessedFigures, objects: &Objects, naming: Naming) -> Vec<String> {
    let AssessedFigures { satisfaction, third_party, assessors, follow_ups } = figures;
    let signed = assessors.iter().map(|id| naming.agency(id.as_str(), objects));
    let signed: Vec<String> = signed.collect();
    vec![
        number(satisfaction.reports),
        mean(satisfaction),
        number(third_party.reports),
        mean(third_party),
        signed.join(", "),
        in_time(follow_ups),
    ]
}

fn mean(scores: &Scores) -> String {
    let mean = scores.mean_permille.and_then(|mean| u16::try_from(mean).ok());
    mean.map_or_else(|| "–".to_owned(), words::score)
}

fn reports(header: &Header, reports: &[Reported], objects: &Objects, naming: Naming) -> Grid {
    let headings = [
        "column-assessment",
        "report-column-agency",
        "report-column-kind-of-report",
        "report-column-matter",
        "report-column-score",
        "report-column-answered",
        "report-column-signed-by",
        "report-column-on-day",
        "report-column-followed-up",
    ];
    let zone = header.zone();
    let rows = reports.iter().map(|one| {
        let done = match (one.followed_up, one.recommendations) {
            (Some(done), _) => time::date(done, &zone),
            (None, 0) => text("assessment-nothing-recommended").to_owned(),
            (None, _) => text("assessment-waits").to_owned(),
        };
        vec![
            one.assessment.to_string(),
            naming.agency(one.agency.as_str(), objects),
            words::kind(one.kind),
            one.matter.as_ref().map_or_else(|| say!("words-all-matters"), ToString::to_string),
            words::score(one.score_permille),
            one.respondents.map_or_else(|| "–".to_owned(), |count| number(u64::from(count))),
            naming.agency(one.reported_by.as_str(), objects),
            time::date(one.reported, &zone),
            done,
        ]
    });
    Grid {
        title: text("report-reports").to_owned(),
        headings: headings.map(text).into(),
        rows: rows.collect(),
        words: 4,
    }
}

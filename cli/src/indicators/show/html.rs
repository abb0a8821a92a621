//! A report as one page: nothing is fetched, nothing runs, and it prints on A4.
//! Holds: text is escaped wherever it comes from.

use super::Header;
use super::assessed;
use super::charts::charts;
use super::number;
use super::sections::sections;
use super::svg::{PATTERNS, escape};
use super::tables::{self, Grid, Naming};
use crate::indicators::figures::Figures;
use crate::indicators::measure::Report;
use crate::indicators::objects::Objects;
use crate::messages::{self, Language, say, text};

const STYLE: &str = include_str!("report.css");

/// The page.
pub(crate) fn html(header: &Header, report: &Report, objects: &Objects) -> String {
    let title = escape(&say!("report-title", name = header.name));
    let language = match messages::spoken() {
        Language::English => "en",
        Language::Chinese => "zh-Hans",
    };
    let (days, verified) = (escape(&header.days()), escape(&header.verified()));
    let hash = escape(&say!("report-hash", consortium = header.consortium, hash = header.tip.hash));
    let (cards, figures) = (cards(&report.overall), figures(&report.overall));
    let charts: String = charts(report, objects)
        .into_iter()
        .map(|chart| {
            let caption = escape(chart.caption);
            format!("<figure><figcaption>{caption}</figcaption>{}</figure>\n", chart.svg)
        })
        .collect();
    let charts_title = escape(text("report-charts"));
    let mut grids = vec![
        tables::contributions(report, objects, Naming::Names),
        tables::waiting(header, report, objects, Naming::Names),
    ];
    grids.extend(tables::groups(report, objects, Naming::Names));
    let mut tables: String = grids.iter().map(of_grid).collect();
    tables.push_str(&assessments(header, report, objects));
    let defined = escape(text("report-defined"));
    format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{PATTERNS}\n\
         <header>\n<h1>{title}</h1>\n<p class=\"days\">{days}</p>\n\
         <p class=\"verified\">{verified}</p>\n<p class=\"id\">{hash}</p>\n</header>\n\
         <main>\n{cards}<h2>{charts_title}</h2>\n{charts}{figures}{tables}</main>\n\
         <footer>{defined}</footer>\n</body>\n</html>"
    )
}

/// What others reported, with what it is; nothing where nothing was reported.
fn assessments(header: &Header, report: &Report, objects: &Objects) -> String {
    let grids = assessed::grids(header, report, objects, Naming::Names);
    if grids.is_empty() {
        return String::new();
    }
    let (title, meaning) = (text("report-assessments"), text("report-assessments-mean"));
    let tables: String = grids.iter().map(of_grid).collect();
    let (title, meaning) = (escape(title), escape(meaning));
    format!("<h2>{title}</h2>\n<p class=\"soft\">{meaning}</p>\n{tables}")
}

/// The few figures that everybody asks for first.
fn cards(figures: &Figures) -> String {
    let cards = [
        (text("report-matters"), number(figures.matters_served)),
        (text("report-documents"), number(figures.documents.not_asked)),
        (text("report-pairs"), number(figures.breadth.pairs)),
        (text("report-replies-in-time"), tables::percent(figures.speed.replies.in_time_percent)),
    ];
    let card = |(name, value): &(&str, String)| {
        format!("<li><b>{}</b><span>{}</span></li>\n", escape(value), escape(name))
    };
    format!("<ul class=\"cards\">\n{}</ul>\n", cards.iter().map(card).collect::<String>())
}

fn figures(figures: &Figures) -> String {
    let sections: String = sections(figures)
        .into_iter()
        .map(|section| {
            let (title, meaning) = (escape(section.title), escape(section.meaning));
            let rows: String = section
                .rows
                .iter()
                .map(|(name, value)| {
                    let (name, value) = (escape(name), escape(value));
                    format!(
                        "<tr><th scope=\"row\">{name}</th><td class=\"number\">{value}</td></tr>\n"
                    )
                })
                .collect();
            format!(
                "<section><h3>{title}</h3><p class=\"soft\">{meaning}</p>\n\
                 <table><tbody>\n{rows}</tbody></table></section>\n"
            )
        })
        .collect();
    let title = escape(text("report-figures"));
    format!("<h2>{title}</h2>\n<div class=\"figures\">\n{sections}</div>\n")
}

fn of_grid(grid: &Grid) -> String {
    let title = escape(&grid.title);
    if grid.rows.is_empty() {
        return format!("<h2>{title}</h2>\n<p>{}</p>\n", escape(text("report-none")));
    }
    let class = |at: usize| if at < grid.words { "" } else { " class=\"number\"" };
    let headings: String = grid
        .headings
        .iter()
        .enumerate()
        .map(|(at, heading)| format!("<th scope=\"col\"{}>{}</th>", class(at), escape(heading)))
        .collect();
    let cell = |(at, cell): (usize, &String)| match at {
        0 => format!("<th scope=\"row\">{}</th>", escape(cell)),
        // A dataset's id may be longer than the paper is wide.
        _ if at < grid.words && cell.contains('/') => {
            format!("<td class=\"path\">{}</td>", escape(cell).replace('/', "/<wbr>"))
        }
        _ => format!("<td{}>{}</td>", class(at), escape(cell)),
    };
    let row = |row: &Vec<String>| {
        format!("<tr>{}</tr>\n", row.iter().enumerate().map(cell).collect::<String>())
    };
    let rows: String = grid.rows.iter().map(row).collect();
    format!(
        "<h2>{title}</h2>\n<div class=\"wide\"><table>\n<thead><tr>{headings}</tr></thead>\n\
         <tbody>\n{rows}</tbody></table></div>\n"
    )
}

//! The results as a page: charts as SVG, and a table of every figure. No scripts, nothing from elsewhere.
//! Holds: the page is well-formed XML, whatever the processor is called.
//! May not enter: figures that the JSON file has not.

use std::fmt::Write as _;
use std::path::Path;

use crate::failure::DevnetError;
use crate::place::io_error;

use super::report::{Report, Row};

const WIDTH: f64 = 900.0;
/// Where bars begin, after their names, and how long the longest is.
const BARS_AT: f64 = 260.0;
const LONGEST: f64 = 520.0;
const BAR: f64 = 16.0;

const HEAD: &str = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\
<title>Comity: a benchmark</title><style>\
body{font:15px/1.45 sans-serif;max-width:920px;margin:2em auto;padding:0 1em;color:#222}\
table{border-collapse:collapse;font-size:13px}\
th,td{padding:.2em .6em;text-align:right;border-bottom:1px solid #ddd}\
th:first-child,td:first-child{text-align:left}svg text{font:12px sans-serif;fill:#222}\
</style></head><body>\n";

/// Bars of a chart: the name, the figures one below the other, and a mark where the limit is.
struct Group {
    name: String,
    bars: Vec<(f64, &'static str)>,
    limit: Option<f64>,
}

/// Writes the page. Errors: it cannot be written.
pub(super) fn write(report: &Report, path: &Path) -> Result<(), DevnetError> {
    let text = page(report);
    Ok(std::fs::write(path, text).map_err(|source| io_error("write", path, source))?)
}

fn page(report: &Report) -> String {
    let mut text = HEAD.to_owned();
    text.push_str("<h1>Comity: a benchmark</h1>\n");
    let lines = report.limit_lines().into_iter().chain([report.machine_line()]);
    for line in lines {
        let _ = writeln!(text, "<p>{}</p>", escaped(&line));
    }
    let group = |keys: &[(&str, &'static str)], limit: Option<&str>| {
        let one = |row: &Row| Group {
            name: row.name(),
            bars: keys.iter().map(|(key, colour)| (row.median.get(key), *colour)).collect(),
            limit: limit.map(|key| row.median.get(key)),
        };
        report.loads.iter().map(one).collect::<Vec<_>>()
    };
    let speed = group(&[("committed_per_s", "#2a6fb0")], Some("ceiling_per_s"));
    chart(&mut text, "Records committed in a second; the mark is the ceiling", &speed);
    let latency = [("p50_ms", "#8fbc8f"), ("p99_ms", "#d99a2b"), ("p999_ms", "#b5473c")];
    chart(&mut text, "Latency in ms: p50, p99, p99.9", &group(&latency, None));
    let cpu = [("node_cpu_us_per_record", "#2a6fb0"), ("client_cpu_us_per_record", "#999999")];
    let title = "Processor time of a record in µs: nodes, client; the mark is verification alone";
    chart(&mut text, title, &group(&cpu, Some("verify_us_per_record")));
    let bytes = [("wire_bytes_per_record", "#7a5fa8"), ("block_log_bytes_per_entry", "#2a6fb0")];
    let title = "Bytes of a record: between nodes, in a block log; the mark is what was signed";
    chart(&mut text, title, &group(&bytes, Some("signed_bytes_per_record")));
    let ways = [("p50_ms", "#2a6fb0")];
    if report.loads.iter().any(|row| row.delay_ms > 0) {
        let title = "Latency p50 in ms; the mark is what the delay between nodes alone leaves";
        chart(&mut text, title, &group(&ways, Some("network_limit_ms")));
    }
    for caught in &report.catch_ups {
        let _ = writeln!(text, "<p>{}</p>", escaped(&caught.in_words()));
    }
    table(&mut text, report);
    text.push_str("</body></html>\n");
    text
}

fn chart(text: &mut String, title: &str, groups: &[Group]) {
    let all = groups
        .iter()
        .flat_map(|group| group.bars.iter().map(|(figure, _)| *figure).chain(group.limit));
    let most = all.fold(0.0, f64::max).max(1e-9);
    let height: f64 = groups.iter().map(height_of).sum();
    let _ = writeln!(
        text,
        "<h2>{}</h2>\n<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">",
        escaped(title)
    );
    let mut top = 0.0;
    for group in groups {
        let _ = writeln!(text, "<text x=\"0\" y=\"{}\">{}</text>", top + BAR, escaped(&group.name));
        for (place, (figure, colour)) in (0u8..).zip(&group.bars) {
            let (y, length) = (top + f64::from(place) * BAR + 3.0, figure / most * LONGEST);
            let _ = writeln!(
                text,
                "<rect x=\"{BARS_AT}\" y=\"{y}\" width=\"{length:.1}\" height=\"{}\" \
                 fill=\"{colour}\"/><text x=\"{:.1}\" y=\"{}\">{}</text>",
                BAR - 3.0,
                BARS_AT + length + 6.0,
                y + BAR - 6.0,
                told(*figure)
            );
        }
        if let Some(limit) = group.limit {
            let x = BARS_AT + limit / most * LONGEST;
            let end = top + height_of(group) - 6.0;
            let _ = writeln!(
                text,
                "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{top}\" y2=\"{end}\" stroke=\"#b5473c\" \
                 stroke-width=\"2\"/>"
            );
        }
        top += height_of(group);
    }
    text.push_str("</svg>\n");
}

fn height_of(group: &Group) -> f64 {
    group.bars.iter().map(|_| BAR).sum::<f64>() + 10.0
}

/// Every figure of every load; where there were several runs, with the lowest and the highest.
fn table(text: &mut String, report: &Report) {
    text.push_str("<h2>Every figure</h2>\n<table><tr><th></th>");
    for row in &report.loads {
        let _ = write!(text, "<th>{}</th>", escaped(&row.name()));
    }
    text.push_str("</tr>\n");
    for key in report.loads.first().map(|row| row.median.keys()).unwrap_or_default() {
        let _ = write!(text, "<tr><td>{key}</td>");
        for row in &report.loads {
            let _ = write!(text, "<td>{}", told(row.median.get(key)));
            if row.runs.len() > 1 {
                let (lowest, highest) = (row.lowest.get(key), row.highest.get(key));
                let _ = write!(text, " ({} to {})", told(lowest), told(highest));
            }
            text.push_str("</td>");
        }
        text.push_str("</tr>\n");
    }
    text.push_str("</table>\n");
}

/// A figure with as many digits as it is worth.
fn told(figure: f64) -> String {
    match figure.abs() {
        size if size >= 100.0 => format!("{figure:.0}"),
        size if size >= 10.0 => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::report;
    use super::*;

    #[test]
    fn every_element_that_is_opened_is_closed_and_nothing_runs_or_is_fetched() {
        let text = page(&report());
        let mut open = Vec::new();
        for tag in text.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()) {
            let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
            match tag {
                _ if tag.starts_with('!') || tag.ends_with('/') => {}
                _ if tag.starts_with('/') => assert_eq!(open.pop(), Some(name), "{tag}"),
                _ => open.push(name),
            }
        }
        assert!(open.is_empty(), "{open:?}");
        for foreign in ["<script", "href=", "src=", "url(", "NaN", "inf"] {
            assert!(!text.contains(foreign), "{foreign}");
        }
        assert!(text.contains("A &lt;fast&gt; &amp; &quot;small&quot; processor"));
        assert!(text.contains("<td>committed_per_s</td><td>100</td><td>100 (100 to 100)</td>"));
    }

    #[test]
    fn figures_are_told_with_the_digits_that_they_are_worth() {
        assert_eq!([told(1234.56), told(12.345), told(0.129)], ["1235", "12.3", "0.13"]);
    }
}

//! `comity report`: what a whole log says, counted while it is verified.
//! Holds: no figure is shown before every block behind it was verified.
//! May not enter: what the figures mean (see `indicators`).

mod source;

use comity_core::calendar::Day;
use jiff::civil::Date;
use serde_json::json;

use crate::args::{ReportCollaboration, ReportFormat, ReportVerb};
use crate::fault::Fault;
use crate::indicators::{self, Facts, Header, Moment, Objects, Period, Report};
use crate::keys::{self, Readers};
use crate::messages::{fault, say};
use crate::shell::Session;

pub(super) fn run(verb: &ReportVerb, session: &mut Session<'_>) -> Result<(), Fault> {
    match verb {
        ReportVerb::Collaboration(args) => collaboration(args, session),
    }
}

fn collaboration(args: &ReportCollaboration, session: &mut Session<'_>) -> Result<(), Fault> {
    let (from, to) = (day(args.from.as_deref())?, day(args.to.as_deref())?);
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        return Err(fault!(Usage, "report-period"));
    }
    let source = source::open(args, session)?;
    let offset_minutes = source.genesis.params.day_offset_minutes;
    let period = Period { from, to, offset_minutes };
    let (genesis, ledger, facts) = source.read(Facts::new(period), session, args.cores)?;
    let objects = Objects::of(ledger.state());
    let moment = Moment {
        state: ledger.state(),
        now: ledger.tip().time,
        offset_minutes: ledger.params().day_offset_minutes,
    };
    let report = indicators::measure(&moment, &objects, &facts).only(args.by);
    let header = Header {
        consortium: genesis.id(),
        name: genesis.name.to_string(),
        tip: ledger.tip(),
        entries: ledger.log().size(),
        period,
    };
    tell(args, session, &header, &report, &objects)
}

/// Shows the report, or writes it where it is to go.
fn tell(
    args: &ReportCollaboration,
    session: &mut Session<'_>,
    header: &Header,
    report: &Report,
    objects: &Objects,
) -> Result<(), Fault> {
    let value = header.json(report);
    let usual = if session.global.json { ReportFormat::Json } else { ReportFormat::Text };
    let format = args.format.unwrap_or(usual);
    let Some(path) = &args.out else {
        return match format {
            ReportFormat::Html if !session.global.json => {
                session.shell.line(&indicators::html(header, report, objects))
            }
            ReportFormat::Json => session.shell.line(&value.to_string()),
            _ => session.result(&value, |shell| {
                indicators::text(header, report, objects, shell.widths.out)
            }),
        };
    };
    let content = match format {
        ReportFormat::Html => indicators::html(header, report, objects),
        ReportFormat::Json => format!("{value}\n"),
        ReportFormat::Text => format!("{}\n", indicators::text(header, report, objects, None)),
    };
    keys::write_new(path, content.as_bytes(), Readers::Any)?;
    let object = json!({ "file": path, "verified": true, "height": header.tip.height });
    session
        .result(&object, |_| say!("ok-report", path = path.display(), height = header.tip.height))
}

/// A day of the consortium's zone. Errors: it is none, or before 1970.
fn day(text: Option<&str>) -> Result<Option<Day>, Fault> {
    let Some(text) = text else { return Ok(None) };
    let date = text.parse::<Date>().ok().and_then(indicators::day);
    date.map(Some).ok_or_else(|| fault!(Usage, "date-unreadable", text = text))
}

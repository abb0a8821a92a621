//! `comity log export`: the log as a table, one row for each entry, for databases.
//! Holds: the columns are those of docs/auditors.md, in their order; columns are only ever added at
//! the end. May not enter: judging entries; what is from a node is said not to be verified.

mod columns;

use std::fs::OpenOptions;
use std::io::{BufWriter, Read, Write};

use comity_core::archive::HEAD_BYTES;
use comity_core::block::Block;
use comity_core::encoding::decode;
use comity_core::ids::{LogIndex, TimeMs};
use comity_core::statement::{MAX_RECORD_BYTES, SignedRecord};
use serde_json::json;

use super::audit::{Copy, Frames};
use crate::args::{ExportFormat, ExportLog};
use crate::fault::Fault;
use crate::messages::{fault, say};
use crate::shell::Session;
use crate::time::{self, Edge};
use columns::{Place, Row};

/// Rows between two words about how far it is.
const ROWS_TOLD: u64 = 10_000;

pub(super) fn run(args: &ExportLog, session: &mut Session<'_>) -> Result<(), Fault> {
    let (shell, zone) = (&session.shell, &session.shell.zone);
    let edge = |text: &Option<String>, edge| {
        let read = |text: &String| time::past_instant(text, edge, zone, shell.now());
        text.as_ref().map(read).transpose()
    };
    let since = edge(&args.since, Edge::Start)?.unwrap_or_default();
    let until = edge(&args.until, Edge::End)?.unwrap_or(TimeMs(u64::MAX));
    // Open as long as it is read, so that nothing is added meanwhile.
    let copy = args.copy.as_ref().map(|dir| Copy::open(dir, None)).transpose()?;
    let mut frames = match &copy {
        Some(copy) => copy.frames()?.boxed(),
        None => of_node(session)?,
    };
    let Some(path) = &args.out else {
        let shell = &mut *session.shell;
        let mut out = BufWriter::new(&mut shell.out);
        let written = rows(args.format, &mut frames, (since, until), &mut out, |_| {})?;
        return written.map(|_| ()).map_err(|error| Fault::output(&error));
    };
    let unwritable = |error: std::io::Error| {
        fault!(Failed, "file-unwritable", path = path.display(), cause = error)
    };
    if path.exists() {
        return Err(fault!(Failed, "file-exists", path = path.display()));
    }
    let file = OpenOptions::new().write(true).create_new(true).open(path).map_err(unwritable)?;
    let mut out = BufWriter::new(file);
    let shell = &mut *session.shell;
    let tell = |count: u64| shell.show_progress(&say!("progress-table", count = count));
    let written = rows(args.format, &mut frames, (since, until), &mut out, tell)?;
    let count =
        written.and_then(|count| out.get_ref().sync_all().map(|()| count)).map_err(unwritable)?;
    session.shell.show_progress("");
    let height = copy.as_ref().map(|copy| copy.tip().0);
    let object =
        json!({ "file": path, "rows": count, "verified": copy.is_some(), "height": height });
    session.result(&object, |_| say!("ok-export", path = path.display(), count = count))
}

/// The archive as a node shows it.
fn of_node(session: &mut Session<'_>) -> Result<Frames<Box<dyn Read>>, Fault> {
    let client = session.client()?;
    let mut stream = client.stream("/v1/archive", &vec![])?;
    let (mut head, url) = ([0u8; HEAD_BYTES], client.url());
    stream
        .read_exact(&mut head)
        .map_err(|e| fault!(Failed, "answer-unreadable", url = url, cause = e))?;
    session.shell.note(&say!("note-export-unverified", url = url));
    Ok(Frames::new(std::io::BufReader::new(stream), url.to_owned()).boxed())
}

/// Writes all rows whose blocks are in the window. Returns how many, or why they could not be
/// written. Errors: what they are read from.
fn rows(
    format: ExportFormat,
    frames: &mut Frames<Box<dyn Read>>,
    (since, until): (TimeMs, TimeMs),
    out: &mut impl Write,
    mut tell: impl FnMut(u64),
) -> Result<std::io::Result<u64>, Fault> {
    if let (ExportFormat::Csv, Err(error)) = (format, headings(format, out)) {
        return Ok(Err(error));
    }
    let mut count = 0;
    while let Some(block) = frames.next_block()? {
        if !(since..until).contains(&block.header.time) {
            continue;
        }
        for row in of_block(&block) {
            if let Err(error) = write_row(format, &row, out) {
                return Ok(Err(error));
            }
            count += 1;
            if count % ROWS_TOLD == 0 {
                tell(count);
            }
        }
    }
    Ok(out.flush().map(|()| count))
}

fn of_block(block: &Block) -> impl Iterator<Item = Row> {
    let header = &block.header;
    let numbered = (header.first_index.0..).map(LogIndex).zip(&block.records);
    numbered.filter_map(|(index, bytes)| {
        let record: SignedRecord = decode(bytes, MAX_RECORD_BYTES).ok()?;
        let place = Place { index, height: header.height, time: header.time };
        Some(Row::new(place, &record, bytes))
    })
}

fn headings(format: ExportFormat, out: &mut impl Write) -> std::io::Result<()> {
    match format {
        ExportFormat::Csv => write!(out, "{}\r\n", columns::COLUMNS.join(",")),
        ExportFormat::Jsonl => Ok(()),
    }
}

fn write_row(format: ExportFormat, row: &Row, out: &mut impl Write) -> std::io::Result<()> {
    match format {
        ExportFormat::Csv => out.write_all(row.csv().as_bytes()),
        ExportFormat::Jsonl => out.write_all(row.jsonl().as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::columns::COLUMNS;

    /// The page's table of columns, in its order.
    #[test]
    fn columns_are_those_of_the_page() {
        let page = include_str!("../../../../docs/auditors.md");
        let (_, table) = page.split_once("| Column | ").unwrap();
        let table = table.split_once("\n\n").unwrap().0;
        let rows = table.lines().skip(2).filter_map(|line| line.split('|').nth(1));
        let named: Vec<String> = rows
            .flat_map(|names| names.split(','))
            .map(|name| name.trim().trim_matches('`').to_owned())
            .collect();
        assert_eq!(named, COLUMNS);
    }
}

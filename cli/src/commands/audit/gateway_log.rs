//! A gateway's own access log: a table that its operator exports (docs/auditors.md, "A gateway's own
//! log").
//! Holds: a row is read whole or the line is named; a column that is not known is said to be passed over.
//! May not enter: the ledger.

use std::collections::BTreeMap;
use std::io::{BufReader, Read};
use std::path::Path;
use std::str::FromStr;

use comity_core::hash::LeafHash;
use comity_core::ids::{ExchangeId, TimeMs};
use csv::{Reader, ReaderBuilder, StringRecord};
use jiff::Timestamp;

use super::disclosed::Outcome;
use crate::fault::Fault;
use crate::keys;
use crate::messages::fault;

/// Columns that must be there.
const REQUIRED: [&str; 2] = ["exchange", "time"];
/// Columns that may be there.
const OPTIONAL: [&str; 5] = ["digest", "outcome", "dataset", "requester", "grant"];

/// One row: what the gateway says that it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Its line in the file, from 1.
    pub(super) line: u64,
    pub(super) exchange: ExchangeId,
    pub(super) time: TimeMs,
    pub(super) digest: Option<LeafHash>,
    pub(super) outcome: Outcome,
    /// What else it says, by column.
    pub(super) said: Vec<(&'static str, String)>,
}

/// A whole log.
#[derive(Debug)]
pub(super) struct GatewayLog {
    pub(super) rows: Vec<Row>,
    /// Whether it says of each row how it ended.
    pub(super) has_outcomes: bool,
    /// Columns that were passed over.
    pub(super) unknown: Vec<String>,
}

/// Reads a log. Errors: the file, its headings, or a row, by its line.
pub(super) fn read(path: &Path) -> Result<GatewayLog, Fault> {
    let file = keys::open(path)?;
    let mut reader = ReaderBuilder::new().from_reader(WithoutReturns(BufReader::new(file)));
    let headings = reader.headers().map_err(|error| unreadable(path, &error))?.clone();
    let mut places: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut unknown = Vec::new();
    for (at, heading) in headings.iter().enumerate() {
        let name = heading.trim_start_matches('\u{FEFF}').trim().to_lowercase();
        match REQUIRED.iter().chain(&OPTIONAL).find(|known| **known == name) {
            None => unknown.push(heading.to_owned()),
            Some(known) if places.insert(known, at).is_none() => {}
            Some(known) => return Err(bad(path, 1, &format!("two columns are headed {known}"))),
        }
    }
    if let Some(missing) = REQUIRED.iter().find(|name| !places.contains_key(*name)) {
        return Err(bad(path, 1, &format!("no column is headed {missing}")));
    }
    let rows = rows(path, &mut reader, &places)?;
    Ok(GatewayLog { rows, has_outcomes: places.contains_key("outcome"), unknown })
}

/// A text without carriage returns: with them, the reader of tables counts a line late.
struct WithoutReturns<R>(R);

impl<R: Read> Read for WithoutReturns<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let read = self.0.read(buffer)?;
            let mut kept = 0;
            for at in 0..read {
                if buffer[at] != b'\r' {
                    buffer[kept] = buffer[at];
                    kept += 1;
                }
            }
            if kept > 0 || read == 0 {
                return Ok(kept);
            }
        }
    }
}

fn rows(
    path: &Path,
    reader: &mut Reader<impl Read>,
    places: &BTreeMap<&'static str, usize>,
) -> Result<Vec<Row>, Fault> {
    let (mut rows, mut record) = (Vec::new(), StringRecord::new());
    while reader.read_record(&mut record).map_err(|error| unreadable(path, &error))? {
        let line = record.position().map_or(0, csv::Position::line);
        rows.push(row(line, &record, places).map_err(|what| bad(path, line, &what))?);
    }
    Ok(rows)
}

fn row(
    line: u64,
    record: &StringRecord,
    places: &BTreeMap<&'static str, usize>,
) -> Result<Row, String> {
    let cell = |name: &str| places.get(name).and_then(|at| record.get(*at)).map_or("", str::trim);
    let exchange = cell("exchange");
    let exchange = ExchangeId::from_str(exchange)
        .map_err(|_| format!("{exchange:?} is no exchange id: 32 lower-case hexadecimal digits"))?;
    let time = cell("time");
    let time = instant(time)
        .ok_or_else(|| format!("{time:?} is no time with its offset: 2026-05-03T11:09:37+08:00"))?;
    let digest = Some(cell("digest")).filter(|text| !text.is_empty()).map(|text| {
        LeafHash::from_str(text)
            .map_err(|_| format!("{text:?} is no leaf hash: 64 lower-case hexadecimal digits"))
    });
    let outcome = match cell("outcome") {
        "" | "allowed" => Outcome::Allowed,
        "refused" => Outcome::Refused,
        other => return Err(format!("{other:?} is no outcome: allowed or refused")),
    };
    let said = ["dataset", "requester", "grant"].into_iter();
    let said = said.map(|name| (name, cell(name).to_owned())).filter(|(_, said)| !said.is_empty());
    Ok(Row { line, exchange, time, digest: digest.transpose()?, outcome, said: said.collect() })
}

fn instant(text: &str) -> Option<TimeMs> {
    let time: Timestamp = text.parse().ok()?;
    u64::try_from(time.as_millisecond()).ok().map(TimeMs)
}

fn unreadable(path: &Path, error: &csv::Error) -> Fault {
    let line = error.position().map_or(0, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            bad(path, line, &format!("{len} cells, where the headings are {expected_len}"))
        }
        csv::ErrorKind::Utf8 { .. } => bad(path, line, "the text is not UTF-8"),
        _ => bad(path, line, &error.to_string()),
    }
}

fn bad(path: &Path, line: u64, what: &str) -> Fault {
    fault!(Failed, "gateway-log", path = path.display(), line = line, what = what)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "00112233445566778899aabbccddeeff";

    fn log(text: &str) -> Result<GatewayLog, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("gateway.csv");
        std::fs::write(&path, text).unwrap();
        read(&path).map_err(|fault| fault.what())
    }

    #[test]
    fn columns_are_found_by_their_headings_in_any_order() {
        let text = format!(
            "\u{FEFF}Time,note,EXCHANGE,outcome\r\n2026-05-03T11:09:37+08:00,\"a, \"\"b\"\"\r\nc\",{ID},\r\n\
             2026-05-03T03:09:38Z,,{ID},refused\r\n"
        );
        let found = log(&text).unwrap();
        assert_eq!((found.unknown, found.has_outcomes), (vec!["note".to_owned()], true));
        let of = |row: &Row| (row.line, row.time.0, row.outcome);
        let rows: Vec<_> = found.rows.iter().map(of).collect();
        let at = 1_777_777_777_000;
        assert_eq!(rows, [(2, at, Outcome::Allowed), (4, at + 1_000, Outcome::Refused)]);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let time = "2026-05-03T11:09:37+08:00";
        for (text, line, what) in [
            ("time,digest\n".to_owned(), 1, "no column is headed exchange"),
            ("time,exchange,time\n".to_owned(), 1, "two columns are headed time"),
            (format!("exchange,time\n{ID},{time}\n{ID},2026-05-03 11:09\n"), 3, "is no time"),
            (format!("exchange,time\n{ID},{time}\n17,{time}\n"), 3, "is no exchange id"),
            (format!("exchange,time\n{ID}\n"), 2, "1 cells, where the headings are 2"),
            (format!("exchange,time,outcome\n{ID},{time},maybe\n"), 2, "is no outcome"),
            (format!("exchange,time,digest\n{ID},{time},{ID}\n"), 2, "is no leaf hash"),
        ] {
            let found = log(&text).unwrap_err();
            assert!(found.contains(&format!("line {line}")), "{found}");
            assert!(found.contains(what), "{found}");
        }
    }
}

//! `comity log`: follows, lists, shows and fetches the log.
//! Holds: an entry that is shown as verified was verified here, from its bytes.

use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use comity_core::statement::{Action, VerifiedRecord};
use serde_json::{Value, json};

use super::{export, filter};
use crate::args::{FetchArchive, ListLog, LogVerb, Part, ShowEntry, TailLog};
use crate::client::{Client, EntryAnswer, Part as Paged, Query, Status};
use crate::fault::Fault;
use crate::messages::{fault, say};
use crate::shell::Session;
use crate::table::{Cell, Listing};
use crate::time::Edge;
use crate::{describe, key_state, table, time};

const RECONNECT: Duration = Duration::from_secs(1);
/// Longest line of the event stream: an entry of the largest record, as JSON and base64.
const MAX_EVENT_BYTES: u64 = 4 * 1024 * 1024;

pub(super) fn run(verb: LogVerb, session: &mut Session<'_>) -> Result<(), Fault> {
    match verb {
        LogVerb::Tail(args) => tail(&args, session),
        LogVerb::List(args) => list(*args, session),
        LogVerb::Show(args) => show(&args, session),
        LogVerb::Archive(args) => archive(&args, session),
        LogVerb::Export(args) => export::run(&args, session),
    }
}

/// An entry in a line.
pub(super) fn row(entry: &EntryAnswer, time: &str) -> Vec<String> {
    let statement = &entry.record.statement;
    let by = statement.signers.first().map(|signer| signer.agency.to_string());
    vec![
        entry.index.to_string(),
        time.to_owned(),
        by.unwrap_or_default(),
        describe::sentence(&statement.action),
    ]
}

/// Adds to a query which part of the entries is wanted, but for how many.
pub(super) fn add_part(query: &mut Query, part: &Part, session: &Session<'_>) -> Result<(), Fault> {
    let (zone, now) = (&session.shell.zone, session.as_of());
    let order = if part.oldest_first { "asc" } else { "desc" };
    query.push(("order", order.to_owned()));
    filter(query, "from", part.from);
    let edges = [("since", &part.since, Edge::Start), ("until", &part.until, Edge::End)];
    for (name, text, edge) in edges {
        if let Some(text) = text {
            query.push((name, time::past_instant(text, edge, zone, now)?.to_string()));
        }
    }
    Ok(())
}

fn list(args: ListLog, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let mut query = vec![];
    add_part(&mut query, &args.part, session)?;
    filter(&mut query, "kind", args.kind);
    filter(&mut query, "agency", args.agency);
    filter(&mut query, "dataset", args.dataset);
    filter(&mut query, "grant", args.grant);
    filter(&mut query, "request", args.request);
    filter(&mut query, "proposal", args.proposal);
    filter(&mut query, "key", args.key);
    filter(&mut query, "matter", args.matter);
    let limit = args.part.limit as usize;
    let Paged { found, next } = client.part("/v1/entries", &query, "entries", limit)?;
    let entries: Vec<EntryAnswer> =
        found.iter().map(|entry| client.read(entry)).collect::<Result<_, _>>()?;
    let next_index: Option<u64> = next.as_deref().and_then(|next| next.parse().ok());
    session.result(&json!({ "entries": Value::Array(found), "next": next_index }), |_| {
        listed(&entries)
    })?;
    session.more(next);
    Ok(())
}

fn listed(entries: &[EntryAnswer]) -> Listing {
    let row = |entry: &EntryAnswer| {
        let action = &entry.record.statement.action;
        let (index, by) = (entry.index.to_string(), signer(entry).0);
        let what = Cell::Text(describe::sentence(action));
        vec![Cell::Text(index), Cell::Time(entry.time), Cell::Text(by), what]
    };
    let headings =
        [&say!("column-entry"), &say!("column-time"), &say!("column-by"), &say!("column-what")];
    let listing = table::rows(&headings.map(String::as_str), entries.iter().map(row).collect());
    let headings = [
        &say!("column-entry"),
        &say!("column-block"),
        &say!("column-time"),
        &say!("column-kind"),
        &say!("column-by"),
        &say!("column-key"),
        &say!("column-what"),
        &say!("column-record-id"),
    ];
    let row = |entry: &EntryAnswer| {
        let (by, key) = signer(entry);
        let action = &entry.record.statement.action;
        vec![
            Cell::Text(entry.index.to_string()),
            Cell::Text(entry.height.to_string()),
            Cell::Time(entry.time),
            Cell::Text(action.kind().to_owned()),
            Cell::Text(by),
            Cell::Digits(key),
            Cell::Text(describe::sentence(action)),
            Cell::Digits(entry.record_id.to_string()),
        ]
    };
    let rows = entries.iter().map(row).collect();
    listing.with_file_columns(&headings.map(String::as_str), rows)
}

/// The agency and key of an entry's first signer.
fn signer(entry: &EntryAnswer) -> (String, String) {
    let first = entry.record.statement.signers.first();
    first.map(|signer| (signer.agency.to_string(), signer.key.to_string())).unwrap_or_default()
}

fn show(args: &ShowEntry, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let found = client.value(&format!("/v1/entries/{}", args.index), &vec![])?;
    let entry: EntryAnswer = client.read(&found)?;
    let status: Status = client.get("/v1/status")?;
    let record = verified(&entry, &status)
        .map_err(|cause| fault!(Unverified, "entry-damaged", index = args.index, cause = cause))?;
    session.result(&found, |shell| {
        let zone = &shell.zone;
        let statement = record.statement();
        let mut rows = describe::rows(&statement.action, zone);
        for signer in &statement.signers {
            let doubt = key_state::doubt(&client, &signer.key, entry.time, zone);
            let key = table::key(&signer.key);
            let who = format!(
                "{} ({}), {key}{doubt}",
                signer.agency,
                crate::messages::word("role", signer.role.as_str())
            );
            rows.push((say!("label-signed-by"), who));
        }
        rows.push((say!("label-valid-until"), time::show(statement.valid_until, zone)));
        rows.push((say!("label-record-id"), record.id().to_string()));
        rows.push((say!("label-leaf-hash"), record.leaf().to_string()));
        let head = say!(
            "entry-head",
            index = entry.index,
            height = entry.height,
            time = time::show(entry.time, zone),
            what = describe::sentence(&statement.action),
        );
        let mut text = format!("{head}\n{}\n{}", table::pairs(&rows), say!("entry-verified"));
        if let Some(agency) = guilty(&client, &statement.action) {
            text.push('\n');
            text.push_str(&say!("entry-guilty", agency = agency));
        }
        text
    })
}

/// Whose key an equivocation proves guilty: the proof is in the record, whose the key is the node
/// says.
fn guilty(client: &Client, action: &Action) -> Option<String> {
    let Action::RecordEquivocation { equivocation } = action else { return None };
    let key = equivocation.place()?.validator;
    let known = client.find_key(&key).ok().flatten();
    Some(known.map_or_else(|| table::key(&key), |known| known.key.agency.to_string()))
}

/// Verifies an entry's bytes, and that they are what the node says.
pub(super) fn verified(entry: &EntryAnswer, status: &Status) -> Result<VerifiedRecord, String> {
    let bytes = BASE64_STANDARD.decode(&entry.bytes).map_err(|e| e.to_string())?;
    let record =
        VerifiedRecord::verify(&bytes, &status.consortium).map_err(|error| error.to_string())?;
    let same = *record.record() == entry.record
        && record.id() == entry.record_id
        && record.leaf() == entry.leaf_hash;
    if same { Ok(record) } else { Err(say!("entry-not-as-said")) }
}

fn tail(args: &TailLog, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    // From a stated entry on, so that nothing is missed while connecting again.
    let next = match args.from {
        Some(from) => from,
        None => client.get::<Status>("/v1/status")?.log_size,
    };
    let mut follow = Follow { next, left: args.count };
    let mut stream = follow.connect(&client)?;
    loop {
        if follow.read(stream, session, &client)? {
            return Ok(());
        }
        session.shell.note(&say!("tail-reconnecting", url = client.url()));
        stream = loop {
            std::thread::sleep(RECONNECT);
            if let Ok(stream) = follow.connect(&client) {
                break stream;
            }
        };
    }
}

/// How far the log was followed.
struct Follow {
    /// The next entry to ask for.
    next: u64,
    /// How many more to show, where it is limited.
    left: Option<u64>,
}

impl Follow {
    fn connect(&self, client: &Client) -> Result<impl BufRead + use<>, Fault> {
        let query: Query = vec![("from", self.next.to_string())];
        Ok(BufReader::new(client.stream("/v1/events", &query)?))
    }

    /// Shows entries until the stream ends; whether enough were shown.
    fn read(
        &mut self,
        mut stream: impl BufRead,
        session: &mut Session<'_>,
        client: &Client,
    ) -> Result<bool, Fault> {
        while self.left != Some(0) {
            let mut line = Vec::new();
            let read = stream.by_ref().take(MAX_EVENT_BYTES).read_until(b'\n', &mut line);
            if !matches!(read, Ok(1..)) || line.last() != Some(&b'\n') {
                return Ok(false);
            }
            let line = String::from_utf8_lossy(&line);
            if let Some(data) = line.trim_end().strip_prefix("data:")
                && !self.show(data.trim_start(), session, client)?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Shows an entry that is due; whether none is missing before it.
    fn show(
        &mut self,
        data: &str,
        session: &mut Session<'_>,
        client: &Client,
    ) -> Result<bool, Fault> {
        let value: Value = serde_json::from_str(data)
            .map_err(|e| fault!(Failed, "answer-unreadable", url = client.url(), cause = e))?;
        let entry: EntryAnswer = client.read(&value)?;
        if entry.index.0 != self.next {
            return Ok(entry.index.0 < self.next);
        }
        self.next = entry.index.0.saturating_add(1);
        self.left = self.left.map(|left| left - 1);
        let row = |time: &str| row(&entry, time).join("  ");
        session.result(&value, |shell| row(&time::show(entry.time, &shell.zone)))?;
        Ok(true)
    }
}

fn archive(args: &FetchArchive, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    if args.out.exists() {
        return Err(fault!(Failed, "file-exists", path = args.out.display()));
    }
    let mut stream = client.stream("/v1/archive", &vec![])?;
    let path = &args.out;
    let written = OpenOptions::new().write(true).create_new(true).mode(0o666).open(path).and_then(
        |mut file| {
            let size_bytes = io::copy(&mut stream, &mut file)?;
            file.flush()?;
            file.sync_all().map(|()| size_bytes)
        },
    );
    let size_bytes =
        written.map_err(|e| fault!(Failed, "file-unwritable", path = path.display(), cause = e))?;
    session.result(&json!({ "file": path, "size_bytes": size_bytes }), |_| {
        say!("ok-archive", path = path.display(), size_bytes = size_bytes)
    })
}

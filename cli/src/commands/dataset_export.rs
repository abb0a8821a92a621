//! `comity dataset export`: a catalogue out of the ledger and of what the owner's node keeps.
//! Holds: nothing is overwritten; kept details count only where their hash is the ledger's.

use std::io::Read;

use comity_core::dataset::{MAX_DETAILS_BYTES, details_hash};
use comity_core::hash::{ConsortiumId, DetailsHash};
use comity_core::ids::LogIndex;
use serde_json::json;

use super::dataset::state;
use crate::args::ExportCatalogue;
use crate::catalogue::{self, Catalogue, Details, Encoding, Exported};
use crate::client::{Client, Status};
use crate::fault::Fault;
use crate::keys::{self, Readers};
use crate::messages::{fault, say};
use crate::shell::Session;

/// Details as the node keeps them; `None` where it does not.
pub(super) fn kept(client: &Client, hash: DetailsHash) -> Result<Option<Vec<u8>>, Fault> {
    let mut stream = match client.stream(&format!("/v1/details/{hash}"), &vec![]) {
        Ok(stream) => stream.take(MAX_DETAILS_BYTES as u64 + 1),
        Err(fault) if fault.is_not_found() || fault.name == "not-kept" => return Ok(None),
        Err(fault) => return Err(fault),
    };
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    read.map_err(|e| fault!(Unknown, "node-unreachable", url = client.url(), cause = e))?;
    Ok(Some(bytes))
}

/// Details whose hash is what the ledger says.
pub(super) fn proven(
    client: &Client,
    consortium: &ConsortiumId,
    hash: DetailsHash,
) -> Result<Option<Vec<u8>>, Fault> {
    let bytes = kept(client, hash)?;
    Ok(bytes.filter(|bytes| details_hash(consortium, bytes) == hash))
}

pub(super) fn export(args: &ExportCatalogue, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let status: Status = client.get("/v1/status")?;
    let agency = args.agency.clone().unwrap_or(status.agency);
    let query = vec![("agency", agency.to_string())];
    let mut published = client.datasets(&query)?;
    published.retain(|published| state(published) != "withdrawn");
    let total = published.len();
    let mut exported = Vec::with_capacity(total);
    for published in published {
        session.shell.show_progress(&say!("progress-export", done = exported.len(), total = total));
        let kept = match published.dataset.details {
            Some(hash) => proven(&client, &status.consortium, hash)?,
            None => None,
        };
        let details = kept.and_then(|bytes| Details::from_bytes(&bytes));
        let is_dated = details.as_ref().is_some_and(|d| d.entry.contains_key("modified"));
        let version_time = match args.format {
            Catalogue::Dcat if !is_dated => Some(time_of(&client, published.version_at)?),
            _ => None,
        };
        exported.push(Exported { published, details, version_time });
    }
    session.shell.show_progress("");
    write(args, session, &exported, agency.as_str())
}

fn time_of(client: &Client, at: LogIndex) -> Result<comity_core::ids::TimeMs, Fault> {
    Ok(client.ask_entry(at)?.time)
}

fn write(
    args: &ExportCatalogue,
    session: &mut Session<'_>,
    exported: &[Exported],
    agency: &str,
) -> Result<(), Fault> {
    let from_ledger = exported.iter().filter(|one| one.details.is_none()).count();
    let (mut incomplete, mut not_federal) = (0, 0);
    let path = args.out.display();
    let unwritable = |cause: String| fault!(Failed, "file-unwritable", path = path, cause = cause);
    let text = match args.format {
        Catalogue::Dcat => {
            let file = catalogue::to_dcat(exported, args.mailbox.as_deref());
            for entry in file["dataset"].as_array().into_iter().flatten() {
                let (lacks, federal) = catalogue::lacking(entry);
                incomplete += usize::from(!lacks.is_empty());
                not_federal += usize::from(!federal.is_empty());
            }
            let text = serde_json::to_string_pretty(&file);
            text.map_err(|e| unwritable(e.to_string()))? + "\n"
        }
        // With a byte order mark, so that spreadsheets see what it is.
        Catalogue::Csv => {
            let text = catalogue::to_table(exported).map_err(|e| unwritable(e.to_string()))?;
            if args.encoding == Encoding::Utf8 { format!("\u{FEFF}{text}") } else { text }
        }
    };
    let bytes = match args.encoding {
        Encoding::Utf8 => text.into_bytes(),
        Encoding::Gb18030 => encoding_rs::GB18030.encode(&text).0.into_owned(),
    };
    keys::write_new(&args.out, &bytes, Readers::Any)?;
    let json = json!({
        "file": args.out, "agency": agency, "datasets": exported.len(),
        "from_ledger_alone": from_ledger, "incomplete": incomplete,
        "without_federal_codes": not_federal,
    });
    session.result(&json, |_| {
        let count = exported.len();
        let mut lines = vec![say!("ok-exported", count = count, agency = agency, path = path)];
        if from_ledger > 0 {
            lines.push(say!("note-from-ledger", count = from_ledger));
        }
        if incomplete > 0 {
            lines.push(say!("note-incomplete", count = incomplete));
        }
        if not_federal > 0 {
            lines.push(say!("note-not-federal", count = not_federal));
        }
        lines.join("\n")
    })
}

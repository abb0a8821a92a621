//! `comity evidence export`: writes a case with everything that proves it to one file.
//! Holds: what is written verifies from the genesis, by the very checks of `evidence verify`.
//! May not enter: the clock in what is written.

use std::collections::BTreeMap;

use comity_core::genesis::Genesis;
use comity_core::ids::LogIndex;
use comity_core::proof::{Collection, Extract};
use comity_core::sealed::Opening;
use comity_core::statement::SignedRecord;
use serde_json::json;

use super::{gather, seeds, verify};
use crate::args::ExportEvidence;
use crate::bundle::assemble::{assemble, is_whole};
use crate::bundle::contents::commitments;
use crate::bundle::manifest::{Case, Exported};
use crate::bundle::verify::verify as check;
use crate::client::{Client, Status};
use crate::commands::sealed;
use crate::fault::Fault;
use crate::holder::Holder;
use crate::keys::{self, Readers};
use crate::messages::{fault, say};
use crate::shell::Session;
use crate::sign::Desk;
use crate::time::{self, Edge};

/// Accesses may come in between so often while a case is gathered.
const MAX_TRIES: usize = 5;

pub(super) fn export(args: &ExportEvidence, session: &mut Session<'_>) -> Result<(), Fault> {
    if args.out.exists() {
        return Err(fault!(Failed, "file-exists", path = args.out.display()));
    }
    let case = case(args, session)?;
    let client = session.client()?;
    let status: Status = client.get("/v1/status")?;
    let genesis = genesis(&client, &status, session)?;
    let (collection, extract) = settled(&case, &client, session)?;
    let openings = opened(args, &collection, session)?;
    let opened: usize = openings.values().map(Vec::len).sum();
    let bytes =
        assemble(&genesis, (case, Exported::here(status.agency)), &collection, &extract, &openings)
            .map_err(|fault| match fault.fault {
                "too-large" => fault!(Failed, "bundle-too-much"),
                rule => fault!(
                    Unverified,
                    "proof-from-node",
                    url = client.url(),
                    rule = rule,
                    cause = fault.what
                ),
            })?;
    let report = check(&bytes, &genesis, None);
    if let Some(fault) = verify::refused(&report) {
        return Err(fault);
    }
    // Openings are for whoever they are handed to.
    let readers = if opened > 0 { Readers::Owner } else { Readers::Any };
    keys::write_new(&args.out, &bytes, readers)?;
    let header = &extract.path.header;
    let entries: usize = collection.blocks.iter().map(|block| block.entries.len()).sum();
    let object = json!({
        "file": args.out, "size_bytes": bytes.len(), "consortium": genesis.id(),
        "entries": entries, "openings": opened,
        "as_of": { "height": header.height, "time": header.time, "header_hash": header.hash() },
    });
    let path = args.out.display();
    session.result(&object, |shell| {
        let time = time::show(header.time, &shell.zone);
        let (height, size_bytes) = (header.height, bytes.len());
        say!(
            "ok-bundle",
            path = path,
            size_bytes = size_bytes,
            entries = entries,
            height = height,
            time = time
        )
    })
}

fn case(args: &ExportEvidence, session: &Session<'_>) -> Result<Case, Fault> {
    let (zone, now) = (&session.shell.zone, session.shell.now());
    let instant = |text: &Option<String>, edge| {
        let read = text.as_deref().map(|text| time::past_instant(text, edge, zone, now));
        read.transpose()
    };
    let (from, to) = (instant(&args.from, Edge::Start)?, instant(&args.to, Edge::End)?);
    if let Some(grant) = args.grant {
        return Ok(Case::Grant { grant });
    }
    if let Some(index) = args.access {
        return Ok(Case::Access { entry: LogIndex(index) });
    }
    if let Some(dataset) = args.dataset.clone() {
        return Ok(Case::Dataset { dataset, from, to });
    }
    match &args.key {
        Some(key) => Ok(Case::Signer { key: Holder::load(key)?.key, from, to }),
        None => Err(fault!(Usage, "key-needed")),
    }
}

fn genesis(client: &Client, status: &Status, session: &Session<'_>) -> Result<Genesis, Fault> {
    let genesis: Genesis = client.get("/v1/genesis")?;
    let expected = session.global.consortium.unwrap_or(status.consortium);
    if genesis.id() != expected {
        let cause = say!("words-other-genesis", found = genesis.id(), expected = expected);
        return Err(fault!(Failed, "answer-unreadable", url = client.url(), cause = cause));
    }
    Ok(genesis)
}

/// The case with every access that the ledger counts, as of one block.
fn settled(
    case: &Case,
    client: &Client,
    session: &mut Session<'_>,
) -> Result<(Collection, Extract), Fault> {
    for _ in 0..MAX_TRIES {
        let seeds = seeds::of(case, client)?;
        let (collection, extract) = gather::gather(&seeds, client, session.shell)?;
        if is_whole(case, &collection, &extract) {
            return Ok((collection, extract));
        }
    }
    Err(fault!(Failed, "bundle-unsettled", url = client.url()))
}

/// The openings that were asked for, from the node that keeps them.
fn opened(
    args: &ExportEvidence,
    collection: &Collection,
    session: &mut Session<'_>,
) -> Result<BTreeMap<LogIndex, Vec<Opening>>, Fault> {
    let mut found = BTreeMap::new();
    let Some(key) = args.key.as_ref().filter(|_| !args.open.is_empty()) else { return Ok(found) };
    let desk = Desk::open_to_read(session, key)?;
    let entries = || collection.blocks.iter().flat_map(|block| &block.entries);
    for index in &args.open {
        let entry = entries().find(|entry| entry.index.0 == *index);
        let entry = entry.ok_or_else(|| fault!(Failed, "open-not-of-case", index = index))?;
        let record = comity_core::encoding::decode::<SignedRecord>(
            &entry.record,
            comity_core::statement::MAX_RECORD_BYTES,
        );
        let sealed = record.map(|record| commitments(&record.statement)).unwrap_or_default();
        if sealed.is_empty() {
            return Err(fault!(Failed, "nothing-sealed", index = index));
        }
        let mut openings = Vec::new();
        for commitment in &sealed {
            match sealed::opening(&desk, session, commitment) {
                Ok(opening) => openings.push(opening),
                Err(fault) if sealed::is_of_this_one(&fault.name) => {
                    session.shell.note(&fault.what());
                }
                Err(fault) => return Err(fault),
            }
        }
        if openings.is_empty() {
            return Err(fault!(Failed, "nothing-to-open", index = index));
        }
        found.insert(LogIndex(*index), openings);
    }
    Ok(found)
}

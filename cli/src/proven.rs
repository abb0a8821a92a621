//! What a proof file shows, verified from a genesis, in plain words.
//! Holds: nothing is said that was not verified; as of when it speaks is always said, and what it
//! cannot show.
//! May not enter: reading files; asking a node.

mod state;

use comity_core::block::Header;
use comity_core::genesis::Genesis;
use comity_core::ids::TimeMs;
use comity_core::proof::{
    Judged, Proof, ProvenEntry, Verdict, VerifiedCollection, VerifiedExtension, VerifiedExtract,
    VerifiedFork, VerifiedReceipt,
};
use comity_core::trust_path::VerifiedPath;
use comity_core::validators::ValidatorSet;
use comity_core::vote::CommitCertificate;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::messages::say;
use crate::{describe, table, time};

type Rows = Vec<(String, String)>;

/// What a proof shows.
#[derive(Debug)]
pub(crate) enum Proven {
    /// An entry is on the log.
    Receipt(VerifiedReceipt),
    /// What the state holds.
    Extract(VerifiedExtract),
    /// A log goes on where it ended.
    Extension(VerifiedExtension),
    /// Two blocks of one height.
    Fork(VerifiedFork),
    /// Entries are on the log.
    Collection(VerifiedCollection),
}

/// Verifies a proof from the genesis. Errors: the fault's name, and what it is.
pub(crate) fn verify(proof: &Proof, genesis: &Genesis) -> Result<Proven, (&'static str, String)> {
    match proof {
        Proof::Receipt(receipt) => {
            let shown = receipt.verify(genesis);
            shown.map(Proven::Receipt).map_err(|error| (error.name(), error.to_string()))
        }
        Proof::Extract(extract) => {
            let shown = extract.verify(genesis);
            shown.map(Proven::Extract).map_err(|error| (error.name(), error.to_string()))
        }
        Proof::Extension(extension) => {
            let shown = extension.verify(genesis);
            shown.map(Proven::Extension).map_err(|error| (error.name(), error.to_string()))
        }
        Proof::Fork(fork) => {
            let shown = fork.verify(genesis);
            shown.map(Proven::Fork).map_err(|error| (error.name(), error.to_string()))
        }
        Proof::Collection(collection) => {
            let shown = collection.verify(genesis);
            shown.map(Proven::Collection).map_err(|error| (error.name(), error.to_string()))
        }
    }
}

impl Proven {
    /// As of when it speaks: the time of the newest block in it.
    pub(crate) fn as_of(&self) -> TimeMs {
        match self {
            Proven::Receipt(receipt) => receipt.header().time,
            Proven::Extract(extract) => extract.header().time,
            Proven::Extension(extension) => extension.later().time,
            Proven::Fork(fork) => {
                fork.headers().map(|header| header.time).into_iter().max().unwrap_or_default()
            }
            Proven::Collection(collection) => collection.path().header().time,
        }
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        match self {
            Proven::Receipt(receipt) => json!({
                "kind": "receipt",
                "index": receipt.index(),
                "record_id": receipt.record().id(),
                "record": receipt.record().record(),
                "block": block_json(receipt.header()),
                "certified_by": signers(receipt.path()),
            }),
            Proven::Extract(extract) => json!({
                "kind": "extract",
                "holds": extract.pairs().map(state::json).collect::<Vec<_>>(),
                "block": block_json(extract.header()),
                "certified_by": signers(extract.path()),
            }),
            Proven::Extension(extension) => json!({
                "kind": "extension",
                "earlier": block_json(extension.earlier()),
                "later": block_json(extension.later()),
            }),
            Proven::Fork(fork) => json!({
                "kind": "fork",
                "blocks": fork.headers().map(block_json),
                "judged": fork.judged().iter().map(judged_json).collect::<Vec<_>>(),
            }),
            Proven::Collection(collection) => json!({
                "kind": "collection",
                "entries": collection.entries().iter().map(entry_json).collect::<Vec<_>>(),
                "certified_by": signers(collection.path()),
            }),
        }
    }

    /// For people.
    pub(crate) fn text(&self, genesis: &Genesis, zone: &TimeZone) -> String {
        match self {
            Proven::Receipt(receipt) => receipt_text(receipt, genesis, zone),
            Proven::Extract(extract) => extract_text(extract, genesis, zone),
            Proven::Extension(extension) => extension_text(extension, genesis, zone),
            Proven::Fork(fork) => fork_text(fork, genesis, zone),
            Proven::Collection(collection) => collection_text(collection, genesis, zone),
        }
    }
}

fn receipt_text(receipt: &VerifiedReceipt, genesis: &Genesis, zone: &TimeZone) -> String {
    let statement = receipt.record().statement();
    let header = receipt.header();
    let head = say!(
        "proven-receipt",
        index = receipt.index(),
        height = header.height,
        time = time::show(header.time, zone),
        what = describe::sentence(&statement.action),
    );
    let mut rows = vec![consortium_row(genesis)];
    rows.extend(describe::rows(&statement.action, zone));
    for signer in &statement.signers {
        let who = format!("{}, {}, {}", signer.agency, signer.role, table::key(&signer.key));
        rows.push((say!("label-signed-by"), who));
    }
    rows.push((say!("label-record-id"), receipt.record().id().to_string()));
    rows.extend(header_rows(header, zone));
    rows.push(certified_row(receipt.path()));
    format!("{head}\n{}\n{}", table::pairs(&rows), say!("proven-receipt-not"))
}

fn extract_text(extract: &VerifiedExtract, genesis: &Genesis, zone: &TimeZone) -> String {
    let header = extract.header();
    let (height, time) = (header.height, time::show(header.time, zone));
    let mut text = say!("proven-extract", height = height, time = time);
    for pair in extract.pairs() {
        text.push_str(&format!("\n\n{}", state::text(pair, header.time, zone)));
    }
    let mut rows = vec![consortium_row(genesis)];
    rows.extend(header_rows(header, zone));
    rows.push(certified_row(extract.path()));
    format!("{text}\n\n{}\n{}", table::pairs(&rows), say!("proven-extract-not"))
}

fn extension_text(extension: &VerifiedExtension, genesis: &Genesis, zone: &TimeZone) -> String {
    let (earlier, later) = (extension.earlier(), extension.later());
    let head = say!(
        "proven-extension",
        earlier_height = earlier.height,
        earlier_size = earlier.log_size,
        later_height = later.height,
        later_size = later.log_size,
    );
    let mut rows = vec![consortium_row(genesis)];
    for header in [earlier, later] {
        rows.extend(header_rows(header, zone));
    }
    format!("{head}\n{}", table::pairs(&rows))
}

fn fork_text(fork: &VerifiedFork, genesis: &Genesis, zone: &TimeZone) -> String {
    let [one, other] = fork.headers();
    let mut text = say!("proven-fork", height = one.height);
    let mut rows = vec![consortium_row(genesis)];
    for header in [one, other] {
        rows.extend(header_rows(header, zone));
    }
    text.push_str(&format!("\n{}\n", table::pairs(&rows)));
    if fork.judged().is_empty() {
        text.push_str(&say!("proven-fork-nobody"));
    }
    let lines: Vec<String> = fork.judged().iter().map(judged_text).collect();
    text.push_str(&lines.join("\n"));
    text
}

fn collection_text(collection: &VerifiedCollection, genesis: &Genesis, zone: &TimeZone) -> String {
    let lines = collection.entries().iter().map(|entry| {
        say!(
            "proven-entry",
            index = entry.index,
            time = time::show(entry.header.time, zone),
            what = describe::sentence(&entry.record.statement().action),
        )
    });
    let lines: Vec<String> = lines.collect();
    let mut rows = vec![consortium_row(genesis)];
    rows.extend(header_rows(collection.path().header(), zone));
    rows.push(certified_row(collection.path()));
    let head = say!("proven-collection", count = lines.len());
    let not = say!("proven-collection-not");
    format!("{head}\n{}\n\n{}\n{not}", lines.join("\n"), table::pairs(&rows))
}

fn entry_json(entry: &ProvenEntry) -> Value {
    json!({
        "index": entry.index,
        "record_id": entry.record.id(),
        "record": entry.record.record(),
        "block": block_json(&entry.header),
    })
}

fn judged_text(judged: &Judged) -> String {
    let agency = &judged.agency;
    match &judged.verdict {
        Verdict::Guilty(_) => say!("proven-guilty", agency = agency),
        Verdict::Undetermined(held) => say!(
            "proven-undetermined",
            agency = agency,
            committed_in = held.committed_in,
            round = held.round
        ),
        Verdict::Cleared { prevoted, by_round } => say!(
            "proven-cleared",
            agency = agency,
            committed_in = prevoted.committed_in,
            round = prevoted.round,
            by_round = by_round
        ),
    }
}

fn judged_json(judged: &Judged) -> Value {
    let (verdict, held) = match &judged.verdict {
        Verdict::Guilty(proof) => ("guilty", json!({ "equivocation": proof })),
        Verdict::Undetermined(held) => ("undetermined", prevoted_json(held)),
        Verdict::Cleared { prevoted, .. } => ("cleared", prevoted_json(prevoted)),
    };
    json!({ "agency": judged.agency, "key": judged.key, "verdict": verdict, "held": held })
}

fn prevoted_json(held: &comity_core::proof::Prevoted) -> Value {
    json!({
        "committed_in": held.committed_in,
        "committed": held.committed,
        "round": held.round,
        "value": held.value,
    })
}

fn block_json(header: &Header) -> Value {
    json!({ "height": header.height, "time": header.time, "header_hash": header.hash() })
}

fn consortium_row(genesis: &Genesis) -> (String, String) {
    (say!("label-consortium"), format!("{} ({})", genesis.name, genesis.id()))
}

fn header_rows(header: &Header, zone: &TimeZone) -> Rows {
    let at =
        say!("words-proven-block", height = header.height, time = time::show(header.time, zone));
    vec![(say!("label-proven-block"), at), (say!("label-proven-hash"), header.hash().to_string())]
}

fn certified_row(path: &VerifiedPath) -> (String, String) {
    (say!("label-certified-by"), signers(path).join(", "))
}

/// The agencies whose nodes certified a path's end.
fn signers(path: &VerifiedPath) -> Vec<String> {
    agencies(path.certificate().certificate(), path.validators())
}

fn agencies(certificate: &CommitCertificate, set: &ValidatorSet) -> Vec<String> {
    let named = certificate.signatures.iter().filter_map(|by| set.by_key(&by.validator));
    named.map(|validator| validator.agency.to_string()).collect()
}

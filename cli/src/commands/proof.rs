//! `comity proof`: fetches proof files and checks them before they are kept.
//! Holds: what is written verifies from the genesis that the node itself shows, and is about what was
//! asked for.
//! May not enter: making proofs (the node does), saying what they mean (see `proven`).

use std::path::Path;

use comity_core::genesis::Genesis;
use comity_core::ids::{Height, LogIndex};
use comity_core::proof::Proof;
use comity_core::state::StateKey;
use serde_json::json;

use crate::args::{FetchExtract, FetchReceipt, ProofVerb};
use crate::client::Query;
use crate::fault::Fault;
use crate::keys::{self, Readers};
use crate::messages::{fault, say};
use crate::proven::{self, Proven};
use crate::shell::Session;

/// What a proof is to be about.
enum Asked {
    Entry(LogIndex),
    Keys(Vec<Vec<u8>>),
    Growth { earlier: Height, later: Option<Height> },
}

pub(super) fn run(verb: ProofVerb, session: &mut Session<'_>) -> Result<(), Fault> {
    match verb {
        ProofVerb::Receipt(FetchReceipt { index, out }) => {
            let path = format!("/v1/entries/{index}/receipt");
            fetch(session, &path, &vec![], &Asked::Entry(LogIndex(index)), &out)
        }
        ProofVerb::Extract(args) => {
            let mut keys = state_keys(&args);
            keys.sort();
            keys.dedup();
            let hexes: Vec<String> = keys.iter().map(hex::encode).collect();
            let query = vec![("keys", hexes.join(","))];
            fetch(session, "/v1/extract", &query, &Asked::Keys(keys), &args.out)
        }
        ProofVerb::Extension(args) => {
            let mut query = vec![("earlier", args.earlier.to_string())];
            query.extend(args.later.map(|later| ("later", later.to_string())));
            let (earlier, later) = (Height(args.earlier), args.later.map(Height));
            fetch(session, "/v1/extension", &query, &Asked::Growth { earlier, later }, &args.out)
        }
    }
}

impl Asked {
    /// Whether a proof is about this and nothing else.
    fn is_answered(&self, shown: &Proven) -> bool {
        match (self, shown) {
            (Asked::Entry(index), Proven::Receipt(receipt)) => receipt.index() == *index,
            (Asked::Keys(keys), Proven::Extract(extract)) => {
                extract.pairs().map(|(key, _)| key).eq(keys.iter().map(Vec::as_slice))
            }
            (Asked::Growth { earlier, later }, Proven::Extension(extension)) => {
                let end = extension.later().height;
                extension.earlier().height == *earlier && later.is_none_or(|later| later == end)
            }
            _ => false,
        }
    }
}

/// The keys of the state under which what is asked for lies.
fn state_keys(args: &FetchExtract) -> Vec<Vec<u8>> {
    let grants = args.grant.iter().flat_map(|id| [StateKey::Grant(*id), StateKey::Usage(*id)]);
    let requests = args.request.iter().map(|id| StateKey::Request(*id));
    let datasets = args.dataset.iter().map(StateKey::Dataset);
    let agencies =
        args.agency.iter().flat_map(|id| [StateKey::Agency(id), StateKey::Departure(id)]);
    let keys = args.key.iter().map(StateKey::Key);
    let all = grants.chain(requests).chain(datasets).chain(agencies).chain(keys);
    all.map(|key| key.to_bytes()).collect()
}

fn fetch(
    session: &mut Session<'_>,
    path: &str,
    query: &Query,
    asked: &Asked,
    out: &Path,
) -> Result<(), Fault> {
    let client = session.client()?;
    if out.exists() {
        return Err(fault!(Failed, "file-exists", path = out.display()));
    }
    let bytes = client.bytes(path, query)?;
    let genesis: Genesis = client.get("/v1/genesis")?;
    let shown = Proof::from_bytes(&bytes)
        .map_err(|error| (error.name(), error.to_string()))
        .and_then(|proof| proven::verify(&proof, &genesis));
    let shown = shown.map_err(|(fault, cause)| {
        fault!(Unverified, "proof-from-node", url = client.url(), rule = fault, cause = cause)
    })?;
    if !asked.is_answered(&shown) {
        return Err(fault!(Unverified, "proof-of-other", url = client.url()));
    }
    keys::write_new(out, &bytes, Readers::Any)?;
    let object = json!({
        "file": out, "size_bytes": bytes.len(), "consortium": genesis.id(),
    });
    session.result(&object, |_| {
        say!("ok-proof", path = out.display(), size_bytes = bytes.len(), consortium = genesis.id())
    })
}

//! Trust paths and snapshots: what they prove, and why the others do not.

use std::collections::BTreeMap;

use comity_core::block::Header;
use comity_core::encoding::decode;
use comity_core::genesis::Genesis;
use comity_core::hash::HeaderHash;
use comity_core::snapshot::{
    HEAD_BYTES, Loaded, Loading, MAX_MANIFEST_BYTES, Manifest, SnapshotError, TAIL_BYTES,
    check_head,
};
use comity_core::trust_path::{Anchor, TrustPath};
use comity_core::validators::ValidatorSet;
use serde::Deserialize;

use super::{Hex, Vectors};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Founded {
    genesis: Genesis,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Path {
    what: String,
    path: Hex,
    anchor: Option<Trusted>,
    fault: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trusted {
    header: Header,
    next: ValidatorSet,
}

pub(super) fn check_paths(vectors: &Vectors) {
    let Founded { genesis } = vectors.shared();
    vectors.each(|case: Path| {
        let path = TrustPath::from_bytes(&case.path.0).unwrap();
        assert_eq!(path.to_bytes(), case.path.0, "{}", case.what);
        let anchor = match &case.anchor {
            Some(Trusted { header, next }) => Anchor::header(header, next).unwrap(),
            None => Anchor::genesis(&genesis).unwrap(),
        };
        match path.verify_from(&anchor) {
            Ok(verified) => {
                assert_eq!(case.fault, None, "{}", case.what);
                assert_eq!(verified.hash(), path.header.hash());
            }
            Err(error) => {
                let named = error.name();
                assert_eq!(Some(named), case.fault.as_deref(), "{}: {error}", case.what);
            }
        }
    });
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Snapshot {
    Good(Box<Good>),
    Bad(Bad),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Good {
    what: String,
    snapshot: Hex,
    height: u64,
    header_hash: HeaderHash,
    entries: u64,
    keys: usize,
    /// Record ids and exchange ids in hexadecimal, each with its end.
    window: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bad {
    what: String,
    snapshot: Hex,
    fault: String,
}

pub(super) fn check_snapshots(vectors: &Vectors) {
    let Founded { genesis } = vectors.shared();
    vectors.each(|case: Snapshot| match case {
        Snapshot::Good(good) => {
            let Loaded { ledger, manifest, block } = load(&genesis, &good.snapshot.0).unwrap();
            let what = &good.what;
            assert_eq!(ledger.tip().height.0, good.height, "{what}");
            assert_eq!(ledger.tip().hash, good.header_hash, "{what}");
            assert_eq!(block.block.header.hash(), good.header_hash, "{what}");
            assert_eq!(ledger.log().size() - manifest.first_entry(), good.entries, "{what}");
            assert_eq!(ledger.state().len(), good.keys, "{what}");
            let records = ledger.window().records().iter();
            let records = records.map(|(id, until)| (id.to_string(), until.0));
            let exchanges = ledger.window().exchanges().iter();
            let exchanges = exchanges.map(|(id, until)| (hex::encode(id.0), until.0));
            let window: BTreeMap<String, u64> = records.chain(exchanges).collect();
            assert_eq!(window, good.window, "{what}");
        }
        Snapshot::Bad(Bad { what, snapshot, fault }) => {
            let refused = load(&genesis, &snapshot.0).unwrap_err();
            assert_eq!(fault_of(&refused), fault, "{what}: {refused}");
        }
    });
}

/// Loads a file's bytes.
fn load(genesis: &Genesis, bytes: &[u8]) -> Result<Loaded, SnapshotError> {
    let Some((head, rest)) = bytes.split_first_chunk::<HEAD_BYTES>() else {
        return Err(SnapshotError::NotASnapshot);
    };
    let Some((rest, length)) = rest.split_last_chunk::<TAIL_BYTES>() else {
        return Err(SnapshotError::NotASnapshot);
    };
    check_head(head, genesis)?;
    let length = u32::from_le_bytes(*length) as usize;
    let start = rest.len().checked_sub(length).filter(|_| length <= MAX_MANIFEST_BYTES);
    let (mut chunks, manifest) = rest.split_at(start.ok_or(SnapshotError::Length)?);
    let manifest: Manifest = decode(manifest, MAX_MANIFEST_BYTES)?;
    let sizes: Vec<usize> = manifest.chunk_sizes().map(|size| size as usize).collect();
    if sizes.iter().sum::<usize>() != chunks.len() {
        return Err(SnapshotError::Length);
    }
    let anchor = Anchor::genesis(genesis).unwrap();
    let mut loading = Loading::new(manifest.verify(&anchor)?);
    for size in sizes {
        let (chunk, after) = chunks.split_at(size);
        loading.push(chunk)?;
        chunks = after;
    }
    loading.finish()
}

fn fault_of(error: &SnapshotError) -> &'static str {
    match error {
        SnapshotError::NotASnapshot => "not-a-snapshot",
        SnapshotError::OtherConsortium { .. } => "other-consortium",
        SnapshotError::Length => "length",
        SnapshotError::Decode(_) => "decode",
        SnapshotError::Version(_) => "version",
        SnapshotError::Path(_) => "path",
        SnapshotError::ParentCertificate => "parent-certificate",
        SnapshotError::CutOff(_) => "cut-off",
        SnapshotError::CutOffYoung => "cut-off-young",
        SnapshotError::CutOffLog => "cut-off-log",
        SnapshotError::LogParts => "log-parts",
        SnapshotError::StateParts(_) => "state-parts",
        SnapshotError::ChunkSize(_) => "chunk-size",
        SnapshotError::Entries { .. } => "entries",
        SnapshotError::Pairs { .. } => "pairs",
        SnapshotError::ChunkCount => "chunk-count",
        SnapshotError::Body => "body",
        SnapshotError::State { .. } => "state",
    }
}

//! Snapshots and trust paths, which a node that starts takes from a peer or from a file.

use comity_core::snapshot::{
    HEAD_BYTES, Loaded, Loading, MAX_MANIFEST_BYTES, Manifest, SnapshotError, TAIL_BYTES,
    check_head,
};
use comity_core::trust_path::{Anchor, TrustPath};

use super::promises::one_encoding;
use crate::lab::lab;

/// The longest trust path that is read (bytes).
const MAX_PATH_BYTES: usize = comity_core::trust_path::MAX_TRUST_PATH_BYTES;

/// A snapshot in a file: what loads is the ledger of a block of the chain, to the last object of its
/// state and to the last id of its replay window.
pub fn snapshot(data: &[u8]) {
    match load(data) {
        Some(Ok(loaded)) => {
            let tip = loaded.ledger.tip();
            assert!(lab().headers.contains(&(tip.height, tip.hash)), "no such block: {tip:?}");
            for (known, _) in [&lab().midway, &lab().at_tip] {
                if known.tip() == tip {
                    assert_eq!(loaded.ledger.state_root(), known.state_root());
                    assert_eq!(loaded.ledger.window(), known.window());
                    assert_eq!(loaded.ledger.params(), known.params());
                }
            }
        }
        Some(Err(error)) => assert!(!error.to_string().is_empty()),
        None => {}
    }
}

/// Loads a file; `None` where it is too short, or its manifest cannot be read.
fn load(data: &[u8]) -> Option<Result<Loaded, SnapshotError>> {
    let (head, rest) = data.split_first_chunk::<HEAD_BYTES>()?;
    let (rest, length) = rest.split_last_chunk::<TAIL_BYTES>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (mut chunks, manifest) = rest.split_at(rest.len().checked_sub(length)?);
    let read = Manifest::from_bytes(manifest);
    let manifest = one_encoding(manifest, MAX_MANIFEST_BYTES, read)?;
    let loading = || {
        check_head(head, &lab().genesis)?;
        let anchor = Anchor::genesis(&lab().genesis).expect("the genesis is one");
        let sizes: Vec<u32> = manifest.chunk_sizes().collect();
        let mut loading = Loading::new(manifest.verify(&anchor)?);
        for size in sizes {
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            let (chunk, after) = chunks.split_at(size.min(chunks.len()));
            chunks = after;
            loading.push(chunk)?;
        }
        loading.finish()
    };
    Some(loading())
}

/// A trust path: it leads to a block of the chain.
pub fn trust_path(data: &[u8]) {
    let Some(path) = one_encoding(data, MAX_PATH_BYTES, TrustPath::from_bytes(data)) else {
        return;
    };
    match path.verify(&lab().genesis) {
        Ok(verified) => {
            let end = (verified.header().height, verified.hash());
            assert!(lab().headers.contains(&end), "it leads nowhere: {end:?}");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

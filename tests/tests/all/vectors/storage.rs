//! Files of storage, opened.

use std::collections::BTreeMap;

use comity_core::block::CommittedBlock;
use comity_core::hash::HeaderHash;
use comity_replica::storage::{
    Disk as _, Guard, MemoryDisk, Recovered, SignedMark, Step, Storage, StorageError,
    StorageOptions,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Hex, Vectors};

/// Draws the salts of files that opening writes anew. Their own are in the vectors.
const SALT: u64 = 77;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    what: String,
    files: BTreeMap<String, Hex>,
    opens: Option<Value>,
    fault: Option<String>,
}

pub(super) fn check(vectors: &Vectors) {
    vectors.each(|Stored { what, files, opens, fault }| {
        let mut disk = MemoryDisk::new();
        for (name, bytes) in &files {
            disk.append(name, &bytes.0).unwrap();
            disk.sync(name).unwrap();
        }
        match Storage::open(disk, StorageOptions::new(SALT)) {
            Ok((storage, recovered)) => {
                assert_eq!(fault, None, "{what}");
                assert_eq!(Some(rendering(&recovered)), opens, "{what}");
                check_blocks(&storage);
            }
            Err(error) => assert_eq!(Some(storage_fault(&error)), fault.as_deref(), "{what}"),
        }
    });
}

/// Every block up to the tip can be read, and is the one of its height.
fn check_blocks(storage: &Storage<MemoryDisk>) {
    let reader = storage.reader();
    for height in reader.first_height().unwrap_or(1)..=reader.tip().unwrap_or(0) {
        let payload = reader.read(height).unwrap().unwrap();
        let committed = CommittedBlock::from_bytes(&payload).unwrap();
        assert_eq!(committed.block.header.height.0, height);
        assert_eq!(committed.certificate.header_hash, committed.block.header.hash());
    }
}

fn rendering(recovered: &Recovered) -> Value {
    let tip = |(height, header_hash): (u64, HeaderHash)| json!({ "height": height, "header_hash": header_hash });
    let entries: Vec<Value> = recovered
        .entries
        .iter()
        .map(|entry| json!({ "height": entry.height, "bytes": hex::encode(&entry.bytes) }))
        .collect();
    let bodies: Vec<Value> = recovered
        .bodies
        .iter()
        .map(|body| {
            let bytes = hex::encode(&body.bytes);
            json!({ "height": body.height, "header_hash": body.header_hash, "bytes": bytes })
        })
        .collect();
    json!({
        "guard": recovered.guard.as_ref().map(guard_rendering),
        "tip": recovered.tip,
        "durable_tip": recovered.durable_tip.map(tip),
        "entries": entries,
        "bodies": bodies,
        "wal_cut_bytes": recovered.wal_cut_bytes,
        "block_log_cut_bytes": recovered.block_log_cut_bytes,
    })
}

fn guard_rendering(guard: &Guard) -> Value {
    json!({
        "public_key": hex::encode(guard.public_key()),
        "vote_from": guard.vote_from(),
        "marks": guard.marks().map(mark_rendering).collect::<Vec<_>>(),
    })
}

fn mark_rendering(mark: &SignedMark) -> Value {
    let step = match mark.step {
        Step::Proposal => "proposal",
        Step::Prevote => "prevote",
        Step::Precommit => "precommit",
    };
    json!({
        "height": mark.height,
        "round": mark.round,
        "step": step,
        "message_hash": hex::encode(mark.message_hash),
        "signature": hex::encode(mark.signature),
    })
}

fn storage_fault(error: &StorageError) -> &'static str {
    match error {
        StorageError::WalDamaged { .. } => "wal-damaged",
        StorageError::BlockDamaged { .. } => "block-damaged",
        StorageError::UnknownVersion { .. } => "unknown-version",
        StorageError::UnexpectedFrame { .. } => "unexpected-frame",
        StorageError::Malformed { .. } => "malformed",
        StorageError::Guard(_) => "guard",
        other => panic!("{other}"),
    }
}

//! Tests of storage, and what they share.
//! Holds: all randomness follows from a printed seed.
//! May not enter: real files.

mod block_log;
mod crash;
mod disk;
mod rot;
mod wal;

use comity_core::hash::HeaderHash;

use super::{
    Disk, MemoryDisk, Recovered, SignedMark, Step, Storage, StorageError, StorageOp, StorageOptions,
};

const KEY: [u8; 32] = [7; 32];
const WAL: &str = "wal";

/// splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn bytes(&mut self, limit: u64) -> Vec<u8> {
        (0..self.below(limit)).map(|_| self.next().to_le_bytes()[0]).collect()
    }
}

fn hash(byte: u8) -> HeaderHash {
    HeaderHash([byte; 32])
}

fn signed(height: u64, round: u32, step: Step, byte: u8) -> SignedMark {
    SignedMark { height, round, step, message_hash: [byte; 32], signature: [byte; 64] }
}

fn mark(height: u64, round: u32, step: Step, byte: u8) -> StorageOp {
    StorageOp::SignedMark(signed(height, round, step, byte))
}

fn entry(height: u64, bytes: &[u8]) -> StorageOp {
    StorageOp::Entry { height, bytes: bytes.to_vec() }
}

fn body(height: u64, byte: u8, bytes: &[u8]) -> StorageOp {
    StorageOp::Body { height, header_hash: hash(byte), bytes: bytes.to_vec() }
}

fn commit(height: u64, payload: &[u8]) -> StorageOp {
    StorageOp::Commit { height, header_hash: hash(1), payload: payload.to_vec() }
}

/// Limits so small that segments roll and the log is rewritten within a test.
fn small_options(salt: u64) -> StorageOptions {
    StorageOptions { wal_limit_bytes: 2_000, segment_limit_bytes: 1_000, salt }
}

fn guarded_disk() -> MemoryDisk {
    let mut disk = MemoryDisk::new();
    Storage::create_guard(&mut disk, KEY, 1).unwrap();
    disk
}

fn open(disk: &MemoryDisk) -> (Storage<MemoryDisk>, Recovered) {
    Storage::open(disk.clone(), StorageOptions::new(2)).unwrap()
}

fn open_error(disk: &MemoryDisk) -> StorageError {
    Storage::open(disk.clone(), StorageOptions::new(2)).unwrap_err()
}

fn perform(storage: &mut Storage<MemoryDisk>, ops: impl IntoIterator<Item = StorageOp>) {
    for op in ops {
        storage.perform(op).unwrap();
    }
}

fn size(disk: &MemoryDisk, file: &str) -> u64 {
    disk.size(file).unwrap().unwrap()
}

fn last_segment(disk: &MemoryDisk) -> String {
    disk.list().unwrap().into_iter().rfind(|name| name.starts_with("blocks-")).unwrap()
}

/// Loses all that is not durable.
fn lose_power(disk: &mut MemoryDisk) {
    disk.crash(|| 0);
}

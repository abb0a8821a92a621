//! A write-ahead log and a block log of 64 KiB each, with every bit turned and every end cut off.
//! Holds: what was durable is there as it was written, or storage stops and says where; nothing is
//! cut at or below the durable tip.
//!
//! In CI one bit in `STRIDE` is turned, every bit of a byte in its turn; `COMITY_FULL=1` turns all.

// Says to the lints that everything here is a test.
#![cfg(test)]

use std::collections::BTreeMap;
use std::sync::OnceLock;

use comity_core::hash::HeaderHash;
use comity_hostile::lab::lab;
use comity_replica::storage::{
    Disk, MemoryDisk, Recovered, SignedMark, Step, Storage, StorageError, StorageOp, StorageOptions,
};

const WAL: &str = "wal";
const SIZE: u64 = 64 * 1024;
/// Coprime to 8: every place in a byte has its turn.
const STRIDE: u64 = 7;

fn stride() -> u64 {
    if std::env::var_os("COMITY_FULL").is_some() { 1 } else { STRIDE }
}

fn options(salt: u64) -> StorageOptions {
    StorageOptions { wal_limit_bytes: 1 << 20, segment_limit_bytes: 24 * 1024, salt }
}

fn size(disk: &MemoryDisk, file: &str) -> u64 {
    disk.size(file).unwrap().unwrap()
}

/// A node's disk, and what is known of it.
struct Kept {
    disk: MemoryDisk,
    /// So many of the log's first bytes are durable, and later frames say so.
    wal_durable: u64,
    blocks: BTreeMap<u64, Vec<u8>>,
    /// The tip that the write-ahead log names.
    durable_tip: u64,
}

fn mark(height: u64, round: u32, step: Step) -> StorageOp {
    let message_hash = [round.to_le_bytes()[0]; 32];
    StorageOp::SignedMark(SignedMark { height, round, step, message_hash, signature: [7; 64] })
}

/// Genuine payloads, over and over.
fn payload(number: u64) -> Vec<u8> {
    let blocks = &lab().blocks;
    blocks[usize::try_from(number).unwrap() % blocks.len()].to_bytes()
}

fn commit(storage: &mut Storage<MemoryDisk>, blocks: &mut BTreeMap<u64, Vec<u8>>) -> u64 {
    let height = blocks.len() as u64 + 1;
    let payload = payload(height);
    blocks.insert(height, payload.clone());
    let header_hash = HeaderHash([height.to_le_bytes()[0]; 32]);
    storage.perform(StorageOp::Commit { height, header_hash, payload }).unwrap();
    height
}

/// Blocks of 64 KiB, then a height with 64 KiB of entries; at the end of each some that is not synced.
fn kept() -> &'static Kept {
    static KEPT: OnceLock<Kept> = OnceLock::new();
    KEPT.get_or_init(|| {
        let mut disk = MemoryDisk::new();
        Storage::create_guard(&mut disk, [7; 32], 1).unwrap();
        let (mut storage, _) = Storage::open(disk.clone(), options(2)).unwrap();
        let mut blocks = BTreeMap::new();
        while storage.block_log_size_bytes() < SIZE {
            commit(&mut storage, &mut blocks);
            storage.sync().unwrap();
        }
        let durable_tip = blocks.len() as u64;
        let next = durable_tip + 1;
        let mut round = 0;
        while size(&disk, WAL) < SIZE {
            let bytes = payload(round.into());
            storage.perform(StorageOp::Entry { height: next, bytes: bytes[..300].into() }).unwrap();
            storage.perform(mark(next, round, Step::Prevote)).unwrap();
            let header_hash = HeaderHash([round.to_le_bytes()[0]; 32]);
            storage.perform(StorageOp::Body { height: next, header_hash, bytes }).unwrap();
            storage.perform(mark(next, round, Step::Precommit)).unwrap();
            storage.sync().unwrap();
            round += 1;
        }
        let wal_durable = size(&disk, WAL);
        storage.perform(mark(next, round, Step::Proposal)).unwrap();
        storage.perform(StorageOp::Entry { height: next, bytes: vec![1; 200] }).unwrap();
        commit(&mut storage, &mut blocks);
        let whole = Storage::open(disk.fork(), options(3)).unwrap().1;
        // The last block is on the disk though nobody synced it: a start takes it up.
        assert_eq!(whole.tip, Some(next));
        assert_eq!(whole.durable_tip.map(|(height, _)| height), Some(durable_tip));
        Kept { disk, wal_durable, blocks, durable_tip }
    })
}

/// Whether `part` holds nothing but a beginning of what `whole` holds.
fn is_beginning(part: &Recovered, whole: &Recovered) -> bool {
    let (Some(part_guard), Some(whole_guard)) = (&part.guard, &whole.guard) else { return false };
    whole.entries.starts_with(&part.entries)
        && whole.bodies.starts_with(&part.bodies)
        && part_guard.public_key() == whole_guard.public_key()
        && part_guard.marks().zip(whole_guard.marks()).all(|(one, other)| one == other)
}

/// Every height that storage claims to have reads as it was written, or is said to be damaged. How many
/// are damaged.
fn damaged_blocks(storage: &Storage<MemoryDisk>, kept: &Kept, what: &str) -> usize {
    let tip = storage.tip().unwrap_or(0);
    assert!(tip >= kept.durable_tip, "{what}: cut below the durable tip, to {tip}");
    let is_damaged = |height: &u64| match storage.reader().read(*height) {
        Ok(read) => {
            assert_eq!(read.as_ref(), kept.blocks.get(height), "{what}: a wrong block {height}");
            false
        }
        Err(StorageError::BlockDamaged { height: named, .. }) => {
            assert_eq!(named, *height, "{what}");
            true
        }
        Err(other) => panic!("{what}: {other}"),
    };
    (1..=tip).filter(is_damaged).count()
}

/// The disk without its last block, with which the entries of its height would go; and what it opens with.
fn undecided(kept: &Kept) -> (MemoryDisk, Recovered) {
    let mut disk = kept.disk.fork();
    let segments = disk.list().unwrap();
    let last = segments.iter().rfind(|name| name.starts_with("blocks-")).unwrap();
    let frame = 33 + kept.blocks[&(kept.durable_tip + 1)].len() as u64;
    disk.truncate(last, size(&disk, last) - frame).unwrap();
    let whole = Storage::open(disk.fork(), options(3)).unwrap().1;
    (disk, whole)
}

#[test]
fn every_turned_bit_of_a_write_ahead_log_is_found() {
    let kept = kept();
    let (disk, whole) = undecided(kept);
    assert!(whole.entries.len() > 20 && whole.guard.as_ref().unwrap().marks().count() > 40);
    let end = size(&disk, WAL);
    let (mut found, mut cut) = (0u64, 0u64);
    for bit in (0..8 * end).step_by(usize::try_from(stride()).unwrap()) {
        let mut rotten = disk.fork();
        assert!(rotten.flip_bit(WAL, bit));
        match Storage::open(rotten, options(4)) {
            Err(StorageError::WalDamaged { file, offset }) => {
                assert_eq!(file, WAL);
                assert!(offset <= bit / 8 && bit / 8 < kept.wal_durable, "bit {bit}: {offset}");
                found += 1;
            }
            Err(other) => panic!("bit {bit}: {other}"),
            Ok((storage, recovered)) => {
                assert!(bit / 8 >= kept.wal_durable, "bit {bit}, which was durable, is taken");
                assert!(recovered.wal_cut_bytes > 0 && is_beginning(&recovered, &whole));
                assert_eq!(damaged_blocks(&storage, kept, "whole blocks"), 0);
                cut += 1;
            }
        }
    }
    println!("write-ahead log, {end} bytes: {found} bits found, {cut} cut in the unsynced tail");
    assert!(found > 0 && cut > 0);
}

#[test]
fn every_cut_end_of_a_write_ahead_log_leaves_a_true_beginning() {
    let kept = kept();
    let (disk, whole) = undecided(kept);
    let end = size(&disk, WAL);
    let (mut found, mut opened) = (0u64, 0u64);
    for length in (0..end).step_by(usize::try_from(stride()).unwrap()) {
        let mut short = disk.fork();
        short.truncate(WAL, length).unwrap();
        match Storage::open(short, options(4)) {
            Err(StorageError::WalDamaged { offset, .. }) => {
                assert!(offset <= length);
                found += 1;
            }
            Err(other) => panic!("{length} bytes: {other}"),
            Ok((storage, recovered)) => {
                assert!(is_beginning(&recovered, &whole), "{length} bytes");
                assert_eq!(recovered.tip, whole.tip);
                assert_eq!(damaged_blocks(&storage, kept, "whole blocks"), 0);
                opened += 1;
            }
        }
    }
    println!("write-ahead log cut: {found} times found, {opened} times a true beginning");
    assert!(found > 0 && opened > 0);
}

#[test]
fn every_turned_bit_of_a_block_log_is_found_at_the_start_or_at_the_reading() {
    let kept = kept();
    let segments = kept.disk.list().unwrap();
    let segments: Vec<&String> = segments.iter().filter(|n| n.starts_with("blocks-")).collect();
    assert!(segments.len() >= 3);
    let (mut at_start, mut at_reading, mut cut) = (0u64, 0u64, 0u64);
    for name in segments {
        for bit in (0..8 * size(&kept.disk, name)).step_by(usize::try_from(stride()).unwrap()) {
            let mut rotten = kept.disk.fork();
            assert!(rotten.flip_bit(name, bit));
            let what = format!("{name}, bit {bit}");
            match Storage::open(rotten, options(4)) {
                Err(StorageError::BlockDamaged { segment, offset, height }) => {
                    assert_eq!(segment, *name, "{what}");
                    assert!(offset <= bit / 8 && height <= kept.durable_tip + 1, "{what}");
                    at_start += 1;
                }
                Err(other) => panic!("{what}: {other}"),
                Ok((storage, recovered)) => {
                    let damaged = damaged_blocks(&storage, kept, &what);
                    if recovered.block_log_cut_bytes > 0 {
                        assert_eq!(damaged, 0, "{what}");
                        cut += 1;
                    } else {
                        assert_eq!(damaged, 1, "{what}: nothing was found");
                        at_reading += 1;
                    }
                }
            }
        }
    }
    println!("block log: {at_start} found at the start, {at_reading} at the reading, {cut} cut");
    assert!(at_start > 0 && at_reading > 0 && cut > 0);
}

#[test]
fn every_cut_end_of_a_block_log_below_the_durable_tip_is_found() {
    let kept = kept();
    let segments = kept.disk.list().unwrap();
    let segments: Vec<&String> = segments.iter().filter(|n| n.starts_with("blocks-")).collect();
    let (mut found, mut cut) = (0u64, 0u64);
    for name in segments {
        for length in (0..size(&kept.disk, name)).step_by(usize::try_from(stride()).unwrap()) {
            let mut short = kept.disk.fork();
            short.truncate(name, length).unwrap();
            let what = format!("{name}, {length} bytes");
            match Storage::open(short, options(4)) {
                Err(StorageError::BlockDamaged { offset, height, .. }) => {
                    assert!(offset <= length && height <= kept.durable_tip, "{what}: {height}");
                    found += 1;
                }
                Err(other) => panic!("{what}: {other}"),
                Ok((storage, _)) => {
                    assert_eq!(storage.tip(), Some(kept.durable_tip), "{what}");
                    assert_eq!(damaged_blocks(&storage, kept, &what), 0);
                    cut += 1;
                }
            }
        }
    }
    println!("block log cut: {found} times found, {cut} times only what was not durable");
    assert!(found > 0 && cut > 0);
}

//! The block log: segments, reading, torn tails, repair.
//! Holds: blocks read back are the blocks appended.
//! May not enter: random damage (see `rot`), random crashes (see `crash`).

use super::super::{BlockLog, Disk, DiskOperation, MemoryDisk, StorageError, discard_blocks_from};
use super::{Random, commit, guarded_disk, last_segment, lose_power, open, perform, size};

const HEAD_BYTES: u64 = 45;

fn payload(height: u64) -> Vec<u8> {
    Random(height).bytes(100)
}

fn open_log(
    disk: &MemoryDisk,
    durable_tip: Option<u64>,
) -> Result<BlockLog<MemoryDisk>, StorageError> {
    BlockLog::open(disk.clone(), 1_000, 3, durable_tip)
}

/// A log of the heights from 1 to `tip`, all durable.
fn log_of(tip: u64) -> (MemoryDisk, BlockLog<MemoryDisk>) {
    let disk = MemoryDisk::new();
    let mut log = open_log(&disk, None).unwrap();
    for height in 1..=tip {
        log.append(height, &payload(height)).unwrap();
    }
    log.sync().unwrap();
    (disk, log)
}

fn assert_holds(log: &BlockLog<MemoryDisk>, tip: u64) {
    assert_eq!(log.tip(), (tip > 0).then_some(tip));
    for height in 1..=tip {
        assert_eq!(log.read(height).unwrap(), Some(payload(height)), "height {height}");
    }
    assert_eq!(log.read(tip + 1).unwrap(), None);
    assert_eq!(log.read(0).unwrap(), None);
}

#[test]
fn blocks_are_read_across_segments_and_after_reopening() {
    let (mut disk, log) = log_of(300);
    assert!(disk.list().unwrap().len() > 10);
    assert_holds(&log, 300);
    let total: u64 = disk.list().unwrap().iter().map(|name| size(&disk, name)).sum();
    assert_eq!(log.size_bytes(), total);
    lose_power(&mut disk);
    let mut log = open_log(&disk, Some(300)).unwrap();
    assert_holds(&log, 300);
    for height in 301..=320 {
        log.append(height, &payload(height)).unwrap();
        log.sync().unwrap();
    }
    assert_holds(&log, 320);
    assert_holds(&open_log(&disk, Some(320)).unwrap(), 320);
}

#[test]
fn one_segment_holds_many_blocks_and_finds_each() {
    let disk = MemoryDisk::new();
    let mut log = BlockLog::open(disk.clone(), u64::MAX, 3, None).unwrap();
    for height in 1..=200 {
        log.append(height, &payload(height)).unwrap();
    }
    log.sync().unwrap();
    assert_eq!(disk.list().unwrap(), ["blocks-00000000000000000001.log"]);
    assert_holds(&log, 200);
}

#[test]
fn range_is_bounded_by_bytes_but_never_empty() {
    let (_, log) = log_of(100);
    for from in [1, 17, 99, 100] {
        for max_bytes in [0, 1, 150, 1_000, 100_000u32] {
            let range = log.read_range(from, u64::from(max_bytes)).unwrap();
            for (height, read) in (from..).zip(&range) {
                assert_eq!(read, &payload(height));
            }
            let total: usize = range.iter().map(Vec::len).sum();
            assert!(range.len() == 1 || total <= max_bytes as usize);
            let next = from + range.len() as u64;
            let is_full = total + payload(next).len() > max_bytes as usize;
            assert!(!range.is_empty() && (next == 101 || is_full));
        }
    }
    assert!(log.read_range(101, 1_000).unwrap().is_empty());
    assert!(log.read_range(0, 1_000).unwrap().is_empty());
}

#[test]
fn block_is_readable_only_when_durable() {
    let (_, mut log) = log_of(3);
    log.append(4, &payload(4)).unwrap();
    assert_eq!((log.tip(), log.read(4).unwrap()), (Some(3), None));
    assert_eq!(log.read_range(3, 1_000).unwrap().len(), 1);
    log.sync().unwrap();
    assert_holds(&log, 4);
}

#[test]
fn heights_are_consecutive() {
    let (_, mut log) = log_of(3);
    for height in [0, 3, 5] {
        let refused = log.append(height, b"x");
        assert!(matches!(refused, Err(StorageError::NotNext { expected: 4, .. })));
    }
    log.append(4, &payload(4)).unwrap();
    log.sync().unwrap();
    assert_holds(&log, 4);
}

#[test]
fn log_may_begin_at_a_snapshot() {
    let disk = MemoryDisk::new();
    let mut log = open_log(&disk, None).unwrap();
    assert!(matches!(log.append(0, b"x"), Err(StorageError::NotNext { expected: 1, .. })));
    log.append(500, b"x").unwrap();
    log.append(501, b"y").unwrap();
    log.sync().unwrap();
    drop(log);
    let log = open_log(&disk, Some(501)).unwrap();
    assert_eq!((log.tip(), log.reader().first_height()), (Some(501), Some(500)));
    assert_eq!(log.read(499).unwrap(), None);
    assert_eq!(log.read(501).unwrap(), Some(b"y".to_vec()));
}

#[test]
fn readers_on_other_threads_see_only_whole_blocks() {
    let (_, mut log) = log_of(1);
    let reader = log.reader().clone();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            loop {
                let tip = reader.tip().unwrap();
                let range = reader.read_range(1, u64::MAX).unwrap();
                assert!(range.len() as u64 >= tip);
                for (height, read) in (1..).zip(&range) {
                    assert_eq!(read, &payload(height));
                }
                if tip == 300 {
                    break;
                }
            }
        });
        for height in 2..=300 {
            log.append(height, &payload(height)).unwrap();
            log.sync().unwrap();
        }
    });
}

#[test]
fn torn_tail_is_cut_at_every_byte_of_the_last_block() {
    for tip in 20..40 {
        let (mut disk, mut log) = log_of(tip);
        log.append(tip + 1, &payload(tip + 1)).unwrap();
        let name = last_segment(&disk);
        let end = size(&disk, &name);
        let frame_bytes = 33 + payload(tip + 1).len() as u64;
        let has_rolled = end == HEAD_BYTES + frame_bytes;
        let start = if has_rolled { 0 } else { end - frame_bytes };
        disk.sync(&name).unwrap();
        for cut_at in start..end {
            let mut torn = disk.fork();
            torn.truncate(&name, cut_at).unwrap();
            let mut log = open_log(&torn, Some(tip)).unwrap();
            assert_holds(&log, tip);
            assert_eq!(log.cut_bytes(), cut_at - start);
            log.append(tip + 1, &payload(tip + 1)).unwrap();
            log.sync().unwrap();
            assert_holds(&open_log(&torn, Some(tip + 1)).unwrap(), tip + 1);
        }
    }
}

#[test]
fn damage_at_or_below_the_durable_tip_is_reported_with_its_height() {
    let (disk, _) = log_of(5);
    let name = last_segment(&disk);
    let mut offset = HEAD_BYTES;
    for height in 1..=5 {
        let mut rotten = disk.fork();
        assert!(rotten.flip_bit(&name, 8 * (offset + 5)));
        let error = open_log(&rotten, Some(5)).unwrap_err();
        let StorageError::BlockDamaged { segment, offset: at, height: of } = error else {
            panic!("not damage: {error}");
        };
        assert_eq!((segment, at, of), (name.clone(), offset, height));
        offset += 33 + payload(height).len() as u64;
    }
}

#[test]
fn log_that_ends_before_the_durable_tip_is_damaged() {
    let (disk, _) = log_of(40);
    for tip in [41, 50] {
        let error = open_log(&disk, Some(tip)).unwrap_err();
        assert!(matches!(error, StorageError::BlockDamaged { height: 41, .. }));
    }
    let error = open_log(&MemoryDisk::new(), Some(3)).unwrap_err();
    assert!(matches!(error, StorageError::BlockDamaged { height: 3, .. }));
    let mut missing = disk.fork();
    missing.remove(&last_segment(&disk)).unwrap();
    open_log(&missing, Some(40)).unwrap_err();
    let mut gap = disk.fork();
    let middle = gap.list().unwrap().swap_remove(1);
    gap.remove(&middle).unwrap();
    let error = open_log(&gap, None).unwrap_err();
    assert!(matches!(error, StorageError::BlockDamaged { .. }));
}

#[test]
fn segment_begun_and_torn_proves_that_the_one_before_was_durable() {
    let (mut disk, _) = log_of(40);
    let name = last_segment(&disk);
    let end = size(&disk, &name);
    disk.append("blocks-00000000000000000041.log", b"torn head").unwrap();
    assert_holds(&open_log(&disk.fork(), None).unwrap(), 40);
    assert!(disk.flip_bit(&name, 8 * (end - 1)));
    for _ in 0..2 {
        let error = open_log(&disk, None).unwrap_err();
        assert!(matches!(error, StorageError::BlockDamaged { height: 40, .. }));
    }
}

#[test]
fn rot_in_an_old_payload_is_found_when_it_is_read() {
    let (mut disk, _) = log_of(300);
    let name = disk.list().unwrap().swap_remove(0);
    let past_header = HEAD_BYTES + 33;
    assert!(payload(1).len() > 2);
    assert!(disk.flip_bit(&name, 8 * past_header));
    let log = open_log(&disk, Some(300)).unwrap();
    let error = log.read(1).unwrap_err();
    assert!(matches!(error, StorageError::BlockDamaged { height: 1, .. }));
    assert!(matches!(log.read_range(1, 1_000), Err(StorageError::BlockDamaged { height: 1, .. })));
    assert_eq!(log.read(2).unwrap(), Some(payload(2)));
}

#[test]
fn damage_is_repaired_by_discarding_and_appending_again() {
    let (disk, _) = log_of(300);
    for damaged in [300, 299, 150, 2, 1] {
        let mut disk = disk.fork();
        discard_blocks_from(&mut disk, damaged).unwrap();
        let mut log = open_log(&disk, None).unwrap();
        assert_holds(&log, damaged - 1);
        for height in damaged..=300 {
            log.append(height, &payload(height)).unwrap();
        }
        log.sync().unwrap();
        assert_holds(&open_log(&disk, Some(300)).unwrap(), 300);
    }
}

#[test]
fn storage_does_not_start_until_a_repair_is_complete() {
    let mut disk = guarded_disk();
    let (mut storage, _) = open(&disk);
    for height in 1..=9 {
        perform(&mut storage, [commit(height, &payload(height)), super::entry(height + 1, b"a")]);
        storage.sync().unwrap();
    }
    drop(storage);
    discard_blocks_from(&mut disk, 4).unwrap();
    assert!(matches!(super::open_error(&disk), StorageError::BlockDamaged { height: 4, .. }));
    let mut log = open_log(&disk, None).unwrap();
    for height in 4..=9 {
        log.append(height, &payload(height)).unwrap();
    }
    log.sync().unwrap();
    assert_eq!(open(&disk).1.tip, Some(9));
}

#[test]
fn failed_sync_of_the_log_alone_is_final() {
    let (mut disk, mut log) = log_of(3);
    log.append(4, b"x").unwrap();
    disk.fail_next(DiskOperation::Sync);
    assert!(matches!(log.sync(), Err(StorageError::Disk(_))));
    assert!(matches!(log.sync(), Err(StorageError::Poisoned)));
    assert!(matches!(log.append(5, b"y"), Err(StorageError::Poisoned)));
    assert_eq!((log.tip(), log.read(4).unwrap()), (Some(3), None));
}

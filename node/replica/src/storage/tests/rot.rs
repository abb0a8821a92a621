//! Every single bit flipped, in small logs; and bytes chosen to deceive recovery.
//! Holds: rot among durable bytes is found; no wrong content is ever returned.
//! May not enter: crashes (see `crash`).

use super::super::frame::{BLOCK_MAGIC, Label, Seal, WAL_MAGIC};
use super::super::{BlockLog, Disk, MemoryDisk, Recovered, Step, Storage, StorageError};
use super::{
    WAL, body, commit, entry, guarded_disk, last_segment, mark, open, perform, signed, size,
    small_options,
};

/// A log of some KiB, and how many of its bytes its own frames say were synced.
fn small_wal() -> (MemoryDisk, u64) {
    let disk = guarded_disk();
    let (mut storage, _) = open(&disk);
    for round in 0..6 {
        perform(&mut storage, [entry(1, &[3; 50]), mark(1, round, Step::Proposal, 1)]);
        perform(&mut storage, [body(1, u8::try_from(round).unwrap(), &[4; 80])]);
        storage.sync().unwrap();
    }
    let synced = size(&disk, WAL);
    perform(&mut storage, [mark(1, 6, Step::Prevote, 2), entry(2, b"unsynced"), entry(2, b"too")]);
    (disk, synced)
}

fn is_part_of(part: &Recovered, whole: &Recovered) -> bool {
    let (part_guard, whole_guard) = (part.guard.as_ref().unwrap(), whole.guard.as_ref().unwrap());
    whole.entries.starts_with(&part.entries)
        && whole.bodies.starts_with(&part.bodies)
        && part_guard.public_key() == whole_guard.public_key()
        && part_guard.marks().all(|mark| whole_guard.mark(mark.position()) == Some(mark))
}

#[test]
fn every_flipped_bit_of_a_write_ahead_log_is_found_or_cut() {
    let (disk, synced) = small_wal();
    let whole = open(&disk.fork()).1;
    let end = size(&disk, WAL);
    assert!(synced > 2_000 && end > synced);
    let mut cuts = 0;
    for bit in 0..8 * end {
        let mut rotten = disk.fork();
        assert!(rotten.flip_bit(WAL, bit));
        match Storage::open(rotten, small_options(9)) {
            Err(StorageError::WalDamaged { file, offset }) => {
                assert_eq!(file, WAL);
                assert!(offset <= bit / 8 && bit / 8 < synced, "bit {bit}");
            }
            Err(other) => panic!("bit {bit}: {other}"),
            Ok((_, recovered)) => {
                assert!(bit / 8 >= synced, "bit {bit} was accepted");
                assert!(recovered.wal_cut_bytes > 0 && is_part_of(&recovered, &whole));
                cuts += 1;
            }
        }
    }
    assert_eq!(cuts, 8 * (end - synced));
}

#[test]
fn every_flipped_bit_of_a_rewritten_log_is_found() {
    let (disk, _) = small_wal();
    drop(open(&disk));
    for bit in 0..8 * size(&disk, WAL) {
        let mut rotten = disk.fork();
        assert!(rotten.flip_bit(WAL, bit));
        let error = super::open_error(&rotten);
        assert!(matches!(error, StorageError::WalDamaged { .. }), "bit {bit}: {error}");
    }
}

#[test]
fn every_lost_byte_of_a_rewritten_log_is_found() {
    let (disk, _) = small_wal();
    drop(open(&disk));
    for length in 0..size(&disk, WAL) {
        let mut short = disk.fork();
        short.truncate(WAL, length).unwrap();
        assert!(matches!(super::open_error(&short), StorageError::WalDamaged { .. }));
    }
}

fn payload(height: u64) -> Vec<u8> {
    vec![height.to_le_bytes()[0]; 40]
}

/// Three segments; heights to 12 synced, 13 and 14 not.
fn small_block_log() -> MemoryDisk {
    let disk = MemoryDisk::new();
    let mut log = BlockLog::open(disk.clone(), 400, 5, None).unwrap();
    for height in 1..=12 {
        log.append(height, &payload(height)).unwrap();
        log.sync().unwrap();
    }
    for height in 13..=14 {
        log.append(height, &payload(height)).unwrap();
    }
    assert_eq!(disk.list().unwrap().len(), 3);
    disk
}

/// What each height at or below `tip` reads as: the right bytes, or an error that names it.
fn assert_right_or_damaged(log: &BlockLog<MemoryDisk>, tip: u64) -> u64 {
    let mut damaged = 0;
    for height in 1..=tip {
        match log.read(height) {
            Ok(read) => assert_eq!(read, Some(payload(height))),
            Err(StorageError::BlockDamaged { height: named, .. }) => {
                assert_eq!(named, height);
                damaged += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    damaged
}

#[test]
fn every_flipped_bit_of_a_block_log_is_found_or_cut() {
    let disk = small_block_log();
    for name in disk.list().unwrap() {
        for bit in 0..8 * size(&disk, &name) {
            let mut rotten = disk.fork();
            assert!(rotten.flip_bit(&name, bit));
            match BlockLog::open(rotten, 400, 6, Some(11)) {
                Err(StorageError::BlockDamaged { segment, offset, height }) => {
                    assert_eq!(segment, name);
                    assert!(offset <= bit / 8 && height <= 12);
                }
                Err(other) => panic!("{name}, bit {bit}: {other}"),
                Ok(log) if log.cut_bytes() > 0 => {
                    // Height 12 was synced, and both frames after it say so.
                    assert!(log.tip() == Some(12) || log.tip() == Some(13));
                    assert_eq!(assert_right_or_damaged(&log, log.tip().unwrap()), 0);
                }
                // A payload in an earlier segment: found when it is read.
                Ok(log) => assert_eq!(assert_right_or_damaged(&log, 14), 1),
            }
        }
    }
}

#[test]
fn block_synced_before_the_frames_after_it_is_not_cut_even_without_a_tip() {
    let mut disk = small_block_log();
    let name = last_segment(&disk);
    let first_payload = 45 + 33;
    assert!(disk.flip_bit(&name, 8 * first_payload));
    let error = BlockLog::open(disk, 400, 6, None).unwrap_err();
    assert!(matches!(error, StorageError::BlockDamaged { height: 11, .. }));
}

/// `payload` bytes hidden at `start` of a file: frames, at every place, that promise everything.
fn deceptive_frames(seal: Seal, start: u64, count: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..count {
        let label = Label { kind: 3, height: 1, durable: u64::MAX };
        bytes.extend(seal.frame(start + bytes.len() as u64, label, b"").unwrap());
    }
    bytes
}

fn salt_of(disk: &MemoryDisk, file: &str) -> u64 {
    u64::from_le_bytes(disk.read(file, 37, 8).unwrap().try_into().unwrap())
}

#[test]
fn frames_hidden_in_a_torn_body_do_not_make_it_look_like_damage() {
    let disk = guarded_disk();
    let (mut storage, _) = open(&disk);
    let before = size(&disk, WAL);
    let start = before + 33 + 32;
    let salt = salt_of(&disk, WAL);
    let knowing = deceptive_frames(Seal { magic: WAL_MAGIC, salt }, start, 20);
    let guessing = deceptive_frames(Seal { magic: WAL_MAGIC, salt: salt ^ 1 }, start, 20);
    let knowing_disk = disk.fork();
    let (mut other, _) = (Storage::open(knowing_disk.fork(), small_options(1))).unwrap();
    perform(&mut other, [entry(1, b"unused")]);

    perform(&mut storage, [body(1, 3, &guessing)]);
    let mut torn = disk.fork();
    torn.truncate(WAL, size(&disk, WAL) - 1).unwrap();
    let (_, recovered) = open(&torn);
    assert!(recovered.bodies.is_empty() && recovered.wal_cut_bytes > 600);

    // Who knew the salt could do it: the test above would notice.
    let mut torn = knowing_disk;
    torn.append(WAL, &[1; 65]).unwrap();
    torn.append(WAL, &knowing).unwrap();
    assert!(
        matches!(super::open_error(&torn), StorageError::WalDamaged { offset, .. } if offset == before)
    );
}

#[test]
fn frames_hidden_in_a_torn_block_do_not_make_it_look_like_damage() {
    let disk = guarded_disk();
    let (mut storage, _) = open(&disk);
    perform(&mut storage, [commit(1, b"block 1")]);
    storage.sync().unwrap();
    let name = last_segment(&disk);
    let seal = Seal { magic: BLOCK_MAGIC, salt: salt_of(&disk, &name) ^ 1 };
    let hidden = deceptive_frames(seal, size(&disk, &name) + 33, 20);
    perform(&mut storage, [commit(2, &hidden)]);
    let mut torn = disk.fork();
    torn.truncate(&name, size(&disk, &name) - 1).unwrap();
    assert_eq!(open(&torn).1.tip, Some(1));
    storage.sync().unwrap();
    assert_eq!(open(&disk).1.tip, Some(2));
}

#[test]
fn log_with_contradicting_marks_is_refused() {
    let disk = guarded_disk();
    let (mut storage, _) = open(&disk);
    perform(&mut storage, [mark(1, 0, Step::Prevote, 1)]);
    storage.sync().unwrap();
    let seal = Seal { magic: WAL_MAGIC, salt: salt_of(&disk, WAL) };
    let label = Label { kind: 2, height: 1, durable: 0 };
    let second = comity_core::encoding::encode(&signed(1, 0, Step::Prevote, 2));
    let frame = seal.frame(size(&disk, WAL), label, &second).unwrap();
    disk.clone().append(WAL, &frame).unwrap();
    assert!(matches!(super::open_error(&disk), StorageError::Guard(_)));
}

//! The write-ahead log and the sign guard.
//! Holds: the guard refuses a second value, across restarts and rewrites.
//! May not enter: random damage (see `rot`), random crashes (see `crash`).

use comity_core::encoding::encode;

use super::super::frame::{Label, Seal, WAL_MAGIC};
use super::super::{
    Disk, DiskOperation, GuardConflict, MAX_PAYLOAD_BYTES, MemoryDisk, Step, Storage, StorageError,
    StorageOp, StorageOptions,
};
use super::*;

fn conflict(result: Result<(), StorageError>) -> GuardConflict {
    match result.unwrap_err() {
        StorageError::Guard(conflict) => conflict,
        other => panic!("not a conflict: {other}"),
    }
}

#[test]
fn node_that_never_ran_opens_empty_and_has_no_guard() {
    let disk = MemoryDisk::new();
    let (storage, recovered) = open(&disk);
    assert_eq!((recovered.guard, recovered.tip), (None, None));
    assert!(recovered.entries.is_empty() && recovered.bodies.is_empty());
    assert!(storage.guard().is_none());
    assert!(disk.list().unwrap().is_empty());
}

#[test]
fn fresh_guard_is_not_a_missing_one() {
    let (_, recovered) = open(&guarded_disk());
    let guard = recovered.guard.unwrap();
    assert_eq!(guard.public_key(), &KEY);
    assert_eq!((guard.last(), guard.vote_from()), (None, 0));
}

#[test]
fn guard_is_created_once_and_durably() {
    let mut disk = guarded_disk();
    lose_power(&mut disk);
    let again = Storage::create_guard(&mut disk, [8; 32], 1);
    assert!(matches!(again, Err(StorageError::GuardExists)));
    assert_eq!(open(&disk).1.guard.unwrap().public_key(), &KEY);
}

#[test]
fn without_a_guard_nothing_is_signed() {
    let (mut storage, _) = open(&MemoryDisk::new());
    let refused = conflict(storage.perform(mark(1, 0, Step::Prevote, 1)));
    assert!(matches!(refused, GuardConflict::Missing { .. }));
    perform(&mut storage, [entry(1, b"still works")]);
}

#[test]
fn what_was_synced_is_recovered_in_order() {
    let mut disk = guarded_disk();
    let (mut storage, _) = open(&disk);
    let ops = [
        entry(1, b"a"),
        mark(1, 0, Step::Proposal, 1),
        body(1, 3, b"block"),
        entry(2, b""),
        entry(1, b"c"),
        mark(1, 0, Step::Prevote, 2),
    ];
    perform(&mut storage, ops);
    storage.sync().unwrap();
    lose_power(&mut disk);
    let (storage, recovered) = open(&disk);
    let entries: Vec<_> =
        recovered.entries.iter().map(|entry| (entry.height, entry.bytes.as_slice())).collect();
    assert_eq!(entries, [(1, b"a".as_slice()), (2, b""), (1, b"c")]);
    let [body] = recovered.bodies.as_slice() else { panic!("one body") };
    assert_eq!((body.height, body.header_hash, body.bytes.as_slice()), (1, hash(3), &b"block"[..]));
    assert_eq!(storage.mark(1, 0, Step::Proposal), Some(&signed(1, 0, Step::Proposal, 1)));
    assert_eq!(storage.mark(1, 0, Step::Precommit), None);
    assert_eq!(recovered.guard.unwrap().last(), Some(&signed(1, 0, Step::Prevote, 2)));
}

#[test]
fn second_value_for_one_place_is_refused_and_not_written() {
    let mut disk = guarded_disk();
    let (mut storage, _) = open(&disk);
    perform(&mut storage, [mark(5, 1, Step::Prevote, 1)]);
    let before = size(&disk, WAL);
    let refused = conflict(storage.perform(mark(5, 1, Step::Prevote, 2)));
    assert!(matches!(refused, GuardConflict::Contradicts { .. }));
    let other_signature = SignedMark { signature: [9; 64], ..signed(5, 1, Step::Prevote, 1) };
    let refused = conflict(storage.perform(StorageOp::SignedMark(other_signature)));
    assert!(matches!(refused, GuardConflict::Contradicts { .. }));
    assert_eq!(size(&disk, WAL), before);

    storage.sync().unwrap();
    lose_power(&mut disk);
    let (mut storage, _) = open(&disk);
    let refused = conflict(storage.perform(mark(5, 1, Step::Prevote, 2)));
    assert!(matches!(refused, GuardConflict::Contradicts { .. }));
}

#[test]
fn going_backwards_is_refused_in_height_round_and_step() {
    let (mut storage, _) = open(&guarded_disk());
    perform(&mut storage, [mark(5, 1, Step::Prevote, 1)]);
    for (height, round, step) in
        [(4, 9, Step::Precommit), (5, 0, Step::Precommit), (5, 1, Step::Proposal)]
    {
        let refused = conflict(storage.perform(mark(height, round, step, 1)));
        assert!(matches!(refused, GuardConflict::Backwards { .. }));
    }
    let forward = [
        mark(5, 1, Step::Precommit, 1),
        mark(5, 2, Step::Proposal, 1),
        mark(6, 0, Step::Proposal, 1),
    ];
    perform(&mut storage, forward);
}

#[test]
fn identical_mark_is_accepted_and_not_written_again() {
    let disk = guarded_disk();
    let (mut storage, _) = open(&disk);
    perform(&mut storage, [mark(1, 0, Step::Prevote, 1), mark(1, 0, Step::Precommit, 2)]);
    let before = size(&disk, WAL);
    perform(&mut storage, [mark(1, 0, Step::Prevote, 1), mark(1, 0, Step::Precommit, 2)]);
    assert_eq!(size(&disk, WAL), before);
}

#[test]
fn body_is_written_once() {
    let disk = guarded_disk();
    let (mut storage, _) = open(&disk);
    perform(&mut storage, [body(1, 3, b"block")]);
    let before = size(&disk, WAL);
    perform(&mut storage, [body(1, 3, b"block")]);
    assert_eq!(size(&disk, WAL), before);
    drop(storage);
    let (mut storage, recovered) = open(&disk);
    let before = size(&disk, WAL);
    perform(&mut storage, [body(1, 3, b"block")]);
    assert_eq!((size(&disk, WAL), recovered.bodies.len()), (before, 1));
}

#[test]
fn committed_height_leaves_only_its_newest_mark() {
    let mut disk = guarded_disk();
    let (mut storage, _) = open(&disk);
    let ops = [
        entry(1, b"a"),
        body(1, 3, b"block"),
        mark(1, 0, Step::Prevote, 1),
        mark(1, 0, Step::Precommit, 2),
        commit(1, b"block 1"),
        entry(2, b"early"),
    ];
    perform(&mut storage, ops);
    storage.sync().unwrap();
    perform(&mut storage, [entry(1, b"late")]);
    storage.sync().unwrap();
    lose_power(&mut disk);
    let (storage, recovered) = open(&disk);
    assert_eq!((recovered.tip, recovered.bodies.len()), (Some(1), 0));
    let [early] = recovered.entries.as_slice() else { panic!("one entry") };
    assert_eq!((early.height, early.bytes.as_slice()), (2, b"early".as_slice()));
    assert_eq!(storage.mark(1, 0, Step::Prevote), None);
    assert_eq!(storage.guard().unwrap().last(), Some(&signed(1, 0, Step::Precommit, 2)));
}

#[test]
fn rewrite_bounds_the_log_and_keeps_the_guard_and_undecided_heights() {
    let mut disk = guarded_disk();
    let (mut storage, _) = Storage::open(disk.clone(), small_options(3)).unwrap();
    perform(&mut storage, [entry(1_000, b"far ahead"), body(1_000, 9, b"far body")]);
    for height in 1..=200 {
        let ops = [
            entry(height, &[5; 100]),
            mark(height, 0, Step::Prevote, 1),
            mark(height, 0, Step::Precommit, 2),
            commit(height, b"block"),
        ];
        perform(&mut storage, ops);
        storage.sync().unwrap();
        assert!(storage.wal_size_bytes() < 3_000);
    }
    assert_eq!(storage.wal_size_bytes(), size(&disk, WAL));
    lose_power(&mut disk);
    let (mut storage, recovered) = Storage::open(disk.clone(), small_options(4)).unwrap();
    assert_eq!(recovered.tip, Some(200));
    assert_eq!(recovered.entries.len(), 1);
    assert_eq!(recovered.entries[0].bytes, b"far ahead");
    assert_eq!(recovered.bodies[0].bytes, b"far body");
    let guard = recovered.guard.unwrap();
    assert_eq!(guard.public_key(), &KEY);
    assert_eq!(guard.last(), Some(&signed(200, 0, Step::Precommit, 2)));
    let refused = conflict(storage.perform(mark(200, 0, Step::Precommit, 3)));
    assert!(matches!(refused, GuardConflict::Contradicts { .. }));
}

#[test]
fn guard_adopted_after_a_loss_is_silent_below_its_height_for_good() {
    let mut disk = MemoryDisk::new();
    let (mut storage, _) = open(&disk);
    storage.adopt_guard(KEY, 13).unwrap();
    lose_power(&mut disk);
    for _ in 0..2 {
        let (mut storage, recovered) = open(&disk);
        assert_eq!(recovered.guard.unwrap().vote_from(), 13);
        let refused = conflict(storage.perform(mark(12, 0, Step::Prevote, 1)));
        assert!(matches!(refused, GuardConflict::TooEarly { vote_from: 13, .. }));
    }
    let (mut storage, _) = open(&disk);
    perform(&mut storage, [mark(13, 0, Step::Prevote, 1)]);
    storage.sync().unwrap();
    // Adopted again, lower: what it has signed and how far it was silent both stay.
    storage.adopt_guard(KEY, 5).unwrap();
    let (storage, recovered) = open(&disk);
    assert_eq!(recovered.guard.unwrap().vote_from(), 13);
    assert_eq!(storage.mark(13, 0, Step::Prevote), Some(&signed(13, 0, Step::Prevote, 1)));
}

#[test]
fn guard_of_a_new_key_forgets_the_old_key() {
    let disk = guarded_disk();
    let (mut storage, _) = open(&disk);
    perform(&mut storage, [mark(9, 0, Step::Prevote, 1)]);
    storage.adopt_guard([8; 32], 10).unwrap();
    let guard = open(&disk).1.guard.unwrap();
    assert_eq!((guard.public_key(), guard.last()), (&[8; 32], None));
}

#[test]
fn one_sync_call_syncs_each_log_at_most_once() {
    let disk = guarded_disk();
    let (mut storage, _) = open(&disk);
    let start = storage.fsyncs();
    let expect = |storage: &mut Storage<MemoryDisk>, wal, block_log| {
        let (before, syncs) = (storage.fsyncs(), disk.syncs());
        storage.sync().unwrap();
        let after = storage.fsyncs();
        assert_eq!((after.wal - before.wal, after.block_log - before.block_log), (wal, block_log));
        assert_eq!(disk.syncs() - syncs, wal + block_log);
    };
    expect(&mut storage, 0, 0);
    perform(&mut storage, [entry(1, b"a"), mark(1, 0, Step::Prevote, 1), body(1, 1, b"b")]);
    expect(&mut storage, 1, 0);
    perform(&mut storage, [commit(1, b"block 1"), commit(2, b"block 2")]);
    expect(&mut storage, 0, 1);
    perform(&mut storage, [commit(3, b"block 3"), entry(4, b"c")]);
    expect(&mut storage, 1, 1);
    expect(&mut storage, 0, 0);
    assert_eq!(storage.fsyncs().wal - start.wal, 2);
}

#[test]
fn observer_names_its_tip_now_and_then() {
    let mut disk = MemoryDisk::new();
    let (mut storage, _) = open(&disk);
    for height in 1..=100 {
        perform(&mut storage, [commit(height, b"block")]);
        storage.sync().unwrap();
    }
    assert!(storage.fsyncs().wal <= 2);
    lose_power(&mut disk);
    let (_, recovered) = open(&disk);
    assert_eq!((recovered.guard, recovered.tip), (None, Some(100)));
    assert_eq!(recovered.durable_tip, Some((64, hash(1))));
}

#[test]
fn failed_sync_is_never_retried() {
    for in_block_log in [0, 1] {
        let mut disk = guarded_disk();
        let (mut storage, _) = open(&disk);
        perform(&mut storage, [entry(1, b"a"), commit(1, b"block 1")]);
        storage.sync().unwrap();
        perform(&mut storage, [entry(2, b"a")]);
        perform(&mut storage, (0..in_block_log).map(|_| commit(2, b"block 2")));
        disk.fail_next(DiskOperation::Sync);
        let syncs = disk.syncs();
        assert!(matches!(storage.sync(), Err(StorageError::Disk(_))));
        assert!(matches!(storage.sync(), Err(StorageError::Poisoned)));
        assert!(matches!(storage.perform(entry(2, b"b")), Err(StorageError::Poisoned)));
        assert!(matches!(storage.adopt_guard(KEY, 1), Err(StorageError::Poisoned)));
        assert_eq!(disk.syncs(), syncs);
    }
}

#[test]
fn failed_append_ends_storage_and_loses_nothing_synced() {
    let disk = guarded_disk();
    let (mut storage, _) = open(&disk);
    perform(&mut storage, [entry(1, b"a")]);
    storage.sync().unwrap();
    disk.clone().fail_next(DiskOperation::Append);
    assert!(matches!(storage.perform(entry(1, b"b")), Err(StorageError::Disk(_))));
    assert!(matches!(storage.sync(), Err(StorageError::Poisoned)));
    assert_eq!(open(&disk).1.entries.len(), 1);
}

#[test]
fn oversized_payload_is_refused_and_storage_goes_on() {
    let disk = guarded_disk();
    let (mut storage, _) = open(&disk);
    let large = vec![1; MAX_PAYLOAD_BYTES as usize + 1];
    for op in [entry(1, &large), commit(1, &large), body(1, 1, &large[..large.len() - 1])] {
        assert!(matches!(storage.perform(op), Err(StorageError::Oversized { .. })));
    }
    perform(&mut storage, [entry(1, &large[1..]), body(1, 1, b"fits"), commit(1, b"fits")]);
    storage.sync().unwrap();
    assert_eq!(open(&disk).1.tip, Some(1));
}

#[test]
fn unsynced_bytes_of_a_killed_process_are_durable_after_opening() {
    let mut disk = guarded_disk();
    let (mut storage, _) = open(&disk);
    perform(&mut storage, [mark(1, 0, Step::Prevote, 1), entry(1, b"a"), commit(1, b"block")]);
    drop(storage);
    let (_, first) = open(&disk);
    assert!(first.guard.as_ref().unwrap().last().is_some());
    lose_power(&mut disk);
    let (_, second) = open(&disk);
    assert_eq!((first.guard, first.tip), (second.guard, second.tip));
}

#[test]
fn tail_torn_at_any_byte_of_any_frame_is_cut() {
    let disk = guarded_disk();
    let (mut storage, _) = open(&disk);
    perform(&mut storage, [entry(1, b"first"), mark(1, 0, Step::Proposal, 1)]);
    storage.sync().unwrap();
    let before = size(&disk, WAL);
    let last_ops = [entry(1, b"last"), mark(1, 0, Step::Prevote, 2), body(1, 3, b"block")];
    for last in last_ops {
        let disk = disk.fork();
        let whole = with_last_op(&disk, last);
        let end = size(&whole, WAL);
        for cut_at in before..end {
            let mut torn = whole.fork();
            torn.truncate(WAL, cut_at).unwrap();
            let (storage, recovered) = open(&torn);
            assert_eq!(recovered.wal_cut_bytes, cut_at - before);
            assert_eq!((recovered.entries.len(), recovered.bodies.len()), (1, 0));
            assert_eq!(storage.mark(1, 0, Step::Prevote), None);
            assert!(storage.mark(1, 0, Step::Proposal).is_some());
            assert_eq!(open(&torn).1.wal_cut_bytes, 0);
        }
    }
}

/// The disk with one more frame at the end of its log, byte for byte where `open` found it.
fn with_last_op(disk: &MemoryDisk, last: StorageOp) -> MemoryDisk {
    let mut head = disk.read(WAL, 0, 45).unwrap();
    let salt = u64::from_le_bytes(head.split_off(37).try_into().unwrap());
    let (kind, payload) = match last {
        StorageOp::Entry { bytes, .. } => (3, bytes),
        StorageOp::Body { header_hash, bytes, .. } => (4, [&header_hash.0, &bytes[..]].concat()),
        StorageOp::SignedMark(mark) => (2, encode(&mark)),
        StorageOp::AdoptGuard { .. } | StorageOp::Commit { .. } => panic!("no frame of its own"),
    };
    let offset = size(disk, WAL);
    let label = Label { kind, height: 1, durable: offset };
    let frame = Seal { magic: WAL_MAGIC, salt }.frame(offset, label, &payload).unwrap();
    let mut disk = disk.clone();
    disk.append(WAL, &frame).unwrap();
    disk
}

#[test]
fn interrupted_rewrite_is_ignored() {
    let mut disk = guarded_disk();
    disk.append("wal.new", b"half a rewrite").unwrap();
    disk.sync("wal.new").unwrap();
    assert!(open(&disk).1.guard.is_some());
    assert_eq!(disk.list().unwrap(), [WAL]);
}

#[test]
fn file_of_a_later_program_is_refused_with_its_version() {
    let mut disk = MemoryDisk::new();
    let payload = [2u32.to_le_bytes().as_slice(), &[0; 8]].concat();
    let label = Label { kind: 0, height: 0, durable: 45 };
    let head = Seal { magic: WAL_MAGIC, salt: 0 }.frame(0, label, &payload).unwrap();
    disk.append(WAL, &head).unwrap();
    assert!(matches!(open_error(&disk), StorageError::UnknownVersion { version: 2, .. }));
}

#[test]
fn bytes_are_as_documented() {
    let seal = Seal { magic: WAL_MAGIC, salt: 0x0102_0304_0506_0708 };
    assert_eq!(
        seal.head(0, 45)[..29],
        [
            [b'C', b'm', b'W', b'L', 0].as_slice(),
            &[0; 8],
            &[45, 0, 0, 0, 0, 0, 0, 0],
            &[12, 0, 0, 0],
            &crc32c::crc32c(&[1, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1]).to_le_bytes(),
        ]
        .concat()
    );
    let label = Label { kind: 3, height: 9, durable: 45 };
    let frame = seal.frame(45, label, b"payload").unwrap();
    let salt_and_offset = [8, 7, 6, 5, 4, 3, 2, 1, 45, 0, 0, 0, 0, 0, 0, 0];
    let check = crc32c::crc32c(&[&salt_and_offset, &frame[..29]].concat());
    assert_eq!(frame[29..33], check.to_le_bytes());
    assert_eq!(&frame[33..], b"payload");
    assert_eq!(encode(&signed(1, 2, Step::Precommit, 3)).len(), 8 + 4 + 4 + 32 + 64);
    assert_eq!(StorageOptions::new(5).salt, 5);
}

//! What a node reads on its own disk when it starts.
//! Source: docs/formats.md, "Frames".
//!
//! The first byte of an input chooses: even, the rest is a file as it stands; odd, the rest is frames
//! (kind, height, durable: one byte each; length: two, little-endian; payload), to which the target
//! gives right checks, so that what is behind the checks is reached too.

use comity_replica::io::{Input, Now};
use comity_replica::replica::{Boot, Replica};
use comity_replica::storage::{
    BlockLog, Disk, MemoryDisk, Recovered, Storage, StorageError, StorageOptions,
};

use crate::lab::{Lab, config, lab};

const WAL_MAGIC: [u8; 4] = *b"CmWL";
const BLOCK_MAGIC: [u8; 4] = *b"CmBL";
const WAL_FILE: &str = "wal";
const FIRST_SEGMENT: &str = "blocks-00000000000000000001.log";
/// The salt of a file that the target seals.
const SALT: u64 = 0x5EA1;
const HEADER_BYTES: usize = 33;

/// A file of frames with right checks, from the kind, height, durable and payload of each.
pub fn sealed(magic: [u8; 4], head_height: u64, frames: &[(u8, u64, u64, Vec<u8>)]) -> Vec<u8> {
    let head = [&1u32.to_le_bytes()[..], &SALT.to_le_bytes()].concat();
    let mut file = Vec::new();
    // The head of a file: its frame with version and salt.
    let base = 45;
    push_frame(&mut file, magic, 0, (0, head_height, base, &head));
    for (kind, height, durable, payload) in frames {
        push_frame(&mut file, magic, SALT, (*kind, *height, *durable, payload));
    }
    file
}

fn push_frame(
    file: &mut Vec<u8>,
    magic: [u8; 4],
    salt: u64,
    (kind, height, durable, payload): (u8, u64, u64, &[u8]),
) {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let mut fields = magic.to_vec();
    fields.push(kind);
    fields.extend(height.to_le_bytes());
    fields.extend(durable.to_le_bytes());
    fields.extend(length.to_le_bytes());
    fields.extend(crc32c::crc32c(payload).to_le_bytes());
    let check = crc32c::crc32c(&salt.to_le_bytes());
    let check = crc32c::crc32c_append(check, &(file.len() as u64).to_le_bytes());
    let check = crc32c::crc32c_append(check, &fields);
    file.extend(fields);
    file.extend(check.to_le_bytes());
    file.extend(payload);
}

/// The file that an input means.
fn file_of(data: &[u8], magic: [u8; 4], head_height: u64) -> Vec<u8> {
    let Some((mode, mut rest)) = data.split_first() else { return Vec::new() };
    if mode % 2 == 0 {
        return rest.to_vec();
    }
    let mut frames = Vec::new();
    while let Some((head, after)) = rest.split_first_chunk::<5>() {
        let [kind, height, durable, length @ ..] = *head;
        let length = usize::from(u16::from_le_bytes(length)).min(after.len());
        let (payload, after) = after.split_at(length);
        frames.push((kind, height.into(), durable.into(), payload.to_vec()));
        rest = after;
    }
    sealed(magic, head_height, &frames)
}

/// The frames of a file as an input with right checks; those of what is no file of frames are none.
pub(crate) fn unsealed(file: &[u8]) -> Vec<u8> {
    let (mut input, mut at) = (vec![1], 45);
    while let Some(header) = file.get(at..at + HEADER_BYTES) {
        let (kind, height) = (header[4], header[5]);
        let length = [header[21], header[22]];
        let end = at + HEADER_BYTES + usize::from(u16::from_le_bytes(length));
        let Some(payload) = file.get(at + HEADER_BYTES..end) else { break };
        input.extend([kind, height, 0]);
        input.extend(length);
        input.extend(payload);
        at = end;
    }
    input
}

fn disk_with(files: &[(&str, &[u8])]) -> MemoryDisk {
    let mut disk = MemoryDisk::new();
    for (name, bytes) in files {
        disk.append(name, bytes).expect("a disk in memory takes bytes");
        disk.sync(name).expect("a disk in memory syncs");
    }
    disk
}

/// A write-ahead log beside the block log of the lab: storage opens with what is in it, the same at the
/// next opening, and a replica starts on it; or storage says where it is wrong.
pub fn wal(data: &[u8]) {
    let Lab { segments, at_tip, members, .. } = lab();
    let file = file_of(data, WAL_MAGIC, 0);
    let mut files: Vec<(&str, &[u8])> =
        segments.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    files.push((WAL_FILE, &file));
    let disk = disk_with(&files);
    let (storage, recovered) = match Storage::open(disk.clone(), StorageOptions::new(3)) {
        Ok(opened) => opened,
        Err(error) => return located(&error),
    };
    let found = recovered.entries.iter().map(|entry| entry.bytes.len());
    let found = found.chain(recovered.bodies.iter().map(|body| body.bytes.len()));
    assert!(found.sum::<usize>() <= file.len(), "more is found than was there");
    let chain = lab().blocks.len() as u64;
    assert_eq!(recovered.tip, Some(chain), "the block log is whole");
    assert!(recovered.durable_tip.is_none_or(|(height, _)| height <= chain));
    drop(storage);
    let (_, again) = Storage::open(disk, StorageOptions::new(4)).expect("it opened once");
    assert_eq!(again.wal_cut_bytes, 0, "it was cut once");
    let settled = |recovered: &Recovered| {
        let Recovered { guard, tip, entries, bodies, .. } = recovered.clone();
        (guard, tip, entries, bodies)
    };
    assert_eq!(settled(&again), settled(&recovered), "it says something else the second time");
    let (ledger, certificate) = at_tip.clone();
    let boot = Boot { ledger, certificate, recovered };
    if let Ok(mut replica) = Replica::new(config(&members[0]), boot) {
        let wall = replica.status().time;
        replica.step(Now { mono_ms: 0, wall }, Input::Start);
        replica.step(Now { mono_ms: 0, wall }, Input::Drained);
    }
}

/// A segment of a block log: every height up to the tip reads as bytes of the file, or is said to be
/// damaged; nothing is cut twice.
pub fn block_log(data: &[u8]) {
    let file = file_of(data, BLOCK_MAGIC, 1);
    let disk = disk_with(&[(FIRST_SEGMENT, &file)]);
    let log = match BlockLog::open(disk.clone(), 1 << 20, 7, None) {
        Ok(log) => log,
        Err(error) => return located(&error),
    };
    let tip = log.tip().unwrap_or(0);
    assert!(tip * HEADER_BYTES as u64 <= file.len() as u64, "more blocks than fit");
    assert!(log.cut_bytes() <= file.len() as u64);
    let mut read = 0;
    for height in 1..=tip {
        let payload = log.read(height).expect("the last segment is checked when it is opened");
        read += payload.expect("it is not above the tip").len();
    }
    assert!(read <= file.len(), "more is read than was there");
    let kept = disk.size(FIRST_SEGMENT).expect("a disk in memory").unwrap_or(0);
    assert!(kept <= file.len() as u64);
    if kept > 0 {
        let left = disk.read(FIRST_SEGMENT, 0, usize::MAX).expect("it is there");
        assert!(file.starts_with(&left), "opening changes what stays");
    }
    let again = BlockLog::open(disk, 1 << 20, 8, None).expect("it opened once");
    assert_eq!((again.tip(), again.cut_bytes()), (log.tip(), 0), "it is cut twice");
}

/// An error of opening names what is wrong and where; a disk in memory never fails by itself.
fn located(error: &StorageError) {
    match error {
        StorageError::WalDamaged { .. }
        | StorageError::BlockDamaged { .. }
        | StorageError::UnknownVersion { .. }
        | StorageError::UnexpectedFrame { .. }
        | StorageError::Malformed { .. }
        | StorageError::Guard(_) => assert!(!error.to_string().is_empty()),
        other => panic!("this is not what was wrong: {other:?}"),
    }
}

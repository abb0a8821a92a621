//! Block logs read from their files, after docs/formats.md and by no code of the node's.
//! Holds: every frame's place and checks are right, and every block follows the one before it.
//! Source: docs/formats.md, "Frames" and "Block log".

use std::fs;
use std::path::{Path, PathBuf};

use comity_core::block::CommittedBlock;
use comity_core::hash::{ConsortiumId, HeaderHash};
use comity_core::statement::VerifiedRecord;

/// Bytes of a frame before its payload.
const HEAD_BYTES: usize = 33;
const MAGIC: &[u8; 4] = b"CmBL";
/// A frame that holds a block.
const BLOCK: u8 = 1;

/// One frame: where it lies in its file, and what it holds.
pub(crate) struct Frame {
    pub(crate) offset: usize,
    pub(crate) kind: u8,
    pub(crate) height: u64,
    pub(crate) payload: Vec<u8>,
}

/// The segments in a directory, in their order.
pub(crate) fn segments(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let is_segment = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with("blocks-") && name.ends_with(".log")
    };
    let mut found: Vec<PathBuf> = entries.filter(is_segment).collect();
    found.sort();
    found
}

/// All frames of a segment, and its salt.
pub(crate) fn frames(file: &[u8]) -> (Vec<Frame>, u64) {
    let (mut frames, mut at, mut salt) = (Vec::new(), 0, 0);
    while at < file.len() {
        let head = &file[at..at + HEAD_BYTES];
        assert_eq!(&head[..4], MAGIC, "at {at}");
        let (kind, height) = (head[4], u64::from_le_bytes(head[5..13].try_into().unwrap()));
        let length = u32::from_le_bytes(head[21..25].try_into().unwrap()) as usize;
        let payload = file[at + HEAD_BYTES..at + HEAD_BYTES + length].to_vec();
        let expected = checks(salt, at, &head[..25], &payload);
        assert_eq!(&head[25..], expected, "the checks of the frame at {at}");
        if at == 0 {
            salt = u64::from_le_bytes(payload[4..12].try_into().unwrap());
        }
        frames.push(Frame { offset: at, kind, height, payload });
        at += HEAD_BYTES + length;
    }
    (frames, salt)
}

/// A frame's two checks, payload's first.
fn checks(salt: u64, offset: usize, head: &[u8], payload: &[u8]) -> [u8; 8] {
    let payload_check = crc32c(payload).to_le_bytes();
    let place = [salt.to_le_bytes(), (offset as u64).to_le_bytes()].concat();
    let header_check = crc32c(&[&place, head, &payload_check].concat()).to_le_bytes();
    [payload_check, header_check].concat().try_into().unwrap()
}

/// The frame's bytes with another payload of the same length, its checks right.
pub(crate) fn rewritten(file: &mut [u8], frame: &Frame, salt: u64, payload: &[u8]) {
    assert_eq!(payload.len(), frame.payload.len());
    let (at, end) = (frame.offset, frame.offset + HEAD_BYTES);
    let checks = checks(salt, at, &file[at..at + 25], payload);
    file[at + 25..end].copy_from_slice(&checks);
    file[end..end + payload.len()].copy_from_slice(payload);
}

/// CRC-32C (Castagnoli, reflected), bit by bit.
fn crc32c(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0x82F6_3B78 } else { crc >> 1 };
        }
    }
    !crc
}

/// The ids of all records in the block log of a node that has stopped.
pub(crate) fn record_ids(dir: &Path, consortium: &ConsortiumId) -> Vec<String> {
    let (mut ids, mut last, mut height) = (Vec::new(), HeaderHash(consortium.0), 0);
    for path in segments(dir) {
        let (frames, _) = frames(&fs::read(&path).unwrap());
        for frame in frames.iter().filter(|frame| frame.kind == BLOCK) {
            let committed = CommittedBlock::from_bytes(&frame.payload).unwrap();
            let header = &committed.block.header;
            height += 1;
            assert_eq!((header.height.0, frame.height), (height, height), "{}", path.display());
            assert_eq!(header.parent, last, "the parent of block {height}");
            assert_eq!(header.first_index.0, ids.len() as u64, "block {height}");
            last = header.hash();
            assert_eq!(committed.certificate.header_hash, last, "the certificate of {height}");
            for record in &committed.block.records {
                ids.push(VerifiedRecord::verify(record, consortium).unwrap().id().to_string());
            }
        }
    }
    ids
}

#[test]
fn checks_are_those_of_the_page() {
    assert_eq!(crc32c(b"123456789"), 0xE306_9283);
}

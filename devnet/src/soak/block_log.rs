//! A block log, read from its files after docs/formats.md and by no code of the node's.
//! Holds: every frame's checks are right, every block follows the one before, and has its certificate.
//! May not enter: the node's storage. Source: docs/formats.md, "Frames" and "Block log".

use std::fs;
use std::path::{Path, PathBuf};

use comity_core::block::CommittedBlock;
use comity_core::hash::{HeaderHash, LeafHash, leaf_hash};

/// Bytes of a frame before its payload.
const HEAD_BYTES: usize = 33;
/// Bytes of them before the two checks.
const FIELDS_BYTES: usize = 25;
const MAGIC: &[u8; 4] = b"CmBL";
/// The head of a segment, and a block.
const HEAD: u8 = 0;
const BLOCK: u8 = 1;

/// What a block log holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Chain {
    /// The blocks' ids, from height 1 on.
    pub(super) headers: Vec<HeaderHash>,
    /// The entries, from index 0 on.
    pub(super) leaves: Vec<LeafHash>,
}

/// Reads all segments of the directory of a node that has stopped. Errors: in words, what is wrong.
pub(super) fn read(dir: &Path) -> Result<Chain, String> {
    let mut chain = Chain::default();
    for path in segments(dir)? {
        let file = fs::read(&path).map_err(|error| error.to_string())?;
        let told = |what| format!("{}: {what}", path.display());
        read_segment(&file, &mut chain).map_err(told)?;
    }
    Ok(chain)
}

fn segments(dir: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(dir).map_err(|error| error.to_string())?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        if name.is_some_and(|name| name.starts_with("blocks-") && name.ends_with(".log")) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn read_segment(file: &[u8], chain: &mut Chain) -> Result<(), String> {
    let (mut at, mut salt) = (0, 0);
    while at < file.len() {
        let told = |what: &str| format!("{what} at byte {at}");
        let head = file.get(at..at + HEAD_BYTES).ok_or_else(|| told("half a frame"))?;
        let length = number(&head[21..FIELDS_BYTES]);
        let length = usize::try_from(length).map_err(|error| error.to_string())?;
        let begin = at + HEAD_BYTES;
        let payload = file.get(begin..begin + length).ok_or_else(|| told("half a frame"))?;
        let check = crc32c(&[payload]).to_le_bytes();
        let place = [number_bytes(salt), number_bytes(at as u64)];
        let head_check = crc32c(&[&place[0], &place[1], &head[..FIELDS_BYTES], &check]);
        let is_good = head[FIELDS_BYTES..] == [check, head_check.to_le_bytes()].concat()[..];
        if &head[..4] != MAGIC || !is_good {
            return Err(told("no good frame"));
        }
        match head[4] {
            HEAD => salt = number(payload.get(4..12).ok_or_else(|| told("a short head"))?),
            BLOCK => chain.take(payload).map_err(|what| told(&what))?,
            kind => return Err(told(&format!("a frame of kind {kind}"))),
        }
        at = begin + length;
    }
    Ok(())
}

impl Chain {
    fn take(&mut self, payload: &[u8]) -> Result<(), String> {
        let committed = CommittedBlock::from_bytes(payload).map_err(|error| error.to_string())?;
        let header = &committed.block.header;
        let hash = header.hash();
        let parent = self.headers.last().copied().unwrap_or(HeaderHash(header.consortium.0));
        let follows = header.height.0 == self.headers.len() as u64 + 1
            && header.parent == parent
            && header.first_index.0 == self.leaves.len() as u64;
        if !follows || committed.certificate.header_hash != hash {
            return Err(format!("block {} does not follow", header.height));
        }
        self.headers.push(hash);
        self.leaves.extend(committed.block.records.iter().map(|record| leaf_hash(record)));
        Ok(())
    }
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

fn number_bytes(number: u64) -> [u8; 8] {
    number.to_le_bytes()
}

/// CRC-32C (Castagnoli, reflected) of all parts together.
fn crc32c(parts: &[&[u8]]) -> u32 {
    let mut crc = u32::MAX;
    for byte in parts.iter().copied().flatten() {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0x82F6_3B78 } else { crc >> 1 };
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_those_of_the_page() {
        assert_eq!(crc32c(&[b"1234", b"56789"]), 0xE306_9283);
        assert_eq!(number(&[1, 2, 0]), 513);
    }

    #[test]
    fn what_is_no_frame_is_told() {
        let told = read_segment(&[0; 40], &mut Chain::default()).unwrap_err();
        assert_eq!(told, "no good frame at byte 0");
        let told = read_segment(b"CmBL", &mut Chain::default()).unwrap_err();
        assert_eq!(told, "half a frame at byte 0");
    }
}

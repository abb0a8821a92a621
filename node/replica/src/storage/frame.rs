//! Frames: how every record lies in the files of storage.
//! Holds: a frame is recognised only where it was written, in the file it was written to; zeros
//! are never a frame; lengths are checked before anything is allocated.
//! May not enter: what payloads mean (see `wal`, `block_log`).
//! Source: docs/formats.md, "Frames". All integers are little-endian.
//!
//! | bytes | field | |
//! |---|---|---|
//! | 4 | magic | one for the write-ahead log, one for the block log |
//! | 1 | kind | 0 is the head, the first frame of each file |
//! | 8 | height | |
//! | 8 | durable | how many of the file's first bytes were known synced when this was written |
//! | 4 | length | of the payload |
//! | 4 | payload check | CRC-32C of the payload |
//! | 4 | header check | CRC-32C of salt (8), the frame's offset in the file (8), the 29 bytes above |
//! | length | payload | |
//!
//! The header has a check of its own so that a walk can trust lengths without reading payloads.
//! Salt and offset are in it because payloads come from other agencies: a proposer who hides
//! frames in a block must not make an interrupted write of it look like damage.
//!
//! The head's payload is the format version (4) and the file's salt (8); its own header check uses
//! salt 0. Its `durable` is the size with which the file came into being as a whole.

use super::error::StorageError;

/// Largest payload of one frame (bytes).
pub const MAX_PAYLOAD_BYTES: u32 = 32 * 1024 * 1024;

pub(crate) const WAL_MAGIC: [u8; 4] = *b"CmWL";
pub(crate) const BLOCK_MAGIC: [u8; 4] = *b"CmBL";

/// Size of all that comes before a payload (bytes).
pub(crate) const HEADER_BYTES: usize = 33;
/// Size of the first frame of each file (bytes).
pub(crate) const HEAD_BYTES: usize = HEADER_BYTES + 12;
pub(crate) const HEAD_KIND: u8 = 0;
pub(crate) const VERSION: u32 = 1;

/// What makes frames belong to one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seal {
    pub(crate) magic: [u8; 4],
    pub(crate) salt: u64,
}

/// What a frame says of itself, apart from its lengths and checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) kind: u8,
    pub(crate) height: u64,
    pub(crate) durable: u64,
}

/// A header whose check is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) label: Label,
    pub(crate) length: u32,
    payload_check: u32,
}

impl Header {
    pub(crate) fn frame_bytes(&self) -> u64 {
        HEADER_BYTES as u64 + u64::from(self.length)
    }

    pub(crate) fn fits(&self, payload: &[u8]) -> bool {
        payload.len() as u64 == u64::from(self.length)
            && crc32c::crc32c(payload) == self.payload_check
    }
}

/// The length of `payload`, when one frame can hold it.
pub(crate) fn payload_length(payload: &[u8]) -> Result<u32, StorageError> {
    match u32::try_from(payload.len()) {
        Ok(length) if length <= MAX_PAYLOAD_BYTES => Ok(length),
        _ => Err(StorageError::Oversized {
            size_bytes: payload.len() as u64,
            limit_bytes: u64::from(MAX_PAYLOAD_BYTES),
        }),
    }
}

impl Seal {
    /// The frame that stands at `offset`. Errors: `Oversized`.
    pub(crate) fn frame(
        &self,
        offset: u64,
        label: Label,
        payload: &[u8],
    ) -> Result<Vec<u8>, StorageError> {
        let length = payload_length(payload)?;
        let mut bytes = Vec::with_capacity(HEADER_BYTES + payload.len());
        bytes.extend_from_slice(&self.magic);
        bytes.push(label.kind);
        bytes.extend_from_slice(&label.height.to_le_bytes());
        bytes.extend_from_slice(&label.durable.to_le_bytes());
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&crc32c::crc32c(payload).to_le_bytes());
        let check = self.header_check(offset, &bytes);
        bytes.extend_from_slice(&check.to_le_bytes());
        bytes.extend_from_slice(payload);
        Ok(bytes)
    }

    /// The header that `bytes` start with, which were read at `offset`; `None` when there is none.
    pub(crate) fn header(&self, offset: u64, bytes: &[u8]) -> Option<Header> {
        let checked = bytes.get(..HEADER_BYTES - 4)?;
        let mut fields = Fields(bytes);
        let magic = fields.take::<4>()?;
        let [kind] = fields.take()?;
        let height = u64::from_le_bytes(fields.take()?);
        let durable = u64::from_le_bytes(fields.take()?);
        let length = u32::from_le_bytes(fields.take()?);
        let payload_check = u32::from_le_bytes(fields.take()?);
        let header_check = u32::from_le_bytes(fields.take()?);
        let right = magic == self.magic
            && length <= MAX_PAYLOAD_BYTES
            && header_check == self.header_check(offset, checked);
        right.then_some(Header { label: Label { kind, height, durable }, length, payload_check })
    }

    fn header_check(&self, offset: u64, fields: &[u8]) -> u32 {
        let check = crc32c::crc32c(&self.salt.to_le_bytes());
        let check = crc32c::crc32c_append(check, &offset.to_le_bytes());
        crc32c::crc32c_append(check, fields)
    }

    /// The first frame of a file that begins with `base` bytes as a whole.
    pub(crate) fn head(&self, height: u64, base: u64) -> Vec<u8> {
        let mut payload = VERSION.to_le_bytes().to_vec();
        payload.extend_from_slice(&self.salt.to_le_bytes());
        let label = Label { kind: HEAD_KIND, height, durable: base };
        match (Seal { magic: self.magic, salt: 0 }).frame(0, label, &payload) {
            Ok(frame) => frame,
            Err(error) => unreachable!("a head is small: {error}"),
        }
    }
}

/// What the first frame of a file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) version: u32,
    pub(crate) seal: Seal,
    pub(crate) height: u64,
    /// The size with which the file came into being (bytes).
    pub(crate) base: u64,
}

impl Head {
    /// The head that `bytes` start with; `None` when it is torn, damaged or of another sort of
    /// file.
    pub(crate) fn parse(magic: [u8; 4], bytes: &[u8]) -> Option<Head> {
        let header = Seal { magic, salt: 0 }.header(0, bytes)?;
        let payload = bytes.get(HEADER_BYTES..HEAD_BYTES)?;
        if header.label.kind != HEAD_KIND || !header.fits(payload) {
            return None;
        }
        let mut fields = Fields(payload);
        Some(Head {
            version: u32::from_le_bytes(fields.take()?),
            seal: Seal { magic, salt: u64::from_le_bytes(fields.take()?) },
            height: header.label.height,
            base: header.label.durable,
        })
    }
}

/// Takes fixed-size fields off the front.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*field)
    }
}

/// Salts for new files, from one number that nobody else can guess (splitmix64).
#[derive(Debug, Clone)]
pub(crate) struct Salts {
    state: u64,
}

impl Salts {
    pub(crate) fn new(salt: u64) -> Self {
        Salts { state: salt }
    }

    pub(crate) fn next_salt(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

//! Reading a write-ahead log after a start, and telling a torn tail from damage.
//! Holds: a bad frame among durable bytes is an error; what follows a torn one is never used.
//! May not enter: writing (see `wal`). Source: docs/formats.md, "Write-ahead log".

use comity_core::encoding::decode;
use comity_core::hash::HeaderHash;

use super::disk::Disk;
use super::error::StorageError;
use super::frame::{HEAD_BYTES, Header, WAL_MAGIC};
use super::frame_file::{FrameEnd, FrameFile, Slot, read_head};
use super::guard::{Guard, SignedMark};
use super::wal::{BODY_KIND, ENTRY_KIND, ORIGIN_KIND, SIGNED_KIND, TIP_KIND, Tip, WAL_FILE};

/// Room for an encoded `SignedMark` (bytes).
const MARK_LIMIT_BYTES: usize = 256;

/// A body's payload starts with its header hash, of so many bytes.
const HASH_BYTES: usize = 32;

/// An engine entry that was written before the restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveredEntry {
    /// Height that it belongs to.
    pub height: u64,
    /// The bytes given to storage.
    pub bytes: Vec<u8>,
}

/// A proposed block that was written before the restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveredBody {
    /// Height of the block.
    pub height: u64,
    /// Its header's hash.
    pub header_hash: HeaderHash,
    /// The bytes given to storage.
    pub bytes: Vec<u8>,
}

/// What a write-ahead log holds.
#[derive(Debug, Default)]
pub(crate) struct Replay {
    /// `None` when there is no file.
    pub(crate) end: Option<FrameEnd>,
    pub(crate) guard: Option<Guard>,
    pub(crate) tip: Option<Tip>,
    /// Entries and bodies of heights above the tip, in the order written.
    pub(crate) kept: Vec<KeptFrame>,
    /// Size of the torn tail (bytes).
    pub(crate) cut_bytes: u64,
}

/// An entry or a body, with its place in the file.
#[derive(Debug)]
pub(crate) struct KeptFrame {
    pub(crate) kind: u8,
    pub(crate) height: u64,
    pub(crate) offset: u64,
    payload: Vec<u8>,
}

impl KeptFrame {
    /// Height and header hash, when this is a body.
    pub(crate) fn body(&self) -> Option<(u64, HeaderHash)> {
        let (header_hash, _) = self.payload.split_first_chunk()?;
        (self.kind == BODY_KIND).then_some((self.height, HeaderHash(*header_hash)))
    }
}

impl Replay {
    /// Reads the whole log. Errors: `WalDamaged`, `UnknownVersion`, `UnexpectedFrame`,
    /// `Malformed`, `Guard` when its marks contradict each other, `Disk`.
    pub(crate) fn read<D: Disk>(disk: &D) -> Result<Self, StorageError> {
        let Some(size) = disk.size(WAL_FILE)? else {
            return Ok(Replay::default());
        };
        let Some(head) = read_head(disk, WAL_FILE, WAL_MAGIC)? else {
            // The file got its name when it was durable as a whole.
            return Err(damaged(0));
        };
        let file = FrameFile { disk, name: WAL_FILE.to_owned(), seal: head.seal, size };
        let mut replay = Replay::default();
        let mut offset = HEAD_BYTES as u64;
        loop {
            match replay.take_frame(&file, offset)? {
                Taken::Frame(header) => offset += header.frame_bytes(),
                Taken::End => break,
                Taken::Bad if file.was_durable(offset)? => return Err(damaged(offset)),
                Taken::Bad => break,
            }
        }
        if offset < head.base {
            return Err(damaged(offset));
        }
        replay.cut_bytes = size - offset;
        replay.end = Some(FrameEnd {
            name: WAL_FILE.to_owned(),
            seal: head.seal,
            size: offset,
            synced: head.base,
        });
        Ok(replay)
    }

    /// Drops what belongs to heights up to `decided`.
    pub(crate) fn forget_through(&mut self, decided: u64) {
        self.kept.retain(|frame| frame.height > decided);
    }

    /// The entries and bodies, each in the order written.
    pub(crate) fn into_contents(self) -> (Vec<RecoveredEntry>, Vec<RecoveredBody>) {
        let mut entries = Vec::new();
        let mut bodies = Vec::new();
        for frame in self.kept {
            match frame.body() {
                Some((height, header_hash)) => {
                    let bytes = frame.payload[HASH_BYTES..].to_vec();
                    bodies.push(RecoveredBody { height, header_hash, bytes });
                }
                None => entries.push(RecoveredEntry { height: frame.height, bytes: frame.payload }),
            }
        }
        (entries, bodies)
    }

    fn take_frame<D: Disk>(
        &mut self,
        file: &FrameFile<'_, D>,
        offset: u64,
    ) -> Result<Taken, StorageError> {
        let header = match file.slot(offset)? {
            Slot::End => return Ok(Taken::End),
            Slot::Bad => return Ok(Taken::Bad),
            Slot::Frame(header) => header,
        };
        let Some(payload) = file.payload(offset, &header)? else {
            return Ok(Taken::Bad);
        };
        self.take_payload(&header, offset, payload)?;
        Ok(Taken::Frame(header))
    }

    fn take_payload(
        &mut self,
        header: &Header,
        offset: u64,
        payload: Vec<u8>,
    ) -> Result<(), StorageError> {
        let (kind, height) = (header.label.kind, header.label.height);
        let unexpected =
            || StorageError::UnexpectedFrame { file: WAL_FILE.to_owned(), offset, kind };
        match kind {
            ORIGIN_KIND => {
                let public_key = payload.try_into().map_err(|_| unexpected())?;
                let mut guard = Guard::new(public_key, height);
                if let Some(earlier) = self.guard.take() {
                    guard.succeed(earlier);
                }
                self.guard = Some(guard);
            }
            SIGNED_KIND => {
                let mark = decode::<SignedMark>(&payload, MARK_LIMIT_BYTES).map_err(|source| {
                    StorageError::Malformed { file: WAL_FILE.to_owned(), offset, source }
                })?;
                let guard = self.guard.as_mut().ok_or_else(unexpected)?;
                guard.check_order(&mark)?;
                guard.record(mark);
            }
            TIP_KIND => {
                let header_hash = payload.try_into().map_err(|_| unexpected())?;
                self.tip = Some((height, HeaderHash(header_hash)));
                self.forget_through(height);
            }
            BODY_KIND if payload.len() < HASH_BYTES => return Err(unexpected()),
            ENTRY_KIND | BODY_KIND => {
                self.kept.push(KeptFrame { kind, height, offset, payload });
            }
            _ => return Err(unexpected()),
        }
        Ok(())
    }
}

enum Taken {
    Frame(Header),
    End,
    Bad,
}

fn damaged(offset: u64) -> StorageError {
    StorageError::WalDamaged { file: WAL_FILE.to_owned(), offset }
}

//! Files of frames: reading them with suspicion, writing them at their end.
//! Holds: what is returned passed its check; a file that begins with content appears whole.
//! May not enter: what frames mean, what to do about a bad one (see `wal`, `block_log`).

use super::disk::{Disk, DiskError};
use super::error::StorageError;
use super::frame::{HEAD_BYTES, HEADER_BYTES, Head, Header, Label, Seal, VERSION};

/// How much of a file one read of the search for later frames takes (bytes).
const SEARCH_BYTES: usize = 1024 * 1024;

/// What stands at one offset of a file.
pub(crate) enum Slot {
    /// The file ends here.
    End,
    /// A header, whose payload is in the file too but not yet checked.
    Frame(Header),
    /// Anything else.
    Bad,
}

/// Reads the head of `file`; `None` when it is torn or damaged. Errors: `Disk`, `UnknownVersion`.
pub(crate) fn read_head<D: Disk>(
    disk: &D,
    file: &str,
    magic: [u8; 4],
) -> Result<Option<Head>, StorageError> {
    match Head::parse(magic, &disk.read(file, 0, HEAD_BYTES)?) {
        Some(head) if head.version != VERSION => {
            Err(StorageError::UnknownVersion { file: file.to_owned(), version: head.version })
        }
        head => Ok(head),
    }
}

/// A file of frames, for reading.
pub(crate) struct FrameFile<'a, D> {
    pub(crate) disk: &'a D,
    pub(crate) name: String,
    pub(crate) seal: Seal,
    /// Where to stop reading (bytes from the start).
    pub(crate) size: u64,
}

impl<D: Disk> FrameFile<'_, D> {
    /// What stands at `offset`, which is at most the size.
    pub(crate) fn slot(&self, offset: u64) -> Result<Slot, DiskError> {
        if offset >= self.size {
            return Ok(Slot::End);
        }
        let bytes = self.disk.read(&self.name, offset, HEADER_BYTES)?;
        match self.seal.header(offset, &bytes) {
            Some(header) if header.frame_bytes() <= self.size - offset => Ok(Slot::Frame(header)),
            _ => Ok(Slot::Bad),
        }
    }

    /// The payload of the frame at `offset`, or `None` when its check is wrong.
    pub(crate) fn payload(
        &self,
        offset: u64,
        header: &Header,
    ) -> Result<Option<Vec<u8>>, DiskError> {
        let start = offset + HEADER_BYTES as u64;
        let payload = self.disk.read(&self.name, start, header.length as usize)?;
        Ok(header.fits(&payload).then_some(payload))
    }

    /// Whether a frame written after the one at `bad` says that the bytes at `bad` were synced
    /// before: then these are damaged, not torn. Without such a frame nothing tells them from
    /// bytes that were never acknowledged.
    pub(crate) fn was_durable(&self, bad: u64) -> Result<bool, DiskError> {
        let mut start = bad + 1;
        while start < self.size {
            // Windows overlap, so that no header is cut in two.
            let window = self.disk.read(&self.name, start, SEARCH_BYTES + HEADER_BYTES)?;
            let places = (start..).zip(window.windows(HEADER_BYTES).take(SEARCH_BYTES));
            for (offset, bytes) in places {
                if bytes.starts_with(&self.seal.magic)
                    && let Some(header) = self.seal.header(offset, bytes)
                    && header.label.durable > bad
                {
                    return Ok(true);
                }
            }
            start += SEARCH_BYTES as u64;
        }
        Ok(false)
    }
}

/// The end of a file of frames, for writing.
#[derive(Debug)]
pub(crate) struct FrameEnd {
    pub(crate) name: String,
    pub(crate) seal: Seal,
    /// Size of the file, unsynced frames included (bytes).
    pub(crate) size: u64,
    /// How many of its first bytes are known durable.
    pub(crate) synced: u64,
}

impl FrameEnd {
    /// Writes a frame at the end and returns its offset. Not durable before `sync`.
    pub(crate) fn append<D: Disk>(
        &mut self,
        disk: &mut D,
        kind: u8,
        height: u64,
        payload: &[u8],
    ) -> Result<u64, StorageError> {
        let label = Label { kind, height, durable: self.synced };
        let frame = self.seal.frame(self.size, label, payload)?;
        disk.append(&self.name, &frame)?;
        let offset = self.size;
        self.size += frame.len() as u64;
        Ok(offset)
    }

    pub(crate) fn sync<D: Disk>(&mut self, disk: &mut D) -> Result<(), DiskError> {
        disk.sync(&self.name)?;
        self.synced = self.size;
        Ok(())
    }

    pub(crate) fn is_dirty(&self) -> bool {
        self.synced < self.size
    }

    pub(crate) fn reading<'a, D: Disk>(&self, disk: &'a D) -> FrameFile<'a, D> {
        FrameFile { disk, name: self.name.clone(), seal: self.seal, size: self.size }
    }
}

/// A new file with content, built in memory.
pub(crate) struct FrameImage {
    seal: Seal,
    bytes: Vec<u8>,
}

impl FrameImage {
    pub(crate) fn new(seal: Seal) -> Self {
        FrameImage { seal, bytes: vec![0; HEAD_BYTES] }
    }

    /// Adds a frame and returns its offset.
    pub(crate) fn push(
        &mut self,
        kind: u8,
        height: u64,
        payload: &[u8],
    ) -> Result<u64, StorageError> {
        let offset = self.bytes.len() as u64;
        let frame = self.seal.frame(offset, Label { kind, height, durable: 0 }, payload)?;
        self.bytes.extend_from_slice(&frame);
        Ok(offset)
    }

    /// Puts the file at `name`, in place of one that is there: written beside it, synced (one
    /// sync), renamed. So its head may say that all of it was durable from the start.
    pub(crate) fn place<D: Disk>(
        mut self,
        disk: &mut D,
        name: &str,
        beside: &str,
    ) -> Result<FrameEnd, StorageError> {
        let size = self.bytes.len() as u64;
        self.bytes[..HEAD_BYTES].copy_from_slice(&self.seal.head(0, size));
        if disk.size(beside)?.is_some() {
            disk.remove(beside)?;
        }
        disk.append(beside, &self.bytes)?;
        disk.sync(beside)?;
        disk.rename(beside, name)?;
        Ok(FrameEnd { name: name.to_owned(), seal: self.seal, size, synced: size })
    }
}

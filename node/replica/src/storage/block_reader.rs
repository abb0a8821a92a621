//! Reading blocks back, from any thread, while one appends.
//! Holds: only durable blocks are returned, and only with the bytes that were appended.
//! May not enter: writing (see `block_log`), decoding of blocks.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use super::block_index::{BlockIndex, Place};
use super::disk::Disk;
use super::error::StorageError;
use super::frame::Header;
use super::frame_file::{FrameFile, Slot};

pub(crate) const BLOCK_KIND: u8 = 1;

/// A handle for reading the block log. Clones are cheap and may go to other threads: frames never
/// change once they are durable, so the index is locked only to look up where one lies, never
/// while the disk reads.
#[derive(Debug, Clone)]
pub struct BlockLogReader<D> {
    pub(crate) disk: D,
    pub(crate) index: Arc<RwLock<BlockIndex>>,
}

impl<D: Disk> BlockLogReader<D> {
    /// The newest durable height; `None` when there is no block.
    pub fn tip(&self) -> Option<u64> {
        self.index().tip
    }

    /// The lowest height present: 1, unless the log began from a snapshot.
    pub fn first_height(&self) -> Option<u64> {
        self.index().first_height()
    }

    /// The payload of the block at `height`, or `None` when it is above the tip or below the
    /// first. Errors: `BlockDamaged`, `Disk`; other heights stay readable after either.
    pub fn read(&self, height: u64) -> Result<Option<Vec<u8>>, StorageError> {
        match self.seek(height)? {
            Some(place) => {
                let header = self.header(&place)?;
                self.payload(&place, &header).map(Some)
            }
            None => Ok(None),
        }
    }

    /// Payloads of consecutive heights from `from` on, as many as fit in `max_bytes` together, but
    /// the first in any case; none when `from` is not present. Errors: as `read`; a bad block
    /// that is not the first ends the range before it.
    pub fn read_range(&self, from: u64, max_bytes: u64) -> Result<Vec<Vec<u8>>, StorageError> {
        let mut payloads = Vec::new();
        let mut left = max_bytes;
        let mut next = self.seek(from)?;
        while let Some(place) = next {
            let room = if payloads.is_empty() { u64::MAX } else { left };
            let (payload, after) = match self.step(&place, room) {
                Ok(Some(step)) => step,
                Err(error) if payloads.is_empty() => return Err(error),
                Ok(None) | Err(_) => break,
            };
            left = left.saturating_sub(payload.len() as u64);
            payloads.push(payload);
            next = if self.tip() < Some(after.height) {
                None
            } else if after.offset < after.end {
                Some(after)
            } else {
                self.seek(after.height)?
            };
        }
        Ok(payloads)
    }

    pub(crate) fn index(&self) -> RwLockReadGuard<'_, BlockIndex> {
        // No update of the index can panic half way.
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The exact place of `height`.
    fn seek(&self, height: u64) -> Result<Option<Place>, StorageError> {
        let Some(mut place) = self.index().place(height) else {
            return Ok(None);
        };
        while place.height < height {
            let header = self.header(&place)?;
            place = place.after(&header);
        }
        Ok(Some(place))
    }
}

/// A payload, and the place of the frame after it.
type Step = (Vec<u8>, Place);

impl<D: Disk> BlockLogReader<D> {
    /// Reads the block at `place`, unless it has more than `room` bytes.
    fn step(&self, place: &Place, room: u64) -> Result<Option<Step>, StorageError> {
        let header = self.header(place)?;
        if u64::from(header.length) > room {
            return Ok(None);
        }
        Ok(Some((self.payload(place, &header)?, place.after(&header))))
    }

    fn header(&self, place: &Place) -> Result<Header, StorageError> {
        match self.file(place).slot(place.offset)? {
            Slot::Frame(header)
                if header.label.kind == BLOCK_KIND && header.label.height == place.height =>
            {
                Ok(header)
            }
            _ => Err(place.damaged()),
        }
    }

    fn payload(&self, place: &Place, header: &Header) -> Result<Vec<u8>, StorageError> {
        self.file(place).payload(place.offset, header)?.ok_or_else(|| place.damaged())
    }

    fn file(&self, place: &Place) -> FrameFile<'_, D> {
        let (name, seal, size) = (place.segment.clone(), place.seal, place.end);
        FrameFile { disk: &self.disk, name, seal, size }
    }
}

impl Place {
    fn after(&self, header: &Header) -> Place {
        let mut next = self.clone();
        next.offset += header.frame_bytes();
        next.height += 1;
        next
    }

    fn damaged(&self) -> StorageError {
        StorageError::BlockDamaged {
            segment: self.segment.clone(),
            offset: self.offset,
            height: self.height,
        }
    }
}

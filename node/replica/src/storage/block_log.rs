//! The block log: every committed block with its certificate, in segments that only grow.
//! Holds: heights are consecutive; only the last segment can have a torn tail.
//! May not enter: what a payload means; the order between block log and WAL (see `mod`).
//! Source: docs/formats.md, "Block log".
//!
//! A segment is `blocks-<first height, 20 digits>.log`: a head with that height, then frames of
//! kind 1, one a block.

use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

use super::block_index::{BlockIndex, Segment, segment_name};
use super::block_reader::{BLOCK_KIND, BlockLogReader};
use super::block_recovery::recover;
use super::disk::Disk;
use super::error::{Poison, StorageError};
use super::frame::{BLOCK_MAGIC, HEAD_BYTES, HEADER_BYTES, Salts, Seal, payload_length};
use super::frame_file::FrameEnd;

/// The block log, for the one who writes it.
#[derive(Debug)]
pub struct BlockLog<D> {
    reader: BlockLogReader<D>,
    /// The segment that grows; `None` while the log is empty.
    end: Option<FrameEnd>,
    limit_bytes: u64,
    salts: Salts,
    cut_bytes: u64,
    fsyncs: u64,
    poison: Poison,
}

impl<D: Disk + Clone> BlockLog<D> {
    /// Opens the log on `disk`, empty when there are no segments. All headers are walked; the
    /// last segment's payloads are checked too, the others' when they are read. A bad tail is
    /// cut off when it lies above `durable_tip` (the newest height that was durable for
    /// certain) and no frame after it says that it was durable.
    ///
    /// A segment that has reached `segment_limit_bytes` grows no more. `salt` is a number that
    /// nobody else can guess. Errors: `BlockDamaged`, `UnknownVersion`, `Disk`.
    pub fn open(
        mut disk: D,
        segment_limit_bytes: u64,
        salt: u64,
        durable_tip: Option<u64>,
    ) -> Result<Self, StorageError> {
        let recovered = recover(&mut disk, durable_tip)?;
        let mut log = BlockLog {
            reader: BlockLogReader { disk, index: Arc::new(RwLock::new(recovered.index)) },
            end: recovered.end,
            limit_bytes: segment_limit_bytes,
            salts: Salts::new(salt),
            cut_bytes: recovered.cut_bytes,
            fsyncs: 0,
            poison: Poison::default(),
        };
        // A process may have left blocks unsynced that can be read now, yet would be gone after
        // a loss of power, even when a sync now reports success.
        log.renew_after(durable_tip)?;
        log.sync()?;
        Ok(log)
    }

    /// Writes the last segment's blocks above `durable_tip` once more in their place.
    fn renew_after(&mut self, durable_tip: Option<u64>) -> Result<(), StorageError> {
        let Some(end) = &self.end else { return Ok(()) };
        let offset = match (self.reader.index().segments.last(), durable_tip) {
            (Some(last), Some(tip)) if tip >= last.first_height => {
                last.place(tip).map_or(0, |place| place.offset)
            }
            _ => 0,
        };
        self.reader.disk.renew(&end.name, offset)?;
        Ok(())
    }

    /// Appends the block at `height`: the one after the last, or any from 1 on when the log is
    /// empty. It can be read once `sync` has made it durable. Errors: `NotNext` and `Oversized`,
    /// which change nothing; `Disk`, `Poisoned`.
    pub fn append(&mut self, height: u64, payload: &[u8]) -> Result<(), StorageError> {
        self.poison.check()?;
        let appended = self.append_next(height, payload);
        self.poison.keep(appended)
    }

    /// Makes all appended blocks durable, with at most one sync. Errors: `Disk`, `Poisoned`.
    pub fn sync(&mut self) -> Result<(), StorageError> {
        self.poison.check()?;
        let synced = self.sync_segment();
        self.poison.keep(synced)
    }

    /// A handle for reading, to be cloned to other threads.
    pub fn reader(&self) -> &BlockLogReader<D> {
        &self.reader
    }

    /// The payload of the block at `height`: `BlockLogReader::read`.
    pub fn read(&self, height: u64) -> Result<Option<Vec<u8>>, StorageError> {
        self.reader.read(height)
    }

    /// Payloads from a height on: `BlockLogReader::read_range`.
    pub fn read_range(&self, from: u64, max_bytes: u64) -> Result<Vec<Vec<u8>>, StorageError> {
        self.reader.read_range(from, max_bytes)
    }

    /// The newest durable height; `None` when there is no block.
    pub fn tip(&self) -> Option<u64> {
        self.reader.tip()
    }

    /// Size of all segments (bytes).
    pub fn size_bytes(&self) -> u64 {
        self.reader.index().size_bytes()
    }

    /// Size of the torn tail that was cut off at opening (bytes).
    pub fn cut_bytes(&self) -> u64 {
        self.cut_bytes
    }

    /// How many syncs were asked of the disk since opening.
    pub fn fsyncs(&self) -> u64 {
        self.fsyncs
    }

    pub(crate) fn disk(&mut self) -> &mut D {
        &mut self.reader.disk
    }

    fn append_next(&mut self, height: u64, payload: &[u8]) -> Result<(), StorageError> {
        let expected = self.reader.index().next_height().unwrap_or(height.max(1));
        if height != expected {
            return Err(StorageError::NotNext { expected, height });
        }
        payload_length(payload)?;
        if self.end.as_ref().is_none_or(|end| end.size >= self.limit_bytes) {
            self.roll(height)?;
        }
        let Some(end) = &mut self.end else { unreachable!("rolling makes a segment") };
        end.append(&mut self.reader.disk, BLOCK_KIND, height, payload)?;
        let frame_bytes = HEADER_BYTES as u64 + payload.len() as u64;
        if let Some(segment) = self.index_mut().segments.last_mut() {
            segment.push(frame_bytes);
        }
        Ok(())
    }

    /// Starts the segment of `first_height`. The one before is durable first, so that only the
    /// last can be torn; and so is the head before any block follows, so that a bad head with
    /// blocks behind it is damage.
    fn roll(&mut self, first_height: u64) -> Result<(), StorageError> {
        self.sync_segment()?;
        let seal = Seal { magic: BLOCK_MAGIC, salt: self.salts.next_salt() };
        let head_bytes = HEAD_BYTES as u64;
        let mut end =
            FrameEnd { name: segment_name(first_height), seal, size: head_bytes, synced: 0 };
        self.reader.disk.append(&end.name, &seal.head(first_height, head_bytes))?;
        end.sync(&mut self.reader.disk)?;
        self.fsyncs += 1;
        self.end = Some(end);
        self.index_mut().segments.push(Segment::new(seal, first_height, head_bytes));
        Ok(())
    }

    fn sync_segment(&mut self) -> Result<(), StorageError> {
        if let Some(end) = &mut self.end
            && end.is_dirty()
        {
            end.sync(&mut self.reader.disk)?;
            self.fsyncs += 1;
            let mut index = self.index_mut();
            index.tip = index.next_height().map(|next| next - 1);
        }
        Ok(())
    }

    fn index_mut(&self) -> RwLockWriteGuard<'_, BlockIndex> {
        // No update of the index can panic half way.
        self.reader.index.write().unwrap_or_else(PoisonError::into_inner)
    }
}

//! Blocks as the API reads them: from the block log, the latest read kept for a while, their
//! entries written as JSON once for everyone who asks.
//! Holds: what is kept stays within its bounds; a block is what the block log has.
//! May not enter: verification (what is in the block log was verified before it went there).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use comity_core::block::CommittedBlock;
use comity_core::encoding::{DecodeError, decode};
use comity_core::hash::{HeaderHash, LeafHash, leaf_hash};
use comity_core::ids::{Height, LogIndex};
use comity_core::statement::{MAX_RECORD_BYTES, SignedRecord};
use comity_replica::storage::{BlockLogReader, StorageError};
use serde_json::value::{RawValue, to_raw_value};

use super::node_health::BlockLogHealth;
use super::shapes;
use crate::disk::FileDisk;
use crate::view::EntryPlace;

/// Most blocks that are kept (count).
const KEPT_BLOCKS: usize = 64;
/// Most bytes of blocks that are kept, but for the last one read. As JSON they take several times
/// as many.
const KEPT_BYTES: usize = 8 * 1024 * 1024;
/// Most bytes of blocks that one page is made from, but for its first.
pub(super) const PAGE_BYTES: usize = 32 * 1024 * 1024;

/// Why a block cannot be shown.
#[derive(Debug, thiserror::Error)]
pub(super) enum BlocksError {
    #[error("block {height} cannot be read")]
    Read {
        height: Height,
        #[source]
        source: StorageError,
    },
    #[error("block {height} is not in the block log")]
    Missing { height: Height },
    #[error("block {height} is damaged")]
    Decode {
        height: Height,
        #[source]
        source: DecodeError,
    },
    #[error("block {height} has no record {position}")]
    Position { height: Height, position: usize },
    #[error("an entry could not be written as JSON")]
    Json(#[from] serde_json::Error),
}

/// The block log, for reading. Blocks the thread.
#[derive(Debug)]
pub(super) struct Blocks {
    reader: BlockLogReader<FileDisk>,
    kept: Mutex<VecDeque<Arc<ReadBlock>>>,
}

/// A block that was read.
#[derive(Debug)]
pub(super) struct ReadBlock {
    pub(super) committed: CommittedBlock,
    pub(super) header_hash: HeaderHash,
    pub(super) size_bytes: usize,
    /// The entries as JSON, each made when it is first asked for.
    entries: Vec<OnceLock<Box<RawValue>>>,
}

impl Blocks {
    pub(super) fn new(reader: BlockLogReader<FileDisk>) -> Blocks {
        Blocks { reader, kept: Mutex::default() }
    }

    /// From where to where blocks are on the disk.
    pub(super) fn extent(&self) -> BlockLogHealth {
        BlockLogHealth {
            first_height: self.reader.first_height().map(Height),
            height: Height(self.reader.tip().unwrap_or(0)),
        }
    }

    /// The first block that is here: 1, unless the node started from a snapshot.
    pub(super) fn first(&self) -> Height {
        self.reader.first_height().map_or(Height(1), Height)
    }

    /// The block at `height`, which is at most the view's.
    pub(super) fn block(&self, height: Height) -> Result<Arc<ReadBlock>, BlocksError> {
        if let Some(block) = self.known(height) {
            return Ok(block);
        }
        let payload =
            self.reader.read(height.0).map_err(|source| BlocksError::Read { height, source })?;
        let payload = payload.ok_or(BlocksError::Missing { height })?;
        let block = Arc::new(ReadBlock::of(height, &payload)?);
        self.keep(Arc::clone(&block));
        Ok(block)
    }

    /// Blocks from `from` on, not above `last`, as many as fit in `max_bytes` together but at
    /// least one, as they are stored. They are not kept.
    pub(super) fn range(
        &self,
        from: Height,
        last: Height,
        max_bytes: u64,
    ) -> Result<Vec<CommittedBlock>, BlocksError> {
        let read = self.reader.read_range(from.0, max_bytes);
        let payloads = read.map_err(|source| BlocksError::Read { height: from, source })?;
        let wanted = usize::try_from(last.0.saturating_sub(from.0) + 1).unwrap_or(usize::MAX);
        let heights = (from.0..).map(Height);
        let blocks = heights.zip(payloads.iter().take(wanted)).map(|(height, payload)| {
            CommittedBlock::from_bytes(payload)
                .map_err(|source| BlocksError::Decode { height, source })
        });
        let blocks = blocks.collect::<Result<Vec<_>, _>>()?;
        if blocks.is_empty() { Err(BlocksError::Missing { height: from }) } else { Ok(blocks) }
    }

    /// The entries at `places` as JSON, and where to go on if that would be too much for a page.
    pub(super) fn entries(
        &self,
        places: &[EntryPlace],
    ) -> Result<(Vec<Box<RawValue>>, Option<LogIndex>), BlocksError> {
        let mut entries = Vec::with_capacity(places.len());
        let mut at: Option<Arc<ReadBlock>> = None;
        let mut read_bytes = 0;
        for place in places {
            let block = match at.take().filter(|block| block.height() == place.height) {
                Some(block) => block,
                None => {
                    let block = self.block(place.height)?;
                    read_bytes += block.size_bytes;
                    if read_bytes > PAGE_BYTES && !entries.is_empty() {
                        return Ok((entries, Some(place.index)));
                    }
                    block
                }
            };
            entries.push(block.entry(place)?.to_owned());
            at = Some(block);
        }
        Ok((entries, None))
    }

    fn known(&self, height: Height) -> Option<Arc<ReadBlock>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|block| block.height() == height)?;
        let block = kept.remove(at)?;
        kept.push_back(Arc::clone(&block));
        Some(block)
    }

    fn keep(&self, block: Arc<ReadBlock>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.iter().any(|known| known.height() == block.height()) {
            return;
        }
        kept.push_back(block);
        let size = |kept: &VecDeque<Arc<ReadBlock>>| {
            kept.iter().map(|block| block.size_bytes).sum::<usize>()
        };
        while kept.len() > KEPT_BLOCKS || (kept.len() > 1 && size(&kept) > KEPT_BYTES) {
            kept.pop_front();
        }
    }
}

impl ReadBlock {
    fn of(height: Height, payload: &[u8]) -> Result<ReadBlock, BlocksError> {
        let committed = CommittedBlock::from_bytes(payload)
            .map_err(|source| BlocksError::Decode { height, source })?;
        let header_hash = committed.block.header.hash();
        let entries = committed.block.records.iter().map(|_| OnceLock::new()).collect();
        Ok(ReadBlock { committed, header_hash, size_bytes: payload.len(), entries })
    }

    pub(super) fn height(&self) -> Height {
        self.committed.block.header.height
    }

    /// The records' leaf hashes, in order.
    pub(super) fn leaves(&self) -> impl Iterator<Item = LeafHash> {
        self.committed.block.records.iter().map(|bytes| leaf_hash(bytes))
    }

    /// The signed record at a place. Errors: it is not in this block.
    pub(super) fn record(&self, place: &EntryPlace) -> Result<&[u8], BlocksError> {
        let missing = || BlocksError::Position { height: place.height, position: place.position };
        self.records_from(place).next().ok_or_else(missing)
    }

    /// The signed records from a place to the block's end.
    pub(super) fn records_from(&self, place: &EntryPlace) -> impl Iterator<Item = &[u8]> {
        self.committed.block.records.iter().skip(place.position).map(Vec::as_slice)
    }

    /// The block as the API shows it.
    pub(super) fn shape(&self) -> shapes::Block {
        shapes::Block {
            height: self.height(),
            header_hash: self.header_hash,
            header: self.committed.block.header.clone(),
            certificate: self.committed.certificate.clone(),
            records: self.leaves().collect(),
        }
    }

    /// An entry of this block as JSON.
    pub(super) fn entry(&self, place: &EntryPlace) -> Result<&RawValue, BlocksError> {
        let (height, position) = (self.height(), place.position);
        let missing = BlocksError::Position { height, position };
        let Some(slot) = self.entries.get(position) else { return Err(missing) };
        if let Some(entry) = slot.get() {
            return Ok(entry);
        }
        let bytes = self.committed.block.records.get(position).ok_or(missing)?;
        let record: SignedRecord = decode(bytes, MAX_RECORD_BYTES)
            .map_err(|source| BlocksError::Decode { height, source })?;
        let of = (height, self.committed.block.header.time);
        let entry = to_raw_value(&shapes::EntryShape::of(place.index, of, &record, bytes))?;
        Ok(slot.get_or_init(|| entry))
    }
}

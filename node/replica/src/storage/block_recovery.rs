//! Opening a block log after a start: telling a torn tail from damage, and cutting either.
//! Holds: opening never cuts at or below the durable tip; damage is reported with its height.
//! May not enter: appending (see `block_log`). Source: docs/formats.md, "Block log".

use super::block_index::{BlockIndex, Segment, parse_segment_name, segment_name};
use super::block_reader::BLOCK_KIND;
use super::disk::Disk;
use super::error::StorageError;
use super::frame::{BLOCK_MAGIC, HEAD_BYTES, Header};
use super::frame_file::{FrameEnd, FrameFile, Slot, read_head};

/// What opening found.
#[derive(Debug, Default)]
pub(crate) struct Recovered {
    /// Its tip is not set before the last segment is synced.
    pub(crate) index: BlockIndex,
    /// Where the last segment ends; nothing of it counts as synced yet.
    pub(crate) end: Option<FrameEnd>,
    pub(crate) cut_bytes: u64,
}

/// How much of a frame is checked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    Header,
    Payload,
}

/// A segment as far as its frames are good.
struct Walk {
    segment: Segment,
    /// Size of the file (bytes), at or past the segment's end.
    size: u64,
}

/// Walks all segments, and cuts the torn tail off the last.
pub(crate) fn recover<D: Disk>(
    disk: &mut D,
    durable_tip: Option<u64>,
) -> Result<Recovered, StorageError> {
    let mut firsts = first_heights(disk)?;
    let mut hollow = Vec::new();
    let mut durable = durable_tip.unwrap_or(0);
    let mut last = None;
    while let Some(first_height) = firsts.pop() {
        last = walk_last(disk, first_height, durable)?;
        if last.is_some() {
            break;
        }
        // The creation of this segment or its first block was interrupted, so it goes, and the
        // one before is the last again. That one was durable before this was begun.
        hollow.push(segment_name(first_height));
        if !firsts.is_empty() {
            durable = durable.max(first_height - 1);
        }
    }
    let mut recovered = Recovered::default();
    if let Some(last) = &last {
        recovered.index.segments = walk_earlier(disk, &firsts, last.segment.first_height)?;
    }
    check_reaches(last.as_ref(), durable)?;
    for name in hollow {
        recovered.cut_bytes += disk.size(&name)?.unwrap_or(0);
        disk.remove(&name)?;
    }
    if let Some(Walk { segment, size }) = last {
        let (name, end) = (segment_name(segment.first_height), segment.end);
        if end < size {
            disk.truncate(&name, end)?;
            recovered.cut_bytes += size - end;
        }
        recovered.end = Some(FrameEnd { name, seal: segment.seal, size: end, synced: 0 });
        recovered.index.segments.push(segment);
    }
    Ok(recovered)
}

/// Removes the block at `height` and all above it, good or bad: the first step of a repair of
/// damage that opening or reading reported, before the blocks are fetched from peers again. The
/// sign guard still names a durable tip above, so that the node does not start until the blocks
/// are back: append them to a `BlockLog` opened without a tip. Can be repeated when interrupted.
/// Errors: `BlockDamaged` when a header below `height` is bad, so that more must go; `Disk`.
pub fn discard_blocks_from<D: Disk>(disk: &mut D, height: u64) -> Result<(), StorageError> {
    // From the newest down, so that what is left is always without gaps.
    for first_height in first_heights(disk)?.into_iter().rev() {
        let name = segment_name(first_height);
        if first_height >= height {
            disk.remove(&name)?;
            continue;
        }
        let Some(mut walk) = open_segment(disk, first_height)? else {
            return Err(bad_head(first_height));
        };
        walk.add_frames(disk, Depth::Header, height)?;
        if walk.segment.next_height() < height && walk.segment.end < walk.size {
            return Err(walk.damaged());
        }
        if walk.segment.end < walk.size {
            disk.truncate(&name, walk.segment.end)?;
        }
        break;
    }
    Ok(())
}

/// First heights of the segments present, ascending.
fn first_heights<D: Disk>(disk: &D) -> Result<Vec<u64>, StorageError> {
    let names = disk.list()?;
    let mut firsts: Vec<u64> = names.iter().filter_map(|name| parse_segment_name(name)).collect();
    firsts.sort_unstable();
    Ok(firsts)
}

/// The last segment; `None` when it holds no block and may go. Whether it reaches the durable
/// tip is still to be checked.
fn walk_last<D: Disk>(
    disk: &D,
    first_height: u64,
    durable: u64,
) -> Result<Option<Walk>, StorageError> {
    let Some(mut walk) = open_segment(disk, first_height)? else {
        // A head is durable before a block follows it.
        let size = disk.size(&segment_name(first_height))?.unwrap_or(0);
        let is_torn = size <= HEAD_BYTES as u64 && first_height > durable;
        return if is_torn { Ok(None) } else { Err(bad_head(first_height)) };
    };
    walk.add_frames(disk, Depth::Payload, u64::MAX)?;
    let end = walk.segment.end;
    if end < walk.size && walk.file(disk).was_durable(end)? {
        return Err(walk.damaged());
    }
    Ok((walk.segment.frames > 0 || first_height <= durable).then_some(walk))
}

/// The segments before the one that starts at `next`.
fn walk_earlier<D: Disk>(
    disk: &D,
    firsts: &[u64],
    next: u64,
) -> Result<Vec<Segment>, StorageError> {
    let mut segments: Vec<Segment> = Vec::with_capacity(firsts.len() + 1);
    for (index, first_height) in firsts.iter().enumerate() {
        let Some(mut walk) = open_segment(disk, *first_height)? else {
            return Err(bad_head(*first_height));
        };
        walk.add_frames(disk, Depth::Header, u64::MAX)?;
        let expected = firsts.get(index + 1).copied().unwrap_or(next);
        if walk.segment.end < walk.size || walk.segment.next_height() != expected {
            return Err(walk.damaged());
        }
        segments.push(walk.segment);
    }
    Ok(segments)
}

/// Nothing that was durable is missing at the end.
fn check_reaches(last: Option<&Walk>, durable: u64) -> Result<(), StorageError> {
    match last {
        Some(last) if last.segment.next_height() <= durable => Err(last.damaged()),
        None if durable > 0 => Err(StorageError::BlockDamaged {
            segment: segment_name(durable),
            offset: 0,
            height: durable,
        }),
        _ => Ok(()),
    }
}

/// The segment as its head states it, before any frame; `None` when the head is torn or damaged.
fn open_segment<D: Disk>(disk: &D, first_height: u64) -> Result<Option<Walk>, StorageError> {
    let name = segment_name(first_height);
    let size = disk.size(&name)?.unwrap_or(0);
    match read_head(disk, &name, BLOCK_MAGIC)? {
        Some(head) if head.height != first_height => Err(bad_head(first_height)),
        Some(head) => {
            let segment = Segment::new(head.seal, first_height, HEAD_BYTES as u64);
            Ok(Some(Walk { segment, size }))
        }
        None => Ok(None),
    }
}

impl Walk {
    fn file<'a, D: Disk>(&self, disk: &'a D) -> FrameFile<'a, D> {
        FrameFile {
            disk,
            name: segment_name(self.segment.first_height),
            seal: self.segment.seal,
            size: self.size,
        }
    }

    /// Takes in good frames of heights below `limit`, up to the first bad one.
    fn add_frames<D: Disk>(
        &mut self,
        disk: &D,
        depth: Depth,
        limit: u64,
    ) -> Result<(), StorageError> {
        let file = self.file(disk);
        while self.segment.next_height() < limit
            && let Slot::Frame(header) = file.slot(self.segment.end)?
            && self.is_next(&header)
            && (depth == Depth::Header || file.payload(self.segment.end, &header)?.is_some())
        {
            self.segment.push(header.frame_bytes());
        }
        Ok(())
    }

    fn is_next(&self, header: &Header) -> bool {
        header.label.kind == BLOCK_KIND && header.label.height == self.segment.next_height()
    }

    /// The block that should follow the last good frame is bad or missing.
    fn damaged(&self) -> StorageError {
        StorageError::BlockDamaged {
            segment: segment_name(self.segment.first_height),
            offset: self.segment.end,
            height: self.segment.next_height(),
        }
    }
}

fn bad_head(first_height: u64) -> StorageError {
    let segment = segment_name(first_height);
    StorageError::BlockDamaged { segment, offset: 0, height: first_height }
}

//! Opening a block log after a start, and telling a torn tail from damage.
//! Holds: nothing at or below the durable tip is ever cut; damage is reported with its height.
//! May not enter: appending (see `block_log`). Source: docs/formats.md, "Block log".

use super::block_index::{BlockIndex, Segment, parse_segment_name, segment_name};
use super::block_reader::BLOCK_KIND;
use super::disk::Disk;
use super::error::StorageError;
use super::frame::{BLOCK_MAGIC, HEAD_BYTES, Header};
use super::frame_file::{FrameEnd, FrameFile, HeadSlot, Slot, read_head};

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

/// Walks all segments, and cuts the torn tail off the last.
pub(crate) fn recover<D: Disk>(
    disk: &mut D,
    durable_tip: Option<u64>,
) -> Result<Recovered, StorageError> {
    let mut firsts: Vec<u64> =
        disk.list()?.iter().filter_map(|name| parse_segment_name(name)).collect();
    firsts.sort_unstable();
    let mut recovered = Recovered::default();
    // A segment whose creation or first block was interrupted holds nothing: it goes, and the
    // one before it is the last again.
    while let Some(first_height) = firsts.last().copied() {
        if let Some(segment) = recover_last(disk, first_height, durable_tip, &mut recovered)? {
            firsts.pop();
            recovered.index.segments = walk_earlier(disk, &firsts, first_height)?;
            recovered.index.segments.push(segment);
            break;
        }
        firsts.pop();
    }
    check_reaches(&recovered, durable_tip)?;
    Ok(recovered)
}

/// Nothing below the durable tip is missing.
fn check_reaches(recovered: &Recovered, durable_tip: Option<u64>) -> Result<(), StorageError> {
    let Some(durable_tip) = durable_tip.filter(|tip| *tip > 0) else {
        return Ok(());
    };
    match recovered.index.segments.last() {
        Some(last) if last.next_height() <= durable_tip => Err(damaged(last, last.end)),
        Some(_) => Ok(()),
        None => {
            let segment = segment_name(durable_tip);
            Err(StorageError::BlockDamaged { segment, offset: 0, height: durable_tip })
        }
    }
}

/// The segments before the one that starts at `next`.
fn walk_earlier<D: Disk>(
    disk: &D,
    firsts: &[u64],
    next: u64,
) -> Result<Vec<Segment>, StorageError> {
    let mut segments: Vec<Segment> = Vec::with_capacity(firsts.len() + 1);
    for (index, first_height) in firsts.iter().enumerate() {
        let name = segment_name(*first_height);
        let size = disk.size(&name)?.unwrap_or(0);
        let Some(mut segment) = empty_segment(disk, &name, *first_height)? else {
            return Err(bad_head(&name, *first_height));
        };
        walk(disk, &name, size, &mut segment, Depth::Header)?;
        let expected = firsts.get(index + 1).copied().unwrap_or(next);
        if segment.end < size || segment.next_height() != expected {
            return Err(damaged(&segment, segment.end));
        }
        segments.push(segment);
    }
    Ok(segments)
}

/// The last segment, without its torn tail; `None` when nothing is left of it.
fn recover_last<D: Disk>(
    disk: &mut D,
    first_height: u64,
    durable_tip: Option<u64>,
    recovered: &mut Recovered,
) -> Result<Option<Segment>, StorageError> {
    let name = segment_name(first_height);
    let size = disk.size(&name)?.unwrap_or(0);
    let is_durable = |height: u64| durable_tip.is_some_and(|tip| height <= tip);
    let Some(mut segment) = empty_segment(disk, &name, first_height)? else {
        // Its head was durable before a block followed it.
        if size > HEAD_BYTES as u64 || is_durable(first_height) {
            return Err(bad_head(&name, first_height));
        }
        disk.remove(&name)?;
        recovered.cut_bytes += size;
        return Ok(None);
    };
    walk(disk, &name, size, &mut segment, Depth::Payload)?;
    if segment.end < size {
        let file = FrameFile { disk: &*disk, name: &name, seal: segment.seal, size };
        if is_durable(segment.next_height()) || file.was_durable(segment.end)? {
            return Err(damaged(&segment, segment.end));
        }
        recovered.cut_bytes += size - segment.end;
    }
    if segment.frames == 0 {
        if is_durable(first_height) {
            return Err(damaged(&segment, segment.end));
        }
        disk.remove(&name)?;
        return Ok(None);
    }
    if segment.end < size {
        disk.truncate(&name, segment.end)?;
    }
    recovered.end = Some(FrameEnd { name, seal: segment.seal, size: segment.end, synced: 0 });
    Ok(Some(segment))
}

/// The segment as its head states it, before any frame; `None` when the head is bad.
fn empty_segment<D: Disk>(
    disk: &D,
    name: &str,
    first_height: u64,
) -> Result<Option<Segment>, StorageError> {
    match read_head(disk, name, BLOCK_MAGIC)? {
        HeadSlot::Head(head) if head.height == first_height => {
            Ok(Some(Segment::new(head.seal, first_height, HEAD_BYTES as u64)))
        }
        HeadSlot::Head(_) => Err(bad_head(name, first_height)),
        HeadSlot::Bad => Ok(None),
    }
}

/// Adds all good frames to `segment`, up to the first bad one or the end of the file.
fn walk<D: Disk>(
    disk: &D,
    name: &str,
    size: u64,
    segment: &mut Segment,
    depth: Depth,
) -> Result<(), StorageError> {
    let file = FrameFile { disk, name, seal: segment.seal, size };
    while let Slot::Frame(header) = file.slot(segment.end)? {
        if !is_next(&header, segment)
            || (depth == Depth::Payload && file.payload(segment.end, &header)?.is_none())
        {
            break;
        }
        segment.push(header.frame_bytes());
    }
    Ok(())
}

fn is_next(header: &Header, segment: &Segment) -> bool {
    header.label.kind == BLOCK_KIND && header.label.height == segment.next_height()
}

/// The frame that should stand at `offset` for the segment's next height is bad or missing.
fn damaged(segment: &Segment, offset: u64) -> StorageError {
    StorageError::BlockDamaged {
        segment: segment_name(segment.first_height),
        offset,
        height: segment.next_height(),
    }
}

fn bad_head(name: &str, first_height: u64) -> StorageError {
    StorageError::BlockDamaged { segment: name.to_owned(), offset: 0, height: first_height }
}

//! Looking at storage without changing it, and putting one segment of the block log right.
//! Holds: a survey only reads; what it calls good passed its check; a segment is replaced whole,
//! or not at all.
//! May not enter: where missing blocks come from; whether they are the right ones.
//! Source: docs/formats.md, "Storage files".

use std::collections::BTreeMap;

use super::block_index::{parse_segment_name, segment_name};
use super::block_reader::BLOCK_KIND;
use super::disk::{Disk, DiskError};
use super::error::StorageError;
use super::frame::{BLOCK_MAGIC, HEAD_BYTES, HEADER_BYTES, Header, Salts, Seal, payload_length};
use super::frame_file::{FrameFile, Slot, read_head};
use super::guard::Guard;
use super::wal::{Tip, WAL_FILE};
use super::wal_replay::Replay;

/// How much of a file one read of the search for good frames takes (bytes).
const SEARCH_BYTES: usize = 1024 * 1024;

/// What the write-ahead log holds.
#[derive(Debug)]
pub struct WalSurvey {
    /// Whether there is a file.
    pub is_there: bool,
    /// The sign guard, if there is one.
    pub guard: Option<Guard>,
    /// The newest block that it names as durable.
    pub durable_tip: Option<Tip>,
    /// Size of its torn end (bytes).
    pub torn_bytes: u64,
}

impl WalSurvey {
    /// Reads the write-ahead log. Errors: as at a start, `WalDamaged` among them.
    pub fn of<D: Disk>(disk: &D) -> Result<WalSurvey, StorageError> {
        let is_there = disk.size(WAL_FILE)?.is_some();
        let replay = Replay::read(disk)?;
        let (guard, durable_tip, torn_bytes) = (replay.guard, replay.tip, replay.cut_bytes);
        Ok(WalSurvey { is_there, guard, durable_tip, torn_bytes })
    }
}

/// What the segments of the block log hold.
#[derive(Debug, Default)]
pub struct BlockSurvey {
    /// In order of height.
    pub segments: Vec<SegmentSurvey>,
}

/// What one segment holds.
#[derive(Debug)]
pub struct SegmentSurvey {
    /// The height of its first block, by its name.
    pub first_height: u64,
    /// Its file's name.
    pub name: String,
    /// Its size (bytes).
    pub size_bytes: u64,
    /// Parts that hold no good frame (first byte, and the byte after the last).
    pub bad: Vec<(u64, u64)>,
    seal: Option<Seal>,
    frames: BTreeMap<u64, (u64, Header)>,
}

impl BlockSurvey {
    /// Reads every byte of every segment; after a bad frame it looks for the next good one.
    /// Errors: `Disk`, `UnknownVersion`.
    pub fn of<D: Disk>(disk: &D) -> Result<BlockSurvey, StorageError> {
        let names = disk.list()?;
        let mut firsts: Vec<u64> = names.iter().filter_map(|n| parse_segment_name(n)).collect();
        firsts.sort_unstable();
        let segments = firsts.into_iter().map(|first| SegmentSurvey::of(disk, first));
        Ok(BlockSurvey { segments: segments.collect::<Result<_, _>>()? })
    }

    /// The highest good block; `None` when there is none.
    pub fn highest(&self) -> Option<u64> {
        self.segments.iter().filter_map(|of| of.frames.keys().next_back()).max().copied()
    }

    /// The payload of the block at `height`, if it is good here. Errors: `Disk`.
    pub fn payload<D: Disk>(&self, disk: &D, height: u64) -> Result<Option<Vec<u8>>, StorageError> {
        for segment in &self.segments {
            if let Some(payload) = segment.payload(disk, height)? {
                return Ok(Some(payload));
            }
        }
        Ok(None)
    }

    /// Runs of heights from `first` to `tip` that are not good here (both ends included).
    pub fn missing(&self, first: u64, tip: u64) -> Vec<(u64, u64)> {
        let mut missing: Vec<(u64, u64)> = Vec::new();
        for height in first..=tip {
            if self.segments.iter().any(|of| of.frames.contains_key(&height)) {
                continue;
            }
            match missing.last_mut() {
                Some((_, last)) if *last + 1 == height => *last = height,
                _ => missing.push((height, height)),
            }
        }
        missing
    }

    /// The heights that belong into each segment (both ends included), up to `tip`: from its own
    /// first to the one before the next's. A log without its first segments gets one from
    /// `begin`.
    pub fn shares(&self, begin: u64, tip: u64) -> Vec<(u64, u64)> {
        let mut firsts: Vec<u64> = self.segments.iter().map(|of| of.first_height).collect();
        if firsts.first() != Some(&begin) {
            firsts.insert(0, begin);
        }
        let nexts = firsts.iter().skip(1).map(|next| next - 1).chain([tip]);
        firsts.iter().copied().zip(nexts).filter(|(first, last)| first <= last).collect()
    }
}

impl SegmentSurvey {
    fn of<D: Disk>(disk: &D, first_height: u64) -> Result<SegmentSurvey, StorageError> {
        let name = segment_name(first_height);
        let size_bytes = disk.size(&name)?.unwrap_or(0);
        let head = read_head(disk, &name, BLOCK_MAGIC)?;
        let seal = head.filter(|head| head.height == first_height).map(|head| head.seal);
        let mut survey = SegmentSurvey {
            first_height,
            name,
            size_bytes,
            bad: Vec::new(),
            seal,
            frames: BTreeMap::new(),
        };
        match survey.file(disk) {
            // Without the salt in its head no frame can be told from what somebody put there.
            None => survey.bad.push((0, size_bytes)),
            Some(file) => {
                let (frames, bad) = walk(&file)?;
                (survey.frames, survey.bad) = (frames, bad);
            }
        }
        Ok(survey)
    }

    fn file<'a, D: Disk>(&self, disk: &'a D) -> Option<FrameFile<'a, D>> {
        let seal = self.seal?;
        Some(FrameFile { disk, name: self.name.clone(), seal, size: self.size_bytes })
    }

    fn payload<D: Disk>(&self, disk: &D, height: u64) -> Result<Option<Vec<u8>>, StorageError> {
        match (self.file(disk), self.frames.get(&height)) {
            (Some(file), Some((offset, header))) => Ok(file.payload(*offset, header)?),
            _ => Ok(None),
        }
    }
}

type Walked = (BTreeMap<u64, (u64, Header)>, Vec<(u64, u64)>);

/// All good frames, and what lies between them.
fn walk<D: Disk>(file: &FrameFile<'_, D>) -> Result<Walked, DiskError> {
    let (mut frames, mut bad) = (BTreeMap::new(), Vec::new());
    let mut offset = HEAD_BYTES as u64;
    while offset < file.size {
        match good_frame(file, offset)? {
            Some(header) => {
                frames.insert(header.label.height, (offset, header));
                offset += header.frame_bytes();
            }
            None => {
                let next = next_good_frame(file, offset + 1)?.unwrap_or(file.size);
                bad.push((offset, next));
                offset = next;
            }
        }
    }
    Ok((frames, bad))
}

fn good_frame<D: Disk>(file: &FrameFile<'_, D>, offset: u64) -> Result<Option<Header>, DiskError> {
    match file.slot(offset)? {
        Slot::Frame(header) if header.label.kind == BLOCK_KIND => {
            Ok(file.payload(offset, &header)?.map(|_| header))
        }
        _ => Ok(None),
    }
}

fn next_good_frame<D: Disk>(file: &FrameFile<'_, D>, from: u64) -> Result<Option<u64>, DiskError> {
    let mut start = from;
    while start < file.size {
        // Windows overlap, so that no header is cut in two.
        let window = file.disk.read(&file.name, start, SEARCH_BYTES + HEADER_BYTES)?;
        let places = (start..).zip(window.windows(HEADER_BYTES).take(SEARCH_BYTES));
        for (offset, bytes) in places {
            if bytes.starts_with(&file.seal.magic)
                && file.seal.header(offset, bytes).is_some()
                && good_frame(file, offset)?.is_some()
            {
                return Ok(Some(offset));
            }
        }
        start += SEARCH_BYTES as u64;
    }
    Ok(None)
}

/// Puts a new segment in the place of the one that begins with `first_height`, or where there is
/// none: written beside it, synced, renamed. `payloads` are of consecutive heights; `salt` as in
/// `StorageOptions`. Errors: `Oversized`, `Disk`.
pub fn rewrite_segment<D: Disk>(
    disk: &mut D,
    first_height: u64,
    payloads: &[Vec<u8>],
    salt: u64,
) -> Result<(), StorageError> {
    let (name, beside) = (segment_name(first_height), "segment.new");
    let seal = Seal { magic: BLOCK_MAGIC, salt: Salts::new(salt).next_salt() };
    if disk.size(beside)?.is_some() {
        disk.remove(beside)?;
    }
    // As an ordinary segment begins: with its head alone.
    disk.append(beside, &seal.head(first_height, HEAD_BYTES as u64))?;
    let mut end = super::frame_file::FrameEnd {
        name: beside.to_owned(),
        seal,
        size: HEAD_BYTES as u64,
        synced: HEAD_BYTES as u64,
    };
    for (height, payload) in (first_height..).zip(payloads) {
        payload_length(payload)?;
        end.append(disk, BLOCK_KIND, height, payload)?;
    }
    end.sync(disk)?;
    disk.rename(beside, &name)?;
    Ok(())
}

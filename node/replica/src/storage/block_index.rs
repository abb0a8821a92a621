//! Where each block lies in the segments of the block log.
//! Holds: heights are consecutive; a height is found only once it is durable.
//! May not enter: reading, writing, checks (see `block_reader`, `block_log`).

use super::frame::Seal;

/// One frame in so many is in the index; the rest are found by walking headers from there.
const FRAMES_PER_MARK: u64 = 32;

/// The name of the segment whose first block has `first_height`.
pub(crate) fn segment_name(first_height: u64) -> String {
    format!("blocks-{first_height:020}.log")
}

/// The first height that a segment's name states; `None` for a name of another sort of file.
pub(crate) fn parse_segment_name(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("blocks-")?.strip_suffix(".log")?;
    let first_height = digits.parse().ok()?;
    (segment_name(first_height) == name).then_some(first_height)
}

/// What is known of one segment.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub(crate) seal: Seal,
    pub(crate) first_height: u64,
    pub(crate) frames: u64,
    /// Where the last frame ends (bytes).
    pub(crate) end: u64,
    /// Offsets of frames 0, 32, 64, ...
    marks: Vec<u64>,
}

impl Segment {
    pub(crate) fn new(seal: Seal, first_height: u64, head_bytes: u64) -> Self {
        Segment { seal, first_height, frames: 0, end: head_bytes, marks: Vec::new() }
    }

    /// Adds the frame of the next height, which starts where the last one ended.
    pub(crate) fn push(&mut self, frame_bytes: u64) {
        if self.frames.is_multiple_of(FRAMES_PER_MARK) {
            self.marks.push(self.end);
        }
        self.frames += 1;
        self.end += frame_bytes;
    }

    pub(crate) fn next_height(&self) -> u64 {
        self.first_height + self.frames
    }

    /// The nearest indexed frame at or below `height`, which this segment holds.
    pub(crate) fn place(&self, height: u64) -> Option<Place> {
        let mark = (height - self.first_height) / FRAMES_PER_MARK;
        let offset = *self.marks.get(usize::try_from(mark).ok()?)?;
        let height = self.first_height + mark * FRAMES_PER_MARK;
        let segment = segment_name(self.first_height);
        Some(Place { segment, seal: self.seal, end: self.end, offset, height })
    }
}

/// A frame's place, and whose it is.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) segment: String,
    pub(crate) seal: Seal,
    /// Where the segment's last frame ended when it was looked up (bytes).
    pub(crate) end: u64,
    pub(crate) offset: u64,
    pub(crate) height: u64,
}

/// The segments in order of height.
#[derive(Debug, Default)]
pub(crate) struct BlockIndex {
    pub(crate) segments: Vec<Segment>,
    /// The newest durable height.
    pub(crate) tip: Option<u64>,
}

impl BlockIndex {
    /// The height after the last frame, durable or not; `None` when there is no frame.
    pub(crate) fn next_height(&self) -> Option<u64> {
        self.segments.last().map(Segment::next_height)
    }

    pub(crate) fn first_height(&self) -> Option<u64> {
        self.tip.and_then(|_| self.segments.first()).map(|segment| segment.first_height)
    }

    pub(crate) fn size_bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.end).sum()
    }

    /// Where to start walking for `height`; `None` when it is not here or not yet durable.
    pub(crate) fn place(&self, height: u64) -> Option<Place> {
        if self.tip.is_none_or(|tip| height > tip) {
            return None;
        }
        let after = self.segments.partition_point(|segment| segment.first_height <= height);
        self.segments.get(after.checked_sub(1)?)?.place(height)
    }
}

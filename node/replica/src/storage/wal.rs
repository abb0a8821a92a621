//! The write-ahead log: the sign guard, the engine's entries and bodies of undecided heights, and
//! the newest block known durable, in one file.
//! Holds: a rewrite keeps the guard, the tip and all of undecided heights, and is atomic.
//! May not enter: what entries and bodies mean; the order between WAL and block log (see `mod`).
//! Source: docs/formats.md, "Write-ahead log".
//!
//! | kind | frame | height | payload |
//! |---|---|---|---|
//! | 1 | origin | first height that may be signed | public key (32) |
//! | 2 | signed | of the mark | `SignedMark` |
//! | 3 | entry | it belongs to | opaque |
//! | 4 | body | of the block | header hash (32), opaque |
//! | 5 | tip | of the newest durable block | header hash (32) |

use std::collections::BTreeSet;

use comity_core::encoding::encode;
use comity_core::hash::HeaderHash;

use super::disk::Disk;
use super::error::StorageError;
use super::frame::{Salts, Seal, WAL_MAGIC, payload_length};
use super::frame_file::{FrameEnd, FrameImage, Slot};
use super::guard::{Admission, Guard, GuardConflict, SignedMark};
use super::wal_replay::{KeptFrame, Replay};

pub(crate) const WAL_FILE: &str = "wal";
/// Where a rewrite grows before it takes the log's place.
pub(crate) const WAL_FILE_BESIDE: &str = "wal.new";

pub(crate) const ORIGIN_KIND: u8 = 1;
pub(crate) const SIGNED_KIND: u8 = 2;
pub(crate) const ENTRY_KIND: u8 = 3;
pub(crate) const BODY_KIND: u8 = 4;
pub(crate) const TIP_KIND: u8 = 5;

/// A tip alone does not ask for a sync; so many of them do, lest an observer, which writes
/// nothing else, falls far behind with the tip that protects its block log.
const TIPS_PER_SYNC: u32 = 64;

/// Height and header hash of a durable block.
pub type Tip = (u64, HeaderHash);

#[derive(Debug)]
pub(crate) struct Wal {
    /// `None` until an observer, which has no guard, first needs the file.
    end: Option<FrameEnd>,
    limit_bytes: u64,
    salts: Salts,
    guard: Option<Guard>,
    tip: Option<Tip>,
    /// Height up to which blocks are durable: at or above `tip`, which lags.
    decided: Option<u64>,
    live: Vec<LiveFrame>,
    bodies: BTreeSet<(u64, HeaderHash)>,
    unsynced_tips: u32,
    /// Whether something is unsynced that must not wait.
    is_due: bool,
    /// Whether it is part of the guard.
    is_mark_due: bool,
    fsyncs: u64,
}

/// An entry or a body of an undecided height.
#[derive(Debug, Clone, Copy)]
struct LiveFrame {
    kind: u8,
    height: u64,
    offset: u64,
}

impl Wal {
    /// Writes a log that holds nothing but a new guard. Errors: `GuardExists`, `Disk`.
    pub(crate) fn create<D: Disk>(
        disk: &mut D,
        public_key: [u8; 32],
        mut salts: Salts,
    ) -> Result<(), StorageError> {
        if disk.size(WAL_FILE)?.is_some() {
            return Err(StorageError::GuardExists);
        }
        let mut image = FrameImage::new(next_seal(&mut salts));
        image.push(ORIGIN_KIND, 0, &public_key)?;
        image.place(disk, WAL_FILE, WAL_FILE_BESIDE)?;
        Ok(())
    }

    /// Goes on from what a replay found, taking the file and the guard out of it, now that the block log is known to reach `decided`.
    /// What lies above it is written anew before anything relies on it: bytes that a process
    /// left unsynced can be read now and yet be gone after the next loss of power, even when a
    /// sync then reports success.
    pub(crate) fn begin<D: Disk>(
        disk: &mut D,
        replay: &mut Replay,
        decided: Option<u64>,
        limit_bytes: u64,
        salts: Salts,
    ) -> Result<Self, StorageError> {
        let mut wal = Wal {
            end: replay.end.take(),
            limit_bytes,
            salts,
            guard: replay.guard.take(),
            tip: replay.tip,
            decided: None,
            live: replay.kept.iter().map(LiveFrame::from).collect(),
            bodies: replay.kept.iter().filter_map(KeptFrame::body).collect(),
            unsynced_tips: 0,
            is_due: false,
            is_mark_due: false,
            fsyncs: 0,
        };
        if let Some(height) = decided {
            wal.forget_through(height);
        }
        if wal.end.is_some() {
            wal.rewrite(disk)?;
        }
        Ok(wal)
    }

    pub(crate) fn guard(&self) -> Option<&Guard> {
        self.guard.as_ref()
    }

    pub(crate) fn tip(&self) -> Option<Tip> {
        self.tip
    }

    pub(crate) fn size_bytes(&self) -> u64 {
        self.end.as_ref().map_or(0, |end| end.size)
    }

    pub(crate) fn fsyncs(&self) -> u64 {
        self.fsyncs
    }

    pub(crate) fn append_mark<D: Disk>(
        &mut self,
        disk: &mut D,
        mark: SignedMark,
    ) -> Result<(), StorageError> {
        let asked = mark.position();
        let guard = self.guard.as_ref().ok_or(GuardConflict::Missing { asked })?;
        if guard.check(&mark)? == Admission::Repeat {
            return Ok(());
        }
        self.append(disk, SIGNED_KIND, mark.height, &encode(&mark))?;
        if let Some(guard) = &mut self.guard {
            guard.record(mark);
        }
        self.is_due = true;
        self.is_mark_due = true;
        Ok(())
    }

    pub(crate) fn append_entry<D: Disk>(
        &mut self,
        disk: &mut D,
        height: u64,
        bytes: &[u8],
    ) -> Result<(), StorageError> {
        self.append_live(disk, ENTRY_KIND, height, bytes)
    }

    pub(crate) fn append_body<D: Disk>(
        &mut self,
        disk: &mut D,
        height: u64,
        header_hash: HeaderHash,
        bytes: &[u8],
    ) -> Result<(), StorageError> {
        if self.bodies.contains(&(height, header_hash)) {
            return Ok(());
        }
        self.append_live(disk, BODY_KIND, height, &[header_hash.as_bytes(), bytes].concat())?;
        if !self.is_decided(height) {
            self.bodies.insert((height, header_hash));
        }
        Ok(())
    }

    /// Takes up a guard in a log that has none or a lost one's successor.
    pub(crate) fn append_origin<D: Disk>(
        &mut self,
        disk: &mut D,
        public_key: [u8; 32],
        vote_from: u64,
    ) -> Result<(), StorageError> {
        let mut guard = Guard::new(public_key, vote_from);
        if let Some(earlier) = self.guard.clone() {
            guard.succeed(earlier);
        }
        self.append(disk, ORIGIN_KIND, guard.vote_from(), &public_key)?;
        self.guard = Some(guard);
        self.is_due = true;
        self.is_mark_due = true;
        Ok(())
    }

    /// The block of `tip` is durable in the block log: what is of its height or lower no longer
    /// counts. Its frame asks for no sync of its own.
    pub(crate) fn advance<D: Disk>(&mut self, disk: &mut D, tip: Tip) -> Result<(), StorageError> {
        let (height, header_hash) = tip;
        self.tip = Some(tip);
        self.forget_through(height);
        // What is still to be made durable of a height that is decided will never be read.
        self.is_due = self.is_mark_due || !self.live.is_empty();
        if self.size_bytes() > self.limit_bytes {
            return self.rewrite(disk);
        }
        self.append(disk, TIP_KIND, height, header_hash.as_bytes())?;
        self.unsynced_tips += 1;
        Ok(())
    }

    /// Makes durable what must be: all, unless only a few tips are unsynced.
    pub(crate) fn sync<D: Disk>(&mut self, disk: &mut D) -> Result<(), StorageError> {
        if let Some(end) = &mut self.end
            && (self.is_due || self.unsynced_tips >= TIPS_PER_SYNC)
        {
            end.sync(disk)?;
            self.fsyncs += 1;
            self.is_due = false;
            self.is_mark_due = false;
            self.unsynced_tips = 0;
        }
        Ok(())
    }

    /// Makes durable what was signed, before a block is written whose certificate may show it: a
    /// guard that lacks what its own block log shows counts as an old copy after a start.
    pub(crate) fn sync_marks<D: Disk>(&mut self, disk: &mut D) -> Result<(), StorageError> {
        if self.is_mark_due { self.sync(disk) } else { Ok(()) }
    }

    fn append_live<D: Disk>(
        &mut self,
        disk: &mut D,
        kind: u8,
        height: u64,
        payload: &[u8],
    ) -> Result<(), StorageError> {
        // An input that comes late, for a block that is durable: nothing would ever read it.
        if self.is_decided(height) {
            return Ok(());
        }
        let offset = self.append(disk, kind, height, payload)?;
        self.live.push(LiveFrame { kind, height, offset });
        self.is_due = true;
        Ok(())
    }

    fn append<D: Disk>(
        &mut self,
        disk: &mut D,
        kind: u8,
        height: u64,
        payload: &[u8],
    ) -> Result<u64, StorageError> {
        payload_length(payload)?;
        match &mut self.end {
            Some(end) => end.append(disk, kind, height, payload),
            None => {
                let image = FrameImage::new(next_seal(&mut self.salts));
                let mut end = image.place(disk, WAL_FILE, WAL_FILE_BESIDE)?;
                self.fsyncs += 1;
                let offset = end.append(disk, kind, height, payload)?;
                self.end = Some(end);
                Ok(offset)
            }
        }
    }

    fn is_decided(&self, height: u64) -> bool {
        self.decided.is_some_and(|decided| height <= decided)
    }

    fn forget_through(&mut self, height: u64) {
        self.decided = self.decided.max(Some(height));
        self.live.retain(|frame| frame.height > height);
        self.bodies.retain(|(of, _)| *of > height);
        if let Some(guard) = &mut self.guard {
            guard.forget_through(height);
        }
    }

    /// Puts a new file in the log's place that holds only what counts, all of it durable.
    fn rewrite<D: Disk>(&mut self, disk: &mut D) -> Result<(), StorageError> {
        let mut image = FrameImage::new(next_seal(&mut self.salts));
        if let Some(guard) = &self.guard {
            image.push(ORIGIN_KIND, guard.vote_from(), guard.public_key())?;
            for mark in guard.marks() {
                image.push(SIGNED_KIND, mark.height, &encode(mark))?;
            }
        }
        if let Some((height, header_hash)) = self.tip {
            image.push(TIP_KIND, height, header_hash.as_bytes())?;
        }
        let mut live = Vec::with_capacity(self.live.len());
        for frame in &self.live {
            let payload = self.live_payload(disk, frame)?;
            let offset = image.push(frame.kind, frame.height, &payload)?;
            live.push(LiveFrame { offset, ..*frame });
        }
        self.end = Some(image.place(disk, WAL_FILE, WAL_FILE_BESIDE)?);
        self.fsyncs += 1;
        self.live = live;
        self.is_due = false;
        self.is_mark_due = false;
        self.unsynced_tips = 0;
        Ok(())
    }

    fn live_payload<D: Disk>(&self, disk: &D, frame: &LiveFrame) -> Result<Vec<u8>, StorageError> {
        let Some(end) = &self.end else { unreachable!("a live frame lies in a file") };
        let file = end.reading(disk);
        if let Slot::Frame(header) = file.slot(frame.offset)?
            && let Some(payload) = file.payload(frame.offset, &header)?
        {
            return Ok(payload);
        }
        Err(StorageError::WalDamaged { file: end.name.clone(), offset: frame.offset })
    }
}

impl From<&KeptFrame> for LiveFrame {
    fn from(frame: &KeptFrame) -> Self {
        LiveFrame { kind: frame.kind, height: frame.height, offset: frame.offset }
    }
}

fn next_seal(salts: &mut Salts) -> Seal {
    Seal { magic: WAL_MAGIC, salt: salts.next_salt() }
}

//! What a node must not forget: the block log, the write-ahead log and the sign guard.
//! Holds: what `sync` acknowledged is there after any crash, or its damage is found and located.
//! May not enter: real files, threads (the node's disk thread and the simulator drive this),
//! the meaning of payloads. Source: docs/formats.md, "Storage files".

mod block_index;
mod block_log;
mod block_reader;
mod block_recovery;
mod disk;
mod error;
mod frame;
mod frame_file;
mod guard;
mod memory_disk;
mod survey;
mod wal;
mod wal_replay;

#[cfg(test)]
mod tests;

use comity_core::hash::HeaderHash;

pub use block_log::BlockLog;
pub use block_reader::BlockLogReader;
pub use block_recovery::discard_blocks_from;
pub use disk::{Disk, DiskError, DiskOperation};
pub use error::StorageError;
pub use frame::MAX_PAYLOAD_BYTES;
pub use guard::{Guard, GuardConflict, MarkPosition, SignedMark, Step};
pub use memory_disk::MemoryDisk;
pub use survey::{BlockSurvey, SegmentSurvey, WalSurvey, rewrite_segment};
pub use wal::Tip;
pub use wal_replay::{RecoveredBody, RecoveredEntry};

use error::Poison;
use frame::Salts;
use wal::{WAL_FILE_BESIDE, Wal};
use wal_replay::Replay;

/// Size past which the write-ahead log is rewritten at the next height (bytes).
pub const WAL_LIMIT_BYTES: u64 = 8 * 1024 * 1024;
/// Size past which a segment of the block log is followed by a new one (bytes).
pub const SEGMENT_LIMIT_BYTES: u64 = 64 * 1024 * 1024;

/// How storage is opened.
#[derive(Debug, Clone, Copy)]
pub struct StorageOptions {
    /// Size past which the write-ahead log is rewritten at the next height (bytes).
    pub wal_limit_bytes: u64,
    /// Size past which a segment of the block log is followed by a new one (bytes).
    pub segment_limit_bytes: u64,
    /// A number that nobody else can guess, new at each start. It keeps other agencies from
    /// putting frames into a block that would be taken for storage's own; a node draws it from
    /// the system, a simulation from its seed.
    pub salt: u64,
}

impl StorageOptions {
    /// The limits of a node, with `salt`.
    pub fn new(salt: u64) -> Self {
        StorageOptions {
            wal_limit_bytes: WAL_LIMIT_BYTES,
            segment_limit_bytes: SEGMENT_LIMIT_BYTES,
            salt,
        }
    }
}

/// What a start finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// The sign guard; `None` when it is missing, which is not the same as one that has signed
    /// nothing (its `last` is `None`). That its key is the validator's is for the caller to check.
    pub guard: Option<Guard>,
    /// Newest block in the block log; `None` when there is none. All up to it are durable.
    pub tip: Option<u64>,
    /// The newest block that the write-ahead log names as durable: at or below `tip`.
    pub durable_tip: Option<Tip>,
    /// Engine entries of heights above `tip`, in the order written.
    pub entries: Vec<RecoveredEntry>,
    /// Proposed blocks of heights above `tip`, in the order written.
    pub bodies: Vec<RecoveredBody>,
    /// Torn bytes cut off the write-ahead log.
    pub wal_cut_bytes: u64,
    /// Torn bytes cut off the block log.
    pub block_log_cut_bytes: u64,
}

/// Something to be written. Nothing is durable before the next `Storage::sync`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StorageOp {
    /// The validator key signed this; its message may go out once it is durable.
    SignedMark(SignedMark),
    /// An entry of the engine's own log.
    Entry {
        /// Height that it belongs to.
        height: u64,
        /// Opaque.
        bytes: Vec<u8>,
    },
    /// A proposed block, which entries name by its hash. Written once per hash and height.
    Body {
        /// Height of the block.
        height: u64,
        /// Its header's hash.
        header_hash: HeaderHash,
        /// Opaque.
        bytes: Vec<u8>,
    },
    /// The guard is taken up anew, as [`Storage::adopt_guard`] says.
    AdoptGuard {
        /// The validator key (32 bytes, Ed25519).
        public_key: [u8; 32],
        /// First height that may be signed.
        vote_from: u64,
    },
    /// A decided block. Once it is durable, whatever else was written for its height is dropped.
    Commit {
        /// Height of the block, one above the last.
        height: u64,
        /// Its header's hash.
        header_hash: HeaderHash,
        /// The encoded block with its certificate; opaque.
        payload: Vec<u8>,
    },
}

/// How many syncs were asked of the disk since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FsyncCounts {
    /// For the write-ahead log, rewrites included.
    pub wal: u64,
    /// For the block log.
    pub block_log: u64,
}

/// Block log and write-ahead log of one node. Belongs to one thread; others read blocks through
/// `reader`.
#[derive(Debug)]
pub struct Storage<D> {
    blocks: BlockLog<D>,
    wal: Wal,
    /// Newest block appended and not yet synced.
    committing: Option<Tip>,
    poison: Poison,
}

impl<D: Disk + Clone> Storage<D> {
    /// Writes the write-ahead log of a new validator, with a guard that has signed nothing:
    /// called once, by who creates the key `public_key` (32 bytes, Ed25519). Durable on return.
    /// `salt` as in `StorageOptions`. Errors: `GuardExists` when there is a log already; `Disk`.
    pub fn create_guard(disk: &mut D, public_key: [u8; 32], salt: u64) -> Result<(), StorageError> {
        Wal::create(disk, public_key, Salts::new(salt))
    }

    /// Opens what is on `disk`: nothing at all is a node that never ran. A torn tail, which was
    /// never acknowledged, is cut off. All that is recovered is durable on return. Errors:
    /// `WalDamaged`, `BlockDamaged`, which say where; `UnknownVersion`, `UnexpectedFrame`,
    /// `Malformed` for files of another program; `Guard` when the log's own marks contradict
    /// each other; `Disk`.
    pub fn open(mut disk: D, options: StorageOptions) -> Result<(Self, Recovered), StorageError> {
        if disk.size(WAL_FILE_BESIDE)?.is_some() {
            // A rewrite that did not come to its end: the log in place is whole.
            disk.remove(WAL_FILE_BESIDE)?;
        }
        let mut salts = Salts::new(options.salt);
        let mut replay = Replay::read(&disk)?;
        let durable_tip = replay.tip;
        let mut blocks = BlockLog::open(
            disk,
            options.segment_limit_bytes,
            salts.next_salt(),
            durable_tip.map(|(height, _)| height),
        )?;
        // The block log is the truth. Entries of a height that it holds are what a crash
        // between its sync and the tip's leaves behind.
        let tip = blocks.tip();
        if let Some(tip) = tip {
            replay.forget_through(tip);
        }
        let limit_bytes = options.wal_limit_bytes;
        let wal = Wal::begin(blocks.disk(), &mut replay, tip, limit_bytes, salts)?;
        let guard = wal.guard().cloned();
        let wal_cut_bytes = replay.cut_bytes;
        let block_log_cut_bytes = blocks.cut_bytes();
        let (entries, bodies) = replay.into_contents();
        let recovered = Recovered {
            guard,
            tip,
            durable_tip,
            entries,
            bodies,
            wal_cut_bytes,
            block_log_cut_bytes,
        };
        Ok((Storage { blocks, wal, committing: None, poison: Poison::default() }, recovered))
    }

    /// Writes `op`. Errors: `Guard` for a mark that contradicts the guard or goes backwards,
    /// `NotNext`, `Oversized`, after each of which nothing was written and storage goes on;
    /// `Disk`, `Poisoned`, `WalDamaged`, which end it.
    pub fn perform(&mut self, op: StorageOp) -> Result<(), StorageError> {
        self.poison.check()?;
        let performed = self.write(op);
        self.poison.keep(performed)
    }

    /// Makes all that was performed durable, with as few syncs as possible: none for a log
    /// that has nothing to sync. An error is final. Errors: `Disk`, `Poisoned`, `WalDamaged`.
    pub fn sync(&mut self) -> Result<(), StorageError> {
        self.poison.check()?;
        let synced = self.sync_both();
        self.poison.keep(synced)
    }

    /// Takes up a guard for `public_key` where it is missing or has lost marks, so that nothing
    /// below the height `vote_from` is ever signed with it. Marks of the same key are kept.
    /// Durable on return. The caller has made certain that the key signed nothing from
    /// `vote_from` on. Errors: `Disk`, `Poisoned`.
    pub fn adopt_guard(
        &mut self,
        public_key: [u8; 32],
        vote_from: u64,
    ) -> Result<(), StorageError> {
        self.perform(StorageOp::AdoptGuard { public_key, vote_from })?;
        self.sync()
    }

    /// The sign guard; `None` when it is missing. Its newest marks may not be durable yet.
    pub fn guard(&self) -> Option<&Guard> {
        self.wal.guard()
    }

    /// The mark that was signed at a place of an undecided height, to send it again unchanged.
    pub fn mark(&self, height: u64, round: u32, step: Step) -> Option<&SignedMark> {
        self.guard()?.mark(MarkPosition { height, round, step })
    }

    /// Newest durable block; `None` when there is none.
    pub fn tip(&self) -> Option<u64> {
        self.blocks.tip()
    }

    /// The newest durable block since the write-ahead log last named one.
    pub fn durable_tip(&self) -> Option<Tip> {
        self.wal.tip()
    }

    /// Reads durable blocks, from any thread.
    pub fn reader(&self) -> &BlockLogReader<D> {
        self.blocks.reader()
    }

    /// Size of the block log (bytes).
    pub fn block_log_size_bytes(&self) -> u64 {
        self.blocks.size_bytes()
    }

    /// Size of the write-ahead log (bytes).
    pub fn wal_size_bytes(&self) -> u64 {
        self.wal.size_bytes()
    }

    /// Syncs asked of the disk since the start.
    pub fn fsyncs(&self) -> FsyncCounts {
        FsyncCounts { wal: self.wal.fsyncs(), block_log: self.blocks.fsyncs() }
    }

    fn write(&mut self, op: StorageOp) -> Result<(), StorageError> {
        let disk = self.blocks.disk();
        match op {
            StorageOp::SignedMark(mark) => self.wal.append_mark(disk, mark),
            StorageOp::Entry { height, bytes } => self.wal.append_entry(disk, height, &bytes),
            StorageOp::Body { height, header_hash, bytes } => {
                self.wal.append_body(disk, height, header_hash, &bytes)
            }
            StorageOp::AdoptGuard { public_key, vote_from } => {
                self.wal.append_origin(disk, public_key, vote_from)
            }
            StorageOp::Commit { height, header_hash, payload } => {
                self.wal.sync_marks(disk)?;
                self.blocks.append(height, &payload)?;
                self.committing = Some((height, header_hash));
                Ok(())
            }
        }
    }

    /// The block log goes before the tip: from the WAL's next sync on, a tip may be durable there that
    /// promises these blocks, and entries of their heights may be gone.
    ///
    /// The tip itself waits for whatever next makes the WAL sync. Until then the WAL names an
    /// older tip, which is still true: it is a lower bound. A crash in between costs only that
    /// entries of a decided height are read once more and dropped, since the block log, synced
    /// above, reaches past them; and that rot in these last blocks, unless a later frame tells,
    /// is taken for a torn tail, and the blocks fetched from peers again.
    fn sync_both(&mut self) -> Result<(), StorageError> {
        self.blocks.sync()?;
        if let Some(tip) = self.committing.take() {
            self.wal.advance(self.blocks.disk(), tip)?;
        }
        self.wal.sync(self.blocks.disk())
    }
}

//! What can go wrong in storage, and which errors end it.
//! Holds: after an error that leaves a file in an unknown state nothing more is written.
//! May not enter: retries.

use comity_core::encoding::DecodeError;

use super::disk::DiskError;
use super::guard::GuardConflict;

/// Why storage refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The disk failed. Never retried: the node aborts.
    #[error("the disk failed")]
    Disk(#[from] DiskError),
    /// An earlier operation failed in a way that ends the use of this storage.
    #[error("storage has failed before and takes no more")]
    Poisoned,
    /// The write-ahead log holds damage among bytes that were durable.
    #[error("{file} is damaged at byte {offset}, among bytes that were durable")]
    WalDamaged {
        /// The file's name.
        file: String,
        /// Where the bad frame starts (bytes).
        offset: u64,
    },
    /// The block log is damaged at a block that was durable, or ends before it.
    #[error("block {height} is damaged or missing: {segment}, byte {offset}")]
    BlockDamaged {
        /// The segment's file name.
        segment: String,
        /// Where the bad frame starts or should start (bytes).
        offset: u64,
        /// The block that is there, or should be.
        height: u64,
    },
    /// A file of a later program.
    #[error("{file} has format version {version}, which this program does not know")]
    UnknownVersion {
        /// The file's name.
        file: String,
        /// The version that it states.
        version: u32,
    },
    /// An undamaged frame of a kind, or in a place, that this program does not know.
    #[error("{file}, byte {offset}: a frame of kind {kind} has no place here")]
    UnexpectedFrame {
        /// The file's name.
        file: String,
        /// Where the frame starts (bytes).
        offset: u64,
        /// The kind that it states.
        kind: u8,
    },
    /// An undamaged frame whose payload is not what its kind says.
    #[error("{file}, byte {offset}: a frame does not hold what its kind says")]
    Malformed {
        /// The file's name.
        file: String,
        /// Where the frame starts (bytes).
        offset: u64,
        /// What is wrong with the payload.
        #[source]
        source: DecodeError,
    },
    /// The sign guard refuses a signature. Nothing was written.
    #[error("the sign guard refuses a signature")]
    Guard(#[from] GuardConflict),
    /// A guard cannot be born where a write-ahead log is.
    #[error("there is a write-ahead log already: a sign guard is created once, with its key")]
    GuardExists,
    /// A block that is not the next one. Nothing was written.
    #[error("block {height} was given where block {expected} comes next")]
    NotNext {
        /// The height that comes next.
        expected: u64,
        /// The height that was given.
        height: u64,
    },
    /// A payload over the limit of a frame. Nothing was written.
    #[error("{size_bytes} bytes in one frame, but at most {limit_bytes} are allowed")]
    Oversized {
        /// Size of the payload (bytes).
        size_bytes: u64,
        /// The limit (bytes).
        limit_bytes: u64,
    },
}

impl StorageError {
    /// Whether nothing was written or lost, so that storage can go on.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            StorageError::Guard(_)
                | StorageError::GuardExists
                | StorageError::NotNext { .. }
                | StorageError::Oversized { .. }
        )
    }
}

/// Remembers the first error that was no refusal, and from then on lets nothing through: after
/// a failed sync the system may call lost bytes clean, and after a failed write the end of the
/// file is unknown, so a second attempt could succeed and prove nothing.
#[derive(Debug, Default)]
pub(crate) struct Poison {
    failed: bool,
}

impl Poison {
    pub(crate) fn check(&self) -> Result<(), StorageError> {
        if self.failed { Err(StorageError::Poisoned) } else { Ok(()) }
    }

    pub(crate) fn keep<T>(&mut self, result: Result<T, StorageError>) -> Result<T, StorageError> {
        if let Err(error) = &result {
            self.failed |= !error.is_refusal();
        }
        result
    }
}

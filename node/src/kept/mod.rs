//! What a node keeps beside the log: openings of sealed details, and texts about datasets.
//! Holds: what was answered as kept survives a crash; what was answered as erased is unlinked and
//! never comes back; the whole stays within its bound; nothing here is derived from the log, so
//! no rebuilding touches it.
//! May not enter: who may read or erase (see `http::auth`); the log.
//!
//! | name under `kept/` | what |
//! |---|---|
//! | `sealed/<2 hex>/<commitment>.json` | an opening, when it was kept and for which key |
//! | `sealed/<2 hex>/<commitment>.erased.json` | that it was erased, when, by which key and why |
//! | `details/<2 hex>/<hash>` | a text about a dataset, as it was given |
//! | `*.new` | a file that was being written; removed at the next start |

mod details;
mod files;
mod sealed;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use comity_core::hash::{Commitment, ConsortiumId, DetailsHash};

pub(crate) use files::{read as read_durable, write as write_durably};
pub use sealed::{Erasure, KeptOpening, Sought};

/// Why something cannot be kept, read or erased.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// There is no room for more.
    #[error("{used_bytes} of {max_bytes} bytes are used, and {wanted_bytes} more are needed")]
    Full {
        /// What is used, in whole blocks of the disk.
        used_bytes: u64,
        /// What may be used.
        max_bytes: u64,
        /// What would be added.
        wanted_bytes: u64,
    },
    /// It was erased, and is not kept again.
    #[error("{commitment} was erased")]
    Erased {
        /// What.
        commitment: Commitment,
        /// When, by whom and why.
        erasure: Erasure,
    },
    /// The bytes are not those that the hash is of.
    #[error("the text does not have this hash")]
    HashMismatch,
    /// A text that is longer than the format allows.
    #[error("the text has {size} bytes; at most {limit} are allowed")]
    TooLong {
        /// Its length.
        size: usize,
        /// What is allowed.
        limit: usize,
    },
    /// A file is not what was written.
    #[error("{0} is damaged")]
    Damaged(PathBuf),
    /// The system refused.
    #[error("could not {operation} {path}")]
    Io {
        /// What was asked of it.
        operation: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What it said.
        #[source]
        source: io::Error,
    },
}

/// The store. Clones are handles on the same one; one process at a time has it.
#[derive(Clone, Debug)]
pub struct Kept(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    consortium: ConsortiumId,
    max_bytes: u64,
    /// What the files take up. Held while anything is written, so that two writers cannot both
    /// find room for one.
    used_bytes: Mutex<u64>,
}

/// Files below `root` that are not what was written: neither an opening that fits its commitment,
/// nor a tombstone, nor a text with its hash. Changes nothing; no process need have the store. Errors:
/// `Io`.
pub(crate) fn damaged(root: &Path, consortium: ConsortiumId) -> Result<Vec<PathBuf>, KeptError> {
    let store = Kept(Arc::new(Inner {
        root: root.to_owned(),
        consortium,
        max_bytes: 0,
        used_bytes: Mutex::new(0),
    }));
    let mut damaged = Vec::new();
    for (path, name) in files::all(&root.join("sealed"))? {
        let hex = name.strip_suffix(files::TOMBSTONE).or(name.strip_suffix(files::OPENING));
        match hex.map(str::parse::<Commitment>) {
            Some(Ok(commitment)) => match store.sought(&commitment) {
                Ok(_) => {}
                Err(KeptError::Damaged(_)) => damaged.push(path),
                Err(error) => return Err(error),
            },
            _ => damaged.push(path),
        }
    }
    for (path, name) in files::all(&root.join("details"))? {
        match name.parse::<DetailsHash>().map(|hash| store.details(&hash)) {
            Ok(Ok(_)) => {}
            Ok(Err(KeptError::Damaged(_))) | Err(_) => damaged.push(path),
            Ok(Err(error)) => return Err(error),
        }
    }
    Ok(damaged)
}

impl Kept {
    /// Opens the store in `root`, made if missing: removes files that were half written, finishes
    /// erasures that a crash cut short, and counts what is there. Errors: `Io`.
    pub fn open(root: &Path, consortium: ConsortiumId, max_bytes: u64) -> Result<Kept, KeptError> {
        files::make_private_dir(root)?;
        let mut used_bytes = 0;
        for shelf in ["sealed", "details"] {
            used_bytes += files::tidy(&root.join(shelf))?;
        }
        let used_bytes = Mutex::new(used_bytes);
        Ok(Kept(Arc::new(Inner { root: root.to_owned(), consortium, max_bytes, used_bytes })))
    }

    /// What the files take up, in whole blocks of the disk (bytes).
    pub fn used_bytes(&self) -> u64 {
        *self.writing()
    }

    /// What they may take up (bytes).
    pub fn max_bytes(&self) -> u64 {
        self.0.max_bytes
    }

    fn writing(&self) -> MutexGuard<'_, u64> {
        // A panic between a write and its count leaves at most that file uncounted until the next
        // start.
        self.0.used_bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Room for files of these lengths. Errors: `Full`.
    fn check_room(
        &self,
        used_bytes: u64,
        sizes: impl Iterator<Item = usize>,
    ) -> Result<(), KeptError> {
        let max_bytes = self.0.max_bytes;
        let wanted_bytes: u64 = sizes.map(files::occupied_bytes).sum();
        if used_bytes.saturating_add(wanted_bytes) <= max_bytes {
            return Ok(());
        }
        Err(KeptError::Full { used_bytes, max_bytes, wanted_bytes })
    }
}

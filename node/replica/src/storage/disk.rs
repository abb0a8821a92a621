//! The disk as storage sees it: a flat set of named files that only grow at their end.
//! Holds: what `sync`, `rename`, `truncate` and `remove` acknowledged survives a loss of power.
//! May not enter: paths, file handles, formats (see `frame`), real files (the node's business).

use std::fmt;

/// What was asked of the disk when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskOperation {
    /// Reading bytes of a file.
    Read,
    /// Asking a file's size.
    Size,
    /// Listing the files.
    List,
    /// Writing at the end of a file.
    Append,
    /// Making a file durable.
    Sync,
    /// Giving a file another name.
    Rename,
    /// Cutting a file's end.
    Truncate,
    /// Removing a file.
    Remove,
}

impl fmt::Display for DiskOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DiskOperation::Read => "read",
            DiskOperation::Size => "measure",
            DiskOperation::List => "list",
            DiskOperation::Append => "append to",
            DiskOperation::Sync => "sync",
            DiskOperation::Rename => "rename",
            DiskOperation::Truncate => "truncate",
            DiskOperation::Remove => "remove",
        })
    }
}

/// An operation that the disk refused or could not finish.
#[derive(Debug, thiserror::Error)]
#[error("could not {operation} {file}")]
pub struct DiskError {
    /// What was asked.
    pub operation: DiskOperation,
    /// The file's name in the data directory; `.` for the directory itself.
    pub file: String,
    /// What the operating system said.
    #[source]
    pub source: std::io::Error,
}

/// Files under storage, in one directory that belongs to one process at a time (a production
/// implementation takes an exclusive lock on it when it is made, and lists neither the lock nor
/// files of others).
///
/// File names are plain: ASCII letters, digits, `-` and `.`, no separators. A clone, where the type
/// has one, is another handle on the same files: a read through one sees every append that
/// returned through another. Reads may run on other threads while one thread writes; only one
/// handle writes at a time.
///
/// **Durable** means: still there after a loss of power at any later moment. What is written and
/// not synced may be lost, kept, or kept in part: after a loss of power, the part of a file past
/// what was durable may have any length up to what was written and hold zeros or garbage.
/// Bytes once durable never change by a later operation, however that one is interrupted.
///
/// After any error of a mutating operation the caller gives up and never retries: an
/// implementation need not leave the file in a known state.
pub trait Disk {
    /// The bytes of `file` from `offset` (bytes) on: exactly `length` of them, or fewer where the
    /// file ends first, down to none when `offset` lies at or past its end. Retries reads that
    /// the operating system cuts short. Errors: the file does not exist (`ErrorKind::NotFound`);
    /// the operating system's.
    fn read(&self, file: &str, offset: u64, length: usize) -> Result<Vec<u8>, DiskError>;

    /// Size of `file` in bytes, unsynced ones included; `None` when there is no such file.
    /// Errors: the operating system's, any but "not found".
    fn size(&self, file: &str) -> Result<Option<u64>, DiskError>;

    /// Names of all files, in ascending order. Errors: the operating system's.
    fn list(&self) -> Result<Vec<String>, DiskError>;

    /// Writes all of `bytes` at the end of `file`, which it creates when missing. Neither the
    /// bytes nor a new file's existence is durable before `sync` returns. After an error any
    /// part of the bytes may have been written. Errors: the operating system's, such as no space.
    fn append(&mut self, file: &str, bytes: &[u8]) -> Result<(), DiskError>;

    /// Makes all of `file` durable: its bytes, its size, and its existence under this name
    /// (fdatasync of the file; the first time after `append` created it, also fsync of the
    /// directory). Errors: the file does not exist; the operating system's, after which what was
    /// not yet durable must be taken for lost even if a second call would succeed.
    fn sync(&mut self, file: &str) -> Result<(), DiskError>;

    /// Writes the bytes of `file` from `offset` (bytes) on once more in their place, so that the
    /// next `sync` makes them durable even if an earlier one failed: after such a failure the
    /// operating system may call bytes clean that never reached the disk. Nothing changes for a
    /// reader; interrupted, it leaves what was there. A disk that never calls lost bytes clean has
    /// nothing to do. Errors: the file does not exist; the operating system's.
    fn renew(&mut self, file: &str, offset: u64) -> Result<(), DiskError> {
        let _ = (file, offset);
        Ok(())
    }

    /// Gives `from` the name `to`, in place of any file that had it. Atomic: at every moment, a
    /// loss of power included, `to` is wholly the old or wholly the new file. Durable on
    /// return (rename, then fsync of the directory); it says nothing about unsynced bytes in
    /// `from`, which the caller synced before. Errors: `from` does not exist; the operating
    /// system's, after which either may hold.
    fn rename(&mut self, from: &str, to: &str) -> Result<(), DiskError>;

    /// Cuts `file` to its first `size` bytes, no more than it has. Atomic, and durable on return
    /// (set the length, then fsync); it says nothing about unsynced bytes that stay. Errors: the file does not exist or is shorter; the operating
    /// system's.
    fn truncate(&mut self, file: &str, size: u64) -> Result<(), DiskError>;

    /// Removes `file`. Atomic, and durable on return (unlink, then fsync of the directory).
    /// Errors: the file does not exist; the operating system's.
    fn remove(&mut self, file: &str) -> Result<(), DiskError>;
}

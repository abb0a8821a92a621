//! Whether the disk has room to go on.
//! Holds: a node stops taking part while what it has begun can still be finished.
//! May not enter: what is written; waiting.

use std::io;
use std::path::{Path, PathBuf};

/// A disk on which less is free than is kept in reserve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full {
    /// What is free (bytes), rounded down to whole MiB so that it is not told anew all the time.
    pub free_bytes: u64,
    /// What is kept in reserve (bytes).
    pub reserve_bytes: u64,
}

/// Watches the disk under a directory.
#[derive(Debug)]
pub(crate) struct Room {
    directory: PathBuf,
    reserve_bytes: u64,
    full: Option<Full>,
}

const MIB: u64 = 1 << 20;

impl Room {
    pub(crate) fn new(directory: &Path, reserve_bytes: u64) -> Room {
        Room { directory: directory.to_owned(), reserve_bytes, full: None }
    }

    pub(crate) fn full(&self) -> Option<Full> {
        self.full
    }

    /// Looks at the disk; whether there is room where there was none, or the other way round. What
    /// cannot be looked at counts as room: writing will tell.
    pub(crate) fn look(&mut self) -> bool {
        match free_bytes(&self.directory) {
            Ok(free_bytes) => self.judge(free_bytes),
            Err(_) => false,
        }
    }

    /// A quarter more than the reserve must be free before it counts as room again, so that the
    /// node does not go back and forth.
    fn judge(&mut self, free_bytes: u64) -> bool {
        let reserve_bytes = self.reserve_bytes;
        let wanted = match self.full {
            Some(_) => reserve_bytes.saturating_add(reserve_bytes / 4),
            None => reserve_bytes,
        };
        let was_full = self.full.is_some();
        let free_bytes_told = free_bytes / MIB * MIB;
        self.full =
            (free_bytes < wanted).then_some(Full { free_bytes: free_bytes_told, reserve_bytes });
        was_full != self.full.is_some()
    }
}

/// What whoever runs this may still write on the disk under `path` (bytes). Errors: the
/// system's.
pub(crate) fn free_bytes(path: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(path)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_comes_back_only_with_some_to_spare() {
        let mut room = Room::new(Path::new("."), 100 * MIB);
        assert!(!room.judge(100 * MIB) && room.full().is_none());
        assert!(room.judge(100 * MIB - 1));
        let full = Full { free_bytes: 99 * MIB, reserve_bytes: 100 * MIB };
        assert_eq!(room.full(), Some(full));
        assert!(!room.judge(125 * MIB - 1) && room.full().is_some());
        assert!(room.judge(125 * MIB) && room.full().is_none());
    }

    #[test]
    fn disk_under_a_directory_can_be_looked_at() {
        assert!(free_bytes(Path::new(".")).is_ok());
        assert!(free_bytes(Path::new("/nowhere/at/all")).is_err());
    }
}

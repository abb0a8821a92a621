//! Snapshots on this node's disk: taken of the running node, kept, served to peers, started from.
//! Holds: a file under its final name is whole and was verified; at most [`KEPT`] of the node's own
//! are kept; the one that the node started from is never removed.
//! May not enter: what a snapshot consists of (core has it).

mod fetch;
mod file;
mod install;
mod keeper;
mod serve;
mod take;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use comity_core::ids::Height;

pub(crate) use fetch::{FetchError, fetch};
pub use file::{SnapshotFile, SnapshotFileError};
pub(crate) use install::{InstallError, bring, has_blocks, install};
pub(crate) use keeper::{Keeper, KeeperParts, wish};
pub(crate) use serve::SnapshotServer;
pub(crate) use take::{Source, TakeError, take};

/// Snapshots of its own that a node keeps (count).
const KEPT: usize = 2;
const ENDING: &str = ".snapshot";

/// The file of a snapshot of this height in the directory of a node's own snapshots.
pub(crate) fn file_of(dir: &Path, height: Height) -> PathBuf {
    dir.join(format!("{:020}{ENDING}", height.0))
}

/// The snapshots in a directory, ascending by height. One that cannot be looked into holds none.
pub(crate) fn list(dir: &Path) -> Vec<(Height, PathBuf)> {
    let mut found: Vec<(Height, PathBuf)> = fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let height = Height(name.strip_suffix(ENDING)?.parse().ok()?);
            (file_of(dir, height) == entry.path()).then(|| (height, entry.path()))
        })
        .collect();
    found.sort();
    found
}

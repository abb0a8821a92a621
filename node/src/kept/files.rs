//! Private files that are whole or not there.
//! Holds: a file is durable, with its name, when `write` returns; one that a crash cut short
//! never has its final name.
//! May not enter: what the files mean.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::KeptError;
use crate::disk::sync_directory;

/// Extension of a file that is being written.
const UNFINISHED: &str = "new";
/// What follows a commitment in the name of its tombstone.
pub(super) const TOMBSTONE: &str = ".erased.json";
/// What follows a commitment in the name of its opening.
pub(super) const OPENING: &str = ".json";
/// What a disk gives a file at once (bytes): most files here are smaller.
const BLOCK_BYTES: u64 = 4096;

/// What a file of this length takes up on a disk.
pub(super) fn occupied_bytes(size: usize) -> u64 {
    (size as u64).div_ceil(BLOCK_BYTES).max(1) * BLOCK_BYTES
}

/// Where a file lies: in a directory named by the first two digits, so that none grows too large.
pub(super) fn place(shelf: &Path, hex: &str, ending: &str) -> PathBuf {
    let drawer = hex.get(..2).unwrap_or(hex);
    shelf.join(drawer).join(format!("{hex}{ending}"))
}

/// Writes a file whole: under another name, synced, then renamed, then its directory synced.
/// Errors: `Io`.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), KeptError> {
    let Some(dir) = path.parent() else { unreachable!("files lie in directories") };
    make_private_dir(dir)?;
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".");
    unfinished.push(UNFINISHED);
    let unfinished = PathBuf::from(unfinished);
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| std::fs::rename(&unfinished, path));
    if let Err(source) = written {
        // What is left of it is removed at the next start otherwise.
        let _ = std::fs::remove_file(&unfinished);
        return Err(io_error("write", path, source));
    }
    sync_dir(dir)
}

/// The file's bytes, if there is one. Errors: `Io`.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, KeptError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(io_error("read", path, source)),
    }
}

/// Unlinks a file, durably; what it took up, 0 where there was none. Errors: `Io`.
pub(super) fn remove(path: &Path) -> Result<u64, KeptError> {
    let size_bytes = match path.metadata() {
        Ok(found) => found.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(source) => return Err(io_error("look at", path, source)),
    };
    std::fs::remove_file(path).map_err(|source| io_error("remove", path, source))?;
    path.parent().map_or(Ok(()), sync_dir)?;
    Ok(occupied_bytes(usize::try_from(size_bytes).unwrap_or(usize::MAX)))
}

/// Makes a directory that only its owner may enter, durably, with those above it. Errors: `Io`.
pub(super) fn make_private_dir(dir: &Path) -> Result<(), KeptError> {
    if dir.is_dir() {
        return Ok(());
    }
    if let Some(above) = dir.parent().filter(|above| !above.as_os_str().is_empty()) {
        make_private_dir(above)?;
        let made = DirBuilder::new().mode(0o700).create(dir);
        made.map_err(|source| io_error("create", dir, source))?;
        return sync_dir(above);
    }
    DirBuilder::new().mode(0o700).create(dir).map_err(|source| io_error("create", dir, source))
}

/// Removes what was half written, and openings whose tombstone is there; what the rest takes up.
/// Errors: `Io`.
pub(super) fn tidy(shelf: &Path) -> Result<u64, KeptError> {
    make_private_dir(shelf)?;
    let mut used_bytes = 0;
    for drawer in entries(shelf)?.into_iter().filter(|path| path.is_dir()) {
        for path in entries(&drawer)? {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            let name = name.unwrap_or_default();
            if name.ends_with(&format!(".{UNFINISHED}")) {
                remove(&path)?;
                continue;
            }
            if let Some(commitment) = name.strip_suffix(TOMBSTONE) {
                remove(&drawer.join(format!("{commitment}{OPENING}")))?;
            }
        }
        for path in entries(&drawer)? {
            let found = path.metadata().map_err(|source| io_error("look at", &path, source))?;
            used_bytes += occupied_bytes(usize::try_from(found.len()).unwrap_or(usize::MAX));
        }
    }
    Ok(used_bytes)
}

/// Every file of a shelf with its name, but for those that are being written. Errors: `Io`.
pub(super) fn all(shelf: &Path) -> Result<Vec<(PathBuf, String)>, KeptError> {
    let mut found = Vec::new();
    if !shelf.is_dir() {
        return Ok(found);
    }
    for drawer in entries(shelf)?.into_iter().filter(|path| path.is_dir()) {
        for path in entries(&drawer)? {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            let name = name.unwrap_or_default();
            // One that is gone meanwhile was erased, or has its final name now.
            if !name.ends_with(&format!(".{UNFINISHED}")) {
                found.push((path, name));
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>, KeptError> {
    std::fs::read_dir(dir)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .map_err(|source| io_error("list", dir, source))
}

fn sync_dir(dir: &Path) -> Result<(), KeptError> {
    sync_directory(dir).map_err(|source| io_error("sync", dir, source))
}

fn io_error(operation: &'static str, path: &Path, source: io::Error) -> KeptError {
    KeptError::Io { operation, path: path.to_owned(), source }
}

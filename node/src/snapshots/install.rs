//! Starting from a snapshot: it is brought into a node's directory, verified, and its block becomes
//! the first of the block log.
//! Holds: only a node without blocks starts from a snapshot; what is in place was verified whole;
//! each step can be interrupted and is finished by the next start.
//! May not enter: where the snapshot comes from (see `fetch`).

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use comity_core::genesis::Genesis;
use comity_core::ids::Height;
use comity_core::snapshot::{head, tail};
use comity_replica::storage::{BlockLog, SEGMENT_LIMIT_BYTES, StorageError};

use super::{SnapshotFile, SnapshotFileError};
use crate::data_dir::{DataDir, DataDirError, io_error, sync_dir};
use crate::disk::FileDisk;
use crate::failure::{Ending, Failure};

/// Why a node cannot start from a snapshot.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InstallError {
    #[error(transparent)]
    Dir(#[from] DataDirError),
    #[error(transparent)]
    File(#[from] SnapshotFileError),
    #[error("the block log cannot be opened")]
    Storage(#[from] StorageError),
    #[error("the system gave no random numbers")]
    Random(#[from] getrandom::Error),
}

/// Whether there is a block, or the file for one, on a node's disk. Errors: the directory cannot be
/// looked into.
pub(crate) fn has_blocks(dir: &DataDir) -> Result<bool, DataDirError> {
    let log = dir.log_dir();
    let entries = fs::read_dir(&log).map_err(|source| io_error("look into", &log, source))?;
    let mut names = entries.flatten().map(|entry| entry.file_name());
    Ok(names.any(|name| name.to_string_lossy().starts_with("blocks-")))
}

/// Copies a snapshot into a node's directory, every byte verified on the way. Errors: `File` where
/// it is not one of the consortium; `Dir`.
pub(crate) fn bring(dir: &DataDir, genesis: &Genesis, from: &Path) -> Result<(), InstallError> {
    let source = SnapshotFile::open(from, genesis)?;
    let count = source.manifest().manifest().chunk_count();
    put_together(dir, &source.manifest().manifest().to_bytes(), count, |number| {
        let chunk = source.chunk(number)?;
        source.check_chunk(number, &chunk)?;
        Ok(chunk)
    })?;
    tracing::info!(height = source.manifest().manifest().height().0, "the snapshot is verified");
    Ok(())
}

/// Writes the snapshot that this node starts from, of a manifest and of chunks that were verified.
pub(super) fn put_together(
    dir: &DataDir,
    manifest: &[u8],
    count: usize,
    mut chunk: impl FnMut(usize) -> Result<Vec<u8>, InstallError>,
) -> Result<(), InstallError> {
    let (path, beside) = (dir.start_file(), beside(dir));
    let genesis = dir.genesis()?;
    let write = |source| InstallError::from(io_error("write", &beside, source));
    let file = File::create(&beside).map_err(write)?;
    let mut out = BufWriter::with_capacity(1024 * 1024, file);
    out.write_all(&head(&genesis.id())).map_err(write)?;
    for number in 0..count {
        out.write_all(&chunk(number)?).map_err(write)?;
    }
    out.write_all(&tail(manifest)).map_err(write)?;
    let file = out.into_inner().map_err(|error| write(error.into_error()))?;
    file.sync_all().map_err(write)?;
    // What no chunk tells by itself, such as the version of the rules, the whole does.
    SnapshotFile::open(&beside, &genesis)?.load()?;
    fs::rename(&beside, &path).map_err(|source| io_error("rename", &beside, source))?;
    Ok(sync_dir(dir.root())?)
}

fn beside(dir: &DataDir) -> PathBuf {
    dir.start_file().with_extension("new")
}

/// Finishes what an earlier step began: where there is a snapshot to start from and no block yet, its
/// block becomes the first. Returns its height. Errors: the snapshot or the disk is not usable.
pub(crate) fn install(dir: &DataDir, genesis: &Genesis) -> Result<Option<Height>, InstallError> {
    let path = dir.start_file();
    if !path.exists() || has_blocks(dir)? {
        return Ok(None);
    }
    let committed = SnapshotFile::open(&path, genesis)?.block()?;
    let height = committed.block.header.height;
    let disk = FileDisk::open(&dir.log_dir()).map_err(StorageError::from)?;
    let mut log = BlockLog::open(disk, SEGMENT_LIMIT_BYTES, getrandom::u64()?, None)?;
    log.append(height.0, &committed.to_bytes())?;
    log.sync()?;
    tracing::info!(height = height.0, "this node starts from a snapshot of this height");
    Ok(Some(height))
}

impl From<InstallError> for Failure {
    fn from(error: InstallError) -> Failure {
        let (ending, meaning, next) = match error {
            InstallError::Dir(error) => return error.into(),
            InstallError::File(SnapshotFileError::Content { .. }) => (
                Ending::Refused,
                "The snapshot is damaged, false, or of another consortium than genesis.json. It \
                 was not used, and the node has no blocks.",
                "get a snapshot from another member, or start without one: the node then fetches \
                 every block from the beginning",
            ),
            InstallError::File(SnapshotFileError::Read { .. }) => (
                Ending::Failed,
                "The snapshot was not used.",
                "check the path and that comityd may read the file",
            ),
            InstallError::Storage(_) | InstallError::Random(_) => (
                Ending::Failed,
                "The disk or its permissions do not let the node work. Nothing was lost.",
                "check the disk (df, dmesg) and that comityd runs as the owner of the directory",
            ),
        };
        Failure::because(ending, &error, meaning, next)
    }
}

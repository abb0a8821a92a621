//! Taking a snapshot of what the view shows, while the node goes on.
//! Holds: the file appears under its name only when it is whole, durable and verified; the state is
//! never copied: the tree that the view shows does not change.
//! May not enter: deciding when (see `keeper`).

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use comity_core::block::{CommittedBlock, Header};
use comity_core::encoding::DecodeError;
use comity_core::genesis::Genesis;
use comity_core::hash::HeaderHash;
use comity_core::ids::Height;
use comity_core::ledger::TreeState;
use comity_core::log_tree::{LogCutter, LogPart};
use comity_core::snapshot::{Manifest, SNAPSHOT_VERSION, head, tail};
use comity_core::state::protocol_version;
use comity_core::vote::CommitCertificate;
use comity_replica::storage::{BlockLogReader, Disk, StorageError};

use super::{KEPT, SnapshotFile, SnapshotFileError, file_of, list};
use crate::data_dir::{DataDir, DataDirError, io_error, sync_dir};
use crate::view::{View, ViewError};

/// Blocks are read in portions of about this size (bytes).
const PORTION_BYTES: u64 = 4 * 1024 * 1024;

/// Why no snapshot was taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TakeError {
    #[error("no block has been committed yet")]
    Empty,
    #[error(transparent)]
    Dir(#[from] DataDirError),
    #[error("the view cannot be read")]
    View(#[from] ViewError),
    #[error("the block log cannot be read")]
    Log(#[from] StorageError),
    #[error("block {height} on this disk cannot be read")]
    Block {
        height: Height,
        #[source]
        source: DecodeError,
    },
    #[error("block {0} is not on this disk")]
    Missing(Height),
    #[error(transparent)]
    File(#[from] SnapshotFileError),
    #[error("the node is stopping")]
    Stopping,
}

/// A snapshot that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) path: PathBuf,
    pub(crate) height: Height,
    pub(crate) hash: HeaderHash,
    pub(crate) size_bytes: u64,
}

/// Where a snapshot is taken from, and when to give up.
pub(crate) struct Source<'a, D> {
    pub(crate) dir: &'a DataDir,
    pub(crate) genesis: &'a Genesis,
    pub(crate) view: &'a View,
    pub(crate) blocks: &'a BlockLogReader<D>,
    /// Most bytes of a chunk that holds more than one entry or pair.
    pub(crate) chunk_bytes: u32,
    /// Set when the node is about to end.
    pub(crate) stop: &'a AtomicBool,
}

/// Takes a snapshot of the last block that the view shows into the directory of snapshots, where the
/// newest are kept. Errors: why there is none; nothing is left behind.
pub(crate) fn take<D: Disk>(from: &Source<'_, D>) -> Result<Taken, TakeError> {
    let at = from.view.snapshot();
    let (Some(header), Some(certificate)) = (at.header(), at.certificate()) else {
        return Err(TakeError::Empty);
    };
    let dir = from.dir.snapshots_dir();
    fs::create_dir_all(&dir).map_err(|source| io_error("make", &dir, source))?;
    let path = file_of(&dir, header.height);
    if !path.exists() {
        let beside = path.with_extension("new");
        let parts = (header.clone(), certificate.clone());
        let written = from.write(&beside, parts, at.state());
        if let Err(error) = written.and_then(|()| from.put_in_place(&beside, &path)) {
            // Where this fails too, the next one replaces it.
            let _ = fs::remove_file(&beside);
            return Err(error);
        }
    }
    let size = fs::metadata(&path).map_err(|source| io_error("measure", &path, source))?.len();
    let found = list(&dir);
    let surplus = found.len().saturating_sub(KEPT);
    for (_, old) in found.iter().take(surplus).filter(|(_, old)| *old != path) {
        fs::remove_file(old).map_err(|source| io_error("remove", old, source))?;
    }
    Ok(Taken { path, height: header.height, hash: at.tip().hash, size_bytes: size })
}

impl<D: Disk> Source<'_, D> {
    fn write(
        &self,
        path: &Path,
        (header, certificate): (Header, CommitCertificate),
        state: &comity_core::state_tree::StateTree,
    ) -> Result<(), TakeError> {
        let parent_certificate = self.block(header.height)?.block.parent_certificate;
        let cut_off = self.view.cut_off(header.time)?;
        let first = cut_off
            .as_ref()
            .map_or((0, Height(1)), |cut_off| (cut_off.log.size(), cut_off.header.height.next()));
        let file = File::create(path).map_err(|source| io_error("create", path, source))?;
        let mut out = Out { file: BufWriter::with_capacity(1024 * 1024, file), path };
        out.push(&head(&header.consortium))?;
        let log_parts = self.write_entries(&mut out, first, header.height)?;
        let state_parts = state.parts(self.chunk_bytes);
        for chunk in state.part_pairs(&state_parts) {
            self.go_on()?;
            out.push(&chunk)?;
        }
        let manifest = Manifest {
            version: SNAPSHOT_VERSION,
            rules_version: protocol_version(&TreeState(state)),
            path: self.view.trust_path(header, certificate)?,
            parent_certificate,
            cut_off,
            log_parts,
            state_parts,
        };
        out.push(&tail(&manifest.to_bytes()))?;
        let written = out.file.into_inner().map_err(io::IntoInnerError::into_error);
        let synced = written.and_then(|file| file.sync_all());
        Ok(synced.map_err(|source| io_error("write", path, source))?)
    }

    /// Writes the entries from index `first.0` on, the first of block `first.1`, up to those of
    /// block `last`.
    fn write_entries(
        &self,
        out: &mut Out<'_>,
        first: (u64, Height),
        last: Height,
    ) -> Result<Vec<LogPart>, TakeError> {
        let (from, height) = first;
        let mut cutting = Cutting {
            cutter: LogCutter::new(from, self.chunk_bytes as usize),
            parts: Vec::new(),
            out,
        };
        let begin = self.blocks.first_height().map_or(Height(1), Height);
        let mut height = height;
        if height < begin {
            // Those before the first block are in the snapshot that this node started from.
            let until = self.block(begin)?.block.header.first_index.0;
            let start = SnapshotFile::open(&self.dir.start_file(), self.genesis)?;
            let mut failed = Ok(());
            start.entries(from, until, |entry| {
                if failed.is_ok() {
                    failed = cutting.push(entry);
                }
            })?;
            failed?;
            height = begin;
        }
        while height <= last {
            self.go_on()?;
            let payloads = self.blocks.read_range(height.0, PORTION_BYTES)?;
            if payloads.is_empty() {
                return Err(TakeError::Missing(height));
            }
            for payload in payloads {
                if height > last {
                    break;
                }
                let committed = CommittedBlock::from_bytes(&payload)
                    .map_err(|source| TakeError::Block { height, source })?;
                for record in committed.block.records {
                    cutting.push(record)?;
                }
                height = height.next();
            }
        }
        cutting.finish()
    }

    fn block(&self, height: Height) -> Result<CommittedBlock, TakeError> {
        let payload = self.blocks.read(height.0)?.ok_or(TakeError::Missing(height))?;
        CommittedBlock::from_bytes(&payload).map_err(|source| TakeError::Block { height, source })
    }

    /// Looks at what was written once more, as whoever receives it will.
    fn put_in_place(&self, beside: &Path, path: &Path) -> Result<(), TakeError> {
        SnapshotFile::open(beside, self.genesis)?;
        fs::rename(beside, path).map_err(|source| io_error("rename", beside, source))?;
        Ok(sync_dir(&self.dir.snapshots_dir())?)
    }

    fn go_on(&self) -> Result<(), TakeError> {
        if self.stop.load(Ordering::Relaxed) { Err(TakeError::Stopping) } else { Ok(()) }
    }
}

struct Out<'a> {
    file: BufWriter<File>,
    path: &'a Path,
}

impl Out<'_> {
    fn push(&mut self, bytes: &[u8]) -> Result<(), DataDirError> {
        self.file.write_all(bytes).map_err(|source| io_error("write", self.path, source))
    }
}

/// Entries on their way into chunks.
struct Cutting<'a, 'b> {
    cutter: LogCutter,
    parts: Vec<LogPart>,
    out: &'a mut Out<'b>,
}

impl Cutting<'_, '_> {
    fn push(&mut self, entry: Vec<u8>) -> Result<(), TakeError> {
        self.cutter.push(entry);
        while let Some((part, bytes)) = self.cutter.take() {
            self.parts.push(part);
            self.out.push(&bytes)?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<LogPart>, TakeError> {
        while let Some((part, bytes)) = self.cutter.finish() {
            self.parts.push(part);
            self.out.push(&bytes)?;
        }
        Ok(self.parts)
    }
}

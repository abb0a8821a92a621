//! Reading a snapshot's file, every byte of it checked.
//! Holds: lengths are bounded before anything is read; one chunk is in memory at a time.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use comity_core::block::CommittedBlock;
use comity_core::genesis::Genesis;
use comity_core::snapshot::{
    HEAD_BYTES, Loaded, Loading, MAGIC, MAX_CHUNK_BYTES, MAX_MANIFEST_BYTES, Manifest,
    SnapshotError, TAIL_BYTES, VerifiedManifest, check_head,
};
use comity_core::trust_path::{Anchor, PathError};

/// Why a snapshot's file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotFileError {
    /// The system refused.
    #[error("could not read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What it said.
        #[source]
        source: io::Error,
    },
    /// It is damaged, or not of the consortium.
    #[error("the snapshot {path} is not usable")]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: SnapshotError,
    },
}

/// A snapshot's file as it lies there: of the right shape, and unchecked beyond that.
#[derive(Debug)]
pub(crate) struct RawFile {
    path: PathBuf,
    file: File,
    consortium: [u8; HEAD_BYTES],
    manifest: Manifest,
    manifest_bytes: Vec<u8>,
    /// Where each chunk begins, and its size (bytes).
    places: Vec<(u64, u32)>,
}

impl RawFile {
    /// Opens a file and reads its manifest. Errors: `Read`; `Content` where it is none.
    pub(crate) fn open(path: &Path) -> Result<RawFile, SnapshotFileError> {
        let read = |source| SnapshotFileError::Read { path: path.to_owned(), source };
        let content = |source| SnapshotFileError::Content { path: path.to_owned(), source };
        let file = File::open(path).map_err(read)?;
        let size = file.metadata().map_err(read)?.len();
        if size < (HEAD_BYTES + TAIL_BYTES) as u64 {
            return Err(content(SnapshotError::NotASnapshot));
        }
        let mut consortium = [0; HEAD_BYTES];
        file.read_exact_at(&mut consortium, 0).map_err(read)?;
        if consortium[..MAGIC.len()] != MAGIC {
            return Err(content(SnapshotError::NotASnapshot));
        }
        let tail = size - TAIL_BYTES as u64;
        let mut length = [0; TAIL_BYTES];
        file.read_exact_at(&mut length, tail).map_err(read)?;
        let length = u32::from_le_bytes(length) as usize;
        let start = tail.checked_sub(length as u64).filter(|_| length <= MAX_MANIFEST_BYTES);
        let Some(start) = start else { return Err(content(SnapshotError::Length)) };
        let mut manifest_bytes = vec![0; length];
        file.read_exact_at(&mut manifest_bytes, start).map_err(read)?;
        let manifest =
            Manifest::from_bytes(&manifest_bytes).map_err(|error| content(error.into()))?;
        let mut places = Vec::with_capacity(manifest.chunk_count());
        let mut at = HEAD_BYTES as u64;
        for size in manifest.chunk_sizes() {
            places.push((at, size));
            at += u64::from(size);
        }
        if at != start {
            return Err(content(SnapshotError::Length));
        }
        let path = path.to_owned();
        Ok(RawFile { path, file, consortium, manifest, manifest_bytes, places })
    }

    /// The manifest's bytes.
    pub(crate) fn manifest_bytes(&self) -> &[u8] {
        &self.manifest_bytes
    }

    /// A chunk as it is in the file; of at most [`MAX_CHUNK_BYTES`]. Errors: `Read`, `Content`.
    pub(crate) fn chunk(&self, number: usize) -> Result<Vec<u8>, SnapshotFileError> {
        let content = |source| SnapshotFileError::Content { path: self.path.clone(), source };
        let Some((offset, size)) = self.places.get(number).copied() else {
            return Err(content(SnapshotError::ChunkCount));
        };
        if size > MAX_CHUNK_BYTES {
            return Err(content(SnapshotError::ChunkSize(self.manifest.place(number))));
        }
        let mut bytes = vec![0; size as usize];
        self.file
            .read_exact_at(&mut bytes, offset)
            .map_err(|source| SnapshotFileError::Read { path: self.path.clone(), source })?;
        Ok(bytes)
    }
}

/// A snapshot in a file, its manifest verified from the genesis.
#[derive(Debug)]
pub struct SnapshotFile {
    raw: RawFile,
    manifest: VerifiedManifest,
}

impl SnapshotFile {
    /// Opens a snapshot and verifies its manifest. Errors: `Read`, `Content`.
    pub fn open(path: &Path, genesis: &Genesis) -> Result<SnapshotFile, SnapshotFileError> {
        let content = |source| SnapshotFileError::Content { path: path.to_owned(), source };
        let raw = RawFile::open(path)?;
        check_head(&raw.consortium, genesis).map_err(content)?;
        let anchor = Anchor::genesis(genesis)
            .map_err(|error| content(SnapshotError::Path(PathError::Genesis(error))))?;
        let manifest = raw.manifest.clone().verify(&anchor).map_err(content)?;
        Ok(SnapshotFile { raw, manifest })
    }

    /// The manifest.
    pub fn manifest(&self) -> &VerifiedManifest {
        &self.manifest
    }

    /// A chunk as it is in the file, unchecked. Errors: `Read`.
    pub fn chunk(&self, number: usize) -> Result<Vec<u8>, SnapshotFileError> {
        self.raw.chunk(number)
    }

    /// Checks a chunk's bytes, wherever they come from. Errors: they are not that chunk's.
    pub fn check_chunk(&self, number: usize, bytes: &[u8]) -> Result<(), SnapshotFileError> {
        self.manifest.check_chunk(number, bytes).map_err(|error| self.content(error))
    }

    /// The ledger. Errors: what is wrong with the first chunk that is.
    pub fn load(&self) -> Result<Loaded, SnapshotFileError> {
        let mut loading = Loading::new(self.manifest.clone());
        for number in 0..self.raw.places.len() {
            loading.push(&self.chunk(number)?).map_err(|error| self.content(error))?;
        }
        loading.finish().map_err(|error| self.content(error))
    }

    /// Entries from index `from` on and before `until`, in order. Errors: a chunk is damaged;
    /// `SnapshotFileError::Content` with `LogParts` where the file begins after `from`.
    pub fn entries(
        &self,
        from: u64,
        until: u64,
        mut each: impl FnMut(Vec<u8>),
    ) -> Result<(), SnapshotFileError> {
        let manifest = self.manifest.manifest();
        let mut index = manifest.first_entry();
        if from < index {
            return Err(self.content(SnapshotError::LogParts));
        }
        for number in 0..manifest.log_parts.len() {
            let end = index + manifest.log_parts[number].entries();
            if end > from && index < until {
                let chunk = self.chunk(number)?;
                let entries = self.manifest.entries(number, &chunk);
                let entries = entries.map_err(|error| self.content(error))?;
                let wanted = (index..).zip(entries).filter(|(at, _)| (from..until).contains(at));
                wanted.for_each(|(_, entry)| each(entry));
            }
            index = end;
        }
        Ok(())
    }

    /// The snapshot's own block. Errors: a chunk with its entries is damaged.
    pub fn block(&self) -> Result<CommittedBlock, SnapshotFileError> {
        let header = &self.manifest.manifest().path.header;
        let mut records = Vec::new();
        self.entries(header.first_index.0, header.log_size, |entry| records.push(entry))?;
        self.manifest.block(records).map_err(|error| self.content(error))
    }

    fn content(&self, source: SnapshotError) -> SnapshotFileError {
        SnapshotFileError::Content { path: self.raw.path.clone(), source }
    }
}

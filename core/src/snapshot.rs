//! Snapshots: a consortium's ledger after one block, to start from without replaying the log.
//! Holds: what is loaded is the ledger that the certified header at the end of the trust path commits
//! to, the replay window included; every chunk is checked by itself before anything of it is used.
//! May not enter: files, peers, clocks. Source: docs/formats.md, "Snapshots".

mod load;

use crate::block::{Block, CommittedBlock, Header, body_hash};
use crate::encoding::{Decode, DecodeError, Encode, decode, encode};
use crate::genesis::Genesis;
use crate::hash::{CertificateHash, ConsortiumId, LeafHash, leaf_hash};
use crate::ids::Height;
use crate::log_tree::{EntriesError, Frontier, LogPart, MAX_PART_LEVEL};
use crate::state_tree::{PairsError, Partition, PartsError, StatePart};
use crate::statement::MAX_VALIDITY_MS;
use crate::trust_path::{Anchor, PathError, StepFault, TrustPath, VerifiedPath};
use crate::vote::CommitCertificate;

pub use load::{Loaded, Loading};

/// First bytes of every snapshot in a file.
pub const MAGIC: [u8; 8] = *b"COMITYS1";
/// Bytes of a file before the first chunk: magic and consortium id.
pub const HEAD_BYTES: usize = 40;
/// Bytes of a file after the manifest: the manifest's length (`u32`).
pub const TAIL_BYTES: usize = 4;
/// The manifest version that this software writes and reads.
pub const SNAPSHOT_VERSION: u16 = 1;
/// No encoded manifest is longer than this (bytes).
pub const MAX_MANIFEST_BYTES: usize = 8 * 1024 * 1024;
/// What a chunk holds at most when there is more than one pair or entry to put into it (bytes).
pub const CHUNK_BYTES: u32 = 256 * 1024;
/// No chunk is longer than this (bytes).
pub const MAX_CHUNK_BYTES: u32 = 1024 * 1024;

/// A block before the replay window begins: entries up to it are too old to be in the window.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CutOff {
    /// Its header, at least the longest validity older than the snapshot's.
    pub header: Header,
    /// What committed it.
    pub certificate: CommitCertificate,
    /// The log after it.
    pub log: Frontier,
}

/// What a snapshot consists of. Everything in it is checked against the genesis before the first
/// chunk is fetched.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Manifest {
    /// Format version.
    pub version: u16,
    /// The version of the rules that the next block is executed by.
    pub rules_version: u16,
    /// The way from the genesis to the snapshot's header.
    pub path: TrustPath,
    /// The certificate of its parent; none at height 1.
    pub parent_certificate: Option<CommitCertificate>,
    /// Where the entries begin; none where they begin with the log.
    pub cut_off: Option<CutOff>,
    /// The entries after the cut-off.
    pub log_parts: Vec<LogPart>,
    /// The state.
    pub state_parts: Vec<StatePart>,
}

/// Which chunk of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChunkPlace {
    /// Entries of the part of the log in this place.
    Log(usize),
    /// Pairs of the part of the state in this place.
    State(usize),
}

impl std::fmt::Display for ChunkPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ChunkPlace::Log(place) => write!(f, "part {} of the entries", place + 1),
            ChunkPlace::State(place) => write!(f, "part {} of the state", place + 1),
        }
    }
}

/// Why a snapshot is not one of the consortium, or not whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Not a snapshot at all.
    #[error("this is not a Comity snapshot (its first bytes are not those of one)")]
    NotASnapshot,
    /// Another consortium's.
    #[error("the snapshot is of consortium {found}, the genesis of {expected}")]
    OtherConsortium {
        /// The snapshot's.
        found: ConsortiumId,
        /// The genesis's.
        expected: ConsortiumId,
    },
    /// Cut short, or with something added.
    #[error("the snapshot does not have the length that it states")]
    Length,
    /// The manifest's bytes are none.
    #[error("the manifest's bytes are damaged: {0}")]
    Decode(#[from] DecodeError),
    /// A manifest of another version.
    #[error("the manifest has version {0}; only {SNAPSHOT_VERSION} is known here")]
    Version(u16),
    /// The trust path does not lead to the header.
    #[error("the trust path does not prove the header: {0}")]
    Path(#[from] PathError),
    /// The parent's certificate is not the one that the header names.
    #[error("the certificate of the header's parent is not the one that the header names")]
    ParentCertificate,
    /// The cut-off is not proven.
    #[error("the header at the cut-off is not proven: {0}")]
    CutOff(#[source] StepFault),
    /// The cut-off is too young, so that entries could be missing.
    #[error("the cut-off is too young: entries that may still not be repeated could be missing")]
    CutOffYoung,
    /// The log at the cut-off is not the one that its header commits to.
    #[error("the log at the cut-off is not the one that its header commits to")]
    CutOffLog,
    /// The parts of the log do not lead to the header's log.
    #[error("the parts of the entries do not lead to the log that the header commits to")]
    LogParts,
    /// The parts of the state do not make up the header's state.
    #[error("{0}")]
    StateParts(#[from] PartsError),
    /// A chunk of a size that none has.
    #[error("{0} states a size that no chunk has")]
    ChunkSize(ChunkPlace),
    /// Entries that are not those of the log.
    #[error("{place} is damaged or false: {fault}")]
    Entries {
        /// Where.
        place: ChunkPlace,
        /// Why.
        #[source]
        fault: EntriesError,
    },
    /// Keys and values that are not those of the state.
    #[error("{place} is damaged or false: {fault}")]
    Pairs {
        /// Where.
        place: ChunkPlace,
        /// Why.
        #[source]
        fault: PairsError,
    },
    /// A chunk too few or too many.
    #[error("it does not have the chunks that its manifest lists")]
    ChunkCount,
    /// The block of the header cannot be put together.
    #[error("the last block's entries are not those that the header commits to")]
    Body,
    /// The state lacks what every state has, or contradicts the header.
    #[error("the state has no {field} that fit the header")]
    State {
        /// What.
        field: &'static str,
    },
}

/// The first bytes of a file.
pub fn head(consortium: &ConsortiumId) -> Vec<u8> {
    [&MAGIC[..], &consortium.0].concat()
}

/// Checks the first bytes of a file. Errors: `NotASnapshot`, `OtherConsortium`.
pub fn check_head(bytes: &[u8; HEAD_BYTES], genesis: &Genesis) -> Result<(), SnapshotError> {
    let (magic, id) = bytes.split_at(MAGIC.len());
    if magic != MAGIC {
        return Err(SnapshotError::NotASnapshot);
    }
    let found = ConsortiumId(id.try_into().unwrap_or_default());
    let expected = genesis.id();
    if found != expected {
        return Err(SnapshotError::OtherConsortium { found, expected });
    }
    Ok(())
}

/// The last bytes of a file: the manifest and its length.
pub fn tail(manifest: &[u8]) -> Vec<u8> {
    // A manifest is far below 4 GiB (MAX_MANIFEST_BYTES).
    let length = u32::try_from(manifest.len()).unwrap_or(u32::MAX);
    [manifest, &length.to_le_bytes()].concat()
}

impl Manifest {
    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads a manifest. Errors: not the canonical bytes of one of at most
    /// [`MAX_MANIFEST_BYTES`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Manifest, DecodeError> {
        decode(bytes, MAX_MANIFEST_BYTES)
    }

    /// The snapshot's height.
    pub fn height(&self) -> Height {
        self.path.header.height
    }

    /// The index of the first entry that it has.
    pub fn first_entry(&self) -> u64 {
        self.cut_off.as_ref().map_or(0, |cut_off| cut_off.log.size())
    }

    /// Sizes of all chunks (bytes), in the order of the file.
    pub fn chunk_sizes(&self) -> impl Iterator<Item = u32> {
        let log = self.log_parts.iter().map(|part| part.size_bytes);
        log.chain(self.state_parts.iter().map(|part| part.size_bytes))
    }

    /// How many chunks there are.
    pub fn chunk_count(&self) -> usize {
        self.log_parts.len() + self.state_parts.len()
    }

    /// What identifies the content of a chunk, whatever manifest names it: the root of its subtree.
    pub fn chunk_root(&self, number: usize) -> Option<[u8; 32]> {
        let state = || self.state_parts.get(number - self.log_parts.len()).map(|part| part.hash);
        self.log_parts.get(number).map_or_else(state, |part| Some(part.root))
    }

    /// Where a chunk belongs.
    pub fn place(&self, number: usize) -> ChunkPlace {
        match number.checked_sub(self.log_parts.len()) {
            None => ChunkPlace::Log(number),
            Some(place) => ChunkPlace::State(place),
        }
    }

    /// Checks all that can be checked without a chunk: the path from `anchor`, the cut-off, and
    /// that the parts are those of the log and of the state that the header commits to. Errors:
    /// what is wrong.
    pub fn verify(self, anchor: &Anchor) -> Result<VerifiedManifest, SnapshotError> {
        if self.version != SNAPSHOT_VERSION {
            return Err(SnapshotError::Version(self.version));
        }
        let path = self.path.verify_from(anchor)?;
        let header = &self.path.header;
        let consortium = &header.consortium;
        let parent = self.parent_certificate.as_ref();
        let parent = parent.map(|parent| parent.hash(consortium)).unwrap_or_default();
        let is_first = header.parent_certificate == CertificateHash::default();
        if parent != header.parent_certificate || is_first != self.parent_certificate.is_none() {
            return Err(SnapshotError::ParentCertificate);
        }
        let mut log = match &self.cut_off {
            None => Frontier::new(),
            Some(cut_off) => checked_cut_off(cut_off, &path)?,
        };
        for (place, part) in self.log_parts.iter().enumerate() {
            if part.size_bytes > MAX_CHUNK_BYTES || part.level > MAX_PART_LEVEL {
                return Err(SnapshotError::ChunkSize(ChunkPlace::Log(place)));
            }
            log.push_subtree(part.level, part.root).map_err(|_| SnapshotError::LogParts)?;
        }
        if log.size() != header.log_size || log.root() != header.log_root {
            return Err(SnapshotError::LogParts);
        }
        for (place, part) in self.state_parts.iter().enumerate() {
            if part.size_bytes > MAX_CHUNK_BYTES {
                return Err(SnapshotError::ChunkSize(ChunkPlace::State(place)));
            }
        }
        let state = Partition::check(consortium, &self.state_parts, &header.state_root)?;
        Ok(VerifiedManifest { manifest: self, path, log, state })
    }
}

/// The log at the cut-off, which is a committed block old enough that nothing before it counts.
fn checked_cut_off(cut_off: &CutOff, path: &VerifiedPath) -> Result<Frontier, SnapshotError> {
    let CutOff { header, certificate, log } = cut_off;
    path.prove(header, certificate).map_err(SnapshotError::CutOff)?;
    let end = path.header();
    let is_old = header.time.plus(MAX_VALIDITY_MS) <= end.time && header.height < end.height;
    if !is_old {
        return Err(SnapshotError::CutOffYoung);
    }
    if log.size() != header.log_size || log.root() != header.log_root {
        return Err(SnapshotError::CutOffLog);
    }
    Ok(log.clone())
}

/// A manifest that was checked: its chunks are those of a ledger of the consortium.
#[derive(Clone, Debug)]
pub struct VerifiedManifest {
    manifest: Manifest,
    path: VerifiedPath,
    /// The log after the snapshot's block.
    log: Frontier,
    state: Partition,
}

impl VerifiedManifest {
    /// The manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The path to the snapshot's header.
    pub fn path(&self) -> &VerifiedPath {
        &self.path
    }

    /// Checks one chunk by itself; chunks may come in any order. Errors: it is not the one that
    /// belongs there.
    pub fn check_chunk(&self, number: usize, bytes: &[u8]) -> Result<(), SnapshotError> {
        match self.manifest.place(number) {
            ChunkPlace::Log(place) => self.entries(place, bytes).map(drop),
            ChunkPlace::State(place) => self.pairs(place, bytes).map(drop),
        }
    }

    /// The entries of the part of the log in this place. Errors: they are others.
    pub fn entries(&self, place: usize, bytes: &[u8]) -> Result<Vec<Vec<u8>>, SnapshotError> {
        let part = self.manifest.log_parts.get(place).ok_or(SnapshotError::ChunkCount)?;
        let place = ChunkPlace::Log(place);
        part.check(bytes).map_err(|fault| SnapshotError::Entries { place, fault })
    }

    /// The snapshot's own block of its entries. Errors: `Body`.
    pub fn block(&self, records: Vec<Vec<u8>>) -> Result<CommittedBlock, SnapshotError> {
        let Manifest { path, parent_certificate, .. } = &self.manifest;
        let leaves: Vec<LeafHash> = records.iter().map(|record| leaf_hash(record)).collect();
        if body_hash(&path.header.consortium, &leaves) != path.header.body {
            return Err(SnapshotError::Body);
        }
        let parent_certificate = parent_certificate.clone();
        let block = Block { header: path.header.clone(), parent_certificate, records };
        Ok(CommittedBlock { block, certificate: path.certificate.clone(), polkas: Vec::new() })
    }

    fn pairs(
        &self,
        place: usize,
        bytes: &[u8],
    ) -> Result<crate::state_tree::CheckedPart, SnapshotError> {
        let fail = |fault| SnapshotError::Pairs { place: ChunkPlace::State(place), fault };
        self.state.pairs(place, bytes).map_err(fail)
    }
}

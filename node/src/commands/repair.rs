//! `comityd repair`: puts blocks that are damaged or missing on this disk back, from an archive that
//! another member exported or from the other members' nodes.
//! Holds: the disk is changed only after every block was verified; a block that is whole and
//! differs from the others' is never replaced.
//! May not enter: the sign guard (nobody else can say what this node has signed); a write-ahead log that
//! cannot be read is put aside, never mended.

mod archive;
mod peers;
mod regions;

use std::path::{Path, PathBuf};

use comity_core::archive::{ArchiveError, Verifier, check_block};
use comity_core::block::CommittedBlock;
use comity_core::genesis::Genesis;
use comity_core::hash::{ConsortiumId, HeaderHash};
use comity_core::ids::Height;
use comity_core::polka::check_polkas;
use comity_core::validators::ValidatorSet;
use comity_replica::storage::{
    BlockLog, Disk, SEGMENT_LIMIT_BYTES, StorageError, WalSurvey, discard_blocks_from,
};

use crate::args::RepairArgs;
use crate::config::Config;
use crate::data_dir::{DataDir, DataDirError, io_error, sync_dir};
use crate::disk::FileDisk;
use crate::failure::{Ending, Failure};
use crate::key_store::KeyStoreError;
use crate::logging::{self, LogFilter};
use crate::node::{NodeError, open_storage};
use crate::read_disk::ReadDisk;
use crate::snapshots::SnapshotFileError;
use archive::{ArchiveFile, ReadError};
use peers::PeersError;
pub(super) use regions::first_height;

/// Blocks that are written between two syncs.
const BLOCKS_PER_SYNC: u64 = 256;

#[derive(Debug, thiserror::Error)]
enum RepairError {
    #[error(transparent)]
    Dir(#[from] DataDirError),
    #[error("could not read {path}")]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{path} cannot be used")]
    Archive {
        path: PathBuf,
        #[source]
        source: ArchiveError,
    },
    #[error("the block log cannot be read or written")]
    Storage(#[from] StorageError),
    #[error("the system gave no random numbers")]
    Random(#[from] getrandom::Error),
    #[error("block {height} on this disk is {ours}, but in the archive it is {theirs}")]
    Differs { height: Height, ours: HeaderHash, theirs: HeaderHash },
    #[error("the archive ends with block {archive}, but this node had block {needed} too")]
    TooShort { archive: Height, needed: Height },
    #[error(transparent)]
    Node(#[from] NodeError),
    #[error(transparent)]
    Keys(#[from] KeyStoreError),
    #[error(transparent)]
    Peers(#[from] PeersError),
    #[error(transparent)]
    Snapshot(#[from] SnapshotFileError),
    #[error("block {0} on this disk is whole, but does not follow the one before it")]
    Unlinked(Height),
    #[error("{0} blocks are damaged or missing: too many to put back one by one")]
    TooMany(u64),
}

/// What the disk needs.
#[derive(Debug, PartialEq, Eq)]
struct Survey {
    /// The first block that is damaged or missing.
    from: Height,
    /// The last block of the archive.
    archive_tip: Height,
    /// The last block on the disk, as far as it can be told.
    disk_tip: Height,
}

pub(super) fn perform(args: &RepairArgs) -> Result<String, Failure> {
    let dir = DataDir::open(&args.dir)?;
    let config = Config::load(&dir.config_file())?;
    logging::start(config.log.format, &LogFilter::default());
    Ok(repair(&dir, &config, args.archive.as_deref())?)
}

fn repair(dir: &DataDir, config: &Config, archive: Option<&Path>) -> Result<String, RepairError> {
    let _lock = dir.lock()?;
    let genesis = dir.genesis()?;
    let wal = put_wal_aside(dir)?;
    let blocks = match archive {
        Some(archive) => from_archive(dir, &genesis, archive)?,
        None => regions::from_peers(dir, config, &genesis)?,
    };
    Ok(wal + &blocks)
}

/// A write-ahead log that cannot be read goes aside: without one the node follows and votes again
/// when that is safe; with a mended one it might sign twice.
fn put_wal_aside(dir: &DataDir) -> Result<String, RepairError> {
    if !dir.log_dir().is_dir() {
        return Ok(String::new());
    }
    let disk = ReadDisk::open(&dir.log_dir()).map_err(StorageError::from)?;
    let error = match WalSurvey::of(&disk) {
        Ok(_) => return Ok(String::new()),
        Err(
            error @ (StorageError::WalDamaged { .. }
            | StorageError::UnexpectedFrame { .. }
            | StorageError::Malformed { .. }
            | StorageError::Guard(_)),
        ) => error,
        Err(error) => return Err(error.into()),
    };
    let place = |number: u32| dir.root().join(format!("wal.damaged-{number}"));
    let free = (1..).map(place).find(|path| !path.exists());
    let Some(aside) = free else { unreachable!("numbers do not end") };
    let from = dir.log_dir().join("wal");
    std::fs::rename(&from, &aside).map_err(|source| io_error("move away", &from, source))?;
    sync_dir(&dir.log_dir())?;
    sync_dir(dir.root())?;
    Ok(format!(
        "The write-ahead log could not be read ({error}); it is now {}. With it went the sign guard: \
         the node follows without voting, and votes again three blocks above the others' highest, \
         once those with more than two thirds of the voting power have answered.\n",
        aside.display()
    ))
}

fn from_archive(dir: &DataDir, genesis: &Genesis, archive: &Path) -> Result<String, RepairError> {
    let survey = survey(dir, genesis, archive)?;
    let Survey { from, archive_tip, disk_tip } = survey;
    if from > archive_tip {
        check_startable(dir, genesis, archive_tip)?;
        return Ok(format!(
            "Nothing to repair: blocks 1 to {archive_tip} on this disk are those of the archive.\n"
        ));
    }
    if archive_tip < disk_tip {
        return Err(RepairError::TooShort { archive: archive_tip, needed: disk_tip });
    }
    put_back(dir, archive, from)?;
    check_startable(dir, genesis, archive_tip)?;
    Ok(format!(
        "Blocks {from} to {archive_tip} were put back from the archive; every one was verified.\n\
         Next: start the node; it fetches what is newer from the other members: comityd run \
         --dir {}\n",
        dir.root().display()
    ))
}

/// Opens everything as a start does. Errors: `TooShort` when the write-ahead log remembers more
/// blocks than there are.
fn check_startable(
    dir: &DataDir,
    genesis: &Genesis,
    archive_tip: Height,
) -> Result<(), RepairError> {
    match open_storage(dir, genesis, None) {
        Err(NodeError::Storage(StorageError::BlockDamaged { height, .. })) => {
            Err(RepairError::TooShort { archive: archive_tip, needed: Height(height) })
        }
        opened => Ok(opened.map(drop)?),
    }
}

/// Verifies the whole archive, and the disk against it. Changes nothing.
fn survey(dir: &DataDir, genesis: &Genesis, archive: &Path) -> Result<Survey, RepairError> {
    let disk = ReadDisk::open(&dir.log_dir()).map_err(StorageError::from)?;
    let (log, mut from) = open_whole_part(disk, 0)?;
    let fail = |error: ArchiveError| of_archive(archive, error.into());
    let mut file = ArchiveFile::open(archive).map_err(|error| of_archive(archive, error))?;
    let mut verifier = Verifier::new(genesis).map_err(fail)?;
    verifier.check_head(file.head()).map_err(fail)?;
    let mut last = None;
    while let Some(theirs) = file.next_block().map_err(|error| of_archive(archive, error))? {
        let height = verifier.next_height();
        let validators = verifier.ledger().validators().clone();
        if height < from && !is_whole(log.read(height.0), &theirs, &genesis.id(), &validators)? {
            from = height;
        }
        let CommittedBlock { block, certificate, polkas } = theirs;
        let checked = check_block(&genesis.id(), Box::new(block))
            .map_err(|fault| fail(verifier.fault(fault)))?;
        verifier.push(checked).map_err(fail)?;
        if !polkas.is_empty() {
            verifier.polkas(&polkas).map_err(fail)?;
        }
        last = Some(certificate);
    }
    let Some(certificate) = last else { return Err(fail(ArchiveError::NotAnArchive)) };
    let verified = verifier.finish(certificate).map_err(fail)?;
    let disk_tip = Height(log.tip().unwrap_or(0));
    Ok(Survey { from, archive_tip: verified.tip.height, disk_tip })
}

/// Opens the block log as far as it is whole, and says which block comes next. On a disk that is
/// only looked at, cutting the rest off changes nothing.
fn open_whole_part<D: Disk + Clone>(
    mut disk: D,
    salt: u64,
) -> Result<(BlockLog<D>, Height), StorageError> {
    loop {
        match BlockLog::open(disk.clone(), SEGMENT_LIMIT_BYTES, salt, None) {
            Ok(log) => {
                let next = Height(log.tip().unwrap_or(0)).next();
                return Ok((log, next));
            }
            Err(StorageError::BlockDamaged { height, .. }) => discard_from(&mut disk, height)?,
            Err(error) => return Err(error),
        }
    }
}

/// Removes the block at `height` and all above, and those below whose place is not known.
fn discard_from<D: Disk>(disk: &mut D, mut height: u64) -> Result<(), StorageError> {
    loop {
        match discard_blocks_from(disk, height) {
            Err(StorageError::BlockDamaged { height: lower, .. }) if lower < height => {
                height = lower;
            }
            result => return result,
        }
    }
}

/// Whether the block on this disk is the archive's, with a certificate that proves it and polka
/// certificates, if any, that are what they must be. Errors:
/// `Differs` when it is another one and whole; `Storage` when the disk does not let it be read.
fn is_whole(
    ours: Result<Option<Vec<u8>>, StorageError>,
    theirs: &CommittedBlock,
    consortium: &ConsortiumId,
    validators: &ValidatorSet,
) -> Result<bool, RepairError> {
    let payload = match ours {
        Ok(Some(payload)) => payload,
        Ok(None) | Err(StorageError::BlockDamaged { .. }) => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    let Ok(ours) = CommittedBlock::from_bytes(&payload) else { return Ok(false) };
    let (our_hash, their_hash) = (ours.block.header.hash(), theirs.block.header.hash());
    let proven = ours.certificate.header_hash == our_hash
        && ours.certificate.verify(consortium, validators).is_ok();
    if our_hash != their_hash && proven {
        let height = theirs.block.header.height;
        return Err(RepairError::Differs { height, ours: our_hash, theirs: their_hash });
    }
    let height = ours.block.header.height;
    let beside = check_polkas(&ours.polkas, height, consortium, validators).is_ok();
    Ok(proven && beside && ours.block == theirs.block)
}

/// Replaces all blocks from `from` on by those of an archive that was verified.
fn put_back(dir: &DataDir, archive: &Path, from: Height) -> Result<(), RepairError> {
    let mut disk = FileDisk::open(&dir.log_dir()).map_err(StorageError::from)?;
    discard_from(&mut disk, from.0)?;
    let (mut log, from) = open_whole_part(disk, getrandom::u64()?)?;
    let fail = |error| of_archive(archive, error);
    let mut file = ArchiveFile::open(archive).map_err(fail)?;
    let mut height = Height(0);
    while let Some(block) = file.next_block().map_err(fail)? {
        height = height.next();
        if height < from {
            continue;
        }
        log.append(height.0, &block.to_bytes())?;
        if height.0.is_multiple_of(BLOCKS_PER_SYNC) {
            log.sync()?;
            tracing::info!(height = height.0, "putting blocks back");
        }
    }
    Ok(log.sync()?)
}

fn of_archive(path: &Path, error: ReadError) -> RepairError {
    let path = path.to_owned();
    match error {
        ReadError::Io(source) => RepairError::Read { path, source },
        ReadError::Archive(source) => RepairError::Archive { path, source },
    }
}

impl From<RepairError> for Failure {
    fn from(error: RepairError) -> Failure {
        let (ending, meaning, next) = match error {
            RepairError::Dir(error) => return error.into(),
            RepairError::Node(error) => return error.into(),
            RepairError::Keys(error) => return error.into(),
            RepairError::Peers(_) => (
                Ending::Failed,
                "The blocks that are missing could not be had. Nothing was changed but what is said \
                 above.",
                "see that other members' nodes run and can be reached from here (port 7070), or use \
                 --archive with another member's export",
            ),
            RepairError::Snapshot(_) => (
                Ending::Failed,
                "This node began from a snapshot, and without it its state cannot be verified. \
                 Nothing was changed.",
                "put start.snapshot back from a backup, or use --archive with another member's \
                 export",
            ),
            RepairError::TooMany(_) => (
                Ending::Refused,
                "It is simpler to fetch the whole log anew. Nothing was changed.",
                "move log/blocks-* and view/ away, keep log/wal, and use --archive with another \
                 member's export",
            ),
            RepairError::Unlinked(_) => (
                Ending::Refused,
                "Its frame is undamaged and its certificate proves it: somebody signed two histories, \
                 or files of two nodes were mixed. Nothing was changed.",
                "keep this directory as it is, and call the other members and an auditor",
            ),
            RepairError::Read { .. } => {
                (Ending::Failed, "Nothing was changed.", "check the path after --archive")
            }
            RepairError::Archive { .. } => (
                Ending::Failed,
                "The archive is damaged, or not of this consortium. Nothing was changed.",
                "have another member run comityd export, and try with that archive",
            ),
            RepairError::Differs { .. } => (
                Ending::Refused,
                "Both are signed by the consortium, which must never happen: somebody signed two \
                 histories. Nothing was changed.",
                "keep this directory and the archive as they are, and call the other members and \
                 an auditor",
            ),
            RepairError::TooShort { .. } => (
                Ending::Failed,
                "Blocks that were committed would be missing, so the node would not start.",
                "have another member run comityd export now, and try with that archive",
            ),
            RepairError::Storage(_) | RepairError::Random(_) => (
                Ending::Failed,
                "The disk does not let the blocks be put back.",
                "check the disk (df, dmesg), then run the command again",
            ),
        };
        Failure::because(ending, &error, meaning, next)
    }
}

#[cfg(test)]
mod tests;

//! `comityd export`: the chain on this node's disk as an archive that anyone can verify.
//! Holds: reads only, beside a running node too; the file appears whole or not at all.
//! May not enter: verification of records (whoever receives the archive trusts nobody).

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use comity_core::archive::{block_frames, certificate_frame, head};
use comity_core::block::CommittedBlock;
use comity_core::encoding::DecodeError;
use comity_core::hash::{ConsortiumId, HeaderHash};
use comity_core::ids::Height;
use comity_core::vote::CommitCertificate;
use comity_replica::storage::{BlockLog, BlockLogReader, Disk, SEGMENT_LIMIT_BYTES, StorageError};

use crate::args::ExportArgs;
use crate::data_dir::{DataDir, DataDirError, io_error, sync_dir};
use crate::failure::{Ending, Failure};
use crate::read_disk::ReadDisk;

/// Blocks are read in portions of about this size (bytes).
const PORTION_BYTES: u64 = 4 * 1024 * 1024;

#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error(transparent)]
    Dir(#[from] DataDirError),
    #[error("no block has been committed yet")]
    Empty,
    #[error("the block log begins at block {0}, not at block 1")]
    NotWhole(u64),
    #[error("the block log cannot be read")]
    Log(#[from] StorageError),
    #[error("block {height} on this disk cannot be read")]
    Block {
        height: Height,
        #[source]
        source: DecodeError,
    },
    #[error("the blocks on this disk are of consortium {found}, genesis.json is of {expected}")]
    OtherConsortium { found: ConsortiumId, expected: ConsortiumId },
    #[error("block {0} on this disk does not follow the one before it")]
    Broken(Height),
}

/// What an archive came to hold.
#[derive(Debug, PartialEq, Eq)]
struct Exported {
    tip: Height,
    tip_hash: HeaderHash,
    entries: u64,
    size_bytes: u64,
}

pub(super) fn perform(args: &ExportArgs) -> Result<String, Failure> {
    let dir = DataDir::open(&args.dir)?;
    let consortium = dir.genesis()?.id();
    let exported = export(&dir, &consortium, &args.out)?;
    let (out, genesis) = (args.out.display(), dir.genesis_file());
    Ok(format!(
        "{out} holds the whole chain up to block {}: {} records, {} bytes.\n\
         Consortium: {consortium}\n\
         Last block: {}\n\
         Next: give it away together with genesis.json; whoever has both can check every byte: \
         comity verify archive {out} --genesis {}\n",
        exported.tip,
        exported.entries,
        exported.size_bytes,
        exported.tip_hash,
        genesis.display(),
    ))
}

fn export(dir: &DataDir, consortium: &ConsortiumId, out: &Path) -> Result<Exported, ExportError> {
    let beside = beside(out);
    for path in [out, &beside] {
        if path.exists() {
            return Err(DataDirError::Exists(path.to_owned()).into());
        }
    }
    let disk = ReadDisk::open(&dir.log_dir()).map_err(StorageError::from)?;
    // Nothing is appended through this handle, so no salt is ever used.
    let log = BlockLog::open(disk, SEGMENT_LIMIT_BYTES, 0, None)?;
    let mut file = create(&beside)?;
    let written = write_archive(log.reader(), consortium, &mut file, &beside)
        .and_then(|exported| put_in_place(file, &beside, out).map(|()| exported));
    if written.is_err() {
        // What is there is of no use; where it stays, the next run names it.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn write_archive<D: Disk>(
    blocks: &BlockLogReader<D>,
    consortium: &ConsortiumId,
    file: &mut BufWriter<File>,
    path: &Path,
) -> Result<Exported, ExportError> {
    match blocks.first_height() {
        None => return Err(ExportError::Empty),
        Some(1) => {}
        Some(first) => return Err(ExportError::NotWhole(first)),
    }
    let mut archive = Archive { file, path, size_bytes: 0 };
    archive.push(&head(consortium))?;
    let mut chain = Chain { parent: HeaderHash(consortium.0), height: Height(0), entries: 0 };
    let mut last: Option<CommitCertificate> = None;
    loop {
        let payloads = blocks.read_range(chain.height.next().0, PORTION_BYTES)?;
        if payloads.is_empty() {
            break;
        }
        for payload in payloads {
            let CommittedBlock { block, certificate, polkas } =
                CommittedBlock::from_bytes(&payload)
                    .map_err(|source| ExportError::Block { height: chain.height.next(), source })?;
            let found = block.header.consortium;
            if found != *consortium {
                return Err(ExportError::OtherConsortium { found, expected: *consortium });
            }
            chain.follow(&block.header)?;
            archive.push(&block_frames(&block, &polkas))?;
            last = Some(certificate);
        }
    }
    let Some(certificate) = last else { return Err(ExportError::Empty) };
    if certificate.header_hash != chain.parent {
        return Err(ExportError::Broken(chain.height));
    }
    archive.push(&certificate_frame(&certificate))?;
    let size_bytes = archive.size_bytes;
    Ok(Exported { tip: chain.height, tip_hash: chain.parent, entries: chain.entries, size_bytes })
}

/// The chain as far as it was read: enough to notice that this disk mixes two.
struct Chain {
    parent: HeaderHash,
    height: Height,
    entries: u64,
}

impl Chain {
    fn follow(&mut self, header: &comity_core::block::Header) -> Result<(), ExportError> {
        if header.parent != self.parent || header.height != self.height.next() {
            return Err(ExportError::Broken(self.height.next()));
        }
        *self = Chain { parent: header.hash(), height: header.height, entries: header.log_size };
        Ok(())
    }
}

struct Archive<'a> {
    file: &'a mut BufWriter<File>,
    path: &'a Path,
    size_bytes: u64,
}

impl Archive<'_> {
    fn push(&mut self, bytes: &[u8]) -> Result<(), DataDirError> {
        self.size_bytes += bytes.len() as u64;
        self.file.write_all(bytes).map_err(|source| io_error("write", self.path, source))
    }
}

fn beside(out: &Path) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(".tmp");
    PathBuf::from(name)
}

fn create(path: &Path) -> Result<BufWriter<File>, DataDirError> {
    let file = File::create_new(path).map_err(|source| io_error("create", path, source))?;
    Ok(BufWriter::with_capacity(1024 * 1024, file))
}

fn put_in_place(file: BufWriter<File>, beside: &Path, out: &Path) -> Result<(), ExportError> {
    let written = file.into_inner().map_err(io::IntoInnerError::into_error);
    written.and_then(|file| file.sync_all()).map_err(|source| io_error("write", beside, source))?;
    // Someone may have made the file meanwhile.
    if out.exists() {
        return Err(DataDirError::Exists(out.to_owned()).into());
    }
    fs::rename(beside, out).map_err(|source| io_error("rename", beside, source))?;
    match out.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_dir(parent)?,
        _ => sync_dir(Path::new("."))?,
    }
    Ok(())
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Failure {
        let (ending, meaning, next) = match error {
            ExportError::Dir(error) => return error.into(),
            ExportError::Empty => (
                Ending::Failed,
                "There is nothing to export. Nothing was written.",
                "start the node, wait for the first block (comity status), then export",
            ),
            ExportError::NotWhole(_) => (
                Ending::Failed,
                "This node did not keep the beginning of the chain. Nothing was written.",
                "export at a member whose node has been there from the beginning",
            ),
            ExportError::OtherConsortium { .. } => (
                Ending::Refused,
                "The genesis or the directory log/ was copied here from elsewhere. Nothing was \
                 written.",
                "put the genesis.json of this node's consortium back, then export again",
            ),
            ExportError::Log(_) | ExportError::Block { .. } | ExportError::Broken(_) => (
                Ending::Failed,
                "The disk of this node is damaged or was changed. Nothing was written.",
                "export at another member; then check this machine's disk",
            ),
        };
        Failure::because(ending, &error, meaning, next)
    }
}

#[cfg(test)]
mod tests;

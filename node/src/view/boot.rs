//! From what is on the disk to a running ledger: what the view saved, or the genesis, and then
//! every later block of the block log, checked as if it came from a stranger.
//! Holds: the ledger returned is the one that the block log leads to, and the view shows it.
//! May not enter: consensus; leniency: a certified block that fails here stops the node.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use comity_core::block::CommittedBlock;
use comity_core::encoding::DecodeError;
use comity_core::genesis::{Genesis, GenesisError};
use comity_core::hash::ConsortiumId;
use comity_core::ids::{Height, LogIndex};
use comity_core::ledger::{BlockError, Ledger, Saved, Tip};
use comity_core::snapshot::{Loaded, Manifest};
use comity_core::state::Changes;
use comity_core::statement::{RecordError, VerifiedRecord};
use comity_core::validators::ValidatorSet;
use comity_core::vote::{CertificateError, CommitCertificate, VerifiedCertificate};
use comity_replica::io::Commit;
use comity_replica::storage::{BlockLogReader, Disk, StorageError};

use super::beginning::Beginning;
use super::cores::on_all_cores;
use super::{View, ViewError};
use crate::snapshots::{SnapshotFile, SnapshotFileError};

/// Bytes of blocks that are read, and whose signatures are checked, at a time.
const BATCH_BYTES: u64 = 8 * 1024 * 1024;
const PROGRESS_INTERVAL: Duration = Duration::from_secs(3);

/// Why a node cannot start from what is on its disk.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// The genesis founds no consortium.
    #[error("the genesis is not usable")]
    Genesis(#[from] GenesisError),
    /// The view failed.
    #[error("the view failed")]
    View(#[from] ViewError),
    /// The block log does not begin at height 1, and the view does not reach to where it begins.
    #[error("the block log begins at height {first}: there is nothing to start from")]
    Start {
        /// Its first height.
        first: Height,
    },
    /// The snapshot that this node started from cannot be used.
    #[error("the snapshot that this node started from cannot be used")]
    Snapshot(#[from] SnapshotFileError),
    /// The snapshot is not of the block with which the block log begins.
    #[error(
        "the snapshot that this node started from is not of block {first}, with which its blocks begin"
    )]
    OtherSnapshot {
        /// The first block.
        first: Height,
    },
    /// A block cannot be read.
    #[error("block {height} cannot be read from the block log")]
    Read {
        /// Its height.
        height: Height,
        /// Why.
        #[source]
        source: StorageError,
    },
    /// A block fails.
    #[error("block {height} of the block log fails")]
    Block {
        /// Its height.
        height: Height,
        /// Why.
        #[source]
        source: BlockFault,
    },
}

/// What is wrong with a block of the block log.
#[derive(Debug, thiserror::Error)]
pub enum BlockFault {
    /// Not the canonical bytes of a committed block.
    #[error("its bytes are not those of a block")]
    Decode(#[from] DecodeError),
    /// A record does not verify.
    #[error("record {position} in it does not verify")]
    Record {
        /// Its position in the block, from 0.
        position: usize,
        /// Why.
        #[source]
        source: RecordError,
    },
    /// Its own certificate, or its parent's in it, does not prove its block.
    #[error("a certificate in it proves nothing")]
    Certificate(#[from] CertificateError),
    /// It does not follow from the chain before it.
    #[error("it does not follow from the blocks before it")]
    Execution(#[from] BlockError),
}

/// The ledger at the block log's tip, with the tip's certificate (`None` at height 0). `saved` is
/// what the view kept; where it does not fit the block log, the view is built anew: from the genesis,
/// or, where the block log begins later, from the snapshot at `start`. On return the view shows that
/// ledger. Blocks, for as long as the replay takes. Errors: what stops the node.
pub fn boot<D: Disk>(
    genesis: &Genesis,
    view: &View,
    saved: Option<Saved>,
    blocks: &BlockLogReader<D>,
    start: &Path,
) -> Result<(Ledger, Option<CommitCertificate>), BootError> {
    let first = blocks.first_height().map_or(Height(1), Height);
    // Where older blocks were put back since, they are listed too.
    let is_late = view.first_entry()? > LogIndex(0);
    let saved = saved.filter(|_| first > Height(1) || !is_late);
    let mut replay = match restore(genesis, view, saved, blocks)? {
        Some(replay) => replay,
        None if first > Height(1) && start.exists() => begin(genesis, view, blocks, start)?,
        None => {
            let ledger = Ledger::new(genesis)?;
            view.found(&ledger)?;
            Replay { ledger, certificate: None }
        }
    };
    let Some(last) = blocks.tip().map(Height) else { return Ok((replay.ledger, None)) };
    let mut progress = Progress { last, from: replay.ledger.tip().height, told: Instant::now() };
    while replay.ledger.tip().height < last {
        let height = replay.ledger.tip().height.next();
        if let Some(first) = blocks.first_height().map(Height).filter(|first| *first > height) {
            return Err(BootError::Start { first });
        }
        let payloads = blocks
            .read_range(height.0, BATCH_BYTES)
            .map_err(|source| BootError::Read { height, source })?;
        replay.push_all(&payloads, view)?;
        progress.tell(replay.ledger.tip().height);
    }
    view.settle()?;
    let certificate = replay.certificate.map(|certificate| certificate.certificate().clone());
    Ok((replay.ledger, certificate))
}

struct Progress {
    from: Height,
    last: Height,
    told: Instant,
}

impl Progress {
    fn tell(&mut self, height: Height) {
        if self.told.elapsed() >= PROGRESS_INTERVAL {
            self.told = Instant::now();
            tracing::info!(height = height.0, of = self.last.0, "replaying the block log");
        } else if height == self.last && height.0 - self.from.0 > 1 {
            tracing::info!(blocks = height.0 - self.from.0, "replayed the block log");
        }
    }
}

/// A ledger on its way to the tip.
struct Replay {
    ledger: Ledger,
    /// The certificate of the ledger's tip; `None` at height 0.
    certificate: Option<VerifiedCertificate>,
}

/// The saved ledger, if the block log has the very block at which it was saved.
fn restore<D: Disk>(
    genesis: &Genesis,
    view: &View,
    saved: Option<Saved>,
    blocks: &BlockLogReader<D>,
) -> Result<Option<Replay>, BootError> {
    let Some(saved) = saved else { return Ok(None) };
    let header = saved.header.clone();
    let height = header.height;
    let consortium = genesis.id();
    let payload = blocks.read(height.0).map_err(|source| BootError::Read { height, source })?;
    let Some(payload) = payload else { return Ok(None) };
    let fail = |source| BootError::Block { height, source };
    let committed = read_block(&payload).map_err(fail)?;
    if committed.block.header != header {
        return Ok(None);
    }
    let ledger = match Ledger::restore(&consortium, saved) {
        Ok(ledger) => ledger,
        Err(error) => {
            tracing::warn!(%error, "the view is damaged");
            return Ok(None);
        }
    };
    let certificate = proven(&committed, &consortium, ledger.tip_validators()).map_err(fail)?;
    view.resume(&ledger, (header, certificate.certificate().clone()))?;
    Ok(Some(Replay { ledger, certificate: Some(certificate) }))
}

/// The ledger of the snapshot that this node started from, which is of the block log's first block.
fn begin<D: Disk>(
    genesis: &Genesis,
    view: &View,
    blocks: &BlockLogReader<D>,
    start: &Path,
) -> Result<Replay, BootError> {
    let Loaded { ledger, block, manifest } = SnapshotFile::open(start, genesis)?.load()?;
    let height = ledger.tip().height;
    tracing::info!(height = height.0, "starting from the snapshot that this node started from");
    let ours = blocks.read(height.0).map_err(|source| BootError::Read { height, source })?;
    let fail = |source| BootError::Block { height, source };
    let ours = ours.map(|payload| read_block(&payload)).transpose().map_err(fail)?;
    if blocks.first_height() != Some(height.0)
        || ours.map(|ours| ours.block) != Some(block.block.clone())
    {
        let first = blocks.first_height().map_or(Height(1), Height);
        return Err(BootError::OtherSnapshot { first });
    }
    let consortium = *ledger.consortium();
    let certificate = proven(&block, &consortium, ledger.tip_validators()).map_err(fail)?;
    let validators = ledger.tip_validators().clone();
    let checked = Checked::of(&block.to_bytes(), &consortium, &validators).map_err(fail)?;
    let commit = Commit {
        header: block.block.header,
        header_hash: ledger.tip().hash,
        certificate: block.certificate,
        records: checked.records.map_err(fail)?,
        changes: Changes::default(),
        state: ledger.state().clone(),
        log: ledger.log().clone(),
        tip_validators: validators,
        validators: ledger.validators().clone(),
    };
    let Manifest { path, cut_off, .. } = manifest;
    view.begin(Beginning { ledger: ledger.clone(), commit, changes: path.changes, cut_off })?;
    Ok(Replay { ledger, certificate: Some(certificate) })
}

fn read_block(payload: &[u8]) -> Result<CommittedBlock, BlockFault> {
    Ok(CommittedBlock::from_bytes(payload)?)
}

/// A block's own certificate, checked against the validators of its height.
fn proven(
    committed: &CommittedBlock,
    consortium: &ConsortiumId,
    validators: &ValidatorSet,
) -> Result<VerifiedCertificate, BlockFault> {
    let header = &committed.block.header;
    let certificate = committed.certificate.clone();
    if !Tip::of(header).is_named_by(&certificate) {
        return Err(CertificateError::OtherBlock.into());
    }
    Ok(certificate.verify(consortium, validators)?)
}

/// A block with what could be checked about it without its order.
struct Checked {
    committed: CommittedBlock,
    records: Result<Vec<VerifiedRecord>, BlockFault>,
    /// Its own certificate, against the validators that ruled when the batch began.
    certificate: Result<VerifiedCertificate, BlockFault>,
}

impl Checked {
    fn of(
        payload: &[u8],
        consortium: &ConsortiumId,
        validators: &ValidatorSet,
    ) -> Result<Checked, BlockFault> {
        let committed = read_block(payload)?;
        let verify = |(position, bytes): (usize, &Vec<u8>)| {
            VerifiedRecord::verify(bytes, consortium)
                .map_err(|source| BlockFault::Record { position, source })
        };
        let records = committed.block.records.iter().enumerate().map(verify).collect();
        let certificate = proven(&committed, consortium, validators);
        Ok(Checked { committed, records, certificate })
    }
}

/// Checks blocks on all cores, each core taking the next one that is left.
fn check_all(
    payloads: &[Vec<u8>],
    consortium: &ConsortiumId,
    validators: &ValidatorSet,
) -> Vec<Result<Checked, BlockFault>> {
    let next = AtomicUsize::new(0);
    let checked = on_all_cores(|| {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(payload) = payloads.get(at) else { return done };
            done.push((at, Checked::of(payload, consortium, validators)));
        }
    });
    let mut all: Vec<_> = checked.into_iter().flatten().collect();
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, checked)| checked).collect()
}

impl Replay {
    fn push_all(&mut self, payloads: &[Vec<u8>], view: &View) -> Result<(), BootError> {
        let consortium = *self.ledger.consortium();
        let validators = self.ledger.validators().clone();
        for checked in check_all(payloads, &consortium, &validators) {
            let height = self.ledger.tip().height.next();
            let pushed = checked.and_then(|checked| self.push(checked, &validators));
            let commit = pushed.map_err(|source| BootError::Block { height, source })?;
            view.apply(Arc::new(commit));
        }
        Ok(())
    }

    /// Executes the next block. `assumed` are the validators that its certificate was checked
    /// against.
    fn push(&mut self, checked: Checked, assumed: &ValidatorSet) -> Result<Commit, BlockFault> {
        let Checked { committed, records, certificate } = checked;
        let consortium = *self.ledger.consortium();
        let validators = self.ledger.validators();
        let certificate = if validators == assumed {
            certificate?
        } else {
            proven(&committed, &consortium, validators)?
        };
        let parent = self.parent(committed.block.parent_certificate)?;
        let header = &committed.block.header;
        let executed = self.ledger.execute(header, records?, parent.as_ref())?;
        self.ledger.commit(&executed);
        let commit = Commit {
            header: executed.header.clone(),
            header_hash: executed.hash,
            certificate: certificate.certificate().clone(),
            log: executed.log().clone(),
            records: executed.records,
            changes: executed.changes,
            state: self.ledger.state().clone(),
            tip_validators: self.ledger.tip_validators().clone(),
            validators: self.ledger.validators().clone(),
        };
        self.certificate = Some(certificate);
        Ok(commit)
    }

    /// The certificate of the parent that a block carries: often the one that was checked with
    /// the parent itself.
    fn parent(
        &self,
        carried: Option<CommitCertificate>,
    ) -> Result<Option<VerifiedCertificate>, BlockFault> {
        match (carried, &self.certificate) {
            (None, _) => Ok(None),
            (Some(carried), Some(known)) if carried == *known.certificate() => {
                Ok(Some(known.clone()))
            }
            (Some(carried), _) => {
                let validators = self.ledger.tip_validators();
                Ok(Some(carried.verify(self.ledger.consortium(), validators)?))
            }
        }
    }
}

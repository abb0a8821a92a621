//! The directories of stopped nodes, opened to be added to as the nodes themselves would have done.
//! Holds: all of them end at the same block; a validator's guard knows of every vote that is signed
//! here; what is on the disk before another block comes is durable at the end.
//! May not enter: which records there are (see `filling`).

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use comity_core::block::{Block, CommittedBlock};
use comity_core::hash::ConsortiumId;
use comity_core::ids::TimeMs;
use comity_core::keys::SecretKey;
use comity_core::ledger::{Built, Executed, Ledger, NewBlock};
use comity_core::statement::VerifiedRecord;
use comity_core::vote::{VerifiedCertificate, Vote};
use comity_node::data_dir::DataDir;
use comity_node::disk::FileDisk;
use comity_node::view::{self, View};
use comity_replica::io::Commit;
use comity_replica::storage::{SignedMark, Step, Storage, StorageOp, StorageOptions};

use super::Whose;
use crate::bench::prepare;
use crate::failure::{DevnetError, unexpected};
use crate::nodes::Network;
use crate::place::io_error;
use crate::topology::Node;
use crate::votes::{certificate, precommit};

/// Bytes of blocks that are read at a time.
const READ_BYTES: u64 = 8 * 1024 * 1024;

/// How long the parts of opening took.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Opening {
    /// The block log and the write-ahead log.
    pub(super) log: Duration,
    /// The view and the state in it.
    pub(super) view: Duration,
    /// The ledger, checked against its header, and the blocks that the view did not have.
    pub(super) ledger: Duration,
}

/// How long the parts of a commit took.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spent {
    /// Signing a vote, writing the guard's mark, durable, and the block, in the first directory.
    pub(super) append: Duration,
    /// Applying it to the view.
    pub(super) view: Duration,
}

/// The directories, the first of which has the longest log.
pub(super) struct Dirs {
    pub(super) ledger: Ledger,
    pub(super) opening: Opening,
    certificate: Option<VerifiedCertificate>,
    logs: Vec<Log>,
    /// Every validator's key, those of directories that do not grow included.
    voters: Vec<SecretKey>,
    view: View,
}

/// A node's logs.
struct Log {
    node: Node,
    key: SecretKey,
    storage: Storage<FileDisk>,
}

impl Dirs {
    /// Opens them, and brings all to the height of the longest log. Errors: one cannot be opened.
    pub(super) fn open(network: &Network, whose: Whose) -> Result<Dirs, DevnetError> {
        let genesis = prepare::genesis(network)?;
        let mut opening = Opening::default();
        let began = Instant::now();
        let (mut logs, mut voters) = (Vec::new(), Vec::new());
        for (place, node) in network.topology.nodes.iter().enumerate() {
            let dir = network.place.node(&node.agency);
            let key = prepare::read_key(&dir.join("keys").join("validator.json"))?;
            voters.push(key.clone());
            if place == 0 || whose == Whose::All {
                logs.push(Log { node: node.clone(), key, storage: storage(&dir)? });
            }
        }
        logs.sort_by_key(|log| std::cmp::Reverse(log.storage.tip()));
        opening.log = began.elapsed();
        let dir = network.place.node(&logs[0].node.agency);
        let began = Instant::now();
        let (view, saved) = View::open(&dir.join("view"), genesis.id()).map_err(unexpected)?;
        opening.view = began.elapsed();
        let (blocks, start) = (logs[0].storage.reader().clone(), dir.join("start.snapshot"));
        let began = Instant::now();
        let booted = view::boot(&genesis, &view, saved, &blocks, &start);
        let (ledger, certificate) = booted.map_err(unexpected)?;
        opening.ledger = began.elapsed();
        let certificate = certificate.map(|certificate| {
            certificate.verify(ledger.consortium(), ledger.tip_validators()).map_err(unexpected)
        });
        let certificate = certificate.transpose()?;
        let mut dirs = Dirs { ledger, opening, certificate, logs, voters, view };
        dirs.even()?;
        Ok(dirs)
    }

    /// Entries on the log (count).
    pub(super) fn entries(&self) -> u64 {
        self.ledger.log().size()
    }

    /// Blocks (count).
    pub(super) fn height(&self) -> u64 {
        self.ledger.tip().height.0
    }

    /// A time for the next block: a millisecond after the last.
    pub(super) fn next_time(&self) -> TimeMs {
        self.ledger.tip().time.plus(1)
    }

    /// A block of these records on the tip. Errors: the rules refuse one, or it has no room for all.
    pub(super) fn build(&self, records: Vec<VerifiedRecord>) -> Result<Built, DevnetError> {
        let (count, parent) = (records.len(), self.certificate.as_ref());
        let new = NewBlock { time: self.next_time(), round: 0, parent };
        let built = self.ledger.build(&new, records);
        if built.executed.records.len() != count {
            let refused = built.refused.first();
            let text = format!("a block does not hold its {count} records: {refused:?}");
            return Err(DevnetError::Unexpected(text));
        }
        Ok(built)
    }

    /// Executes a block as a validator does that did not build it. Errors: it is not valid.
    pub(super) fn execute(
        &self,
        block: &Block,
        records: Vec<VerifiedRecord>,
    ) -> Result<Executed, DevnetError> {
        let parent = self.certificate.as_ref();
        self.ledger.execute(&block.header, records, parent).map_err(unexpected)
    }

    /// Signs for a block with every validator's key and commits it. It is durable after `sync`.
    /// Errors: the disk; a guard.
    pub(super) fn commit(
        &mut self,
        block: Block,
        executed: Executed,
    ) -> Result<Spent, DevnetError> {
        let mut spent = Spent::default();
        let (consortium, height) = (*self.ledger.consortium(), executed.header.height);
        let certificate = certificate(&consortium, (height, executed.hash), &self.voters);
        let verified = certificate.clone().verify(&consortium, self.ledger.validators());
        let verified = verified.map_err(unexpected)?;
        let began = Instant::now();
        let committed =
            CommittedBlock { block, certificate: certificate.clone(), polkas: Vec::new() };
        let payload = committed.to_bytes();
        let encoded = began.elapsed();
        let mut written = None;
        for log in &mut self.logs {
            let began = Instant::now();
            let mark = mark(&log.key, &consortium, precommit(&log.key, height, executed.hash));
            log.storage.perform(StorageOp::SignedMark(mark)).map_err(unexpected)?;
            let (height, header_hash) = (height.0, executed.hash);
            let op = StorageOp::Commit { height, header_hash, payload: payload.clone() };
            log.storage.perform(op).map_err(unexpected)?;
            written.get_or_insert(began.elapsed());
        }
        spent.append = encoded + written.unwrap_or_default();
        let began = Instant::now();
        self.ledger.commit(&executed);
        self.view.apply(Arc::new(Commit {
            log: executed.log().clone(),
            header: executed.header,
            header_hash: executed.hash,
            certificate,
            records: executed.records,
            changes: executed.changes,
            state: self.ledger.state().clone(),
            tip_validators: self.ledger.tip_validators().clone(),
            validators: self.ledger.validators().clone(),
        }));
        spent.view = began.elapsed();
        self.certificate = Some(verified);
        Ok(spent)
    }

    /// Makes all blocks durable. Returns how long that took in the first directory. Errors: the disk.
    pub(super) fn sync(&mut self) -> Result<Duration, DevnetError> {
        let mut first = None;
        for log in &mut self.logs {
            let began = Instant::now();
            log.storage.sync().map_err(unexpected)?;
            first.get_or_insert(began.elapsed());
        }
        Ok(first.unwrap_or_default())
    }

    /// Waits until the view has every block. Errors: it has failed.
    pub(super) fn settle(&self) -> Result<(), DevnetError> {
        self.view.settle().map_err(unexpected)
    }

    /// Ends: all is durable, and every directory has the view. Errors: the disk.
    pub(super) fn close(mut self, network: &Network) -> Result<(), DevnetError> {
        self.sync()?;
        self.settle()?;
        // All of it is in the files then.
        self.view.close();
        let view = |log: &Log| network.place.node(&log.node.agency).join("view");
        let Some((first, others)) = self.logs.split_first() else { return Ok(()) };
        others.iter().try_for_each(|log| replace(&view(first), &view(log)))
    }

    /// Gives every log the blocks that it lacks of the first.
    fn even(&mut self) -> Result<(), DevnetError> {
        let Some((first, others)) = self.logs.split_first_mut() else { return Ok(()) };
        for log in others {
            while log.storage.tip() < first.storage.tip() {
                let from = log.storage.tip().unwrap_or(0) + 1;
                let payloads = first.storage.reader().read_range(from, READ_BYTES);
                for payload in payloads.map_err(unexpected)? {
                    let block = CommittedBlock::from_bytes(&payload).map_err(unexpected)?.block;
                    let (height, header_hash) = (block.header.height.0, block.header.hash());
                    let op = StorageOp::Commit { height, header_hash, payload };
                    log.storage.perform(op).map_err(unexpected)?;
                }
                log.storage.sync().map_err(unexpected)?;
            }
        }
        Ok(())
    }
}

fn mark(key: &SecretKey, consortium: &ConsortiumId, vote: Vote) -> SignedMark {
    SignedMark {
        height: vote.height.0,
        round: vote.round,
        step: Step::Precommit,
        message_hash: vote.hash(consortium),
        signature: key.sign_vote(consortium, &vote).0,
    }
}

fn storage(dir: &Path) -> Result<Storage<FileDisk>, DevnetError> {
    let dir = DataDir::open(dir).map_err(unexpected)?;
    let disk = FileDisk::open(&dir.log_dir()).map_err(unexpected)?;
    let salt = getrandom::u64().map_err(unexpected)?;
    let (storage, _) = Storage::open(disk, StorageOptions::new(salt)).map_err(unexpected)?;
    Ok(storage)
}

/// Copies a directory of files in place of another one.
fn replace(from: &Path, to: &Path) -> Result<(), DevnetError> {
    if to.exists() {
        fs::remove_dir_all(to).map_err(|source| io_error("remove", to, source))?;
    }
    copy(from, to)
}

fn copy(from: &Path, to: &Path) -> Result<(), DevnetError> {
    fs::create_dir_all(to).map_err(|source| io_error("create", to, source))?;
    let unreadable = |source| DevnetError::from(io_error("look into", from, source));
    for entry in fs::read_dir(from).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            fs::copy(&path, &target).map_err(|source| io_error("copy to", &target, source))?;
        }
    }
    Ok(())
}

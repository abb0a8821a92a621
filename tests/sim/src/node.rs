//! One simulated node: the real replica and storage over a simulated disk.

use std::collections::BTreeMap;

use comity_core::block::CommittedBlock;
use comity_core::genesis::Genesis;
use comity_core::hash::{LeafHash, leaf_hash};
use comity_core::keys::SecretKey;
use comity_core::ledger::Ledger;
use comity_core::statement::VerifiedRecord;
use comity_core::vote::CommitCertificate;
use comity_replica::replica::{Boot, Replica, ReplicaConfig};
use comity_replica::storage::{
    BlockLog, SEGMENT_LIMIT_BYTES, Storage, StorageError, StorageOptions, discard_blocks_from,
};

use crate::chance::Chance;
use crate::consortium::Member;
use crate::disk::SimDisk;

/// Size past which a node's write-ahead log is rewritten (bytes): small, so that it happens.
const WAL_LIMIT_BYTES: u64 = 64 * 1024;
/// Most records that wait at a node.
pub const POOL_RECORDS: usize = 4_096;

/// Records verified once in a run: signatures are the dearest part of it, and their check has no
/// state.
#[derive(Debug, Default)]
pub struct Verified(BTreeMap<LeafHash, VerifiedRecord>);

impl Verified {
    /// The verified record of these bytes. Errors: they are no record whose signatures verify.
    pub fn verify(
        &mut self,
        bytes: &[u8],
        genesis: &Genesis,
    ) -> Result<VerifiedRecord, comity_core::statement::RecordError> {
        let leaf = leaf_hash(bytes);
        if let Some(known) = self.0.get(&leaf) {
            return Ok(known.clone());
        }
        let record = VerifiedRecord::verify(bytes, &genesis.id())?;
        self.0.insert(leaf, record.clone());
        Ok(record)
    }
}

/// Why a node does not start.
#[derive(Debug)]
pub enum StartError {
    /// Its storage does not open, or does not give back what it holds.
    Storage(StorageError),
    /// What is on the disk does not belong together.
    Contents(String),
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            StartError::Storage(error) => write!(f, "its storage does not open: {error}"),
            StartError::Contents(what) => f.write_str(what),
        }
    }
}

impl From<StorageError> for StartError {
    fn from(error: StorageError) -> Self {
        StartError::Storage(error)
    }
}

/// A running node.
pub struct Running {
    /// The replica.
    pub replica: Replica,
    /// Its storage.
    pub storage: Storage<SimDisk>,
}

/// A node, up or down.
pub struct Node {
    /// Whose it is.
    pub member: Member,
    /// Where its member stands among the consortium's.
    pub place: usize,
    /// The key that it votes with, if it does.
    pub key: Option<SecretKey>,
    /// Its disk, which survives.
    pub disk: SimDisk,
    /// How far its wall clock is ahead (ms); behind where negative.
    pub ahead_ms: i64,
    /// How often it was started.
    pub lives: u64,
    /// Until when it stands still (ms).
    pub frozen_until_ms: u64,
    /// Whether it is to run at all: not before its member is admitted, nor after it left.
    pub is_wanted: bool,
    /// What runs, if it is up.
    pub running: Option<Running>,
}

impl Node {
    /// A node with an empty disk but for the sign guard of its key, if it has one.
    pub fn new(place: usize, member: Member, key: Option<SecretKey>, chance: &mut Chance) -> Node {
        let mut node = Node {
            member,
            place,
            key: None,
            disk: SimDisk::new(),
            ahead_ms: 0,
            lives: 0,
            frozen_until_ms: 0,
            is_wanted: true,
            running: None,
        };
        if let Some(key) = key {
            node.take_key(key, chance);
        }
        node
    }

    /// Gives the node a new key, with a guard born with it.
    pub fn take_key(&mut self, key: SecretKey, chance: &mut Chance) {
        self.disk.lose_file("wal");
        self.disk.lose_file("wal.new");
        let public = *key.public().as_bytes();
        // A disk that has no room now has none for a guard either: the node then has none.
        let _ = Storage::create_guard(&mut self.disk, public, chance.draw());
        self.key = Some(key);
    }

    /// Starts the node from its disk, as a process would: the log is replayed from the genesis.
    /// Errors: what a correct node never meets, unless its disk fails at that moment.
    pub fn start(
        &mut self,
        genesis: &Genesis,
        verified: &mut Verified,
        chance: &mut Chance,
    ) -> Result<(), StartError> {
        let options = StorageOptions {
            wal_limit_bytes: WAL_LIMIT_BYTES,
            ..StorageOptions::new(chance.draw())
        };
        let (storage, recovered) = Storage::open(self.disk.clone(), options)?;
        let (ledger, certificate) = replay(genesis, &storage, verified)?;
        let config = ReplicaConfig {
            agency: self.member.agency.clone(),
            validator_key: self.key.clone(),
            pool_records: POOL_RECORDS,
            pool_records_per_agency: POOL_RECORDS / 2,
            seed: chance.draw(),
        };
        let boot = Boot { ledger, certificate, recovered };
        let replica =
            Replica::new(config, boot).map_err(|error| StartError::Contents(error.to_string()))?;
        self.lives += 1;
        self.frozen_until_ms = 0;
        self.running = Some(Running { replica, storage });
        Ok(())
    }

    /// Newest block on the disk; `None` where it does not open.
    pub fn tip_on_disk(&self) -> Option<u64> {
        let opened = Storage::open(self.disk.fork(), StorageOptions::new(1));
        opened.ok().map(|(storage, _)| storage.tip().unwrap_or(0))
    }

    /// What an operator does about a damaged block log: what is bad goes, and comes back from
    /// another's. Errors: it cannot be done, and the directory must go.
    pub fn repair_blocks(
        &mut self,
        from: &[Vec<u8>],
        chance: &mut Chance,
    ) -> Result<(), StorageError> {
        let mut log = loop {
            match BlockLog::open(self.disk.clone(), SEGMENT_LIMIT_BYTES, chance.draw(), None) {
                Ok(log) => break log,
                Err(StorageError::BlockDamaged { height, .. }) => self.discard_from(height)?,
                Err(error) => return Err(error),
            }
        };
        let mut whole = log.tip().unwrap_or(0);
        for height in 1..=whole {
            if !matches!(log.read(height), Ok(Some(_))) {
                drop(log);
                self.discard_from(height)?;
                log = BlockLog::open(self.disk.clone(), SEGMENT_LIMIT_BYTES, chance.draw(), None)?;
                whole = log.tip().unwrap_or(0);
                break;
            }
        }
        for (height, payload) in (1..).zip(from) {
            if height > whole {
                log.append(height, payload)?;
            }
        }
        log.sync()
    }

    fn discard_from(&mut self, mut height: u64) -> Result<(), StorageError> {
        loop {
            match discard_blocks_from(&mut self.disk, height) {
                Err(StorageError::BlockDamaged { height: lower, .. }) if lower < height => {
                    height = lower;
                }
                result => return result,
            }
        }
    }
}

fn replay(
    genesis: &Genesis,
    storage: &Storage<SimDisk>,
    verified: &mut Verified,
) -> Result<(Ledger, Option<CommitCertificate>), StartError> {
    let fail = StartError::Contents;
    let mut ledger = Ledger::new(genesis).map_err(|error| fail(error.to_string()))?;
    let mut last = None;
    for height in 1..=storage.tip().unwrap_or(0) {
        let bytes = storage.reader().read(height)?;
        let bytes = bytes.ok_or_else(|| fail(format!("block {height} is missing")))?;
        let committed =
            CommittedBlock::from_bytes(&bytes).map_err(|error| fail(error.to_string()))?;
        let CommittedBlock { block, certificate, .. } = committed;
        let records: Result<Vec<_>, _> =
            block.records.iter().map(|bytes| verified.verify(bytes, genesis)).collect();
        let records = records.map_err(|error| fail(error.to_string()))?;
        let parent = match block.parent_certificate {
            Some(parent) => Some(
                parent
                    .verify(ledger.consortium(), ledger.tip_validators())
                    .map_err(|error| fail(error.to_string()))?,
            ),
            None => None,
        };
        let executed = ledger
            .execute(&block.header, records, parent.as_ref())
            .map_err(|error| fail(format!("block {height}: {error}")))?;
        ledger.commit(&executed);
        last = Some(certificate);
    }
    Ok((ledger, last))
}

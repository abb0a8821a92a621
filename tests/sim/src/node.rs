//! One simulated node: the real replica and storage over a simulated disk.

use std::collections::BTreeMap;

use comity_core::block::CommittedBlock;
use comity_core::genesis::Genesis;
use comity_core::hash::{LeafHash, leaf_hash};
use comity_core::ledger::Ledger;
use comity_core::statement::VerifiedRecord;
use comity_core::vote::CommitCertificate;
use comity_replica::replica::{Boot, Replica, ReplicaConfig};
use comity_replica::storage::{MemoryDisk, Storage, StorageOptions};

use crate::chance::Chance;
use crate::consortium::Member;

/// Records verified once in a run: signatures are the dearest part of it, and their check has no
/// state.
#[derive(Debug, Default)]
pub struct Verified(BTreeMap<LeafHash, VerifiedRecord>);

impl Verified {
    /// The verified record of these bytes.
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

/// A running node.
pub struct Running {
    /// The replica.
    pub replica: Replica,
    /// Its storage.
    pub storage: Storage<MemoryDisk>,
}

/// A node, up or down.
pub struct Node {
    /// Whose it is.
    pub member: Member,
    /// Its disk, which survives.
    pub disk: MemoryDisk,
    /// How far its wall clock is ahead (ms); behind where negative.
    pub ahead_ms: i64,
    /// How often it was started.
    pub lives: u64,
    /// What runs, if it is up.
    pub running: Option<Running>,
}

impl Node {
    /// A node with an empty disk but for its sign guard.
    pub fn new(member: Member, ahead_ms: i64, chance: &mut Chance) -> Node {
        let mut disk = MemoryDisk::new();
        let key = *member.validator.public().as_bytes();
        if let Err(error) = Storage::create_guard(&mut disk, key, chance.draw()) {
            unreachable!("an empty disk takes a guard: {error}");
        }
        Node { member, disk, ahead_ms, lives: 0, running: None }
    }

    /// Starts the node from its disk, as a process would: the log is replayed from the genesis.
    /// Errors: what a correct node never meets.
    pub fn start(
        &mut self,
        genesis: &Genesis,
        verified: &mut Verified,
        chance: &mut Chance,
    ) -> Result<(), String> {
        let options =
            StorageOptions { wal_limit_bytes: 64 * 1024, ..StorageOptions::new(chance.draw()) };
        let (storage, recovered) =
            Storage::open(self.disk.clone(), options).map_err(|error| error.to_string())?;
        let (ledger, certificate) = replay(genesis, &storage, verified)?;
        let config = ReplicaConfig {
            agency: self.member.agency.clone(),
            validator_key: Some(self.member.validator.clone()),
            pool_records: 4_096,
            pool_records_per_agency: 2_048,
            seed: chance.draw(),
        };
        let boot = Boot { ledger, certificate, recovered };
        let replica = Replica::new(config, boot).map_err(|error| error.to_string())?;
        self.lives += 1;
        self.running = Some(Running { replica, storage });
        Ok(())
    }

    /// Stops the node at once; what was not synced is lost as its disk decides.
    pub fn crash(&mut self, chance: &mut Chance) {
        self.running = None;
        self.disk.crash(|| chance.draw());
    }
}

fn replay(
    genesis: &Genesis,
    storage: &Storage<MemoryDisk>,
    verified: &mut Verified,
) -> Result<(Ledger, Option<CommitCertificate>), String> {
    let mut ledger = Ledger::new(genesis).map_err(|error| error.to_string())?;
    let mut last = None;
    for height in 1..=storage.tip().unwrap_or(0) {
        let bytes = storage.reader().read(height).map_err(|error| error.to_string())?;
        let bytes = bytes.ok_or_else(|| format!("block {height} is missing"))?;
        let committed = CommittedBlock::from_bytes(&bytes).map_err(|error| error.to_string())?;
        let CommittedBlock { block, certificate } = committed;
        let records: Result<Vec<_>, _> =
            block.records.iter().map(|bytes| verified.verify(bytes, genesis)).collect();
        let records = records.map_err(|error| error.to_string())?;
        let parent = match block.parent_certificate {
            Some(parent) => Some(
                parent
                    .verify(ledger.consortium(), ledger.tip_validators())
                    .map_err(|error| error.to_string())?,
            ),
            None => None,
        };
        let executed = ledger
            .execute(&block.header, records, parent.as_ref())
            .map_err(|error| format!("block {height}: {error}"))?;
        ledger.commit(&executed);
        last = Some(certificate);
    }
    Ok((ledger, last))
}

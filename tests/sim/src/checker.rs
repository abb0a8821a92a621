//! The invariants, checked while a run goes on and at its end.
//! Holds: it judges by what leaves the nodes and by their disks, never by their own word.
//! Source: docs/formats.md; the numbers are those of the design's list of invariants.

use std::collections::{BTreeMap, BTreeSet};

use comity_core::archive::{Verifier, check_block};
use comity_core::block::CommittedBlock;
use comity_core::genesis::Genesis;
use comity_core::hash::{HeaderHash, LeafHash, RecordId, StateRoot};
use comity_core::ids::{LogIndex, TimeMs};
use comity_core::keys::PublicKey;
use comity_replica::io::Commit;
use comity_replica::message::Gossip;
use comity_replica::storage::{MemoryDisk, SignedMark, Storage, StorageOptions};

/// A broken invariant, in words.
pub type Violation = String;

type Step = (PublicKey, u64, u32, u8);

/// What was seen so far.
#[derive(Debug, Default)]
pub struct Checker {
    blocks: BTreeMap<u64, (HeaderHash, StateRoot)>,
    entries: BTreeMap<u64, LeafHash>,
    records: BTreeMap<RecordId, u64>,
    announced: BTreeMap<usize, u64>,
    signed: BTreeMap<Step, Option<HeaderHash>>,
    durable: BTreeMap<usize, BTreeSet<[u8; 64]>>,
    written: BTreeMap<usize, Vec<[u8; 64]>>,
    acknowledged: BTreeSet<LeafHash>,
}

impl Checker {
    /// Blocks announced by anyone.
    pub fn height(&self) -> u64 {
        self.blocks.last_key_value().map_or(0, |(height, _)| *height)
    }

    /// The hash of all that was committed: part of the trace.
    pub fn tip(&self) -> Option<HeaderHash> {
        self.blocks.last_key_value().map(|(_, (hash, _))| *hash)
    }

    /// Where a record stands on the log.
    pub fn index_of(&self, leaf: &LeafHash) -> Option<LogIndex> {
        self.entries.iter().find(|(_, held)| *held == leaf).map(|(index, _)| LogIndex(*index))
    }

    /// A node wrote a mark (not yet durable).
    pub fn wrote_mark(&mut self, node: usize, mark: &SignedMark) {
        self.written.entry(node).or_default().push(mark.signature);
    }

    /// All that a node wrote is durable.
    pub fn synced(&mut self, node: usize) {
        let written = self.written.remove(&node).unwrap_or_default();
        self.durable.entry(node).or_default().extend(written);
    }

    /// A start found this mark on the disk: storage makes durable what it recovers.
    pub fn recovered_mark(&mut self, node: usize, mark: &SignedMark) {
        self.durable.entry(node).or_default().insert(mark.signature);
    }

    /// A node lost what was not durable.
    pub fn crashed(&mut self, node: usize) {
        self.written.remove(&node);
    }

    /// A node's disk was replaced by one that holds the chain up to `tip` alone. What it signed
    /// before is not forgotten here.
    pub fn forgot(&mut self, node: usize, tip: u64) {
        self.announced.insert(node, tip);
    }

    /// A node was told that its start found this tip. Invariant 2.
    pub fn started(&mut self, node: usize, tip: u64) -> Result<(), Violation> {
        let announced = self.announced.get(&node).copied().unwrap_or(0);
        if tip < announced {
            return Err(format!("2: node {node} announced block {announced}, restarted at {tip}"));
        }
        Ok(())
    }

    /// A node sent a message. Invariant 4: one value for one step; durable before it goes out.
    pub fn sent(
        &mut self,
        node: usize,
        own: &PublicKey,
        message: &Gossip,
    ) -> Result<(), Violation> {
        let (step, value, signature) = match message {
            Gossip::Vote(signed) => {
                let vote = &signed.vote;
                let kind = 1 + vote.kind as u8;
                ((vote.validator, vote.height.0, vote.round, kind), vote.value, signed.signature)
            }
            Gossip::Proposal(signed) => {
                let proposal = &signed.proposal;
                let step = (proposal.validator, proposal.height.0, proposal.round, 0);
                (step, Some(proposal.value), signed.signature)
            }
            Gossip::Records(_) | Gossip::Polka(_) | Gossip::Round(_) => return Ok(()),
        };
        if step.0 != *own {
            return Ok(());
        }
        let before = self.signed.entry(step).or_insert(value);
        if *before != value {
            return Err(format!("4: node {node} signed two values at {step:?}"));
        }
        let durable = self.durable.get(&node).is_some_and(|known| known.contains(&signature.0));
        if !durable {
            return Err(format!("4: node {node} sent what was not durable, at {step:?}"));
        }
        Ok(())
    }

    /// A node announced a block. Invariants 1, 2, 5, 6; and consensus time is not ahead of the
    /// correct nodes' clocks by more than the drift, so that it is `latest` or earlier.
    pub fn announced(
        &mut self,
        node: usize,
        commit: &Commit,
        latest: TimeMs,
    ) -> Result<(), Violation> {
        let height = commit.header.height.0;
        if commit.header.time > latest {
            let ahead_ms = commit.header.time.0 - latest.0;
            return Err(format!("time: block {height} is {ahead_ms} ms ahead of its time"));
        }
        let seen = (commit.header_hash, commit.state.root());
        let known = self.blocks.entry(height).or_insert(seen);
        if known.0 != seen.0 {
            return Err(format!("1: node {node} committed another block {height}"));
        }
        if known.1 != seen.1 {
            return Err(format!("5: node {node} has another state after block {height}"));
        }
        let last = self.announced.insert(node, height).unwrap_or(0);
        if height <= last {
            return Err(format!("2: node {node} announced block {height} after {last}"));
        }
        for (at, record) in commit.records.iter().enumerate() {
            let index = commit.header.first_index.0 + at as u64;
            let leaf = *self.entries.entry(index).or_insert(record.leaf());
            if leaf != record.leaf() {
                return Err(format!("1: node {node} has another entry {index}"));
            }
            let first = *self.records.entry(record.id()).or_insert(index);
            if first != index {
                return Err(format!("6: a statement stands at {first} and at {index}"));
            }
        }
        Ok(())
    }

    /// The node that a client had asked told it that its record is committed.
    pub fn acknowledged(&mut self, leaf: LeafHash) {
        self.acknowledged.insert(leaf);
    }

    /// At the end of a run: each node's disk, by itself, holds the whole chain, certified and
    /// replayable from the genesis (invariants 3, 5, 6), with all that was acknowledged (8).
    pub fn check_disk(
        &self,
        node: usize,
        disk: &MemoryDisk,
        genesis: &Genesis,
    ) -> Result<(), Violation> {
        let (storage, _) = Storage::open(disk.fork(), StorageOptions::new(1))
            .map_err(|error| format!("node {node}: its disk does not open: {error}"))?;
        let mut verifier = Verifier::new(genesis).map_err(|error| error.to_string())?;
        let mut certificate = None;
        let mut held = BTreeSet::new();
        for height in 1..=storage.tip().unwrap_or(0) {
            let bytes = storage.reader().read(height).map_err(|error| error.to_string())?;
            let bytes = bytes.ok_or_else(|| format!("node {node}: no block {height}"))?;
            let committed = CommittedBlock::from_bytes(&bytes)
                .map_err(|error| format!("node {node}: block {height}: {error}"))?;
            let checked = check_block(&genesis.id(), Box::new(committed.block))
                .map_err(|error| format!("3: node {node}: block {height}: {error}"))?;
            verifier.push(checked).map_err(|error| format!("3: node {node}: {error}"))?;
            certificate = Some(committed.certificate);
        }
        for (index, leaf) in &self.entries {
            if *index < verifier.ledger().log().size() {
                held.insert(*leaf);
            }
        }
        if let Some(certificate) = certificate {
            verifier.finish(certificate).map_err(|error| format!("3: node {node}: {error}"))?;
        }
        match self.acknowledged.iter().find(|leaf| !held.contains(leaf)) {
            Some(leaf) => Err(format!("8: node {node} lacks the acknowledged record {leaf}")),
            None => Ok(()),
        }
    }
}

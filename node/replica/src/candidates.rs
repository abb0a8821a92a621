//! The blocks proposed for the height under decision.
//! Holds: a block is executed once, and its result is reused at commit; bounded in number.
//! May not enter: the engine; votes' signatures.

use std::collections::{BTreeMap, BTreeSet};

use comity_core::block::{Block, Header};
use comity_core::hash::{HeaderHash, LeafHash};
use comity_core::keys::PublicKey;
use comity_core::ledger::Executed;
use comity_core::statement::VerifiedRecord;
use comity_core::vote::{CommitCertificate, Vote, VoteKind};

/// Most proposed blocks of one height that a node keeps.
const MAX_CANDIDATES: usize = 64;
/// Most rounds, kinds and values that votes of one height are counted for: a liar may vote for
/// anything.
const MAX_COUNTED: usize = 4_096;

/// What is known of a proposed block.
#[derive(Debug)]
pub(crate) enum Judgement {
    /// Records are missing.
    Incomplete,
    /// It executes.
    Valid(Box<Executed>),
    /// No correct validator votes for it.
    Invalid,
}

/// A proposed block.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) header: Header,
    pub(crate) parent_certificate: Option<CommitCertificate>,
    pub(crate) leaves: Vec<LeafHash>,
    pub(crate) records: BTreeMap<LeafHash, VerifiedRecord>,
    /// Leaf hashes of the records that are not here yet.
    pub(crate) missing: BTreeSet<LeafHash>,
    pub(crate) judgement: Judgement,
    /// The round of the proposal that brought it, and its proposer.
    pub(crate) round: u32,
    pub(crate) proposer: PublicKey,
    /// Whether a fresh proposal of it has come: its time is judged then, and not again.
    pub(crate) timed: bool,
    /// Whether the engine may see it: it was timely, or a quorum went ahead with it.
    pub(crate) released: bool,
    /// Whether the engine has seen its judgement.
    pub(crate) fed: bool,
}

impl Candidate {
    /// Takes in a record, if it is one of the missing; whether it was the last of them.
    pub(crate) fn fill(&mut self, record: &VerifiedRecord) -> bool {
        let leaf = record.leaf();
        let wanted = self.missing.remove(&leaf);
        if wanted {
            self.records.insert(leaf, record.clone());
        }
        wanted && self.missing.is_empty()
    }

    /// The whole block, where no record is missing.
    pub(crate) fn block(&self) -> Option<Block> {
        let records = self.leaves.iter().map(|leaf| Some(self.records.get(leaf)?.bytes().to_vec()));
        Some(Block {
            header: self.header.clone(),
            parent_certificate: self.parent_certificate.clone(),
            records: records.collect::<Option<Vec<_>>>()?,
        })
    }
}

/// The proposed blocks of one height, and who voted for which.
#[derive(Debug, Default)]
pub(crate) struct Candidates {
    blocks: BTreeMap<HeaderHash, Candidate>,
    votes: BTreeMap<(u32, VoteKind, HeaderHash), BTreeSet<PublicKey>>,
}

impl Candidates {
    pub(crate) fn get(&self, hash: &HeaderHash) -> Option<&Candidate> {
        self.blocks.get(hash)
    }

    pub(crate) fn get_mut(&mut self, hash: &HeaderHash) -> Option<&mut Candidate> {
        self.blocks.get_mut(hash)
    }

    /// Takes in a verified record wherever it is missing; the blocks that it makes complete.
    pub(crate) fn fill(&mut self, record: &VerifiedRecord) -> Vec<HeaderHash> {
        let completed = self
            .blocks
            .iter_mut()
            .filter_map(|(hash, candidate)| candidate.fill(record).then_some(*hash));
        completed.collect()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&HeaderHash, &Candidate)> {
        self.blocks.iter()
    }

    /// Whether there was room.
    pub(crate) fn insert(&mut self, hash: HeaderHash, candidate: Candidate) -> bool {
        let room = self.blocks.len() < MAX_CANDIDATES;
        if room {
            self.blocks.insert(hash, candidate);
        }
        room
    }

    pub(crate) fn remove(&mut self, hash: &HeaderHash) -> Option<Candidate> {
        self.blocks.remove(hash)
    }

    pub(crate) fn clear(&mut self) {
        self.blocks.clear();
        self.votes.clear();
    }

    /// Counts a verified vote; who has so far voted alike.
    pub(crate) fn count(&mut self, vote: &Vote) -> Option<(HeaderHash, &BTreeSet<PublicKey>)> {
        let value = vote.value?;
        let place = (vote.round, vote.kind, value);
        if self.votes.len() >= MAX_COUNTED && !self.votes.contains_key(&place) {
            return None;
        }
        let voters = self.votes.entry(place).or_default();
        voters.insert(vote.validator);
        Some((value, voters))
    }
}

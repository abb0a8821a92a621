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
/// Most of them from one round, as many as the engine keeps: a second one shows that the proposer
/// lies, and that is enough.
const MAX_CANDIDATES_PER_ROUND: usize = 2;
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
    /// Whether a quorum goes ahead with it: it is kept whatever else comes.
    pub(crate) wanted: bool,
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

    /// Keeps a block, if there is room. A round has room for few; where all is full, the block of
    /// the earliest round that no quorum goes ahead with gives way.
    pub(crate) fn insert(&mut self, hash: HeaderHash, candidate: Candidate) -> bool {
        let in_round = self.blocks.values().filter(|kept| kept.round == candidate.round).count();
        if in_round >= MAX_CANDIDATES_PER_ROUND && !candidate.wanted {
            return false;
        }
        if self.blocks.len() >= MAX_CANDIDATES {
            let spare = self.blocks.iter().filter(|(_, kept)| !kept.wanted);
            let Some(spare) = spare.min_by_key(|(_, kept)| kept.round).map(|(hash, _)| *hash)
            else {
                return false;
            };
            self.blocks.remove(&spare);
        }
        self.blocks.insert(hash, candidate);
        true
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::blank_header;
    use comity_core::keys::SecretKey;

    fn candidate(round: u32, wanted: bool) -> Candidate {
        Candidate {
            header: blank_header(Default::default(), 1),
            parent_certificate: None,
            leaves: Vec::new(),
            records: BTreeMap::new(),
            missing: BTreeSet::new(),
            judgement: Judgement::Incomplete,
            round,
            proposer: SecretKey::from_seed(&[1; 32]).public(),
            timed: true,
            released: true,
            wanted,
            fed: false,
        }
    }

    fn hash(round: u32, number: u8) -> HeaderHash {
        let mut bytes = [number; 32];
        bytes[..4].copy_from_slice(&round.to_le_bytes());
        HeaderHash(bytes)
    }

    #[test]
    fn proposer_of_many_blocks_leaves_room_for_those_of_other_rounds() {
        let mut candidates = Candidates::default();
        let kept = (0..100).filter(|n| candidates.insert(hash(0, *n), candidate(0, false)));
        assert_eq!(kept.count(), MAX_CANDIDATES_PER_ROUND);
        assert!(candidates.insert(hash(1, 0), candidate(1, false)));
        assert!(candidates.insert(hash(0, 200), candidate(0, true)), "a quorum wants this one");
    }

    #[test]
    fn after_many_rounds_the_earliest_blocks_give_way_but_not_those_that_a_quorum_wants() {
        let mut candidates = Candidates::default();
        assert!(candidates.insert(hash(0, 0), candidate(0, true)));
        for round in 1..200 {
            assert!(candidates.insert(hash(round, 0), candidate(round, false)), "round {round}");
        }
        assert_eq!(candidates.iter().count(), MAX_CANDIDATES);
        assert!(candidates.get(&hash(0, 0)).is_some() && candidates.get(&hash(1, 0)).is_none());
        assert!(candidates.get(&hash(199, 0)).is_some());
    }
}

//! The one chain: how blocks follow from one another, and what proves them.
//! Holds: own links, own counting of certificates, own log root.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::Violation;
use super::members::{Members, is_quorum, power_of, proposer};
use super::plain::{Block, Bytes32, Proof, Voter};
use super::rules::Rules;
use crate::consortium::AGENCY_RECORDS;

/// A block that was judged.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    /// Its hash.
    pub(super) hash: Bytes32,
    /// Its state's root.
    pub(super) state_root: Bytes32,
    /// Its time (ms).
    pub(super) time: u64,
    /// The log's size after it.
    pub(super) log_size: u64,
    /// Where its entries begin, and their leaf hashes.
    pub(super) leaves: (u64, Vec<Bytes32>),
}

/// The blocks so far, and what they make of the consortium.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    first_parent: Bytes32,
    began_ms: u64,
    blocks: Vec<Judged>,
    /// Whose nodes vote at each height, from height 1; the last are those of the next.
    voters: Vec<Vec<Voter>>,
    members: Members,
    rules: Rules,
    log: LogRoot,
}

impl Chain {
    /// The chain before its first block.
    pub(super) fn new(consortium: Bytes32, began_ms: u64, members: Members) -> Chain {
        Chain {
            first_parent: consortium,
            began_ms,
            blocks: Vec::new(),
            voters: vec![members.voters().to_vec()],
            members,
            rules: Rules::default(),
            log: LogRoot::default(),
        }
    }

    /// Height of the newest block.
    pub(super) fn height(&self) -> u64 {
        self.blocks.len() as u64
    }

    /// The block at a height.
    pub(super) fn at(&self, height: u64) -> Option<&Judged> {
        let at = usize::try_from(height.checked_sub(1)?).ok()?;
        self.blocks.get(at)
    }

    /// Whose nodes vote at a height, if that is known yet.
    pub(super) fn voters(&self, height: u64) -> Option<&[Voter]> {
        let at = usize::try_from(height.checked_sub(1)?).ok()?;
        self.voters.get(at).map(Vec::as_slice)
    }

    /// The members after the newest block.
    pub(super) fn members(&self) -> &Members {
        &self.members
    }

    /// Whether the log blames this key.
    pub(super) fn blames(&self, key: &Bytes32) -> bool {
        self.rules.blames(key)
    }

    /// Where an entry stands.
    pub(super) fn index_of(&self, leaf: &Bytes32) -> Option<u64> {
        self.blocks.iter().find_map(|block| {
            let at = block.leaves.1.iter().position(|held| held == leaf)?;
            Some(block.leaves.0 + at as u64)
        })
    }

    /// Whether an entry stands in a block up to this height.
    pub(super) fn holds_by(&self, leaf: &Bytes32, height: u64) -> bool {
        let count = usize::try_from(height).unwrap_or(usize::MAX).min(self.blocks.len());
        self.blocks[..count].iter().any(|block| block.leaves.1.contains(leaf))
    }

    /// Whether a certificate proves a block: distinct voters of that height with more than two
    /// thirds of the power. Errors: invariant 3.
    pub(super) fn check_proof(&self, block: &Block) -> Result<(), Violation> {
        let (proof, height) = (&block.proof, block.height);
        let fail = |why: &str| Err(format!("3: the certificate of block {height} {why}"));
        if proof.height != height || proof.hash != block.hash {
            return fail("is another's");
        }
        if proof.round < block.proposal_round {
            return fail("is of a round before it was proposed");
        }
        self.check_quorum("the certificate of", height, proof)
    }

    /// Whether distinct voters of a height with more than two thirds of the power stand in a
    /// certificate, whose place at the block is said in errors. Errors: invariant 3.
    pub(super) fn check_quorum(
        &self,
        what: &str,
        height: u64,
        proof: &Proof,
    ) -> Result<(), Violation> {
        let fail = |why: &str| Err(format!("3: {what} block {height} {why}"));
        if proof.height != height {
            return fail("is of another height");
        }
        let Some(voters) = self.voters(height) else { return fail("comes before its parent") };
        let mut signers = proof.signers.clone();
        signers.sort_unstable();
        signers.dedup();
        let strangers = signers.iter().any(|key| voters.iter().all(|voter| voter.key != *key));
        if strangers || signers.len() != proof.signers.len() {
            return fail("is not of distinct voters");
        }
        match is_quorum(power_of(voters, &signers)) {
            true => Ok(()),
            false => fail("carries too little power"),
        }
    }

    /// Judges the next block and takes it in. Errors: invariants 3, 5, 6, 7.
    pub(super) fn push(&mut self, block: &Block) -> Result<(), Violation> {
        self.check_proof(block)?;
        self.check_links(block)?;
        check_shares(block)?;
        for (index, entry) in (block.first_index..).zip(&block.entries) {
            self.rules.take(&mut self.members, index, block.time, entry)?;
            self.log.push(&entry.leaf);
        }
        if self.log.root() != block.log_root {
            return Err(format!("3: block {} has another log root than its entries", block.height));
        }
        self.voters.push(self.members.voters().to_vec());
        self.blocks.push(Judged {
            hash: block.hash,
            state_root: block.state_root,
            time: block.time,
            log_size: block.log_size,
            leaves: (block.first_index, block.entries.iter().map(|entry| entry.leaf).collect()),
        });
        Ok(())
    }

    fn check_links(&self, block: &Block) -> Result<(), Violation> {
        let height = block.height;
        let fail = |what: &str| Err(format!("3: block {height} {what}"));
        let before = self.blocks.last();
        if block.parent != before.map_or(self.first_parent, |before| before.hash) {
            return fail("does not link to its parent");
        }
        if block.time <= before.map_or(self.began_ms, |before| before.time) {
            return fail("is not later than its parent");
        }
        let first = before.map_or(0, |before| before.log_size);
        if block.first_index != first || block.log_size != first + block.entries.len() as u64 {
            return fail("does not go on where the log ended");
        }
        let voters = self.voters(height).unwrap_or(&[]);
        match proposer(voters, height, block.proposal_round) {
            Some(voter) if voter.agency == block.proposer => Ok(()),
            _ => fail("names the wrong proposer"),
        }
    }
}

/// No agency has more entries in a block than the consortium's quota allows. Errors: invariant 10.
fn check_shares(block: &Block) -> Result<(), Violation> {
    let mut shares: BTreeMap<&str, u32> = BTreeMap::new();
    for (agency, _, _) in block.entries.iter().filter_map(|entry| entry.signers.first()) {
        let share = shares.entry(agency).or_default();
        *share += 1;
        if *share > AGENCY_RECORDS {
            return Err(format!("10: block {} holds too much of {agency}", block.height));
        }
    }
    Ok(())
}

/// The root of RFC 6962's tree over the leaves so far: the roots of its perfect subtrees, largest
/// first.
#[derive(Clone, Debug, Default)]
struct LogRoot(Vec<(u32, Bytes32)>);

impl LogRoot {
    fn push(&mut self, leaf: &Bytes32) {
        let (mut depth, mut hash) = (0, *leaf);
        while let Some((_, left)) = self.0.pop_if(|(held, _)| *held == depth) {
            (depth, hash) = (depth + 1, node(&left, &hash));
        }
        self.0.push((depth, hash));
    }

    fn root(&self) -> Bytes32 {
        let mut from_right = self.0.iter().rev().map(|(_, hash)| *hash);
        match from_right.next() {
            None => Sha256::digest([]).into(),
            Some(last) => from_right.fold(last, |right, left| node(&left, &right)),
        }
    }
}

fn node(left: &Bytes32, right: &Bytes32) -> Bytes32 {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

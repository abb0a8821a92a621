//! The invariants, checked while a run goes on and at its end.
//! Holds: it judges by what leaves the nodes and by their disks, never by their own word; counting,
//! linking and judging are its own code over plain values. At a run's end every correct node's log
//! is judged again from its first block, and by the verifier of archives besides.
//! Source: docs/formats.md; the numbers are those of the design's list of invariants.

mod chain;
mod members;
pub mod plain;
mod rules;
mod votes;

use std::collections::{BTreeMap, BTreeSet};

use comity_core::archive::{Verifier, check_block};
use comity_core::block::{CommittedBlock, Header};
use comity_core::genesis::Genesis;
use comity_core::hash::{ConsortiumId, HeaderHash, LeafHash};
use comity_core::ids::{Height, TimeMs};
use comity_core::keys::PublicKey;
use comity_core::vote::{CertificateSignature, Vote, VoteKind};
use comity_replica::io::Commit;
use comity_replica::message::Gossip;
use comity_replica::replica::Loads;
use comity_replica::storage::{Storage, StorageOptions};

use crate::disk::SimDisk;
use crate::node::POOL_RECORDS;
use chain::Chain;
use members::Members;
use plain::{Block, Bytes32, Change, Proof};
use votes::{Said, Votes};

/// A broken invariant, in words.
pub type Violation = String;

/// What of a node is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standard {
    /// Everything.
    Correct,
    /// Everything but what it signs: it may have forgotten what it signed before.
    MayForget,
    /// Nothing: it lies.
    Unjudged,
}

/// Two branches of the log, where more than a third of the power lies.
#[derive(Clone, Debug, Default)]
pub struct Forks {
    /// The certificates that correct nodes showed, by height and block.
    proofs: BTreeMap<u64, BTreeMap<Bytes32, Vec<Proof>>>,
}

impl Forks {
    /// Whether two correct nodes committed different blocks at one height.
    pub fn happened(&self) -> bool {
        self.proofs.values().any(|blocks| blocks.len() > 1)
    }

    /// Whether at the newest height that both branches reached their certificates are all of one
    /// round: then whoever meets the other branch's block can prove who signed twice.
    pub fn same_round_at_the_end(&self) -> bool {
        let newest = self.proofs.iter().rev().find(|(_, blocks)| blocks.len() > 1);
        newest.is_some_and(|(_, blocks)| {
            let mut rounds: Vec<u32> = blocks.values().flatten().map(|proof| proof.round).collect();
            rounds.dedup();
            rounds.len() == 1
        })
    }

    /// The keys that two certificates of one height and round, for different blocks, both carry.
    pub fn provable(&self) -> BTreeSet<Bytes32> {
        let mut guilty = BTreeSet::new();
        for blocks in self.proofs.values() {
            let all: Vec<&Proof> = blocks.values().flatten().collect();
            for (at, one) in all.iter().enumerate() {
                for other in &all[at + 1..] {
                    if one.round == other.round && one.hash != other.hash {
                        let both = one.signers.iter().filter(|key| other.signers.contains(key));
                        guilty.extend(both.copied());
                    }
                }
            }
        }
        guilty
    }
}

/// What was seen so far.
#[derive(Debug)]
pub struct Checker {
    /// The chain before its first block, to judge logs from the beginning.
    beginning: Chain,
    chain: Chain,
    votes: Votes,
    announced: BTreeMap<usize, u64>,
    acknowledged: BTreeSet<Bytes32>,
    may_be_blamed: BTreeSet<Bytes32>,
    blamed: BTreeSet<Bytes32>,
    /// Whom nodes have blamed that have not stopped since, with who did.
    accusing: BTreeSet<(usize, Bytes32)>,
    /// Whether forks are not held against the nodes, and those seen.
    forks: Option<Forks>,
    slips: u64,
}

impl Checker {
    /// A checker of a consortium's run. Blame may fall on `may_be_blamed` alone.
    pub fn new(genesis: &Genesis, may_be_blamed: impl IntoIterator<Item = PublicKey>) -> Checker {
        let params = &genesis.params;
        let share = (u64::from(params.ballot_numerator), u64::from(params.ballot_denominator));
        let members = Members::new(plain::founders(genesis), share, params.ballot_open_ms);
        let chain = Chain::new(genesis.id().0, genesis.time.0, members);
        Checker {
            beginning: chain.clone(),
            chain,
            votes: Votes::default(),
            announced: BTreeMap::new(),
            acknowledged: BTreeSet::new(),
            may_be_blamed: may_be_blamed.into_iter().map(|key| *key.as_bytes()).collect(),
            blamed: BTreeSet::new(),
            accusing: BTreeSet::new(),
            forks: None,
            slips: 0,
        }
    }

    /// The same, of a run in which a fork may happen.
    pub fn allowing_forks(mut self) -> Checker {
        self.forks = Some(Forks::default());
        self
    }

    /// Blocks announced by anyone.
    pub fn height(&self) -> u64 {
        self.chain.height()
    }

    /// What passed so far, in order, each with the entry that passed it.
    pub fn passed(&self) -> &[(u64, Change)] {
        self.chain.members().passed()
    }

    /// Whose nodes vote at the next height: agency, key and weight.
    pub fn voters(&self) -> &[plain::Voter] {
        self.chain.members().voters()
    }

    /// The agency whose turn it is to propose, where the voters are known.
    pub fn proposer(&self, height: u64, round: u32) -> Option<&str> {
        let voters = self.chain.voters(height)?;
        members::proposer(voters, height, round).map(|voter| voter.agency.as_str())
    }

    /// Whether the agency is a member today.
    pub fn is_member(&self, agency: &str) -> bool {
        self.chain.members().is_member(agency)
    }

    /// Where a record stands on the log.
    pub fn index_of(&self, leaf: &LeafHash) -> Option<u64> {
        self.chain.index_of(&leaf.0)
    }

    /// The forks seen, where they are allowed.
    pub fn forks(&self) -> Option<&Forks> {
        self.forks.as_ref()
    }

    /// Whether this node blamed someone whom the log does not blame yet. Invariant 9.
    pub fn accuses_in_vain(&self, node: usize) -> bool {
        self.accusing.iter().any(|(by, key)| *by == node && !self.chain.blames(key))
    }

    /// Whom nodes have blamed.
    pub fn blamed(&self) -> &BTreeSet<Bytes32> {
        &self.blamed
    }

    /// How often a node that may forget contradicted itself.
    pub fn slips(&self) -> u64 {
        self.slips
    }

    /// A node's disk was replaced by one that holds the chain up to `tip` alone. What it signed
    /// before is not forgotten here.
    pub fn forgot(&mut self, node: usize, tip: u64) {
        let announced = self.announced.entry(node).or_default();
        *announced = tip.min(*announced);
    }

    /// A node was told that its start found this tip. Invariant 2.
    pub fn started(&mut self, node: usize, tip: u64) -> Result<(), Violation> {
        // What it saw may have gone with its memory.
        self.accusing.retain(|(accuser, _)| *accuser != node);
        let announced = self.announced.get(&node).copied().unwrap_or(0);
        if tip < announced {
            return Err(format!("2: node {node} announced block {announced}, restarted at {tip}"));
        }
        Ok(())
    }

    /// A node sent a message. Invariant 4: one value for one step, no lock broken, and durable on
    /// its disk, which holds blocks up to `tip`, before it goes out.
    pub fn sent(
        &mut self,
        (node, standard): (usize, Standard),
        own: Option<&PublicKey>,
        message: &Gossip,
        (disk, tip): (&SimDisk, u64),
    ) -> Result<(), Violation> {
        let Some(said) = Said::of(message) else { return Ok(()) };
        if own.map(PublicKey::as_bytes) != Some(&said.key) {
            return Ok(());
        }
        if standard == Standard::Unjudged || self.forks.is_some() {
            self.votes.overheard(&said);
            return Ok(());
        }
        let judged = self.votes.said(&said, self.chain.voters(said.height));
        if standard == Standard::MayForget {
            // It may have forgotten what it signed, and what it was locked on.
            self.slips += u64::from(judged.is_err());
            self.votes.overheard(&said);
            return Ok(());
        }
        judged.map_err(|violation| format!("{violation}, by node {node}"))?;
        // A mark may be dropped once its height is decided and durable.
        let durable = tip >= said.height || disk.holds_durably("wal", &said.signature);
        match durable {
            true => Ok(()),
            false => Err(format!(
                "4: node {node} sent what was not durable, at height {}, round {}, step {}",
                said.height, said.round, said.step
            )),
        }
    }

    /// A node did all that followed from one input; it may have stopped on the way.
    pub fn done_at_once(&mut self, node: usize, still_runs: bool) -> Result<(), Violation> {
        if !still_runs {
            self.votes.fell_silent();
        }
        let chain = &self.chain;
        let checked = self.votes.check_moment(|height| chain.voters(height));
        checked.map_err(|violation| format!("{violation}, by node {node}"))
    }

    /// A lying node sent a message in its own name.
    pub fn overheard(&mut self, own: &PublicKey, message: &Gossip) {
        if let Some(said) = Said::of(message).filter(|said| said.key == *own.as_bytes()) {
            self.votes.overheard(&said);
        }
    }

    /// A node announced a block. Invariants 1, 2, 3, 5, 6, 7; it is durable; and consensus time is
    /// not ahead of the correct nodes' clocks by more than the drift, so that it is `latest` or
    /// earlier.
    pub fn announced(
        &mut self,
        (node, standard): (usize, Standard),
        commit: &Commit,
        latest: TimeMs,
        disk: &SimDisk,
    ) -> Result<(), Violation> {
        let block = Block::of_commit(commit);
        let height = block.height;
        if let Some(forks) = &mut self.forks {
            let blocks = forks.proofs.entry(height).or_default();
            let proofs = blocks.entry(block.hash).or_default();
            if !proofs.contains(&block.proof) {
                proofs.push(block.proof.clone());
            }
            let is_next = height == self.chain.height() + 1;
            if !is_next && self.chain.at(height).is_none_or(|known| known.hash != block.hash) {
                return Ok(());
            }
        }
        if block.time > latest.0 {
            let ahead_ms = block.time - latest.0;
            return Err(format!("time: block {height} is {ahead_ms} ms ahead of its time"));
        }
        if block.state_root != commit.state.root().0 {
            return Err(format!("5: node {node} has another state than the header of {height}"));
        }
        let last = self.announced.insert(node, height).unwrap_or(0);
        if height <= last {
            return Err(format!("2: node {node} announced block {height} after {last}"));
        }
        if self.forks.is_some() && height == self.chain.height() + 1 {
            let links = self.chain.at(height - 1).is_none_or(|before| before.hash == block.parent);
            if !links {
                return Ok(());
            }
        }
        self.judge(node, &block, commit)?;
        let is_durable = disk.holds_durably("blocks-", &block.hash);
        match is_durable || standard == Standard::MayForget {
            true => Ok(()),
            false => Err(format!("4: node {node} announced block {height} before it was durable")),
        }
    }

    fn judge(&mut self, node: usize, block: &Block, commit: &Commit) -> Result<(), Violation> {
        let height = block.height;
        // Nodes may hold different certificates of one block.
        check_signatures(commit)?;
        if height == self.chain.height() + 1 {
            self.chain.push(block)?;
            if plain::voters(&commit.validators) != self.chain.members().voters() {
                return Err(format!("3: after block {height} other voters follow than it says"));
            }
            return Ok(());
        }
        let Some(known) = self.chain.at(height) else {
            return Err(format!("2: node {node} announced block {height} before its parent"));
        };
        if known.hash != block.hash {
            return Err(format!("1: node {node} committed another block {height}"));
        }
        if known.state_root != block.state_root {
            return Err(format!("5: node {node} has another state after block {height}"));
        }
        let leaves: Vec<Bytes32> = block.entries.iter().map(|entry| entry.leaf).collect();
        if known.leaves != (block.first_index, leaves) {
            return Err(format!("1: node {node} has other entries in block {height}"));
        }
        self.chain.check_proof(block)
    }

    /// The node that a client had asked told it that its record is committed.
    pub fn acknowledged(&mut self, leaf: LeafHash) {
        self.acknowledged.insert(leaf.0);
    }

    /// A correct node answered a request with these blocks. Invariant 10: what is damaged is never
    /// served.
    pub fn served(&self, node: usize, blocks: &[Vec<u8>]) -> Result<(), Violation> {
        if self.forks.is_some() {
            return Ok(());
        }
        for bytes in blocks {
            let stored = CommittedBlock::from_bytes(bytes)
                .map_err(|error| format!("10: node {node} served what is no block: {error}"))?;
            let block = Block::of_stored(&stored)?;
            let known = self.chain.at(block.height).map(|known| known.hash);
            if known.is_some_and(|known| known != block.hash) {
                return Err(format!("10: node {node} served another block {}", block.height));
            }
        }
        Ok(())
    }

    /// A node says that a validator signed twice. Invariant 9: a correct one is never blamed.
    pub fn accused(&mut self, node: usize, key: Bytes32) -> Result<(), Violation> {
        self.blamed.insert(key);
        self.accusing.insert((node, key));
        match self.may_be_blamed.contains(&key) {
            true => Ok(()),
            false => Err(format!("9: a correct node is blamed by node {node}")),
        }
    }

    /// Invariant 10: every queue of a node stays within its bound.
    pub fn loads(&self, node: usize, loads: &Loads) -> Result<(), Violation> {
        let bounds = [
            ("pending records", loads.pending, POOL_RECORDS),
            ("parked records", loads.parked, 1_024),
            ("proposed blocks", loads.candidates, 96),
            ("early messages", loads.early, 4_096),
            ("accusations", loads.accusations, 64),
            ("records in verification", loads.verifying, 2 * 16_384),
            ("open requests", loads.asked, 1_024),
            ("remembered messages", loads.newest_seen, 256),
            ("batches of fetched blocks", loads.fetched, 3),
        ];
        match bounds.iter().find(|(_, held, bound)| held > bound) {
            Some((what, held, bound)) => {
                Err(format!("10: node {node} holds {held} {what}, more than {bound}"))
            }
            None => Ok(()),
        }
    }

    /// At the end of a run: a node's disk, by itself, holds the whole chain, proven and judged
    /// from its first block, with all that was acknowledged (invariants 3, 5, 6, 7, 8). How many
    /// polka certificates stand beside its blocks.
    pub fn check_disk(
        &self,
        (node, standard): (usize, Standard),
        disk: &SimDisk,
        genesis: &Genesis,
    ) -> Result<usize, Violation> {
        let fail = |what: String| format!("node {node}: {what}");
        let mut polkas = 0;
        let storage = match Storage::open(disk.fork(), StorageOptions::new(1)) {
            Ok((storage, _)) => storage,
            // A bit may have turned since it was last read.
            Err(_) if standard == Standard::MayForget => return Ok(polkas),
            Err(error) => return Err(fail(format!("its disk does not open: {error}"))),
        };
        let mut chain = self.beginning.clone();
        let mut verifier = Verifier::new(genesis).map_err(|error| error.to_string())?;
        let mut certificate = None;
        let mut before: Option<Block> = None;
        for height in 1..=storage.tip().unwrap_or(0) {
            let bytes = match storage.reader().read(height) {
                Err(_) if standard == Standard::MayForget => return Ok(polkas),
                read => read.map_err(|error| fail(error.to_string()))?,
            };
            let bytes = bytes.ok_or_else(|| fail(format!("no block {height}")))?;
            let committed = CommittedBlock::from_bytes(&bytes)
                .map_err(|error| fail(format!("3: block {height}: {error}")))?;
            let block = Block::of_stored(&committed)?;
            if let Some(parent) = &mut before {
                let Some(proof) = &committed.block.parent_certificate else {
                    return Err(fail(format!("3: block {height} lacks its parent's certificate")));
                };
                parent.proof = Proof::of(proof);
                chain.check_proof(parent).map_err(fail)?;
            }
            check_polkas(&chain, &committed).map_err(fail)?;
            polkas += committed.polkas.len();
            chain.push(&block).map_err(fail)?;
            before = Some(block);
            let checked = check_block(&genesis.id(), Box::new(committed.block))
                .map_err(|error| fail(format!("3: block {height}: {error}")))?;
            verifier.push(checked).map_err(|error| fail(format!("3: {error}")))?;
            certificate = Some(committed.certificate);
        }
        if let Some(certificate) = certificate {
            verifier.finish(certificate).map_err(|error| fail(format!("3: {error}")))?;
        }
        let tip = chain.height();
        if self.forks.is_some() {
            return Ok(polkas);
        }
        if (1..=tip).any(|h| chain.at(h).map(|b| b.hash) != self.chain.at(h).map(|b| b.hash)) {
            return Err(fail("1: it holds another chain than was announced".into()));
        }
        match self.acknowledged.iter().find(|leaf| !chain.holds_by(leaf, tip)) {
            Some(leaf) => {
                Err(fail(format!("8: it lacks the acknowledged record {:?}", LeafHash(*leaf))))
            }
            None => Ok(polkas),
        }
    }
}

/// Every polka certificate beside a block is a quorum's, whose signatures verify.
fn check_polkas(chain: &Chain, committed: &CommittedBlock) -> Result<(), Violation> {
    let Header { consortium, height, .. } = &committed.block.header;
    for polka in &committed.polkas {
        let (what, proof) = ("a certificate beside", Proof::of_polka(polka));
        chain.check_quorum(what, height.0, &proof)?;
        check_votes(consortium, VoteKind::Prevote, what, &proof, &polka.signatures)?;
    }
    Ok(())
}

/// Every signature of a block's certificate verifies over the precommit that it stands for.
fn check_signatures(commit: &Commit) -> Result<(), Violation> {
    let (consortium, certificate) = (&commit.header.consortium, &commit.certificate);
    let proof = Proof::of(certificate);
    check_votes(
        consortium,
        VoteKind::Precommit,
        "the certificate of",
        &proof,
        &certificate.signatures,
    )
}

/// Every signature verifies over the vote of this kind that it stands for.
fn check_votes(
    consortium: &ConsortiumId,
    kind: VoteKind,
    what: &str,
    proof: &Proof,
    signatures: &[CertificateSignature],
) -> Result<(), Violation> {
    for signed in signatures {
        let vote = Vote {
            kind,
            height: Height(proof.height),
            round: proof.round,
            value: Some(HeaderHash(proof.hash)),
            validator: signed.validator,
        };
        if signed.validator.verify_vote(consortium, &vote, &signed.signature).is_err() {
            return Err(format!("3: {what} block {} is forged", proof.height));
        }
    }
    Ok(())
}

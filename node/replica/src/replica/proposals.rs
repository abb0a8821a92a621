//! Proposed blocks: this node's own, others', their bodies, and what the engine is told of them.
//! Holds: a fresh proposal's time is judged once, at its arrival; what is untimely is withheld from
//! the engine, never called invalid; one liar's blocks take no room from others'.

use std::collections::{BTreeMap, BTreeSet};

use comity_core::block::Block;
use comity_core::hash::{HeaderHash, LeafHash};
use comity_core::keys::Signature;
use comity_core::ledger::NewBlock;
use comity_core::refusal::Refusal;
use comity_core::statement::{RecordError, VerifiedRecord};
use comity_core::vote::Proposal;

use super::{Asked, Replica, Verifying, records::with_leaves};
use crate::candidates::{Candidate, Judgement};
use crate::engine::Validity;
use crate::io::{Effect, Peer, Verdict};
use crate::message::{Gossip, Request, SignedProposal, Witnessed};

/// How many rounds ahead of this node's a proposal may be (the engine's own bound).
const MAX_ROUNDS_AHEAD: u32 = 10;

/// Why the engine may know of a proposed block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Grounds {
    /// It may not, or not because of this proposal.
    None,
    /// The block is fresh and its time near this node's.
    Timely,
    /// More than two thirds have prevoted for it before.
    Polka,
}

impl Replica {
    /// Builds this node's block for `round` and proposes it.
    pub(super) fn propose(&mut self, round: u32) {
        let Some(proposer) = self.me else { return };
        let time = self.now.wall.max(self.ledger.tip().time.plus(1));
        let new = NewBlock { time, round, parent: self.certificate.as_ref() };
        let records = self.pool.iter().map(|pending| pending.record.clone());
        let built = self.ledger.build(&new, records);
        for (leaf, refusal) in built.refused {
            self.drop_if_lasting(&leaf, refusal);
        }
        let hash = built.executed.hash;
        self.persist_body(hash, &built.block);
        let records = &built.executed.records;
        let candidate = Candidate {
            leaves: records.iter().map(VerifiedRecord::leaf).collect(),
            records: records.iter().map(|r| (r.leaf(), r.clone())).collect(),
            missing: BTreeSet::new(),
            parent_certificate: built.block.parent_certificate,
            header: built.block.header,
            judgement: Judgement::Valid(Box::new(built.executed)),
            round,
            proposer,
            timed: true,
            released: true,
            wanted: false,
            fed: true,
        };
        self.candidates.insert(hash, candidate);
        self.with_engine(|engine, signer| ((), engine.propose(hash, round, signer)));
    }

    /// Drops a record that this node's own block refuses, unless only the records before it in that
    /// block do: the block may never be decided.
    fn drop_if_lasting(&mut self, leaf: &LeafHash, refusal: Refusal) {
        let Some(pending) = self.pool.get(leaf) else { return };
        if self.ledger.check(&pending.record, self.now.wall).is_err() {
            self.drop_record(leaf, refusal);
        }
    }

    /// A proposal goes out with the outline of its block.
    pub(super) fn send_proposal(&mut self, proposal: Proposal, signature: Signature) {
        let Some(candidate) = self.candidates.get(&proposal.value) else { return };
        let message = SignedProposal {
            proposal,
            signature,
            header: candidate.header.clone(),
            parent_certificate: candidate.parent_certificate.clone(),
            leaves: candidate.leaves.clone(),
        };
        self.send_when_durable(Gossip::Proposal(Box::new(message)));
    }

    /// A proposal came, with its block's outline.
    pub(super) fn on_proposal(&mut self, peer: Peer, signed: &SignedProposal) -> Verdict {
        let SignedProposal { proposal, signature, .. } = signed;
        let valid = self.with_engine(|engine, _| {
            let near = proposal.round <= engine.round().saturating_add(MAX_ROUNDS_AHEAD);
            (near.then(|| engine.verify_proposal(proposal, signature)), Vec::new())
        });
        match valid.flatten() {
            Some(true) => {}
            Some(false) => return Verdict::Reject,
            None => return Verdict::Ignore,
        }
        if !is_coherent(signed) {
            return Verdict::Reject;
        }
        self.saw(Witnessed::Proposal { proposal: *proposal, signature: *signature });
        let grounds = self.grounds_for(signed);
        match self.candidates.get_mut(&proposal.value) {
            None => self.keep_candidate(peer, signed, grounds),
            Some(known) => {
                known.timed |= proposal.polka_round.is_none();
                known.released |= grounds != Grounds::None;
                known.wanted |= grounds == Grounds::Polka;
            }
        }
        self.with_engine(|engine, signer| ((), engine.proposal(proposal, signature, signer)));
        self.judge(proposal.value);
        self.feed_judgement(proposal.value);
        Verdict::Accept
    }

    /// On what grounds a proposal lets the engine know of its block.
    fn grounds_for(&mut self, signed: &SignedProposal) -> Grounds {
        let SignedProposal { proposal, header, .. } = signed;
        let value = proposal.value;
        if let Some(round) = proposal.polka_round {
            // The proposer's word that there was a quorum is not enough: a block from the far
            // future would pass for one that a quorum goes ahead with.
            let has_polka =
                self.with_engine(|engine, _| (engine.has_polka(round, &value), Vec::new()));
            return if has_polka == Some(true) { Grounds::Polka } else { Grounds::None };
        }
        let apart_ms = self.now.wall.0.abs_diff(header.time.0);
        let ahead = i64::try_from(apart_ms).unwrap_or(i64::MAX);
        let sign = if header.time < self.now.wall { -1 } else { 1 };
        self.clocks.insert(signed.proposal.validator, sign * ahead);
        if self.candidates.get(&value).is_some_and(|known| known.timed) {
            return Grounds::None;
        }
        if apart_ms <= self.ledger.params().drift_ms {
            return Grounds::Timely;
        }
        let height = header.height;
        self.note(format!(
            "the block proposed at height {height} is {apart_ms} ms away from this node's clock; \
             it is held back unless a quorum goes ahead with it. If this goes on, check the clock \
             of this node and of the proposer"
        ));
        Grounds::None
    }

    fn keep_candidate(&mut self, peer: Peer, signed: &SignedProposal, grounds: Grounds) {
        let known = signed.leaves.iter().filter_map(|leaf| {
            let pending = self.pool.get(leaf)?;
            Some((*leaf, pending.record.clone()))
        });
        let records: BTreeMap<LeafHash, VerifiedRecord> = known.collect();
        let missing: BTreeSet<LeafHash> =
            signed.leaves.iter().filter(|leaf| !records.contains_key(leaf)).copied().collect();
        // What is being verified at this moment will be here before an answer could be.
        let to_ask = missing.iter().any(|leaf| !self.in_verification.contains(leaf));
        let candidate = Candidate {
            records,
            missing,
            header: signed.header.clone(),
            parent_certificate: signed.parent_certificate.clone(),
            leaves: signed.leaves.clone(),
            judgement: Judgement::Incomplete,
            round: signed.proposal.round,
            proposer: signed.proposal.validator,
            timed: signed.proposal.polka_round.is_none(),
            released: grounds != Grounds::None,
            wanted: grounds == Grounds::Polka,
            fed: false,
        };
        let hash = signed.proposal.value;
        if self.candidates.insert(hash, candidate) && to_ask {
            // Whoever passed the proposal on may lack the same records; its proposer does not.
            let proposer = signed.proposal.validator;
            let agency = self.ledger.validators().by_key(&proposer).map(|v| v.agency.clone());
            let of_proposer = agency.and_then(|agency| self.peers.of_agency(&agency));
            self.ask_for_body(hash, of_proposer.unwrap_or(peer));
        }
    }

    /// Executes a candidate once it is complete.
    fn judge(&mut self, hash: HeaderHash) {
        let Some(candidate) = self.candidates.get(&hash) else { return };
        if !matches!(candidate.judgement, Judgement::Incomplete) || !candidate.missing.is_empty() {
            return;
        }
        let judgement = match self.execute_candidate(candidate) {
            Ok(executed) => {
                if let Some(block) = candidate.block() {
                    self.persist_body(hash, &block);
                }
                Judgement::Valid(executed)
            }
            Err(reason) => {
                let (header, round) = (candidate.header.clone(), candidate.round);
                self.note_invalid(&header, round, &reason);
                Judgement::Invalid
            }
        };
        if let Some(candidate) = self.candidates.get_mut(&hash) {
            candidate.judgement = judgement;
        }
    }

    /// Tells the engine what was made of a candidate, if it may know.
    pub(super) fn feed_judgement(&mut self, hash: HeaderHash) {
        let Some(candidate) = self.candidates.get_mut(&hash) else { return };
        let validity = match candidate.judgement {
            Judgement::Valid(_) => Validity::Valid,
            Judgement::Invalid => Validity::Invalid,
            Judgement::Incomplete => return,
        };
        if candidate.fed || !candidate.released {
            return;
        }
        candidate.fed = true;
        let (round, proposer) = (candidate.round, candidate.proposer);
        self.with_engine(|engine, signer| {
            ((), engine.judged(hash, round, proposer, validity, signer))
        });
    }

    fn ask_for_body(&mut self, header_hash: HeaderHash, peer: Peer) {
        let height = self.next_height();
        let request = Request::Body { height, header_hash };
        self.ask(peer, request, Asked::Body { header_hash });
    }

    /// Asks again for bodies that did not come, each time someone else.
    pub(super) fn ask_for_bodies(&mut self) {
        let pending = |asked: &Asked, hash: &HeaderHash| matches!(asked, Asked::Body { header_hash } if header_hash == hash);
        let wanting: Vec<HeaderHash> = self
            .candidates
            .iter()
            .filter(|(_, candidate)| !candidate.missing.is_empty())
            .filter(|(hash, _)| !self.asked.values().any(|asked| pending(asked, hash)))
            .map(|(hash, _)| *hash)
            .collect();
        let peers = self.peers.ids();
        for hash in wanting {
            if !peers.is_empty() {
                let peer = peers[self.choose(peers.len())];
                self.ask_for_body(hash, peer);
            }
        }
    }

    /// A block's body came: its unknown records are verified.
    pub(super) fn on_body(&mut self, peer: Peer, hash: HeaderHash, bytes: &[u8]) {
        let Some(candidate) = self.candidates.get(&hash) else { return };
        let Ok(block) = Block::from_bytes(bytes) else {
            let reason = "it sent a block that is none".to_owned();
            self.effects.push(Effect::Disconnect { peer, reason });
            return;
        };
        let wanted = |(leaf, _): &(LeafHash, _)| {
            candidate.missing.contains(leaf) && !self.in_verification.contains(leaf)
        };
        let records: Vec<_> = with_leaves(block.records).filter(wanted).collect();
        if !records.is_empty() {
            self.verify(Verifying::Body { header_hash: hash, peer }, records);
        }
    }

    pub(super) fn take_body(
        &mut self,
        hash: HeaderHash,
        peer: Peer,
        results: Vec<Result<VerifiedRecord, RecordError>>,
    ) {
        for result in results {
            match result {
                Ok(record) => self.fill_candidates(&record),
                // The proposer named a record that no node accepts, by its very bytes.
                Err(error) => {
                    let Some(candidate) = self.candidates.get_mut(&hash) else { return };
                    candidate.judgement = Judgement::Invalid;
                    let text = format!("peer {} sent a block with a bad record: {error}", peer.0);
                    self.note(text);
                    self.feed_judgement(hash);
                    return;
                }
            }
        }
    }

    /// A record was verified: proposed blocks that wait for it take it in.
    pub(super) fn fill_candidates(&mut self, record: &VerifiedRecord) {
        for hash in self.candidates.fill(record) {
            self.judge(hash);
            self.feed_judgement(hash);
        }
    }
}

/// Whether a proposal's parts belong together: its value is the header's hash, and the header was
/// first proposed in this round or before its polka.
fn is_coherent(signed: &SignedProposal) -> bool {
    let SignedProposal { proposal, header, .. } = signed;
    let round_fits = match proposal.polka_round {
        None => header.proposal_round == proposal.round,
        Some(polka) => header.proposal_round <= polka && polka < proposal.round,
    };
    round_fits && header.height == proposal.height && header.hash() == proposal.value
}

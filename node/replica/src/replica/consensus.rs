//! Consensus messages in and out, and proposed blocks.
//! Holds: a message is verified before it is passed on or counted; a fresh proposal's time is
//! judged once, at its arrival; what is untimely is withheld from the engine, never called invalid.

use comity_core::block::Header;
use std::collections::{BTreeMap, BTreeSet};

use comity_core::hash::{HeaderHash, LeafHash};
use comity_core::ids::Height;
use comity_core::ledger::NewBlock;
use comity_core::statement::{RecordError, VerifiedRecord};
use comity_core::vote::{Proposal, VoteKind};

use super::{Asked, MAX_EARLY_MESSAGES, Phase, Replica, Verifying};
use crate::candidates::{Candidate, Judgement};
use crate::engine::{Output, Signer, Validity};
use crate::io::{Effect, Peer, Ticket, Timer, Verdict};
use crate::message::{Gossip, Request, SignedProposal, SignedVote, Witnessed};
use crate::storage::StorageOp;

/// How far ahead of the height under decision a message may be to be kept.
const EARLY_HEIGHTS: u64 = 2;

/// The height that a consensus message is about; `None` for records.
pub(super) fn height_of(message: &Gossip) -> Option<Height> {
    match message {
        Gossip::Records(_) => None,
        Gossip::Vote(signed) => Some(signed.vote.height),
        Gossip::Proposal(signed) => Some(signed.proposal.height),
        Gossip::Polka(certificate) => Some(certificate.height),
        Gossip::Round(certificate) => Some(certificate.height),
    }
}

impl Replica {
    pub(super) fn on_gossip(&mut self, peer: Peer, ticket: Ticket, message: Gossip) {
        let verdict = match message {
            Gossip::Records(records) => {
                self.on_gossiped_records(ticket, records);
                return;
            }
            message => self.on_consensus_message(peer, message),
        };
        self.effects.push(Effect::Verdict { ticket, verdict });
    }

    fn on_consensus_message(&mut self, peer: Peer, message: Gossip) -> Verdict {
        let (Some(of), next) = (height_of(&message), self.next_height()) else {
            return Verdict::Ignore;
        };
        if of < next {
            return Verdict::Ignore;
        }
        if of > next || matches!(self.phase, Phase::Committing(_)) {
            self.keep_early(peer, message, of);
            return Verdict::Ignore;
        }
        self.take_consensus_message(peer, &message)
    }

    /// Keeps a message for a height that has not begun; one far ahead shows that this node is
    /// behind.
    fn keep_early(&mut self, peer: Peer, message: Gossip, of: Height) {
        let next = self.next_height();
        if of.0 > next.0 {
            self.catch_up.suspect(of);
        }
        if of.0 <= next.0 + EARLY_HEIGHTS && self.early.len() < MAX_EARLY_MESSAGES {
            self.early.push_back((peer, message));
        }
    }

    /// Takes a message of the next height; a valid one begins it.
    pub(super) fn take_consensus_message(&mut self, peer: Peer, message: &Gossip) -> Verdict {
        if matches!(self.phase, Phase::Idle) {
            if !self.is_reason_to_start(message) {
                return Verdict::Reject;
            }
            self.start_height();
        }
        match message {
            Gossip::Vote(signed) => self.on_vote(signed),
            Gossip::Proposal(signed) => self.on_proposal(peer, signed),
            Gossip::Polka(certificate) => {
                let valid =
                    self.with_engine(|engine, _| (engine.verify_polka(certificate), Vec::new()));
                let verdict = self
                    .take_certificate(valid, |engine, signer| engine.polka(certificate, signer));
                if verdict == Verdict::Accept {
                    self.release(certificate.value);
                }
                verdict
            }
            Gossip::Round(certificate) => {
                let valid =
                    self.with_engine(|engine, _| (engine.verify_round(certificate), Vec::new()));
                self.take_certificate(valid, |engine, signer| {
                    engine.round_certificate(certificate, signer)
                })
            }
            Gossip::Records(_) => Verdict::Ignore,
        }
    }

    fn take_certificate(
        &mut self,
        valid: Option<bool>,
        feed: impl FnOnce(&mut crate::engine::Engine, &mut Option<Signer>) -> Vec<Output>,
    ) -> Verdict {
        match valid {
            Some(true) => {
                self.with_engine(|engine, signer| ((), feed(engine, signer)));
                Verdict::Accept
            }
            Some(false) => Verdict::Reject,
            None => Verdict::Ignore,
        }
    }

    /// Whether a message is really a validator's of the next height.
    fn is_reason_to_start(&self, message: &Gossip) -> bool {
        let (set, consortium) = (self.ledger.validators(), self.ledger.consortium());
        let verifies = |signed: &SignedVote| {
            let key = signed.vote.validator;
            set.by_key(&key).is_some()
                && key.verify_vote(consortium, &signed.vote, &signed.signature).is_ok()
        };
        match message {
            Gossip::Records(_) => false,
            Gossip::Vote(signed) => verifies(signed),
            Gossip::Proposal(signed) => {
                let Proposal { height, round, validator, .. } = signed.proposal;
                let selected = set.select(height, round).key == validator;
                let signature = &signed.signature;
                selected
                    && validator.verify_proposal(consortium, &signed.proposal, signature).is_ok()
            }
            Gossip::Polka(certificate) => certificate.signatures.first().is_some_and(|first| {
                verifies(&SignedVote {
                    vote: comity_core::vote::Vote {
                        kind: VoteKind::Prevote,
                        height: certificate.height,
                        round: certificate.round,
                        value: Some(certificate.value),
                        validator: first.validator,
                    },
                    signature: first.signature,
                })
            }),
            Gossip::Round(certificate) => certificate.votes.first().is_some_and(verifies),
        }
    }

    /// Runs the engine, if a height is being decided, and does what it wants.
    pub(super) fn with_engine<T>(
        &mut self,
        run: impl FnOnce(&mut crate::engine::Engine, &mut Option<Signer>) -> (T, Vec<Output>),
    ) -> Option<T> {
        let height = self.next_height();
        let mut signer = self.signer_for(height);
        let result = match &mut self.phase {
            Phase::Deciding(engine) => Some(run(engine, &mut signer)),
            Phase::Idle | Phase::Committing(_) => None,
        };
        self.restore_signer(signer);
        let (result, outputs) = result?;
        self.perform(height, outputs);
        Some(result)
    }

    pub(super) fn on_consensus_timer(&mut self, number: u64) {
        self.with_engine(|engine, signer| ((), engine.timer(number, signer)));
    }

    /// Does what the engine of `height` wants, in order; what it is to be fed in turn comes last.
    pub(super) fn perform(&mut self, height: Height, outputs: Vec<Output>) {
        let mut wanted = None;
        for output in outputs {
            match output {
                Output::Keep(bytes) => {
                    self.persist(StorageOp::Entry { height: height.0, bytes });
                }
                Output::Signed(mark) => self.persist(StorageOp::SignedMark(mark)),
                Output::SetTimer(timer) => {
                    let number = timer.number;
                    self.set_timer(Timer::Consensus { number }, timer.after_ms);
                }
                Output::CancelTimer(number) => {
                    self.effects.push(Effect::CancelTimer(Timer::Consensus { number }));
                }
                Output::Vote(signed) => self.send_when_durable(Gossip::Vote(signed)),
                Output::Proposal { proposal, signature } => self.send_proposal(proposal, signature),
                Output::Polka(certificate) => self.send_when_durable(Gossip::Polka(certificate)),
                Output::Round(certificate) => self.send_when_durable(Gossip::Round(certificate)),
                Output::BlockWanted { round } => wanted = Some(round),
                Output::RoundStarted { round } => {
                    if round > 0 {
                        self.note(format!("height {height} goes into round {round}"));
                    }
                }
                Output::Decided(certificate) => self.on_decided(certificate),
                Output::Misbehaviour(description) => {
                    self.effects.push(Effect::Misbehaviour { height, description });
                }
                Output::Halt(reason) => self.halt(reason),
            }
            if self.halted {
                return;
            }
        }
        if let Some(round) = wanted.filter(|_| self.next_height() == height) {
            self.propose(round);
        }
    }

    /// Builds this node's block for `round` and proposes it.
    fn propose(&mut self, round: u32) {
        let time = self.now.wall.max(self.ledger.tip().time.plus(1));
        let new = NewBlock { time, round, parent: self.certificate.as_ref() };
        let records = self.pool.iter().map(|pending| pending.record.clone());
        let built = self.ledger.build(&new, records);
        for (leaf, refusal) in built.refused {
            self.drop_record(&leaf, refusal);
        }
        let hash = built.executed.hash;
        self.persist_body(hash, &built.block);
        let Some(proposer) = self.me else { return };
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
            fed: true,
        };
        self.candidates.insert(hash, candidate);
        self.with_engine(|engine, signer| ((), engine.propose(hash, round, signer)));
    }

    /// A proposal goes out with the outline of its block.
    fn send_proposal(&mut self, proposal: Proposal, signature: comity_core::keys::Signature) {
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

    fn on_vote(&mut self, signed: &SignedVote) -> Verdict {
        let valid = self.with_engine(|engine, _| (engine.verify_vote(signed), Vec::new()));
        match valid {
            Some(true) => {}
            Some(false) => return Verdict::Reject,
            None => return Verdict::Ignore,
        }
        self.saw(Witnessed::Vote(signed.clone()));
        self.with_engine(|engine, signer| ((), engine.vote(signed, signer)));
        self.release_on_quorum(signed);
        Verdict::Accept
    }

    /// A block that was untimely is fed to the engine once a quorum goes ahead with it.
    fn release_on_quorum(&mut self, signed: &SignedVote) {
        let set = self.ledger.validators();
        let Some((value, voters)) = self.candidates.count(&signed.vote) else { return };
        let power = voters.iter().filter_map(|key| set.by_key(key)).map(|v| v.power).sum();
        if !set.is_quorum(power) {
            return;
        }
        self.release(value);
    }

    /// Lets the engine know of a block that others go ahead with.
    fn release(&mut self, value: HeaderHash) {
        if let Some(candidate) = self.candidates.get_mut(&value) {
            candidate.released = true;
            self.feed_judgement(value);
        }
    }

    fn on_proposal(&mut self, peer: Peer, signed: &SignedProposal) -> Verdict {
        let SignedProposal { proposal, signature, header, .. } = signed;
        let valid =
            self.with_engine(|engine, _| (engine.verify_proposal(proposal, signature), Vec::new()));
        match valid {
            Some(true) => {}
            Some(false) => return Verdict::Reject,
            None => return Verdict::Ignore,
        }
        if !is_coherent(signed) {
            return Verdict::Reject;
        }
        self.saw(Witnessed::Proposal { proposal: *proposal, signature: *signature });
        let was_timed = self.candidates.get(&proposal.value).is_some_and(|known| known.timed);
        let released = match proposal.polka_round {
            None => !was_timed && self.is_timely(header),
            // Its word that there was a quorum is not enough: a block from the far future would
            // pass for one that a quorum goes ahead with.
            Some(round) => self.has_polka(round, proposal.value),
        };
        match self.candidates.get_mut(&proposal.value) {
            None => self.keep_candidate(peer, signed, released),
            Some(known) => {
                known.released |= released;
                known.timed |= proposal.polka_round.is_none();
            }
        }
        self.with_engine(|engine, signer| ((), engine.proposal(proposal, signature, signer)));
        self.judge(proposal.value);
        self.feed_judgement(proposal.value);
        Verdict::Accept
    }

    /// Whether a fresh block's time is near enough to this node's clock; said once, when it comes.
    fn is_timely(&mut self, header: &Header) -> bool {
        let apart_ms = self.now.wall.0.abs_diff(header.time.0);
        let timely = apart_ms <= self.ledger.params().drift_ms;
        if !timely {
            self.note(format!(
                "the block proposed at height {} is {apart_ms} ms away from this node's clock; it \
                 is held back unless a quorum goes ahead with it. If this goes on, check the clock \
                 of this node and of the proposer",
                header.height
            ));
        }
        timely
    }

    fn has_polka(&mut self, round: u32, value: HeaderHash) -> bool {
        self.with_engine(|engine, _| (engine.has_polka(round, &value), Vec::new())) == Some(true)
    }

    fn keep_candidate(&mut self, peer: Peer, signed: &SignedProposal, released: bool) {
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
            released,
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
        let Some(candidate) = self.candidates.remove(&hash) else { return };
        let judgement = self.execute_candidate(&candidate);
        if let (Judgement::Valid(_), Some(block)) = (&judgement, candidate.block()) {
            self.persist_body(hash, &block);
        }
        self.candidates.insert(hash, Candidate { judgement, ..candidate });
    }

    /// Tells the engine what was made of a candidate, if it may know.
    fn feed_judgement(&mut self, hash: HeaderHash) {
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
        let Ok(block) = comity_core::block::Block::from_bytes(bytes) else {
            let reason = "it sent a block that is none".to_owned();
            self.effects.push(Effect::Disconnect { peer, reason });
            return;
        };
        let wanted = |leaf: &LeafHash| {
            candidate.missing.contains(leaf) && !self.in_verification.contains(leaf)
        };
        let records: Vec<Vec<u8>> = block
            .records
            .into_iter()
            .filter(|bytes| wanted(&comity_core::hash::leaf_hash(bytes)))
            .collect();
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

    /// Remembers the newest message that each validator signed, to tell it when it restarts.
    fn saw(&mut self, message: Witnessed) {
        let newest = self.newest_seen.entry(message.validator()).or_insert_with(|| message.clone());
        if message.position() > newest.position() {
            *newest = message;
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

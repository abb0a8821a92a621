//! Consensus messages in, and what the engine wants done.
//! Holds: a message is verified before it is passed on or counted.
//! May not enter: what proposed blocks hold (see `proposals`).

use comity_core::hash::HeaderHash;
use comity_core::ids::Height;
use comity_core::vote::{Proposal, Vote, VoteKind};

use super::startup::keep_newest;
use super::{Phase, Replica};
use crate::engine::{Engine, Output, Signer};
use crate::io::{Effect, Peer, Ticket, Timer, Verdict};
use crate::message::{Gossip, SignedVote, Witnessed};
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
        if of.0 <= next.0 + EARLY_HEIGHTS {
            self.early.keep(peer, message);
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
        feed: impl FnOnce(&mut Engine, &mut Option<Signer>) -> Vec<Output>,
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
    fn is_reason_to_start(&mut self, message: &Gossip) -> bool {
        let (set, consortium) = (self.ledger.validators(), self.ledger.consortium());
        let verified = &mut self.verified;
        let mut verifies = |signed: &SignedVote| {
            set.by_key(&signed.vote.validator).is_some()
                && verified.vote(consortium, &signed.vote, &signed.signature)
        };
        match message {
            Gossip::Records(_) => false,
            Gossip::Vote(signed) => verifies(signed),
            Gossip::Proposal(signed) => {
                let Proposal { height, round, validator, .. } = signed.proposal;
                let selected = set.select(height, round).key == validator;
                selected && verified.proposal(consortium, &signed.proposal, &signed.signature)
            }
            Gossip::Polka(certificate) => certificate.signatures.first().is_some_and(|first| {
                verifies(&SignedVote {
                    vote: Vote {
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
        run: impl FnOnce(&mut Engine, &mut Option<Signer>) -> (T, Vec<Output>),
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
                Output::Misbehaviour(equivocation) => self.accuse(*equivocation),
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
            (candidate.wanted, candidate.released) = (true, true);
            self.feed_judgement(value);
        }
    }

    /// Remembers the newest message that each validator signed, to tell it when it restarts.
    pub(super) fn saw(&mut self, message: Witnessed) {
        keep_newest(&mut self.newest_seen, message);
    }
}

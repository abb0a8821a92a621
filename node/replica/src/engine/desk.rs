//! Answers the engine's effects: synchronously, and by outputs for what takes time.
//! Holds: a signature is made only after the sign guard agrees; a bad signature is an answer, never
//! an error (an error would resume the engine wrongly).

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use comity_core::equivocation::Equivocation;
use comity_core::hash::ConsortiumId;
use comity_core::ids::Height;
use comity_core::keys::Signature;
use malachite_consensus::{
    ConsensusMsg, Effect, LivenessMsg, MisbehaviorEvidence, Resumable, Resume, SignedConsensusMsg,
    VoteExtensionError,
};
use malachite_types::{CertificateError, SignedMessage, Timeout, TimeoutKind, ValidatorSet as _};

use super::context::{
    Ctx, EngineProposal, EngineSet, EngineVote, core_proposal, core_vote, round_number,
};
use super::convert::{core_commit, core_polka, core_round};
use super::{EngineTimer, Output, Signer, duration_ms, entry};
use crate::message::SignedVote;
use crate::storage::{MarkPosition, SignedMark, Step};
use crate::verified::Verified;

/// What stands in for a signature once the guard has refused one: the node halts before anything
/// leaves it.
const NO_SIGNATURE: Signature = Signature([0; 64]);

pub(super) struct Desk {
    pub(super) consortium: ConsortiumId,
    pub(super) height: Height,
    pub(super) set: EngineSet,
    pub(super) outputs: Vec<Output>,
    pub(super) verified: Verified,
    /// Entries of an earlier run, which are not kept a second time.
    known: BTreeSet<Vec<u8>>,
    timers: BTreeMap<u64, Timeout>,
    timers_set: u64,
}

impl Desk {
    pub(super) fn new(
        (consortium, height): (ConsortiumId, Height),
        set: EngineSet,
        known: BTreeSet<Vec<u8>>,
        verified: Verified,
    ) -> Self {
        Desk {
            consortium,
            height,
            set,
            outputs: Vec::new(),
            verified,
            known,
            timers: BTreeMap::new(),
            timers_set: 0,
        }
    }

    pub(super) fn take_timer(&mut self, number: u64) -> Option<Timeout> {
        self.timers.remove(&number)
    }

    pub(super) fn running_timers(&self) -> Vec<u64> {
        self.timers.keys().copied().collect()
    }

    pub(super) fn handle(
        &mut self,
        effect: Effect<Ctx>,
        signer: &mut Option<Signer>,
    ) -> Result<Resume<Ctx>, Infallible> {
        Ok(match effect {
            Effect::CancelAllTimeouts(r) => {
                self.cancel_timers(|_| true);
                r.resume_with(())
            }
            Effect::CancelTimeout(timeout, r) => {
                self.cancel_timers(|running| *running == timeout);
                r.resume_with(())
            }
            Effect::ScheduleTimeout(timeout, r) => {
                self.set_timer(timeout);
                r.resume_with(())
            }
            Effect::StartRound(_, round, _, _, r) => {
                let round = round_number(round).unwrap_or(0);
                self.outputs.push(Output::RoundStarted { round });
                r.resume_with(())
            }
            Effect::GetValue(_, round, _, r) => {
                let round = round_number(round).unwrap_or(0);
                self.outputs.push(Output::BlockWanted { round });
                r.resume_with(())
            }
            Effect::SignVote(vote, r) => {
                let signature = self.sign_vote(&vote, signer);
                r.resume_with(SignedMessage::new(vote, signature))
            }
            Effect::SignProposal(proposal, r) => {
                let signature = self.sign_proposal(&proposal, signer);
                r.resume_with(SignedMessage::new(proposal, signature))
            }
            Effect::WalAppend(_, input, r) => {
                let fresh = entry::entry_bytes(&input).filter(|bytes| !self.known.contains(bytes));
                self.outputs.extend(fresh.map(Output::Keep));
                r.resume_with(())
            }
            Effect::VerifySignature(signed, _, r) => {
                let valid = match &signed.message {
                    ConsensusMsg::Vote(vote) => self.verify_vote(vote, &signed.signature),
                    ConsensusMsg::Proposal(p) => self.verify_proposal(p, &signed.signature),
                };
                r.resume_with(valid)
            }
            Effect::Decide(certificate, _, r) => {
                self.outputs.push(match core_commit(&certificate) {
                    Some(certificate) => Output::Decided(certificate),
                    None => Output::Halt("the engine decided without a round".into()),
                });
                r.resume_with(())
            }
            Effect::Finalize(_, _, evidence, r) => {
                self.report(&evidence);
                r.resume_with(())
            }
            other => self.handle_rest(other),
        })
    }

    /// Publishing, certificates, and what this consortium does not use.
    fn handle_rest(&mut self, effect: Effect<Ctx>) -> Resume<Ctx> {
        match effect {
            Effect::PublishConsensusMsg(SignedConsensusMsg::Vote(vote), r) => {
                self.publish_vote(&vote.message, vote.signature);
                r.resume_with(())
            }
            Effect::PublishConsensusMsg(SignedConsensusMsg::Proposal(p), r) => {
                let signature = p.signature;
                let proposal = core_proposal(&p.message);
                self.outputs.extend(proposal.map(|p| Output::Proposal { proposal: p, signature }));
                r.resume_with(())
            }
            Effect::PublishLivenessMsg(message, r) => {
                match message {
                    LivenessMsg::Vote(vote) => self.publish_vote(&vote.message, vote.signature),
                    LivenessMsg::PolkaCertificate(certificate) => {
                        self.outputs.extend(core_polka(&certificate).map(Output::Polka));
                    }
                    LivenessMsg::SkipRoundCertificate(certificate) => {
                        self.outputs.extend(core_round(&certificate).map(Output::Round));
                    }
                }
                r.resume_with(())
            }
            Effect::RepublishVote(vote, r) => {
                self.publish_vote(&vote.message, vote.signature);
                r.resume_with(())
            }
            Effect::RepublishRoundCertificate(certificate, r) => {
                self.outputs.extend(core_round(&certificate).map(Output::Round));
                r.resume_with(())
            }
            Effect::VerifyCommitCertificate(certificate, set, thresholds, r) => {
                r.resume_with(self.check_commit(&certificate, &set, thresholds))
            }
            Effect::VerifyPolkaCertificate(certificate, set, thresholds, r) => {
                r.resume_with(self.check_polka(&certificate, &set, thresholds))
            }
            Effect::VerifyRoundCertificate(certificate, set, thresholds, r) => {
                r.resume_with(self.check_round(&certificate, &set, thresholds))
            }
            // Synced blocks are committed by their certificates, past the engine.
            Effect::VerifyExtendedCommitCertificate(_, _, _, _, r) => {
                r.resume_with(Err(CertificateError::VerificationError(None)))
            }
            Effect::CertVerifiedSyncValue(_, _, r) => r.resume_with(()),
            Effect::CertRejectedSyncValue(_, _, _, r) => r.resume_with(()),
            // A proposal is published with its block's outline, so there is nothing to stream.
            Effect::RestreamProposal(_, _, _, _, _, r) => r.resume_with(()),
            Effect::ExtendVote(_, _, _, _, r) => r.resume_with(None),
            Effect::VerifyVoteExtension(_, _, _, _, _, _, r) => {
                r.resume_with(Err(VoteExtensionError::InvalidVoteExtension))
            }
            other => unreachable!("answered before: {other:?}"),
        }
    }

    fn cancel_timers(&mut self, which: impl Fn(&Timeout) -> bool) {
        let outputs = &mut self.outputs;
        self.timers.retain(|number, timeout| {
            let cancelled = which(timeout);
            if cancelled {
                outputs.push(Output::CancelTimer(*number));
            }
            !cancelled
        });
    }

    fn set_timer(&mut self, timeout: Timeout) {
        if matches!(timeout.kind, TimeoutKind::FinalizeHeight(_)) {
            return;
        }
        self.cancel_timers(|running| *running == timeout);
        self.timers_set += 1;
        // A height has far fewer than 2^24 timers, so numbers of two heights never meet.
        let number = (self.height.0 << 24) | (self.timers_set & 0xFF_FFFF);
        self.timers.insert(number, timeout);
        let after_ms = duration_ms(timeout);
        self.outputs.push(Output::SetTimer(EngineTimer { number, after_ms }));
    }

    fn publish_vote(&mut self, vote: &EngineVote, signature: Signature) {
        let vote = core_vote(vote);
        self.outputs.extend(vote.map(|vote| Output::Vote(SignedVote { vote, signature })));
    }

    pub(super) fn verify_vote(&mut self, vote: &EngineVote, signature: &Signature) -> bool {
        if self.set.get_by_address(&vote.address).is_none() {
            return false;
        }
        let Some(vote) = core_vote(vote) else { return false };
        self.verified.vote(&self.consortium, &vote, signature)
    }

    pub(super) fn verify_proposal(
        &mut self,
        proposal: &EngineProposal,
        signature: &Signature,
    ) -> bool {
        let Some(proposal) = core_proposal(proposal) else { return false };
        self.verified.proposal(&self.consortium, &proposal, signature)
    }

    fn sign_vote(&mut self, vote: &EngineVote, signer: &mut Option<Signer>) -> Signature {
        let Some((vote, signer)) = core_vote(vote).zip(signer.as_mut()) else {
            return self.refuse_to_sign("a vote was asked of a node that does not vote");
        };
        let step = match vote.kind {
            comity_core::vote::VoteKind::Prevote => Step::Prevote,
            comity_core::vote::VoteKind::Precommit => Step::Precommit,
        };
        let mark = SignedMark {
            height: vote.height.0,
            round: vote.round,
            step,
            message_hash: vote.hash(&self.consortium),
            signature: signer.key.sign_vote(&self.consortium, &vote).0,
        };
        self.keep_mark(mark, signer)
    }

    fn sign_proposal(
        &mut self,
        proposal: &EngineProposal,
        signer: &mut Option<Signer>,
    ) -> Signature {
        let Some((proposal, signer)) = core_proposal(proposal).zip(signer.as_mut()) else {
            return self.refuse_to_sign("a proposal was asked of a node that does not vote");
        };
        let mark = SignedMark {
            height: proposal.height.0,
            round: proposal.round,
            step: Step::Proposal,
            message_hash: proposal.hash(&self.consortium),
            signature: signer.key.sign_proposal(&self.consortium, &proposal).0,
        };
        self.keep_mark(mark, signer)
    }

    /// Ed25519 is deterministic, so computing the signature before asking the guard shows nobody
    /// anything: it leaves this function only if the guard agrees.
    fn keep_mark(&mut self, mark: SignedMark, signer: &mut Signer) -> Signature {
        let signature = Signature(mark.signature);
        match signer.guard.admit(mark.clone()) {
            Ok(true) => self.outputs.push(Output::Signed(mark)),
            Ok(false) => {}
            Err(conflict) => {
                return self.refuse_to_sign(&format!("the sign guard refuses: {conflict}"));
            }
        }
        signature
    }

    fn refuse_to_sign(&mut self, reason: &str) -> Signature {
        self.outputs.push(Output::Halt(reason.to_owned()));
        NO_SIGNATURE
    }

    fn report(&mut self, evidence: &MisbehaviorEvidence<Ctx>) {
        for (_, pairs) in evidence.votes.iter() {
            for (one, other) in pairs {
                if let (Some(first), Some(second)) =
                    (core_vote(&one.message), core_vote(&other.message))
                {
                    self.outputs.push(Output::Misbehaviour(Box::new(Equivocation::Votes {
                        first,
                        first_signature: one.signature,
                        second,
                        second_signature: other.signature,
                    })));
                }
            }
        }
        for (_, pairs) in evidence.proposals.iter() {
            for (one, other) in pairs {
                if let (Some(first), Some(second)) =
                    (core_proposal(&one.message), core_proposal(&other.message))
                {
                    self.outputs.push(Output::Misbehaviour(Box::new(Equivocation::Proposals {
                        first,
                        first_signature: one.signature,
                        second,
                        second_signature: other.signature,
                    })));
                }
            }
        }
    }
}

/// Whether this node's key has signed a proposal at `height` in `round`.
pub(super) fn has_proposed(signer: &Signer, height: Height, round: u32) -> bool {
    let position = MarkPosition { height: height.0, round, step: Step::Proposal };
    signer.guard.mark(position).is_some()
}

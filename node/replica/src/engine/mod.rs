//! The consensus engine behind one adapter: everything that knows the crate lies in this folder.
//! Holds: one engine decides one height; nothing it signs contradicts the sign guard.
//! May not enter: blocks' contents, the network, the disk; the outputs say what is to be done.
//! Source: docs/formats.md, "Consensus"; the engine's own traps are told where they are met.

mod certificates;
mod context;
mod convert;
mod desk;
mod entry;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use comity_core::encoding::DecodeError;
use comity_core::equivocation::Equivocation;
use comity_core::hash::{ConsortiumId, HeaderHash};
use comity_core::ids::Height;
use comity_core::keys::{PublicKey, SecretKey, Signature};
use comity_core::validators::ValidatorSet;
use comity_core::vote::{CommitCertificate, Proposal};
use malachite_consensus::{Input, LocallyProposedValue, Params, ProposedValue, State, process};
use malachite_types::{
    Round, SignedMessage, ThresholdParams, Timeout, ValueOrigin, ValuePayload, VoteExtensionPolicy,
};

use comity_core::polka::MAX_POLKAS;

use crate::message::{PolkaCertificate, RoundCertificate, SignedVote};
use crate::storage::{Guard, SignedMark};
use crate::verified::Verified;
use context::{Addr, BlockId, Ctx, EngineSet, engine_proposal, engine_vote};
use convert::{core_polka, engine_polka, engine_round};
use desk::Desk;

pub(crate) use entry::{entry_names, entry_witness};

/// Heights and inputs for each that the engine itself may hold back: none, since it is fed its own
/// height alone.
const QUEUE_HEIGHTS: usize = 1;
const QUEUE_INPUTS: usize = 1;

/// The key that a node votes with, and what it has signed.
#[derive(Clone, Debug)]
pub(crate) struct Signer {
    pub(crate) key: SecretKey,
    pub(crate) guard: Guard,
}

/// A timeout that was asked for, by a number that no other has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EngineTimer {
    pub(crate) number: u64,
    pub(crate) after_ms: u64,
}

/// What the engine wants done, in order.
#[derive(Debug)]
pub(crate) enum Output {
    /// Keep this entry; it must be durable before any later message goes out.
    Keep(Vec<u8>),
    /// The key signed this; durable before any later message goes out.
    Signed(SignedMark),
    SetTimer(EngineTimer),
    CancelTimer(u64),
    Vote(SignedVote),
    Proposal {
        proposal: Proposal,
        signature: Signature,
    },
    Polka(PolkaCertificate),
    Round(RoundCertificate),
    /// This node proposes in this round: feed `propose`.
    BlockWanted {
        round: u32,
    },
    RoundStarted {
        round: u32,
    },
    Decided(CommitCertificate),
    /// A validator signed two messages for one step.
    Misbehaviour(Box<Equivocation>),
    Halt(String),
}

/// What execution made of a proposed block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Validity {
    /// It may be voted for.
    Valid,
    /// Wrong for ever. (What is merely untimely is not told to the engine at all.)
    Invalid,
}

/// What a height is decided with.
pub(crate) struct Setting<'a> {
    pub(crate) consortium: ConsortiumId,
    pub(crate) height: Height,
    pub(crate) validators: &'a ValidatorSet,
    /// This node's validator key, if it has one.
    pub(crate) me: Option<PublicKey>,
    /// Entries that an earlier run kept for this height.
    pub(crate) recovered: Vec<Vec<u8>>,
    /// Messages that were verified before.
    pub(crate) verified: Verified,
}

/// One height's consensus.
pub(crate) struct Engine {
    state: State<Ctx>,
    desk: Desk,
    /// Polka certificates by round and block, the newest few; the engine itself forgets those of
    /// the rounds before one in which it votes to commit.
    polkas: BTreeMap<(u32, HeaderHash), PolkaCertificate>,
}

impl Engine {
    /// Begins a height, first replaying what an earlier run kept for it. Without `signer` the
    /// engine follows and never votes. Errors: an entry that is none.
    pub(crate) fn start(
        setting: Setting<'_>,
        signer: &mut Option<Signer>,
    ) -> Result<(Engine, Vec<Output>), DecodeError> {
        let set = EngineSet::new(setting.validators);
        let address = setting.me.map_or(Addr::OBSERVER, Addr::from);
        let params = Params {
            address,
            threshold_params: ThresholdParams::default(),
            value_payload: ValuePayload::ProposalAndParts,
            enabled: signer.is_some(),
        };
        let height = setting.height.into();
        let state = State::new(Ctx, height, set.clone(), params, QUEUE_HEIGHTS, QUEUE_INPUTS);
        let entries: Vec<Input<Ctx>> = setting
            .recovered
            .iter()
            .map(|bytes| entry::entry_input(bytes))
            .collect::<Result<_, _>>()?;
        let known: BTreeSet<Vec<u8>> = setting.recovered.into_iter().collect();
        let of = (setting.consortium, setting.height);
        let desk = Desk::new(of, set.clone(), known, setting.verified);
        let mut engine = Engine { state, desk, polkas: BTreeMap::new() };
        let policy = VoteExtensionPolicy::Disabled;
        let mut outputs = Vec::new();
        let start = Input::StartHeight(height, set, false, None, policy);
        if entries.is_empty() {
            outputs.extend(engine.feed(start, signer));
        } else {
            outputs.extend(engine.replay(start, entries, signer));
        }
        Ok((engine, outputs))
    }

    /// Feeds the entries of an earlier run. A block that was wanted meanwhile is wanted at the
    /// end, unless this node had already proposed in that round.
    fn replay(
        &mut self,
        start: Input<Ctx>,
        entries: Vec<Input<Ctx>>,
        signer: &mut Option<Signer>,
    ) -> Vec<Output> {
        let mut outputs = self.feed(start, signer);
        self.state.record_recovered_own_precommit_extensions(entries.iter());
        self.state.index_wal_entries(entries.iter());
        for entry in entries {
            outputs.extend(self.feed(entry, signer));
        }
        self.state.reset_entries_index();
        let height = self.desk.height;
        let proposed =
            |round| signer.as_ref().is_some_and(|s| desk::has_proposed(s, height, round));
        let current = context::round_number(self.state.round());
        outputs.retain(|output| match output {
            Output::BlockWanted { round } => Some(*round) == current && !proposed(*round),
            _ => true,
        });
        outputs
    }

    /// The round that the height is in.
    pub(crate) fn round(&self) -> u32 {
        context::round_number(self.state.round()).unwrap_or(0)
    }

    /// Whether a vote is a member's and verifies; remembered, so that it is checked once.
    pub(crate) fn verify_vote(&mut self, signed: &SignedVote) -> bool {
        self.desk.verify_vote(&engine_vote(&signed.vote), &signed.signature)
    }

    /// Whether a proposal is its round's proposer's and verifies; remembered.
    pub(crate) fn verify_proposal(&mut self, proposal: &Proposal, signature: &Signature) -> bool {
        let selected = self.desk.set.set.select(proposal.height, proposal.round).key;
        proposal.height == self.desk.height
            && selected == proposal.validator
            && self.desk.verify_proposal(&engine_proposal(proposal), signature)
    }

    /// The messages that were verified.
    pub(crate) fn verified(&self) -> &Verified {
        &self.desk.verified
    }

    /// Takes them out, to be remembered further.
    pub(crate) fn take_verified(&mut self) -> Verified {
        std::mem::take(&mut self.desk.verified)
    }

    /// A vote that `verify_vote` accepted.
    pub(crate) fn vote(&mut self, signed: &SignedVote, signer: &mut Option<Signer>) -> Vec<Output> {
        let vote = SignedMessage::new(engine_vote(&signed.vote), signed.signature);
        self.feed(Input::Vote(vote), signer)
    }

    /// A proposal that `verify_proposal` accepted.
    pub(crate) fn proposal(
        &mut self,
        proposal: &Proposal,
        signature: &Signature,
        signer: &mut Option<Signer>,
    ) -> Vec<Output> {
        let proposal = SignedMessage::new(engine_proposal(proposal), *signature);
        self.feed(Input::Proposal(proposal), signer)
    }

    /// What execution made of a proposed block. `Invalid` is for ever, unless `Valid` follows.
    pub(crate) fn judged(
        &mut self,
        header_hash: HeaderHash,
        round: u32,
        proposer: PublicKey,
        validity: Validity,
        signer: &mut Option<Signer>,
    ) -> Vec<Output> {
        let value = ProposedValue {
            height: self.desk.height.into(),
            round: Round::new(round),
            valid_round: Round::Nil,
            proposer: proposer.into(),
            value: BlockId(header_hash),
            validity: match validity {
                Validity::Valid => malachite_types::Validity::Valid,
                Validity::Invalid => malachite_types::Validity::Invalid,
            },
        };
        self.feed(Input::ProposedValue(value, ValueOrigin::Consensus), signer)
    }

    /// The block that this node proposes in `round`.
    pub(crate) fn propose(
        &mut self,
        header_hash: HeaderHash,
        round: u32,
        signer: &mut Option<Signer>,
    ) -> Vec<Output> {
        let value = LocallyProposedValue::new(
            self.desk.height.into(),
            Round::new(round),
            BlockId(header_hash),
        );
        self.feed(Input::Propose(value), signer)
    }

    /// Whether this node has seen more than two thirds prevote for a block in a round.
    pub(crate) fn has_polka(&self, round: u32, header_hash: &HeaderHash) -> bool {
        self.state.polka_certificate(Round::new(round), header_hash).is_some()
    }

    /// Whether a polka certificate is one of this height.
    pub(crate) fn verify_polka(&mut self, certificate: &PolkaCertificate) -> bool {
        let set = self.desk.set.clone();
        certificate.height == self.desk.height
            && self
                .desk
                .check_polka(&engine_polka(certificate), &set, ThresholdParams::default())
                .is_ok()
    }

    /// Whether a round certificate is one of this height.
    pub(crate) fn verify_round(&mut self, certificate: &RoundCertificate) -> bool {
        let set = self.desk.set.clone();
        let Some(engine) = engine_round(certificate) else { return false };
        certificate.height == self.desk.height
            && self.desk.check_round(&engine, &set, ThresholdParams::default()).is_ok()
    }

    /// A polka certificate, unchecked.
    pub(crate) fn polka(
        &mut self,
        certificate: &PolkaCertificate,
        signer: &mut Option<Signer>,
    ) -> Vec<Output> {
        self.feed(Input::PolkaCertificate(engine_polka(certificate)), signer)
    }

    /// A round certificate, unchecked.
    pub(crate) fn round_certificate(
        &mut self,
        certificate: &RoundCertificate,
        signer: &mut Option<Signer>,
    ) -> Vec<Output> {
        match engine_round(certificate) {
            Some(certificate) => self.feed(Input::RoundCertificate(certificate), signer),
            None => Vec::new(),
        }
    }

    /// A timer rang. One that was cancelled or belongs to another height does nothing.
    pub(crate) fn timer(&mut self, number: u64, signer: &mut Option<Signer>) -> Vec<Output> {
        match self.desk.take_timer(number) {
            Some(timeout) => self.feed(Input::TimeoutElapsed(timeout), signer),
            None => Vec::new(),
        }
    }

    /// Timers that are running, to be cancelled when the height ends some other way.
    pub(crate) fn running_timers(&self) -> Vec<u64> {
        self.desk.running_timers()
    }

    fn feed(&mut self, input: Input<Ctx>, signer: &mut Option<Signer>) -> Vec<Output> {
        let Engine { state, desk, .. } = self;
        let result: Result<(), malachite_consensus::Error<Ctx>> = process!(
            input: input,
            state: state,
            metrics: &(),
            with: effect => desk.handle(effect, signer)
        );
        if let Err(error) = result {
            desk.outputs.push(Output::Halt(format!("the consensus engine failed: {error}")));
        }
        let outputs = std::mem::take(&mut desk.outputs);
        self.keep_polkas();
        outputs
    }

    /// Keeps the polka certificates that the engine has come to hold.
    fn keep_polkas(&mut self) {
        let held = self.state.driver.polka_certificates().iter();
        let new = held.filter(|certificate| {
            let round = context::round_number(certificate.round);
            round.is_some_and(|r| !self.polkas.contains_key(&(r, certificate.value_id)))
        });
        let new: Vec<PolkaCertificate> = new.filter_map(core_polka).collect();
        for polka in new {
            if self.verify_polka(&polka) {
                self.polkas.insert((polka.round, polka.value), polka);
            }
        }
        while self.polkas.len() > MAX_POLKAS {
            self.polkas.pop_first();
        }
    }

    /// The polka certificates seen at this height, the newest [`MAX_POLKAS`] of them, by round and
    /// block.
    pub(crate) fn polkas(&self) -> &BTreeMap<(u32, HeaderHash), PolkaCertificate> {
        &self.polkas
    }
}

/// How long the engine waits for what: as its own defaults, but a shorter wait for a proposal,
/// because bodies travel ahead of it.
fn duration_ms(timeout: Timeout) -> u64 {
    use std::time::Duration;
    let timeouts = malachite_types::LinearTimeouts {
        propose: Duration::from_millis(1_500),
        rebroadcast: Duration::from_millis(3_000),
        max_timeout: Duration::from_secs(20),
        ..malachite_types::LinearTimeouts::default()
    };
    u64::try_from(timeouts.duration_for(timeout).as_millis()).unwrap_or(u64::MAX)
}

//! What validators sign: one value for one step, and no vote against a lock.
//! Holds: judged by all votes that were ever sent in the run, whoever received them.

use std::collections::{BTreeMap, BTreeSet};

use comity_core::vote::VoteKind;
use comity_replica::message::Gossip;

use super::Violation;
use super::members::{is_quorum, power_of};
use super::plain::{Bytes32, Voter};

/// Key, height, round, step.
type Step = (Bytes32, u64, u32, u8);

/// A message as far as it is judged here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    /// By which key.
    pub(super) key: Bytes32,
    /// At which height.
    pub(super) height: u64,
    /// In which round.
    pub(super) round: u32,
    /// 0 for a proposal, 1 for a prevote, 2 for a precommit.
    pub(super) step: u8,
    /// For which block.
    pub(super) value: Option<Bytes32>,
    /// The signature.
    pub(super) signature: [u8; 64],
}

impl Said {
    /// What a vote or a proposal says; `None` for other messages.
    pub(super) fn of(message: &Gossip) -> Option<Said> {
        match message {
            Gossip::Vote(signed) => Some(Said {
                key: *signed.vote.validator.as_bytes(),
                height: signed.vote.height.0,
                round: signed.vote.round,
                step: if signed.vote.kind == VoteKind::Prevote { 1 } else { 2 },
                value: signed.vote.value.map(|value| value.0),
                signature: signed.signature.0,
            }),
            Gossip::Proposal(signed) => Some(Said {
                key: *signed.proposal.validator.as_bytes(),
                height: signed.proposal.height.0,
                round: signed.proposal.round,
                step: 0,
                value: Some(signed.proposal.value.0),
                signature: signed.signature.0,
            }),
            Gossip::Records(_) | Gossip::Polka(_) | Gossip::Round(_) => None,
        }
    }
}

/// All votes so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Votes {
    signed: BTreeMap<Step, Option<Bytes32>>,
    prevotes: BTreeMap<(u64, u32, Bytes32), BTreeSet<Bytes32>>,
    /// The last block that a key precommitted at a height, and in which round.
    locks: BTreeMap<(Bytes32, u64), (u32, Bytes32)>,
    /// Precommits of this moment. The engine counts its own prevote before it publishes it, so
    /// that a precommit may leave just before the prevote that completes its quorum.
    to_justify: Vec<(Said, Bytes32)>,
}

impl Votes {
    /// Someone whose word is not judged said this.
    pub(super) fn overheard(&mut self, said: &Said) {
        if let (1, Some(value)) = (said.step, said.value) {
            self.prevotes.entry((said.height, said.round, value)).or_default().insert(said.key);
        }
    }

    /// Whether the key has said something else in this step before.
    pub(super) fn contradicts(&self, said: &Said) -> bool {
        let step = (said.key, said.height, said.round, said.step);
        self.signed.get(&step).is_some_and(|before| *before != said.value)
    }

    /// A correct validator said this; `voters` of its height, where they are known. Errors:
    /// invariant 4.
    pub(super) fn said(&mut self, said: &Said, voters: Option<&[Voter]>) -> Result<(), Violation> {
        let Said { key, height, round, step, value, .. } = *said;
        let place = format!("height {height}, round {round}, step {step}");
        if self.contradicts(said) {
            return Err(format!("4: two values are signed at {place}"));
        }
        let is_repeat = self.signed.insert((key, height, round, step), value).is_some();
        self.overheard(said);
        let (Some(value), Some(voters), false) = (value, voters, is_repeat) else {
            return Ok(());
        };
        if !voters.iter().any(|voter| voter.key == key) {
            return Err(format!("4: a key that has no vote signs at {place}"));
        }
        match step {
            1 => self.check_lock(said, value, voters),
            2 => {
                self.to_justify.push((*said, value));
                let lock = self.locks.entry((key, height)).or_insert((round, value));
                if round >= lock.0 {
                    *lock = (round, value);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// All that a node sends at one moment was said: each precommit has a quorum of prevotes.
    /// Errors: invariant 4.
    pub(super) fn check_moment<'a>(
        &mut self,
        voters: impl Fn(u64) -> Option<&'a [Voter]>,
    ) -> Result<(), Violation> {
        for (said, value) in std::mem::take(&mut self.to_justify) {
            let Said { height, round, .. } = said;
            let Some(voters) = voters(height) else { continue };
            if !self.has_polka(height, round, &value, voters) {
                return Err(format!(
                    "4: a block without a quorum of prevotes is precommitted at height {height}, \
                     round {round}"
                ));
            }
        }
        Ok(())
    }

    /// The node stopped before it had said all.
    pub(super) fn fell_silent(&mut self) {
        self.to_justify.clear();
    }

    /// A key that precommitted one block prevotes another only after a later quorum for it.
    fn check_lock(&self, said: &Said, value: Bytes32, voters: &[Voter]) -> Result<(), Violation> {
        let Some((locked, held)) = self.locks.get(&(said.key, said.height)) else { return Ok(()) };
        if *held == value || said.round <= *locked {
            return Ok(());
        }
        let mut since = *locked..said.round;
        if since.any(|round| self.has_polka(said.height, round, &value, voters)) {
            return Ok(());
        }
        let (height, round) = (said.height, said.round);
        Err(format!("4: a lock of round {locked} is broken at height {height}, round {round}"))
    }

    fn has_polka(&self, height: u64, round: u32, value: &Bytes32, voters: &[Voter]) -> bool {
        let prevotes = self.prevotes.get(&(height, round, *value));
        prevotes.is_some_and(|keys| is_quorum(power_of(voters, keys)))
    }
}

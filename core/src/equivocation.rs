//! Equivocation: two contradicting signatures of one validator key, which prove its holder guilty.
//! Holds: both messages are of one key, height, round and step, and name different values.
//! May not enter: blame that is not proven by these two alone. Source: docs/formats.md, "Equivocation".

use serde::{Deserialize, Serialize};

use crate::encoding::{Decode, Encode};
use crate::hash::ConsortiumId;
use crate::ids::Height;
use crate::keys::{PublicKey, Signature, SignatureError};
use crate::vote::{Proposal, Vote, VoteKind};

/// Two messages that a correct validator never signs both.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Equivocation {
    /// Two votes.
    Votes {
        /// One.
        first: Vote,
        /// Its signature.
        first_signature: Signature,
        /// The other.
        second: Vote,
        /// Its signature.
        second_signature: Signature,
    },
    /// Two proposals.
    Proposals {
        /// One.
        first: Proposal,
        /// Its signature.
        first_signature: Signature,
        /// The other.
        second: Proposal,
        /// Its signature.
        second_signature: Signature,
    },
}

/// The step of consensus in which two messages contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub enum Step {
    /// Proposing.
    Proposal,
    /// First vote.
    Prevote,
    /// Second vote.
    Precommit,
}

/// Where in consensus an equivocation happened: one place is on the log once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Place {
    /// The key that signed twice.
    pub validator: PublicKey,
    /// At which height.
    pub height: Height,
    /// In which round.
    pub round: u32,
    /// In which step.
    pub step: Step,
}

impl Equivocation {
    /// Where it happened. `None` where the two messages do not contradict each other: another
    /// key, height, round or step, or the same value.
    pub fn place(&self) -> Option<Place> {
        let (one, other, differ) = match self {
            Equivocation::Votes { first, second, .. } => {
                (place_of_vote(first), place_of_vote(second), first.value != second.value)
            }
            Equivocation::Proposals { first, second, .. } => {
                let differ = first.value != second.value || first.polka_round != second.polka_round;
                (place_of_proposal(first), place_of_proposal(second), differ)
            }
        };
        (one == other && differ).then_some(one)
    }

    /// Checks both signatures.
    pub fn verify(&self, consortium: &ConsortiumId) -> Result<(), SignatureError> {
        match self {
            Equivocation::Votes { first, first_signature, second, second_signature } => {
                first.validator.verify_vote(consortium, first, first_signature)?;
                second.validator.verify_vote(consortium, second, second_signature)
            }
            Equivocation::Proposals { first, first_signature, second, second_signature } => {
                first.validator.verify_proposal(consortium, first, first_signature)?;
                second.validator.verify_proposal(consortium, second, second_signature)
            }
        }
    }
}

fn place_of_vote(vote: &Vote) -> Place {
    let step = match vote.kind {
        VoteKind::Prevote => Step::Prevote,
        VoteKind::Precommit => Step::Precommit,
    };
    Place { validator: vote.validator, height: vote.height, round: vote.round, step }
}

fn place_of_proposal(proposal: &Proposal) -> Place {
    let Proposal { height, round, validator, .. } = *proposal;
    Place { validator, height, round, step: Step::Proposal }
}

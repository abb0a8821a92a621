//! Equivocation: two contradicting signatures of one validator key, which prove its holder guilty.
//! Holds: both messages are of one key, height, round and step, and name different values.
//! May not enter: blame that is not proven by these two alone. Source: docs/formats.md, "Equivocation".

use serde::{Deserialize, Serialize};

use crate::encoding::{Decode, Encode, encode};
use crate::hash::{ConsortiumId, Purpose, tagged};
use crate::ids::{Height, Nonce, TimeMs};
use crate::keys::{PublicKey, Signature, SignatureError};
use crate::vote::{Proposal, VerifiedCertificate, Vote, VoteKind};

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

/// What is signed in a round, in the order in which a validator signs it.
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

impl Place {
    /// The bytes by which the state names it: numbers big-endian, so that they sort.
    pub(crate) fn to_name(self) -> Vec<u8> {
        let step = match self.step {
            Step::Proposal => 0,
            Step::Prevote => 1,
            Step::Precommit => 2,
        };
        let (height, round) = (self.height.0.to_be_bytes(), self.round.to_be_bytes());
        [&self.validator.as_bytes()[..], &height, &round, &[step]].concat()
    }

    /// The nonce of a node's statement that puts an equivocation at this place on the log, valid
    /// until then: always the same, so that the statement is not on its way twice.
    pub fn nonce(&self, consortium: &ConsortiumId, valid_until: TimeMs) -> Nonce {
        let drawn = tagged(Purpose::Accusation, consortium, &encode(&(*self, valid_until)));
        let [nonce @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = drawn;
        Nonce(nonce)
    }
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

/// What two certificates prove when they commit different blocks of one height in one round: each
/// validator that stands in both has signed two precommits for one step. Empty for any other two:
/// in different rounds a correct validator may have precommitted both, freed by a quorum of
/// prevotes in between.
pub fn contradictions(one: &VerifiedCertificate, other: &VerifiedCertificate) -> Vec<Equivocation> {
    let (one, other) = (one.certificate(), other.certificate());
    if one.height != other.height || one.round != other.round {
        return Vec::new();
    }
    let pairs = one.votes().filter_map(|(first, first_signature)| {
        let same = |(vote, _): &(Vote, Signature)| vote.validator == first.validator;
        let (second, second_signature) = other.votes().find(same)?;
        Some(Equivocation::Votes { first, first_signature, second, second_signature })
    });
    pairs.filter(|pair| pair.place().is_some()).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::HeaderHash;
    use crate::keys::SecretKey;
    use crate::validators::{Validator, ValidatorSet};
    use crate::vote::CertificateSignature;
    use crate::vote::CommitCertificate;

    const CONSORTIUM: ConsortiumId = ConsortiumId([3; 32]);

    fn key(number: u8) -> SecretKey {
        SecretKey::from_seed(&[number; 32])
    }

    fn certificate(signers: &[u8], round: u32, block: u8) -> VerifiedCertificate {
        let validators = (1..=4).map(|number| Validator {
            agency: format!("a{number}").parse().unwrap(),
            key: key(number).public(),
            power: 1,
        });
        let set = ValidatorSet::try_from(validators.collect::<Vec<_>>()).unwrap();
        let header_hash = HeaderHash([block; 32]);
        let sign = |number: &u8| {
            let validator = key(*number).public();
            let kind = VoteKind::Precommit;
            let vote = Vote { kind, height: Height(5), round, value: Some(header_hash), validator };
            let signature = key(*number).sign_vote(&CONSORTIUM, &vote);
            CertificateSignature { validator, signature }
        };
        let mut signatures: Vec<_> = signers.iter().map(sign).collect();
        signatures.sort_by_key(|signed| signed.validator);
        let certificate = CommitCertificate { height: Height(5), round, header_hash, signatures };
        certificate.verify(&CONSORTIUM, &set).unwrap()
    }

    #[test]
    fn who_stands_in_two_certificates_of_one_round_is_guilty_and_nobody_else() {
        let (one, other) = (certificate(&[1, 2, 3], 0, 1), certificate(&[2, 3, 4], 0, 2));
        let proven = contradictions(&one, &other);
        let guilty: Vec<_> = proven.iter().map(|proof| proof.place().unwrap().validator).collect();
        assert_eq!(guilty.len(), 2);
        assert!([2, 3].iter().all(|number| guilty.contains(&key(*number).public())));
        assert!(proven.iter().all(|proof| proof.verify(&CONSORTIUM).is_ok()));
    }

    #[test]
    fn certificates_of_different_rounds_or_of_one_block_prove_nobody_guilty() {
        let one = certificate(&[1, 2, 3], 0, 1);
        assert!(contradictions(&one, &certificate(&[2, 3, 4], 1, 2)).is_empty());
        assert!(contradictions(&one, &certificate(&[2, 3, 4], 0, 1)).is_empty());
    }
}

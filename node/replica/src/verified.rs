//! Votes and proposals that verified a short while ago, so that a node checks each signature once: a vote comes by
//! itself, then within the certificate of its block, and again within the next block's.
//! Holds: bounded; a signature that did not verify is never among them.
//! May not enter: which votes count (see `engine`).

use std::collections::BTreeSet;

use comity_core::hash::ConsortiumId;
use comity_core::keys::Signature;
use comity_core::validators::ValidatorSet;
use comity_core::vote::{CertificateError, CommitCertificate, Proposal, VerifiedCertificate, Vote};

/// Most messages of one height that are remembered: a liar may sign any number of them.
const MAX_REMEMBERED: usize = 16_384;

/// A message by its hash, which the signature is over, and the signature. The signer's key is part of the message.
type Seen = ([u8; 32], Signature);

/// What verified at this height and at the last one.
#[derive(Debug, Default)]
pub(crate) struct Verified {
    of_height: BTreeSet<Seen>,
    of_last: BTreeSet<Seen>,
}

impl Verified {
    /// Whether a vote is signed by whom it names.
    pub(crate) fn vote(&mut self, of: &ConsortiumId, vote: &Vote, signature: &Signature) -> bool {
        self.check((vote.hash(of), *signature), || {
            vote.validator.verify_vote(of, vote, signature).is_ok()
        })
    }

    /// Whether a proposal is signed by whom it names.
    pub(crate) fn proposal(
        &mut self,
        of: &ConsortiumId,
        proposal: &Proposal,
        signature: &Signature,
    ) -> bool {
        self.check((proposal.hash(of), *signature), || {
            proposal.validator.verify_proposal(of, proposal, signature).is_ok()
        })
    }

    /// Checks a certificate; only those of its votes that are not known are verified. Errors: as
    /// [`CommitCertificate::verify`].
    pub(crate) fn certificate(
        &self,
        certificate: CommitCertificate,
        of: &ConsortiumId,
        set: &ValidatorSet,
    ) -> Result<VerifiedCertificate, CertificateError> {
        certificate.verify_but(of, set, |vote, signature| self.knows(&(vote.hash(of), *signature)))
    }

    /// Goes on to the next height.
    pub(crate) fn end_height(&mut self) {
        self.of_last = std::mem::take(&mut self.of_height);
    }

    fn knows(&self, seen: &Seen) -> bool {
        self.of_height.contains(seen) || self.of_last.contains(seen)
    }

    fn check(&mut self, seen: Seen, verifies: impl FnOnce() -> bool) -> bool {
        if self.knows(&seen) {
            return true;
        }
        let valid = verifies();
        if valid {
            if self.of_height.len() >= MAX_REMEMBERED {
                self.of_height.clear();
            }
            self.of_height.insert(seen);
        }
        valid
    }
}

#[cfg(test)]
mod tests {
    use comity_core::hash::HeaderHash;
    use comity_core::ids::Height;
    use comity_core::keys::SecretKey;
    use comity_core::validators::Validator;
    use comity_core::vote::{CertificateSignature, VoteKind};

    use super::*;

    const CONSORTIUM: ConsortiumId = ConsortiumId([7; 32]);

    fn precommit(key: &SecretKey, block: u8) -> (Vote, Signature) {
        let vote = Vote {
            kind: VoteKind::Precommit,
            height: Height(3),
            round: 0,
            value: Some(HeaderHash([block; 32])),
            validator: key.public(),
        };
        let signature = key.sign_vote(&CONSORTIUM, &vote);
        (vote, signature)
    }

    #[test]
    fn vote_that_verified_is_known_for_two_heights_and_a_forged_one_never() {
        let (key, other) = (SecretKey::from_seed(&[1; 32]), SecretKey::from_seed(&[2; 32]));
        let mut verified = Verified::default();
        let (vote, signature) = precommit(&key, 1);
        let (_, of_other) = precommit(&other, 1);
        assert!(!verified.vote(&CONSORTIUM, &vote, &of_other));
        assert!(!verified.vote(&CONSORTIUM, &vote, &of_other), "nor the second time");
        assert!(verified.vote(&CONSORTIUM, &vote, &signature));
        let seen = (vote.hash(&CONSORTIUM), signature);
        verified.end_height();
        assert!(verified.knows(&seen));
        verified.end_height();
        assert!(!verified.knows(&seen));
    }

    #[test]
    fn certificate_with_a_forged_vote_is_refused_though_the_others_are_known() {
        let keys: Vec<SecretKey> =
            (1..=4).map(|number| SecretKey::from_seed(&[number; 32])).collect();
        let validators = keys.iter().zip(1..).map(|(key, number)| Validator {
            agency: format!("a{number}").parse().unwrap(),
            key: key.public(),
            power: 1,
        });
        let set = ValidatorSet::try_from(validators.collect::<Vec<_>>()).unwrap();
        let mut verified = Verified::default();
        let mut signatures = Vec::new();
        for key in &keys[..3] {
            let (vote, signature) = precommit(key, 1);
            assert!(verified.vote(&CONSORTIUM, &vote, &signature));
            signatures.push(CertificateSignature { validator: key.public(), signature });
        }
        signatures.sort_by_key(|by| by.validator);
        let genuine = CommitCertificate {
            height: Height(3),
            round: 0,
            header_hash: HeaderHash([1; 32]),
            signatures,
        };
        assert!(verified.certificate(genuine.clone(), &CONSORTIUM, &set).is_ok());
        let mut other_block = genuine.clone();
        other_block.header_hash = HeaderHash([2; 32]);
        assert!(verified.certificate(other_block, &CONSORTIUM, &set).is_err());
        let mut forged = genuine.clone();
        forged.signatures[1].signature = forged.signatures[0].signature;
        assert!(verified.certificate(forged, &CONSORTIUM, &set).is_err());
        let mut short = genuine;
        short.signatures.pop();
        assert!(verified.certificate(short, &CONSORTIUM, &set).is_err(), "no quorum");
    }
}

//! Certificates that do not prove what they say.

use comity_core::hash::HeaderHash;
use comity_core::ids::Height;
use comity_core::keys::Signature;
use comity_core::vote::{CertificateSignature, CommitCertificate, Vote, VoteKind};
use comity_replica::message::{Gossip, PolkaCertificate, RoundCertificate, SignedVote};

use super::Liar;

impl Liar<'_> {
    /// Certificates around its own vote: with others' names over its own signature, with its own
    /// again and again, with too few.
    pub(super) fn forged_certificates(&mut self, vote: &Vote) -> Vec<Gossip> {
        let value = vote.value.unwrap_or_else(|| HeaderHash(self.chance.bytes()));
        let own = Vote { kind: VoteKind::Prevote, value: Some(value), ..*vote };
        let signatures = self.signatures(&own);
        let polka = PolkaCertificate { height: vote.height, round: vote.round, value, signatures };
        let by_precommits = self.chance.per_mille(500);
        let kind = if by_precommits { VoteKind::Precommit } else { VoteKind::Prevote };
        let ahead = self.chance.index(4);
        let round = vote.round + u32::try_from(ahead).unwrap_or(0);
        let own = Vote { kind, round, ..own };
        let votes = self.signatures(&own).into_iter().map(|signed| SignedVote {
            vote: Vote { validator: signed.validator, ..own },
            signature: signed.signature,
        });
        let round =
            RoundCertificate { height: vote.height, round, by_precommits, votes: votes.collect() };
        vec![Gossip::Polka(polka), Gossip::Round(round)]
    }

    /// A commit certificate of a block that does not exist.
    pub(super) fn forged_commit(&mut self, height: Height) -> CommitCertificate {
        let header_hash = HeaderHash(self.chance.bytes());
        let vote = Vote {
            kind: VoteKind::Precommit,
            height,
            round: 0,
            value: Some(header_hash),
            validator: self.key.public(),
        };
        CommitCertificate { height, round: 0, header_hash, signatures: self.signatures(&vote) }
    }

    fn signatures(&mut self, vote: &Vote) -> Vec<CertificateSignature> {
        let own = Vote { validator: self.key.public(), ..*vote };
        let genuine = CertificateSignature {
            validator: self.key.public(),
            signature: self.key.sign_vote(self.consortium, &own),
        };
        let count = self.validators.len();
        let mut signatures = match self.chance.index(4) {
            // Its own as often as there are validators.
            0 => vec![genuine; count],
            // Too few.
            1 => vec![genuine],
            // Everyone's name, its own key.
            2 => self.validators.iter().map(|v| self.in_name_of(v, vote)).collect(),
            _ => {
                let garbage = |validator| {
                    let signature = Signature([7; 64]);
                    CertificateSignature { validator, signature }
                };
                let others = self.validators.iter().filter(|v| **v != self.key.public());
                let mut all: Vec<_> = others.map(|validator| garbage(*validator)).collect();
                all.push(genuine);
                all
            }
        };
        signatures.sort_by_key(|signed| signed.validator);
        signatures
    }

    fn in_name_of(
        &self,
        validator: &comity_core::keys::PublicKey,
        vote: &Vote,
    ) -> CertificateSignature {
        let vote = Vote { validator: *validator, ..*vote };
        let signature = self.key.sign_vote(self.consortium, &vote);
        CertificateSignature { validator: *validator, signature }
    }
}

//! Checks the engine's certificates, vote by vote, with what was verified before remembered.
//! Holds: a certificate counts each member once and only valid signatures.

#![expect(clippy::result_large_err, reason = "the engine asks for its own error type")]

use std::collections::BTreeSet;

use malachite_types::{
    CertificateError, CommitCertificate, PolkaCertificate, RoundCertificate, RoundCertificateType,
    SignedVote, ThresholdParams, ValidatorSet as _, VoteType,
};

use super::context::{Ctx, EngineSet};
use super::convert::commit_votes;
use super::desk::Desk;

type Checked = Result<(), CertificateError<Ctx>>;

impl Desk {
    pub(super) fn check_commit(
        &mut self,
        certificate: &CommitCertificate<Ctx>,
        set: &EngineSet,
        thresholds: ThresholdParams,
    ) -> Checked {
        let votes = commit_votes(certificate);
        let power = self.power_of_votes(&votes, set)?;
        quorum(power, set, thresholds.quorum)
    }

    pub(super) fn check_polka(
        &mut self,
        certificate: &PolkaCertificate<Ctx>,
        set: &EngineSet,
        thresholds: ThresholdParams,
    ) -> Checked {
        let votes: Vec<_> = certificate.votes(&Ctx).collect();
        let power = self.power_of_votes(&votes, set)?;
        quorum(power, set, thresholds.quorum)
    }

    pub(super) fn check_round(
        &mut self,
        certificate: &RoundCertificate<Ctx>,
        set: &EngineSet,
        thresholds: ThresholdParams,
    ) -> Checked {
        let votes: Vec<_> = certificate.votes(&Ctx).collect();
        let threshold = match certificate.cert_type {
            RoundCertificateType::Skip => thresholds.honest,
            RoundCertificateType::Precommit => {
                if let Some(vote) = votes.iter().find(|v| v.message.kind != VoteType::Precommit) {
                    return Err(CertificateError::InvalidVoteType(vote.message.address));
                }
                thresholds.quorum
            }
        };
        let power = self.power_of_votes(&votes, set)?;
        quorum(power, set, threshold)
    }

    fn power_of_votes(
        &mut self,
        votes: &[SignedVote<Ctx>],
        set: &EngineSet,
    ) -> Result<u64, CertificateError<Ctx>> {
        let mut counted = BTreeSet::new();
        let mut power = 0u64;
        for vote in votes {
            let address = vote.message.address;
            let Some(member) = set.get_by_address(&address) else {
                return Err(CertificateError::UnknownValidator(address));
            };
            if !counted.insert(address) {
                return Err(CertificateError::DuplicateVote(address));
            }
            if !self.verify_vote(&vote.message, &vote.signature) {
                return Err(CertificateError::VerificationError(None));
            }
            power += member.power;
        }
        Ok(power)
    }
}

fn quorum(signed: u64, set: &EngineSet, threshold: malachite_types::ThresholdParam) -> Checked {
    let total = set.total_voting_power();
    if threshold.is_met(signed, total) {
        return Ok(());
    }
    let expected = threshold.min_expected(total);
    Err(CertificateError::NotEnoughVotingPower { signed, total, expected })
}

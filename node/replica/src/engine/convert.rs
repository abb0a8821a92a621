//! Certificates between the engine's types and ours.
//! Holds: what is ordered in our bytes is ordered here.

use comity_core::hash::HeaderHash;
use comity_core::ids::Height;
use comity_core::keys::{PublicKey, Signature};
use comity_core::vote::{CertificateSignature, CommitCertificate};
use malachite_types::{
    self as engine, Context as _, NilOrVal, PolkaSignature, Round, RoundCertificateType,
    RoundSignature,
};

use super::context::{Addr, Ctx, core_vote, engine_vote, round_number};
use crate::message::{PolkaCertificate, RoundCertificate, SignedVote};

/// Our commit certificate; `None` where the engine's names no round or no real key.
pub(crate) fn core_commit(
    certificate: &engine::CommitCertificate<Ctx>,
) -> Option<CommitCertificate> {
    let signed = certificate.commit_signatures.iter().map(|s| (s.address, s.signature));
    Some(CommitCertificate {
        height: Height(certificate.height.0),
        round: round_number(certificate.round)?,
        header_hash: certificate.value_id,
        signatures: core_signatures(signed)?,
    })
}

pub(crate) fn core_polka(certificate: &engine::PolkaCertificate<Ctx>) -> Option<PolkaCertificate> {
    let signed = certificate.polka_signatures.iter().map(|s| (s.address, s.signature));
    Some(PolkaCertificate {
        height: Height(certificate.height.0),
        round: round_number(certificate.round)?,
        value: certificate.value_id,
        signatures: core_signatures(signed)?,
    })
}

/// A certificate's signatures in our order; `None` where one is of no real key.
fn core_signatures(
    signed: impl Iterator<Item = (Addr, Signature)>,
) -> Option<Vec<CertificateSignature>> {
    let signature = |(address, signature): (Addr, Signature)| {
        let validator = PublicKey::try_from(address.0).ok()?;
        Some(CertificateSignature { validator, signature })
    };
    let mut signatures = signed.map(signature).collect::<Option<Vec<_>>>()?;
    signatures.sort_by_key(|signed| signed.validator);
    Some(signatures)
}

pub(crate) fn engine_polka(certificate: &PolkaCertificate) -> engine::PolkaCertificate<Ctx> {
    let signatures = certificate.signatures.iter().map(|signed| PolkaSignature {
        address: signed.validator.into(),
        signature: signed.signature,
    });
    engine::PolkaCertificate {
        height: certificate.height.into(),
        round: Round::new(certificate.round),
        value_id: certificate.value,
        polka_signatures: signatures.collect(),
    }
}

pub(crate) fn core_round(certificate: &engine::RoundCertificate<Ctx>) -> Option<RoundCertificate> {
    let mut votes = Vec::with_capacity(certificate.round_signatures.len());
    for signed in certificate.votes(&Ctx) {
        votes.push(SignedVote { vote: core_vote(&signed.message)?, signature: signed.signature });
    }
    votes.sort_by_key(|signed| signed.vote);
    Some(RoundCertificate {
        height: Height(certificate.height.0),
        round: round_number(certificate.round)?,
        by_precommits: certificate.cert_type == RoundCertificateType::Precommit,
        votes,
    })
}

/// The engine's round certificate; `None` where a vote is of another height or round.
pub(crate) fn engine_round(
    certificate: &RoundCertificate,
) -> Option<engine::RoundCertificate<Ctx>> {
    let (height, round) = (certificate.height, certificate.round);
    if certificate.votes.iter().any(|v| v.vote.height != height || v.vote.round != round) {
        return None;
    }
    let signatures = certificate.votes.iter().map(|signed| {
        let vote = engine_vote(&signed.vote);
        RoundSignature::new(vote.kind, vote.value, vote.address, signed.signature)
    });
    Some(engine::RoundCertificate {
        height: height.into(),
        round: Round::new(round),
        cert_type: if certificate.by_precommits {
            RoundCertificateType::Precommit
        } else {
            RoundCertificateType::Skip
        },
        round_signatures: signatures.collect(),
    })
}

/// The precommits of a commit certificate, as the engine's votes.
pub(crate) fn commit_votes(
    certificate: &engine::CommitCertificate<Ctx>,
) -> Vec<engine::SignedVote<Ctx>> {
    let value: NilOrVal<HeaderHash> = NilOrVal::Val(certificate.value_id);
    let votes = certificate.commit_signatures.iter().map(|signed| {
        let vote = Ctx.new_precommit(certificate.height, certificate.round, value, signed.address);
        engine::SignedVote::new(vote, signed.signature)
    });
    votes.collect()
}

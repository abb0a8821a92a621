//! What validators sign for a block that no consensus ordered: a log that is made here has every
//! validator's key.
//! Holds: all of them precommit, in the first round; the signatures are in the order of the keys.
//! May not enter: which validators there are; whether a guard knows of a vote.
//! Source: docs/formats.md, "Consensus".

use std::borrow::Borrow;

use comity_core::hash::{ConsortiumId, HeaderHash};
use comity_core::ids::Height;
use comity_core::keys::SecretKey;
use comity_core::vote::{CertificateSignature, CommitCertificate, Vote, VoteKind};

/// The vote of a validator for a block, in the first round.
pub(crate) fn precommit(validator: &SecretKey, height: Height, header_hash: HeaderHash) -> Vote {
    let (kind, value) = (VoteKind::Precommit, Some(header_hash));
    Vote { kind, height, round: 0, value, validator: validator.public() }
}

/// The certificate of a block, with the vote of each of these validators.
pub(crate) fn certificate(
    consortium: &ConsortiumId,
    (height, header_hash): (Height, HeaderHash),
    validators: impl IntoIterator<Item: Borrow<SecretKey>>,
) -> CommitCertificate {
    let sign = |key: &SecretKey| CertificateSignature {
        validator: key.public(),
        signature: key.sign_vote(consortium, &precommit(key, height, header_hash)),
    };
    let mut signatures: Vec<_> = validators.into_iter().map(|key| sign(key.borrow())).collect();
    signatures.sort_by_key(|signature| signature.validator);
    CommitCertificate { height, round: 0, header_hash, signatures }
}

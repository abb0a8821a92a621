//! Promises that several targets hold their bytes to.

use std::fmt::Debug;

use comity_core::encoding::{DecodeError, Encode, encode};
use comity_core::keys::{PublicKey, Signature};
use comity_core::statement::VerifiedRecord;
use comity_core::vote::{CommitCertificate, Proposal};
use comity_replica::message::{SignedVote, Witnessed};

use crate::lab::{lab, signature_of};

/// What decodes re-encodes to the same bytes, within its limit; what does not is told why.
pub(super) fn one_encoding<T: Encode + Debug>(
    bytes: &[u8],
    limit: usize,
    decoded: Result<T, DecodeError>,
) -> Option<T> {
    match decoded {
        Ok(value) => {
            assert!(bytes.len() <= limit, "{} bytes were taken, of {limit}", bytes.len());
            assert_eq!(encode(&value), bytes, "a second spelling of {value:?} was taken");
            Some(value)
        }
        Err(error) => {
            let is_oversized = matches!(error, DecodeError::Oversized { .. });
            assert_eq!(is_oversized, bytes.len() > limit, "the limit is {limit}: {error}");
            assert!(!error.to_string().is_empty());
            None
        }
    }
}

/// A record that verifies is one of those that were signed, to the last byte: identifiers leave
/// signatures out, acceptance does not.
pub(super) fn genuine_record(bytes: &[u8]) {
    match VerifiedRecord::verify(bytes, &lab().consortium) {
        Ok(verified) => {
            assert!(lab().records.contains(bytes), "a forged record verifies: {verified:?}");
            assert_eq!(&**verified.bytes(), bytes);
        }
        Err(error) => assert!(!error.rule().is_empty() && !error.to_string().is_empty()),
    }
}

/// A vote whose signature verifies was signed.
pub(super) fn genuine_vote(SignedVote { vote, signature }: &SignedVote) {
    if vote.validator.verify_vote(&lab().consortium, vote, signature).is_ok() {
        signed(&vote.validator, signature);
    }
}

/// The same of a proposal.
pub(super) fn genuine_proposal(proposal: &Proposal, signature: &Signature) {
    if proposal.validator.verify_proposal(&lab().consortium, proposal, signature).is_ok() {
        signed(&proposal.validator, signature);
    }
}

/// The same of a message that is shown back.
pub(super) fn genuine_witness(witnessed: &Witnessed) {
    let (key, signature) = signature_of(witnessed);
    assert_eq!(witnessed.validator(), key);
    if witnessed.is_genuine(&lab().consortium) {
        signed(&key, &signature);
    }
}

/// A certificate that verifies is of a block of the chain, and every signature of it was made.
pub(super) fn genuine_certificate(certificate: &CommitCertificate) {
    let lab = lab();
    match certificate.clone().verify(&lab.consortium, &lab.validators) {
        Ok(verified) => {
            assert_eq!(verified.certificate(), certificate);
            let block = (certificate.height, certificate.header_hash);
            assert!(lab.headers.contains(&block), "a block that never was is certified: {block:?}");
            for one in &certificate.signatures {
                signed(&one.validator, &one.signature);
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Whether this member made this signature at all.
fn signed(key: &PublicKey, signature: &Signature) {
    // A consortium of other keys than the lab's may well sign what it likes.
    if lab().validators.by_key(key).is_some() {
        assert!(lab().has_signed(key, signature), "a forged signature of {key} verifies");
    }
}

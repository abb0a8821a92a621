//! Keys, signatures and tags.

use std::collections::BTreeSet;

use comity_core::assessment::report_hash;
use comity_core::dataset::details_hash;
use comity_core::encoding::encode;
use comity_core::equivocation::Equivocation;
use comity_core::hash::{Commitment, ConsortiumId, DetailsHash, Purpose, ReportHash};
use comity_core::ids::{Nonce, TimeMs};
use comity_core::keys::{PublicKey, SecretKey, Signature};
use comity_core::sealed::Opening;
use serde::Deserialize;

use super::{Hex, Vectors, preimage, sha256};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Candidate {
    what: String,
    seed: Option<Hex>,
    key: Hex,
    accepted: bool,
}

pub(super) fn check_keys(vectors: &Vectors) {
    vectors.each(|case: Candidate| {
        let key = PublicKey::try_from(case.key.array::<32>());
        assert_eq!(key.is_ok(), case.accepted, "{}", case.what);
        let text: Result<PublicKey, _> = hex::encode(&case.key.0).parse();
        assert_eq!(text.is_ok(), case.accepted, "{}, as text", case.what);
        if let Some(seed) = case.seed {
            assert_eq!(SecretKey::from_seed(&seed.array()).public(), key.unwrap());
        }
    });
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shared {
    consortium: ConsortiumId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Judged {
    what: String,
    key: Hex,
    body: Hex,
    signature: Signature,
    valid: bool,
}

pub(super) fn check_signatures(vectors: &Vectors) {
    let Shared { consortium } = vectors.shared();
    vectors.each(|case: Judged| {
        let verified = PublicKey::try_from(case.key.array::<32>())
            .and_then(|key| key.verify_statement(&consortium, &case.body.0, &case.signature));
        assert_eq!(verified.is_ok(), case.valid, "{}: {verified:?}", case.what);
    });
}

/// Every purpose by its name in the vectors.
const PURPOSES: [(&str, Purpose); 25] = [
    ("accusation", Purpose::Accusation),
    ("genesis", Purpose::Genesis),
    ("statement", Purpose::Statement),
    ("attempt", Purpose::Attempt),
    ("possession", Purpose::Possession),
    ("header", Purpose::Header),
    ("body", Purpose::Body),
    ("certificate", Purpose::Certificate),
    ("validator-set", Purpose::ValidatorSet),
    ("vote", Purpose::Vote),
    ("proposal", Purpose::Proposal),
    ("state-key", Purpose::StateKey),
    ("state-value", Purpose::StateValue),
    ("leaf", Purpose::StateLeaf),
    ("node", Purpose::StateNode),
    ("sealed", Purpose::Sealed),
    ("details", Purpose::Details),
    ("query", Purpose::Query),
    ("batched", Purpose::Batched),
    ("answer", Purpose::Answer),
    ("draw-commitment", Purpose::DrawCommitment),
    ("draw-seed", Purpose::DrawSeed),
    ("draw-record", Purpose::DrawRecord),
    ("draw-reviewer", Purpose::DrawReviewer),
    ("report", Purpose::Report),
];

#[derive(Deserialize)]
#[serde(untagged)]
enum Tag {
    Plain(Plain),
    Sealed(Sealed),
    Details(Details),
    Report(Report),
    Accusation(Box<Accusation>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plain {
    purpose: String,
    tag: String,
}

/// A sealed commitment and what opens it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    opening: Opening,
    consortium: ConsortiumId,
    bytes: Hex,
    preimage: Hex,
    commitment: Commitment,
}

/// The nonce of a node's statement about an equivocation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Accusation {
    equivocation: Equivocation,
    consortium: ConsortiumId,
    valid_until: TimeMs,
    preimage: Hex,
    nonce: Nonce,
}

/// The hash of a text about a dataset.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Details {
    details: Hex,
    consortium: ConsortiumId,
    preimage: Hex,
    hash: DetailsHash,
}

/// The hash of the whole report of an assessment.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    report: Hex,
    consortium: ConsortiumId,
    preimage: Hex,
    hash: ReportHash,
}

pub(super) fn check_tags(vectors: &Vectors) {
    let mut seen = BTreeSet::new();
    vectors.each(|case: Tag| match case {
        Tag::Plain(Plain { purpose, tag }) => {
            let known = PURPOSES.iter().find(|(known, _)| *known == purpose).unwrap().1;
            assert_eq!(known.tag(), tag);
            seen.insert(purpose);
        }
        Tag::Sealed(case) => {
            let bytes = encode(&case.opening);
            assert_eq!(bytes, case.bytes.0);
            let body = preimage(Purpose::Sealed.tag(), &case.consortium, &bytes);
            assert_eq!(body, case.preimage.0);
            assert_eq!(sha256(&body), *case.commitment.as_bytes());
            assert_eq!(case.opening.commitment(&case.consortium), case.commitment);
        }
        Tag::Accusation(case) => {
            let place = case.equivocation.place().unwrap();
            let body = encode(&(place, case.valid_until));
            let body = preimage(Purpose::Accusation.tag(), &case.consortium, &body);
            assert_eq!(body, case.preimage.0);
            assert_eq!(place.nonce(&case.consortium, case.valid_until), case.nonce);
            assert_eq!(sha256(&body)[..16], case.nonce.0);
        }
        Tag::Details(case) => {
            let body = preimage(Purpose::Details.tag(), &case.consortium, &case.details.0);
            assert_eq!(body, case.preimage.0);
            assert_eq!(details_hash(&case.consortium, &case.details.0), case.hash);
        }
        Tag::Report(case) => {
            let body = preimage(Purpose::Report.tag(), &case.consortium, &case.report.0);
            assert_eq!(body, case.preimage.0);
            assert_eq!(report_hash(&case.consortium, &case.report.0), case.hash);
        }
    });
    assert_eq!(seen.len(), PURPOSES.len(), "every purpose has a tag");
}

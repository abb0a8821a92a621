//! Keys, signatures and tags.

use std::collections::BTreeSet;

use comity_core::hash::{ConsortiumId, Purpose};
use comity_core::keys::{PublicKey, SecretKey, Signature};
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
const PURPOSES: [(&str, Purpose); 15] = [
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
];

#[derive(Deserialize)]
#[serde(untagged)]
enum Tag {
    Plain(Plain),
    Sealed(Sealed),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plain {
    purpose: String,
    tag: String,
}

/// A sealed commitment. The code has its tag and nothing else of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    purpose: String,
    tag: String,
    consortium: ConsortiumId,
    salt: Hex,
    detail: Hex,
    commitment: Hex,
}

pub(super) fn check_tags(vectors: &Vectors) {
    let named = |name: &str| PURPOSES.iter().find(|(known, _)| *known == name).unwrap().1.tag();
    let mut seen = BTreeSet::new();
    vectors.each(|case: Tag| match case {
        Tag::Plain(Plain { purpose, tag }) => {
            assert_eq!(named(&purpose), tag);
            seen.insert(purpose);
        }
        Tag::Sealed(Sealed { purpose, tag, consortium, salt, detail, commitment }) => {
            assert_eq!(named(&purpose), tag);
            let length = (detail.0.len() as u64).to_le_bytes();
            let body = [&salt.array::<32>()[..], &length, &detail.0].concat();
            let preimage = preimage(Purpose::Sealed.tag(), &consortium, &body);
            assert_eq!(sha256(&preimage).to_vec(), commitment.0);
        }
    });
    assert_eq!(seen.len(), PURPOSES.len(), "every purpose has a tag");
}

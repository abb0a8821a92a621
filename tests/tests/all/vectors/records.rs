//! Statements, attempts and proofs signed and hashed; records refused for their form.

use comity_core::access::{Attempt, SignedAttempt};
use comity_core::agency::KeyRole;
use comity_core::encoding::encode;
use comity_core::hash::{ConsortiumId, LeafHash, RecordId, leaf_hash};
use comity_core::keys::{SecretKey, Signature};
use comity_core::query::{Query, SignedQuery};
use comity_core::statement::{SignedRecord, Statement, VerifiedRecord};
use comity_core::text::AgencyId;
use serde::Deserialize;

use super::{Hex, Vectors, preimage, sha256};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shared {
    consortium: ConsortiumId,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Signed {
    Statement(Box<SignedStatement>),
    Attempt(Box<Attempted>),
    Query(Queried),
    Possession(Possession),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignedStatement {
    statement: Statement,
    seeds: Vec<Hex>,
    bytes: Hex,
    preimage: Hex,
    signatures: Vec<Signature>,
    record: Hex,
    record_id: RecordId,
    leaf_hash: LeafHash,
    agency: AgencyId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Attempted {
    attempt: Attempt,
    seed: Hex,
    bytes: Hex,
    preimage: Hex,
    signature: Signature,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Queried {
    query: Query,
    seed: Hex,
    bytes: Hex,
    preimage: Hex,
    signature: Signature,
    /// As it travels with an HTTP request.
    header: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Possession {
    agency: AgencyId,
    role: KeyRole,
    seed: Hex,
    possession: Signature,
}

pub(super) fn check_statements(vectors: &Vectors) {
    let Shared { consortium } = vectors.shared();
    vectors.each(|case: Signed| match case {
        Signed::Statement(case) => check_statement(&consortium, *case),
        Signed::Attempt(case) => check_attempt(&consortium, *case),
        Signed::Query(case) => check_query(&consortium, case),
        Signed::Possession(Possession { agency, role, seed, possession }) => {
            let secret = SecretKey::from_seed(&seed.array());
            assert_eq!(secret.sign_possession(&consortium, &agency, role), possession);
            let public = secret.public();
            public.verify_possession(&consortium, &agency, role, &possession).unwrap();
        }
    });
}

fn check_statement(consortium: &ConsortiumId, case: SignedStatement) {
    let bytes = encode(&case.statement);
    assert_eq!(bytes, case.bytes.0);
    assert_eq!(preimage("comity/statement/1", consortium, &bytes), case.preimage.0);
    assert_eq!(sha256(&case.preimage.0), *case.record_id.as_bytes());
    let secrets = case.seeds.iter().map(|seed| SecretKey::from_seed(&seed.array()));
    let signatures: Vec<_> = secrets.map(|key| key.sign_statement(&case.statement)).collect();
    assert_eq!(signatures, case.signatures);
    let record = SignedRecord { statement: case.statement, signatures };
    assert_eq!(record.to_bytes(), case.record.0);
    assert_eq!(leaf_hash(&case.record.0), case.leaf_hash);
    let verified = VerifiedRecord::verify(&case.record.0, consortium).unwrap();
    assert_eq!(*verified.record(), record);
    assert_eq!((verified.id(), verified.leaf()), (case.record_id, case.leaf_hash));
    assert_eq!(*verified.agency(), case.agency);
}

fn check_attempt(consortium: &ConsortiumId, case: Attempted) {
    let Attempted { attempt, seed, bytes, preimage: expected, signature } = case;
    assert_eq!(encode(&attempt), bytes.0);
    assert_eq!(preimage("comity/attempt/1", consortium, &bytes.0), expected.0);
    assert_eq!(SecretKey::from_seed(&seed.array()).sign_attempt(&attempt), signature);
    SignedAttempt { attempt, signature }.verify().unwrap();
}

fn check_query(consortium: &ConsortiumId, case: Queried) {
    let Queried { query, seed, bytes, preimage: expected, signature, header } = case;
    assert_eq!(encode(&query), bytes.0);
    assert_eq!(preimage("comity/query/1", consortium, &bytes.0), expected.0);
    assert_eq!(SecretKey::from_seed(&seed.array()).sign_query(&query), signature);
    let signed = SignedQuery { query, signature };
    signed.verify().unwrap();
    assert_eq!(header, format!("Comity {}", base64(&encode(&signed))));
}

/// Standard base64 (RFC 4648) with padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |three: &[u8]| -> String {
        let padded = [0, 1, 2].map(|at| u32::from(three.get(at).copied().unwrap_or(0)));
        let bits = padded[0] << 16 | padded[1] << 8 | padded[2];
        let digit = |at: usize| DIGITS[usize::try_from(bits >> (18 - 6 * at) & 63).unwrap()];
        let shown = |at: usize| if at <= three.len() { char::from(digit(at)) } else { '=' };
        (0..4).map(shown).collect()
    };
    bytes.chunks(3).map(group).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Formed {
    what: String,
    record: Hex,
    rule: Option<String>,
}

pub(super) fn check_records(vectors: &Vectors) {
    let Shared { consortium } = vectors.shared();
    vectors.each(|Formed { what, record, rule }| {
        let refused = VerifiedRecord::verify(&record.0, &consortium).err();
        assert_eq!(refused.as_ref().map(|e| e.rule()), rule.as_deref(), "{what}: {refused:?}");
    });
}

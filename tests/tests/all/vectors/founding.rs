//! What founds a consortium, and who votes and proposes.

use comity_core::agency::KeyRole;
use comity_core::encoding::{decode, encode};
use comity_core::genesis::{Genesis, GenesisError, NO_CONSORTIUM};
use comity_core::hash::{ConsortiumId, ValidatorSetHash};
use comity_core::ids::Height;
use comity_core::keys::{SecretKey, Signature};
use comity_core::text::AgencyId;
use comity_core::validators::ValidatorSet;
use serde::Deserialize;

use super::{Hex, Vectors, preimage, sha256};

const LIMIT: usize = 1024 * 1024;

#[derive(Deserialize)]
#[serde(untagged)]
enum Founding {
    Whole(Box<Whole>),
    Judged(Judged),
    Proof(Proof),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    genesis: Genesis,
    bytes: Hex,
    preimage: Hex,
    id: ConsortiumId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Judged {
    what: String,
    bytes: Hex,
    id: ConsortiumId,
    fault: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Proof {
    seed: Hex,
    agency: AgencyId,
    role: KeyRole,
    preimage: Hex,
    possession: Signature,
}

pub(super) fn check_genesis(vectors: &Vectors) {
    vectors.each(|case: Founding| match case {
        Founding::Whole(case) => {
            assert_eq!(encode(&case.genesis), case.bytes.0);
            assert_eq!(case.genesis.id(), case.id);
            assert_eq!(sha256(&case.preimage.0), *case.id.as_bytes());
            case.genesis.check().unwrap();
        }
        Founding::Judged(Judged { what, bytes, id, fault }) => {
            let genesis: Genesis = decode(&bytes.0, LIMIT).unwrap();
            assert_eq!(genesis.id(), id, "{what}");
            let found = genesis.check().err();
            assert_eq!(found.as_ref().map(genesis_fault), fault.as_deref(), "{what}: {found:?}");
        }
        Founding::Proof(Proof { seed, agency, role, preimage: expected, possession }) => {
            let secret = SecretKey::from_seed(&seed.array());
            assert_eq!(secret.sign_possession(&NO_CONSORTIUM, &agency, role), possession);
            let body = encode(&(agency, role, secret.public()));
            assert_eq!(preimage("comity/possession/1", &NO_CONSORTIUM, &body), expected.0);
        }
    });
}

/// The check's name in the table of "Genesis".
fn genesis_fault(error: &GenesisError) -> &'static str {
    match error {
        GenesisError::Version(_) => "version",
        GenesisError::Parameter { .. } => "parameter",
        GenesisError::Codes { .. } => "codes",
        GenesisError::Members => "members",
        GenesisError::AuthorityUnknown(_) => "authority",
        GenesisError::Keys { .. } => "keys",
        GenesisError::Possession { .. } => "possession",
        GenesisError::KeyTwice(_) => "key-twice",
        GenesisError::Validators(_) => "validators",
        GenesisError::Hosted(_) => "hosted",
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Voters {
    set: ValidatorSet,
    bytes: Hex,
    total: u64,
    consortium: ConsortiumId,
    hash: ValidatorSetHash,
    /// The least power that is a quorum.
    quorum: u64,
    turns: Vec<Turn>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Turn {
    height: Height,
    round: u32,
    agency: AgencyId,
}

pub(super) fn check_validators(vectors: &Vectors) {
    vectors.each(|case: Voters| {
        let Voters { set, bytes, total, consortium, hash, quorum, turns } = case;
        assert_eq!(encode(&set), bytes.0);
        assert_eq!(set.total_power(), total);
        assert_eq!(set.hash(&consortium), hash);
        assert!(set.is_quorum(quorum) && !set.is_quorum(quorum - 1));
        for Turn { height, round, agency } in turns {
            assert_eq!(set.select(height, round).agency, agency, "{height}/{round}");
        }
    });
}

//! Extracts: what a certified state holds, and that it holds something not.

use comity_core::agency::{Agency, Key, KeyRole};
use comity_core::grant::Grant;
use comity_core::ids::{GrantId, LogIndex};
use comity_core::proof::{Claim, Extract, ExtractError, Proof, ReadError, VerifiedExtract};
use comity_core::state::StateKey;
use comity_core::state_tree::ProofError;

use crate::story::{CIVIL, FINANCE, Story, new_key, secret, terms};
use crate::trust_paths::Told;

const NOBODY: &str = "nobody.gd";

fn extract(told: &Told, keys: &[StateKey<'_>]) -> Extract {
    let state = told.story.ledger.state();
    let mut keys: Vec<_> = keys.iter().map(StateKey::to_bytes).collect();
    keys.sort();
    let claims = keys.into_iter().map(|key| Claim {
        value: state.get(&key).map(<[u8]>::to_vec),
        proof: state.prove(&key),
        key,
    });
    Extract { claims: claims.collect(), path: told.tip() }
}

fn revoked() -> (Told, GrantId, LogIndex) {
    let (story, grant) = Story::with_grant(terms());
    let mut told = Told::begin(story);
    let record = told.story.revoke_grant(grant);
    let at = told.story.commit(vec![record]);
    (told, grant, at)
}

fn proven(told: &Told, keys: &[StateKey<'_>]) -> VerifiedExtract {
    let extract = extract(told, keys);
    let bytes = Proof::Extract(extract.clone()).to_bytes();
    assert_eq!(Proof::from_bytes(&bytes), Ok(Proof::Extract(extract.clone())));
    extract.verify(&told.story.genesis).unwrap()
}

#[test]
fn grant_with_its_terms_and_its_end_is_proven() {
    let (told, grant, at) = revoked();
    let proven = proven(&told, &[StateKey::Grant(grant)]);
    let held: Grant = proven.object(&StateKey::Grant(grant)).unwrap().unwrap();
    assert_eq!(held.terms, terms());
    assert_eq!(held.revoked.map(|revoked| revoked.at), Some(at));
    assert_eq!(proven.header().height, told.story.ledger.tip().height);
}

#[test]
fn absence_of_a_grant_a_key_and_an_agency_is_proven() {
    let (told, GrantId(LogIndex(grant)), _) = revoked();
    let (none, stranger) = (GrantId(LogIndex(grant + 1)), new_key(1).public());
    let nobody = NOBODY.parse().unwrap();
    let keys = [StateKey::Grant(none), StateKey::Key(&stranger), StateKey::Agency(&nobody)];
    let proven = proven(&told, &keys);
    assert_eq!(proven.object::<Grant>(&keys[0]), Ok(None));
    assert_eq!(proven.object::<Key>(&keys[1]), Ok(None));
    assert_eq!(proven.object::<Agency>(&keys[2]), Ok(None));
}

#[test]
fn what_an_extract_does_not_say_is_not_read_from_it() {
    let (told, grant, _) = revoked();
    let proven = proven(&told, &[StateKey::Grant(grant)]);
    let finance = FINANCE.parse().unwrap();
    let unsaid = proven.object::<Agency>(&StateKey::Agency(&finance));
    assert!(matches!(unsaid, Err(ReadError::NotInIt { .. })), "{unsaid:?}");
    let misread = proven.object::<Agency>(&StateKey::Grant(grant));
    assert!(matches!(misread, Err(ReadError::Unreadable { .. })), "{misread:?}");
}

#[test]
fn extract_that_proves_nothing_is_refused_by_its_own_reason() {
    let (told, grant, _) = revoked();
    let civil = CIVIL.parse().unwrap();
    let officer = secret(FINANCE, KeyRole::Officer).public();
    let keys = [StateKey::Grant(grant), StateKey::Agency(&civil), StateKey::Key(&officer)];
    let (whole, genesis) = (extract(&told, &keys), &told.story.genesis);
    whole.verify(genesis).unwrap();
    let refused = |bend: &dyn Fn(&mut Extract)| {
        let mut bent = whole.clone();
        bend(&mut bent);
        bent.verify(genesis).unwrap_err()
    };
    let at = |position, source| ExtractError::Claim { position, source };

    assert_eq!(refused(&|bent| bent.claims.clear()), ExtractError::Order);
    assert_eq!(refused(&|bent| bent.claims.reverse()), ExtractError::Order);
    assert_eq!(refused(&|bent| bent.claims.push(bent.claims[2].clone())), ExtractError::Order);
    let hidden = refused(&|bent| bent.claims[1].value = None);
    assert_eq!(hidden, at(1, ProofError::ShowsValue));
    let bent_value = refused(&|bent| bent.claims[1].value.as_mut().unwrap()[0] ^= 1);
    assert_eq!(bent_value, at(1, ProofError::RootMismatch));
    let swapped = refused(&|bent| bent.claims[0].proof = bent.claims[1].proof.clone());
    assert_eq!(swapped, at(0, ProofError::RootMismatch));
    let older = refused(&|bent| bent.path = told.path(1));
    assert!(matches!(older, ExtractError::Claim { source: ProofError::RootMismatch, .. }));
}

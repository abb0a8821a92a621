//! Sealed details and signed queries: what commits to what, and what a signature is for.

use comity_core::access::Attempt;
use comity_core::agency::KeyRole;
use comity_core::dataset::details_hash;
use comity_core::genesis::Params;
use comity_core::hash::Commitment;
use comity_core::ids::{GrantId, LogIndex};
use comity_core::query::{Query, SignedQuery};
use comity_core::sealed::{Detail, Opening, Salt};
use comity_core::statement::{MAX_SEALED, RecordError, check_attempt};

use crate::source::{assert_complete, parts, variant};
use crate::story::{CIVIL, FINANCE, Story, secret, signed_by_officer, terms, text};

fn opening() -> Opening {
    Opening { detail: Detail::CaseNumber, salt: Salt([7; 32]), text: text("2026-0117") }
}

#[test]
fn a_commitment_fits_one_opening_of_one_consortium_alone() {
    let consortium = Story::new(Params::default()).consortium();
    let commitment = opening().commitment(&consortium);
    assert_eq!(opening().commitment(&consortium), commitment);
    let others = [
        Opening { detail: Detail::Purpose, ..opening() },
        Opening { salt: Salt([8; 32]), ..opening() },
        Opening { text: text("2026-0118"), ..opening() },
        Opening { text: text(""), ..opening() },
    ];
    for other in others {
        assert_ne!(other.commitment(&consortium), commitment, "{other:?}");
    }
    let elsewhere = comity_core::hash::ConsortiumId([9; 32]);
    assert_ne!(opening().commitment(&elsewhere), commitment);
}

#[test]
fn every_detail_is_listed() {
    let source = include_str!("../../src/sealed.rs");
    assert_complete(&parts(source, "pub enum Detail"), Detail::ALL.iter().map(variant));
}

#[test]
fn a_salt_is_never_printed_for_debugging() {
    assert!(!format!("{:?}", opening()).contains("07070707"));
}

#[test]
fn an_attempt_carries_as_many_commitments_as_a_statement_and_no_more() {
    let (mut story, grant) = Story::with_grant(terms());
    let sealed = vec![Commitment([1; 32]); MAX_SEALED];
    let attempt = Attempt { sealed, ..story.attempt(grant) };
    let consortium = story.consortium();
    assert_eq!(check_attempt(&signed_by_officer(attempt.clone()), &consortium), Ok(()));
    let access = story.access_of(&signed_by_officer(attempt.clone()));
    assert_eq!(story.check(&access), Ok(()));
    let mut many = attempt;
    many.sealed.push(Commitment([2; 32]));
    let refused = check_attempt(&signed_by_officer(many), &consortium);
    assert_eq!(refused, Err(RecordError::AttemptSealed));
}

#[test]
fn commitments_on_an_attempt_are_signed_by_the_officer() {
    let mut story = Story::new(Params::default());
    let mut signed = signed_by_officer(story.attempt(GrantId(LogIndex(1))));
    signed.attempt.sealed = vec![Commitment([1; 32])];
    let refused = check_attempt(&signed, &story.consortium());
    assert!(matches!(refused, Err(RecordError::AttemptSignature(_))), "{refused:?}");
}

#[test]
fn what_is_sealed_is_not_shown_where_values_are_printed() {
    let opening = opening();
    let printed = format!("{opening:?} {:?}", opening.salt);
    assert!(printed.contains("detail") && !printed.contains(opening.text.as_str()), "{printed}");
}

#[test]
fn texts_about_datasets_are_told_apart_by_their_hash() {
    let consortium = Story::new(Params::default()).consortium();
    let hash = details_hash(&consortium, b"{}");
    assert_ne!(hash, details_hash(&consortium, b"{} "));
    assert_ne!(hash, details_hash(&comity_core::hash::ConsortiumId([9; 32]), b"{}"));
    assert_ne!(hash.as_bytes(), opening().commitment(&consortium).as_bytes());
}

fn query(story: &Story) -> Query {
    Query {
        consortium: story.consortium(),
        key: secret(FINANCE, KeyRole::Officer).public(),
        method: text("GET"),
        path: text("/v1/sealed/00?full=1"),
        body: text(&"0".repeat(64)),
        made_at: story.now,
    }
}

#[test]
fn a_query_is_good_for_exactly_what_was_signed() {
    let story = Story::new(Params::default());
    let key = secret(FINANCE, KeyRole::Officer);
    let signature = key.sign_query(&query(&story));
    let signed = |query: Query| SignedQuery { query, signature };
    assert_eq!(signed(query(&story)).verify(), Ok(()));
    let changed = [
        Query { consortium: comity_core::hash::ConsortiumId([9; 32]), ..query(&story) },
        Query { key: secret(CIVIL, KeyRole::Officer).public(), ..query(&story) },
        Query { method: text("DELETE"), ..query(&story) },
        Query { path: text("/v1/sealed/00"), ..query(&story) },
        Query { body: text(&"1".repeat(64)), ..query(&story) },
        Query { made_at: story.now.plus(1), ..query(&story) },
    ];
    for other in changed {
        assert!(signed(other.clone()).verify().is_err(), "{other:?}");
    }
}

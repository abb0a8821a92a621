//! Commit certificates: what proves a block, and all that does not.

use comity_core::agency::KeyRole;
use comity_core::genesis::Params;
use comity_core::hash::HeaderHash;
use comity_core::keys::SignatureError;
use comity_core::vote::{
    CertificateError, CertificateSignature, CommitCertificate, Vote, VoteKind,
};

use crate::source::{assert_complete, parts, variant};
use crate::story::{MEMBERS, Story, certificate, new_key, secret};

const SOURCE: &str = include_str!("../../src/vote.rs");

type Case = fn(&mut CommitCertificate) -> CertificateError;

const CASES: &[Case] = &[
    |certificate| {
        certificate.signatures.swap(0, 1);
        CertificateError::Order
    },
    |certificate| {
        let twice = certificate.signatures[0];
        certificate.signatures[1] = twice;
        CertificateError::Order
    },
    |certificate| {
        let key = new_key(1);
        let vote = precommit(certificate, &key);
        let signature = key.sign_vote(&story().consortium(), &vote);
        let stranger = CertificateSignature { validator: key.public(), signature };
        certificate.signatures.push(stranger);
        certificate.signatures.sort_by_key(|signed| signed.validator);
        CertificateError::Stranger(key.public())
    },
    |certificate| {
        // A genuine vote of the same key, but a prevote.
        let member = MEMBERS[1];
        let key = secret(member, KeyRole::Validator);
        let vote = Vote { kind: VoteKind::Prevote, ..precommit(certificate, &key) };
        let signature = key.sign_vote(&story().consortium(), &vote);
        let place = certificate.signatures.iter().position(|s| s.validator == key.public());
        certificate.signatures[place.unwrap()].signature = signature;
        let agency = member.parse().unwrap();
        CertificateError::Signature { agency, source: SignatureError::Invalid }
    },
    |certificate| {
        certificate.signatures.truncate(2);
        CertificateError::NoQuorum { power: 2, total: 4 }
    },
    |certificate| {
        certificate.signatures.clear();
        CertificateError::NoQuorum { power: 0, total: 4 }
    },
];

fn story() -> Story {
    let mut story = Story::new(Params::default());
    story.commit(Vec::new());
    story
}

fn precommit(certificate: &CommitCertificate, key: &comity_core::keys::SecretKey) -> Vote {
    Vote {
        kind: VoteKind::Precommit,
        height: certificate.height,
        round: certificate.round,
        value: Some(certificate.header_hash),
        validator: key.public(),
    }
}

fn refused(story: &Story, certificate: CommitCertificate) -> Option<CertificateError> {
    certificate.verify(&story.consortium(), story.ledger.tip_validators()).err()
}

#[test]
fn three_of_four_prove_a_block_in_whatever_round() {
    let story = story();
    for (round, members) in [(0, &MEMBERS[..]), (0, &MEMBERS[1..]), (7, &MEMBERS[..3])] {
        let certificate = certificate(&story.consortium(), story.ledger.tip(), round, members);
        assert_eq!(refused(&story, certificate), None);
    }
}

#[test]
fn what_proves_nothing_says_why() {
    let story = story();
    for case in CASES {
        let mut certificate = certificate(&story.consortium(), story.ledger.tip(), 0, &MEMBERS);
        let fault = case(&mut certificate);
        assert_eq!(refused(&story, certificate), Some(fault));
    }
}

#[test]
fn no_fault_of_a_certificate_is_without_a_case() {
    let story = story();
    let faults = CASES.iter().map(|case| {
        let mut certificate = certificate(&story.consortium(), story.ledger.tip(), 0, &MEMBERS);
        variant(&case(&mut certificate))
    });
    // Of another block: met where archives are verified.
    let tried = faults.chain(["OtherBlock".to_owned()]);
    assert_complete(&parts(SOURCE, "pub enum CertificateError"), tried);
}

#[test]
fn a_certificate_is_for_one_block_in_one_round_of_one_consortium() {
    let story = story();
    let genuine = certificate(&story.consortium(), story.ledger.tip(), 1, &MEMBERS[..3]);
    let changes: [fn(&mut CommitCertificate); 3] =
        [|c| c.round = 0, |c| c.height = c.height.next(), |c| c.header_hash = HeaderHash([9; 32])];
    for change in changes {
        let mut changed = genuine.clone();
        change(&mut changed);
        let fault = refused(&story, changed.clone());
        assert!(matches!(fault, Some(CertificateError::Signature { .. })), "{fault:?}");
        assert_ne!(changed.hash(&story.consortium()), genuine.hash(&story.consortium()));
    }
    let mut other = story.genesis.clone();
    other.name = "Another consortium".parse().unwrap();
    let elsewhere = genuine.clone().verify(&other.id(), story.ledger.tip_validators());
    assert!(matches!(elsewhere, Err(CertificateError::Signature { .. })));
}

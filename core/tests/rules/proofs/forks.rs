//! Forks: two certified blocks of one height, and what falls on whom.

use comity_core::agency::KeyRole;
use comity_core::genesis::Params;
use comity_core::hash::HeaderHash;
use comity_core::ids::{Height, TimeMs};
use comity_core::ledger::Tip;
use comity_core::polka::{PolkaCertificate, PolkasError};
use comity_core::proof::{Branch, Fork, ForkError, Judged, Prevoted, Proof, Verdict};
use comity_core::vote::{CertificateSignature, Vote, VoteKind};

use crate::story::{MEMBERS, START, Story, certificate, secret};

/// The next block, empty and of this time, committed in a round by these members.
fn branch(story: &Story, time: u64, round: u32, by: &[&str]) -> Branch {
    let mut story = story.clone();
    story.now = TimeMs(START.0 + time);
    let header = story.build(Vec::new()).executed.header;
    let certificate = certificate(&story.consortium(), Tip::of(&header), round, by);
    Branch { header, certificate, polkas: Vec::new() }
}

fn polka(story: &Story, round: u32, value: HeaderHash, by: &[&str]) -> PolkaCertificate {
    let height = Height(1);
    let mut signatures: Vec<_> = by
        .iter()
        .map(|member| {
            let key = secret(member, KeyRole::Validator);
            let (kind, validator) = (VoteKind::Prevote, key.public());
            let vote = Vote { kind, height, round, value: Some(value), validator };
            CertificateSignature { validator, signature: key.sign_vote(&story.consortium(), &vote) }
        })
        .collect();
    signatures.sort_by_key(|signed| signed.validator);
    PolkaCertificate { height, round, value, signatures }
}

fn fork(one: Branch, other: Branch) -> Fork {
    let (one, other) =
        if one.header.hash() < other.header.hash() { (one, other) } else { (other, one) };
    Fork { changes: Vec::new(), one, other }
}

fn judged(fork: &Fork, story: &Story) -> Vec<(String, &'static str)> {
    let bytes = Proof::Fork(fork.clone()).to_bytes();
    assert_eq!(Proof::from_bytes(&bytes), Ok(Proof::Fork(fork.clone())));
    let verified = fork.verify(&story.genesis).unwrap();
    let word = |judged: &Judged| match &judged.verdict {
        Verdict::Guilty(proof) => {
            proof.verify(&story.consortium()).unwrap();
            "guilty"
        }
        Verdict::Undetermined(_) => "undetermined",
        Verdict::Cleared { .. } => "cleared",
    };
    verified.judged().iter().map(|one| (one.agency.to_string(), word(one))).collect()
}

fn all(who: &[&str], verdict: &'static str) -> Vec<(String, &'static str)> {
    who.iter().map(|agency| ((*agency).to_owned(), verdict)).collect()
}

#[test]
fn who_signed_both_blocks_in_one_round_is_guilty() {
    let story = Story::new(Params::default());
    let one = branch(&story, 1_000, 0, &MEMBERS[..3]);
    let other = branch(&story, 2_000, 0, &MEMBERS[1..]);
    let fork = fork(one, other);
    assert_eq!(judged(&fork, &story), all(&MEMBERS[1..3], "guilty"));
    let headers = fork.verify(&story.genesis).unwrap();
    assert_eq!(headers.headers().map(|header| header.height), [Height(1); 2]);
}

#[test]
fn by_certificates_of_different_rounds_alone_nobody_is_guilty() {
    let story = Story::new(Params::default());
    let one = branch(&story, 1_000, 0, &MEMBERS[..3]);
    let other = branch(&story, 2_000, 1, &MEMBERS[1..]);
    assert_eq!(judged(&fork(one, other), &story), []);
}

#[test]
fn who_prevoted_another_block_later_is_undetermined_until_a_quorum_clears_it() {
    let story = Story::new(Params::default());
    let one = branch(&story, 1_000, 0, &MEMBERS[..3]);
    let mut other = branch(&story, 2_000, 2, &MEMBERS[1..]);
    let value = other.header.hash();
    other.polkas = vec![polka(&story, 2, value, &MEMBERS[1..])];
    let accused = fork(one.clone(), other.clone());
    assert_eq!(judged(&accused, &story), all(&MEMBERS[1..3], "undetermined"));
    let verified = accused.verify(&story.genesis).unwrap();
    let held = Prevoted { committed_in: 0, committed: one.header.hash(), round: 2, value };
    assert_eq!(verified.judged()[0].verdict, Verdict::Undetermined(held));

    // The quorum of round 1 frees who prevoted in round 2, but two of its own prevotes need one.
    other.polkas.insert(0, polka(&story, 1, value, &[MEMBERS[0], MEMBERS[2], MEMBERS[3]]));
    let shown = fork(one, other);
    let expected =
        [(MEMBERS[0], "undetermined"), (MEMBERS[1], "cleared"), (MEMBERS[2], "undetermined")];
    let expected = expected.map(|(agency, verdict)| (agency.to_owned(), verdict));
    assert_eq!(judged(&shown, &story), expected);
}

#[test]
fn blocks_that_are_no_fork_are_refused() {
    let story = Story::new(Params::default());
    let one = branch(&story, 1_000, 0, &MEMBERS[..3]);
    let other = branch(&story, 2_000, 1, &MEMBERS[1..]);
    let genesis = &story.genesis;
    let whole = fork(one, other);
    whole.verify(genesis).unwrap();

    let refused = |bend: &dyn Fn(&mut Fork)| {
        let mut bent = whole.clone();
        bend(&mut bent);
        bent.verify(genesis).unwrap_err()
    };
    assert_eq!(refused(&|bent| bent.other = bent.one.clone()), ForkError::NoFork);
    let reversed = |bent: &mut Fork| std::mem::swap(&mut bent.one, &mut bent.other);
    assert_eq!(refused(&reversed), ForkError::NoFork);
    let two_votes = |bent: &mut Fork| bent.one.certificate.signatures.truncate(2);
    assert!(matches!(refused(&two_votes), ForkError::Path(_)));
    let false_polka = |bent: &mut Fork| {
        let value = bent.one.header.hash();
        bent.one.polkas = vec![polka(&story, 1, value, &MEMBERS[..2])];
    };
    assert!(matches!(refused(&false_polka), ForkError::Polkas(PolkasError::Certificate { .. })));
}

//! Equivocations on the log.

use comity_core::agency::KeyRole;
use comity_core::equivocation::Equivocation;
use comity_core::genesis::Params;
use comity_core::hash::HeaderHash;
use comity_core::ids::Height;
use comity_core::keys::SecretKey;
use comity_core::refusal::Refusal;
use comity_core::state::{self, StateKey};
use comity_core::statement::{Action, RecordError, VerifiedRecord};
use comity_core::vote::{Proposal, Vote, VoteKind};

use crate::governance::removal;
use crate::refusals::Case;
use crate::story::{CIVIL, HEALTH, Story, secret};

pub(crate) fn votes(key: &SecretKey, other: Option<HeaderHash>) -> Equivocation {
    let vote = |value| Vote {
        kind: VoteKind::Precommit,
        height: Height(7),
        round: 1,
        value,
        validator: key.public(),
    };
    let consortium = Story::new(Params::default()).consortium();
    let (first, second) = (vote(Some(HeaderHash([1; 32]))), vote(other));
    Equivocation::Votes {
        first_signature: key.sign_vote(&consortium, &first),
        second_signature: key.sign_vote(&consortium, &second),
        first,
        second,
    }
}

pub(crate) fn accusing(story: &mut Story, equivocation: Equivocation) -> VerifiedRecord {
    story.record(CIVIL, KeyRole::Validator, Action::RecordEquivocation { equivocation })
}

/// Cases about equivocations.
pub(crate) const CASES: &[Case] = &[
    |story| {
        let record = accusing(story, votes(&secret(HEALTH, KeyRole::Admin), None));
        let (agency, role) = (HEALTH.parse().unwrap(), KeyRole::Admin);
        (record, Refusal::NotAValidator { agency, role })
    },
    |story| {
        let record = accusing(story, votes(&secret(HEALTH, KeyRole::Validator), None));
        let at = story.commit(vec![record]);
        // The same place, shown by another pair.
        let other = votes(&secret(HEALTH, KeyRole::Validator), Some(HeaderHash([2; 32])));
        (accusing(story, other), Refusal::EquivocationKnown { at })
    },
];

#[test]
fn an_equivocation_is_two_contradicting_messages_of_one_key_and_step() {
    let mut story = Story::new(Params::default());
    let key = secret(HEALTH, KeyRole::Validator);
    let record = accusing(&mut story, votes(&key, None));
    let at = story.commit(vec![record.clone()]);
    let Action::RecordEquivocation { equivocation } = &record.statement().action else {
        unreachable!("it was made so")
    };
    let place = equivocation.place().unwrap();
    let marked = state::read(&story.ledger, &StateKey::Equivocation(&place));
    assert_eq!((marked, place.validator), (Some(at), key.public()));

    let consortium = story.consortium();
    let mut refused = |equivocation: Equivocation| {
        let action = Action::RecordEquivocation { equivocation };
        let draft = story.draft(CIVIL, KeyRole::Validator, action);
        VerifiedRecord::verify(&draft.signed().to_bytes(), &consortium).unwrap_err()
    };
    assert_eq!(refused(votes(&key, Some(HeaderHash([1; 32])))), RecordError::NoEquivocation);
    let Equivocation::Votes { first, first_signature, mut second, .. } = votes(&key, None) else {
        unreachable!("they are votes")
    };
    let forged =
        Equivocation::Votes { first, first_signature, second, second_signature: first_signature };
    assert!(matches!(refused(forged), RecordError::EquivocationSignature(_)));
    second.round += 1;
    let second_signature = key.sign_vote(&consortium, &second);
    let later = Equivocation::Votes { first, first_signature, second, second_signature };
    assert_eq!(refused(later), RecordError::NoEquivocation, "another round is no contradiction");
}

#[test]
fn two_proposals_of_one_round_are_an_equivocation() {
    let mut story = Story::new(Params::default());
    let key = secret(HEALTH, KeyRole::Validator);
    let proposal = |byte: u8| Proposal {
        height: Height(3),
        round: 0,
        value: HeaderHash([byte; 32]),
        polka_round: None,
        validator: key.public(),
    };
    let (first, second) = (proposal(1), proposal(2));
    let consortium = story.consortium();
    let equivocation = Equivocation::Proposals {
        first_signature: key.sign_proposal(&consortium, &first),
        second_signature: key.sign_proposal(&consortium, &second),
        first,
        second,
    };
    let record = accusing(&mut story, equivocation);
    assert_eq!(story.check(&record), Ok(()));
}

#[test]
fn one_who_left_is_still_accused_and_accuses_nobody() {
    let mut story = Story::new(Params::default());
    let at = story.pass(removal(HEALTH));
    let record = accusing(&mut story, votes(&secret(HEALTH, KeyRole::Validator), None));
    assert_eq!(story.check(&record), Ok(()));
    let equivocation = votes(&secret(CIVIL, KeyRole::Validator), None);
    let action = Action::RecordEquivocation { equivocation };
    let record = story.record(HEALTH, KeyRole::Validator, action);
    let refusal = Refusal::AgencyLeft { agency: HEALTH.parse().unwrap(), at };
    assert_eq!(story.check(&record), Err(refusal));
}

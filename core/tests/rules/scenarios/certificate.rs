//! A certificate that is verified in the place of being handed over.

use comity_core::access::{Attempt, SignedAttempt};
use comity_core::agency::KeyRole;
use comity_core::dataset::{Dataset, DeliveryMode};
use comity_core::genesis::Params;
use comity_core::grant::GrantTerms;
use comity_core::hash::AnswerHash;
use comity_core::ids::{GrantId, LogIndex};
use comity_core::legs::{Acknowledgement, Answer, Unmatched};
use comity_core::refusal::{LegRefusal, Refusal};
use comity_core::state;
use comity_core::statement::{Action, VerifiedRecord};

use crate::story::{CIVIL, FINANCE, Story, dataset, dataset_id, signed_by_officer, terms};

/// What the register's keeper handed over, and what else could have come.
const ANSWER: AnswerHash = AnswerHash([5; 32]);
const CHANGED: AnswerHash = AnswerHash([6; 32]);

/// A register whose answers may be relied on, and a grant to verify by it.
fn register(reliable: bool) -> (Story, GrantId) {
    let mut story = Story::new(Params::default());
    story.publish_again(Dataset { reliable, ..dataset() }).unwrap();
    let grant = story.issue(GrantTerms { modes: [DeliveryMode::Verify].into(), ..terms() });
    (story, grant)
}

fn question(story: &mut Story, grant: GrantId) -> SignedAttempt {
    let mode = DeliveryMode::Verify;
    signed_by_officer(Attempt { mode, ..story.attempt(grant) })
}

fn answering(story: &mut Story, attempt: SignedAttempt) -> VerifiedRecord {
    let answer = Some(Answer { digest: ANSWER, reliable: true });
    let action = Action::RecordAccess { attempt, number: story.number(), answer };
    story.record(CIVIL, KeyRole::Gateway, action)
}

/// The requesting side says that this came.
fn receiving(story: &mut Story, grant: GrantId, access: LogIndex, came: AnswerHash) -> LogIndex {
    let one = Acknowledgement { digest: Some(came), ..story.received(access) };
    let action = Action::AcknowledgeAccess { grant: grant.into(), accesses: vec![one] };
    let record = story.record(FINANCE, KeyRole::Officer, action);
    story.commit(vec![record])
}

fn unmatched(story: &Story) -> Vec<&'static str> {
    story.legs().unmatched().iter().map(Unmatched::kind).collect()
}

#[test]
fn an_answer_that_both_sides_stand_by_takes_the_place_of_the_paper() {
    let (mut story, grant) = register(true);
    let asked = question(&mut story, grant);
    let record = answering(&mut story, asked);
    let access = story.commit(vec![record]);
    assert_eq!(unmatched(&story), ["unacknowledged"], "until the other side says that it came");
    receiving(&mut story, grant, access, ANSWER);
    assert_eq!(unmatched(&story), [""; 0]);

    let ledger = story.years_later();
    assert_eq!(state::usage(&ledger, grant).total, 1);
    assert!(state::dataset(&ledger, &dataset_id()).unwrap().dataset.reliable);
}

#[test]
fn an_answer_that_was_changed_on_its_way_shows() {
    let (mut story, grant) = register(true);
    let asked = question(&mut story, grant);
    let record = answering(&mut story, asked);
    let access = story.commit(vec![record]);
    receiving(&mut story, grant, access, CHANGED);
    assert_eq!(unmatched(&story), ["other-digest"]);
}

#[test]
fn who_does_not_stand_by_its_register_saves_nobody_a_paper() {
    let (mut story, grant) = register(false);
    let asked = question(&mut story, grant);
    let record = answering(&mut story, asked);
    let dataset = dataset_id();
    let refusal = Refusal::Leg(LegRefusal::NotReliable { dataset });
    assert_eq!(story.check(&record), Err(refusal));
}

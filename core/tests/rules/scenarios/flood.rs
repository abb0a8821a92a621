//! A flood: data without a grant, while one node is cut off; and what is owed when the water has gone.

use comity_core::agency::KeyRole;
use comity_core::archive::Verifier;
use comity_core::duty::DutyState;
use comity_core::emergency::{EmergencyState, Verdict};
use comity_core::governance::Office;
use comity_core::ids::EmergencyId;
use comity_core::state;

use super::DAY_MS;
use crate::acts::AUTHORITY;
use crate::story::{FINANCE, HEALTH, HOUR_MS, Story, signed_by_officer, terms};

/// The flood is declared. Who will look at it afterwards was named in quieter days.
fn flood() -> (Story, EmergencyId) {
    let (mut story, _) = Story::with_grant(terms());
    story.reviewed_by(Office::EmergencyReviewer, &[HEALTH]);
    let emergency = story.flooded();
    (story, emergency)
}

#[test]
fn who_was_cut_off_finds_everything_when_the_line_is_mended() {
    let (mut story, emergency) = flood();
    // The line breaks: this node has what it had.
    let cut_off = Verifier::resume(story.ledger.clone());
    let accesses: Vec<_> = (0..3).map(|_| story.helped(emergency)).collect();
    story.over(emergency);
    let known = state::emergency(cut_off.ledger(), emergency).unwrap();
    assert_eq!(known.state(story.now), EmergencyState::InForce, "as far as it knows");
    // What is asked after the end, in good faith, is refused by those who know of it.
    let late = signed_by_officer(story.urgent(emergency));
    assert!(cut_off.ledger().evaluate(&late.attempt, story.now).is_ok());
    let refusal = story.ledger.evaluate(&late.attempt, story.now).unwrap_err();
    assert_eq!(refusal.rule(), "emergency-ended");
    let denial = story.denial_of(&late, refusal);
    story.commit(vec![denial]);

    let ledger = story.caught_up(cut_off);
    let found = state::emergency(&ledger, emergency).unwrap();
    assert_eq!(found.state(story.now), EmergencyState::AwaitingReview);
    for access in accesses {
        assert!(state::emergency_access(&ledger, emergency, access).is_some(), "{access}");
    }
}

#[test]
fn what_was_taken_without_a_grant_is_justified_and_reviewed_or_stays_on_record_as_open() {
    let (mut story, emergency) = flood();
    let [first, second] = [(); 2].map(|()| story.helped(emergency));
    story.over(emergency);
    let owed = story.justification_owed(emergency, first);
    assert_eq!((owed.owed_by.as_str(), owed.state(story.now)), (FINANCE, DutyState::Running));
    let record = story.justifying((FINANCE, KeyRole::Steward), emergency, [first]);
    story.commit(vec![record]);
    // The second is forgotten. Nobody has to find out: it has lapsed, for everyone to see.
    story.pass_until(owed.due.plus(HOUR_MS));
    let states =
        [first, second].map(|access| story.justification_owed(emergency, access).state(story.now));
    assert_eq!(states, [DutyState::Met, DutyState::Lapsed]);
    let used = state::emergency_use(&story.ledger, emergency, &FINANCE.parse().unwrap());
    assert_eq!((used.entries, used.justified, used.open()), (2, 1, 1));
    let record = story.justifying((FINANCE, KeyRole::Steward), emergency, [second]);
    story.commit(vec![record]);

    // Who had a part in it does not judge it; who had none was named to.
    let own = story.judging(AUTHORITY, KeyRole::Steward, emergency);
    assert!(story.check(&own).is_err());
    let review = story.review_owed(emergency);
    assert_eq!((review.owed_by.as_str(), review.state(story.now)), (HEALTH, DutyState::Running));
    let record = story.judging(HEALTH, KeyRole::Steward, emergency);
    story.commit(vec![record]);

    story.let_pass(3 * 365);
    let ledger = story.years_later();
    let found = state::emergency(&ledger, emergency).unwrap();
    assert_eq!(found.state(story.now), EmergencyState::Reviewed);
    assert_eq!(found.reviews[0].verdict, Verdict::Warranted);
    assert_eq!(story.review_owed(emergency).state(story.now), DutyState::Met);
    let late = story.justification_owed(emergency, second);
    assert_eq!(late.state(story.now), DutyState::MetLate, "for ever");
    assert!(found.ends().0 + 365 * DAY_MS < story.now.0);
}

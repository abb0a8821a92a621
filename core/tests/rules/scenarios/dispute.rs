//! A department that refuses, and is taken through a dispute to its end.

use comity_core::dispute::{Ruling, Stage};
use comity_core::duty::DutyState;
use comity_core::request::Outcome;
use comity_core::rule_pack::Clock;
use comity_core::state;

use crate::acts::AUTHORITY;
use crate::disputes::{anew, stands, under_health};
use crate::story::{CIVIL, HEALTH, terms};

#[test]
fn what_three_looked_at_is_decided_anew_and_every_reason_is_kept() {
    let mut story = under_health();
    let (request, dispute) = story.contested();
    let owed = |story: &crate::story::Story| {
        let duties = story.duties_of_dispute(dispute);
        let last = duties.last().unwrap();
        (last.clock, last.owed_by.to_string(), last.state(story.now))
    };
    let running = |clock, by: &str| (clock, by.to_owned(), DutyState::Running);
    assert_eq!(owed(&story), running(Clock::DisputeAnswer, CIVIL));
    let record = story.replying(dispute, stands());
    story.commit(vec![record]);
    let record = story.escalating(dispute);
    story.commit(vec![record]);
    assert_eq!(owed(&story), running(Clock::DisputeDecision, AUTHORITY));
    let record = story.deciding(AUTHORITY, dispute, stands());
    story.commit(vec![record]);
    let record = story.escalating(dispute);
    story.commit(vec![record]);
    assert_eq!(owed(&story), running(Clock::DisputeDecision, HEALTH));
    let record = story.deciding(HEALTH, dispute, anew());
    story.commit(vec![record]);
    assert_eq!(owed(&story), running(Clock::DecideAnew, CIVIL));
    let grant = story.approve(request, terms()).unwrap();
    let access = story.access(grant);
    story.commit(vec![access]);

    let ledger = story.years_later();
    let found = state::dispute(&ledger, dispute).unwrap();
    let steps: Vec<_> = found
        .steps
        .iter()
        .map(|step| {
            (step.stage, matches!(step.ruled.as_ref().unwrap().ruling, Ruling::Anew { .. }))
        })
        .collect();
    let expected = [(Stage::Parties, false), (Stage::Authority, false), (Stage::Superior, true)];
    assert_eq!(steps, expected);
    let asked = state::request(&ledger, request).unwrap();
    assert!(matches!(asked.earlier[0].outcome, Outcome::Refused { .. }), "{:?}", asked.earlier);
    assert_eq!(asked.reply.unwrap().outcome, Outcome::Approved { grant, by_rule: false });
    let states = story.duties_of_dispute(dispute);
    assert!(states.iter().all(|duty| duty.state(story.now) == DutyState::Met), "{states:?}");
}

#[test]
fn silence_takes_a_dispute_further_and_stays_on_record() {
    let mut story = under_health();
    let (request, dispute) = story.contested();
    for by in [CIVIL, AUTHORITY] {
        let owed = story.duties_of_dispute(dispute).pop().unwrap();
        assert_eq!(owed.owed_by.as_str(), by);
        let early = story.escalating(dispute);
        assert!(story.check(&early).is_err(), "while {by} has time, there is nothing to escalate");
        story.pass_until(owed.due);
        let record = story.escalating(dispute);
        story.commit(vec![record]);
    }
    let record = story.deciding(HEALTH, dispute, anew());
    story.commit(vec![record]);
    // Told to decide anew, the respondent does not do that either, and then does it late.
    let owed = story.duties_of_dispute(dispute).pop().unwrap();
    story.pass_until(owed.due);
    let record = story.refusal(request);
    story.commit(vec![record]);

    let ledger = story.years_later();
    let found = state::dispute(&ledger, dispute).unwrap();
    let duties = comity_core::duty::of_dispute(&ledger, &found);
    let states: Vec<_> =
        duties.iter().map(|duty| (duty.owed_by.as_str(), duty.state(story.now))).collect();
    let expected = [
        (CIVIL, DutyState::Lapsed),
        (AUTHORITY, DutyState::Lapsed),
        (HEALTH, DutyState::Met),
        (CIVIL, DutyState::MetLate),
    ];
    assert_eq!(states, expected);
}

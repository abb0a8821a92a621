//! A community organisation that is a guest for a census, and leaves after it.

use comity_core::access::{AccessRefusal, SignedAttempt};
use comity_core::agency::{AgencyKind, KeyRole, Standing};
use comity_core::binding::{Promise, Side};
use comity_core::duty::DutyState;
use comity_core::governance::Measure;
use comity_core::grant::GrantTerms;
use comity_core::ids::{GrantId, TimeMs};
use comity_core::refusal::{Refusal, SignerNeeded};
use comity_core::state;
use comity_core::statement::Action;

use super::DAY_MS;
use crate::bindings::by;
use crate::governance::{VILLAGE, removal};
use crate::story::{CIVIL, HEALTH, START, Story, secret, signed_by, terms};

/// Last day of the guest, and of what it is given.
const UNTIL: TimeMs = TimeMs(START.0 + 90 * DAY_MS);

fn to_the_guest() -> GrantTerms {
    GrantTerms {
        requester: VILLAGE.parse().unwrap(),
        undertakings: vec![by(Side::Requester, Promise::DeleteAfterDays(5))],
        not_after: START.plus(60 * DAY_MS),
        ..terms()
    }
}

/// HEALTH lends its node, and answers for the organisation.
fn hosted() -> Story {
    let (mut story, _) = Story::with_grant(terms());
    let standing = Standing::Hosted { sponsor: HEALTH.parse().unwrap(), until: UNTIL };
    let mut member = story.joiner(VILLAGE, standing);
    member.agency.kind = AgencyKind::SocialOrganisation;
    story.pass(Measure::Admit { member: Box::new(member) });
    story
}

fn given(story: &mut Story) -> GrantId {
    let action = Action::IssueGrant { terms: to_the_guest() };
    let record = story.signed_by_two(action, [CIVIL, HEALTH]);
    GrantId(story.commit(vec![record]))
}

fn question(story: &mut Story, grant: GrantId) -> SignedAttempt {
    let key = secret(VILLAGE, KeyRole::Officer);
    let mut attempt = story.attempt(grant);
    (attempt.requester, attempt.officer) = (VILLAGE.parse().unwrap(), key.public());
    signed_by(&key, attempt)
}

#[test]
fn a_guest_is_given_what_its_sponsor_signs_for_deletes_it_and_leaves() {
    let mut story = hosted();
    let alone = story.steward(Action::IssueGrant { terms: to_the_guest() });
    let steward =
        |agency: &str| SignerNeeded { agency: agency.parse().unwrap(), role: KeyRole::Steward };
    let needed = vec![steward(CIVIL), steward(HEALTH)];
    assert_eq!(story.check(&alone), Err(Refusal::WrongSigners { needed }));
    let grant = given(&mut story);
    let asked = question(&mut story, grant);
    let access = story.access_of(&asked);
    story.commit(vec![access]);

    // The census is over: what was received is deleted before the guest goes.
    let revocation = story.revoke_grant(grant);
    story.commit(vec![revocation]);
    let [deletion] = &story.undertaken(grant)[..] else { panic!("one promise") };
    assert_eq!(
        (deletion.owed_by.as_str(), deletion.state(story.now)),
        (VILLAGE, DutyState::Running)
    );
    let fulfilled = story.fulfilling(VILLAGE, grant, 1);
    story.commit(vec![fulfilled]);
    let at = story.pass(removal(VILLAGE));
    let agency = VILLAGE.parse().unwrap();
    let more = story.fulfilling(VILLAGE, grant, 1);
    assert_eq!(story.check(&more), Err(Refusal::AgencyLeft { agency, at }));

    story.let_pass(365);
    let ledger = story.years_later();
    assert_eq!(state::departure(&ledger, &VILLAGE.parse().unwrap()).unwrap().at, at);
    assert_eq!(story.undertaken(grant)[0].state(story.now), DutyState::Met);
    assert_eq!(state::usage(&ledger, grant).total, 1);
    let key = secret(VILLAGE, KeyRole::Officer).public();
    assert!(state::key(&ledger, &key).is_some(), "who asked can still be told");
}

#[test]
fn a_guest_that_leaves_without_a_word_still_owes_and_its_time_ends_by_itself() {
    let mut story = hosted();
    let grant = given(&mut story);
    let asked = question(&mut story, grant);
    let access = story.access_of(&asked);
    story.commit(vec![access]);
    // Left alone, its time is over one day, and nobody has to decide that.
    let mut left_alone = story.clone();
    left_alone.pass_until(UNTIL);
    let record = left_alone.register(VILLAGE, KeyRole::Officer, &crate::story::new_key(1), None);
    let agency = VILLAGE.parse().unwrap();
    assert_eq!(left_alone.check(&record), Err(Refusal::HostingOver { agency, until: UNTIL }));

    let on = story.now;
    let at = story.pass(removal(VILLAGE));
    let asked = question(&mut story, grant);
    let refusal = AccessRefusal::RequesterLeft { at };
    assert_eq!(story.ledger.evaluate(&asked.attempt, story.now), Err(refusal.clone()));
    let denial = story.denial_of(&asked, refusal);
    story.commit(vec![denial]);
    let deletion = story.undertaken(grant)[0].clone();
    assert!(deletion.began >= on, "what ends with its membership is to be deleted from then on");
    story.pass_until(deletion.due);
    assert_eq!(story.undertaken(grant)[0].state(story.now), DutyState::Lapsed);
    story.years_later();
}

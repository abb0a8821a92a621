//! Data that a county gave come back to it: from the province, by way of the city.

use comity_core::access::AccessRefusal;
use comity_core::agency::KeyRole;
use comity_core::binding::{Promise, Side};
use comity_core::dataset::Items;
use comity_core::duty::{self, DutyState};
use comity_core::grant::GrantTerms;
use comity_core::ids::GrantId;
use comity_core::state;
use comity_core::statement::Action;

use super::DAY_MS;
use crate::bindings::{because, by, derived, wide};
use crate::story::{CIVIL, FINANCE, HEALTH, START, Story, secret, signed_by, terms};

/// The province's terms for the city, which may pass the data on to the county.
fn to_the_city() -> GrantTerms {
    let undertakings = vec![by(Side::Requester, Promise::DeleteAfterDays(10))];
    GrantTerms { undertakings, not_after: START.plus(90 * DAY_MS), ..wide() }
}

/// The city's for the county: no incomes, and deleted sooner.
fn to_the_county() -> GrantTerms {
    GrantTerms {
        items: Items::Only(["name".parse().unwrap()].into()),
        undertakings: vec![by(Side::Requester, Promise::DeleteAfterDays(5))],
        not_after: to_the_city().not_after,
        ..derived()
    }
}

/// The county has used what came back to it.
fn returned() -> (Story, GrantId, GrantId) {
    let (mut story, _) = Story::with_grant(terms());
    let (above, below) = story.passed_on(to_the_city(), to_the_county());
    let key = secret(HEALTH, KeyRole::Officer);
    let mut attempt = story.attempt_below(below).attempt;
    attempt.items = Items::Only(["name".parse().unwrap()].into());
    let record = story.access_of(&signed_by(&key, attempt));
    story.commit(vec![record]);
    (story, above, below)
}

#[test]
fn what_comes_back_is_narrower_and_goes_no_further() {
    let (mut story, above, below) = returned();
    let wanted = story.attempt_below(below);
    let item = "income".parse().unwrap();
    let refusal = story.ledger.evaluate(&wanted.attempt, story.now).unwrap_err();
    assert_eq!(refusal, AccessRefusal::ItemNotCovered { item });
    let denial = story.denial_of(&wanted, refusal);
    story.commit(vec![denial]);
    // One level down, and no further.
    let terms = to_the_county();
    let record =
        story.record(HEALTH, KeyRole::Steward, Action::IssueOnward { parent: below, terms });
    assert!(story.check(&record).is_err());
    let ledger = story.years_later();
    let (city, county) = (state::usage(&ledger, above), state::usage(&ledger, below));
    assert_eq!((city.total, city.onward, county.total), (1, 1, 1), "charged to both");
}

#[test]
fn when_the_province_ends_it_the_county_loses_it_and_deletes_in_time() {
    let (mut story, above, below) = returned();
    assert_eq!(story.undertaken(below)[0].state(story.now), DutyState::Running);
    let ended = story.now;
    let revocation = story.revoke_grant(above);
    story.commit(vec![revocation]);
    assert_eq!(story.refuses_below(below), Some(because(above, "grant-revoked")));
    let [deletion] = &story.undertaken(below)[..] else { panic!("one promise") };
    assert_eq!((deletion.owed_by.as_str(), deletion.began), (HEALTH, ended));
    assert_eq!(deletion.owed_to.as_ref().unwrap().as_str(), FINANCE, "who passed it on");
    assert_eq!(story.undertaken(above), [], "the city never looked, and has nothing to delete");

    // Nobody says that the county is late: time does.
    let mut silent = story.clone();
    silent.pass_until(deletion.due);
    assert_eq!(silent.undertaken(below)[0].state(silent.now), DutyState::Lapsed);

    let fulfilled = story.fulfilling(HEALTH, below, 1);
    story.commit(vec![fulfilled]);
    story.let_pass(60);
    let ledger = story.years_later();
    let grant = state::grant(&ledger, below).unwrap();
    let kept: Vec<_> =
        duty::of_grant(&ledger, &grant).iter().map(|duty| duty.state(story.now)).collect();
    assert!(kept.contains(&DutyState::Met) && !kept.contains(&DutyState::Lapsed), "{kept:?}");
    assert_eq!(state::grantor(&ledger, &grant).as_str(), FINANCE);
    assert_eq!(
        state::dataset(&ledger, &grant.terms.dataset).unwrap().dataset.id.agency.as_str(),
        CIVIL
    );
}

//! A birth: one visit to one counter, six departments.

use comity_core::access::Attempt;
use comity_core::agency::KeyRole;
use comity_core::dataset::{Dataset, Sharing};
use comity_core::duty::{self, DutyState};
use comity_core::genesis::{NO_CONSORTIUM, Params};
use comity_core::grant::GrantTerms;
use comity_core::ids::{BundleId, GrantId, LogIndex, RequestId};
use comity_core::ledger::Ledger;
use comity_core::request::{Outcome, RequestTerms};
use comity_core::rule_pack::Clock;
use comity_core::state;
use comity_core::statement::Action;

use crate::acts::asking;
use crate::story::{
    CIVIL, FINANCE, HEALTH, JOINERS, MEMBERS, Story, dataset, genesis, member_of,
    signed_by_officer, terms,
};

/// Who has what the family would have to bring. The counter is the seventh's.
const DEPARTMENTS: [&str; 6] = [MEMBERS[0], CIVIL, HEALTH, JOINERS[0], JOINERS[1], JOINERS[2]];
/// Those whose stewards decide; what the others have is shared without conditions.
const DECIDING: [&str; 2] = [CIVIL, HEALTH];
const BUNDLE: BundleId = BundleId([9; 16]);

fn register(department: &str) -> Dataset {
    let sharing = match DECIDING.contains(&department) {
        true => Sharing::Conditional,
        false => Sharing::Unconditional,
    };
    Dataset { id: format!("{department}/register").parse().unwrap(), sharing, ..dataset() }
}

fn asked(department: &str) -> GrantTerms {
    GrantTerms { dataset: register(department).id, ..terms() }
}

/// Seven members, and what each of the six departments publishes.
fn city() -> Story {
    let mut genesis = genesis(Params::default());
    genesis.members.extend(JOINERS.map(|id| member_of(id, &NO_CONSORTIUM)));
    genesis.members.sort_by(|one, other| one.agency.id.cmp(&other.agency.id));
    let mut story = Story::founded_by(genesis);
    let publish = |department: &str| {
        let action = Action::PublishDataset { dataset: register(department) };
        story.record(department, KeyRole::Steward, action)
    };
    let published = DEPARTMENTS.map(publish).into();
    story.commit(published);
    story
}

/// One command: all six are asked in one block, and the requests belong together.
fn ask_all(story: &mut Story) -> [RequestId; 6] {
    let records = DEPARTMENTS.map(|department| {
        let terms = RequestTerms { bundle: Some(BUNDLE), ..asking(asked(department)) };
        story.officer(Action::OpenRequest { terms })
    });
    let first = story.commit(records.into());
    let mut at = first.0..;
    DEPARTMENTS.map(|_| RequestId(LogIndex(at.next().unwrap())))
}

fn granted(ledger: &Ledger, request: RequestId) -> Option<(GrantId, bool)> {
    match state::request(ledger, request)?.reply?.outcome {
        Outcome::Approved { grant, by_rule } => Some((grant, by_rule)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_visit_asks_six_departments_and_no_paper_is_brought() {
    let mut story = city();
    let requests = ask_all(&mut story);
    // Four granted themselves by rule; two are with their stewards, who owe a reply.
    let by_rule: Vec<_> = requests.map(|request| granted(&story.ledger, request)).into();
    assert_eq!(by_rule.iter().filter(|found| matches!(found, Some((_, true)))).count(), 4);
    let [civil, health] = [requests[1], requests[2]];
    for (request, department) in [(civil, CIVIL), (health, HEALTH)] {
        let [reply] = &story.duties_of(request)[..] else { panic!("a reply is owed") };
        assert_eq!((reply.clock, reply.owed_by.as_str()), (Clock::ReplyConditional, department));
    }
    story.approve(civil, asked(CIVIL)).unwrap();
    // Health is silent until its time is over. That it answers then does not undo the lapse.
    let due = story.duties_of(health)[0].due;
    story.pass_until(due);
    let terms = asked(HEALTH);
    let answer = Action::ApproveRequest { request: health, terms };
    let record = story.record(HEALTH, KeyRole::Steward, answer);
    story.commit(vec![record]);
    let states = [civil, health].map(|request| story.duties_of(request)[0].state(story.now));
    assert_eq!(states, [DutyState::Met, DutyState::MetLate]);

    // The visit: six questions, six gateways, one block.
    let grants = requests.map(|request| granted(&story.ledger, request).unwrap().0);
    let mut places = DEPARTMENTS.into_iter().zip(grants);
    let accesses = std::array::from_fn::<_, 6, _>(|_| {
        let (department, grant) = places.next().unwrap();
        let dataset = register(department).id;
        let attempt = signed_by_officer(Attempt { dataset, ..story.attempt(grant) });
        let action = story.recording(&attempt);
        story.record(department, KeyRole::Gateway, action)
    });
    story.commit(accesses.into());

    let ledger = story.years_later();
    for (department, (request, grant)) in
        DEPARTMENTS.into_iter().zip(requests.into_iter().zip(grants))
    {
        let found = state::grant(&ledger, grant).unwrap();
        assert_eq!(found.request, Some(request), "{department}: on whose word");
        assert_eq!(found.terms.requester.as_str(), FINANCE);
        assert_eq!(state::usage(&ledger, grant).total, 1, "{department}");
        let asked = state::request(&ledger, request).unwrap();
        assert_eq!(asked.terms.bundle, Some(BUNDLE), "{department}: of one visit");
        let delivery = duty::of_grant(&ledger, &found)[0].state(story.now);
        assert_eq!(delivery, DutyState::Met, "{department}: the first access shows it");
    }
}

#[test]
fn an_officer_who_asks_for_more_than_the_case_needs_is_refused_by_each_department_itself() {
    let mut story = city();
    let requests = ask_all(&mut story);
    let (grant, _) = granted(&story.ledger, requests[0]).unwrap();
    let dataset = register(DEPARTMENTS[0]).id;
    let items = comity_core::dataset::Items::Only(["address".parse().unwrap()].into());
    let attempt = Attempt { dataset, items, ..story.attempt(grant) };
    let refusal = story.ledger.evaluate(&attempt, story.now).unwrap_err();
    assert_eq!(refusal.rule(), "item-not-covered");
    let action = story.denying(&signed_by_officer(attempt), refusal);
    let denial = story.record(DEPARTMENTS[0], KeyRole::Gateway, action);
    story.commit(vec![denial]);
    let ledger = story.years_later();
    assert_eq!(state::usage(&ledger, grant).total, 0, "what was refused is charged to nobody");
}

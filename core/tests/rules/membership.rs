//! Hosting and leaving: who acts, who is given what, whose quota counts.

use comity_core::access::AccessRefusal;
use comity_core::agency::{KeyRole, Standing};
use comity_core::dataset::Dataset;
use comity_core::genesis::Params;
use comity_core::governance::Measure;
use comity_core::grant::GrantTerms;
use comity_core::ids::{GrantId, RequestId};
use comity_core::ledger::BlockError;
use comity_core::refusal::{MeasureFault, Refusal};
use comity_core::request::RequestTerms;
use comity_core::state;
use comity_core::statement::{Action, VerifiedRecord};

use crate::governance::{AUTHORITY, VILLAGE, removal, unfit};
use crate::refusals::Case;
use crate::story::{
    CIVIL, FINANCE, HEALTH, HOUR_MS, MEMBERS, Story, dataset, dataset_id, new_key, secret,
    signed_by_officer, terms, text,
};

/// Cases about members that left, or whose time is over.
pub(crate) const CASES: &[Case] = &[
    |story| {
        let at = story.pass(removal(HEALTH));
        let action = Action::RevokeKey {
            key: secret(HEALTH, KeyRole::Officer).public(),
            reason: text(""),
            suspect_since: None,
        };
        let record = story.record(HEALTH, KeyRole::Admin, action);
        (record, Refusal::AgencyLeft { agency: HEALTH.parse().unwrap(), at })
    },
    |story| {
        let until = story.now.plus(HOUR_MS);
        let standing = story.hosting(until);
        story.pass(story.admission(VILLAGE, standing));
        story.pass_until(until);
        let record = story.register(VILLAGE, KeyRole::Officer, &new_key(1), None);
        (record, Refusal::HostingOver { agency: VILLAGE.parse().unwrap(), until })
    },
    |story| {
        // Nobody is left to answer.
        let at = story.pass(removal(CIVIL));
        let record = asking(story);
        (record, Refusal::AgencyLeft { agency: CIVIL.parse().unwrap(), at })
    },
];

/// A request of the requesting agency's officer.
fn asking(story: &mut Story) -> VerifiedRecord {
    let terms = RequestTerms { asked: terms(), once: false, needed_by: None, bundle: None };
    story.record(FINANCE, KeyRole::Officer, Action::OpenRequest { terms })
}

/// A hosted member that provides: its dataset, and a grant on it.
pub(crate) fn hosted_provider(story: &mut Story, until: comity_core::ids::TimeMs) -> GrantId {
    let standing = story.hosting(until);
    story.pass(story.admission(VILLAGE, standing));
    let dataset = Dataset { id: "village.gd/households".parse().unwrap(), ..dataset() };
    let id = dataset.id.clone();
    let published = story.record(VILLAGE, KeyRole::Steward, Action::PublishDataset { dataset });
    story.commit(vec![published]);
    let terms = GrantTerms { dataset: id, ..terms() };
    let issued = story.record(VILLAGE, KeyRole::Steward, Action::IssueGrant { terms });
    GrantId(story.commit(vec![issued]))
}

#[test]
fn a_hosted_member_acts_within_its_time_and_its_grants_end_with_it() {
    let (mut story, _) = Story::with_grant(terms());
    let until = story.now.plus(HOUR_MS);
    let standing = story.hosting(until);
    story.pass(story.admission(VILLAGE, standing));
    let officer = secret(VILLAGE, KeyRole::Officer);
    let granted = GrantTerms { requester: VILLAGE.parse().unwrap(), ..terms() };
    let grant = story.issue(granted);
    let mut attempt = story.attempt(grant);
    (attempt.requester, attempt.officer) = (VILLAGE.parse().unwrap(), officer.public());
    assert!(story.ledger.evaluate(&attempt, story.now).is_ok());
    let refusal = AccessRefusal::RequesterHostingOver { until };
    assert_eq!(story.ledger.evaluate(&attempt, until), Err(refusal));
}

#[test]
fn leaving_stops_new_acts_at_once_and_keeps_old_evidence() {
    let (mut story, grant) = Story::with_grant(terms());
    let access = story.access(grant);
    story.commit(vec![access]);
    let at = story.pass(removal(FINANCE));
    let attempt = story.attempt(grant);
    let refusal = AccessRefusal::RequesterLeft { at };
    assert_eq!(story.ledger.evaluate(&attempt, story.now), Err(refusal.clone()));
    let denial = story.denial_of(&signed_by_officer(attempt), refusal);
    story.commit(vec![denial]);
    let left = state::departure(&story.ledger, &FINANCE.parse().unwrap()).unwrap();
    assert_eq!((left.at, left.reason.as_str()), (at, "dissolved"));
    assert!(state::key(&story.ledger, &secret(FINANCE, KeyRole::Officer).public()).is_some());
    // Nothing is granted to it any more.
    let record = story.steward(Action::IssueGrant { terms: terms() });
    let refusal = Refusal::AgencyLeft { agency: FINANCE.parse().unwrap(), at };
    assert_eq!(story.check(&record), Err(refusal));
    assert_eq!(terms().dataset, dataset_id());
}

#[test]
fn a_request_to_one_who_left_can_only_be_taken_back_and_one_of_who_left_only_refused() {
    let mut story = Story::new(Params::default());
    story.publish();
    let open = |story: &mut Story| {
        let request = asking(story);
        RequestId(story.commit(vec![request]))
    };
    let (first, second) = (open(&mut story), open(&mut story));
    let mut other = story.clone();
    let at = story.pass(removal(FINANCE));
    let approval = story.steward(Action::ApproveRequest { request: first, terms: terms() });
    let left = |agency: &str, at| Refusal::AgencyLeft { agency: agency.parse().unwrap(), at };
    assert_eq!(story.check(&approval), Err(left(FINANCE, at)));
    let (legal_basis, reason) = (text("Act 12"), text("left"));
    let refusal = Action::RefuseRequest { request: first, legal_basis, reason };
    let refusal = story.steward(refusal);
    story.commit(vec![refusal]);

    let at = other.pass(removal(CIVIL));
    let approval = other.steward(Action::ApproveRequest { request: second, terms: terms() });
    assert_eq!(other.check(&approval), Err(left(CIVIL, at)));
    let action = Action::WithdrawRequest { request: second, reason: text("nobody answers") };
    let withdrawal = other.record(FINANCE, KeyRole::Officer, action);
    assert_eq!(other.check(&withdrawal), Ok(()));
}

#[test]
fn an_agency_may_vote_itself_out_and_its_ballot_counts() {
    let mut story = Story::new(Params::default());
    let record = story.proposing(HEALTH, removal(HEALTH));
    let proposal = comity_core::ids::ProposalId(story.commit(vec![record]));
    story.vote(CIVIL, proposal);
    let at = story.vote(FINANCE, proposal);
    assert_eq!(state::departure(&story.ledger, &HEALTH.parse().unwrap()).unwrap().at, at);
    assert_eq!(story.validators(), MEMBERS[..3]);
}

#[test]
fn within_the_block_that_removes_it_a_member_acts_before_the_ballot_and_not_after() {
    let mut story = Story::new(Params::default());
    let proposal = story.propose(removal(HEALTH));
    story.vote(CIVIL, proposal);
    let early = story.register(HEALTH, KeyRole::Officer, &new_key(1), None);
    let passing = story.ballot(FINANCE, proposal, comity_core::governance::Choice::For);
    let late = story.register(HEALTH, KeyRole::Officer, &new_key(2), None);
    let built = story.build(vec![early.clone(), passing.clone(), late.clone()]);
    assert_eq!(built.executed.records, [early, passing]);
    let at = comity_core::ids::LogIndex(built.executed.header.first_index.0 + 1);
    let refusal = Refusal::AgencyLeft { agency: HEALTH.parse().unwrap(), at };
    assert_eq!(built.refused, [(late.leaf(), refusal)]);
}

#[test]
fn a_hosting_that_is_over_is_renewed_and_does_not_keep_its_sponsor_from_leaving() {
    let mut story = Story::new(Params::default());
    let until = story.now.plus(HOUR_MS);
    let standing = story.hosting(until);
    story.pass(story.admission(VILLAGE, standing));
    let record = story.proposing(AUTHORITY, removal(CIVIL));
    assert_eq!(story.check(&record), Err(unfit(MeasureFault::IsSponsor)));
    story.pass_until(until);
    story.pass(removal(CIVIL));
    let (sponsor, until) = (HEALTH.parse().unwrap(), story.now.plus(24 * HOUR_MS));
    let standing = Standing::Hosted { sponsor, until };
    let measure = Measure::ChangeStanding { agency: VILLAGE.parse().unwrap(), standing, key: None };
    let proposal = story.propose(measure);
    story.vote(FINANCE, proposal);
    story.vote(HEALTH, proposal);
    let record = story.register(VILLAGE, KeyRole::Officer, &new_key(1), None);
    assert_eq!(story.check(&record), Ok(()));
}

/// Three records: of the sponsor, of the member that it hosts, of another.
fn three(story: &mut Story) -> [VerifiedRecord; 3] {
    [(CIVIL, 1), (VILLAGE, 2), (HEALTH, 3)]
        .map(|(member, number)| story.register(member, KeyRole::Officer, &new_key(number), None))
}

#[test]
fn the_records_of_a_hosted_member_count_for_its_sponsor() {
    let params = Params { agency_records: 1, ..Params::default() };
    let mut story = Story::new(params);
    let standing = story.hosting(story.now.plus(HOUR_MS));
    story.pass(story.admission(VILLAGE, standing));
    let records = three(&mut story);
    let built = story.build(records.to_vec());
    assert_eq!(built.executed.records, [records[0].clone(), records[2].clone()]);
    assert!(built.refused.is_empty(), "the other one waits");
    let header = &built.executed.header;
    let executed = story.ledger.execute(header, records.to_vec(), story.parent().as_ref());
    let quota = BlockError::Quota { agency: CIVIL.parse().unwrap() };
    assert_eq!(executed.err(), Some(quota));
}

#[test]
fn the_bytes_of_a_hosted_member_count_for_its_sponsor() {
    let mut story = Story::new(Params { record_bytes: 1_024, ..Params::default() });
    let size = three(&mut story)[0].bytes().len();
    assert!((257..342).contains(&size), "three fit, four do not: {size}");
    let params = Params { record_bytes: 1_024, agency_bytes: 1_024, ..Params::default() };
    let mut story = Story::new(Params { record_bytes: 2_048, ..Params::default() });
    let standing = story.hosting(story.now.plus(HOUR_MS));
    story.pass(story.admission(VILLAGE, standing));
    story.pass(Measure::ChangeParams { params });
    let mut records = three(&mut story).to_vec();
    for number in [4, 5] {
        records.insert(1, story.register(CIVIL, KeyRole::Officer, &new_key(number), None));
    }
    let built = story.build(records.clone());
    assert_eq!(built.executed.records.len(), 4, "three of the sponsor, none of its guest");
    let executed = story.ledger.execute(&built.executed.header, records, story.parent().as_ref());
    let quota = BlockError::Quota { agency: CIVIL.parse().unwrap() };
    assert_eq!(executed.err(), Some(quota));
}

//! Requests: who may ask, answer, urge and take back, and how far an approval may go.

use comity_core::agency::KeyRole;
use comity_core::binding::{Bearers, Promise, Side, Undertaking};
use comity_core::codes::CodeList;
use comity_core::dataset::{Dataset, DeliveryMode, Items, Sharing};
use comity_core::genesis::Params;
use comity_core::grant::{GrantTerms, TermField};
use comity_core::ids::{BundleId, GrantId, LogIndex, RequestId, TaskForceId, TimeMs};
use comity_core::refusal::Refusal;
use comity_core::request::{Outcome, Reply, RequestTerms};
use comity_core::state;
use comity_core::statement::Action;

use crate::acts::{another, asking};
use crate::refusals::{Case, wrong_signer};
use crate::source::{assert_complete, parts, variant};
use crate::story::{CIVIL, FINANCE, HEALTH, HOUR_MS, Story, dataset, secret, terms, text};

/// Cases about requests.
pub(crate) const CASES: &[Case] = &[
    |story| {
        let record = story.steward(Action::OpenRequest { terms: asking(terms()) });
        (record, wrong_signer(FINANCE, KeyRole::Officer))
    },
    |story| {
        let asked = GrantTerms { dataset: another().id, ..terms() };
        let record = story.officer(Action::OpenRequest { terms: asking(asked) });
        (record, Refusal::DatasetUnknown { dataset: another().id })
    },
    |story| once(story, None),
    |story| once(story, Some(2)),
    |story| {
        let needed_by = Some(story.now);
        let terms = RequestTerms { needed_by, ..asking(terms()) };
        (story.officer(Action::OpenRequest { terms }), Refusal::NeededByOver)
    },
    |story| {
        let request = RequestId(LogIndex(1));
        let record = story.steward(Action::ApproveRequest { request, terms: terms() });
        (record, Refusal::RequestUnknown { request })
    },
    |story| {
        let request = story.opened();
        let action = Action::ApproveRequest { request, terms: terms() };
        let record = story.record(CIVIL, KeyRole::Officer, action);
        (record, wrong_signer(CIVIL, KeyRole::Steward))
    },
    |story| {
        let request = story.opened();
        let action = Action::ApproveRequest { request, terms: terms() };
        let record = story.record(HEALTH, KeyRole::Steward, action);
        (record, wrong_signer(CIVIL, KeyRole::Steward))
    },
    |story| {
        let request = story.opened();
        let terms = GrantTerms { duty_basis: "ACT-13".parse().unwrap(), ..terms() };
        let field = TermField::DutyBasis;
        let record = story.steward(Action::ApproveRequest { request, terms });
        (record, Refusal::GrantBeyondRequest { field })
    },
    |story| {
        let request = story.opened();
        let (legal_basis, reason) = (text(""), text("Because"));
        let record = story.steward(Action::RefuseRequest { request, legal_basis, reason });
        (record, Refusal::RefusalWithoutBasis)
    },
    |story| {
        let request = story.opened();
        let (legal_basis, reason) = (text("Act 12"), text(""));
        let record = story.steward(Action::RefuseRequest { request, legal_basis, reason });
        (record, Refusal::RefusalWithoutReason)
    },
    |story| {
        let request = story.opened();
        let (legal_basis, reason) = (text("Act 12"), text("No"));
        let record = story.officer(Action::RefuseRequest { request, legal_basis, reason });
        (record, wrong_signer(CIVIL, KeyRole::Steward))
    },
    |story| {
        let request = story.opened();
        let action = Action::WithdrawRequest { request, reason: text("") };
        (story.steward(action), wrong_signer(FINANCE, KeyRole::Officer))
    },
    |story| {
        let request = story.opened();
        let record = story.steward(Action::UrgeRequest { request });
        (record, wrong_signer(FINANCE, KeyRole::Officer))
    },
    |story| {
        let request = story.opened();
        let at = story.urge(request).unwrap();
        (story.officer(Action::UrgeRequest { request }), Refusal::UrgedToday { at })
    },
    |story| {
        let request = story.opened();
        let refusal = story.refusal(request);
        let at = story.commit(vec![refusal]);
        let record = story.officer(Action::UrgeRequest { request });
        (record, Refusal::RequestClosed { request, at })
    },
];

fn once(
    story: &mut Story,
    total_quota: Option<u64>,
) -> (comity_core::statement::VerifiedRecord, Refusal) {
    let asked = GrantTerms { total_quota, ..terms() };
    let terms = RequestTerms { once: true, ..asking(asked) };
    (story.officer(Action::OpenRequest { terms }), Refusal::OnceQuota)
}

/// A story in which the dataset is published and nothing granted.
fn story() -> Story {
    let mut story = Story::new(Params::default());
    story.publish();
    story
}

#[test]
fn an_approval_issues_the_grant_that_was_asked_for() {
    let mut story = story();
    let bundle = Some(BundleId([7; 16]));
    let needed_by = Some(story.now.plus(HOUR_MS));
    let asked = RequestTerms { bundle, needed_by, ..asking(terms()) };
    let opened_on = story.now;
    let request = story.open(asked.clone()).unwrap();
    let open = state::request(&story.ledger, request).unwrap();
    assert_eq!(RequestId(open.opened_at), request);
    assert_eq!((open.terms.clone(), open.opened_on, open.reply), (asked.clone(), opened_on, None));
    assert_eq!(open.opened_by, secret(FINANCE, KeyRole::Officer).public());
    let answered_on = story.now;
    let grant = story.approve(request, terms()).unwrap();
    let issued = state::grant(&story.ledger, grant).unwrap();
    assert_eq!((issued.terms, issued.request), (terms(), Some(request)));
    let closed = state::request(&story.ledger, request).unwrap();
    assert_eq!(closed.terms, asked, "what was asked never changes");
    let outcome = Outcome::Approved { grant, by_rule: false };
    assert_eq!(closed.reply, Some(Reply { at: grant.0, on: answered_on, outcome }));
    let access = story.access(grant);
    assert_eq!(story.check(&access), Ok(()));
}

/// Terms with limits in every field, so that each can be exceeded.
fn limited() -> GrantTerms {
    GrantTerms {
        total_quota: Some(10),
        conditions: [1].into(),
        daily_quota: Some(5),
        officers: Bearers::Posts([text("Duty desk")].into()),
        undertakings: vec![deleting(10)],
        ..terms()
    }
}

fn deleting(days: u16) -> Undertaking {
    Undertaking { by: Side::Requester, what: Promise::DeleteAfterDays(days) }
}

/// Changes of the terms that go beyond those asked for, and in what.
fn beyond() -> Vec<(TermField, GrantTerms)> {
    let plus = |items: &[&str]| Items::Only(items.iter().map(|i| i.parse().unwrap()).collect());
    let code = |code: &str| code.parse().unwrap();
    vec![
        (TermField::Dataset, GrantTerms { dataset: another().id, ..limited() }),
        (TermField::Requester, GrantTerms { requester: HEALTH.parse().unwrap(), ..limited() }),
        (
            TermField::Matters,
            GrantTerms { matters: [code("LOW-INCOME"), code("HOUSING")].into(), ..limited() },
        ),
        (TermField::DutyBasis, GrantTerms { duty_basis: code("ACT-13"), ..limited() }),
        (TermField::Items, GrantTerms { items: plus(&["address"]), ..limited() }),
        (TermField::Items, GrantTerms { items: Items::All, ..limited() }),
        (TermField::Modes, GrantTerms { modes: [DeliveryMode::Verify].into(), ..limited() }),
        (
            TermField::Period,
            GrantTerms { not_before: TimeMs(terms().not_before.0 - 1), ..limited() },
        ),
        (TermField::Period, GrantTerms { not_after: terms().not_after.plus(1), ..limited() }),
        (TermField::TotalQuota, GrantTerms { total_quota: Some(11), ..limited() }),
        (TermField::TotalQuota, GrantTerms { total_quota: None, ..limited() }),
        (TermField::DailyQuota, GrantTerms { daily_quota: Some(6), ..limited() }),
        (TermField::DailyQuota, GrantTerms { daily_quota: None, ..limited() }),
        (TermField::Officers, GrantTerms { officers: Bearers::All, ..limited() }),
        (TermField::Onward, GrantTerms { onward: [HEALTH.parse().unwrap()].into(), ..limited() }),
        (TermField::Undertakings, GrantTerms { undertakings: vec![deleting(11)], ..limited() }),
        (TermField::Conditions, GrantTerms { conditions: [2].into(), ..limited() }),
        (
            TermField::TaskForce,
            GrantTerms { task_force: Some(TaskForceId(LogIndex(1))), ..limited() },
        ),
    ]
}

#[test]
fn an_approval_goes_beyond_the_request_in_no_field() {
    let mut story = story();
    story.publish_again(another()).unwrap();
    let request = story.open(asking(limited())).unwrap();
    for (field, terms) in beyond() {
        let refused = story.approve(request, terms).unwrap_err();
        assert_eq!(refused, Refusal::GrantBeyondRequest { field });
    }
    let fields = beyond().into_iter().map(|(field, _)| variant(&field));
    assert_complete(&parts(include_str!("../../src/grant.rs"), "pub enum TermField"), fields);
}

#[test]
fn an_approval_may_grant_less_than_was_asked_in_every_field() {
    let mut story = story();
    let asked = GrantTerms {
        matters: ["HOUSING", "LOW-INCOME"].map(|m| m.parse().unwrap()).into(),
        items: Items::All,
        modes: [DeliveryMode::Query, DeliveryMode::Verify].into(),
        ..terms()
    };
    let request = story.open(asking(asked)).unwrap();
    let less = GrantTerms {
        not_before: terms().not_before.plus(1),
        not_after: TimeMs(terms().not_after.0 - 1),
        conditions: [1, 2].into(),
        ..limited()
    };
    let grant = story.approve(request, less.clone()).unwrap();
    assert_eq!(state::grant(&story.ledger, grant).unwrap().terms, less);
}

#[test]
fn a_request_is_closed_once_however_it_was_closed() {
    for close in 0..3 {
        let mut story = story();
        let request = story.opened();
        let closing = match close {
            0 => story.steward(Action::ApproveRequest { request, terms: terms() }),
            1 => story.refusal(request),
            _ => story.taking_back(request),
        };
        let at = story.commit(vec![closing]);
        let outcome = state::request(&story.ledger, request).unwrap().reply.unwrap().outcome;
        let again = [
            story.steward(Action::ApproveRequest { request, terms: terms() }),
            story.refusal(request),
            story.taking_back(request),
            story.officer(Action::UrgeRequest { request }),
        ];
        for record in again {
            assert_eq!(story.check(&record), Err(Refusal::RequestClosed { request, at }));
        }
        let kept = state::request(&story.ledger, request).unwrap().reply.unwrap().outcome;
        assert_eq!(kept, outcome);
    }
}

#[test]
fn a_refusal_keeps_its_basis_and_reason_and_grants_nothing() {
    let mut story = story();
    let request = story.opened();
    let refusal = story.refusal(request);
    let (at, on) = (LogIndex(story.ledger.log().size()), story.now);
    story.commit(vec![refusal]);
    let outcome = Outcome::Refused {
        legal_basis: text("Act 12, art. 3"),
        reason: text("Not for this purpose"),
    };
    let reply = state::request(&story.ledger, request).unwrap().reply;
    assert_eq!(reply, Some(Reply { at, on, outcome }));
    assert_eq!(state::grant(&story.ledger, GrantId(at)), None);
}

#[test]
fn a_request_for_one_answer_gives_one_access() {
    let mut story = story();
    let asked = GrantTerms { total_quota: Some(1), ..terms() };
    let once = RequestTerms { once: true, ..asking(asked.clone()) };
    let request = story.open(once).unwrap();
    let unlimited = GrantTerms { total_quota: None, ..terms() };
    let field = TermField::TotalQuota;
    assert_eq!(story.approve(request, unlimited), Err(Refusal::GrantBeyondRequest { field }));
    let grant = story.approve(request, asked).unwrap();
    let access = story.access(grant);
    story.commit(vec![access]);
    let second = story.access(grant);
    assert!(story.check(&second).is_err());
}

#[test]
fn an_unclassified_dataset_may_be_asked_for_and_is_granted_once_it_is_classified() {
    let mut story = Story::new(Params::default());
    let unclassified = Dataset { sharing: Sharing::Unclassified, ..dataset() };
    story.publish_again(unclassified).unwrap();
    let request = story.opened();
    let sharing = Sharing::Unclassified;
    assert_eq!(story.approve(request, terms()), Err(Refusal::NotShareable { sharing }));
    story.amend(dataset(), 1).unwrap();
    assert!(story.approve(request, terms()).is_ok());
}

#[test]
fn what_nobody_classified_is_named_before_anything_else_about_the_terms() {
    let mut story = Story::new(Params::default());
    let sharing = Sharing::Unclassified;
    story.publish_again(Dataset { sharing, ..dataset() }).unwrap();
    let wrong = GrantTerms { items: Items::Only([].into()), total_quota: Some(0), ..terms() };
    let grant = story.steward(Action::IssueGrant { terms: wrong });
    assert_eq!(story.check(&grant), Err(Refusal::NotShareable { sharing }));
}

#[test]
fn a_reply_is_urged_once_on_each_day_of_consensus_time() {
    let mut story = story();
    let request = story.opened();
    let first = story.urge(request).unwrap();
    assert_eq!(story.urge(request), Err(Refusal::UrgedToday { at: first }));
    let offset_minutes = Params::default().day_offset_minutes;
    let today = story.now.day(offset_minutes);
    let offset_ms = i64::from(offset_minutes) * 60_000;
    let midnight = TimeMs(((today + 1) * 86_400_000).checked_add_signed(-offset_ms).unwrap());
    story.now = TimeMs(midnight.0 - 1);
    let urging = story.officer(Action::UrgeRequest { request });
    assert_eq!(story.check(&urging), Err(Refusal::UrgedToday { at: first }));
    story.now = midnight;
    let second = story.urge(request).unwrap();
    let urged = state::request(&story.ledger, request).unwrap().urging;
    assert_eq!((urged.count, urged.last_at, urged.last_day), (2, Some(second), today + 1));
}

#[test]
fn the_reply_to_one_request_may_be_urged_on_the_day_of_another() {
    let mut story = story();
    let (one, other) = (story.opened(), story.opened());
    story.urge(one).unwrap();
    assert!(story.urge(other).is_ok());
}

#[test]
fn a_request_can_be_refused_or_taken_back_when_it_cannot_be_granted_any_more() {
    let withdrawn_code = |story: &mut Story| story.delisting(CodeList::DutyBases, "ACT-12");
    let withdrawn_dataset = |story: &mut Story| story.withdrawal();
    for end in [withdrawn_code, withdrawn_dataset] {
        let mut story = story();
        let request = story.opened();
        let record = end(&mut story);
        story.commit(vec![record]);
        assert!(story.approve(request, terms()).is_err());
        let (refusal, taken_back) = (story.refusal(request), story.taking_back(request));
        assert_eq!(story.check(&refusal), Ok(()));
        assert_eq!(story.check(&taken_back), Ok(()));
    }
    let mut story = story();
    let request = story.opened();
    story.pass_until(terms().not_after);
    assert_eq!(story.approve(request, terms()), Err(Refusal::PeriodEmpty));
    let refusal = story.refusal(request);
    assert_eq!(story.check(&refusal), Ok(()));
}

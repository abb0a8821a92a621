//! Grants that were passed on: how they stand, and what is found by the grant above them.

use comity_core::agency::KeyRole;
use comity_core::grant::GrantTerms;
use comity_core::ids::{ExchangeId, GrantId, LogIndex};
use comity_core::statement::Action;

use super::chain::{Chain, DATASET, secret, terms};
use super::listings::view_of;
use crate::view::{EntryFilter, GrantStanding, Order, View};

const PARENT: GrantId = GrantId(LogIndex(1));
const BELOW: GrantId = GrantId(LogIndex(2));

/// G1 of health.gd to tax.gd, passed on to civil.gd as G2, each used once (entries 3 and 4).
fn passed_on() -> Chain {
    let mut chain = Chain::new();
    let published = chain.publish(DATASET);
    chain.push(vec![published]);
    let onward = ["civil.gd".parse().unwrap()].into();
    let issue = Action::IssueGrant { terms: GrantTerms { onward, ..terms("tax.gd") } };
    let issued = chain.steward(issue);
    chain.push(vec![issued]);
    let action = Action::IssueOnward { parent: PARENT, terms: terms("civil.gd") };
    let record = chain.record("tax.gd", KeyRole::Steward, action);
    chain.push(vec![record]);
    let own = chain.access();
    let officer = secret("civil.gd", KeyRole::Officer);
    let mut signed = chain.attempt("LOW-INCOME");
    signed.attempt.exchange = ExchangeId([9; 16]);
    signed.attempt.grant = BELOW.into();
    signed.attempt.requester = "civil.gd".parse().unwrap();
    signed.attempt.officer = officer.public();
    signed.signature = officer.sign_attempt(&signed.attempt);
    let action = Action::RecordAccess { attempt: signed, number: 2, answer: None };
    let below = chain.record("health.gd", KeyRole::Gateway, action);
    chain.push(vec![own, below]);
    chain
}

fn entries(view: &View, grant: GrantId) -> Vec<u64> {
    let filter = EntryFilter { grant: Some(grant.into()), ..EntryFilter::default() };
    let page = view.entries(&view.snapshot(), &filter, Order::Ascending, None, 100).unwrap();
    page.found.iter().map(|place| place.index.0).collect()
}

#[test]
fn what_is_used_below_a_grant_is_found_by_both() {
    let (_dir, view) = view_of(&passed_on());
    assert_eq!(entries(&view, PARENT), [1, 2, 3, 4]);
    assert_eq!(entries(&view, BELOW), [2, 4]);
    let usage = view.snapshot().grant(PARENT).unwrap().usage;
    assert_eq!((usage.total, usage.onward), (2, 1));
}

#[test]
fn a_derived_grant_counts_only_while_the_one_above_it_does() {
    let mut chain = passed_on();
    let (_dir, view) = view_of(&chain);
    let standing = |view: &View| view.snapshot().grant(BELOW).unwrap().standing;
    assert_eq!(standing(&view), GrantStanding::InForce);
    let reason = "under review".parse().unwrap();
    let record = chain.steward(Action::SuspendGrant { grant: PARENT, reason });
    view.apply(chain.push(vec![record]));
    view.settle().unwrap();
    assert_eq!(standing(&view), GrantStanding::ParentNotInForce);
}

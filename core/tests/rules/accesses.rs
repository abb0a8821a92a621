//! Attempts: every rule that refuses one, the bounds of a grant, its quotas, and what wins when
//! an access and a revocation meet in one block.

use comity_core::access::{AccessRefusal, Attempt, SignedAttempt};
use comity_core::agency::KeyRole;
use comity_core::binding::Bearers;
use comity_core::dataset::{Dataset, DeliveryMode, Items, Sharing};
use comity_core::genesis::Params;
use comity_core::grant::GrantTerms;
use comity_core::ids::{GrantId, LogIndex, TimeMs};
use comity_core::refusal::Refusal;
use comity_core::state;
use comity_core::statement::{Action, MAX_VALIDITY_MS, VerifiedRecord};

use crate::bindings::{because, derived, wide};
use crate::governance::{VILLAGE, removal};
use crate::late;
use crate::membership::hosted_provider;
use crate::source::{assert_complete, parts, variant};
use crate::story::{
    CIVIL, FINANCE, HEALTH, HOUR_MS, START, Story, dataset, new_key, secret, signed_by,
    signed_by_officer, terms, text,
};
use crate::task_forces;
use crate::urgent::ATTEMPTS;

const SOURCE: &str = include_str!("../../src/access.rs");

/// An attempt that is refused, and by what. The grant is `GRANT`.
type Case = fn(&mut Story) -> (SignedAttempt, AccessRefusal);

const GRANT: GrantId = GrantId(LogIndex(1));

const CASES: &[Case] = &[
    |story| {
        let key = new_key(1);
        let attempt = Attempt { officer: key.public(), ..story.attempt(GRANT) };
        (signed_by(&key, attempt), AccessRefusal::OfficerUnknown)
    },
    |story| {
        let key = secret(FINANCE, KeyRole::Steward);
        let attempt = Attempt { officer: key.public(), ..story.attempt(GRANT) };
        (signed_by(&key, attempt), AccessRefusal::NotAnOfficer)
    },
    |story| {
        let key = secret(HEALTH, KeyRole::Officer);
        let attempt = Attempt { officer: key.public(), ..story.attempt(GRANT) };
        (signed_by(&key, attempt), AccessRefusal::NotAnOfficer)
    },
    |story| {
        let revocation = story.revoke_key(FINANCE, &secret(FINANCE, KeyRole::Officer));
        let at = story.commit(vec![revocation]);
        (signed_by_officer(story.attempt(GRANT)), AccessRefusal::OfficerRevoked { at })
    },
    |story| {
        let (key, until) = (new_key(1), story.now.plus(60_000));
        let registration = story.register(FINANCE, KeyRole::Officer, &key, Some(until));
        story.commit(vec![registration]);
        let attempt = Attempt { officer: key.public(), ..story.attempt(GRANT) };
        story.now = until;
        (signed_by(&key, attempt), AccessRefusal::OfficerExpired { until })
    },
    |story| {
        let until = TimeMs(story.now.0 - 1);
        let attempt = Attempt { valid_until: until, ..story.attempt(GRANT) };
        (signed_by_officer(attempt), AccessRefusal::AttemptExpired { until })
    },
    |story| {
        let until = story.now.plus(MAX_VALIDITY_MS + 1);
        let attempt = Attempt { valid_until: until, ..story.attempt(GRANT) };
        (signed_by_officer(attempt), AccessRefusal::AttemptTooLong)
    },
    |story| {
        let first = story.attempt(GRANT);
        let access = story.access_of(&signed_by_officer(first.clone()));
        story.commit(vec![access]);
        let again = Attempt { exchange: first.exchange, ..story.attempt(GRANT) };
        (signed_by_officer(again), AccessRefusal::ExchangeUsed)
    },
    |story| {
        let grant = GrantId(LogIndex(0));
        (signed_by_officer(story.attempt(grant)), AccessRefusal::NoSuchGrant { grant })
    },
    |story| {
        let elsewhere = "civil.gd/marriages".parse().unwrap();
        let attempt = Attempt { dataset: elsewhere, ..story.attempt(GRANT) };
        let dataset = terms().dataset;
        (signed_by_officer(attempt), AccessRefusal::OtherDataset { dataset })
    },
    |story| {
        let key = secret(HEALTH, KeyRole::Officer);
        let requester = HEALTH.parse().unwrap();
        let attempt = Attempt { officer: key.public(), requester, ..story.attempt(GRANT) };
        let requester = FINANCE.parse().unwrap();
        (signed_by(&key, attempt), AccessRefusal::OtherRequester { requester })
    },
    |story| {
        let revocation = story.revoke_grant(GRANT);
        let at = story.commit(vec![revocation]);
        (signed_by_officer(story.attempt(GRANT)), AccessRefusal::GrantRevoked { at })
    },
    |story| {
        let from = story.now.plus(HOUR_MS);
        let grant = story.issue(GrantTerms { not_before: from, ..terms() });
        (signed_by_officer(story.attempt(grant)), AccessRefusal::GrantNotYetInForce { from })
    },
    |story| {
        let until = terms().not_after;
        story.now = until;
        (signed_by_officer(story.attempt(GRANT)), AccessRefusal::GrantExpired { until })
    },
    |story| {
        let matter = "HOUSING".parse().unwrap();
        let attempt = Attempt { matter: "HOUSING".parse().unwrap(), ..story.attempt(GRANT) };
        (signed_by_officer(attempt), AccessRefusal::MatterNotCovered { matter })
    },
    |story| {
        let items = Items::Only(["income", "address"].map(|i| i.parse().unwrap()).into());
        let attempt = Attempt { items, ..story.attempt(GRANT) };
        let item = "address".parse().unwrap();
        (signed_by_officer(attempt), AccessRefusal::ItemNotCovered { item })
    },
    |story| {
        let attempt = Attempt { items: Items::All, ..story.attempt(GRANT) };
        (signed_by_officer(attempt), AccessRefusal::WholeNotCovered)
    },
    |story| {
        let attempt = Attempt { mode: DeliveryMode::Verify, ..story.attempt(GRANT) };
        (signed_by_officer(attempt), AccessRefusal::ModeNotCovered)
    },
    |story| {
        let grant = story.issue(GrantTerms { total_quota: Some(1), ..terms() });
        let access = story.access(grant);
        story.commit(vec![access]);
        (signed_by_officer(story.attempt(grant)), AccessRefusal::QuotaUsed { limit: 1 })
    },
    |story| {
        let grant = story.issue(GrantTerms { daily_quota: Some(1), ..terms() });
        let access = story.access(grant);
        story.commit(vec![access]);
        (signed_by_officer(story.attempt(grant)), AccessRefusal::DailyQuotaUsed { limit: 1 })
    },
    |story| {
        let pause = story.pause_grant(GRANT);
        let at = story.commit(vec![pause]);
        (signed_by_officer(story.attempt(GRANT)), AccessRefusal::GrantSuspended { at })
    },
    |story| {
        let pause = story.pause();
        let at = story.commit(vec![pause]);
        (signed_by_officer(story.attempt(GRANT)), AccessRefusal::DatasetSuspended { at })
    },
    |story| {
        let withdrawal = story.withdrawal();
        let at = story.commit(vec![withdrawal]);
        (signed_by_officer(story.attempt(GRANT)), AccessRefusal::DatasetWithdrawn { at })
    },
    |story| {
        let basis = text("Act 5");
        let sharing = Sharing::NotShared;
        story.amend(Dataset { sharing, conditions: basis, ..dataset() }, 1).unwrap();
        (signed_by_officer(story.attempt(GRANT)), AccessRefusal::DatasetNotShared { sharing })
    },
    |story| {
        // A grant of the whole gives what the dataset lists, and nothing that it does not.
        let grant = story.issue(GrantTerms { items: Items::All, ..terms() });
        let items = Items::Only(["religion".parse().unwrap()].into());
        let attempt = Attempt { items, ..story.attempt(grant) };
        let item = "religion".parse().unwrap();
        (signed_by_officer(attempt), AccessRefusal::ItemNotListed { item })
    },
    |story| {
        let modes = [DeliveryMode::Verify].into();
        story.amend(Dataset { modes, ..dataset() }, 1).unwrap();
        (signed_by_officer(story.attempt(GRANT)), AccessRefusal::ModeNoLongerOffered)
    },
    |story| {
        let at = story.pass(removal(FINANCE));
        (signed_by_officer(story.attempt(GRANT)), AccessRefusal::RequesterLeft { at })
    },
    |story| {
        let until = story.now.plus(60_000);
        let standing = story.hosting(until);
        story.pass(story.admission(VILLAGE, standing));
        let key = secret(VILLAGE, KeyRole::Officer);
        let mut attempt = story.attempt(GRANT);
        (attempt.requester, attempt.officer) = (VILLAGE.parse().unwrap(), key.public());
        story.now = until;
        (signed_by(&key, attempt), AccessRefusal::RequesterHostingOver { until })
    },
];

/// Attempts that are refused because of what binds the grant.
const BOUND: &[Case] = &[
    |story| {
        let officers = Bearers::Posts([text("Desk 7")].into());
        let grant = story.issue(GrantTerms { officers, ..terms() });
        (signed_by_officer(story.attempt(grant)), AccessRefusal::OfficerNotNamed)
    },
    |story| {
        let (parent, below) = story.passed_on(wide(), derived());
        let pause = story.pause_grant(parent);
        story.commit(vec![pause]);
        (story.attempt_below(below), because(parent, "grant-suspended"))
    },
];

/// Attempts that are refused because of the provider: nobody can record them, allowed or denied.
const PROVIDERS: &[Case] = &[
    |story| {
        let at = story.pass(removal(CIVIL));
        (signed_by_officer(story.attempt(GRANT)), AccessRefusal::ProviderLeft { at })
    },
    |story| {
        let until = story.now.plus(60_000);
        let grant = hosted_provider(story, until);
        let mut attempt = story.attempt(grant);
        attempt.dataset = state::grant(&story.ledger, grant).unwrap().terms.dataset;
        story.now = until;
        (signed_by_officer(attempt), AccessRefusal::ProviderHostingOver { until })
    },
];

fn played(case: &Case) -> (Story, SignedAttempt, AccessRefusal) {
    let (mut story, grant) = Story::with_grant(terms());
    assert_eq!(grant, GRANT);
    let (attempt, refusal) = case(&mut story);
    (story, attempt, refusal)
}

#[test]
fn each_rule_refuses_the_access_and_makes_a_denial_due() {
    for case in CASES.iter().chain(BOUND).chain(ATTEMPTS).chain(task_forces::ATTEMPTS) {
        let (mut story, attempt, refusal) = played(case);
        let evaluated = story.ledger.evaluate(&attempt.attempt, story.now);
        assert_eq!(evaluated, Err(refusal.clone()));
        let access = story.access_of(&attempt);
        assert_eq!(story.check(&access), Err(Refusal::Access(refusal.clone())));
        let denial = story.denial_of(&attempt, refusal.clone());
        assert_eq!(story.check(&denial), Ok(()), "{refusal:?}");
    }
}

#[test]
fn what_no_provider_can_record_is_not_allowed_either() {
    for case in PROVIDERS {
        let (mut story, attempt, refusal) = played(case);
        assert_eq!(story.ledger.evaluate(&attempt.attempt, story.now), Err(refusal.clone()));
        let provider = attempt.attempt.dataset.agency.as_str().to_owned();
        let records = [story.recording(&attempt), story.denying(&attempt, refusal)];
        for action in records {
            let record = story.record(&provider, KeyRole::Gateway, action);
            let refused = story.check(&record).unwrap_err();
            assert!(["agency-left", "hosting-over"].contains(&refused.rule()), "{refused}");
        }
    }
}

#[test]
fn no_rule_of_evaluation_is_without_a_case() {
    let tried = CASES
        .iter()
        .chain(BOUND)
        .chain(ATTEMPTS)
        .chain(task_forces::ATTEMPTS)
        .chain(PROVIDERS)
        .map(|case| variant(&played(case).2));
    let tried = tried.chain(late::stood_against().map(|refusal| variant(&refusal)));
    assert_complete(&parts(SOURCE, "pub enum AccessRefusal"), tried);
}

#[test]
fn a_denial_by_another_rule_than_the_due_one_is_refused() {
    let named: Vec<AccessRefusal> = CASES.iter().map(|case| played(case).2).collect();
    for case in CASES {
        let (mut story, attempt, due) = played(case);
        for other in named.iter().filter(|other| **other != due) {
            let denial = story.denial_of(&attempt, other.clone());
            assert_eq!(story.check(&denial), Err(Refusal::DenialMismatch { due: due.clone() }));
        }
    }
}

#[test]
fn a_denial_by_the_due_rule_with_something_else_found_is_refused() {
    let (mut story, grant) = Story::with_grant(terms());
    let revocation = story.revoke_grant(grant);
    let at = story.commit(vec![revocation]);
    let attempt = signed_by_officer(story.attempt(grant));
    let elsewhere = AccessRefusal::GrantRevoked { at: LogIndex(at.0 + 1) };
    let denial = story.denial_of(&attempt, elsewhere);
    let due = AccessRefusal::GrantRevoked { at };
    assert_eq!(story.check(&denial), Err(Refusal::DenialMismatch { due }));
}

#[test]
fn a_denial_of_what_is_allowed_is_refused_whatever_rule_it_names() {
    for case in CASES {
        let named = played(case).2;
        let (mut story, grant) = Story::with_grant(terms());
        let attempt = signed_by_officer(story.attempt(grant));
        let denial = story.denial_of(&attempt, named);
        assert_eq!(story.check(&denial), Err(Refusal::DenialNotDue));
    }
}

#[test]
fn a_denial_uses_up_neither_the_exchange_nor_the_quota() {
    let (mut story, grant) = Story::with_grant(GrantTerms { total_quota: Some(1), ..terms() });
    let attempt = story.attempt(grant);
    let wrong = Attempt { mode: DeliveryMode::Verify, ..attempt.clone() };
    let denial = story.denial_of(&signed_by_officer(wrong), AccessRefusal::ModeNotCovered);
    let access = story.access_of(&signed_by_officer(attempt));
    story.commit(vec![denial, access]);
    assert_eq!(state::usage(&story.ledger, grant).total, 1);
}

#[test]
fn a_grant_is_in_force_from_its_first_moment_until_just_before_its_last() {
    let (from, until) = (START.plus(HOUR_MS), START.plus(2 * HOUR_MS));
    let terms = GrantTerms { not_before: from, not_after: until, ..terms() };
    let (mut story, grant) = Story::with_grant(terms);
    let attempt = Attempt { valid_until: until.plus(HOUR_MS), ..story.attempt(grant) };
    let judged = |time| story.ledger.evaluate(&attempt, time).map(drop);
    let too_early = Err(AccessRefusal::GrantNotYetInForce { from });
    assert_eq!(judged(TimeMs(from.0 - 1)), too_early);
    assert_eq!(judged(from), Ok(()));
    assert_eq!(judged(TimeMs(until.0 - 1)), Ok(()));
    assert_eq!(judged(until), Err(AccessRefusal::GrantExpired { until }));
}

#[test]
fn an_attempt_may_be_acted_on_up_to_its_last_millisecond() {
    let (mut story, grant) = Story::with_grant(terms());
    let attempt = story.attempt(grant);
    let until = attempt.valid_until;
    assert!(story.ledger.evaluate(&attempt, until).is_ok());
    let expired = Err(AccessRefusal::AttemptExpired { until });
    assert_eq!(story.ledger.evaluate(&attempt, until.plus(1)), expired);
    let longest = Attempt { valid_until: story.now.plus(MAX_VALIDITY_MS), ..attempt };
    assert!(story.ledger.evaluate(&longest, story.now).is_ok());
}

#[test]
fn an_exchange_is_used_once_even_within_one_block_and_under_another_grant() {
    let (mut story, grant) = Story::with_grant(terms());
    let other = story.issue(terms());
    let attempt = story.attempt(grant);
    let first = story.access_of(&signed_by_officer(attempt.clone()));
    let second = story.access_of(&signed_by_officer(Attempt { grant: other.into(), ..attempt }));
    let built = story.build(vec![first, second.clone()]);
    let refusal = Refusal::Access(AccessRefusal::ExchangeUsed);
    assert_eq!(built.refused, [(second.leaf(), refusal)]);
}

#[test]
fn a_quota_is_exact_whatever_the_order_in_the_block() {
    let quota = GrantTerms { total_quota: Some(3), ..terms() };
    let (mut story, grant) = Story::with_grant(quota);
    let unlimited = story.issue(terms());
    let accesses: Vec<VerifiedRecord> = (0..5).map(|_| story.access(grant)).collect();
    let others: Vec<VerifiedRecord> = (0..2).map(|_| story.access(unlimited)).collect();
    for order in orders(5) {
        let mut records: Vec<_> = order.iter().map(|at| accesses[*at].clone()).collect();
        records.insert(1, others[0].clone());
        records.push(others[1].clone());
        let built = story.build(records);
        let late = order[3..].iter().map(|at| {
            let refusal = AccessRefusal::QuotaUsed { limit: 3 };
            (accesses[*at].leaf(), Refusal::Access(refusal))
        });
        assert_eq!(built.refused, late.collect::<Vec<_>>());
        assert_eq!(built.executed.records.len(), 5);
    }
}

/// Every order of `0..count`.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(count - 1);
    let insert = |order: &Vec<usize>, place| {
        let mut longer = order.clone();
        longer.insert(place, count - 1);
        longer
    };
    shorter.iter().flat_map(|order| (0..count).map(|place| insert(order, place))).collect()
}

#[test]
fn a_quota_is_exact_across_blocks() {
    let (mut story, grant) = Story::with_grant(GrantTerms { total_quota: Some(4), ..terms() });
    for _ in 0..2 {
        let accesses = vec![story.access(grant), story.access(grant)];
        story.commit(accesses);
    }
    let fifth = story.access(grant);
    let used = Err(Refusal::Access(AccessRefusal::QuotaUsed { limit: 4 }));
    assert_eq!(story.check(&fifth), used);
    assert_eq!(state::usage(&story.ledger, grant).total, 4);
}

#[test]
fn a_daily_quota_begins_anew_at_local_midnight() {
    for offset_minutes in [480, 0, -300] {
        let params = Params { day_offset_minutes: offset_minutes, ..Params::default() };
        let mut story = Story::new(params);
        story.publish();
        let grant = story.issue(GrantTerms { daily_quota: Some(2), ..terms() });
        let offset_ms = i64::from(offset_minutes) * 60_000;
        let today = story.now.day(offset_minutes);
        let midnight = TimeMs(((today + 1) * 86_400_000).checked_add_signed(-offset_ms).unwrap());
        let accesses = vec![story.access(grant), story.access(grant)];
        story.commit(accesses);
        story.now = TimeMs(midnight.0 - 1);
        let late = story.access(grant);
        let used = Err(Refusal::Access(AccessRefusal::DailyQuotaUsed { limit: 2 }));
        assert_eq!(story.check(&late), used, "{offset_minutes}: a moment before midnight");
        story.now = midnight;
        let accesses = vec![story.access(grant), story.access(grant)];
        let third = story.access(grant);
        story.commit(accesses);
        assert_eq!(story.check(&third), used, "{offset_minutes}: the new day has two as well");
    }
}

#[test]
fn both_quotas_count_and_the_total_is_named_first() {
    let quotas = GrantTerms { total_quota: Some(1), daily_quota: Some(1), ..terms() };
    let (mut story, grant) = Story::with_grant(quotas);
    let access = story.access(grant);
    story.commit(vec![access]);
    let attempt = story.attempt(grant);
    let used = Err(AccessRefusal::QuotaUsed { limit: 1 });
    assert_eq!(story.ledger.evaluate(&attempt, story.now), used);
}

#[test]
fn a_revocation_earlier_in_the_block_wins_over_the_access() {
    let (mut story, grant) = Story::with_grant(terms());
    let access = story.access(grant);
    let grant_goes = story.revoke_grant(grant);
    let officer_goes = story.revoke_key(FINANCE, &secret(FINANCE, KeyRole::Officer));
    let gateway_goes = story.revoke_key(CIVIL, &secret(CIVIL, KeyRole::Gateway));
    let at = LogIndex(story.ledger.log().size());
    let cases = [
        (grant_goes, Refusal::Access(AccessRefusal::GrantRevoked { at })),
        (officer_goes, Refusal::Access(AccessRefusal::OfficerRevoked { at })),
        (gateway_goes, Refusal::SignerRevoked { at }),
    ];
    for (revocation, refusal) in cases {
        let after = story.build(vec![revocation.clone(), access.clone()]);
        assert_eq!(after.refused, [(access.leaf(), refusal)]);
        let before = story.build(vec![access.clone(), revocation]);
        assert!(before.refused.is_empty(), "what was ordered before a revocation stands");
    }
}

#[test]
fn a_grant_issued_in_a_block_covers_the_next_record_of_it() {
    let mut story = Story::new(Params::default());
    story.publish();
    let issue = story.steward(Action::IssueGrant { terms: terms() });
    let access = story.access(GrantId(LogIndex(1)));
    story.commit(vec![issue, access]);
}

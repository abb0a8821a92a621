//! Quotas, whatever the order in a block: what fits is the same, and never more than there is room for.
//! Holds: each failure names its seed.

use std::collections::BTreeMap;

use comity_core::agency::KeyRole;
use comity_core::batch::Batch;
use comity_core::genesis::Params;
use comity_core::grant::{GrantTerms, Usage};
use comity_core::hash::BatchRoot;
use comity_core::ids::{GrantId, LogIndex};
use comity_core::ledger::{Built, TreeState};
use comity_core::refusal::Refusal;
use comity_core::state;
use comity_core::statement::{Action, VerifiedRecord};

use crate::bindings::{derived, wide};
use crate::chance::Chance;
use crate::story::{FINANCE, HEALTH, Story, secret, signed_by, terms};
use crate::task_forces::for_force;
use crate::teller::told;

/// Orders in which each block's records are tried.
const ORDERS: usize = 8;
/// More accesses than anybody here grants.
const MANY: u64 = 1_000_000;

/// Quotas of a grant, as the story's own list has them.
#[derive(Clone, Copy)]
struct Limits {
    total: Option<u64>,
    daily: Option<u64>,
    parent: Option<GrantId>,
}

impl Limits {
    fn of(story: &Story, grant: GrantId) -> Limits {
        let granted = story.granted(grant);
        let GrantTerms { total_quota: total, daily_quota: daily, .. } = granted.terms;
        Limits { total, daily, parent: granted.parent }
    }

    /// How many more accesses fit, of which so many were before, so many of those today.
    fn room(&self, used: u64, today: u64) -> u64 {
        let total = self.total.map_or(MANY, |limit| limit.saturating_sub(used));
        let daily = self.daily.map_or(MANY, |limit| limit.saturating_sub(today));
        total.min(daily)
    }
}

/// Some grants, top ones and derived ones, on which some accesses were before, today or earlier.
struct Scene {
    story: Story,
    grants: BTreeMap<GrantId, Limits>,
}

impl Scene {
    fn new(chance: &mut Chance) -> Scene {
        let (mut story, _) = Story::with_grant(terms());
        let mut grants = Vec::new();
        for _ in 0..3 {
            let parent = story.issue(with_quotas(wide(), chance, 40));
            grants.push(parent);
            for _ in 0..chance.below(3) {
                let granted = story.granted(parent).terms;
                let most = GrantTerms {
                    total_quota: granted.total_quota,
                    daily_quota: granted.daily_quota,
                    ..derived()
                };
                let below = with_quotas(most.clone(), chance, 20);
                let fits = below.beyond(&granted.passed_on_to(&most.requester)).is_none();
                let record = story.passing_on(parent, if fits { below } else { most });
                grants.push(GrantId(story.commit(vec![record])));
            }
        }
        for _ in 0..2 {
            let earlier = some_accesses(&mut story, &grants, chance, 4);
            let built = story.build(earlier);
            story.take(built.block, &built.executed);
            let pause = [1, 86_400_000];
            story.now = story.now.plus(*chance.pick(&pause));
        }
        let limits = grants.iter().map(|id| (*id, Limits::of(&story, *id))).collect();
        Scene { story, grants: limits }
    }

    /// How many accesses there were before, under this grant and below it, and how many today.
    fn before(&self, grant: GrantId) -> (u64, u64) {
        let used = state::usage(&self.story.ledger, grant);
        let today = self.story.now.day(Params::default().day_offset_minutes);
        (used.total, if used.day == today { used.on_day } else { 0 })
    }

    fn room(&self, grant: GrantId) -> u64 {
        let (used, today) = self.before(grant);
        self.grants[&grant].room(used, today)
    }

    /// The usage of every grant after a block.
    fn after(&self, built: &Built) -> Vec<Usage> {
        let state = TreeState(built.executed.state());
        self.grants.keys().map(|grant| state::usage(&state, *grant)).collect()
    }

    /// That a block keeps every quota, counted from its records alone.
    fn assert_within(&self, built: &Built, place: &str) {
        let mut charged = BTreeMap::<GrantId, u64>::new();
        for record in &built.executed.records {
            let (grant, count) = charge(record);
            for grant in [Some(grant), self.grants[&grant].parent].into_iter().flatten() {
                *charged.entry(grant).or_default() += count;
            }
        }
        for (grant, limits) in &self.grants {
            let (used, today) = self.before(*grant);
            let count = charged.get(grant).copied().unwrap_or_default();
            assert!(count <= limits.room(used, today), "{place}: {grant}");
            let after = state::usage(&TreeState(built.executed.state()), *grant);
            assert_eq!(after.total, used + count, "{place}: {grant}");
            assert!(count == 0 || after.on_day == today + count, "{place}: {grant}");
        }
    }
}

fn with_quotas(terms: GrantTerms, chance: &mut Chance, most: u64) -> GrantTerms {
    let quota = |chance: &mut Chance| match chance.below(4) {
        0 => None,
        _ => Some(1 + chance.next() % most),
    };
    GrantTerms { total_quota: quota(chance), daily_quota: quota(chance), ..terms }
}

/// Accesses under each of these grants, now and then many in one.
fn some_accesses(
    story: &mut Story,
    grants: &[GrantId],
    chance: &mut Chance,
    batch_one_in: usize,
) -> Vec<VerifiedRecord> {
    let mut records = Vec::new();
    for grant in grants {
        for _ in 0..chance.below(9) {
            let count = if chance.below(batch_one_in) == 0 { 2 + chance.below(3) } else { 1 };
            records.push(access(story, *grant, u32::try_from(count).unwrap()));
        }
    }
    records
}

/// An access by whoever may, standing for so many.
fn access(story: &mut Story, grant: GrantId, count: u32) -> VerifiedRecord {
    let member = if story.granted(grant).parent.is_some() { HEALTH } else { FINANCE };
    let officer = secret(member, KeyRole::Officer);
    let mut attempt = story.attempt(grant);
    (attempt.requester, attempt.officer) = (member.parse().unwrap(), officer.public());
    attempt.dataset = story.granted(grant).terms.dataset;
    attempt.batch = (count > 1).then_some(Batch { count, root: BatchRoot([1; 32]) });
    story.access_of(&signed_by(&officer, attempt))
}

/// What an access is charged to, and as how many.
fn charge(record: &VerifiedRecord) -> (GrantId, u64) {
    let Action::RecordAccess { attempt, .. } = &record.statement().action else {
        panic!("an access")
    };
    (attempt.attempt.grant.grant().unwrap(), attempt.attempt.count())
}

#[test]
fn what_was_accepted_in_one_order_is_accepted_in_every_order() {
    let (mut accepted, mut refused) = (0, 0);
    for seed in 0..30 {
        let mut chance = Chance(seed);
        let mut scene = Scene::new(&mut chance);
        let grants: Vec<_> = scene.grants.keys().copied().collect();
        let candidates = some_accesses(&mut scene.story, &grants, &mut chance, 4);
        let built = scene.story.build(candidates);
        scene.assert_within(&built, &format!("seed {seed}"));
        let after = scene.after(&built);
        let mut records = built.executed.records.clone();
        for order in 0..ORDERS {
            chance.shuffle(&mut records);
            let again = scene.story.build(records.clone());
            assert_eq!(again.refused, [], "seed {seed}, order {order}");
            assert_eq!(scene.after(&again), after, "seed {seed}, order {order}");
        }
        accepted += records.len();
        refused += built.refused.len();
    }
    assert!(accepted > 100 && refused > 100, "{accepted} accepted, {refused} refused");
}

#[test]
fn as_many_accesses_fit_in_every_order_as_there_is_room_for() {
    let mut families = 0;
    for seed in 100..130 {
        let mut chance = Chance(seed);
        let mut scene = Scene::new(&mut chance);
        let grants: Vec<_> = scene.grants.keys().copied().collect();
        // One by one: a batch goes through whole or not at all, and may not fit where two others do.
        let mut candidates = some_accesses(&mut scene.story, &grants, &mut chance, usize::MAX);
        let asked = |grant: GrantId| {
            candidates.iter().filter(|record| charge(record).0 == grant).count() as u64
        };
        // Of a family no more than the top has room for, nor of each than it has itself.
        let tops = grants.iter().filter(|grant| scene.grants[grant].parent.is_none());
        let expected: BTreeMap<GrantId, u64> = tops
            .map(|top| {
                let below = grants.iter().filter(|grant| scene.grants[grant].parent == Some(*top));
                let below = below.map(|grant| asked(*grant).min(scene.room(*grant)));
                (*top, (asked(*top) + below.sum::<u64>()).min(scene.room(*top)))
            })
            .collect();
        for order in 0..ORDERS {
            let place = format!("seed {seed}, order {order}");
            chance.shuffle(&mut candidates);
            let built = scene.story.build(candidates.clone());
            scene.assert_within(&built, &place);
            let mut found: BTreeMap<GrantId, u64> = expected.keys().map(|top| (*top, 0)).collect();
            for record in &built.executed.records {
                let (grant, count) = charge(record);
                let top = scene.grants[&grant].parent.unwrap_or(grant);
                *found.entry(top).or_default() += count;
            }
            assert_eq!(found, expected, "{place}");
            let only = |refusal: &Refusal| matches!(refusal.rule(), QUOTA | DAILY | ABOVE);
            assert!(built.refused.iter().all(|(_, refusal)| only(refusal)), "{place}");
        }
        families += expected.len();
    }
    assert!(families > 80, "{families} families");
}

const QUOTA: &str = "quota-used";
const DAILY: &str = "daily-quota-used";
const ABOVE: &str = "parent-not-in-force";

#[test]
fn the_accesses_of_a_block_in_any_history_fit_in_every_order() {
    let mut tried = 0;
    for seed in 200..212 {
        let mut teller = told(seed, 30);
        let story = &mut teller.story;
        let granted = (0..story.ledger.log().size()).map(|at| GrantId(LogIndex(at)));
        let granted: Vec<_> =
            granted.filter(|id| state::grant(&story.ledger, *id).is_some()).collect();
        // The last ones are those that are still in force.
        let recent = &granted[granted.len().saturating_sub(8)..];
        if recent.is_empty() {
            continue;
        }
        let mut chance = Chance(seed);
        let candidates: Vec<_> = (0..24)
            .map(|_| {
                let count = if chance.below(6) == 0 { 2 } else { 1 };
                access(story, *chance.pick(recent), count)
            })
            .collect();
        let built = story.build(candidates);
        let usage = |built: &Built| -> Vec<Usage> {
            let state = TreeState(built.executed.state());
            granted.iter().map(|grant| state::usage(&state, *grant)).collect()
        };
        let mut records = built.executed.records.clone();
        for order in 0..ORDERS {
            chance.shuffle(&mut records);
            let again = story.build(records.clone());
            assert_eq!(again.refused, [], "seed {seed}, order {order}");
            assert_eq!(usage(&again), usage(&built), "seed {seed}, order {order}");
        }
        tried += records.len();
    }
    assert!(tried > 12, "{tried} accesses");
}

#[test]
fn what_members_used_is_the_same_in_every_order_and_never_more_than_the_grant_allows() {
    let mut used_up = 0;
    for seed in 300..330 {
        let mut chance = Chance(seed);
        let (mut story, _) = Story::with_grant(terms());
        let force = story.joined();
        let quota = 1 + chance.next() % 9;
        let grant = story.issue(GrantTerms { total_quota: Some(quota), ..for_force(force) });
        let members = [FINANCE, HEALTH];
        let mut candidates: Vec<_> = (0..10)
            .map(|_| story.access_in(force, grant, members[chance.below(members.len())]))
            .collect();
        for order in 0..ORDERS {
            chance.shuffle(&mut candidates);
            let built = story.build(candidates.clone());
            let state = TreeState(built.executed.state());
            let used = |member: &str| {
                let fits = |record: &&VerifiedRecord| {
                    let attempt = record.statement().action.attempt().unwrap();
                    attempt.attempt.requester.as_str() == member
                };
                let counted = built.executed.records.iter().filter(fits).count() as u64;
                let kept = state::member_usage(&state, grant, &member.parse().unwrap());
                assert_eq!(kept.total, counted, "seed {seed}, order {order}: {member}");
                counted
            };
            let together: u64 = members.iter().map(|member| used(member)).sum();
            assert_eq!(together, quota.min(10), "seed {seed}, order {order}");
            used_up += built.refused.len();
        }
    }
    assert!(used_up > 100, "{used_up} refused");
}

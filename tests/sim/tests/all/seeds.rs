//! Whole runs: the same seed is the same run, and no run breaks an invariant.

use std::collections::BTreeSet;

use comity_sim::plan::{Odd, Plan};
use comity_sim::world::{Outcome, Telling, World};

fn run(seed: u64, nodes: usize) -> Outcome {
    match World::new(Plan::of(seed, nodes), Telling::Silent).run() {
        Ok(outcome) => outcome,
        Err(violation) => panic!(
            "seed {seed}: {violation}\nreplay: cargo run --release -p comity-sim -- --seeds {seed} \
             --nodes {nodes} --trace"
        ),
    }
}

/// Runs a plan that was bent to have this one fault.
fn run_with(seed: u64, bend: impl Fn(&mut Plan)) -> Outcome {
    let mut plan = Plan::of(seed, 4);
    bend(&mut plan);
    match World::new(plan.clone(), Telling::Silent).run() {
        Ok(outcome) => outcome,
        Err(violation) => panic!("{plan:?}: {violation}"),
    }
}

/// What the clients do in one run or another.
const KINDS: [&str; 18] = [
    "register-key",
    "publish-dataset",
    "issue-grant",
    "revoke-grant",
    "record-access",
    "amend-dataset",
    "withdraw-dataset",
    "suspend-dataset",
    "resume-dataset",
    "suspend-grant",
    "resume-grant",
    "open-request",
    "approve-request",
    "refuse-request",
    "withdraw-request",
    "urge-request",
    "publish-codes",
    "withdraw-code",
];

#[test]
fn same_seed_is_the_same_run() {
    for seed in [1, 2, 3] {
        assert_eq!(run(seed, 4), run(seed, 4), "seed {seed}");
    }
}

#[test]
fn different_seeds_are_different_runs() {
    let traces: BTreeSet<u64> = (0..6).map(|seed| run(seed, 4).trace).collect();
    assert_eq!(traces.len(), 6);
}

#[test]
fn four_nodes_keep_every_invariant_through_crashes_and_a_bad_network() {
    let (mut crashes, mut records, mut kinds) = (0, 0, BTreeSet::new());
    for seed in 0..24 {
        let outcome = run(seed, 4);
        crashes += outcome.crashes;
        records += outcome.records;
        kinds.extend(outcome.kinds);
    }
    let missing: Vec<_> = KINDS.iter().filter(|kind| !kinds.contains(*kind)).collect();
    assert!(missing.is_empty(), "nobody did {missing:?}");
    assert!(crashes > 50 && records > 500, "{crashes} crashes, {records} records: too calm");
}

#[test]
fn seven_nodes_keep_every_invariant_through_crashes_and_a_bad_network() {
    let crashes: u64 = (100..106).map(|seed| run(seed, 7).crashes).sum();
    assert!(crashes > 10, "{crashes} crashes: too calm");
}

#[test]
fn liar_among_four_harms_nobody_and_is_named() {
    let outcomes = (200..208).map(|seed| run_with(seed, |plan| plan.odd = Odd::Liar));
    let reports: u64 = outcomes.map(|outcome| outcome.reports).sum();
    assert!(reports > 8, "{reports} reports: it hardly lied");
}

#[test]
fn node_that_lost_its_disk_never_signs_against_what_it_signed_before() {
    let outcomes = (300..308).map(|seed| {
        run_with(seed, |plan| {
            plan.odd = Odd::Forgetful;
            (plan.blackouts, plan.split_every_ms) = (false, None);
            plan.crash_every_ms = Some(4_000);
        })
    });
    let losses: u64 = outcomes.map(|outcome| outcome.losses).sum();
    assert!(losses > 8, "{losses} disks lost: too few to tell");
}

#[test]
fn node_whose_clock_is_far_off_keeps_up_and_moves_nobodys_time() {
    for (seed, ahead_ms) in (400..).zip([-3_600_000, -40_000, -11_000, 13_000, 40_000, 3_600_000]) {
        run_with(seed, |plan| plan.odd = Odd::Clock { ahead_ms });
    }
}

#[test]
fn network_in_two_parts_never_makes_two_logs() {
    for seed in 500..508 {
        run_with(seed, |plan| {
            plan.odd = Odd::Nobody;
            plan.split_every_ms = Some(2_000);
        });
    }
}

//! Whole runs: the same seed is the same run, no run breaks an invariant, and every family of
//! faults really happens in them.
//!
//! The sets are of CI size. `comity-sim --full` runs 20,000 seeds; docs/resilience.md says what
//! came of it.

use std::collections::BTreeSet;

use comity_sim::family::{Family, Tally};
use comity_sim::plan::Plan;
use comity_sim::world::{Outcome, Telling, World};

/// Runs a plan. Panics with the command that replays it.
#[track_caller]
fn run(plan: Plan, only: Option<Family>) -> Outcome {
    let (seed, nodes) = (plan.seed, plan.nodes);
    match World::new(plan, Telling::Silent).run() {
        Ok(outcome) => outcome,
        Err(violation) => {
            let only = only.map(|family| format!(" --family {}", family.name()));
            panic!(
                "{violation}\nreplay: cargo run --release -p comity-sim -- --seeds {seed} --nodes \
                 {nodes}{} --trace",
                only.unwrap_or_default()
            )
        }
    }
}

fn mixture(seed: u64, nodes: usize) -> Outcome {
    run(Plan::of(seed, nodes), None)
}

fn only(seed: u64, nodes: usize, family: Family) -> Outcome {
    run(Plan::only(seed, nodes, family), Some(family))
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
fn same_seed_is_the_same_run_to_the_last_event() {
    for (seed, nodes) in [(1, 4), (2, 7), (3, 10), (4, 4), (5, 7)] {
        assert_eq!(mixture(seed, nodes), mixture(seed, nodes), "seed {seed}");
    }
    for family in [Family::Twins, Family::Membership, Family::TornWrite, Family::BeyondBound] {
        assert_eq!(only(9, 4, family), only(9, 4, family), "{}", family.name());
    }
}

#[test]
fn different_seeds_and_sizes_are_different_runs() {
    let seeds = (0..8).map(|seed| mixture(seed, 4).trace);
    let sizes = [7, 10].map(|nodes| mixture(0, nodes).trace);
    let traces: BTreeSet<u64> = seeds.chain(sizes).collect();
    assert_eq!(traces.len(), 10);
}

#[test]
fn four_nodes_keep_every_invariant_through_any_mixture_of_faults() {
    let (mut restarts, mut records, mut polkas, mut kinds) = (0, 0, 0, BTreeSet::new());
    for seed in 0..80 {
        let outcome = mixture(seed, 4);
        restarts += outcome.restarts;
        records += outcome.records;
        polkas += outcome.polkas;
        kinds.extend(outcome.kinds);
    }
    let missing: Vec<_> = KINDS.iter().filter(|kind| !kinds.contains(*kind)).collect();
    assert!(missing.is_empty(), "nobody did {missing:?}");
    assert!(restarts > 100 && records > 2_000, "{restarts} restarts, {records}: too calm");
    assert!(polkas > 100, "{polkas} polka certificates kept beside blocks of later rounds");
}

#[test]
fn seven_nodes_keep_every_invariant_through_any_mixture_of_faults() {
    let restarts: u64 = (100..140).map(|seed| mixture(seed, 7).restarts).sum();
    assert!(restarts > 50, "{restarts} restarts: too calm");
}

#[test]
fn ten_nodes_keep_every_invariant_through_any_mixture_of_faults() {
    let restarts: u64 = (200..224).map(|seed| mixture(seed, 10).restarts).sum();
    assert!(restarts > 30, "{restarts} restarts: too calm");
}

/// A fault that never fires proves nothing.
#[test]
fn every_family_happens_by_itself_and_breaks_nothing() {
    for family in Family::ALL.iter().copied() {
        let mut faults = Tally::default();
        for (seed, nodes) in [(0, 4), (1, 4), (2, 7)] {
            faults.extend(&only(seed, nodes, family).faults);
        }
        assert!(faults.of(family) > 0, "{} never happened", family.name());
    }
}

#[test]
fn amnesiac_never_signs_against_what_its_peers_saw() {
    let families = [Family::OldBackup, Family::LostWal, Family::EmptyDisk];
    let mut faults = Tally::default();
    for family in families {
        for seed in 300..308 {
            let outcome = only(seed, 4, family);
            assert_eq!(outcome.slips, 0, "{} at seed {seed}", family.name());
            faults.extend(&outcome.faults);
        }
    }
    let losses: u64 = families.iter().map(|family| faults.of(*family)).sum();
    assert!(losses > 20, "{losses} disks lost: too few to tell");
}

#[test]
fn liars_within_the_bound_are_named_and_harm_nobody() {
    let reports: u64 = (400..408).map(|seed| only(seed, 4, Family::DoubleVote).reports).sum();
    assert!(reports > 8, "{reports} reports: it hardly lied");
}

/// Else the check that correct nodes call nothing of a correct proposer invalid would be an empty one.
#[test]
fn invalid_blocks_of_liars_are_called_so() {
    let called: u64 =
        (700..704).map(|seed| only(seed, 4, Family::InvalidBlock).called_invalid).sum();
    assert!(called > 3, "{called} blocks called invalid: the remark is not understood");
}

/// More than a third lies: correct nodes may commit different blocks, but never blame each other;
/// where both branches have a certificate of one round, more than f are named.
#[test]
fn forks_beyond_the_bound_are_blamed_on_those_who_made_them() {
    let (mut forks, mut proven) = (0, 0);
    for seed in 500..516 {
        let outcome = only(seed, 4, Family::BeyondBound);
        forks += u64::from(outcome.forked);
        proven += u64::from(outcome.forked && outcome.blamed >= 2);
    }
    assert!(forks >= 4, "{forks} forks: the liars never got that far");
    assert!(proven * 2 >= forks, "{proven} of {forks} forks were proven");
}

#[test]
fn members_come_and_go_in_the_middle_of_a_run() {
    let measures: usize = (600..608).map(|seed| only(seed, 4, Family::Membership).measures).sum();
    assert!(measures > 16, "{measures} measures passed: too few to tell");
}

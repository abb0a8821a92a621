//! CI size: one hunt for each bug, from seed 0, and a few of those seeds again without a bug.
//! (`comity-planted` runs all of them again, `--full` hunts five times for each bug.)

use comity_planted::bugs::all;
use comity_planted::hunt::{hunt_all, run_without_bugs};
use comity_planted::workshop::Workshop;

/// Seeds of each family that are run again without a bug.
const MOST_CLEAN: u64 = 3;

#[test]
fn every_planted_bug_is_found_within_its_seeds_and_nothing_where_there_is_none() {
    let bugs = all();
    assert!(bugs.len() >= 20, "{} bugs", bugs.len());
    let program = match Workshop::new().build(&bugs) {
        Ok(program) => program,
        Err(error) => panic!("{error}"),
    };
    let places: Vec<usize> = (0..bugs.len()).collect();
    let caught = hunt_all(&program, &bugs, &places, 0, |_, _| {}).unwrap();
    let missed: Vec<_> = caught
        .iter()
        .filter(|(_, catch)| catch.is_none())
        .map(|(at, _)| (bugs[*at].name, bugs[*at].seeds))
        .collect();
    assert!(missed.is_empty(), "not found within so many seeds: {missed:?}");
    let mut seeds = Vec::new();
    for (at, catch) in &caught {
        let runs = catch.as_ref().map_or(0, |catch| catch.runs);
        seeds.extend((0..runs.min(MOST_CLEAN)).map(|seed| (bugs[*at].arguments, seed)));
    }
    seeds.sort_unstable();
    seeds.dedup();
    let wrong = run_without_bugs(&program, &seeds).unwrap();
    assert!(wrong.is_empty(), "without a bug: {wrong:?}");
}

//! Every input of the corpora, and some thousand mutations of each target's, on any toolchain.
//! Holds: the seed is printed; every file of the corpora is read; what an input costs in memory is
//! bounded by its length.

// Says to the lints that everything here is a test.
#![cfg(test)]

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use comity_hostile::lab::lab;
use comity_hostile::mutation::{Numbers, mutated};
use comity_hostile::{TARGETS, Target, corpus};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What draws the mutations; `COMITY_SEED` takes its place.
const SEED: u64 = 20_261_122;
/// Mutations of each target; `COMITY_FULL` makes it fifty times as many.
const MUTATIONS: usize = 2_000;

/// Memory is counted for the whole process: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a target, and holds it to its memory.
fn run(target: &Target, input: &[u8], name: &str) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    (target.run)(input);
    let peak = MEMORY.peak_usage().saturating_sub(before);
    let (fixed, each) = target.memory;
    let allowed = fixed + each * input.len();
    let length = input.len();
    assert!(
        peak <= allowed,
        "{}/{name}: {length} bytes take {peak} bytes of memory, of {allowed}",
        target.name
    );
}

#[test]
fn every_input_of_the_corpora_keeps_the_promises() {
    let _alone = alone();
    lab();
    for target in TARGETS {
        for (name, input) in corpus::inputs(target).unwrap() {
            run(target, &input, &name);
        }
    }
}

#[test]
fn some_thousand_mutations_keep_the_promises() {
    let _alone = alone();
    lab();
    let set = |name: &str| std::env::var(name).ok();
    let seed = set("COMITY_SEED").map_or(SEED, |seed| seed.parse().unwrap());
    let count = if set("COMITY_FULL").is_some() { 50 * MUTATIONS } else { MUTATIONS };
    println!("seed {seed}: {count} mutations for each target");
    for target in TARGETS {
        let inputs: Vec<Vec<u8>> = corpus::inputs(target).unwrap().into_values().collect();
        let mut numbers = Numbers::new(seed);
        for number in 0..count {
            let (one, other) = (numbers.below(inputs.len()), numbers.below(inputs.len()));
            let input = mutated(&inputs[one], &inputs[other], &mut numbers);
            let panicked = Panicking(target, number, &input);
            run(target, &input, &format!("mutation {number} of seed {seed}"));
            std::mem::forget(panicked);
        }
    }
}

/// Shows the input when its target panics.
struct Panicking<'a>(&'a Target, usize, &'a [u8]);

impl Drop for Panicking<'_> {
    fn drop(&mut self) {
        let Panicking(target, number, input) = self;
        let shown: String = input.iter().take(400).map(|byte| format!("{byte:02x}")).collect();
        eprintln!("{}, mutation {number}: {} bytes, {shown}", target.name, input.len());
    }
}

#[test]
fn corpora_are_of_the_formats_of_today() {
    for target in TARGETS {
        let inputs = corpus::inputs(target).unwrap();
        let seeds = corpus::seeds(target.name);
        assert!(!seeds.is_empty(), "{} has seeds", target.name);
        let is_there = |(name, bytes): (&String, &Vec<u8>)| inputs.get(name) == Some(bytes);
        assert!(
            seeds.iter().all(is_there),
            "{}: cargo run --release -p comity-hostile -- corpora",
            target.name
        );
    }
}

#[test]
fn corpora_are_small_and_belong_to_targets() {
    let targets: BTreeSet<&str> = TARGETS.iter().map(|target| target.name).collect();
    let mut size = 0;
    for entry in std::fs::read_dir(corpus::directory()).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(targets.contains(name.as_str()), "no target reads corpora/{name}");
    }
    for target in TARGETS {
        size += corpus::inputs(target).unwrap().values().map(Vec::len).sum::<usize>();
    }
    assert!(size < 1024 * 1024, "{size} bytes of corpora");
}

#[test]
fn genuine_bytes_are_taken() {
    // A target that refused everything would keep every promise.
    let lab = lab();
    assert!(lab.records.len() >= 10 && lab.blocks.len() >= 12, "the story was played");
    assert!(lab.blocks.iter().any(|b| b.certificate.round > 0), "a round was lost to the cut");
    for bytes in &lab.records {
        comity_core::statement::VerifiedRecord::verify(bytes, &lab.consortium).unwrap();
    }
    for committed in &lab.blocks {
        committed.certificate.clone().verify(&lab.consortium, &lab.validators).unwrap();
    }
}

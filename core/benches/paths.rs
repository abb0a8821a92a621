//! The hot paths of a record, each timed by itself: `cargo bench -p comity-core`.
//! Holds: the records are real ones, of the consortium that the rules are tried in.
//! May not enter: claims: what a whole network does is measured by `comity-devnet bench` (docs/benchmarks.md).

// It is no test to the lints, and asserts like one.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "the tests of the rules use all of it")]
#[path = "../tests/rules/story.rs"]
mod story;

use comity_core::encoding::decode;
use comity_core::hash::LeafHash;
use comity_core::ledger::{Built, NewBlock};
use comity_core::log_tree::Frontier;
use comity_core::statement::{MAX_RECORD_BYTES, SignedRecord, VerifiedRecord};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use story::{Story, terms};

/// Accesses in a block (count).
const IN_BLOCK: u64 = 256;

fn main() {
    divan::main();
}

/// A story with a grant, and the accesses of its next block.
fn accesses(count: u64) -> (Story, Vec<VerifiedRecord>) {
    let (mut story, grant) = Story::with_grant(terms());
    let records = (0..count).map(|_| story.access(grant)).collect();
    (story, records)
}

fn block(story: &Story, records: &[VerifiedRecord]) -> Built {
    let parent = story.parent();
    let new = NewBlock { time: story.now, round: 0, parent: parent.as_ref() };
    let built = story.ledger.build(&new, records.to_vec());
    assert_eq!(built.executed.records.len(), records.len());
    built
}

#[divan::bench]
fn decode_access(bencher: Bencher<'_, '_>) {
    let (_, records) = accesses(1);
    let bytes = records[0].bytes();
    bencher.bench(|| decode::<SignedRecord>(black_box(bytes), MAX_RECORD_BYTES).unwrap());
}

#[divan::bench]
fn verify_access(bencher: Bencher<'_, '_>) {
    let (story, records) = accesses(1);
    let (bytes, consortium) = (records[0].bytes(), story.consortium());
    bencher.bench(|| VerifiedRecord::verify(black_box(bytes), &consortium).unwrap());
}

#[divan::bench]
fn apply_access(bencher: Bencher<'_, '_>) {
    let (story, records) = accesses(1);
    bencher.bench(|| story.check(black_box(&records[0])).unwrap());
}

#[divan::bench]
fn append_to_log_tree(bencher: Bencher<'_, '_>) {
    let leaves: Vec<LeafHash> = accesses(IN_BLOCK).1.iter().map(VerifiedRecord::leaf).collect();
    let append = |mut tree: Frontier| {
        leaves.iter().for_each(|leaf| tree.push(*leaf));
        tree.root()
    };
    bencher.counter(ItemsCount::new(IN_BLOCK)).with_inputs(Frontier::new).bench_values(append);
}

#[divan::bench]
fn state_root_after_a_block(bencher: Bencher<'_, '_>) {
    let (story, _) = accesses(1);
    // As many entries as a block of accesses under as many grants changes, and as long.
    let changes: Vec<(Vec<u8>, Vec<u8>)> =
        (0..IN_BLOCK).map(|n| ([&[9], &n.to_be_bytes()[..]].concat(), vec![7; 64])).collect();
    let with = |changes: Vec<_>| story.ledger.state().with(changes).root();
    let counted = bencher.counter(ItemsCount::new(IN_BLOCK));
    counted.with_inputs(|| changes.clone()).bench_values(with);
}

#[divan::bench]
fn build_block(bencher: Bencher<'_, '_>) {
    let (story, records) = accesses(IN_BLOCK);
    bencher.counter(ItemsCount::new(IN_BLOCK)).bench(|| block(&story, black_box(&records)));
}

#[divan::bench]
fn execute_block(bencher: Bencher<'_, '_>) {
    let (story, records) = accesses(IN_BLOCK);
    let (built, parent) = (block(&story, &records), story.parent());
    let execute = |records: Vec<VerifiedRecord>| {
        story.ledger.execute(&built.block.header, records, parent.as_ref()).unwrap()
    };
    let counted = bencher.counter(ItemsCount::new(IN_BLOCK));
    counted.with_inputs(|| records.clone()).bench_values(execute);
}

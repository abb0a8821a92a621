//! What writing a block costs beside the disk: `cargo bench -p comity-replica`.
//! Holds: the disk is one in memory, so that what remains is framing, checksums and copies.
//! May not enter: claims: syncs of a real disk are measured by `comity-devnet bench` (docs/benchmarks.md).

// It is no test to the lints, and asserts like one.
#![allow(clippy::unwrap_used)]

use comity_replica::storage::{BlockLog, MemoryDisk};
use divan::counter::BytesCount;
use divan::{Bencher, black_box};

/// Segments are as long as in earnest (bytes).
const SEGMENT_BYTES: u64 = 64 * 1024 * 1024;

fn main() {
    divan::main();
}

/// Blocks of one access, of 256 and of 1,000, by about their length (bytes).
#[divan::bench(args = [1_500, 140_000, 550_000])]
fn append_block(bencher: Bencher<'_, '_>, bytes: usize) {
    let payload = vec![7; bytes];
    let open = || BlockLog::open(MemoryDisk::new(), SEGMENT_BYTES, 1, None).unwrap();
    let append = |mut log: BlockLog<MemoryDisk>| {
        log.append(1, black_box(&payload)).unwrap();
        log.sync().unwrap();
        log
    };
    bencher.counter(BytesCount::new(bytes)).with_inputs(open).bench_values(append);
}

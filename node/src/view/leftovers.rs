//! What the store replaced, given back to the memory and the disk.
//! Holds: what a batch left behind is gone soon after it, however much that is.
//! May not enter: what is written (see `writer`).
//!
//! The store copies a page for each key that it writes, and leaves the old one, and segments of its files that are
//! empty now, to a collector, for as long as a reader may look at them. The collector takes up to 512 such things each
//! time that 128 calls of the store have begun on a thread. A batch is one call and leaves thousands: with a million
//! grants in big blocks 13 GB waited there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_epoch::pin;
use sled::Batch;

/// Attempts after which the rest waits for the next batch, since a reader holds it up (count). Each gives back at most
/// 512 things, and takes less than a microsecond where there is nothing to give back.
const MOST_ATTEMPTS: usize = 1_024;

/// Applies a batch, and gives back what it and those before it left. Errors: the store.
pub(super) fn apply(db: &sled::Db, batch: Batch) -> sled::Result<()> {
    db.apply_batch(batch)?;
    give_back();
    Ok(())
}

/// Has all collected that was left so far, unless a reader holds it up for long.
fn give_back() {
    let is_collected = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&is_collected);
    // What was left first is collected first: when this is, so is all before it.
    pin().defer(move || told.store(true, Ordering::Relaxed));
    for _ in 0..MOST_ATTEMPTS {
        pin().flush();
        if is_collected.load(Ordering::Relaxed) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn what_batches_left_is_collected_with_the_next_ones() {
        let db = sled::Config::new().temporary(true).open().unwrap();
        let collected = Arc::new(AtomicUsize::new(0));
        let (batches, each) = (50, 5_000);
        for number in 0..batches {
            let guard = pin();
            for _ in 0..each {
                let collected = Arc::clone(&collected);
                guard.defer(move || {
                    collected.fetch_add(1, Ordering::Relaxed);
                });
            }
            drop(guard);
            let mut batch = Batch::default();
            batch.insert(&u32::to_be_bytes(number), &[]);
            apply(&db, batch).unwrap();
        }
        // Tests beside this one hold up the collector for a moment each.
        let collected = collected.load(Ordering::Relaxed);
        assert!(collected >= each * batches as usize / 2, "{collected}");
    }

    /// With another version than the store's, another collector would be asked, in vain.
    #[test]
    fn the_store_and_the_view_have_the_same_collector() {
        let lock: toml::Table = include_str!("../../../Cargo.lock").parse().unwrap();
        let packages = lock["package"].as_array().unwrap();
        let name = |package: &&toml::Value| package["name"].as_str() == Some("crossbeam-epoch");
        assert_eq!(packages.iter().filter(name).count(), 1);
    }
}

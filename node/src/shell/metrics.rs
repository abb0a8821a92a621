//! What the shell counts: syncs of the disk and how long they take.
//! Holds: counting changes nothing about what is done.
//! May not enter: metrics of the network (see `network`), of the view or of the API.

use std::time::Duration;

use comity_replica::storage::FsyncCounts;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct StoreLabel {
    store: &'static str,
}

/// Counts of the disk's syncs, and of what is read from it for others.
#[derive(Clone, Debug)]
pub(crate) struct DiskMetrics {
    fsyncs: Family<StoreLabel, Counter>,
    fsync_seconds: Histogram,
    /// Bytes of blocks read for peers that catch up.
    pub(crate) served_bytes: Counter,
}

impl DiskMetrics {
    /// Counts that `registry` shows.
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let fsyncs = Family::default();
        // 0.1 ms to 3.3 s.
        let fsync_seconds = Histogram::new(exponential_buckets(0.0001, 2.0, 16));
        registry.register("comity_fsyncs", "Syncs asked of the disk, by store", fsyncs.clone());
        registry.register(
            "comity_fsync_seconds",
            "How long it took to make what was written durable",
            fsync_seconds.clone(),
        );
        let served_bytes = Counter::default();
        registry.register(
            "comity_blocks_served_bytes",
            "Bytes of blocks handed to peers that catch up",
            served_bytes.clone(),
        );
        DiskMetrics { fsyncs, fsync_seconds, served_bytes }
    }

    /// Takes note of one round of syncs.
    pub(crate) fn synced(&self, before: FsyncCounts, after: FsyncCounts, took: Duration) {
        for (store, count) in [
            ("wal", after.wal.saturating_sub(before.wal)),
            ("blocks", after.block_log.saturating_sub(before.block_log)),
        ] {
            self.fsyncs.get_or_create(&StoreLabel { store }).inc_by(count);
        }
        self.fsync_seconds.observe(took.as_secs_f64());
    }
}

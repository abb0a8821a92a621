//! What the witnesses do, for Prometheus and `comityd doctor`.
//! Holds: every witness of the settings has its numbers from the start on.
//! May not enter: decisions.

use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::clock::system_time;

type Labels = [(&'static str, String); 1];
type Number = Gauge<u64, AtomicU64>;

/// The numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    /// Entries of the last checkpoint that enough have cosigned.
    pub(super) published: Number,
    overdue_since: Number,
    cosigned: Family<Labels, Counter>,
    failing_since: Family<Labels, Number>,
    conflicting: Family<Labels, Number>,
}

impl Numbers {
    pub(super) fn register<'a>(
        &self,
        registry: &mut Registry,
        witnesses: impl Iterator<Item = &'a str>,
    ) {
        for name in witnesses {
            let of = of(name);
            drop(self.cosigned.get_or_create(&of));
            drop(self.failing_since.get_or_create(&of));
            drop(self.conflicting.get_or_create(&of));
        }
        registry.register(
            "comity_checkpoint_cosigned_size",
            "Entries of the newest checkpoint that enough witnesses have cosigned",
            self.published.clone(),
        );
        registry.register(
            "comity_checkpoint_overdue_since_seconds",
            "Since when the newest checkpoint lacks cosignatures for too long, in seconds since 1970; \
             0 while it does not",
            self.overdue_since.clone(),
        );
        registry.register(
            "comity_witness_cosignatures",
            "Cosignatures that a witness has given, since the start",
            self.cosigned.clone(),
        );
        registry.register(
            "comity_witness_failing_since_seconds",
            "Since when a witness does not cosign, in seconds since 1970; 0 while it does",
            self.failing_since.clone(),
        );
        registry.register(
            "comity_witness_conflict",
            "1 while a witness says that it has seen another log than this node's",
            self.conflicting.clone(),
        );
    }

    pub(super) fn cosigned(&self, name: &str) {
        self.cosigned.get_or_create(&of(name)).inc();
        self.failing_since.get_or_create(&of(name)).set(0);
        self.conflicting.get_or_create(&of(name)).set(0);
    }

    pub(super) fn failed(&self, name: &str, is_conflict: bool) {
        let since = self.failing_since.get_or_create(&of(name));
        if since.get() == 0 {
            since.set(seconds());
        }
        drop(since);
        // Only a cosignature clears it: that a witness is away says nothing.
        if is_conflict {
            self.conflicting.get_or_create(&of(name)).set(1);
        }
    }

    /// Whether that is new.
    pub(super) fn set_overdue(&self, is_overdue: bool) -> bool {
        let was = self.overdue_since.get() > 0;
        if was != is_overdue {
            self.overdue_since.set(if is_overdue { seconds() } else { 0 });
        }
        was != is_overdue
    }
}

fn of(name: &str) -> Labels {
    [("witness", name.to_owned())]
}

fn seconds() -> u64 {
    system_time().0 / 1_000
}

//! This machine's clock, as the ledger counts time.
//! May not enter: monotonic time (the shell's).

use std::time::{SystemTime, UNIX_EPOCH};

use comity_core::ids::TimeMs;

/// The time now.
pub(crate) fn system_time() -> TimeMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    TimeMs(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

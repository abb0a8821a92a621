//! The one place that waits.
//! Holds: a wait ends with what it waited for, or with a panic that says how things stood.

use std::thread;
use std::time::{Duration, Instant};

/// Longest wait for anything.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);
/// How long nobody looks.
const PAUSE: Duration = Duration::from_millis(10);

/// Looks until `look` finds what is wanted, and returns it; until then it says how things stand.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let began = Instant::now();
    loop {
        match look() {
            Ok(found) => return found,
            Err(now) => assert!(began.elapsed() < LIMIT, "waited {LIMIT:?} for {what}: {now}"),
        }
        thread::park_timeout(PAUSE);
    }
}

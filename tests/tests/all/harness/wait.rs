//! The one place that waits.
//! Holds: a wait ends with what it waited for, or with a panic that says how things stood.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Longest wait for anything: past it something hangs. What is promised to come sooner has a limit of
/// its own; a machine whose disk or cores others keep busy makes all the rest slow.
pub(crate) const LIMIT: Duration = Duration::from_secs(90);
/// How long nobody looks.
const PAUSE: Duration = Duration::from_millis(10);

/// Looks until `look` finds what is wanted, and returns it; until then it says how things stand.
pub(crate) fn until<T>(what: &str, look: impl FnMut() -> Result<T, String>) -> T {
    within(LIMIT, what, look)
}

/// The same with a limit of its own, for what takes long by nature.
pub(crate) fn within<T>(
    limit: Duration,
    what: &str,
    mut look: impl FnMut() -> Result<T, String>,
) -> T {
    let began = Instant::now();
    loop {
        match look() {
            Ok(found) => return found,
            Err(now) => assert!(began.elapsed() < limit, "waited {limit:?} for {what}: {now}"),
        }
        thread::park_timeout(PAUSE);
    }
}

/// Lets so much time pass: for a state that is to last, never for something to happen.
pub(crate) fn last(time: Duration) {
    let end = Instant::now() + time;
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        thread::park_timeout(left.max(PAUSE));
    }
}

/// Says when it goes that it is over: those who work beside a test that panics must not go on, or
/// the test would wait for them.
pub(crate) struct Over<'a>(pub(crate) &'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

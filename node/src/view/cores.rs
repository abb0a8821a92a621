//! The same work on every core at once.
//! Holds: a panic of one goes on in the caller.
//! May not enter: what is done; sharing it out.

use std::panic::resume_unwind;
use std::thread::{available_parallelism, scope};

/// Does the same on every core at once; what each returns, in no order of meaning.
pub(super) fn on_all_cores<T: Send>(work: impl Fn() -> T + Sync) -> Vec<T> {
    let cores = available_parallelism().map_or(1, usize::from);
    scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(&work)).collect();
        let joined = threads.into_iter().map(|thread| match thread.join() {
            Ok(done) => done,
            Err(panic) => resume_unwind(panic),
        });
        joined.collect()
    })
}

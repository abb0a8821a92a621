//! How much of a slow test is done: a sample in every run of the tests, all of it where somebody asks.
//! Holds: a sample is of the same kind as the whole, only fewer.

/// Set it to anything to have the slow tests whole. `cargo` hands no options to a test.
const FULL: &str = "COMITY_FULL";

/// The first in every run of the tests, the second where everything is asked for.
pub(crate) fn sized<T>(sample: T, full: T) -> T {
    if std::env::var_os(FULL).is_some() { full } else { sample }
}

//! The rules of the house that a machine can check: which package may know which, what a pure one
//! may not touch, how long files and functions are, what documents promise.
//! Holds: a failure lists every offender, as `path:line: what`.
//! May not enter: exceptions without a reason beside them.

mod code;
mod documents;
mod packages;
mod purity;
mod rules;
mod shape;
mod tree;

/// Fails where there are offenders, and lists them.
#[track_caller]
fn assert_none(offenders: Vec<String>) {
    assert!(offenders.is_empty(), "\n{}\n", offenders.join("\n"));
}

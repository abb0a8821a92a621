//! Hostile bytes: one plain function for each kind of bytes that a node or a person is given by
//! others, which panics where a promise about them is broken.
//! Holds: a target is deterministic; what it demands is more than "no panic" (docs/resilience.md,
//! "Hostile bytes").
//! May not enter: randomness without a seed; a fuzzing engine (see tests/fuzz).

pub mod corpus;
pub mod lab;
pub mod mutation;
pub mod targets;

pub use targets::{TARGETS, Target};

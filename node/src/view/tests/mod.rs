//! The view over chains built by hand: what it finds, what it survives.

pub(crate) mod chain;
mod forces;
mod listings;
mod names;
mod onward;
mod restarts;
mod sharing;
mod times;

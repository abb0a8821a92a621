//! The simulator tested: its checker sees what is wrong, a seed is a run, and a fixed set of seeds
//! keeps every invariant.

// Says to the lints that everything here is a test.
#![cfg(test)]

mod checker;
mod found;
mod seeds;

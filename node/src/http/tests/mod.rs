//! The API over a real socket, with a real view and block log and a replica played by the test.

mod checks;
mod client;
mod disputes;
pub(crate) mod fixture;
mod kept;
mod proofs;
mod reads;
mod sharing;
mod streams;
mod submits;

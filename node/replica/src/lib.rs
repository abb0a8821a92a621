//! The pure half of a node: it orders records, and says what is to be done about it.
//! Holds: the same inputs at the same times give the same effects.
//! May not enter: async, clocks, randomness, sockets, files (but through `Disk`), logging;
//! libp2p, tokio, sled, axum.

mod candidates;
mod early;
mod engine;
#[cfg(test)]
mod fixture;
pub mod io;
pub mod message;
mod peers;
mod pool;
pub mod replica;
pub mod storage;
mod verified;

//! The simulator: the real replicas of a consortium in one thread, over a simulated clock, network
//! and disk, from one seed.
//! Holds: the same seed gives the same run, to the last byte of its trace.
//! May not enter: libp2p, tokio, real time, real files.

pub mod byzantine;
pub mod chance;
pub mod checker;
pub mod clients;
pub mod consortium;
pub mod disk;
pub mod family;
pub mod node;
pub mod plan;
pub mod trace;
pub mod world;

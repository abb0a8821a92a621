//! The pure half of a node.
pub mod storage;

//! Comity's rules, bytes and proofs: everything that decides, and nothing that performs.
//! Holds: the same inputs give the same outputs on every machine, for ever.
//! May not enter: async, clocks, randomness, disks, sockets, environment, logging, floats,
//! hash-order iteration; network, consensus and storage crates.

pub mod access;
pub mod agency;
pub mod apply;
pub mod archive;
pub mod assessment;
pub mod basis;
pub mod batch;
pub mod binding;
pub mod block;
pub mod calendar;
pub mod check_request;
pub mod checkpoint;
pub mod codes;
pub mod dataset;
pub mod dispute;
pub mod duty;
pub mod emergency;
pub mod encoding;
pub mod equivocation;
pub mod gateway;
pub mod genesis;
pub mod governance;
pub mod grant;
pub mod hash;
pub mod ids;
pub mod incident;
pub mod interruption;
pub mod key_file;
pub mod keys;
pub mod late;
pub mod ledger;
pub mod legs;
pub mod log_tree;
pub mod note;
pub mod oversight;
pub mod polka;
pub mod proof;
pub mod query;
pub mod refusal;
pub mod request;
pub mod rule_pack;
pub mod sealed;
pub mod snapshot;
pub mod spread;
pub mod state;
pub mod state_tree;
pub mod statement;
pub mod task_force;
pub mod text;
pub mod trust_path;
pub mod validators;
pub mod vote;

//! What the tests with real processes stand on: founding consortia, running nodes, asking them,
//! signing records, waiting.
//! Holds: every wait is for a condition and ends; every process that was started is ended.
//! May not enter: what is expected of the programs (see `cluster`).

pub(crate) mod author;
pub(crate) mod block_log;
pub(crate) mod consortium;
pub(crate) mod http;
pub(crate) mod links;
pub(crate) mod namespaces;
pub(crate) mod node;
pub(crate) mod page;
pub(crate) mod ports;
pub(crate) mod program;
pub(crate) mod size;
pub(crate) mod terminal;
pub(crate) mod transcript;
pub(crate) mod wait;
pub(crate) mod witness;

//! The targets, by name.
//! Holds: a target takes any bytes, and panics only where a promise is broken.

mod archives;
mod blocks;
mod json;
mod messages;
mod promises;
mod records;
mod replicas;
#[cfg(feature = "shells")]
mod shells;
mod snapshots;
mod storage;

pub use archives::archive;
pub use blocks::{block, certificate, committed_block};
pub use json::json;
pub use messages::{gossip, proposal, request, response, vote};
pub use records::record;
pub(crate) use replicas::KINDS;
pub use replicas::{conversation, spoken};
#[cfg(feature = "shells")]
pub(crate) use shells::seeds as shell_seeds;
#[cfg(feature = "shells")]
pub use shells::{catalogue, config, frame, http};
pub use snapshots::{snapshot, trust_path};
pub(crate) use storage::unsealed;
pub use storage::{block_log, sealed, wal};

/// Who can hand such bytes to a node or a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Whoever reaches its ports.
    Network,
    /// Its own disk, its operator, or a file that somebody sent.
    File,
}

/// One kind of hostile bytes.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name: of the corpus, of the fuzzing program, of this module's function.
    pub name: &'static str,
    /// The function.
    pub run: fn(&[u8]),
    /// Where such bytes come from.
    pub source: Source,
    /// Most memory (bytes) in use at once beyond what was before, for an input of so many bytes:
    /// the first number, and the second for each byte of input.
    pub memory: (usize, usize),
}

const KIB: usize = 1024;

/// Reading only: what decoding may claim (up to 256 times the input: formats.md, "Encoding"), the
/// encoding to compare, and what little there is around it.
const READING: (usize, usize) = (128 * KIB, 300);
/// Reading, and a node's state beside it.
const NODE: (usize, usize) = (4 * KIB * KIB, 400);

/// All of them.
pub const TARGETS: &[Target] = &[
    target("gossip", gossip, Source::Network, READING),
    target("request", request, Source::Network, READING),
    target("response", response, Source::Network, READING),
    target("record", record, Source::Network, READING),
    target("block", block, Source::Network, READING),
    target("committed_block", committed_block, Source::Network, READING),
    target("certificate", certificate, Source::Network, READING),
    target("vote", vote, Source::Network, READING),
    target("proposal", proposal, Source::Network, READING),
    target("conversation", conversation, Source::Network, NODE),
    target("json", json, Source::Network, READING),
    target("wal", wal, Source::File, NODE),
    target("block_log", block_log, Source::File, NODE),
    target("archive", archive, Source::File, NODE),
    target("snapshot", snapshot, Source::Network, NODE),
    target("trust_path", trust_path, Source::Network, READING),
    #[cfg(feature = "shells")]
    target("frame", frame, Source::Network, READING),
    #[cfg(feature = "shells")]
    target("http", http, Source::Network, READING),
    #[cfg(feature = "shells")]
    target("config", config, Source::File, (1024 * KIB, 400)),
    #[cfg(feature = "shells")]
    target("catalogue", catalogue, Source::File, (1024 * KIB, 2_000)),
];

const fn target(
    name: &'static str,
    run: fn(&[u8]),
    source: Source,
    memory: (usize, usize),
) -> Target {
    Target { name, run, source, memory }
}

//! The shell: one loop that feeds the replica what happens and does what it says.
//! Holds: effects are obeyed in their order; the first error ends the node; nothing is retried.
//! May not enter: a rule of the ledger or of consensus; HTTP; the view.

mod block_server;
mod disk_thread;
mod effects;
mod event_loop;
pub(crate) mod handle;
mod metrics;
mod timers;
mod verify_pool;

use std::path::PathBuf;
use std::sync::Arc;

use comity_replica::io::Commit;
use comity_replica::replica::Replica;
use comity_replica::storage::{Storage, StorageError};
use prometheus_client::registry::Registry;
use tokio::sync::mpsc;

use crate::disk::FileDisk;
use crate::network::{self, NetworkConfig, NetworkError};

pub use event_loop::Shell;
pub use handle::{NodeStatus, PeerStatus, ShellGone, ShellHandle};

use block_server::BlockServer;
use disk_thread::DiskThread;
use event_loop::Organs;
use metrics::DiskMetrics;
use verify_pool::VerifyPool;

/// Where committed blocks go, in order, each once.
pub trait CommitSink: Send + Sync {
    /// Takes a block that is committed and durable. May wait for room, and while it does the node
    /// takes part in nothing else.
    fn apply(&self, commit: Arc<Commit>);
}

/// What a shell is made of.
pub struct ShellParts {
    /// The replica; it has seen no input yet.
    pub replica: Replica,
    /// The storage from which the replica was booted.
    pub storage: Storage<FileDisk>,
    /// The network, not yet listening; its consortium is the replica's.
    pub network: NetworkConfig,
    /// Where committed blocks go.
    pub commits: Arc<dyn CommitSink>,
    /// The data directory, where observed misbehaviour is written down.
    pub data_dir: PathBuf,
}

/// Why a shell could not start, or ended though nobody asked it to.
#[derive(Debug, thiserror::Error)]
pub enum ShellError {
    /// The replica stopped the node: going on could do harm.
    #[error("the node has stopped itself: {reason}")]
    Halted {
        /// Why, and what to do.
        reason: String,
    },
    /// Storage failed. What was acknowledged is durable; nothing more was written.
    #[error("storage failed, and the node has stopped rather than write on")]
    Storage(#[from] StorageError),
    /// The network could not start.
    #[error("the network could not start")]
    Network(#[from] NetworkError),
    /// The network ended by itself, which it never should.
    #[error("the network task ended unexpectedly")]
    NetworkEnded,
    /// The operating system gave no thread.
    #[error("could not start a thread")]
    Thread(#[source] std::io::Error),
}

/// Starts the threads and the network; the replica moves once the shell runs. Returns when the
/// network listens. Metrics are added to `registry`. Errors: `Network`, `Thread`.
pub async fn start(
    parts: ShellParts,
    registry: &mut Registry,
) -> Result<(ShellHandle, Shell), ShellError> {
    let ShellParts { replica, storage, network, commits, data_dir } = parts;
    let consortium = network.consortium;
    let (answers, answered) = mpsc::unbounded_channel();
    let members = network.members.clone();
    let network = network::start(network, registry).await?;
    let reader = storage.reader().clone();
    let metrics = DiskMetrics::register(registry);
    let disk = DiskThread::start(storage, metrics, answers.clone());
    let verifier = VerifyPool::start(consortium, answers);
    let (handle, ends) =
        ShellHandle::channel(NodeStatus { replica: replica.status(), peers: Vec::new() });
    let organs = Organs {
        replica,
        blocks: BlockServer::new(reader, network.commands.clone()),
        disk: disk.map_err(ShellError::Thread)?,
        verifier: verifier.map_err(ShellError::Thread)?,
        answers: answered,
        network,
        members,
        commits,
        data_dir,
        ends,
    };
    Ok((handle, Shell::new(organs)))
}

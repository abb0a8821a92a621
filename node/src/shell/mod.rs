//! The shell: one loop that feeds the replica what happens and does what it says.
//! Holds: effects are obeyed in their order; the first error ends the node; nothing is retried.
//! May not enter: a rule of the ledger or of consensus; HTTP; the view.

mod block_server;
mod disk_thread;
mod effects;
mod event_loop;
pub(crate) mod handle;
mod metrics;
pub(crate) mod room;
mod timers;
mod verify_pool;

use std::path::PathBuf;
use std::sync::Arc;

use comity_core::agency::{Key, KeyRole};
use comity_core::keys::PublicKey;
use comity_core::state::{Changes, object};
use comity_core::text::AgencyId;
use comity_replica::io::Commit;
use comity_replica::replica::Replica;
use comity_replica::storage::{Storage, StorageError};
use prometheus_client::registry::Registry;
use tokio::sync::mpsc;

use crate::data_dir::SNAPSHOTS;
use crate::disk::FileDisk;
use crate::network::{self, NetworkConfig, NetworkError, public_key};
use crate::snapshots::SnapshotServer;

pub use event_loop::Shell;
pub use handle::{NodeStatus, PeerStatus, ShellGone, ShellHandle};

pub use room::Full;

use block_server::BlockServer;
use disk_thread::DiskThread;
use event_loop::Organs;
use metrics::DiskMetrics;
use room::Room;
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
    /// The node's own keys.
    pub own: OwnKeys,
    /// Room on the disk below which the node takes part in nothing (bytes).
    pub reserve_bytes: u64,
}

/// The keys of this node, by which it notices that the ledger has others for it.
#[derive(Clone, Debug)]
pub struct OwnKeys {
    /// Whose node it is.
    pub agency: AgencyId,
    /// The keys that it runs with.
    pub keys: Vec<PublicKey>,
}

impl OwnKeys {
    /// Whether a block ends one of these keys, or begins another of this node's.
    fn are_changed_by(&self, changes: &Changes) -> bool {
        let is_changed = |(state_key, value): (&Vec<u8>, &Vec<u8>)| {
            let Some(public) = public_key(state_key) else { return false };
            let key: Key = object(value);
            let is_node =
                matches!(key.role, KeyRole::Validator | KeyRole::Transport | KeyRole::Note);
            let is_held = self.keys.contains(&public);
            is_node && key.agency == self.agency && is_held == key.revoked.is_some()
        };
        changes.puts.iter().any(is_changed)
    }
}

/// Why a shell ended without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShellEnd {
    /// Somebody asked it to.
    Asked,
    /// The ledger has other keys for this node than those it runs with.
    KeysChanged,
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
    let ShellParts { replica, storage, network, commits, data_dir, own, reserve_bytes } = parts;
    let room = Room::new(&data_dir, reserve_bytes);
    let consortium = network.consortium;
    let (answers, answered) = mpsc::unbounded_channel();
    let members = network.members.clone();
    let network = network::start(network, registry).await?;
    let reader = storage.reader().clone();
    let snapshots_dir = data_dir.join(SNAPSHOTS);
    let metrics = DiskMetrics::register(registry);
    let served_bytes = metrics.served_bytes.clone();
    let disk = DiskThread::start(storage, metrics, answers.clone());
    let verifier = VerifyPool::start(consortium, answers);
    let (handle, ends) = ShellHandle::channel(NodeStatus {
        replica: replica.status(),
        peers: Vec::new(),
        full: None,
        caught_up_at: None,
    });
    let organs = Organs {
        replica,
        blocks: BlockServer::new(reader, network.commands.clone(), served_bytes),
        snapshots: SnapshotServer::new(&snapshots_dir, network.commands.clone()),
        disk: disk.map_err(ShellError::Thread)?,
        verifier: verifier.map_err(ShellError::Thread)?,
        answers: answered,
        network,
        members,
        commits,
        data_dir,
        own,
        room,
        ends,
    };
    Ok((handle, Shell::new(organs)))
}

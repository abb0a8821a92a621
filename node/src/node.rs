//! A node from its data directory to its end: checks what lies there, joins the parts, runs them.
//! Holds: nothing is signed or served before all that lies in the directory is known to belong
//! together; the parts end in an order in which nothing is lost.
//! May not enter: what the parts do.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;

use comity_core::block::CommittedBlock;
use comity_core::encoding::DecodeError;
use comity_core::genesis::Genesis;
use comity_core::hash::ConsortiumId;
use comity_core::ids::Height;
use comity_core::ledger::Saved;
use comity_core::text::AgencyId;
use comity_replica::replica::{self, Boot, Replica, ReplicaConfig};
use comity_replica::storage::{BlockLogReader, Recovered, Storage, StorageError, StorageOptions};
use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::config::{Config, PeerOption};
use crate::data_dir::{DataDir, DataDirError};
use crate::disk::FileDisk;
use crate::failure::{Ending, Failure};
use crate::http::{self, ApiParts, ApiState, HttpError};
use crate::kept::{Kept, KeptError};
use crate::key_store::{self, KeyStoreError, NodeKeys};
use crate::metrics::Metrics;
use crate::network::{Members, NetworkConfig, NetworkError};
use crate::shell::{self, Shell, ShellError, ShellHandle, ShellParts};
use crate::view::{self, View, ViewError};
use crate::webhook::{Webhook, WebhookError};

/// Why a node did not start, or ended though nobody asked it to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NodeError {
    #[error(transparent)]
    Dir(#[from] DataDirError),
    #[error(transparent)]
    Keys(#[from] KeyStoreError),
    #[error("the block log cannot be opened")]
    Storage(#[from] StorageError),
    #[error("block {height} on this disk cannot be read")]
    Block {
        height: Height,
        #[source]
        source: DecodeError,
    },
    #[error("the blocks in {dir} are of consortium {found}, but genesis.json is of {expected}")]
    OtherConsortium { dir: String, found: ConsortiumId, expected: ConsortiumId },
    #[error("the view cannot be used")]
    View(#[from] ViewError),
    #[error("the node cannot start from the blocks on its disk")]
    Boot(#[from] view::BootError),
    #[error(transparent)]
    Replica(#[from] replica::BootError),
    #[error("config.toml names a node of {0} to call, but {0} is not a member of this consortium")]
    Stranger(AgencyId),
    #[error(transparent)]
    Api(#[from] HttpError),
    #[error("what is kept beside the log cannot be used")]
    Kept(#[from] KeptError),
    #[error(transparent)]
    Webhook(#[from] WebhookError),
    #[error(transparent)]
    Shell(#[from] ShellError),
    #[error("the system did not give what a node needs")]
    System(#[source] io::Error),
    #[error("the system gave no random numbers")]
    Random(#[from] getrandom::Error),
}

/// Opens the block log and the write-ahead log of a directory that this process has taken. Errors:
/// `Storage`, `Block`, `OtherConsortium` when the blocks are not of the genesis.
pub(crate) fn open_storage(
    dir: &DataDir,
    genesis: &Genesis,
) -> Result<(Storage<FileDisk>, Recovered), NodeError> {
    let disk = FileDisk::open(&dir.log_dir()).map_err(StorageError::from)?;
    let (storage, recovered) = Storage::open(disk, StorageOptions::new(getrandom::u64()?))?;
    check_consortium(dir, storage.reader(), genesis.id())?;
    for (what, cut_bytes) in
        [("write-ahead log", recovered.wal_cut_bytes), ("block log", recovered.block_log_cut_bytes)]
    {
        if cut_bytes > 0 {
            tracing::info!(bytes = cut_bytes, "cut the unfinished end off the {what}");
        }
    }
    Ok((storage, recovered))
}

/// The first block on the disk tells whose they all are: each names the one before it.
fn check_consortium(
    dir: &DataDir,
    blocks: &BlockLogReader<FileDisk>,
    expected: ConsortiumId,
) -> Result<(), NodeError> {
    let Some(height) = blocks.first_height().map(Height) else { return Ok(()) };
    let Some(payload) = blocks.read(height.0)? else { return Ok(()) };
    let committed = CommittedBlock::from_bytes(&payload)
        .map_err(|source| NodeError::Block { height, source })?;
    let found = committed.block.header.consortium;
    if found == expected {
        return Ok(());
    }
    let dir = dir.root().display().to_string();
    Err(NodeError::OtherConsortium { dir, found, expected })
}

/// Runs the node of a directory until somebody stops it. Errors: why it did not start, or ended.
pub(crate) fn run(dir: &DataDir, config: &Config) -> Result<(), NodeError> {
    let lock = dir.lock()?;
    let genesis = dir.genesis()?;
    let keys = key_store::load(dir, config, &genesis)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(config.runtime.worker_threads.get())
        .enable_all()
        .build()
        .map_err(NodeError::System)?;
    // A port that is taken is better known before the blocks are read, which may take a while.
    drop(runtime.block_on(http::bind(config.api.listen.get()))?);
    tracing::info!(
        "comityd {} for {} of \"{}\", consortium {}",
        env!("CARGO_PKG_VERSION"),
        config.agency,
        genesis.name,
        genesis.id()
    );
    // Before the view, which puts aside what is of another consortium than the genesis.
    let stored = open_storage(dir, &genesis)?;
    let (view, saved) = View::open(&dir.view_dir(), genesis.id())?;
    let found = Found { dir, genesis, keys, stored, view: view.clone(), saved };
    let ended =
        Node::start(found, config, &runtime).and_then(|node| runtime.block_on(node.serve()));
    // When nobody can commit or ask any more; and only then may another process come.
    view.close();
    drop(lock);
    if ended.is_ok() {
        tracing::info!("stopped");
    }
    ended
}

/// What a node starts from.
struct Found<'a> {
    dir: &'a DataDir,
    genesis: Genesis,
    keys: NodeKeys,
    stored: (Storage<FileDisk>, Recovered),
    view: View,
    saved: Option<Saved>,
}

/// A node that listens and has not moved yet.
struct Node {
    shell: Shell,
    handle: ShellHandle,
    api: TcpListener,
    api_state: ApiState,
    webhook: Option<Webhook>,
}

impl Node {
    fn start(found: Found<'_>, config: &Config, runtime: &Runtime) -> Result<Node, NodeError> {
        let Found { dir, genesis, keys, stored: (storage, recovered), view, saved } = found;
        let blocks = storage.reader().clone();
        let (ledger, certificate) = view::boot(&genesis, &view, saved, &blocks)?;
        tracing::info!("the chain on this disk reaches to block {}", ledger.tip().height);
        let members = Members::of_state(ledger.state());
        let network = NetworkConfig {
            consortium: genesis.id(),
            key: keys.transport,
            listen: config.network.listen.iter().map(|at| at.multiaddr().clone()).collect(),
            peers: peers(&config.network.peers, &members)?,
            members,
        };
        let max_bytes = config.kept.max_bytes.get() as u64;
        let kept = Kept::open(&dir.kept_dir(), genesis.id(), max_bytes)?;
        let replica_config = ReplicaConfig {
            agency: config.agency.clone(),
            validator_key: keys.validator,
            pool_records: config.pool.records.get(),
            pool_records_per_agency: config.pool.records_per_agency.get(),
            seed: getrandom::u64()?,
        };
        let replica = Replica::new(replica_config, Boot { ledger, certificate, recovered })?;
        let (commits, data_dir) = (Arc::new(view.clone()), dir.root().to_owned());
        let parts = ShellParts { replica, storage, network, commits, data_dir };
        let metrics = Arc::new(Metrics::new());
        let api = runtime.block_on(http::bind(config.api.listen.get()))?;
        let (handle, shell) = runtime.block_on(shell::start(parts, &mut metrics.registry()))?;
        let api_state = ApiState::new(ApiParts {
            agency: config.agency.clone(),
            genesis: Arc::new(genesis),
            view: view.clone(),
            blocks,
            shell: handle.clone(),
            metrics: Arc::clone(&metrics),
            kept,
        });
        let webhook = match &config.webhook {
            Some(options) => {
                let (from, at) = ((api_state.clone(), view), runtime.handle());
                let registry = &mut metrics.registry();
                Some(Webhook::start(options, &config.agency, dir, from, at, registry)?)
            }
            None => None,
        };
        Ok(Node { shell, handle, api, api_state, webhook })
    }

    /// Runs until a signal, or until a part ends by itself.
    async fn serve(self) -> Result<(), NodeError> {
        // The webhook ends with this function, whichever way.
        let Node { shell, handle, api, api_state, webhook: _webhook } = self;
        let stopped = stop_signal().map_err(NodeError::System)?;
        if let Ok(address) = api.local_addr() {
            tracing::info!("this node is {} on the network", shell.peer_id());
            tracing::info!("listening for programs on http://{address}");
        }
        let (end_api, api_may_end) = oneshot::channel::<()>();
        let api_end = async move {
            // An error is that the other end is gone, which says the same.
            let _ = api_may_end.await;
        };
        let mut api = tokio::spawn(http::serve(api, api_state, api_end));
        let mut shell = pin!(shell.run());
        let ended = tokio::select! {
            ended = &mut shell => ended.map_err(NodeError::from),
            name = stopped => {
                tracing::info!("stopping, since it was asked to ({name})");
                handle.shutdown();
                shell.await.map_err(NodeError::from)
            }
            ended = &mut api => {
                handle.shutdown();
                // What the API ended of comes first; the shell is only made to follow.
                let _ = shell.await;
                return api_ended(ended);
            }
        };
        drop(end_api);
        // It gives requests under way a few seconds. The shell's reason is the one that counts.
        let served = api.await;
        ended.and_then(|()| api_ended(served))
    }
}

fn api_ended(
    ended: Result<Result<(), HttpError>, tokio::task::JoinError>,
) -> Result<(), NodeError> {
    match ended {
        Ok(served) => Ok(served?),
        Err(error) => Err(NodeError::System(io::Error::other(error))),
    }
}

/// Whom to call: each under the identity that the operator wrote, or that the ledger has for
/// the agency.
fn peers(options: &[PeerOption], members: &Members) -> Result<Vec<Multiaddr>, NodeError> {
    let address = |peer: &PeerOption| {
        let of_agency = |agency: &AgencyId| {
            let known = members.peers().find(|id| members.agency(id) == Some(agency)).copied();
            known.ok_or_else(|| NodeError::Stranger(agency.clone()))
        };
        let identity = match (peer.identity, &peer.agency) {
            (Some(identity), _) => Some(identity),
            (None, Some(agency)) => Some(of_agency(agency)?),
            (None, None) => None,
        };
        let place = peer.address.clone();
        Ok(identity.into_iter().fold(place, |place, id| place.with(Protocol::P2p(id))))
    };
    options.iter().map(address).collect()
}

/// Resolves to the name of the first signal that asks the process to stop.
fn stop_signal() -> io::Result<impl Future<Output = &'static str>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => "SIGINT",
            _ = terminate.recv() => "SIGTERM",
        }
    })
}

impl From<NodeError> for Failure {
    fn from(error: NodeError) -> Failure {
        let (ending, meaning, next) = match error {
            NodeError::Dir(error) => return error.into(),
            NodeError::Keys(error) => return error.into(),
            NodeError::Webhook(error) => return error.into(),
            NodeError::Kept(_) => (
                Ending::Failed,
                "Sealed details and texts about datasets could not be shown or kept. Nothing was \
                 started, and nothing in kept/ was changed.",
                "check the disk and that comityd runs as the owner of the directory kept/",
            ),
            NodeError::OtherConsortium { .. } => (
                Ending::Refused,
                "The genesis or the directory log/ was copied here from elsewhere. Nothing was \
                 started.",
                "put the genesis.json of this node's consortium back: its id is the one that all \
                 members compared",
            ),
            NodeError::Storage(StorageError::Disk(_)) => (
                Ending::Failed,
                "The disk or its permissions do not let the node work. Nothing was lost.",
                "check the disk (df, dmesg) and that comityd runs as the owner of the directory",
            ),
            NodeError::Storage(_)
            | NodeError::Block { .. }
            | NodeError::Boot(_)
            | NodeError::Replica(
                replica::BootError::Certificate { .. } | replica::BootError::NoCertificate(_),
            ) => (
                Ending::Failed,
                "What this node stored is damaged or was changed. The other members have the same \
                 blocks; nothing is lost. The node does not go on by itself.",
                "check the disk; have another member run comityd export, and run comityd repair \
                 --help",
            ),
            NodeError::Replica(_) => (
                Ending::Refused,
                "log/wal or keys/ was copied here from another node; voting could contradict an \
                 earlier vote. Nothing was started.",
                "put this node's own log/wal and keys back",
            ),
            NodeError::View(_) => (
                Ending::Failed,
                "The view is derived from the blocks; nothing is lost.",
                "check the disk, then run comityd reindex",
            ),
            NodeError::Stranger(_) => (
                Ending::NotUnderstood,
                "The node would not know whom it is talking to. Nothing was started.",
                "correct the agency under [[network.peers]]; comity agency list shows the members",
            ),
            NodeError::Api(_) => (
                Ending::Failed,
                "Programs could not reach the node. It has stopped.",
                "stop whatever uses the address, or change listen under [api] in config.toml",
            ),
            NodeError::Shell(ref error) => shell_advice(error),
            NodeError::System(_) | NodeError::Random(_) => (
                Ending::Failed,
                "The node cannot work without it.",
                "look at the limits of the machine (ulimit -a), then start the node again",
            ),
        };
        Failure::because(ending, &error, meaning, next)
    }
}

fn shell_advice(error: &ShellError) -> (Ending, &'static str, &'static str) {
    match error {
        ShellError::Network(NetworkError::Listen { .. }) => (
            Ending::Failed,
            "Other nodes could not reach this one. Nothing was started.",
            "stop whatever uses the address, or change listen under [network] in config.toml",
        ),
        ShellError::Halted { .. } => (
            Ending::Failed,
            "Going on could have done harm. What was committed is safe.",
            "do not start it again before the reason is understood; tell the other members",
        ),
        ShellError::Storage(_) => (
            Ending::Failed,
            "What was acknowledged is safe; nothing was written after the error.",
            "check the disk (df, dmesg), then start the node again",
        ),
        ShellError::Network(_) | ShellError::NetworkEnded | ShellError::Thread(_) => (
            Ending::Failed,
            "The node cannot work without it. What was committed is safe.",
            "start the node again; if it happens again, look at the lines of the log before this",
        ),
    }
}

//! A node from its data directory to its end: checks what lies there, joins the parts, runs them.
//! Holds: nothing is signed or served before all that lies in the directory is known to belong
//! together; the parts end in an order in which nothing is lost.
//! May not enter: what the parts do.

mod advice;

use std::collections::BTreeSet;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::sync::Arc;

use comity_core::block::CommittedBlock;
use comity_core::encoding::DecodeError;
use comity_core::genesis::Genesis;
use comity_core::hash::ConsortiumId;
use comity_core::ids::Height;
use comity_core::keys::SecretKey;
use comity_core::ledger::{Ledger, Saved};
use comity_core::state;
use comity_core::text::AgencyId;
use comity_replica::replica::{self, Boot, Replica, ReplicaConfig};
use comity_replica::storage::{BlockLogReader, Recovered, Storage, StorageError, StorageOptions};
use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::runtime::{Handle, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::config::{Config, PeerOption};
use crate::data_dir::{DataDir, DataDirError};
use crate::disk::{DiskTrial, FileDisk};
use crate::http::{self, ApiParts, ApiState, HttpError};
use crate::kept::{Kept, KeptError};
use crate::key_store::{self, HeldKeys, KeyStoreError, NodeKeys};
use crate::metrics::Metrics;
use crate::network::{Members, NetworkConfig};
use crate::shell::{self, OwnKeys, Shell, ShellEnd, ShellError, ShellHandle, ShellParts};
use crate::snapshots::{self, FetchError, InstallError, Keeper, KeeperParts};
use crate::succession;
use crate::view::{self, View, ViewError};
use crate::webhook::{Webhook, WebhookError};
use crate::witnesses::Witnesses;

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
    Snapshot(#[from] InstallError),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("the genesis is not usable")]
    Genesis(#[from] comity_core::genesis::GenesisError),
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
    trial: Option<DiskTrial>,
) -> Result<(Storage<FileDisk>, Recovered), NodeError> {
    let disk = FileDisk::open(&dir.log_dir()).map_err(StorageError::from)?;
    let disk = disk.watched_by(trial.map(|trial| trial.watch));
    let mut options = StorageOptions::new(getrandom::u64()?);
    if let Some(size_bytes) = trial.and_then(|trial| trial.wal_limit_bytes) {
        options.wal_limit_bytes = size_bytes;
    }
    if let Some(size_bytes) = trial.and_then(|trial| trial.segment_limit_bytes) {
        options.segment_limit_bytes = size_bytes;
    }
    let (storage, recovered) = Storage::open(disk, options)?;
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

/// From where a node without blocks starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SnapshotSource {
    /// Whichever peer has one.
    Peers,
    /// A file.
    File(PathBuf),
}

/// Runs the node of a directory until somebody stops it; one without blocks starts from a snapshot,
/// if one is given. `trial` says how its logs are tried. Errors: why it did not start, or ended.
pub(crate) fn run(
    dir: &DataDir,
    config: &Config,
    from: Option<&SnapshotSource>,
    trial: Option<DiskTrial>,
) -> Result<(), NodeError> {
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
    start_from(dir, config, (&genesis, &keys), from)?;
    // One for all that runs in this process: a signal between two starts is not lost.
    let mut stopped: Stopped =
        Box::pin(runtime.block_on(async { stop_signal() }).map_err(NodeError::System)?);
    let mut keys = Some(keys);
    let ended = loop {
        let keys = match keys.take() {
            Some(keys) => keys,
            // The ledger has other keys for this node than those that were read before.
            None => key_store::load(dir, config, &genesis)?,
        };
        match run_once((dir, &genesis, keys), config, (&runtime, trial), &mut stopped) {
            Ok(ShellEnd::KeysChanged) => {
                tracing::info!("starting anew, since the ledger has other keys for this node");
            }
            Ok(ShellEnd::Asked) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    // Only then may another process come.
    drop(lock);
    if ended.is_ok() {
        tracing::info!("stopped");
    }
    ended
}

/// What ends with the name of the signal that asked the process to stop.
type Stopped = Pin<Box<dyn Future<Output = &'static str>>>;

/// Runs the node with one set of keys.
fn run_once(
    (dir, genesis, keys): (&DataDir, &Genesis, HeldKeys),
    config: &Config,
    (runtime, trial): (&Runtime, Option<DiskTrial>),
    stopped: &mut Stopped,
) -> Result<ShellEnd, NodeError> {
    // Before the view, which puts aside what is of another consortium than the genesis.
    let stored = open_storage(dir, genesis, trial)?;
    let (view, saved) = View::open(&dir.view_dir(), genesis.id())?;
    let genesis = genesis.clone();
    let ended = lane().and_then(|lane| {
        let lane = &lane;
        let found = Found { dir, genesis, keys, stored, view: view.clone(), saved, lane };
        let node = Node::start(found, config, runtime)?;
        lane.block_on(node.serve(stopped, runtime))
    });
    // When nobody can commit or ask any more.
    view.close();
    ended
}

/// What the shell and the network run on: the thread that calls them, and no other. A message of a peer passes the
/// task of its connection, the swarm's and the shell's, and what is said about it goes back the same way; where they
/// share a thread, none of that wakes another, which would cost more than most messages do. When it is dropped, all
/// that runs on it has ended.
fn lane() -> Result<Runtime, NodeError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(NodeError::System)
}

/// Brings and installs a snapshot, where there is no block yet.
fn start_from(
    dir: &DataDir,
    config: &Config,
    (genesis, keys): (&Genesis, &HeldKeys),
    from: Option<&SnapshotSource>,
) -> Result<(), NodeError> {
    let is_new = !snapshots::has_blocks(dir)?;
    match from {
        Some(_) if !is_new => {
            tracing::info!(
                "this node has blocks already: it goes on from them, not from a snapshot"
            );
        }
        // An earlier run brought it and was interrupted.
        Some(_) if dir.start_file().exists() => {}
        Some(SnapshotSource::File(path)) => snapshots::bring(dir, genesis, path)?,
        Some(SnapshotSource::Peers) => {
            let ledger = Ledger::new(genesis)?;
            let network = network_config(config, genesis, &keys.in_force(&ledger), &ledger)?;
            lane()?.block_on(snapshots::fetch(dir, genesis, network))?;
        }
        None => {}
    }
    if is_new {
        snapshots::install(dir, genesis)?;
    }
    Ok(())
}

/// How the node meets others, of whom it knows the members that the ledger has.
fn network_config(
    config: &Config,
    genesis: &Genesis,
    keys: &NodeKeys,
    ledger: &Ledger,
) -> Result<NetworkConfig, NodeError> {
    Ok(NetworkConfig {
        consortium: genesis.id(),
        key: keys.transport.clone(),
        listen: config.network.listen.iter().map(|at| at.multiaddr().clone()).collect(),
        peers: peers(&config.network.peers, ledger)?,
        named: named(&config.network.peers),
        members: Members::of_state(ledger.state()),
    })
}

/// What a node starts from.
struct Found<'a> {
    dir: &'a DataDir,
    genesis: Genesis,
    keys: HeldKeys,
    stored: (Storage<FileDisk>, Recovered),
    view: View,
    saved: Option<Saved>,
    /// What its shell and its network run on.
    lane: &'a Runtime,
}

/// The witnesses of the log, where the settings name some and there is a key that signs for them.
fn witnesses(
    config: &Config,
    note_key: Option<&SecretKey>,
    dir: &DataDir,
    (consortium, view, runtime): (&ConsortiumId, &View, &Handle),
    registry: &mut Registry,
) -> Result<Option<Witnesses>, NodeError> {
    let Some(options) = &config.checkpoints else { return Ok(None) };
    let Some(key) = note_key else {
        tracing::warn!("the log is not witnessed: this node has no note key");
        return Ok(None);
    };
    let whose = (consortium, key.clone());
    let started = Witnesses::start(options, whose, dir, (view, runtime), registry);
    started.map(Some).map_err(NodeError::System)
}

/// A node that listens and has not moved yet.
struct Node {
    shell: Shell,
    handle: ShellHandle,
    api: TcpListener,
    api_state: ApiState,
    webhook: Option<Webhook>,
    witnesses: Option<Witnesses>,
    keeper: Keeper,
}

impl Node {
    fn start(found: Found<'_>, config: &Config, runtime: &Runtime) -> Result<Node, NodeError> {
        let Found { dir, genesis, keys, stored, view, saved, lane } = found;
        let (mut storage, mut recovered) = stored;
        let blocks = storage.reader().clone();
        let start = dir.start_file();
        let (ledger, certificate) = view::boot(&genesis, &view, saved, &blocks, &start)?;
        tracing::info!("the chain on this disk reaches to block {}", ledger.tip().height);
        succession::settle(dir, &keys, &ledger, (&mut storage, &mut recovered))?;
        let keys = keys.in_force(&ledger);
        succession::tell(&config.agency, &keys, &ledger);
        let own = OwnKeys { agency: config.agency.clone(), keys: keys.public() };
        let note = keys.note_in_force(&ledger);
        let network = network_config(config, &genesis, &keys, &ledger)?;
        let max_bytes = config.kept.max_bytes.get() as u64;
        let kept = Kept::open(&dir.kept_dir(), genesis.id(), max_bytes)?;
        let replica_config = ReplicaConfig {
            agency: config.agency.clone(),
            validator_key: keys.validator,
            pool_records: config.pool.records.get(),
            pool_records_per_agency: config.pool.records_per_agency.get(),
            seed: getrandom::u64()?,
        };
        let mut replica = Replica::new(replica_config, Boot { ledger, certificate, recovered })?;
        if dir.restored_file().exists() {
            tracing::warn!(
                "this directory was restored from a backup: the node follows without voting until \
                 its operator has run comityd guard reset"
            );
            replica.hold_back();
        }
        let (commits, data_dir) = (Arc::new(view.clone()), dir.root().to_owned());
        let reserve_bytes = config.disk.reserve_bytes.get() as u64;
        let parts = ShellParts { replica, storage, network, commits, data_dir, own, reserve_bytes };
        let metrics = Arc::new(Metrics::new());
        let api = runtime.block_on(http::bind(config.api.listen.get()))?;
        let (handle, shell) = lane.block_on(shell::start(parts, &mut metrics.registry()))?;
        let genesis = Arc::new(genesis);
        let keeper = Keeper::start(KeeperParts {
            dir: DataDir::open(dir.root())?,
            genesis: Arc::clone(&genesis),
            view: view.clone(),
            blocks: blocks.clone(),
            every_hours: config.snapshots.every_hours.get() as u64,
        });
        let keeper = keeper.map_err(NodeError::System)?;
        let at = (&genesis.id(), &view, runtime.handle());
        let witnesses = witnesses(config, note.as_ref(), dir, at, &mut metrics.registry())?;
        let api_state = ApiState::new(ApiParts {
            agency: config.agency.clone(),
            genesis,
            view: view.clone(),
            blocks,
            shell: handle.clone(),
            metrics: Arc::clone(&metrics),
            kept,
            note_key: note,
            board: witnesses.as_ref().map(Witnesses::board),
        });
        let webhook = match &config.webhook {
            Some(options) => {
                let (from, at) = ((api_state.clone(), view), runtime.handle());
                let registry = &mut metrics.registry();
                Some(Webhook::start(options, &config.agency, dir, from, at, registry)?)
            }
            None => None,
        };
        Ok(Node { shell, handle, api, api_state, webhook, witnesses, keeper })
    }

    /// Runs until a signal, until the ledger has other keys for this node, or until a part ends by
    /// itself.
    async fn serve(self, stopped: &mut Stopped, runtime: &Runtime) -> Result<ShellEnd, NodeError> {
        // The webhook, the witnesses and the snapshots end with this function, whichever way.
        let Node { shell, handle, api, api_state, webhook, witnesses, keeper } = self;
        let _beside = (webhook, witnesses, keeper);
        if let Ok(address) = api.local_addr() {
            tracing::info!("this node is {} on the network", shell.peer_id());
            tracing::info!("listening for programs on http://{address}");
        }
        let (end_api, api_may_end) = oneshot::channel::<()>();
        let api_end = async move {
            // An error is that the other end is gone, which says the same.
            let _ = api_may_end.await;
        };
        let mut api = runtime.spawn(http::serve(api, api_state, api_end));
        let mut shell = pin!(shell.run());
        let ended = tokio::select! {
            ended = &mut shell => ended.map_err(NodeError::from),
            name = &mut *stopped => {
                tracing::info!("stopping, since it was asked to ({name})");
                handle.shutdown();
                shell.await.map_err(NodeError::from)
            }
            ended = &mut api => {
                handle.shutdown();
                // What the API ended of comes first; the shell is only made to follow.
                let _ = shell.await;
                return api_ended(ended).map(|()| ShellEnd::Asked);
            }
        };
        drop(end_api);
        // It gives requests under way a few seconds. The shell's reason is the one that counts.
        let served = api.await;
        let end = ended?;
        api_ended(served).map(|()| end)
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

/// Whom to call: under the identity that the operator wrote, or whichever member answers there. A
/// written identity is let in whatever the ledger says; a named agency's node only as the ledger
/// has it, so that it is met again after its transport key is replaced, and no more after it left.
pub(crate) fn peers(options: &[PeerOption], ledger: &Ledger) -> Result<Vec<Multiaddr>, NodeError> {
    let mut addresses = Vec::new();
    for peer in options {
        let place = peer.address.clone();
        if let Some(identity) = peer.identity {
            addresses.push(place.with(Protocol::P2p(identity)));
            continue;
        }
        if let Some(agency) = &peer.agency {
            if state::agency(ledger, agency).is_none() {
                return Err(NodeError::Stranger(agency.clone()));
            }
            if state::departure(ledger, agency).is_some() {
                tracing::warn!(
                    "config.toml names the node of {agency}, which left: it is not called"
                );
                continue;
            }
        }
        addresses.push(place);
    }
    Ok(addresses)
}

/// The agencies that the operator named with an address.
pub(crate) fn named(options: &[PeerOption]) -> BTreeSet<AgencyId> {
    options.iter().filter_map(|peer| peer.agency.clone()).collect()
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

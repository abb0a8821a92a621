//! Fetching a snapshot from peers, before the node itself begins.
//! Holds: a manifest is verified from the genesis before its first chunk is asked for, and each chunk
//! on its arrival, so that whoever sends a false one is thrown out at once; what was fetched is
//! never fetched again, not even after a restart, from another peer or of a newer snapshot.
//! May not enter: the replica; trust in any peer.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use comity_core::genesis::Genesis;
use comity_core::ids::Height;
use comity_core::snapshot::{MAX_MANIFEST_BYTES, Manifest, VerifiedManifest};
use comity_core::trust_path::Anchor;
use comity_replica::io::{Peer, Ticket, Verdict};
use comity_replica::message::{ManifestPiece, Request, Response};
use prometheus_client::registry::Registry;
use tokio::time::Instant;

use super::install::{InstallError, put_together};
use crate::data_dir::{DataDir, DataDirError, io_error, sync_dir};
use crate::failure::{Ending, Failure};
use crate::network::{self, Command, Held, Network, NetworkConfig, NetworkError, NetworkEvent};

/// Chunks asked for at once (count).
const ASKED_AT_ONCE: usize = 4;
/// How long nothing may arrive before the operator is told that there is no snapshot to be had.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often peers that had no snapshot are asked again, and progress is told.
const TICK: Duration = Duration::from_secs(2);

/// Why no snapshot was fetched.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error(transparent)]
    Network(#[from] NetworkError),
    #[error("no peer was reached")]
    Nobody,
    #[error("none of the {0} peers that were reached has a snapshot")]
    NoSnapshot(usize),
    #[error("the peers that have a snapshot sent false or no chunks of it")]
    OnlyFalse,
    #[error("the network ended unexpectedly")]
    Ended,
    #[error(transparent)]
    Install(#[from] InstallError),
    #[error(transparent)]
    Dir(#[from] DataDirError),
    #[error("the genesis is not usable")]
    Genesis(#[from] comity_core::genesis::GenesisError),
}

/// Fetches a snapshot and puts it in place, to be installed. Errors: why there is none; what was
/// fetched stays for the next try.
pub(crate) async fn fetch(
    dir: &DataDir,
    genesis: &Genesis,
    config: NetworkConfig,
) -> Result<(), FetchError> {
    fetch_within(dir, genesis, config, PATIENCE).await
}

/// The same, given up when nothing new arrives for so long.
async fn fetch_within(
    dir: &DataDir,
    genesis: &Genesis,
    config: NetworkConfig,
    patience: Duration,
) -> Result<(), FetchError> {
    let store = ChunkStore::open(&dir.fetch_dir())?;
    let network = network::start(config, &mut Registry::default()).await?;
    let anchor = Anchor::genesis(genesis)?;
    let mut fetching = Fetching {
        store,
        anchor,
        peers: BTreeMap::new(),
        met: BTreeSet::new(),
        asked: BTreeMap::new(),
        last_ticket: 0,
        lies: 0,
        has_begun: false,
        stage: Stage::Looking,
        patience,
        moved: Instant::now(),
        told: Instant::now(),
    };
    let fetched = fetching.run(network).await;
    let manifest = fetched?;
    let store = &fetching.store;
    put_together(dir, &manifest.to_bytes(), manifest.chunk_count(), |number| {
        let root = manifest.chunk_root(number).unwrap_or_default();
        Ok(store.read(&root)?)
    })?;
    Ok(store.clear()?)
}

/// What is known of a peer.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// How often it gave no answer.
    failures: u32,
    /// It gave no answer, or has no snapshot: it is asked again after the next tick.
    rests: bool,
    /// It sent something false, and is asked no more.
    lied: bool,
}

enum Stage {
    /// For a peer that has a snapshot.
    Looking,
    /// Its manifest comes piece by piece.
    Manifest { peer: Peer, height: Option<Height>, bytes: Vec<u8> },
    /// Its chunks come.
    Chunks { peer: Peer, manifest: Box<VerifiedManifest>, missing: BTreeSet<usize> },
}

enum Asked {
    Manifest,
    Chunk(usize),
}

struct Fetching {
    store: ChunkStore,
    anchor: Anchor,
    peers: BTreeMap<Peer, Known>,
    /// Every peer that was ever there.
    met: BTreeSet<Peer>,
    asked: BTreeMap<Ticket, (Peer, Asked)>,
    last_ticket: u64,
    /// False manifests and chunks so far.
    lies: u32,
    /// Whether a manifest was verified.
    has_begun: bool,
    stage: Stage,
    patience: Duration,
    /// When something last arrived.
    moved: Instant,
    told: Instant,
}

impl Fetching {
    async fn run(&mut self, mut network: Network) -> Result<Manifest, FetchError> {
        let mut tick = Instant::now() + TICK;
        let ended = loop {
            if let Some(manifest) = self.finished() {
                break Ok(manifest);
            }
            self.go_on(&network).await;
            match tokio::time::timeout_at(tick, network.events.recv()).await {
                Ok(Some(event)) => {
                    if let Err(error) = self.take(event, &network).await {
                        break Err(error);
                    }
                }
                Ok(None) => break Err(FetchError::Ended),
                Err(_) => {
                    tick = Instant::now() + TICK;
                    self.peers.values_mut().for_each(|known| known.rests = false);
                }
            }
            if self.moved.elapsed() >= self.patience {
                break Err(self.in_vain());
            }
        };
        network.close().await;
        ended
    }

    fn finished(&self) -> Option<Manifest> {
        match &self.stage {
            Stage::Chunks { manifest, missing, .. } if missing.is_empty() => {
                Some(manifest.manifest().clone())
            }
            _ => None,
        }
    }

    fn in_vain(&self) -> FetchError {
        let failed = self.lies > 0 || self.peers.values().any(|known| known.failures > 0);
        match self.met.len() {
            0 => FetchError::Nobody,
            _ if failed => FetchError::OnlyFalse,
            count => FetchError::NoSnapshot(count),
        }
    }

    /// Asks for what is to be asked for next.
    async fn go_on(&mut self, network: &Network) {
        if let Stage::Looking = self.stage {
            let able = |(_, known): &(&Peer, &Known)| !known.rests && !known.lied;
            let best = self.peers.iter().filter(able).min_by_key(|(_, known)| known.failures);
            let Some(peer) = best.map(|(peer, _)| *peer) else { return };
            self.stage = Stage::Manifest { peer, height: None, bytes: Vec::new() };
            let request = Request::Snapshot { height: None, offset: 0 };
            self.ask(network, peer, request, Asked::Manifest).await;
        }
        let Stage::Chunks { peer, manifest, missing } = &self.stage else { return };
        let (peer, height) = (*peer, manifest.manifest().height());
        let under_way: BTreeSet<usize> = self
            .asked
            .values()
            .filter_map(|(_, asked)| match asked {
                Asked::Chunk(number) => Some(*number),
                Asked::Manifest => None,
            })
            .collect();
        let room = ASKED_AT_ONCE.saturating_sub(under_way.len());
        let next = missing.difference(&under_way).take(room).copied().collect::<Vec<_>>();
        for number in next {
            let Ok(of_file) = u32::try_from(number) else { continue };
            let request = Request::SnapshotChunk { height, number: of_file };
            self.ask(network, peer, request, Asked::Chunk(number)).await;
        }
    }

    async fn ask(&mut self, network: &Network, peer: Peer, request: Request, asked: Asked) {
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        self.asked.insert(ticket, (peer, asked));
        // Where the network has ended, its events say so.
        let _ = network.commands.send(Command::Request { peer, ticket, request }).await;
    }

    async fn take(&mut self, event: NetworkEvent, network: &Network) -> Result<(), FetchError> {
        match event {
            NetworkEvent::PeerUp { peer, .. } => {
                self.met.insert(peer);
                self.peers.insert(peer, Known::default());
            }
            NetworkEvent::PeerDown { peer } => {
                self.peers.remove(&peer);
                self.leave(peer);
            }
            NetworkEvent::PeerSoftware { .. } => {}
            NetworkEvent::Gossip { ticket, .. } => {
                let verdict = Command::Verdict { ticket, verdict: Verdict::Ignore };
                let _ = network.commands.send(verdict).await;
            }
            NetworkEvent::Request { ticket, .. } => {
                let none = Command::Respond { ticket, response: None, held: Held::nothing() };
                let _ = network.commands.send(none).await;
            }
            NetworkEvent::Response { peer, ticket, response } => {
                if let Some((_, asked)) = self.asked.remove(&ticket) {
                    self.take_response(network, peer, asked, response).await?;
                }
            }
        }
        Ok(())
    }

    async fn take_response(
        &mut self,
        network: &Network,
        peer: Peer,
        asked: Asked,
        response: Option<Response>,
    ) -> Result<(), FetchError> {
        if self.serving() != Some(peer) {
            return Ok(());
        }
        let reason = match (asked, response) {
            (Asked::Manifest, Some(Response::Snapshot(None))) => {
                if let Some(known) = self.peers.get_mut(&peer) {
                    known.rests = true;
                }
                self.leave(peer);
                return Ok(());
            }
            (Asked::Manifest, Some(Response::Snapshot(Some(piece)))) => {
                match self.take_piece(piece) {
                    Ok(Some(request)) => {
                        self.ask(network, peer, request, Asked::Manifest).await;
                        return Ok(());
                    }
                    Ok(None) => return Ok(()),
                    Err(reason) => reason,
                }
            }
            (Asked::Chunk(number), Some(Response::SnapshotChunk(Some(bytes)))) => {
                match self.take_chunk(number, &bytes)? {
                    None => return Ok(()),
                    Some(reason) => reason,
                }
            }
            _ => {
                // It went away, was busy, or no longer has that snapshot.
                if let Some(known) = self.peers.get_mut(&peer) {
                    known.failures += 1;
                    known.rests = true;
                }
                self.leave(peer);
                return Ok(());
            }
        };
        tracing::warn!(%reason, "a peer sent a false snapshot");
        self.lies += 1;
        if let Some(known) = self.peers.get_mut(&peer) {
            known.lied = true;
        }
        self.leave(peer);
        let _ = network.commands.send(Command::Disconnect { peer, reason }).await;
        Ok(())
    }

    /// The peer that is being fetched from.
    fn serving(&self) -> Option<Peer> {
        match &self.stage {
            Stage::Looking => None,
            Stage::Manifest { peer, .. } | Stage::Chunks { peer, .. } => Some(*peer),
        }
    }

    fn leave(&mut self, peer: Peer) {
        if self.serving() == Some(peer) {
            self.stage = Stage::Looking;
            self.asked.clear();
        }
    }

    /// A piece of the manifest; when it is whole, it is verified. Returns what to ask next. Errors:
    /// why the peer is thrown out.
    fn take_piece(&mut self, piece: ManifestPiece) -> Result<Option<Request>, String> {
        let Stage::Manifest { peer, height, bytes } = &mut self.stage else { return Ok(None) };
        let size = piece.size_bytes as usize;
        let is_same = height.is_none_or(|height| height == piece.height);
        let left = size.saturating_sub(bytes.len());
        if !is_same
            || size > MAX_MANIFEST_BYTES
            || piece.bytes.is_empty()
            || piece.bytes.len() > left
        {
            return Err("it sent a manifest that contradicts itself".to_owned());
        }
        *height = Some(piece.height);
        bytes.extend(piece.bytes);
        if bytes.len() < size {
            let offset = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            return Ok(Some(Request::Snapshot { height: Some(piece.height), offset }));
        }
        let manifest = Manifest::from_bytes(bytes).map_err(|error| error.to_string())?;
        if manifest.height() != piece.height {
            return Err("it sent the manifest of another height".to_owned());
        }
        let manifest = manifest.verify(&self.anchor).map_err(|error| error.to_string())?;
        let missing = self.store.missing(&manifest);
        // Once: a peer that shows a manifest again and again and no chunk of it gives nothing new.
        if !self.has_begun {
            self.has_begun = true;
            self.moved = Instant::now();
        }
        tracing::info!(
            height = piece.height.0,
            chunks = manifest.manifest().chunk_count(),
            missing = missing.len(),
            "fetching a snapshot; its manifest is verified from the genesis"
        );
        self.stage = Stage::Chunks { peer: *peer, manifest: Box::new(manifest), missing };
        Ok(None)
    }

    /// A chunk came. Returns why the peer is thrown out, if it is false. Errors: the disk.
    fn take_chunk(&mut self, number: usize, bytes: &[u8]) -> Result<Option<String>, FetchError> {
        let Stage::Chunks { manifest, missing, .. } = &mut self.stage else { return Ok(None) };
        if let Err(error) = manifest.check_chunk(number, bytes) {
            return Ok(Some(error.to_string()));
        }
        let root = manifest.manifest().chunk_root(number).unwrap_or_default();
        self.store.keep(&root, bytes)?;
        missing.remove(&number);
        self.moved = Instant::now();
        if self.told.elapsed() >= TICK {
            self.told = Instant::now();
            tracing::info!(missing = missing.len(), "fetching a snapshot");
        }
        Ok(None)
    }
}

/// Chunks that were fetched and verified, each in a file named by the root of its content.
#[derive(Debug)]
struct ChunkStore {
    dir: PathBuf,
}

impl ChunkStore {
    fn open(dir: &Path) -> Result<ChunkStore, DataDirError> {
        fs::create_dir_all(dir).map_err(|source| io_error("make", dir, source))?;
        Ok(ChunkStore { dir: dir.to_owned() })
    }

    fn path(&self, root: &[u8; 32]) -> PathBuf {
        self.dir.join(hex::encode(root))
    }

    /// Which chunks are not here yet. What an interrupted run left half written is not here.
    fn missing(&self, manifest: &VerifiedManifest) -> BTreeSet<usize> {
        let is_here = |number: usize| {
            let root = manifest.manifest().chunk_root(number).unwrap_or_default();
            let bytes = fs::read(self.path(&root));
            bytes.is_ok_and(|bytes| manifest.check_chunk(number, &bytes).is_ok())
        };
        (0..manifest.manifest().chunk_count()).filter(|number| !is_here(*number)).collect()
    }

    fn keep(&self, root: &[u8; 32], bytes: &[u8]) -> Result<(), DataDirError> {
        let path = self.path(root);
        fs::write(&path, bytes).map_err(|source| io_error("write", &path, source))
    }

    fn read(&self, root: &[u8; 32]) -> Result<Vec<u8>, DataDirError> {
        let path = self.path(root);
        fs::read(&path).map_err(|source| io_error("read", &path, source))
    }

    /// Removes them, when they are put together.
    fn clear(&self) -> Result<(), DataDirError> {
        fs::remove_dir_all(&self.dir).map_err(|source| io_error("remove", &self.dir, source))?;
        self.dir.parent().map_or(Ok(()), sync_dir)
    }
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Failure {
        let (ending, meaning, next) = match error {
            FetchError::Dir(error) => return error.into(),
            FetchError::Install(error) => return error.into(),
            FetchError::Nobody => (
                Ending::Failed,
                "The node was not started.",
                "check the addresses under [[network.peers]] and the way to them, then run the \
                 command again",
            ),
            FetchError::NoSnapshot(_) => (
                Ending::Failed,
                "The node was not started.",
                "have the operator of a peer run comityd snapshot, then run the command again; or \
                 leave --from-snapshot out, and the node fetches every block",
            ),
            FetchError::OnlyFalse => (
                Ending::Failed,
                "What was verified is kept for the next try. The node was not started.",
                "run the command again; where it fails again, ask another member",
            ),
            FetchError::Network(_) | FetchError::Ended | FetchError::Genesis(_) => (
                Ending::Failed,
                "The node was not started.",
                "check listen under [network] in config.toml, then run the command again",
            ),
        };
        Failure::because(ending, &error, meaning, next)
    }
}

#[cfg(test)]
mod tests;

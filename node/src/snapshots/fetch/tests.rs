//! Fetching from peers of this process, some of which lie.
//! Holds: every wait is for a condition, with a bound.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use comity_core::agency::KeyRole;
use comity_core::keys::SecretKey;
use comity_core::ledger::Ledger;
use libp2p::Multiaddr;
use tempfile::TempDir;

use super::*;
use crate::network::Members;
use crate::snapshots::SnapshotFile;
use crate::snapshots::serve::Files;
use crate::snapshots::tests::{directory, node};
use crate::view::tests::chain::{Chain, MEMBERS, secret};

/// Longer than any answer of this machine takes, and short enough to wait for in vain.
const SHORT: Duration = Duration::from_secs(5);
const LONG: Duration = Duration::from_secs(60);

/// What a peer makes of its answers.
type Bend = Box<dyn FnMut(Response) -> Option<Response> + Send>;

struct Scene {
    temp: TempDir,
    chain: Chain,
    /// Where the peers' snapshot lies.
    snapshots: PathBuf,
    addresses: Vec<Multiaddr>,
    /// Chunks that peers were asked for.
    asked: Arc<AtomicUsize>,
}

impl Scene {
    fn new() -> Scene {
        let (temp, chain) = (TempDir::new().unwrap(), Chain::with_accesses(20));
        let maker = node(temp.path(), "maker", &chain, 20);
        let path = maker.take_in(&chain, 1_500);
        let snapshots = path.parent().unwrap().to_owned();
        let (addresses, asked) = (Vec::new(), Arc::default());
        Scene { temp, chain, snapshots, addresses, asked }
    }

    fn members(&self) -> Members {
        Members::of_state(Ledger::new(&self.chain.genesis).unwrap().state())
    }

    fn config(&self, key: SecretKey) -> NetworkConfig {
        NetworkConfig {
            consortium: self.chain.genesis.id(),
            key,
            listen: vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()],
            peers: self.addresses.clone(),
            named: BTreeSet::new(),
            members: self.members(),
        }
    }

    /// A peer with the snapshots of a directory, whose answers are bent.
    async fn peer(&mut self, number: usize, snapshots: &Path, mut bend: Bend) {
        let mut config = self.config(secret(MEMBERS[number], KeyRole::Transport));
        config.peers.clear();
        let mut network = network::start(config, &mut Registry::default()).await.unwrap();
        self.addresses.push(network.listening[0].clone());
        let (files, asked) = (Files::new(snapshots), Arc::clone(&self.asked));
        tokio::spawn(async move {
            while let Some(event) = network.events.recv().await {
                let NetworkEvent::Request { ticket, request, .. } = event else { continue };
                if matches!(request, Request::SnapshotChunk { .. }) {
                    asked.fetch_add(1, Ordering::Relaxed);
                }
                let response = files.answer(&request).and_then(&mut bend);
                let held = Held::nothing();
                let _ = network.commands.send(Command::Respond { ticket, response, held }).await;
            }
        });
    }

    fn fetcher(&self) -> DataDir {
        directory(self.temp.path(), "fetcher", &self.chain)
    }

    async fn fetch(&self, patience: Duration) -> Result<(), FetchError> {
        let config = self.config(secret(MEMBERS[3], KeyRole::Transport));
        fetch_within(&self.fetcher(), &self.chain.genesis, config, patience).await
    }

    /// What was fetched is the very snapshot.
    fn assert_fetched(&self) {
        let file = SnapshotFile::open(&self.fetcher().start_file(), &self.chain.genesis).unwrap();
        assert_eq!(file.load().unwrap().ledger.tip().height, Height(20));
        assert!(!self.fetcher().fetch_dir().exists());
    }

    fn chunks(&self) -> usize {
        let (_, path) = crate::snapshots::list(&self.snapshots).pop().unwrap();
        let file = SnapshotFile::open(&path, &self.chain.genesis).unwrap();
        file.manifest().manifest().chunk_count()
    }
}

fn honest() -> Bend {
    Box::new(Some)
}

/// Every chunk with one bit turned.
fn false_chunks() -> Bend {
    Box::new(|response| match response {
        Response::SnapshotChunk(Some(mut bytes)) => {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            Some(Response::SnapshotChunk(Some(bytes)))
        }
        other => Some(other),
    })
}

/// A manifest with one bit turned.
fn false_manifest() -> Bend {
    Box::new(|response| match response {
        Response::Snapshot(Some(mut piece)) => {
            let middle = piece.bytes.len() / 2;
            piece.bytes[middle] ^= 1;
            Some(Response::Snapshot(Some(piece)))
        }
        other => Some(other),
    })
}

/// So many chunks, then silence.
fn some_chunks(mut count: usize) -> Bend {
    Box::new(move |response| match response {
        Response::SnapshotChunk(_) if count == 0 => None,
        Response::SnapshotChunk(chunk) => {
            count -= 1;
            Some(Response::SnapshotChunk(chunk))
        }
        other => Some(other),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshot_is_fetched_past_peers_that_lie_or_have_none() {
    let mut scene = Scene::new();
    let (snapshots, empty) = (scene.snapshots.clone(), scene.temp.path().join("empty"));
    scene.peer(0, &snapshots, false_chunks()).await;
    scene.peer(1, &empty, honest()).await;
    scene.peer(2, &snapshots, honest()).await;
    scene.fetch(LONG).await.unwrap();
    scene.assert_fetched();
}

#[tokio::test(flavor = "multi_thread")]
async fn liars_alone_give_nothing_that_is_used() {
    for bend in [false_chunks, false_manifest] {
        let mut scene = Scene::new();
        let snapshots = scene.snapshots.clone();
        scene.peer(0, &snapshots, bend()).await;
        let refused = scene.fetch(SHORT).await;
        assert!(matches!(refused, Err(FetchError::OnlyFalse)), "{refused:?}");
        assert!(!scene.fetcher().start_file().exists());
        let kept = fs::read_dir(scene.fetcher().fetch_dir()).unwrap().count();
        assert_eq!(kept, 0, "nothing false is kept");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_and_nothing_are_told_apart() {
    let mut scene = Scene::new();
    let refused = scene.fetch(Duration::from_millis(100)).await;
    assert!(matches!(refused, Err(FetchError::Nobody)), "{refused:?}");
    let empty = scene.temp.path().join("empty");
    scene.peer(0, &empty, honest()).await;
    let refused = scene.fetch(SHORT).await;
    assert!(matches!(refused, Err(FetchError::NoSnapshot(1))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_fetch_goes_on_where_it_was() {
    let mut scene = Scene::new();
    let (snapshots, chunks) = (scene.snapshots.clone(), scene.chunks());
    assert!(chunks > 8, "{chunks}");
    scene.peer(0, &snapshots, some_chunks(5)).await;
    let refused = scene.fetch(SHORT).await;
    assert!(matches!(refused, Err(FetchError::OnlyFalse)), "{refused:?}");
    // One chunk that came is damaged on the disk since: it is fetched again.
    let kept: BTreeMap<_, _> = fs::read_dir(scene.fetcher().fetch_dir())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    // Answers that were under way when the peer fell silent may have come too late.
    assert!((1..=5).contains(&kept.len()), "{}", kept.len());
    let (path, bytes) = kept.first_key_value().unwrap();
    fs::write(path, &bytes[..bytes.len() - 1]).unwrap();
    scene.addresses.clear();
    scene.peer(1, &snapshots, honest()).await;
    scene.asked.store(0, Ordering::Relaxed);
    scene.fetch(LONG).await.unwrap();
    scene.assert_fetched();
    assert_eq!(scene.asked.load(Ordering::Relaxed), chunks - (kept.len() - 1));
}

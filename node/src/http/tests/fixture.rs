//! A node without a network: chain, block log, view, API; the test plays the replica.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use comity_core::agency::KeyRole;
use comity_core::ids::Height;
use comity_core::statement::VerifiedRecord;
use comity_replica::io::Commit;
use comity_replica::replica::{ReplicaStatus, Voting};
use comity_replica::storage::{Storage, StorageOp};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::client::{Coming, Reply, begin};
use crate::disk::FileDisk;
use crate::http::{ApiParts, ApiState, HttpError, bind, serve};
use crate::kept::Kept;
use crate::metrics::Metrics;
use crate::shell::handle::HandleEnds;
use crate::shell::{NodeStatus, PeerStatus, ShellHandle};
use crate::view::tests::chain::{Chain, MEMBERS, secret};
use crate::view::{View, boot};

/// Room for what is kept: a few openings.
const KEPT_BYTES: u64 = 16 * 4096;

pub(crate) struct Node {
    pub(crate) chain: Chain,
    pub(crate) view: View,
    pub(crate) api: ApiState,
    /// The replica's ends.
    pub(super) ends: HandleEnds,
    pub(super) address: SocketAddr,
    storage: Storage<FileDisk>,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<Result<(), HttpError>>,
    _dir: TempDir,
}

impl Node {
    /// The node of `health.gd`, with this chain.
    pub(crate) async fn start(chain: Chain) -> Node {
        let dir = TempDir::new().unwrap();
        let disk = FileDisk::open(&dir.path().join("log")).unwrap();
        let storage = chain.stored(disk, usize::MAX);
        let blocks = storage.reader().clone();
        let at = dir.path().join("view");
        let (view, saved) = View::open(&at, *chain.ledger.consortium()).unwrap();
        boot(&chain.genesis, &view, saved, &blocks, Path::new("")).unwrap();
        let (shell, ends) = ShellHandle::channel(status(&chain));
        let state = ApiState::new(ApiParts {
            agency: "health.gd".parse().unwrap(),
            genesis: Arc::new(chain.genesis.clone()),
            view: view.clone(),
            blocks,
            shell,
            metrics: Arc::new(Metrics::new()),
            kept: Kept::open(&dir.path().join("kept"), *chain.ledger.consortium(), KEPT_BYTES)
                .unwrap(),
            note_key: Some(secret("health.gd", KeyRole::Note)),
            board: None,
        });
        let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async {
            let _ = stopped.await;
        };
        let api = state.clone();
        let served = tokio::spawn(serve(listener, state, shutdown));
        let stop = Some(stop);
        Node { chain, view, api, ends, address, storage, stop, served, _dir: dir }
    }

    /// Commits a block with these records: durable first, then in the view.
    pub(crate) fn commit(&mut self, records: Vec<VerifiedRecord>) -> Arc<Commit> {
        let commit = self.store(records);
        self.view.apply(Arc::clone(&commit));
        commit
    }

    /// Makes a block with these records durable; the view does not have it yet.
    pub(super) fn store(&mut self, records: Vec<VerifiedRecord>) -> Arc<Commit> {
        let commit = self.chain.push(records);
        let (height, header_hash) = (commit.header.height.0, commit.header_hash);
        let payload = self.chain.payloads.last().unwrap().clone();
        self.storage.perform(StorageOp::Commit { height, header_hash, payload }).unwrap();
        self.storage.sync().unwrap();
        commit
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        self.begin(&format!("GET {path}"), &[], &[]).await.whole().await
    }

    pub(super) async fn begin(&self, request: &str, headers: &[&str], body: &[u8]) -> Coming {
        begin(self.address, request, headers, body).await
    }

    /// Stops the API and waits until it has ended.
    pub(super) async fn stop(&mut self) -> Result<(), HttpError> {
        drop(self.stop.take());
        (&mut self.served).await.unwrap()
    }
}

/// A validator that votes, with no peer.
fn status(chain: &Chain) -> NodeStatus {
    let tip = chain.ledger.tip();
    let replica = ReplicaStatus {
        consortium: *chain.ledger.consortium(),
        height: tip.height,
        header_hash: tip.hash,
        time: tip.time,
        round: 0,
        voting: Voting::Active,
        best_peer_height: Height(0),
        pending: 0,
        members_connected: 0,
    };
    NodeStatus { replica, peers: Vec::new(), full: None, caught_up_at: None }
}

/// The nodes of the first `count` members as connected peers, and the height that the best has
/// proven.
pub(super) fn with_peers(node: &Node, count: usize, best: Height) -> NodeStatus {
    let mut status = status(&node.chain);
    status.replica.best_peer_height = best;
    let peer = |agency: &&str| PeerStatus {
        agency: Some(agency.parse().unwrap()),
        address: "/ip4/127.0.0.1/tcp/7070".to_owned(),
        height: Some(best),
        software: None,
    };
    status.peers = MEMBERS.iter().take(count).map(peer).collect();
    status
}

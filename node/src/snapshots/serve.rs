//! Answers peers that ask for this node's snapshots.
//! Holds: at most a few reads at once for a peer and in all; an answer is of bounded size.
//! May not enter: the replica; verification (whoever fetches trusts nobody).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use comity_core::ids::Height;
use comity_replica::io::{Peer, Ticket};
use comity_replica::message::{MANIFEST_PIECE_BYTES, ManifestPiece, Request, Response};
use tokio::sync::mpsc;

use super::file::RawFile;
use super::{KEPT, file_of, list};
use crate::network::Command;
use crate::serving::{AtOnce, Serving};

const AT_ONCE: AtOnce = AtOnce { per_peer: 8, in_all: 32 };

/// Serves snapshots to peers.
#[derive(Debug)]
pub(crate) struct SnapshotServer {
    files: Files,
    serving: Serving,
}

/// The snapshots of a directory, those asked for last held open: one that is removed meanwhile can
/// still be fetched to its end.
#[derive(Clone, Debug)]
pub(super) struct Files {
    dir: PathBuf,
    open: Arc<Mutex<BTreeMap<Height, Arc<RawFile>>>>,
}

impl SnapshotServer {
    pub(crate) fn new(dir: &Path, network: mpsc::Sender<Command>) -> Self {
        SnapshotServer { files: Files::new(dir), serving: Serving::new(network, AT_ONCE) }
    }

    /// Reads and answers on another thread.
    pub(crate) async fn serve(&mut self, peer: Peer, ticket: Ticket, request: Request) {
        let files = self.files.clone();
        self.serving.answer(peer, ticket, move || files.answer(&request)).await;
    }

    /// Forgets a peer that is gone.
    pub(crate) fn forget(&mut self, peer: Peer) {
        self.serving.forget(peer);
    }
}

impl Files {
    pub(super) fn new(dir: &Path) -> Files {
        Files { dir: dir.to_owned(), open: Arc::default() }
    }

    /// What this node answers to a request about snapshots.
    pub(super) fn answer(&self, request: &Request) -> Option<Response> {
        match *request {
            Request::Snapshot { height, offset } => {
                Some(Response::Snapshot(self.piece(height, offset)))
            }
            Request::SnapshotChunk { height, number } => {
                Some(Response::SnapshotChunk(self.chunk(height, number)))
            }
            _ => None,
        }
    }

    fn piece(&self, height: Option<Height>, offset: u32) -> Option<ManifestPiece> {
        let newest = || list(&self.dir).pop().map(|(height, _)| height);
        let height = height.or_else(newest)?;
        let file = self.file(height)?;
        let manifest = file.manifest_bytes();
        let rest = manifest.get(offset as usize..)?;
        let bytes = rest[..rest.len().min(MANIFEST_PIECE_BYTES)].to_vec();
        let size_bytes = u32::try_from(manifest.len()).ok()?;
        Some(ManifestPiece { height, size_bytes, bytes })
    }

    fn chunk(&self, height: Height, number: u32) -> Option<Vec<u8>> {
        let file = self.file(height)?;
        match file.chunk(number as usize) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                tracing::warn!(height = height.0, number, %error, "could not read a snapshot for a peer");
                None
            }
        }
    }

    fn file(&self, height: Height) -> Option<Arc<RawFile>> {
        // No update of the table can panic half way.
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = open.get(&height) {
            return Some(Arc::clone(file));
        }
        let path = file_of(&self.dir, height);
        if !path.exists() {
            return None;
        }
        match RawFile::open(&path) {
            Ok(file) => {
                let file = Arc::new(file);
                open.insert(height, Arc::clone(&file));
                while open.len() > KEPT {
                    open.pop_first();
                }
                Some(file)
            }
            Err(error) => {
                tracing::warn!(height = height.0, %error, "a snapshot on this disk cannot be read");
                None
            }
        }
    }
}

//! When a running node takes snapshots: every so often, and when its operator asks.
//! Holds: one at a time, on a thread of its own, while the node goes on.
//!
//! The operator's command, another process, asks by a file in the directory of snapshots: whoever may
//! write there owns the node. The wish is taken away when it is fulfilled or has failed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use comity_core::genesis::Genesis;
use comity_core::snapshot::CHUNK_BYTES;
use comity_replica::storage::BlockLogReader;

use super::{Source, TakeError, list, take};
use crate::data_dir::{DataDir, DataDirError, io_error};
use crate::disk::FileDisk;
use crate::view::View;

/// How often the node looks whether a snapshot is wished for or due.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// How often a command that waits looks.
const WAIT_EVERY: Duration = Duration::from_millis(100);
/// How often it looks whether one is due.
const LOOK_IF_DUE_EVERY: Duration = Duration::from_secs(60);
const HOUR_MS: u64 = 60 * 60 * 1000;

fn wish_file(dir: &DataDir) -> PathBuf {
    dir.snapshots_dir().join("wanted")
}

fn failure_file(dir: &DataDir) -> PathBuf {
    dir.snapshots_dir().join("failed")
}

/// Takes snapshots until it is dropped.
#[derive(Debug)]
pub(crate) struct Keeper {
    stop: Arc<AtomicBool>,
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What the keeper's thread works with.
pub(crate) struct KeeperParts {
    pub(crate) dir: DataDir,
    pub(crate) genesis: Arc<Genesis>,
    pub(crate) view: View,
    pub(crate) blocks: BlockLogReader<FileDisk>,
    /// A snapshot at least so often, by block time (hours); 0 for none unless asked.
    pub(crate) every_hours: u64,
}

impl Keeper {
    /// Starts the thread. Errors: the system gave none.
    pub(crate) fn start(parts: KeeperParts) -> io::Result<Keeper> {
        let stop = Arc::new(AtomicBool::new(false));
        let (end, ended) = channel::<()>();
        let of_thread = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name("snapshots".into()).spawn(move || {
            let mut due_from = Instant::now();
            while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(LOOK_EVERY) {
                let is_time = Instant::now() >= due_from;
                if is_time {
                    due_from = Instant::now() + LOOK_IF_DUE_EVERY;
                }
                parts.look(is_time, &of_thread);
            }
        })?;
        Ok(Keeper { stop, end: Some(end), thread: Some(thread) })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        drop(self.end.take());
        // A thread that panicked has said so; there is nothing left to do for it.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl KeeperParts {
    /// Takes a snapshot if one is wished for or, where it is time to look at that, due.
    fn look(&self, is_time: bool, stop: &AtomicBool) {
        let wish = wish_file(&self.dir);
        let is_wished = wish.exists();
        let is_wanted = is_wished || (is_time && self.is_due());
        if !is_wanted {
            return;
        }
        let started = Instant::now();
        let (dir, genesis) = (&self.dir, &*self.genesis);
        let (view, blocks, chunk_bytes) = (&self.view, &self.blocks, CHUNK_BYTES);
        let source = Source { dir, genesis, view, blocks, chunk_bytes, stop };
        match take(&source) {
            Ok(taken) => {
                let took_ms = started.elapsed().as_millis();
                tracing::info!(
                    height = taken.height.0,
                    bytes = taken.size_bytes,
                    took_ms,
                    "took a snapshot"
                );
            }
            Err(TakeError::Stopping) => return,
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::warn!(%error, cause, "no snapshot was taken");
                let told = cause.map_or(error.to_string(), |cause| format!("{error}: {cause}"));
                // Whoever asked looks into the log where this is not there.
                let _ = fs::write(failure_file(&self.dir), told);
            }
        }
        if is_wished {
            // Where it stays, another snapshot is taken, of a later block: no harm.
            let _ = fs::remove_file(wish);
        }
    }

    /// Whether block time has moved on far enough since the newest snapshot, or since the beginning.
    fn is_due(&self) -> bool {
        let every_ms = self.every_hours * HOUR_MS;
        let at = self.view.snapshot();
        if every_ms == 0 || at.header().is_none() {
            return false;
        }
        let newest = list(&self.dir.snapshots_dir()).pop().map(|(height, _)| height);
        let since = match newest {
            Some(height) if height >= at.tip().height => return false,
            Some(height) => match self.blocks.read(height.0).ok().flatten() {
                Some(payload) => comity_core::block::CommittedBlock::from_bytes(&payload)
                    .map_or(self.genesis.time, |committed| committed.block.header.time),
                None => self.genesis.time,
            },
            None => self.genesis.time,
        };
        since.plus(every_ms) <= at.tip().time
    }
}

/// Asks the node that runs in a directory for a snapshot, and waits until it is there. Returns what
/// the node says where it failed. Errors: the directory is not writable; `None` in `Ok` is success.
pub(crate) fn wish(dir: &DataDir, patience: Duration) -> Result<Option<String>, DataDirError> {
    let (wish, failure) = (wish_file(dir), failure_file(dir));
    let snapshots = dir.snapshots_dir();
    fs::create_dir_all(&snapshots).map_err(|source| io_error("make", &snapshots, source))?;
    remove(&failure)?;
    fs::write(&wish, "").map_err(|source| io_error("write", &wish, source))?;
    let started = Instant::now();
    while wish.exists() {
        if started.elapsed() >= patience {
            remove(&wish)?;
            return Ok(Some("the node did not answer in time".to_owned()));
        }
        std::thread::sleep(WAIT_EVERY);
    }
    match fs::read_to_string(&failure) {
        Ok(told) => Ok(Some(told)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(io_error("read", &failure, source)),
    }
}

fn remove(path: &Path) -> Result<(), DataDirError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io_error("remove", path, error))
        }
        _ => Ok(()),
    }
}

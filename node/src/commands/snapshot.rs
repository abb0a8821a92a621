//! `comityd snapshot`: a snapshot of a node's ledger, running or not.
//! Holds: a file that is there is never overwritten; a snapshot that is named was verified.
//! May not enter: how it is taken (see `snapshots`).

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use comity_core::snapshot::CHUNK_BYTES;

use crate::args::SnapshotArgs;
use crate::config::Config;
use crate::data_dir::{DataDir, DataDirError, io_error, sync_dir};
use crate::failure::{Ending, Failure};
use crate::logging::{self, LogFilter};
use crate::node::{NodeError, open_storage};
use crate::snapshots::{self, SnapshotFile, SnapshotFileError, Source, TakeError, take};
use crate::view::{self, View};

/// How long a running node may take.
const PATIENCE: Duration = Duration::from_secs(3_600);

#[derive(Debug, thiserror::Error)]
enum SnapshotError {
    #[error(transparent)]
    Dir(#[from] DataDirError),
    #[error(transparent)]
    Node(#[from] NodeError),
    #[error(transparent)]
    Take(#[from] TakeError),
    #[error("the running node took no snapshot: {0}")]
    Refused(String),
    #[error("there is no snapshot in {0}")]
    Nothing(PathBuf),
    #[error(transparent)]
    File(#[from] SnapshotFileError),
}

pub(super) fn perform(args: &SnapshotArgs) -> Result<String, Failure> {
    let dir = DataDir::open(&args.dir)?;
    let config = Config::load(&dir.config_file())?;
    logging::start(config.log.format, &LogFilter::default());
    Ok(snapshot(&dir, args.out.as_deref())?)
}

fn snapshot(dir: &DataDir, out: Option<&Path>) -> Result<String, SnapshotError> {
    if let Some(out) = out.filter(|out| out.exists()) {
        return Err(DataDirError::Exists(out.to_owned()).into());
    }
    match dir.lock() {
        Ok(_lock) => take_here(dir)?,
        Err(DataDirError::InUse { .. }) => {
            if let Some(told) = snapshots::wish(dir, PATIENCE)? {
                return Err(SnapshotError::Refused(told));
            }
        }
        Err(error) => return Err(error.into()),
    }
    let newest = snapshots::list(&dir.snapshots_dir()).pop();
    let (height, path) = newest.ok_or_else(|| SnapshotError::Nothing(dir.snapshots_dir()))?;
    let file = SnapshotFile::open(&path, &dir.genesis()?)?;
    let place = match out {
        Some(out) => copy(&path, out)?,
        None => path,
    };
    let manifest = file.manifest();
    Ok(format!(
        "{} holds the ledger after block {height}: {} chunks, {} bytes.\n\
         Consortium: {}\n\
         Last block: {}\n\
         Validators: changed {} times since the genesis; each change is proven in it\n\
         Next: peers can fetch it (comityd run --from-snapshot peers), or give the file away \
         (comityd run --from-snapshot {}); whoever has genesis.json can check every byte.\n",
        place.display(),
        manifest.manifest().chunk_count(),
        fs::metadata(&place).map_err(|source| io_error("measure", &place, source))?.len(),
        manifest.path().header().consortium,
        manifest.path().hash(),
        manifest.manifest().path.changes.len(),
        place.display(),
    ))
}

/// Of a node that does not run.
fn take_here(dir: &DataDir) -> Result<(), SnapshotError> {
    let genesis = dir.genesis()?;
    let (storage, _) = open_storage(dir, &genesis, None)?;
    let blocks = storage.reader();
    let (view, saved) = View::open(&dir.view_dir(), genesis.id()).map_err(NodeError::from)?;
    let booted = view::boot(&genesis, &view, saved, blocks, &dir.start_file());
    let stop = AtomicBool::new(false);
    let taken =
        booted.map_err(|error| SnapshotError::from(NodeError::from(error))).and_then(|_| {
            let (genesis, view, stop, chunk_bytes) = (&genesis, &view, &stop, CHUNK_BYTES);
            let source = Source { dir, genesis, view, blocks, chunk_bytes, stop };
            Ok(take(&source)?)
        });
    view.close();
    taken.map(drop)
}

fn copy(from: &Path, out: &Path) -> Result<PathBuf, DataDirError> {
    let mut beside = out.as_os_str().to_owned();
    beside.push(".tmp");
    let beside = PathBuf::from(beside);
    fs::copy(from, &beside).map_err(|source| io_error("write", &beside, source))?;
    let synced = fs::File::open(&beside).and_then(|file| file.sync_all());
    synced.map_err(|source| io_error("sync", &beside, source))?;
    fs::rename(&beside, out).map_err(|source| io_error("rename", &beside, source))?;
    match out.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_dir(parent)?,
        _ => sync_dir(Path::new("."))?,
    }
    Ok(out.to_owned())
}

impl From<SnapshotError> for Failure {
    fn from(error: SnapshotError) -> Failure {
        let (ending, meaning, next) = match error {
            SnapshotError::Dir(error) => return error.into(),
            SnapshotError::Node(error) => return error.into(),
            SnapshotError::Take(TakeError::Dir(error)) => return error.into(),
            SnapshotError::Take(TakeError::Empty) => (
                Ending::Failed,
                "There is nothing to take a snapshot of. Nothing was written.",
                "start the node, wait for the first block (comity status), then try again",
            ),
            SnapshotError::Refused(_) => (
                Ending::Failed,
                "Nothing was written.",
                "look into the node's log for what went wrong, then try again",
            ),
            SnapshotError::Nothing(_) => (
                Ending::Failed,
                "It was removed as soon as it was there. Nothing was written.",
                "run the command again",
            ),
            SnapshotError::Take(_) | SnapshotError::File(_) => (
                Ending::Failed,
                "What this node stored is damaged or was changed. Nothing was written.",
                "take the snapshot at another member; then check this machine's disk",
            ),
        };
        Failure::because(ending, &error, meaning, next)
    }
}

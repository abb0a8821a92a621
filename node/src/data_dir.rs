//! The data directory of a node: what lies where, who may look in, and which process has it.
//! Holds: one process at a time works in a directory; nothing in it is ever overwritten by chance.
//! May not enter: what the files mean (see `config`, `key_store`, the block log, the view).
//!
//! | name | what | mode | back it up? |
//! |---|---|---|---|
//! | `config.toml` | the operator's settings | 0600 | yes |
//! | `genesis.json` | the consortium's founding document, the same at every member | | yes |
//! | `member.json` | this agency's part of the genesis; public | 0644 | yes |
//! | `keys/validator.json` | signs votes; absent at an observer | 0600 | yes, locked away |
//! | `keys/transport.json` | the node's identity on the network | 0600 | yes, locked away |
//! | `keys/note.json` | signs checkpoints | 0600 | yes, locked away |
//! | `keys/*.next.json` | the key that is to follow one of these (`comityd key new`) | 0600 | yes, locked away |
//! | `keys/*.ended.json` | the key that one of these followed | 0600 | no |
//! | `keys/ended.txt` | which keys this node had | 0600 | yes |
//! | `*.next.card.json` | the public card of a next key, to be handed over | 0644 | yes |
//! | `validator.card.json` and such | the card of a key that has followed another | 0644 | yes |
//! | `guard.next/` | the sign guard that was born with the next validator key | 0700 | never |
//! | `log/blocks-*.log` | every committed block with its certificate | | no: every member has them |
//! | `log/wal` | what the validator key has signed | | never: an old copy makes it vote twice |
//! | `kept/` | what the node keeps beside the log: openings of sealed details, texts about datasets | 0700 | yes; erased openings must age out of the backups |
//! | `webhook.cursor` | which entry the webhook sends next | 0600 | no: without it every entry is sent again |
//! | `cosigned.checkpoint` | the last checkpoint that enough witnesses have cosigned | 0600 | no: they are asked again |
//! | `view/` | state and indexes, derived; `comityd reindex` rebuilds them | | no |
//! | `view.new/`, `view.broken-*/` | a view on its way, and those that could not be used | | no |
//! | `misbehaviour.log` | two messages that one validator signed for one step, as they were seen | | yes |
//! | `restored.json` | that all this comes from a backup; while it is there the node does not vote | 0600 | no |
//! | `guard-report.json` | what the other members said of this node's key, as `comityd guard show` asked | 0600 | no |
//! | `wal.damaged-*` | write-ahead logs that could not be read, put aside by `comityd repair` | 0600 | never |
//! | `comityd.lock` | the number of the process that has the directory | | no |

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use comity_core::agency::KeyRole;
use comity_core::genesis::{Genesis, GenesisError};

use crate::disk::sync_directory;
use crate::failure::{Ending, Failure};

/// Mode of a directory that only its owner may enter.
const PRIVATE_DIR: u32 = 0o700;
/// Mode of a file that only its owner may read.
pub(crate) const PRIVATE_FILE: u32 = 0o600;
/// Mode of a file that is meant to be handed on.
pub(crate) const PUBLIC_FILE: u32 = 0o644;
/// The directory of the snapshots that a node took, in its own.
pub(crate) const SNAPSHOTS: &str = "snapshots";

/// A node's data directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataDir {
    root: PathBuf,
}

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// There is no data directory here.
    #[error("{0} is not the directory of a node: it has no config.toml")]
    NotADataDir(PathBuf),
    /// A node was set up here before.
    #[error("{0} already holds a node: there is a config.toml in it")]
    AlreadyANode(PathBuf),
    /// Something else is here.
    #[error("{0} is not empty")]
    NotEmpty(PathBuf),
    /// Another process has it.
    #[error("another process{} is working in {dir}", in_words(*pid))]
    InUse {
        /// The directory.
        dir: PathBuf,
        /// The process, where it could be read.
        pid: Option<u32>,
    },
    /// A file that would be written is there already.
    #[error("{0} exists already")]
    Exists(PathBuf),
    /// There is no genesis yet.
    #[error("{0} does not exist")]
    NoGenesis(PathBuf),
    /// A genesis file that is no genesis.
    #[error("{path} cannot be read as a genesis")]
    GenesisText {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A genesis that founds no consortium.
    #[error("{path} founds no consortium")]
    GenesisUnfit {
        /// The file.
        path: PathBuf,
        /// What it lacks.
        #[source]
        source: GenesisError,
    },
    /// The system refused.
    #[error("could not {operation} {path}")]
    Io {
        /// What was asked of it.
        operation: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What it said.
        #[source]
        source: io::Error,
    },
}

impl DataDir {
    /// The directory of a node that was set up before. Errors: `NotADataDir`.
    pub fn open(root: &Path) -> Result<DataDir, DataDirError> {
        let dir = DataDir { root: root.to_owned() };
        if dir.config_file().is_file() {
            Ok(dir)
        } else {
            Err(DataDirError::NotADataDir(root.to_owned()))
        }
    }

    /// Makes a new, empty directory that only its owner may enter; an empty one may be there.
    /// Errors: `AlreadyANode`, `NotEmpty`, `Io`.
    pub(crate) fn create(root: &Path) -> Result<DataDir, DataDirError> {
        let dir = DataDir { root: root.to_owned() };
        if DataDir::check_vacant(root)? {
            restrict(root)?;
        } else {
            make_private(root)?;
        }
        for part in [dir.keys_dir(), dir.log_dir()] {
            make_private(&part)?;
        }
        Ok(dir)
    }

    /// Makes certain that a node's directory can be made here; whether an empty one is there.
    /// Errors: `AlreadyANode`, `NotEmpty`, `Io`.
    pub(crate) fn check_vacant(root: &Path) -> Result<bool, DataDirError> {
        if (DataDir { root: root.to_owned() }).config_file().exists() {
            return Err(DataDirError::AlreadyANode(root.to_owned()));
        }
        match std::fs::read_dir(root).map(|mut entries| entries.next().is_some()) {
            Ok(true) => Err(DataDirError::NotEmpty(root.to_owned())),
            Ok(false) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(io_error("look into", root, source)),
        }
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The operator's settings.
    pub fn config_file(&self) -> PathBuf {
        self.root.join("config.toml")
    }

    /// The consortium's genesis.
    pub fn genesis_file(&self) -> PathBuf {
        self.root.join("genesis.json")
    }

    /// What this agency brings into the genesis.
    pub fn member_file(&self) -> PathBuf {
        self.root.join("member.json")
    }

    /// One of the node's keys.
    pub fn key_file(&self, role: KeyRole) -> PathBuf {
        self.keys_dir().join(format!("{role}.json"))
    }

    /// The key that is to follow one of the node's keys.
    pub fn next_key_file(&self, role: KeyRole) -> PathBuf {
        self.keys_dir().join(format!("{role}.next.json"))
    }

    /// Where the card of that key is written, to be handed over.
    pub fn next_card_file(&self, role: KeyRole) -> PathBuf {
        self.root.join(format!("{role}.next.card.json"))
    }

    /// Where that card lies once the key has followed.
    pub fn card_file(&self, role: KeyRole) -> PathBuf {
        self.root.join(format!("{role}.card.json"))
    }

    /// The key that one of the node's keys followed.
    pub fn ended_key_file(&self, role: KeyRole) -> PathBuf {
        self.keys_dir().join(format!("{role}.ended.json"))
    }

    /// The public keys that this node had.
    pub fn ended_keys_file(&self) -> PathBuf {
        self.keys_dir().join("ended.txt")
    }

    /// The sign guard that was born with the next validator key.
    pub fn next_guard_dir(&self) -> PathBuf {
        self.root.join("guard.next")
    }

    /// Block log and write-ahead log.
    pub fn log_dir(&self) -> PathBuf {
        self.root.join("log")
    }

    /// The derived state and indexes.
    pub fn view_dir(&self) -> PathBuf {
        self.root.join("view")
    }

    /// What the node keeps beside the log.
    pub fn kept_dir(&self) -> PathBuf {
        self.root.join("kept")
    }

    /// Snapshots that this node took.
    pub fn snapshots_dir(&self) -> PathBuf {
        self.root.join(SNAPSHOTS)
    }

    /// The snapshot that this node started from, if it did not start from the genesis.
    pub fn start_file(&self) -> PathBuf {
        self.root.join("start.snapshot")
    }

    /// Chunks of a snapshot that are being fetched from peers.
    pub fn fetch_dir(&self) -> PathBuf {
        self.root.join("snapshot.fetch")
    }

    /// How far the webhook has come.
    pub fn webhook_cursor_file(&self) -> PathBuf {
        self.root.join("webhook.cursor")
    }

    /// The last checkpoint that enough witnesses have cosigned.
    pub(crate) fn cosigned_file(&self) -> PathBuf {
        self.root.join("cosigned.checkpoint")
    }

    /// Where seen misbehaviour is kept.
    pub fn misbehaviour_file(&self) -> PathBuf {
        self.root.join("misbehaviour.log")
    }

    /// That the directory comes from a backup.
    pub fn restored_file(&self) -> PathBuf {
        self.root.join("restored.json")
    }

    /// What the other members said of this node's key.
    pub fn guard_report_file(&self) -> PathBuf {
        self.root.join("guard-report.json")
    }

    pub(crate) fn keys_dir(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// Takes the directory for this process until the lock is dropped. Errors: `InUse`, `Io`.
    pub(crate) fn lock(&self) -> Result<DirLock, DataDirError> {
        let path = self.root.join("comityd.lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(PRIVATE_FILE)
            .open(&path)
            .map_err(|source| io_error("open", &path, source))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // Without the number the refusal is still true.
                let _ = file.read_to_string(&mut text);
                let pid = text.trim().parse().ok();
                return Err(DataDirError::InUse { dir: self.root.clone(), pid });
            }
            Err(TryLockError::Error(source)) => return Err(io_error("lock", &path, source)),
        }
        let written = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        written.map_err(|source| io_error("write", &path, source))?;
        Ok(DirLock { _file: file })
    }

    /// Reads and checks the genesis. Errors: `NoGenesis`, `GenesisText`, `GenesisUnfit`, `Io`.
    pub(crate) fn genesis(&self) -> Result<Genesis, DataDirError> {
        read_genesis(&self.genesis_file())
    }
}

/// Reads and checks a genesis. Errors: `NoGenesis`, `GenesisText`, `GenesisUnfit`, `Io`.
pub(crate) fn read_genesis(path: &Path) -> Result<Genesis, DataDirError> {
    let path = path.to_owned();
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(DataDirError::NoGenesis(path));
        }
        Err(source) => return Err(io_error("read", &path, source)),
    };
    let genesis: Genesis = serde_json::from_slice(&text)
        .map_err(|source| DataDirError::GenesisText { path: path.clone(), source })?;
    match genesis.check() {
        Ok(()) => Ok(genesis),
        Err(source) => Err(DataDirError::GenesisUnfit { path, source }),
    }
}

/// Keeps other processes out of a data directory while it lives. The file stays behind; what
/// counts is the system's lock on it, which ends with the process however it ends.
#[derive(Debug)]
pub(crate) struct DirLock {
    _file: File,
}

/// Writes a new file, durable on return but for its name, which `sync_dir` makes so. Errors:
/// `Exists`, `Io`.
pub(crate) fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), DataDirError> {
    let mut file = match OpenOptions::new().write(true).create_new(true).mode(mode).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(DataDirError::Exists(path.to_owned()));
        }
        Err(source) => return Err(io_error("create", path, source)),
    };
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(|source| io_error("write", path, source))
}

/// Makes the names in a directory durable. Errors: `Io`.
pub(crate) fn sync_dir(path: &Path) -> Result<(), DataDirError> {
    sync_directory(path).map_err(|source| io_error("sync", path, source))
}

/// An error of the system about a path.
pub(crate) fn io_error(operation: &'static str, path: &Path, source: io::Error) -> DataDirError {
    DataDirError::Io { operation, path: path.to_owned(), source }
}

/// Makes a directory that only its owner may enter, with those above it; one that is there stays as it
/// is. Errors: `Io`.
pub(crate) fn make_private(path: &Path) -> Result<(), DataDirError> {
    DirBuilder::new()
        .recursive(true)
        .mode(PRIVATE_DIR)
        .create(path)
        .map_err(|source| io_error("create", path, source))
}

fn restrict(path: &Path) -> Result<(), DataDirError> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(PRIVATE_DIR))
        .map_err(|source| io_error("restrict", path, source))
}

fn in_words(pid: Option<u32>) -> String {
    pid.map(|pid| format!(" (number {pid})")).unwrap_or_default()
}

impl From<DataDirError> for Failure {
    fn from(error: DataDirError) -> Failure {
        let (ending, meaning, next): Advice = match &error {
            DataDirError::NotADataDir(_) => (
                Ending::NotUnderstood,
                "Nothing was done.".into(),
                "give the right directory after --dir, or set up a node with: comityd init --help"
                    .into(),
            ),
            DataDirError::AlreadyANode(dir) => (
                Ending::Refused,
                "Its keys exist once; new ones would make this another node. Nothing was changed."
                    .into(),
                format!(
                    "start it with comityd run --dir {0}, or choose another directory",
                    dir.display()
                ),
            ),
            DataDirError::NotEmpty(_) => (
                Ending::Refused,
                "A node needs a directory of its own. Nothing was changed.".into(),
                "choose a directory that is empty or does not exist".into(),
            ),
            DataDirError::InUse { dir, pid } => in_use(dir, *pid),
            DataDirError::Exists(_) => (
                Ending::Refused,
                "It is not overwritten. Nothing was changed.".into(),
                "choose another name, or move the old file away".into(),
            ),
            DataDirError::NoGenesis(path) => (
                Ending::Failed,
                "Without the genesis the node does not know which consortium it belongs to.".into(),
                format!(
                    "get genesis.json from whoever ran comityd genesis, compare the consortium's \
                     id with them by telephone, and copy it to {}",
                    path.display()
                ),
            ),
            DataDirError::GenesisText { path, .. } | DataDirError::GenesisUnfit { path, .. } => (
                Ending::Failed,
                "The file was damaged or changed, or comes from another version of comityd.".into(),
                format!(
                    "get the genesis from another member again, and put it in the place of {}",
                    path.display()
                ),
            ),
            DataDirError::Io { source, .. } => io_advice(source),
        };
        Failure::because(ending, &error, meaning, next)
    }
}

type Advice = (Ending, String, String);

fn in_use(dir: &Path, pid: Option<u32>) -> Advice {
    let look = match pid {
        Some(pid) => format!("look at it with: ps -p {pid}"),
        None => format!("find it with: fuser {}", dir.join("comityd.lock").display()),
    };
    let meaning = "Two processes in one directory could sign two different votes, so only one may \
                   run. Nothing was changed.";
    (Ending::Refused, meaning.into(), format!("let it run, or stop it first; {look}"))
}

fn io_advice(source: &io::Error) -> Advice {
    let next = match source.kind() {
        io::ErrorKind::PermissionDenied => "run comityd as the user who owns the directory",
        io::ErrorKind::StorageFull => "make room on this disk, then run the command again",
        io::ErrorKind::NotFound => "check the path, then run the command again",
        _ => "check the path and the disk, then run the command again",
    };
    (Ending::Failed, "The command could not go on.".into(), next.into())
}

#[cfg(test)]
mod tests;

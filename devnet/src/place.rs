//! The directory of a devnet: where it is, what lies where, and who may remove it.
//! Holds: only a directory that a devnet made, and marked as its own, is ever written to or
//! removed; one command at a time changes it.
//! May not enter: what the files hold.
//!
//! | name | what |
//! |---|---|
//! | `COMITY-DEVNET` | marks the directory; locked by the command that works in it |
//! | `topology.json` | the nodes, their ports and processes |
//! | `setup.log` | every command of the setup with its output |
//! | `codes.toml`, `genesis.json` | what the consortium was founded on |
//! | `nodes/<agency>` | a node's own directory |
//! | `logs/<agency>.log` | what the node writes to stderr |
//! | `desks/<agency>` | key files and papers of the agency's people |
//! | `desks/auditor` | the auditor's papers |

use std::env;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use comity_core::text::AgencyId;
use serde::Serialize;

const MARKER: &str = "COMITY-DEVNET";
const MARKER_TEXT: &str = "\
Made by comity-devnet, which removes this whole directory on: comity-devnet reset
";

/// Why a directory cannot be used as a devnet's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlaceError {
    /// Nothing is here.
    #[error("there is no devnet in {0}")]
    Absent(PathBuf),
    /// Something is here, but no devnet made it.
    #[error("{0} is not a devnet's directory: the file COMITY-DEVNET is not in it")]
    Foreign(PathBuf),
    /// A devnet is here already.
    #[error("there is a devnet in {0} already")]
    Present(PathBuf),
    /// Another command has it.
    #[error("another comity-devnet command is working in {0}")]
    InUse(PathBuf),
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

/// A devnet's directory: absolute, without links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place(PathBuf);

/// Keeps other commands from changing a devnet while it lives.
#[derive(Debug)]
pub(crate) struct Claim {
    _marker: File,
}

/// Where a devnet is if nobody says otherwise: the user's state directory, or else a directory for
/// what may be lost.
pub(crate) fn default_dir() -> PathBuf {
    let set = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")));
    state.unwrap_or_else(env::temp_dir).join("comity-devnet")
}

impl Place {
    /// The devnet that is in `dir`. Errors: `Absent`, `Foreign`, `Io`.
    pub(crate) fn open(dir: &Path) -> Result<Place, PlaceError> {
        let root = match dir.canonicalize() {
            Ok(root) => root,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(PlaceError::Absent(dir.to_owned()));
            }
            Err(source) => return Err(io_error("look into", dir, source)),
        };
        if is_empty(&root)? {
            return Err(PlaceError::Absent(root));
        }
        // Compared whole, so that no file that merely has this name lets a directory be removed.
        match fs::read(root.join(MARKER)) {
            Ok(text) if text == MARKER_TEXT.as_bytes() => Ok(Place(root)),
            _ => Err(PlaceError::Foreign(root)),
        }
    }

    /// Makes `dir` a devnet's; it is not there yet, or empty. Errors: `Present`, `Foreign`, `Io`.
    pub(crate) fn create(dir: &Path) -> Result<Place, PlaceError> {
        match Place::open(dir) {
            Ok(place) => return Err(PlaceError::Present(place.0)),
            Err(PlaceError::Absent(_)) => {}
            Err(other) => return Err(other),
        }
        fs::create_dir_all(dir).map_err(|source| io_error("create", dir, source))?;
        let root = dir.canonicalize().map_err(|source| io_error("look into", dir, source))?;
        let place = Place(root);
        // First of all, so that whatever comes to lie here can be removed again.
        place.write(&place.0.join(MARKER), MARKER_TEXT.as_bytes())?;
        for part in [place.nodes_dir(), place.logs_dir(), place.auditor()] {
            place.make_dir(&part)?;
        }
        Ok(place)
    }

    /// Takes the devnet for this process until the claim is dropped. Errors: `InUse`, `Io`.
    pub(crate) fn claim(&self) -> Result<Claim, PlaceError> {
        let path = self.0.join(MARKER);
        let marker = File::open(&path).map_err(|source| io_error("open", &path, source))?;
        match marker.try_lock() {
            Ok(()) => Ok(Claim { _marker: marker }),
            Err(TryLockError::WouldBlock) => Err(PlaceError::InUse(self.0.clone())),
            Err(TryLockError::Error(source)) => Err(io_error("lock", &path, source)),
        }
    }

    /// Removes the directory and all that is in it. Errors: `Io`.
    pub(crate) fn remove(&self, _claim: Claim) -> Result<(), PlaceError> {
        fs::remove_dir_all(&self.0).map_err(|source| io_error("remove", &self.0, source))
    }

    /// The directory itself.
    pub(crate) fn root(&self) -> &Path {
        &self.0
    }

    /// The list of nodes.
    pub(crate) fn topology_file(&self) -> PathBuf {
        self.0.join("topology.json")
    }

    /// What the setup did.
    pub(crate) fn setup_log(&self) -> PathBuf {
        self.0.join("setup.log")
    }

    /// The codes that the genesis publishes.
    pub(crate) fn codes_file(&self) -> PathBuf {
        self.0.join("codes.toml")
    }

    /// The genesis, as every node has it.
    pub(crate) fn genesis_file(&self) -> PathBuf {
        self.0.join("genesis.json")
    }

    /// A node's directory.
    pub(crate) fn node(&self, agency: &AgencyId) -> PathBuf {
        self.nodes_dir().join(agency.as_str())
    }

    /// A node's log.
    pub(crate) fn log(&self, agency: &AgencyId) -> PathBuf {
        self.logs_dir().join(format!("{agency}.log"))
    }

    /// Where an agency's people keep their keys and papers.
    pub(crate) fn desk(&self, agency: &AgencyId) -> PathBuf {
        self.0.join("desks").join(agency.as_str())
    }

    /// Where the auditor keeps papers.
    pub(crate) fn auditor(&self) -> PathBuf {
        self.0.join("desks").join("auditor")
    }

    /// Makes a directory in the devnet. Errors: `Io`.
    pub(crate) fn make_dir(&self, path: &Path) -> Result<(), PlaceError> {
        fs::create_dir_all(path).map_err(|source| io_error("create", path, source))
    }

    /// Writes a file in the devnet, in place of one that was there. Errors: `Io`.
    pub(crate) fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), PlaceError> {
        // Whole or not at all: a command that is interrupted must not take the list of nodes away.
        let beside = path.with_extension("new");
        let written = File::create(&beside)
            .and_then(|mut file| file.write_all(bytes))
            .and_then(|()| fs::rename(&beside, path));
        written.map_err(|source| io_error("write", path, source))
    }

    /// Writes a value as JSON in the devnet, in place of what was there. Errors: `Io`.
    pub(crate) fn write_json(&self, path: &Path, value: &impl Serialize) -> Result<(), PlaceError> {
        self.write(path, &json(value))
    }

    fn nodes_dir(&self) -> PathBuf {
        self.0.join("nodes")
    }

    fn logs_dir(&self) -> PathBuf {
        self.0.join("logs")
    }
}

/// Writes a value as JSON wherever somebody has named a file, or something else that takes it. Errors: `Io`.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), PlaceError> {
    fs::write(path, json(value)).map_err(|source| io_error("write", path, source))
}

/// As people can read it, too, with a line's end.
fn json(value: &impl Serialize) -> Vec<u8> {
    let Ok(mut text) = serde_json::to_vec_pretty(value) else {
        unreachable!("what is written down is text and numbers");
    };
    text.push(b'\n');
    text
}

/// An error of the system about a path.
pub(crate) fn io_error(operation: &'static str, path: &Path, source: io::Error) -> PlaceError {
    PlaceError::Io { operation, path: path.to_owned(), source }
}

fn is_empty(dir: &Path) -> Result<bool, PlaceError> {
    let mut entries = fs::read_dir(dir).map_err(|source| io_error("look into", dir, source))?;
    Ok(entries.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_no_devnet_made_is_neither_used_nor_removed() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("papers");
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("letter.txt"), "do not lose this").unwrap();
        assert!(matches!(Place::open(&dir), Err(PlaceError::Foreign(_))));
        assert!(matches!(Place::create(&dir), Err(PlaceError::Foreign(_))));
        fs::write(dir.join(MARKER), "a file of this name, by chance").unwrap();
        assert!(matches!(Place::open(&dir), Err(PlaceError::Foreign(_))));
        assert!(dir.join("letter.txt").exists());
    }

    #[test]
    fn a_devnet_is_made_once_and_removed_whole() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("devnet");
        assert!(matches!(Place::open(&dir), Err(PlaceError::Absent(_))));
        let place = Place::create(&dir).unwrap();
        assert!(matches!(Place::create(&dir), Err(PlaceError::Present(_))));
        assert_eq!(Place::open(&dir).unwrap(), place);
        place.remove(place.claim().unwrap()).unwrap();
        assert!(!dir.exists());
    }

    #[test]
    fn a_devnet_is_removed_through_a_link_without_touching_what_is_beside_it() {
        let temp = tempfile::tempdir().unwrap();
        let place = Place::create(&temp.path().join("devnet")).unwrap();
        let other = temp.path().join("other");
        fs::write(&other, "").unwrap();
        let link = temp.path().join("link");
        std::os::unix::fs::symlink(place.root(), &link).unwrap();
        let through = Place::open(&link).unwrap();
        assert_eq!(through, place);
        through.remove(through.claim().unwrap()).unwrap();
        assert!(other.exists() && !place.root().exists());
    }

    #[test]
    fn one_command_at_a_time_works_in_a_devnet() {
        let temp = tempfile::tempdir().unwrap();
        let place = Place::create(&temp.path().join("devnet")).unwrap();
        let claim = place.claim().unwrap();
        assert!(matches!(place.claim(), Err(PlaceError::InUse(_))));
        drop(claim);
        place.claim().unwrap();
    }
}

//! The node's own keys: made once, read at each start, kept from other users of the machine.
//! Holds: a key that others can read, or that is another agency's, is never used.
//! May not enter: officers' and admins' keys (they never lie on a server); a key in an error.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use comity_core::agency::KeyRole;
use comity_core::genesis::{Genesis, GenesisKey, NO_CONSORTIUM};
use comity_core::key_file::{KeyFile, KeyFileError};
use comity_core::keys::{PublicKey, SecretKey};
use comity_core::text::{AgencyId, Text};
use zeroize::Zeroizing;

use crate::data_dir::{DataDir, DataDirError, PRIVATE_FILE, write_new};
use crate::failure::{Ending, Failure};

/// The node's keys, ready for use.
#[derive(Debug)]
pub(crate) struct NodeKeys {
    /// Signs votes; `None` for a member whose node only follows.
    pub(crate) validator: Option<SecretKey>,
    /// The node's identity on the network.
    pub(crate) transport: SecretKey,
}

/// Why the node's keys cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyStoreError {
    /// A key that the genesis names is not here.
    #[error("the {role} key is missing: {path} does not exist")]
    Missing { role: KeyRole, path: PathBuf },
    /// Others can read it.
    #[error("other users of this machine can read {path} (mode {mode:o})")]
    Exposed { path: PathBuf, mode: u32 },
    /// The system refused.
    #[error("could not read {path}")]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// It could not be written.
    #[error(transparent)]
    Write(#[from] DataDirError),
    /// The system gave no random numbers.
    #[error("the system gave no random numbers")]
    Random(#[source] getrandom::Error),
    /// Not a key file. The reader's own words could hold part of a secret, so only the place.
    #[error("{path} is not a key file (line {line}, column {column})")]
    Text { path: PathBuf, line: usize, column: usize },
    /// A damaged key file.
    #[error("{path} cannot be used")]
    Damaged {
        path: PathBuf,
        #[source]
        source: KeyFileError,
    },
    /// A key of another agency.
    #[error("{path} is a key of {found}, but config.toml says that this is the node of {expected}")]
    OtherAgency { path: PathBuf, found: AgencyId, expected: AgencyId },
    /// A key for something else.
    #[error("{path} is a {found} key, not a {expected} key")]
    OtherRole { path: PathBuf, found: KeyRole, expected: KeyRole },
    /// The genesis does not know the agency.
    #[error("{agency} is not a member of \"{consortium}\", whose genesis lies in this directory")]
    NotAMember { agency: AgencyId, consortium: Text<128> },
    /// The genesis knows another key.
    #[error("the {role} key in {path} is not the one that the genesis has for {agency}")]
    NotInGenesis { role: KeyRole, path: PathBuf, agency: AgencyId },
}

/// Draws a new key for the node and writes it down, readable by its owner alone. Errors:
/// `Random`, `Write`.
pub(crate) fn create(
    dir: &DataDir,
    agency: &AgencyId,
    role: KeyRole,
) -> Result<KeyFile, KeyStoreError> {
    let mut seed = Zeroizing::new([0u8; 32]);
    getrandom::fill(&mut seed[..]).map_err(KeyStoreError::Random)?;
    let file = KeyFile::new(agency.clone(), role, Text::default(), &SecretKey::from_seed(&seed));
    let Ok(text) = serde_json::to_vec_pretty(&file).map(Zeroizing::new) else {
        unreachable!("a key file is text and nothing else");
    };
    write_new(&dir.key_file(role), &text, PRIVATE_FILE)?;
    Ok(file)
}

/// The key as a member brings it into a genesis. Errors: `Damaged`.
pub(crate) fn genesis_key(dir: &DataDir, file: &KeyFile) -> Result<GenesisKey, KeyStoreError> {
    let path = dir.key_file(file.role);
    file.card(&NO_CONSORTIUM)
        .map(|card| card.into_genesis_key())
        .map_err(|source| KeyStoreError::Damaged { path, source })
}

/// Reads the node's keys and makes certain that they are `agency`'s, the ones that `genesis`
/// names, and nobody else's to read. Errors: all but `Write` and `Random`.
pub(crate) fn load(
    dir: &DataDir,
    agency: &AgencyId,
    genesis: &Genesis,
) -> Result<NodeKeys, KeyStoreError> {
    let transport = read(dir, agency, KeyRole::Transport)?;
    let Some(member) = genesis.members.iter().find(|member| member.agency.id == *agency) else {
        return Err(KeyStoreError::NotAMember {
            agency: agency.clone(),
            consortium: genesis.name.clone(),
        });
    };
    let named = |role| member.keys.iter().find(|key| key.role == role).map(|key| key.key);
    let checked = |role, key: SecretKey| {
        if named(role) == Some(key.public()) {
            return Ok(key);
        }
        let path = dir.key_file(role);
        Err(KeyStoreError::NotInGenesis { role, path, agency: agency.clone() })
    };
    let node_key = |role| named(role).map(|_: PublicKey| read(dir, agency, role)).transpose();
    let transport = checked(KeyRole::Transport, transport)?;
    // Not used so far, but a bad one is better found now than when it is.
    node_key(KeyRole::Note)?.map(|key| checked(KeyRole::Note, key)).transpose()?;
    let validator =
        node_key(KeyRole::Validator)?.map(|key| checked(KeyRole::Validator, key)).transpose()?;
    Ok(NodeKeys { validator, transport })
}

fn read(dir: &DataDir, agency: &AgencyId, role: KeyRole) -> Result<SecretKey, KeyStoreError> {
    let path = dir.key_file(role);
    let text = read_private(&path, role)?;
    let file: KeyFile = serde_json::from_slice(&text).map_err(|error| KeyStoreError::Text {
        path: path.clone(),
        line: error.line(),
        column: error.column(),
    })?;
    if file.agency != *agency {
        let found = file.agency.clone();
        return Err(KeyStoreError::OtherAgency { path, found, expected: agency.clone() });
    }
    if file.role != role {
        return Err(KeyStoreError::OtherRole { path, found: file.role, expected: role });
    }
    file.secret().map_err(|source| KeyStoreError::Damaged { path, source })
}

fn read_private(path: &Path, role: KeyRole) -> Result<Zeroizing<Vec<u8>>, KeyStoreError> {
    let failed = |source| KeyStoreError::Read { path: path.to_owned(), source };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(KeyStoreError::Missing { role, path: path.to_owned() });
        }
        Err(source) => return Err(failed(source)),
    };
    let metadata = file.metadata().map_err(failed)?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyStoreError::Exposed { path: path.to_owned(), mode });
    }
    // Room for all of it at once: a buffer that grows leaves copies behind.
    let size = usize::try_from(metadata.len()).unwrap_or_default();
    let mut text = Zeroizing::new(Vec::with_capacity(size + 1));
    file.read_to_end(&mut text).map_err(failed)?;
    Ok(text)
}

impl From<KeyStoreError> for Failure {
    fn from(error: KeyStoreError) -> Failure {
        let (ending, meaning) = match &error {
            KeyStoreError::Write(_) => {
                let KeyStoreError::Write(error) = error else { unreachable!("it was matched") };
                return error.into();
            }
            KeyStoreError::Missing { .. } => {
                (Ending::Failed, "The genesis names this key, and the node cannot work without it.")
            }
            KeyStoreError::Exposed { .. } => (
                Ending::Refused,
                "Whoever reads this key can act as your agency's node. Nothing was started.",
            ),
            KeyStoreError::Read { .. } => {
                (Ending::Failed, "The node cannot work without its keys.")
            }
            KeyStoreError::Random(_) => {
                (Ending::Failed, "Keys cannot be made without them. Nothing was kept.")
            }
            KeyStoreError::Text { .. } | KeyStoreError::Damaged { .. } => (
                Ending::Failed,
                "The file was damaged or changed; the node cannot work without the key.",
            ),
            KeyStoreError::OtherAgency { .. } | KeyStoreError::OtherRole { .. } => (
                Ending::Refused,
                "A file was copied here from another node or another place. Nothing was started.",
            ),
            KeyStoreError::NotAMember { .. } => (
                Ending::Refused,
                "The genesis is another consortium's, or was made without this agency's \
                 member.json. Nothing was started.",
            ),
            KeyStoreError::NotInGenesis { .. } => (
                Ending::Refused,
                "The genesis was made with another member.json of this agency, or this is another \
                 node's directory. Nothing was started.",
            ),
        };
        Failure::because(ending, &error, meaning, next_step(&error))
    }
}

fn next_step(error: &KeyStoreError) -> String {
    let next = match error {
        KeyStoreError::Exposed { path, .. } => {
            return format!(
                "chmod 600 {}; if people you do not trust use this machine, treat the key as stolen",
                path.display()
            );
        }
        KeyStoreError::Missing { .. } => {
            "restore the file from where you keep the keys; if a validator key is lost, do not \
             restore an old log/wal with it"
        }
        KeyStoreError::Read { .. } | KeyStoreError::Write(_) => {
            "run comityd as the user who owns the directory"
        }
        KeyStoreError::Random(_) => "run the command again once the machine has fully started",
        KeyStoreError::Text { .. } | KeyStoreError::Damaged { .. } => {
            "restore the file from where you keep the keys"
        }
        KeyStoreError::OtherAgency { .. } | KeyStoreError::OtherRole { .. } => {
            "give the right directory after --dir, or put the right key in its place"
        }
        KeyStoreError::NotAMember { .. } => {
            "copy the right genesis.json into the directory; its id must be the one that all \
             members compared"
        }
        KeyStoreError::NotInGenesis { .. } => {
            "use the directory whose member.json went into the genesis, or have the genesis made \
             again before anyone starts"
        }
    };
    next.to_owned()
}

#[cfg(test)]
mod tests;

//! The node's own keys: made once, read at each start, kept from other users of the machine.
//! Holds: a key that others can read, or that is another agency's, is never used.
//! May not enter: officers' keys (they never lie on a server); a key in an error.

mod rotation;

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use comity_core::agency::KeyRole;
use comity_core::genesis::{Genesis, GenesisKey, GenesisMember};
use comity_core::hash::ConsortiumId;
use comity_core::key_file::{DerivationCost, KeyCard, KeyFile, KeyFileError, Passphrase, Sealing};
use comity_core::keys::{PublicKey, SecretKey};
use comity_core::text::{AgencyId, Text};
use zeroize::Zeroizing;

use crate::config::Config;
use crate::data_dir::{DataDir, DataDirError, PRIVATE_FILE, write_new};
use crate::failure::{Ending, Failure};
use crate::passphrase::{self, PassphraseFileError};

pub(crate) use rotation::HeldKeys;

use rotation::Held;

/// The node's keys, ready for use.
#[derive(Debug)]
pub(crate) struct NodeKeys {
    /// Signs votes; `None` for a member whose node only follows.
    pub(crate) validator: Option<SecretKey>,
    /// The node's identity on the network.
    pub(crate) transport: SecretKey,
    /// Signs checkpoints; `None` where the agency has none.
    pub(crate) note: Option<SecretKey>,
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
    /// It needs a passphrase, and the settings name none.
    #[error("{0} is sealed under a passphrase, but config.toml names no passphrase_file")]
    Sealed(PathBuf),
    /// The passphrase cannot be had.
    #[error(transparent)]
    Passphrase(#[from] PassphraseFileError),
    /// A damaged key file, or one under another passphrase.
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

/// What a new key is for, and under which passphrase it is kept, if any.
pub(crate) struct NewKey<'a> {
    /// For which consortium its card is.
    pub(crate) consortium: ConsortiumId,
    pub(crate) agency: &'a AgencyId,
    pub(crate) role: KeyRole,
    pub(crate) post: Text<96>,
    pub(crate) passphrase: Option<&'a Passphrase>,
}

/// Draws a new key and writes it down, readable by its owner alone. Returns its card. Errors: `Random`, `Write`.
pub(crate) fn create(path: &Path, new: NewKey<'_>) -> Result<KeyCard, KeyStoreError> {
    let NewKey { consortium, agency, role, post, passphrase } = new;
    let key = SecretKey::from_seed(&Zeroizing::new(draw()?));
    let agency = agency.clone();
    let file = match passphrase {
        None => Ok(KeyFile::new(agency, role, post, &key)),
        Some(passphrase) => {
            let cost = DerivationCost::RECOMMENDED;
            let sealing = Sealing { cost, salt: draw()?, nonce: draw()? };
            KeyFile::sealed(agency, role, post, &key, passphrase, &sealing)
        }
    };
    let card = file.and_then(|file| Ok((file.card_signed_by(&key, &consortium)?, file)));
    let (card, file) =
        card.map_err(|source| KeyStoreError::Damaged { path: path.to_owned(), source })?;
    let Ok(text) = serde_json::to_vec_pretty(&file).map(Zeroizing::new) else {
        unreachable!("a key file is text and nothing else");
    };
    write_new(path, &text, PRIVATE_FILE)?;
    Ok(card)
}

fn draw<const N: usize>() -> Result<[u8; N], KeyStoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(KeyStoreError::Random)?;
    Ok(bytes)
}

/// Reads the node's keys and makes certain that they are `agency`'s, that the genesis names them or
/// ones that they followed, that they were made for its consortium later, or that they are of a member
/// to be admitted, and that they are nobody else's to read. Errors: all but `Write` and `Random`.
pub(crate) fn load(
    dir: &DataDir,
    config: &Config,
    genesis: &Genesis,
) -> Result<HeldKeys, KeyStoreError> {
    let agency = &config.agency;
    let passphrase = config.keys.passphrase_file.as_ref();
    let passphrase =
        passphrase.map(|path| passphrase::from_file(&dir.root().join(path))).transpose()?;
    let founding = genesis.members.iter().find(|member| member.agency.id == *agency);
    let joining = match founding {
        None => joining(dir, agency, genesis),
        Some(_) => None,
    };
    let Some(member) = founding.or(joining.as_ref()) else {
        // What is wrong with the keys themselves comes first, as it may explain this.
        read(&dir.key_file(KeyRole::Transport), agency, KeyRole::Transport, passphrase.as_ref())?;
        let (agency, consortium) = (agency.clone(), genesis.name.clone());
        return Err(KeyStoreError::NotAMember { agency, consortium });
    };
    let mut held = Vec::new();
    for role in [KeyRole::Transport, KeyRole::Note, KeyRole::Validator] {
        let named = member.keys.iter().find(|key| key.role == role).map(|key| key.key);
        let one = hold(dir, agency, (role, named), passphrase.as_ref())?;
        if let (Some(one), Some(named)) = (&one, named)
            && !one.knows(&named)
            && !was_made_for(dir, one, agency, genesis)
        {
            let (path, agency) = (dir.key_file(role), agency.clone());
            return Err(KeyStoreError::NotInGenesis { role, path, agency });
        }
        held.extend(one);
    }
    Ok(HeldKeys { agency: agency.clone(), held })
}

/// Whether a key was made for this very consortium, by `comityd key new`: whatever the genesis names,
/// the ledger will have it, or has it, in force.
fn was_made_for(dir: &DataDir, held: &Held, agency: &AgencyId, genesis: &Genesis) -> bool {
    let cards = [dir.next_card_file(held.role), dir.card_file(held.role)];
    cards.iter().any(|path| {
        let text = std::fs::read(path).unwrap_or_default();
        serde_json::from_slice::<KeyCard>(&text).is_ok_and(|card| {
            card.consortium == genesis.id()
                && (&card.agency, card.role) == (agency, held.role)
                && held.holds(&card.public_key)
                && card.verify().is_ok()
        })
    })
}

/// This agency as it is to be admitted, where its member.json was made for this consortium.
fn joining(dir: &DataDir, agency: &AgencyId, genesis: &Genesis) -> Option<GenesisMember> {
    let text = std::fs::read(dir.member_file()).ok()?;
    let member: GenesisMember = serde_json::from_slice(&text).ok()?;
    let consortium = genesis.id();
    let is_proven = |key: &GenesisKey| {
        key.key.verify_possession(&consortium, agency, key.role, &key.possession).is_ok()
    };
    (member.agency.id == *agency && member.keys.iter().all(is_proven)).then_some(member)
}

/// The key of a role and the one to follow it; none where there is no such key, and none is named.
fn hold(
    dir: &DataDir,
    agency: &AgencyId,
    (role, named): (KeyRole, Option<PublicKey>),
    passphrase: Option<&Passphrase>,
) -> Result<Option<Held>, KeyStoreError> {
    let read = |path: PathBuf| match path.exists() {
        true => read(&path, agency, role, passphrase).map(Some),
        false => Ok(None),
    };
    let (present, next) = (read(dir.key_file(role))?, read(dir.next_key_file(role))?);
    if present.is_none() && next.is_none() {
        return match (role, named) {
            // A backup may be without the key that votes: the node then follows.
            (KeyRole::Validator, _) if dir.restored_file().exists() => Ok(None),
            (KeyRole::Transport, _) | (_, Some(_)) => {
                Err(KeyStoreError::Missing { role, path: dir.key_file(role) })
            }
            (_, None) => Ok(None),
        };
    }
    Ok(Some(Held { role, present, next, ended: rotation::ended(dir, role)? }))
}

/// Reads one key file. Errors: all but `Write`, `Random` and those about the genesis.
fn read(
    path: &Path,
    agency: &AgencyId,
    role: KeyRole,
    passphrase: Option<&Passphrase>,
) -> Result<SecretKey, KeyStoreError> {
    let path = path.to_owned();
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
    let opened = match passphrase {
        Some(passphrase) => file.unlock(passphrase),
        None if file.is_sealed() => return Err(KeyStoreError::Sealed(path)),
        None => file.secret(),
    };
    opened.map_err(|source| KeyStoreError::Damaged { path, source })
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
            KeyStoreError::Passphrase(_) => {
                let KeyStoreError::Passphrase(error) = error else {
                    unreachable!("it was matched")
                };
                return error.into();
            }
            KeyStoreError::Sealed(_)
            | KeyStoreError::Damaged { source: KeyFileError::WrongPassphrase, .. } => {
                (Ending::Refused, "The node cannot work without its keys. Nothing was started.")
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
        KeyStoreError::Sealed(_) => {
            "name the file with the passphrase in config.toml (passphrase_file in [keys]), or take \
             the passphrase away with: comity key passphrase --no-passphrase"
        }
        KeyStoreError::Damaged { source: KeyFileError::WrongPassphrase, .. } => {
            "name the file with the right passphrase in config.toml (passphrase_file in [keys]); a \
             key file that was changed by hand looks the same"
        }
        KeyStoreError::Read { .. } | KeyStoreError::Write(_) | KeyStoreError::Passphrase(_) => {
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

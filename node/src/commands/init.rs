//! `comityd init`: the directory of a new node, and what it hands over to found a consortium.
//! Holds: a directory is made whole or not at all; no key is ever overwritten.
//! May not enter: secrets in what is printed or handed over.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use comity_core::agency::{Agency, KeyRole, Standing};
use comity_core::genesis::{GenesisError, GenesisKey, GenesisMember, NO_CONSORTIUM};
use comity_core::key_file::{CARD_FORMAT, KeyCard};
use comity_core::keys::SignatureError;
use comity_core::text::AgencyId;
use comity_replica::storage::{Storage, StorageError};

use crate::args::InitArgs;
use crate::config::{self, ApiOptions, NetworkOptions};
use crate::data_dir::{DataDir, DataDirError, PRIVATE_FILE, PUBLIC_FILE, sync_dir, write_new};
use crate::disk::FileDisk;
use crate::failure::{Ending, Failure};
use crate::key_store::{self, KeyStoreError};
use crate::network::peer_id;

#[derive(Debug, thiserror::Error)]
enum InitError {
    #[error(transparent)]
    Dir(#[from] DataDirError),
    #[error(transparent)]
    Keys(#[from] KeyStoreError),
    #[error("could not read {path}")]
    ReadCard {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{0} is a private key, not a key card")]
    PrivateKey(PathBuf),
    #[error("{path} cannot be read as a key card")]
    CardText {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    #[error("{path} is a card of {found}, but this is the node of {expected}")]
    CardAgency { path: PathBuf, found: AgencyId, expected: AgencyId },
    #[error("{path} is the card of a key for the role {found}, not admin")]
    CardRole { path: PathBuf, found: KeyRole },
    #[error("{0} is a card for a consortium that exists already, not for a new one")]
    CardConsortium(PathBuf),
    #[error("the proof in {path} is wrong")]
    CardProof {
        path: PathBuf,
        #[source]
        source: SignatureError,
    },
    #[error("{0} names a key that another card named before")]
    CardTwice(PathBuf),
    #[error("this member could not take part in a genesis")]
    Member(#[source] GenesisError),
    #[error("could not write the sign guard")]
    Guard(#[source] StorageError),
    #[error("the system gave no random numbers")]
    Random(#[source] getrandom::Error),
}

pub(super) fn perform(args: &InitArgs) -> Result<String, Failure> {
    // All that can be wrong with the arguments comes before the first file is made.
    let admins = read_cards(args)?;
    let dir = DataDir::create(&args.dir)?;
    match fill(&dir, args, admins) {
        Ok(member) => Ok(report(&dir, args, &member)),
        Err(error) => {
            clear(&dir);
            Err(error.into())
        }
    }
}

fn read_cards(args: &InitArgs) -> Result<Vec<GenesisKey>, InitError> {
    let mut admins: Vec<GenesisKey> = Vec::new();
    for path in &args.admin_card {
        let key = read_card(path, &args.agency)?.into_genesis_key();
        if admins.iter().any(|known| known.key == key.key) {
            return Err(InitError::CardTwice(path.clone()));
        }
        admins.push(key);
    }
    admins.sort_by_key(|admin| admin.key);
    Ok(admins)
}

fn read_card(path: &Path, agency: &AgencyId) -> Result<KeyCard, InitError> {
    let path = path.to_owned();
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(source) => return Err(InitError::ReadCard { path, source }),
    };
    let card: KeyCard = match serde_json::from_slice(&text) {
        Ok(card) => card,
        // Checked by the field, since a damaged key file is still a secret.
        Err(_) if String::from_utf8_lossy(&text).contains("secret_seed") => {
            return Err(InitError::PrivateKey(path));
        }
        Err(source) => return Err(InitError::CardText { path, source }),
    };
    if card.format != CARD_FORMAT {
        let source = serde::de::Error::custom(format!("its format is not {CARD_FORMAT}"));
        return Err(InitError::CardText { path, source });
    }
    if card.agency != *agency {
        return Err(InitError::CardAgency { path, found: card.agency, expected: agency.clone() });
    }
    if card.role != KeyRole::Admin {
        return Err(InitError::CardRole { path, found: card.role });
    }
    if card.consortium != NO_CONSORTIUM {
        return Err(InitError::CardConsortium(path));
    }
    match card.verify() {
        Ok(()) => Ok(card),
        Err(source) => Err(InitError::CardProof { path, source }),
    }
}

/// Writes all that belongs into a new directory.
fn fill(
    dir: &DataDir,
    args: &InitArgs,
    admins: Vec<GenesisKey>,
) -> Result<GenesisMember, InitError> {
    let mut keys = Vec::new();
    for role in node_roles(args) {
        let file = key_store::create(dir, &args.agency, role)?;
        if role == KeyRole::Validator {
            let salt = getrandom::u64().map_err(InitError::Random)?;
            FileDisk::open(&dir.log_dir())
                .map_err(StorageError::from)
                .and_then(|mut disk| {
                    Storage::create_guard(&mut disk, *file.public_key.as_bytes(), salt)
                })
                .map_err(InitError::Guard)?;
        }
        keys.push(key_store::genesis_key(dir, &file)?);
    }
    keys.extend(admins);
    let member = GenesisMember { agency: agency(args), keys };
    member.check().map_err(InitError::Member)?;
    let Ok(mut text) = serde_json::to_vec_pretty(&member) else {
        unreachable!("a member is text and numbers");
    };
    text.push(b'\n');
    write_new(&dir.member_file(), &text, PUBLIC_FILE)?;
    sync_dir(&dir.root().join("keys"))?;
    // Last, since this file is what makes it the directory of a node.
    write_new(&dir.config_file(), config_text(args).as_bytes(), PRIVATE_FILE)?;
    sync_dir(dir.root())?;
    Ok(member)
}

fn node_roles(args: &InitArgs) -> impl Iterator<Item = KeyRole> {
    let validator = (!args.observer).then_some(KeyRole::Validator);
    validator.into_iter().chain([KeyRole::Transport, KeyRole::Note])
}

fn agency(args: &InitArgs) -> Agency {
    let standing =
        if args.observer { Standing::Observer } else { Standing::Validator { power: args.power } };
    Agency {
        id: args.agency.clone(),
        name: args.name.clone(),
        level: args.level,
        region: args.region.clone(),
        kind: args.kind,
        superior: args.superior.clone(),
        authority: args.authority.clone(),
        operated_by: args.operated_by.clone().unwrap_or_else(|| args.name.clone()),
        standing,
    }
}

fn config_text(args: &InitArgs) -> String {
    let mut network = NetworkOptions::default();
    if !args.listen.is_empty() {
        network.listen.clone_from(&args.listen);
    }
    config::new_file(&args.agency, &network, &ApiOptions { listen: args.api_listen })
}

/// Takes back what was made, so that the same command can be given again. The directory was
/// empty before.
fn clear(dir: &DataDir) {
    for entry in fs::read_dir(dir.root()).into_iter().flatten().flatten() {
        // Where this fails too, the next try says that the directory is not empty.
        let path = entry.path();
        let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    }
}

fn report(dir: &DataDir, args: &InitArgs, member: &GenesisMember) -> String {
    let key = |role| member.keys.iter().find(|key| key.role == role).map(|key| key.key);
    let identity = key(KeyRole::Transport).and_then(|key| peer_id(&key));
    let identity = identity.map(|id| id.to_string()).unwrap_or_default();
    let secret = if args.observer {
        "keys/transport.json and keys/note.json"
    } else {
        "keys/validator.json, keys/transport.json and keys/note.json"
    };
    let backup = if args.observer {
        ""
    } else {
        "  Never restore log/wal from a backup, and never run a copy of this directory: the node\n  \
         would sign two different votes, and be blamed for it.\n"
    };
    let (root, member_file) = (dir.root().display(), dir.member_file());
    format!(
        "The node of {} ({}) is set up in {root}.\n\
         \n\
         Keep secret: {secret}. Nobody else needs them.\n\
         {backup}\
         Hand over:   {}, which holds nothing secret, to whoever founds the consortium.\n\
         This node's identity on the network: {identity}\n\
         \n\
         Next:\n  \
         1. In {}, set where the node listens and which nodes it calls.\n  \
         2. When genesis.json comes back, compare its id with the others by telephone, and copy\n     \
         it to {}.\n  \
         3. Start the node: comityd run --dir {root}\n",
        args.agency,
        args.name,
        member_file.display(),
        dir.config_file().display(),
        dir.genesis_file().display(),
    )
}

impl From<InitError> for Failure {
    fn from(error: InitError) -> Failure {
        let nothing = "Nothing was created.";
        let another = "have whoever holds the admin key make the card: comity key new --help";
        let (ending, meaning, next) = match error {
            InitError::Dir(error) => return error.into(),
            InitError::Keys(error) => return error.into(),
            InitError::ReadCard { .. } => {
                (Ending::Failed, nothing, "check the path after --admin-card")
            }
            InitError::PrivateKey(_) => (
                Ending::Refused,
                "The private admin key must never lie on a server. Nothing was created.",
                "remove the file from this machine, and bring the key's card instead, which \
                 comity key new wrote beside it",
            ),
            InitError::CardAgency { .. } => (
                Ending::Refused,
                nothing,
                "check the id after --agency, and that this is the right card",
            ),
            InitError::CardText { .. } | InitError::CardProof { .. } => (
                Ending::Failed,
                "It was damaged or changed on its way, so it proves nothing. Nothing was created.",
                another,
            ),
            InitError::CardRole { .. } | InitError::CardConsortium(_) => {
                (Ending::Refused, nothing, another)
            }
            InitError::CardTwice(_) => {
                (Ending::Refused, nothing, "name each admin key's card once")
            }
            InitError::Member(_) => {
                (Ending::Failed, nothing, "give between one and eight admin cards")
            }
            InitError::Guard(_) | InitError::Random(_) => (
                Ending::Failed,
                "A validator cannot vote safely without it. Nothing was kept.",
                "check the disk, then run the command again",
            ),
        };
        Failure::because(ending, &error, meaning, next)
    }
}

#[cfg(test)]
mod tests;

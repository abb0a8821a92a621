//! `comityd init`: the directory of a new node, and what it hands over to found a consortium.
//! Holds: a directory is made whole or not at all; no key is ever overwritten; an admin key that
//! is made here is under a passphrase and outside of the directory.
//! May not enter: secrets in what is printed or handed over.

mod ask;
mod cards;
mod failure;
mod report;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use comity_core::agency::{Agency, KeyRole, Standing};
use comity_core::genesis::{Genesis, GenesisKey, GenesisMember, NO_CONSORTIUM};
use comity_core::hash::ConsortiumId;
use comity_core::key_file::{KeyCard, Passphrase};
use comity_core::text::Text;
use comity_replica::storage::{Storage, StorageError};

use crate::args::{InitArgs, JoinArgs};
use crate::config::{
    self, ApiOptions, KeyOptions, ListenAddress, LoopbackAddress, NetworkOptions, PeerOption,
};
use crate::data_dir::{DataDir, DataDirError, PRIVATE_FILE, PUBLIC_FILE, sync_dir, write_new};
use crate::disk::FileDisk;
use crate::failure::Failure;
use crate::key_store::{self, NewKey};
use crate::terminal::Terminal;

pub(super) use failure::InitError;

use super::join::check as check_peers;

/// All that was decided, before the first file is made.
struct Plan {
    dir: PathBuf,
    agency: Agency,
    /// Admin keys whose cards were brought.
    admins: Vec<GenesisKey>,
    /// An admin key to be made here.
    new_admin: Option<NewAdmin>,
    /// Where the node listens; the default if empty.
    listen: Vec<ListenAddress>,
    api_listen: LoopbackAddress,
    /// What the node's own keys are kept under, and in which file the node finds it.
    node_passphrase: Option<(PathBuf, Passphrase)>,
    /// The consortium to join, if it is there already.
    joining: Option<Joining>,
}

/// A consortium that is there already.
struct Joining {
    genesis: Genesis,
    peers: Vec<PeerOption>,
    /// What was found when the peers were called, a line each.
    found: Vec<String>,
}

/// For which consortium cards are, where one is joined or founded.
fn consortium(joining: Option<&Joining>) -> ConsortiumId {
    joining.map_or(NO_CONSORTIUM, |joining| joining.genesis.id())
}

/// An admin key to be made here.
struct NewAdmin {
    file: PathBuf,
    post: Text<96>,
    passphrase: Passphrase,
}

impl NewAdmin {
    fn card_file(&self) -> PathBuf {
        card_file(&self.file)
    }
}

impl Plan {
    fn is_validator(&self) -> bool {
        matches!(self.agency.standing, Standing::Validator { .. })
    }

    fn node_roles(&self) -> impl Iterator<Item = KeyRole> + use<> {
        let validator = self.is_validator().then_some(KeyRole::Validator);
        validator.into_iter().chain([KeyRole::Transport, KeyRole::Note])
    }
}

pub(super) fn perform(args: InitArgs, terminal: &mut Terminal) -> Result<String, Failure> {
    set_up(args, None, terminal)
}

/// `comityd join`: the same for a consortium that is there already.
pub(super) fn join(args: JoinArgs, terminal: &mut Terminal) -> Result<String, Failure> {
    let genesis = crate::data_dir::read_genesis(&args.genesis)?;
    if genesis.members.iter().any(|member| Some(&member.agency.id) == args.node.agency.as_ref()) {
        return Err(InitError::Founder(args.genesis).into());
    }
    let found = if args.offline { Vec::new() } else { check_peers(&genesis, &args.peer)? };
    let joining = Joining { genesis, peers: args.peer, found };
    set_up(args.node, Some(joining), terminal)
}

fn set_up(
    args: InitArgs,
    joining: Option<Joining>,
    terminal: &mut Terminal,
) -> Result<String, Failure> {
    // All that can be wrong with the answers comes before the first file is made.
    let plan = ask::plan(args, joining, terminal)?;
    let dir = DataDir::create(&plan.dir)?;
    match fill(&dir, &plan) {
        Ok(member) => Ok(report::report(&dir, &plan, &member)),
        Err(error) => {
            clear(&dir);
            Err(error.into())
        }
    }
}

/// Writes all that belongs into a new directory, and the admin key beside it.
fn fill(dir: &DataDir, plan: &Plan) -> Result<GenesisMember, InitError> {
    let mut keys = node_keys(dir, plan)?;
    keys.extend(plan.admins.iter().cloned());
    let Some(new) = &plan.new_admin else { return finish(dir, plan, keys) };
    keys.push(make_admin(plan, new)?);
    finish(dir, plan, keys).inspect_err(|_| {
        // This very command made them, and nothing names them. Where this fails too, the next
        // try says that they exist.
        let _ = fs::remove_file(&new.file).and_then(|()| fs::remove_file(new.card_file()));
    })
}

fn node_keys(dir: &DataDir, plan: &Plan) -> Result<Vec<GenesisKey>, InitError> {
    let mut keys = Vec::new();
    for role in plan.node_roles() {
        let passphrase = plan.node_passphrase.as_ref().map(|(_, passphrase)| passphrase);
        let agency = &plan.agency.id;
        let consortium = consortium(plan.joining.as_ref());
        let new = NewKey { consortium, agency, role, post: Text::default(), passphrase };
        let card = key_store::create(&dir.key_file(role), new)?;
        if role == KeyRole::Validator {
            create_guard(&dir.log_dir(), &card)?;
        }
        keys.push(card.into_genesis_key());
    }
    Ok(keys)
}

/// The sign guard is born with its key.
pub(super) fn create_guard(dir: &Path, card: &KeyCard) -> Result<(), InitError> {
    let salt = getrandom::u64().map_err(InitError::Random)?;
    FileDisk::open(dir)
        .map_err(StorageError::from)
        .and_then(|mut disk| Storage::create_guard(&mut disk, *card.public_key.as_bytes(), salt))
        .map_err(InitError::Guard)
}

fn make_admin(plan: &Plan, new: &NewAdmin) -> Result<GenesisKey, InitError> {
    let NewAdmin { file, post, passphrase } = new;
    let passphrase = Some(passphrase);
    let (agency, post) = (&plan.agency.id, post.clone());
    let consortium = consortium(plan.joining.as_ref());
    let about = NewKey { consortium, agency, role: KeyRole::Admin, post, passphrase };
    let card = key_store::create(file, about)?;
    write_json(&new.card_file(), &card).inspect_err(|_| {
        let _ = fs::remove_file(file);
    })?;
    Ok(card.into_genesis_key())
}

fn finish(dir: &DataDir, plan: &Plan, keys: Vec<GenesisKey>) -> Result<GenesisMember, InitError> {
    let member = GenesisMember { agency: plan.agency.clone(), keys };
    match &plan.joining {
        None => member.check().map_err(InitError::Member)?,
        Some(joining) => {
            member.check_keys().map_err(InitError::Member)?;
            write_json(&dir.genesis_file(), &joining.genesis)?;
        }
    }
    write_json(&dir.member_file(), &member)?;
    sync_dir(&dir.root().join("keys"))?;
    // Last, since this file is what makes it the directory of a node.
    write_new(&dir.config_file(), config_text(plan).as_bytes(), PRIVATE_FILE)?;
    sync_dir(dir.root())?;
    Ok(member)
}

pub(super) fn write_json(path: &Path, value: &impl serde::Serialize) -> Result<(), DataDirError> {
    let Ok(mut text) = serde_json::to_vec_pretty(value) else {
        unreachable!("cards and members are text and numbers");
    };
    text.push(b'\n');
    write_new(path, &text, PUBLIC_FILE)
}

fn config_text(plan: &Plan) -> String {
    let mut network = NetworkOptions::default();
    if !plan.listen.is_empty() {
        network.listen.clone_from(&plan.listen);
    }
    if let Some(joining) = &plan.joining {
        network.peers.clone_from(&joining.peers);
    }
    let passphrase_file = plan.node_passphrase.as_ref().map(|(path, _)| path.clone());
    let (api, keys) = (ApiOptions { listen: plan.api_listen }, KeyOptions { passphrase_file });
    config::new_file(&plan.agency.id, &network, &api, &keys)
}

/// Where a key's card goes: named as `comity key new` names it (docs/cli.md, "Keys").
fn card_file(key: &Path) -> PathBuf {
    if key.extension().is_some_and(|end| end == "key" || end == "json") {
        return key.with_extension("card.json");
    }
    let mut name = key.as_os_str().to_owned();
    name.push(".card.json");
    PathBuf::from(name)
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

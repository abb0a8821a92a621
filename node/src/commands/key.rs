//! `comityd key`: the key that is to follow one of the node's keys.
//! Holds: a validator's next key comes with a guard of its own, which is never copied; the present
//! key is not touched.
//! May not enter: when a key follows (the ledger says so; see `key_store`).

use std::fs;

use comity_core::agency::KeyRole;
use comity_core::text::Text;

use super::init::{InitError, create_guard, write_json};
use crate::args::{KeyCommand, KeyOf};
use crate::config::Config;
use crate::data_dir::{DataDir, DataDirError};
use crate::failure::{Ending, Failure};
use crate::key_store::{self, NewKey};
use crate::passphrase;

pub(super) fn perform(command: &KeyCommand) -> Result<String, Failure> {
    match command {
        KeyCommand::New(args) => new(args),
        KeyCommand::Use(args) => take(args),
    }
}

fn new(args: &KeyOf) -> Result<String, Failure> {
    let (dir, role) = (DataDir::open(&args.dir)?, args.role);
    let config = Config::load(&dir.config_file())?;
    let consortium = dir.genesis()?.id();
    for path in [dir.next_key_file(role), dir.next_card_file(role)] {
        if path.exists() {
            return Err(DataDirError::Exists(path).into());
        }
    }
    let passphrase = config.keys.passphrase_file.as_ref();
    let passphrase =
        passphrase.map(|path| passphrase::from_file(&dir.root().join(path))).transpose()?;
    let (agency, path) = (&config.agency, dir.next_key_file(role));
    let passphrase = passphrase.as_ref();
    let new = NewKey { consortium, agency, role, post: Text::default(), passphrase };
    let card = key_store::create(&path, new)?;
    let beside = dir.next_guard_dir();
    let made = match role {
        KeyRole::Validator => make_guard_dir(&dir).and_then(|()| create_guard(&beside, &card)),
        _ => Ok(()),
    };
    let card_file = dir.next_card_file(role);
    made.and_then(|()| Ok(write_json(&card_file, &card)?)).inspect_err(|_| {
        // This very command made it, and nothing names it.
        let _ = fs::remove_file(&path);
    })?;
    let (key, card) = (card.public_key, card_file.display());
    Ok(format!(
        "The next {role} key of {agency} is {key}.\n\
         It lies in {}; the present key stays in use.\n\
         \n\
         Hand over:   {card}, which holds nothing secret, to the admin of a member.\n\
         \n\
         Next:\n  \
         1. The admin proposes the change, and the others vote:\n     \
         comity proposal open replace-key {agency} --card {card} --key admin.key\n     \
         (an observer that is to vote: comity proposal open change-standing {agency} --power 1 \
         --card …)\n  \
         2. Keep the node running. When the proposal has passed, it takes the new key by itself, from\n     \
         the next block on, and says so in its log.\n",
        path.display(),
    ))
}

/// An empty directory for the guard: one that a key left behind that never followed is of no use.
fn make_guard_dir(dir: &DataDir) -> Result<(), InitError> {
    let beside = dir.next_guard_dir();
    if beside.exists() {
        fs::remove_dir_all(&beside)
            .map_err(|source| crate::data_dir::io_error("remove", &beside, source))?;
    }
    Ok(())
}

fn take(args: &KeyOf) -> Result<String, Failure> {
    let (dir, role) = (DataDir::open(&args.dir)?, args.role);
    let _lock = dir.lock()?;
    if role == KeyRole::Validator {
        let meaning = "What a key has signed is kept with it; only the ledger's word makes a \
                       validator's key follow another. Nothing was changed.";
        let next = "start the node: it takes the key once it has fetched the block that says so";
        let what = "a validator key is not put in its place by hand";
        return Err(Failure::new(Ending::Refused, what, meaning, next));
    }
    let config = Config::load(&dir.config_file())?;
    let held = key_store::load(&dir, &config, &dir.genesis()?)?;
    held.replace_by_next(&dir, role)?;
    Ok(format!(
        "The {role} key of {} is from now on the one in {}.\n\
         Next: start the node: comityd run --dir {}\n",
        config.agency,
        dir.key_file(role).display(),
        dir.root().display()
    ))
}

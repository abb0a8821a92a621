//! `comityd backup`: what only this node has, copied while it runs or not.
//! Holds: the copy appears whole or not at all, and was read back; nothing is overwritten; never in
//! it: the write-ahead log and any sign guard, whose old copies make a node vote twice.
//! May not enter: blocks (every member has them), passphrases.

pub(super) mod manifest;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use comity_core::agency::KeyRole;
use comity_core::key_file::KeyFile;

use crate::args::BackupArgs;
use crate::clock::system_time;
use crate::config::Config;
use crate::data_dir::{
    DataDir, DataDirError, PRIVATE_FILE, io_error, make_private, sync_dir, write_new,
};
use crate::failure::{Ending, Failure};
use manifest::{FORMAT, Listed, MANIFEST, Manifest};

#[derive(Debug, thiserror::Error)]
pub(super) enum BackupError {
    #[error(transparent)]
    Dir(#[from] DataDirError),
    #[error("{0} was not written as it was read")]
    NotAsWritten(PathBuf),
}

pub(super) fn perform(args: &BackupArgs) -> Result<String, Failure> {
    let dir = DataDir::open(&args.dir)?;
    let config = Config::load(&dir.config_file())?;
    let manifest = backup(&dir, &config, args).map_err(Failure::from)?;
    let Manifest { files, has_validator_key, keys_sealed, .. } = &manifest;
    let size: u64 = files.iter().map(|file| file.size_bytes).sum();
    let keys = match (has_validator_key, keys_sealed) {
        (_, true) => "The node's keys in it are under their passphrase, which is not in it.",
        (true, false) => {
            "Warning: the node's keys in it are not under a passphrase. Whoever reads this backup \
             can vote as your agency: lock it away, or use --without-validator-key."
        }
        (false, false) => {
            "The key that signs votes is not in it; the node's other keys are, without a passphrase."
        }
    };
    Ok(format!(
        "{} holds {} files, {size} bytes; each was read back.\n{keys}\nNot in it, on purpose: log/ \
         (every member has the blocks; an old log/wal would make the node vote twice), guard.next/ \
         (the same for a key to come) and view/.\n\
         What is erased from kept/ must age out of your backups.\n\
         To use it: comityd restore --from {0} --dir DIR\n",
        args.to.display(),
        files.len(),
    ))
}

fn backup(dir: &DataDir, config: &Config, args: &BackupArgs) -> Result<Manifest, BackupError> {
    let genesis = dir.genesis()?;
    let beside = beside(&args.to);
    for path in [&args.to, &beside] {
        if path.exists() {
            return Err(DataDirError::Exists(path.clone()).into());
        }
    }
    make_private(&beside)?;
    let made = fill(dir, config, args, &beside).and_then(|(files, keys_sealed)| {
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            software: env!("CARGO_PKG_VERSION").to_owned(),
            agency: config.agency.clone(),
            consortium: genesis.id(),
            made_at: system_time(),
            has_validator_key: files.iter().any(|file| file.path == "keys/validator.json"),
            keys_sealed,
            files,
        };
        write_new(&beside.join(MANIFEST), &manifest.to_json(), PRIVATE_FILE)?;
        put_in_place(&beside, &args.to)?;
        Ok(manifest)
    });
    if made.is_err() {
        // What is there is of no use; where it stays, the next run names it.
        let _ = fs::remove_dir_all(&beside);
    }
    made
}

fn fill(
    dir: &DataDir,
    config: &Config,
    args: &BackupArgs,
    to: &Path,
) -> Result<(Vec<Listed>, bool), BackupError> {
    let mut names: Vec<PathBuf> =
        ["config.toml", "genesis.json", "member.json", "misbehaviour.log", "webhook.cursor"]
            .map(PathBuf::from)
            .into();
    let keys = key_files(dir, args)?;
    let sealed = keys.iter().map(|name| is_sealed(&dir.root().join(name)));
    let sealed = sealed.collect::<Result<Vec<bool>, _>>()?;
    names.extend(keys);
    let secret = config.webhook.as_ref().and_then(|webhook| webhook.secret_file.clone());
    names.extend(secret.filter(|path| is_inside(path)));
    // Without these a key that followed another would look like a stranger's.
    names.push(PathBuf::from("keys").join("ended.txt"));
    for role in [KeyRole::Validator, KeyRole::Transport, KeyRole::Note] {
        names.extend(
            [dir.next_card_file(role), dir.card_file(role)]
                .iter()
                .filter_map(|path| path.strip_prefix(dir.root()).ok().map(Path::to_owned)),
        );
    }
    // Whatever the settings name: what a key has signed is never in a backup.
    names.retain(|name| !holds_a_guard(name));
    names.extend(kept_files(dir)?);
    let mut copied = Vec::new();
    for name in names {
        copied.extend(copy(dir.root(), to, &name)?);
    }
    // What was erased meanwhile is erased in the copy too.
    for name in kept_files(dir)? {
        let Some(tombstone) = erased(&name) else { continue };
        if !copied.iter().any(|file: &Listed| Path::new(&file.path) == name) {
            copied.extend(copy(dir.root(), to, &name)?);
        }
        let opening = to.join(&tombstone);
        if opening.exists() {
            fs::remove_file(&opening).map_err(|source| io_error("remove", &opening, source))?;
            copied.retain(|file| Path::new(&file.path) != tombstone);
        }
    }
    copied.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    for file in &copied {
        let path = to.join(&file.path);
        let written = fs::read(&path).map_err(|source| io_error("read", &path, source))?;
        if !file.fits(&written) {
            return Err(BackupError::NotAsWritten(path));
        }
    }
    Ok((copied, !sealed.is_empty() && sealed.iter().all(|is_sealed| *is_sealed)))
}

/// The files of keys that are used or will be, relative to the node's directory.
fn key_files(dir: &DataDir, args: &BackupArgs) -> Result<Vec<PathBuf>, BackupError> {
    let keys = dir.keys_dir();
    let entries = fs::read_dir(&keys).map_err(|source| io_error("list", &keys, source))?;
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.retain(|name| name.ends_with(".json") && !name.ends_with(".ended.json"));
    names.retain(|name| !args.without_validator_key || !name.starts_with("validator."));
    names.sort_unstable();
    Ok(names.iter().map(|name| Path::new("keys").join(name)).collect())
}

/// Whether a path leads to where a sign guard lies, or lay.
pub(super) fn holds_a_guard(name: &Path) -> bool {
    let first = name.components().next().map(|part| part.as_os_str().to_string_lossy());
    first.is_some_and(|first| {
        first == "log" || first == "guard.next" || first.starts_with("wal.damaged")
    })
}

/// The opening whose tombstone a name is.
fn erased(name: &Path) -> Option<PathBuf> {
    let text = name.file_name()?.to_str()?;
    let commitment = text.strip_suffix(".erased.json")?;
    Some(name.with_file_name(format!("{commitment}.json")))
}

/// Whether a path leads nowhere but into the directory that it is relative to.
pub(super) fn is_inside(path: &Path) -> bool {
    let mut parts = path.components();
    parts.clone().next().is_some() && parts.all(|part| matches!(part, Component::Normal(_)))
}

/// Copies a file, durably; nothing where it is not there (any more).
fn copy(from: &Path, to: &Path, name: &Path) -> Result<Option<Listed>, BackupError> {
    let (source, target) = (from.join(name), to.join(name));
    let bytes = match fs::read(&source) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_error("read", &source, error).into()),
    };
    if let Some(above) = target.parent() {
        make_private(above)?;
    }
    write_new(&target, &bytes, PRIVATE_FILE)?;
    Ok(Some(Listed::of(name, &bytes)))
}

/// Every whole file under `kept/`, relative to the node's directory.
fn kept_files(dir: &DataDir) -> Result<Vec<PathBuf>, BackupError> {
    let (root, mut found) = (dir.kept_dir(), Vec::new());
    let mut to_list = vec![root];
    while let Some(at) = to_list.pop() {
        let entries = match fs::read_dir(&at) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(io_error("list", &at, error).into()),
        };
        for entry in entries {
            let path = entry.map_err(|error| io_error("list", &at, error))?.path();
            if path.is_dir() {
                to_list.push(path);
            } else if path.extension().is_none_or(|ending| ending != "new")
                && let Ok(name) = path.strip_prefix(dir.root())
            {
                found.push(name.to_owned());
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn is_sealed(path: &Path) -> Result<bool, BackupError> {
    let text = fs::read(path).map_err(|source| io_error("read", path, source))?;
    // A key that cannot be read is copied as it is; what is wrong with it is for others to say.
    let file = serde_json::from_slice::<KeyFile>(&text);
    Ok(file.is_ok_and(|file| file.is_sealed()))
}

fn beside(to: &Path) -> PathBuf {
    let mut name = to.as_os_str().to_owned();
    name.push(".tmp");
    PathBuf::from(name)
}

fn put_in_place(beside: &Path, to: &Path) -> Result<(), DataDirError> {
    let mut all = vec![beside.to_owned()];
    while let Some(dir) = all.pop() {
        let entries = fs::read_dir(&dir).map_err(|source| io_error("list", &dir, source))?;
        all.extend(entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|p| p.is_dir()));
        sync_dir(&dir)?;
    }
    if to.exists() {
        return Err(DataDirError::Exists(to.to_owned()));
    }
    fs::rename(beside, to).map_err(|source| io_error("rename", beside, source))?;
    to.parent().map_or(Ok(()), sync_dir)
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Failure {
        match error {
            BackupError::Dir(error) => error.into(),
            BackupError::NotAsWritten(_) => Failure::because(
                Ending::Failed,
                &error,
                "The disk that the backup goes to returns other bytes than were written. There is \
                 no backup.",
                "use another disk",
            ),
        }
    }
}

//! `comityd restore`: a node's directory from a backup.
//! Holds: every file was checked before anything is written; the directory counts as a node's only
//! once all of it is durable, and does not vote before `comityd guard reset`.
//! May not enter: a sign guard: what the key has signed since, no backup can know.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use comity_core::genesis::Genesis;
use comity_core::hash::ConsortiumId;
use comity_core::text::AgencyId;

use crate::args::RestoreArgs;
use crate::clock::system_time;
use crate::config::Config;
use crate::data_dir::{
    DataDir, DataDirError, PRIVATE_FILE, PUBLIC_FILE, io_error, make_private, sync_dir, write_new,
};
use crate::failure::{Ending, Failure, with_causes};
use crate::key_store;

use super::backup::manifest::{FORMAT, MANIFEST, Manifest};
use super::backup::{holds_a_guard, is_inside};

#[derive(Debug, thiserror::Error)]
enum RestoreError {
    #[error(transparent)]
    Dir(#[from] DataDirError),
    #[error("{0} is not a backup of comityd")]
    NotABackup(PathBuf),
    #[error("{0} is missing or not as it was copied")]
    Damaged(PathBuf),
    #[error("{0} in the backup leads out of it")]
    Outside(String),
    #[error("the backup's parts do not belong together: {0}")]
    Mixed(String),
}

pub(super) fn perform(args: &RestoreArgs) -> Result<String, Failure> {
    let (manifest, files) = read(&args.from).map_err(Failure::from)?;
    let (config, genesis) = check(&manifest, &files).map_err(Failure::from)?;
    DataDir::check_vacant(&args.dir)?;
    let dir = DataDir::create(&args.dir)?;
    write(&dir, &manifest, &files)?;
    // What a start would find wrong is better known now.
    let keys = key_store::load(&dir, &config, &genesis);
    let votes = match keys.map(|held| held.present().validator) {
        Err(error) => format!(
            "It cannot start yet: {}\nNext: put that right (a passphrase is never in a backup); \
             comityd config check --dir {} says whether it can.\nIt does not vote before comityd \
             guard reset.",
            with_causes(&error),
            args.dir.display()
        ),
        Ok(Some(_)) => format!(
            "It does not vote until you say so:\n  1. Make certain that the old machine never \
             starts again: two nodes with one key sign\n     contradicting votes, and the log \
             names your agency for it.\n  2. Start this node and let it catch up: comityd run \
             --dir {0}\n  3. See what the others know of its key: comityd guard show --dir {0}\n  \
             4. Stop it, and let it vote: comityd guard reset --dir {0}",
            args.dir.display()
        ),
        Ok(None) => format!(
            "It has no validator key and follows without voting: comityd run --dir {}\n\
             The members must vote a new key for it: comity proposal open --help",
            args.dir.display()
        ),
    };
    Ok(format!(
        "{} holds the node of {} again ({} files, each checked).\nThe log is not in a backup: the \
         node fetches it from the other members, and verifies it.\n{votes}\nHave erased again \
         what was erased since the backup: comity sealed erase --help\n",
        args.dir.display(),
        manifest.agency,
        files.len(),
    ))
}

type Files = Vec<(PathBuf, Vec<u8>)>;

/// Reads and checks the whole backup.
fn read(from: &Path) -> Result<(Manifest, Files), RestoreError> {
    let path = from.join(MANIFEST);
    let text = fs::read(&path).map_err(|_| RestoreError::NotABackup(from.to_owned()))?;
    let manifest: Manifest = serde_json::from_slice(&text)
        .ok()
        .filter(|manifest: &Manifest| manifest.format == FORMAT)
        .ok_or_else(|| RestoreError::NotABackup(from.to_owned()))?;
    let mut files = Vec::with_capacity(manifest.files.len());
    for listed in &manifest.files {
        let name = PathBuf::from(&listed.path);
        if !is_inside(&name) || holds_a_guard(&name) {
            return Err(RestoreError::Outside(listed.path.clone()));
        }
        let path = from.join(&name);
        match fs::read(&path) {
            Ok(bytes) if listed.fits(&bytes) => files.push((name, bytes)),
            Ok(_) => return Err(RestoreError::Damaged(path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(RestoreError::Damaged(path));
            }
            Err(error) => return Err(io_error("read", &path, error).into()),
        }
    }
    Ok((manifest, files))
}

/// Whether settings and genesis are those that the manifest speaks of.
fn check(manifest: &Manifest, files: &Files) -> Result<(Config, Genesis), RestoreError> {
    let find = |name: &str| {
        let found = files.iter().find(|(path, _)| path == Path::new(name)).map(|(_, bytes)| bytes);
        found.ok_or_else(|| RestoreError::Mixed(format!("{name} is not in it")))
    };
    let text = String::from_utf8_lossy(find("config.toml")?).into_owned();
    let config = Config::parse(&text, Path::new("config.toml"))
        .map_err(|error| RestoreError::Mixed(error.to_string()))?;
    let genesis: Genesis = serde_json::from_slice(find("genesis.json")?)
        .map_err(|error| RestoreError::Mixed(format!("genesis.json cannot be read: {error}")))?;
    let (agency, id): (&AgencyId, ConsortiumId) = (&config.agency, genesis.id());
    if *agency != manifest.agency || id != manifest.consortium {
        return Err(RestoreError::Mixed(format!(
            "its manifest is of {} in consortium {}",
            manifest.agency, manifest.consortium
        )));
    }
    genesis.check().map_err(|error| RestoreError::Mixed(error.to_string()))?;
    Ok((config, genesis))
}

/// The settings come last: without them the directory is no node's.
fn write(dir: &DataDir, manifest: &Manifest, files: &Files) -> Result<(), DataDirError> {
    let note = serde_json::json!({
        "restored_at": system_time(),
        "backup_made_at": manifest.made_at,
    });
    write_new(&dir.restored_file(), note.to_string().as_bytes(), PRIVATE_FILE)?;
    sync_dir(dir.root())?;
    let is_last = |name: &Path| name == Path::new("config.toml");
    let (last, first): (Vec<_>, Vec<_>) = files.iter().partition(|(name, _)| is_last(name));
    for (name, bytes) in first.into_iter().chain(last) {
        let path = dir.root().join(name);
        let public = ["genesis.json", "member.json"].iter().any(|of| name == Path::new(of));
        let mode = if public { PUBLIC_FILE } else { PRIVATE_FILE };
        if let Some(above) = path.parent() {
            make_private(above)?;
            write_new(&path, bytes, mode)?;
            sync_dir(above)?;
        }
    }
    Ok(())
}

impl From<RestoreError> for Failure {
    fn from(error: RestoreError) -> Failure {
        let (ending, next) = match error {
            RestoreError::Dir(error) => return error.into(),
            RestoreError::NotABackup(_) => {
                (Ending::NotUnderstood, "give the directory that comityd backup made after --from")
            }
            RestoreError::Damaged(_) | RestoreError::Mixed(_) => {
                (Ending::Failed, "use another backup")
            }
            RestoreError::Outside(_) => {
                (Ending::Refused, "find out who changed the backup, and use another")
            }
        };
        Failure::because(ending, &error, "Nothing was restored.", next)
    }
}

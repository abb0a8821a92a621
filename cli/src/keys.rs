//! Files that the CLI reads and writes: private keys, cards, descriptions, attempts, a genesis.
//! Holds: a private key file is read only where nobody else can read it; nothing is overwritten;
//! no error repeats what a key file contains.
//! May not enter: signing.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use comity_core::genesis::Genesis;
use comity_core::key_file::{CARD_FORMAT, KeyCard, KeyFile, KeyFileError};
use comity_core::keys::SecretKey;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::args::normal;
use crate::fault::Fault;
use crate::messages::{fault, say};
use crate::passphrase;
use crate::shell::Session;

/// Largest file that is read into memory: none that people pass around is near it.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;
/// Permission bits of the group and of others.
pub(crate) const SHARED_BITS: u32 = 0o077;

/// How often a person may mistype a passphrase.
const MAX_TRIES: u8 = 3;

/// A private key ready to sign.
pub(crate) struct OwnKey {
    /// Whose it is, and what for.
    pub(crate) file: KeyFile,
    /// The key.
    pub(crate) secret: SecretKey,
    /// The card beside it, if there is one.
    pub(crate) card: Option<KeyCard>,
}

/// Loads a private key, asking for its passphrase if it has one. Errors: others can read the
/// file; it is no key file, or not whole; the passphrase is wrong or cannot be had.
pub(crate) fn load_key(session: &mut Session<'_>, path: &Path) -> Result<OwnKey, Fault> {
    let file = load_key_file(path)?;
    let secret = open_key(session, path, &file)?;
    let card = load_card(&card_path(path)).ok().filter(|card| card.public_key == file.public_key);
    Ok(OwnKey { file, secret, card })
}

/// The secret of a key file, asking for its passphrase if it has one.
pub(crate) fn open_key(
    session: &mut Session<'_>,
    path: &Path,
    file: &KeyFile,
) -> Result<SecretKey, Fault> {
    let damaged =
        |error: KeyFileError| fault!(Failed, "key-damaged", path = path.display(), cause = error);
    if !file.is_sealed() {
        return file.secret().map_err(damaged);
    }
    let tries = if session.global.passphrase_file.is_some() { 1 } else { MAX_TRIES };
    for left in (0..tries).rev() {
        let passphrase = passphrase::current(session, path)?;
        match file.unlock(&passphrase) {
            Ok(key) => return Ok(key),
            Err(KeyFileError::WrongPassphrase) if left > 0 => {
                session.shell.note(&say!("passphrase-again"));
            }
            Err(KeyFileError::WrongPassphrase) => break,
            Err(error) => return Err(damaged(error)),
        }
    }
    Err(fault!(Failed, "passphrase-wrong", path = path.display()))
}

/// Reads a private key file. Errors: others can read it, or it is no key file.
pub(crate) fn load_key_file(path: &Path) -> Result<KeyFile, Fault> {
    let bytes = read_private(path, |mode| {
        fault!(Usage, "key-permissions", path = path.display(), mode = mode)
    })?;
    // The cause is left out: it might quote the secret.
    serde_json::from_slice(&bytes)
        .map_err(|_| fault!(Failed, "key-unreadable", path = path.display()))
}

/// Reads what only its owner may read; `exposed` words the fault if others can, too.
pub(crate) fn read_private(
    path: &Path,
    exposed: impl FnOnce(String) -> Fault,
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let file = open(path)?;
    let mode = file.metadata().map_err(|e| unreadable(path, &e))?.permissions().mode();
    if mode & SHARED_BITS != 0 {
        return Err(exposed(format!("{:03o}", mode & 0o777)));
    }
    read_all(file, path).map(Zeroizing::new)
}

/// Reads a card and checks its proof of possession.
pub(crate) fn load_card(path: &Path) -> Result<KeyCard, Fault> {
    // Whoever takes a card or a key file asks for a card first: it may be a secret that is read.
    let bytes = Zeroizing::new(read(path)?);
    let card: KeyCard = serde_json::from_slice(&bytes)
        .map_err(|e| fault!(Failed, "card-unreadable", path = path.display(), cause = e))?;
    if card.format != CARD_FORMAT || card.verify().is_err() {
        return Err(fault!(Failed, "card-unproven", path = path.display()));
    }
    Ok(card)
}

/// Where the card of a key file lies: `.card.json` stands in the place of a last `.key` or
/// `.json`, and behind any other name.
pub(crate) fn card_path(key: &Path) -> PathBuf {
    let is_usual = key.extension().is_some_and(|end| end == "key" || end == "json");
    if is_usual {
        return key.with_extension("card.json");
    }
    let mut name = key.as_os_str().to_owned();
    name.push(".card.json");
    PathBuf::from(name)
}

/// Reads a genesis. Errors: it is none, or founds no consortium.
pub(crate) fn load_genesis(path: &Path) -> Result<Genesis, Fault> {
    let genesis: Genesis = load_json(path, |cause| {
        fault!(Failed, "genesis-unreadable", path = path.display(), cause = cause)
    })?;
    genesis
        .check()
        .map_err(|e| fault!(Failed, "genesis-unusable", path = path.display(), cause = e))?;
    Ok(genesis)
}

/// Reads a JSON file; `fault` words what is wrong with it.
pub(crate) fn load_json<T: DeserializeOwned>(
    path: &Path,
    fault: impl FnOnce(serde_json::Error) -> Fault,
) -> Result<T, Fault> {
    serde_json::from_slice(&read(path)?).map_err(fault)
}

/// Reads a text that people write, in one normal form; `fault` words what is wrong with it.
pub(crate) fn read_text(path: &Path, fault: impl FnOnce(String) -> Fault) -> Result<String, Fault> {
    match String::from_utf8(read(path)?) {
        Ok(text) => Ok(normal(&text)),
        Err(error) => Err(fault(error.to_string())),
    }
}

/// Reads a whole file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Fault> {
    read_all(open(path)?, path)
}

/// Opens a file to read.
pub(crate) fn open(path: &Path) -> Result<File, Fault> {
    File::open(path).map_err(|e| unreadable(path, &e))
}

/// A file that could not be read.
pub(crate) fn unreadable(path: &Path, error: &std::io::Error) -> Fault {
    fault!(Failed, "file-unreadable", path = path.display(), cause = error)
}

/// Who may read a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Its owner alone.
    Owner,
    /// Whoever the system's defaults allow.
    Any,
}

/// Writes a new file, durably. Errors: there is one of that name, or it cannot be written.
pub(crate) fn write_new(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), Fault> {
    let mode = match readers {
        Readers::Owner => 0o600,
        Readers::Any => 0o666,
    };
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let written = file.and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            fault!(Failed, "file-exists", path = path.display())
        }
        _ => fault!(Failed, "file-unwritable", path = path.display(), cause = error),
    })
}

/// Puts new content in the place of a private file, as [`replace`] does.
pub(crate) fn replace_private(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    replace(path, bytes, Readers::Owner)
}

/// Puts new content in the place of a file, durably; the old content is there until the new one
/// is. Errors: it cannot be written.
pub(crate) fn replace(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), Fault> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    write_new(&beside, bytes, readers)?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let renamed = std::fs::rename(&beside, path)
        .and_then(|()| File::open(parent.unwrap_or(Path::new(".")))?.sync_all());
    renamed.map_err(|e| {
        // Where it was not renamed, it would stand in the way of the next try. The fault says more
        // than a failure to remove it.
        let _ = std::fs::remove_file(&beside);
        fault!(Failed, "file-unwritable", path = path.display(), cause = e)
    })
}

fn read_all(file: File, path: &Path) -> Result<Vec<u8>, Fault> {
    read_bounded(file, path, MAX_FILE_BYTES)?
        .ok_or_else(|| fault!(Failed, "file-too-large", path = path.display()))
}

/// A file's bytes; `None` where there are more than `most_bytes`.
pub(crate) fn read_bounded(
    file: File,
    path: &Path,
    most_bytes: u64,
) -> Result<Option<Vec<u8>>, Fault> {
    let mut bytes = Vec::new();
    file.take(most_bytes + 1).read_to_end(&mut bytes).map_err(|e| unreadable(path, &e))?;
    Ok((bytes.len() as u64 <= most_bytes).then_some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use comity_core::agency::KeyRole;
    use comity_core::hash::ConsortiumId;

    fn key_file() -> KeyFile {
        let secret = SecretKey::from_seed(&[7; 32]);
        let agency = "finance.gd".parse().unwrap();
        KeyFile::new(agency, KeyRole::Officer, "Desk 4".parse().unwrap(), &secret)
    }

    #[test]
    fn a_key_file_that_others_can_read_is_refused_with_the_command_that_mends_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("officer.key");
        let json = serde_json::to_vec(&key_file()).unwrap();
        write_new(&path, &json, Readers::Owner).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(load_key_file(&path).unwrap().public_key, key_file().public_key);
        for mode in [0o640, 0o604, 0o660, 0o777] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let fault = load_key_file(&path).err().unwrap();
            assert_eq!(fault.name, "key-permissions");
            assert!(fault.to_text().contains("chmod 600"), "{}", fault.to_text());
        }
    }

    #[test]
    fn no_error_repeats_what_a_key_file_contains() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bad.key");
        write_new(&path, br#"{"format": 1, "secret": {"plain": "0badc0de"}}"#, Readers::Owner)
            .unwrap();
        let text = load_key_file(&path).err().unwrap().to_text();
        assert!(!text.contains("0badc0de"), "{text}");
    }

    #[test]
    fn the_card_of_a_key_has_one_name() {
        for (key, card) in [
            ("desk4.key", "desk4.card.json"),
            ("a/admin.json", "a/admin.card.json"),
            ("finance.gd", "finance.gd.card.json"),
            ("key", "key.card.json"),
        ] {
            assert_eq!(card_path(Path::new(key)), Path::new(card));
        }
    }

    #[test]
    fn nothing_is_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        write_new(&path, b"first", Readers::Any).unwrap();
        assert_eq!(write_new(&path, b"second", Readers::Any).unwrap_err().name, "file-exists");
        assert_eq!(read(&path).unwrap(), b"first");
    }

    #[test]
    fn a_card_without_a_true_proof_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("card");
        let mut card = key_file().card(&ConsortiumId([9; 32])).unwrap();
        write_new(&path, &serde_json::to_vec(&card).unwrap(), Readers::Any).unwrap();
        assert_eq!(load_card(&path).unwrap(), card);
        card.role = KeyRole::Steward;
        let forged = dir.path().join("forged");
        write_new(&forged, &serde_json::to_vec(&card).unwrap(), Readers::Any).unwrap();
        assert_eq!(load_card(&forged).unwrap_err().name, "card-unproven");
    }
}

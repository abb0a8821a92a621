//! Files that the CLI reads and writes: private keys, cards, descriptions, attempts, a genesis.
//! Holds: a private key file is read only where nobody else can read it; nothing is overwritten;
//! no error repeats what a key file contains.
//! May not enter: signing.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use comity_core::genesis::Genesis;
use comity_core::key_file::{CARD_FORMAT, KeyCard, KeyFile};
use comity_core::keys::SecretKey;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::fault::Fault;
use crate::messages::fault;

/// Largest file that is read into memory: none that people pass around is near it.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;
/// Permission bits of the group and of others.
const SHARED_BITS: u32 = 0o077;

/// A private key ready to sign.
pub(crate) struct OwnKey {
    /// Whose it is, and what for.
    pub(crate) file: KeyFile,
    /// The key.
    pub(crate) secret: SecretKey,
    /// The card beside it, if there is one.
    pub(crate) card: Option<KeyCard>,
}

/// Loads a private key. Errors: others can read the file; it is no key file, or not whole.
pub(crate) fn load_key(path: &Path) -> Result<OwnKey, Fault> {
    let file = load_key_file(path)?;
    let secret = file
        .secret()
        .map_err(|e| fault!(Failed, "key-damaged", path = path.display(), cause = e))?;
    let card = load_card(&card_path(path)).ok().filter(|card| card.public_key == file.public_key);
    Ok(OwnKey { file, secret, card })
}

/// Reads a private key file. Errors: others can read it, or it is no key file.
pub(crate) fn load_key_file(path: &Path) -> Result<KeyFile, Fault> {
    let file = open(path)?;
    let mode = file.metadata().map_err(|e| unreadable(path, &e))?.permissions().mode();
    if mode & SHARED_BITS != 0 {
        let mode = format!("{:03o}", mode & 0o777);
        return Err(fault!(Usage, "key-permissions", path = path.display(), mode = mode));
    }
    let bytes = Zeroizing::new(read_all(file, path)?);
    // The cause is left out: it might quote the secret.
    serde_json::from_slice(&bytes)
        .map_err(|_| fault!(Failed, "key-unreadable", path = path.display()))
}

/// Reads a card and checks its proof of possession.
pub(crate) fn load_card(path: &Path) -> Result<KeyCard, Fault> {
    let bytes = read(path)?;
    let card: KeyCard = serde_json::from_slice(&bytes)
        .map_err(|e| fault!(Failed, "card-unreadable", path = path.display(), cause = e))?;
    if card.format != CARD_FORMAT || card.verify().is_err() {
        return Err(fault!(Failed, "card-unproven", path = path.display()));
    }
    Ok(card)
}

/// Where the card of a key file lies.
pub(crate) fn card_path(key: &Path) -> PathBuf {
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

fn read_all(file: File, path: &Path) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|e| unreadable(path, &e))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(fault!(Failed, "file-too-large", path = path.display()));
    }
    Ok(bytes)
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
        assert_eq!(load_key(&path).unwrap().file.public_key, key_file().public_key);
        for mode in [0o640, 0o604, 0o660, 0o777] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let fault = load_key(&path).err().unwrap();
            assert_eq!(fault.name, "key-permissions");
            assert!(fault.to_text().contains("chmod 600"), "{}", fault.to_text());
        }
    }

    #[test]
    fn no_error_repeats_what_a_key_file_contains() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bad.key");
        write_new(&path, br#"{"format": 1, "secret_seed": "0badc0de"}"#, Readers::Owner).unwrap();
        let text = load_key(&path).err().unwrap().to_text();
        assert!(!text.contains("0badc0de"), "{text}");
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

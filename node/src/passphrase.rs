//! Passphrases of keys: from a file that only its owner may read, or asked at a terminal.
//! Holds: a passphrase is never in an argument, the environment, a log or an error.
//! May not enter: what is done with it (see `key_store`, `commands::init`).

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use comity_core::key_file::{Passphrase, PassphraseError};
use icu_normalizer::ComposingNormalizerBorrowed;
use zeroize::Zeroizing;

use crate::failure::{Ending, Failure};

/// No file of a passphrase is longer (bytes).
const MAX_FILE_BYTES: u64 = 4096;

/// Why there is no passphrase.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PassphraseFileError {
    /// The system refused.
    #[error("could not read the passphrase in {path}")]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// Others can read it.
    #[error("other users of this machine can read the passphrase in {path} (mode {mode:o})")]
    Exposed { path: PathBuf, mode: u32 },
    /// Not text.
    #[error("{0} does not hold a passphrase: it is no text, or too long")]
    NoText(PathBuf),
    /// No passphrase, or a poor one for a new key.
    #[error("the passphrase in {path} cannot be used")]
    Unusable {
        path: PathBuf,
        #[source]
        source: PassphraseError,
    },
}

/// Reads a passphrase. A file that the superuser's group may read passes, since service managers
/// hand credentials over so. Errors: all.
pub(crate) fn from_file(path: &Path) -> Result<Passphrase, PassphraseFileError> {
    let failed = |source| PassphraseFileError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    let mode = metadata.mode() & 0o777;
    let readers = if metadata.gid() == 0 { 0o037 } else { 0o077 };
    if mode & readers != 0 {
        return Err(PassphraseFileError::Exposed { path: path.to_owned(), mode });
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    let read = file.take(MAX_FILE_BYTES).read_to_end(&mut bytes).map_err(failed)?;
    let text = std::str::from_utf8(&bytes).ok().filter(|_| (read as u64) < MAX_FILE_BYTES);
    let Some(text) = text else {
        return Err(PassphraseFileError::NoText(path.to_owned()));
    };
    let text = text.strip_suffix('\n').unwrap_or(text);
    normal(text.strip_suffix('\r').unwrap_or(text))
        .map_err(|source| PassphraseFileError::Unusable { path: path.to_owned(), source })
}

/// As [`from_file`], for keys that are made now. Errors: all; `Unusable` also if it is too short.
pub(crate) fn for_new_keys(path: &Path) -> Result<Passphrase, PassphraseFileError> {
    from_file(path)?
        .for_new_key()
        .map_err(|source| PassphraseFileError::Unusable { path: path.to_owned(), source })
}

/// What was typed, in normal form C: `comity` opens the same files. Errors: it is none.
pub(crate) fn normal(text: &str) -> Result<Passphrase, PassphraseError> {
    let text = ComposingNormalizerBorrowed::new_nfc().normalize(text).into_owned();
    Passphrase::new(Zeroizing::new(text))
}

impl From<PassphraseFileError> for Failure {
    fn from(error: PassphraseFileError) -> Failure {
        let (ending, meaning, next) = match &error {
            PassphraseFileError::Exposed { path, .. } => (
                Ending::Refused,
                "Whoever reads it can open the keys under it. Nothing was done.",
                format!("chmod 600 {}", path.display()),
            ),
            PassphraseFileError::Read { .. } => (
                Ending::Failed,
                "Without it the keys cannot be opened or made. Nothing was done.",
                "check the path, and that the user who runs comityd may read the file".to_owned(),
            ),
            PassphraseFileError::NoText(_) | PassphraseFileError::Unusable { .. } => (
                Ending::Failed,
                "The file's one line is the passphrase. Nothing was done.",
                "write a passphrase of several words into the file".to_owned(),
            ),
        };
        Failure::because(ending, &error, meaning, next)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn passphrase_is_the_one_line_of_a_private_file() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("words");
        let read = |bytes: &[u8], mode| {
            std::fs::write(&path, bytes).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            for_new_keys(&path).map_err(|e| Failure::from(e).to_string())
        };
        let words = normal("staple paper clip").unwrap();
        for text in ["staple paper clip", "staple paper clip\n", "staple paper clip\r\n"] {
            assert!(read(text.as_bytes(), 0o400).unwrap().matches(&words), "{text:?}");
        }
        let shown = read(b"staple paper clip", 0o604).unwrap_err();
        assert!(shown.contains("(mode 604)") && shown.contains("chmod 600"), "{shown}");
        assert!(!shown.contains("staple"), "{shown}");
        for (bytes, says) in [
            (&b"\n"[..], "is empty"),
            (b"short", "shorter than 8"),
            (b"\xff\xfe", "no text"),
            (&[b'x'; 5000], "too long"),
        ] {
            let shown = read(bytes, 0o600).unwrap_err();
            assert!(shown.contains(says), "{shown}");
        }
    }
}

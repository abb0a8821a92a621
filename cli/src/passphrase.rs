//! Where passphrases come from: a file that only its owner may read, or a person who is asked
//! and whose answer is not shown.
//! Holds: a passphrase is never an argument, an environment variable or an output.
//! May not enter: what passphrases protect (see `keys`).

use std::path::Path;

use comity_core::key_file::{MIN_NEW_PASSPHRASE_CHARS, Passphrase, PassphraseError};
use icu_normalizer::ComposingNormalizerBorrowed;
use zeroize::Zeroizing;

use crate::fault::Fault;
use crate::keys;
use crate::messages::{fault, say};
use crate::shell::Session;

/// The passphrase that a key file has: from the file that `--passphrase-file` names, or asked.
/// Errors: neither is there, or it is none.
pub(crate) fn current(session: &mut Session<'_>, key: &Path) -> Result<Passphrase, Fault> {
    if let Some(file) = session.global.passphrase_file.clone() {
        return from_file(&file);
    }
    ask(session, key, &say!("ask-passphrase", path = key.display()))
}

/// A passphrase for a new file: from `file`, or asked for twice. Errors: neither is there, it is
/// too short, or was typed differently the second time.
pub(crate) fn chosen(
    session: &mut Session<'_>,
    key: &Path,
    file: Option<&Path>,
) -> Result<Passphrase, Fault> {
    if let Some(file) = file {
        return from_file(file)?.for_new_key().map_err(|e| unusable(&e));
    }
    let advice = say!("passphrase-advice", least = MIN_NEW_PASSPHRASE_CHARS);
    let first = ask(session, key, &say!("ask-new", path = key.display(), advice = advice))?;
    let first = first.for_new_key().map_err(|e| unusable(&e))?;
    if !ask(session, key, &say!("ask-again"))?.matches(&first) {
        return Err(fault!(Failed, "passphrase-differs"));
    }
    Ok(first)
}

fn ask(session: &mut Session<'_>, key: &Path, question: &str) -> Result<Passphrase, Fault> {
    let Some(answer) = session.shell.ask_secret(question) else {
        return Err(fault!(Usage, "passphrase-needed", path = key.display()));
    };
    normal(&answer.map_err(|e| fault!(Failed, "passphrase-unasked", cause = e))?)
}

fn from_file(path: &Path) -> Result<Passphrase, Fault> {
    let bytes = keys::read_private(path, |mode| {
        fault!(Usage, "passphrase-permissions", path = path.display(), mode = mode)
    })?;
    let Ok(text) = std::str::from_utf8(&bytes) else {
        return Err(fault!(Failed, "passphrase-no-text", path = path.display()));
    };
    let text = text.strip_suffix('\n').unwrap_or(text);
    normal(text.strip_suffix('\r').unwrap_or(text))
}

/// In normal form C, so that two keyboards that write a letter in two ways open the same file.
fn normal(text: &str) -> Result<Passphrase, Fault> {
    let text = ComposingNormalizerBorrowed::new_nfc().normalize(text).into_owned();
    Passphrase::new(Zeroizing::new(text)).map_err(|e| unusable(&e))
}

fn unusable(error: &PassphraseError) -> Fault {
    fault!(Usage, "passphrase-unusable", cause = error, least = MIN_NEW_PASSPHRASE_CHARS)
}

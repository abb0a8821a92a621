//! Passphrases of key files.
//! Holds: a passphrase is never shown, and is wiped when it is no longer needed.
//! May not enter: asking for one; Unicode normalisation (the shells', as for all that is typed).
//! Source: docs/formats.md, "Key files".

use std::fmt;

use zeroize::Zeroizing;

/// Longest passphrase (bytes).
pub const MAX_PASSPHRASE_BYTES: usize = 1024;
/// Fewest characters of a passphrase that is chosen now. Older ones open all the same.
pub const MIN_NEW_PASSPHRASE_CHARS: usize = 8;

/// Why a text is no passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PassphraseError {
    /// Nothing.
    #[error("the passphrase is empty")]
    Empty,
    /// More than [`MAX_PASSPHRASE_BYTES`].
    #[error("the passphrase is longer than {MAX_PASSPHRASE_BYTES} bytes")]
    Long,
    /// Fewer than [`MIN_NEW_PASSPHRASE_CHARS`], for a new key.
    #[error("the passphrase is shorter than {MIN_NEW_PASSPHRASE_CHARS} characters")]
    Short,
}

/// What a sealed key file is opened with.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// A passphrase, in Unicode normal form C. Errors: `Empty`, `Long`.
    pub fn new(text: Zeroizing<String>) -> Result<Passphrase, PassphraseError> {
        match text.len() {
            0 => Err(PassphraseError::Empty),
            1..=MAX_PASSPHRASE_BYTES => Ok(Passphrase(text)),
            _ => Err(PassphraseError::Long),
        }
    }

    /// The same, if it is fit to be chosen for a new key. Errors: `Short`.
    pub fn for_new_key(self) -> Result<Passphrase, PassphraseError> {
        if self.0.chars().count() < MIN_NEW_PASSPHRASE_CHARS {
            return Err(PassphraseError::Short);
        }
        Ok(self)
    }

    /// Whether two are the same, as when one is typed twice.
    pub fn matches(&self, other: &Passphrase) -> bool {
        self.0 == other.0
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(not shown)")
    }
}

//! Key files and key cards: how keys are written down between programs and people.
//! Holds: a private key's text never reaches a log or an error; of a sealed file no part can be
//! exchanged; a card proves possession.
//! May not enter: files, permissions, prompts and randomness (the shells').
//! Source: docs/formats.md, "Key files".

mod passphrase;
mod sealing;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::agency::{KeyAlgorithm, KeyRole};
use crate::encoding::encode;
use crate::genesis::GenesisKey;
use crate::hash::ConsortiumId;
use crate::keys::{PublicKey, SecretKey, Signature, SignatureError};
use crate::text::{AgencyId, Text};

pub use passphrase::{MAX_PASSPHRASE_BYTES, MIN_NEW_PASSPHRASE_CHARS, Passphrase, PassphraseError};
pub use sealing::{DerivationCost, Sealing};

use sealing::SealedSeed;

/// The only key file format so far.
pub const KEY_FORMAT: &str = "comity-key-1";
/// The only key card format so far.
pub const CARD_FORMAT: &str = "comity-key-card-1";

/// A private key with what it is for, as it stands in a file of mode 0600: sealed under a
/// passphrase, or plain.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    /// [`KEY_FORMAT`].
    pub format: String,
    /// Whose key it is.
    pub agency: AgencyId,
    /// What it is for.
    pub role: KeyRole,
    /// The post that holds it; may be empty for a node's keys.
    #[serde(default)]
    pub post: Text<96>,
    /// The public half.
    pub public_key: PublicKey,
    secret: StoredSecret,
}

/// The RFC 8032 seed as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum StoredSecret {
    /// In hexadecimal.
    Plain(String),
    /// Under a passphrase.
    Sealed(SealedSeed),
}

/// Why a key file cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// Another format.
    #[error("this is not a key file of format {KEY_FORMAT}")]
    Format,
    /// What should be hexadecimal digits of a certain number is not.
    #[error("the secret in the key file is damaged")]
    Damaged,
    /// The two halves do not belong together.
    #[error("the secret in the key file is not that of its public key")]
    Mismatch,
    /// A passphrase is needed.
    #[error("the key file is sealed under a passphrase")]
    Sealed,
    /// A key derivation or cipher that this version does not know.
    #[error("the key file is sealed in a way that this version does not know")]
    UnknownSealing,
    /// More memory or work than any honest file asks for, or none.
    #[error("the key file asks for an unreasonable amount of memory or work to be opened")]
    Cost,
    /// Not this passphrase; or a part of the file was changed, which looks the same.
    #[error("the passphrase is wrong")]
    WrongPassphrase,
}

impl KeyFile {
    /// Writes a key down in the plain.
    pub fn new(agency: AgencyId, role: KeyRole, post: Text<96>, key: &SecretKey) -> KeyFile {
        KeyFile {
            format: KEY_FORMAT.to_owned(),
            agency,
            role,
            post,
            public_key: key.public(),
            secret: StoredSecret::Plain(hex::encode(*key.seed())),
        }
    }

    /// Writes a key down under a passphrase. Salt and nonce must never have been used before.
    /// Errors: `Cost`.
    pub fn sealed(
        agency: AgencyId,
        role: KeyRole,
        post: Text<96>,
        key: &SecretKey,
        passphrase: &Passphrase,
        sealing: &Sealing,
    ) -> Result<KeyFile, KeyFileError> {
        let mut file = KeyFile::new(agency, role, post, key);
        let sealed = SealedSeed::seal(&key.seed(), passphrase, sealing, &file.associated_data())?;
        file.forget();
        file.secret = StoredSecret::Sealed(sealed);
        Ok(file)
    }

    /// Whether a passphrase is needed.
    pub fn is_sealed(&self) -> bool {
        matches!(self.secret, StoredSecret::Sealed(_))
    }

    /// The private key of a plain file. Errors: `Format`, `Sealed`, `Damaged`, `Mismatch`.
    pub fn secret(&self) -> Result<SecretKey, KeyFileError> {
        match &self.secret {
            StoredSecret::Plain(digits) => {
                let mut seed = Zeroizing::new([0u8; 32]);
                hex::decode_to_slice(digits, &mut seed[..]).map_err(|_| KeyFileError::Damaged)?;
                self.checked(&seed)
            }
            StoredSecret::Sealed(_) => Err(KeyFileError::Sealed),
        }
    }

    /// The private key of a sealed file; a plain one opens with any passphrase. Takes as much
    /// memory and time as the file asks for, within bounds. Errors: all but `Sealed`.
    pub fn unlock(&self, passphrase: &Passphrase) -> Result<SecretKey, KeyFileError> {
        match &self.secret {
            StoredSecret::Plain(_) => self.secret(),
            StoredSecret::Sealed(sealed) => {
                let seed = sealed.open(passphrase, &self.associated_data())?;
                self.checked(&seed)
            }
        }
    }

    /// The public card of this key, with proof of possession by `key`: for a consortium, or for a
    /// genesis ([`crate::genesis::NO_CONSORTIUM`]). Errors: `Mismatch`.
    pub fn card_signed_by(
        &self,
        key: &SecretKey,
        consortium: &ConsortiumId,
    ) -> Result<KeyCard, KeyFileError> {
        if key.public() != self.public_key {
            return Err(KeyFileError::Mismatch);
        }
        Ok(KeyCard {
            format: CARD_FORMAT.to_owned(),
            consortium: *consortium,
            agency: self.agency.clone(),
            role: self.role,
            post: self.post.clone(),
            public_key: self.public_key,
            possession: key.sign_possession(consortium, &self.agency, self.role),
        })
    }

    /// The public card of a key in a plain file. Errors: as [`KeyFile::secret`].
    pub fn card(&self, consortium: &ConsortiumId) -> Result<KeyCard, KeyFileError> {
        self.card_signed_by(&self.secret()?, consortium)
    }

    fn checked(&self, seed: &[u8; 32]) -> Result<SecretKey, KeyFileError> {
        if self.format != KEY_FORMAT {
            return Err(KeyFileError::Format);
        }
        let key = SecretKey::from_seed(seed);
        if key.public() != self.public_key {
            return Err(KeyFileError::Mismatch);
        }
        Ok(key)
    }

    /// What a sealed secret is bound to: everything else that the file says.
    fn associated_data(&self) -> Vec<u8> {
        encode(&(&self.format, &self.agency, self.role, &self.post, &self.public_key))
    }

    fn forget(&mut self) {
        if let StoredSecret::Plain(digits) = &mut self.secret {
            digits.zeroize();
        }
    }
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        self.forget();
    }
}

/// What may be handed around about a key: who holds it, for what, and proof that they do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyCard {
    /// [`CARD_FORMAT`].
    pub format: String,
    /// The consortium; zeros for a genesis.
    pub consortium: ConsortiumId,
    /// Whose key it is.
    pub agency: AgencyId,
    /// What it is for.
    pub role: KeyRole,
    /// The post that holds it.
    #[serde(default)]
    pub post: Text<96>,
    /// The key.
    pub public_key: PublicKey,
    /// The key's own signature over consortium, agency, role and key (not over the post, which
    /// the agency's admin vouches for when registering the key).
    pub possession: Signature,
}

impl KeyCard {
    /// Checks the proof of possession.
    pub fn verify(&self) -> Result<(), SignatureError> {
        self.public_key.verify_possession(
            &self.consortium,
            &self.agency,
            self.role,
            &self.possession,
        )
    }

    /// The card as a member brings it into a genesis.
    pub fn into_genesis_key(self) -> GenesisKey {
        let KeyCard { role, public_key, post, possession, .. } = self;
        GenesisKey { role, algorithm: KeyAlgorithm::Ed25519, key: public_key, post, possession }
    }
}

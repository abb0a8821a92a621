//! Key files and key cards: how keys are written down between programs and people.
//! Holds: a private key's text never reaches a log or an error; a card proves possession.
//! May not enter: files and permissions (the shells'); encryption at rest (not yet).
//! Source: docs/formats.md, "Key files".

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::agency::KeyRole;
use crate::genesis::GenesisKey;
use crate::hash::ConsortiumId;
use crate::keys::{PublicKey, SecretKey, Signature, SignatureError};
use crate::text::{AgencyId, Text};

/// The only key file format so far.
pub const KEY_FORMAT: &str = "comity-key-1";
/// The only key card format so far.
pub const CARD_FORMAT: &str = "comity-key-card-1";

/// A private key with what it is for, as it stands in a file of mode 0600.
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
    /// The RFC 8032 seed, in hexadecimal.
    secret_seed: String,
}

/// Why a key file cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// Another format.
    #[error("this is not a key file of format {KEY_FORMAT}")]
    Format,
    /// The seed is not 64 hexadecimal digits.
    #[error("the secret in the key file is damaged")]
    Seed,
    /// The two halves do not belong together.
    #[error("the secret in the key file is not that of its public key")]
    Mismatch,
}

impl KeyFile {
    /// Writes a key down.
    pub fn new(agency: AgencyId, role: KeyRole, post: Text<96>, key: &SecretKey) -> KeyFile {
        KeyFile {
            format: KEY_FORMAT.to_owned(),
            agency,
            role,
            post,
            public_key: key.public(),
            secret_seed: hex::encode(*key.seed()),
        }
    }

    /// The private key. Errors: the file is not whole.
    pub fn secret(&self) -> Result<SecretKey, KeyFileError> {
        if self.format != KEY_FORMAT {
            return Err(KeyFileError::Format);
        }
        let mut seed = Zeroizing::new([0u8; 32]);
        hex::decode_to_slice(&self.secret_seed, &mut seed[..]).map_err(|_| KeyFileError::Seed)?;
        let key = SecretKey::from_seed(&seed);
        if key.public() != self.public_key {
            return Err(KeyFileError::Mismatch);
        }
        Ok(key)
    }

    /// The public card of this key, with proof of possession: for a consortium, or for a genesis
    /// ([`crate::genesis::NO_CONSORTIUM`]).
    pub fn card(&self, consortium: &ConsortiumId) -> Result<KeyCard, KeyFileError> {
        let possession = self.secret()?.sign_possession(consortium, &self.agency, self.role);
        Ok(KeyCard {
            format: CARD_FORMAT.to_owned(),
            consortium: *consortium,
            agency: self.agency.clone(),
            role: self.role,
            post: self.post.clone(),
            public_key: self.public_key,
            possession,
        })
    }
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        self.secret_seed.zeroize();
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
        GenesisKey { role, key: public_key, post, possession }
    }
}

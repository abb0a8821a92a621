//! A seed under a passphrase: argon2id makes the key, XChaCha20-Poly1305 encrypts and binds.
//! Holds: what opens is what was sealed, with the same associated data; a file cannot ask for
//! more memory or work than the bounds; what secrets were computed from is wiped.
//! May not enter: randomness (salt and nonce are given).
//! Source: docs/formats.md, "Key files"; RFC 9106; RFC 8439; draft-irtf-cfrg-xchacha-03.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use chacha20poly1305::aead::{AeadInPlace as _, KeyInit as _};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::KeyFileError;
use super::passphrase::Passphrase;

const KDF: &str = "argon2id";
const CIPHER: &str = "xchacha20-poly1305";
const SEED_BYTES: usize = 32;
const TAG_BYTES: usize = 16;
const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 24;

/// Most memory that a file may ask for (KiB): 1 GiB.
const MAX_MEMORY_KIB: u32 = 1 << 20;
/// Most passes over it.
const MAX_PASSES: u32 = 16;
/// Most lanes.
const MAX_LANES: u32 = 8;
/// Most memory times passes (KiB): 4 GiB, some ten seconds of a slow machine.
const MAX_WORK_KIB: u64 = 4 << 20;
/// Argon2 works on four blocks (of 1 KiB) in each lane at the least, and wants two of each.
const MIN_LANE_KIB: u32 = 8;

/// What one guess at a passphrase costs: argon2id's parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DerivationCost {
    /// Memory (KiB).
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl DerivationCost {
    /// For new files: the second of the two that RFC 9106, section 4 recommends.
    pub const RECOMMENDED: DerivationCost =
        DerivationCost { memory_kib: 64 * 1024, passes: 3, lanes: 4 };

    fn params(self) -> Result<Params, KeyFileError> {
        let DerivationCost { memory_kib, passes, lanes } = self;
        let bounded = (1..=MAX_LANES).contains(&lanes)
            && (1..=MAX_PASSES).contains(&passes)
            && (MIN_LANE_KIB * lanes..=MAX_MEMORY_KIB).contains(&memory_kib)
            && u64::from(memory_kib) * u64::from(passes) <= MAX_WORK_KIB;
        if !bounded {
            return Err(KeyFileError::Cost);
        }
        Params::new(memory_kib, passes, lanes, Some(SEED_BYTES)).map_err(|_| KeyFileError::Cost)
    }
}

/// How a file is to be sealed.
#[derive(Clone, Copy, Debug)]
pub struct Sealing {
    /// What a guess costs.
    pub cost: DerivationCost,
    /// Random, new for each file.
    pub salt: [u8; SALT_BYTES],
    /// Random, new for each file.
    pub nonce: [u8; NONCE_BYTES],
}

/// A sealed seed as it stands in a key file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SealedSeed {
    kdf: String,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: String,
    cipher: String,
    nonce: String,
    /// Ciphertext and tag.
    #[serde(rename = "box")]
    boxed: String,
}

impl SealedSeed {
    /// Seals. Errors: `Cost`.
    pub(super) fn seal(
        seed: &[u8; SEED_BYTES],
        passphrase: &Passphrase,
        sealing: &Sealing,
        associated_data: &[u8],
    ) -> Result<SealedSeed, KeyFileError> {
        let Sealing { cost, salt, nonce } = sealing;
        let cipher = cipher(passphrase, *cost, salt)?;
        let mut buffer = Zeroizing::new(*seed);
        let nonce_value = XNonce::from_slice(nonce);
        let sealed =
            cipher.encrypt_in_place_detached(nonce_value, associated_data, &mut buffer[..]);
        let Ok(tag) = sealed else { unreachable!("32 bytes are far below the cipher's limit") };
        Ok(SealedSeed {
            kdf: KDF.to_owned(),
            memory_kib: cost.memory_kib,
            passes: cost.passes,
            lanes: cost.lanes,
            salt: hex::encode(salt),
            cipher: CIPHER.to_owned(),
            nonce: hex::encode(nonce),
            boxed: hex::encode(&buffer[..]) + &hex::encode(tag),
        })
    }

    /// Opens. Errors: `UnknownSealing`, `Cost`, `Damaged`, `WrongPassphrase`.
    pub(super) fn open(
        &self,
        passphrase: &Passphrase,
        associated_data: &[u8],
    ) -> Result<Zeroizing<[u8; SEED_BYTES]>, KeyFileError> {
        if self.kdf != KDF || self.cipher != CIPHER {
            return Err(KeyFileError::UnknownSealing);
        }
        let (mut salt, mut nonce) = ([0; SALT_BYTES], [0; NONCE_BYTES]);
        let mut boxed = [0; SEED_BYTES + TAG_BYTES];
        let parts = [
            (&self.salt, &mut salt[..]),
            (&self.nonce, &mut nonce[..]),
            (&self.boxed, &mut boxed[..]),
        ];
        for (digits, bytes) in parts {
            hex::decode_to_slice(digits, bytes).map_err(|_| KeyFileError::Damaged)?;
        }
        let SealedSeed { memory_kib, passes, lanes, .. } = *self;
        let cipher = cipher(passphrase, DerivationCost { memory_kib, passes, lanes }, &salt)?;
        let (ciphertext, tag) = boxed.split_at(SEED_BYTES);
        let mut seed = Zeroizing::new([0; SEED_BYTES]);
        seed.copy_from_slice(ciphertext);
        cipher
            .decrypt_in_place_detached(
                XNonce::from_slice(&nonce),
                associated_data,
                &mut seed[..],
                tag.into(),
            )
            .map_err(|_| KeyFileError::WrongPassphrase)?;
        Ok(seed)
    }
}

fn cipher(
    passphrase: &Passphrase,
    cost: DerivationCost,
    salt: &[u8; SALT_BYTES],
) -> Result<XChaCha20Poly1305, KeyFileError> {
    let params = cost.params()?;
    // Given from here, so that it can be wiped: the library leaves its working memory as it is.
    let mut memory = Zeroizing::new(vec![Block::default(); params.block_count()]);
    let mut key = Zeroizing::new([0; SEED_BYTES]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(passphrase.as_bytes(), salt, &mut key[..], &mut memory[..])
        .map_err(|_| KeyFileError::Cost)?;
    Ok(XChaCha20Poly1305::new((&*key).into()))
}

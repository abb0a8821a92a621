//! Ed25519 keys and signatures: one method for each purpose, one exact predicate for all.
//! Holds: what this module accepts, every verifier that follows the formats accepts, and no other.
//! May not enter: a way to sign bytes of no stated purpose; key files (they are the shells').
//! Source: docs/formats.md, "Signatures"; RFC 8032, section 5.1.

mod strict;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::access::Attempt;
use crate::agency::KeyRole;
use crate::encoding::{Decode, Encode, checked_codec, encode};
use crate::hash::{ConsortiumId, HashTextError, Purpose, parse_hex32, preimage};
use crate::query::Query;
use crate::statement::Statement;
use crate::text::AgencyId;
use crate::vote::{Proposal, Vote};

/// Why a key or a signature is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The 32 bytes are no point on the curve, or one that no honest key has.
    #[error("these 32 bytes are not a usable Ed25519 public key")]
    WeakKey,
    /// The signature does not verify.
    #[error("the signature does not verify")]
    Invalid,
}

/// An Ed25519 public key that is a canonical point of large order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey([u8; 32]);

checked_codec!(PublicKey as [u8; 32]);

impl PublicKey {
    /// The 32 bytes of RFC 8032.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn verify(
        &self,
        purpose: Purpose,
        consortium: &ConsortiumId,
        body: &[u8],
        signature: &Signature,
    ) -> Result<(), SignatureError> {
        self.verify_bytes(&preimage(purpose, consortium, body), signature)
    }

    fn verify_bytes(&self, bytes: &[u8], signature: &Signature) -> Result<(), SignatureError> {
        strict::verify(&usable(&self.0)?, bytes, signature)
    }

    /// Checks one signature over a statement's canonical bytes.
    pub fn verify_statement(
        &self,
        consortium: &ConsortiumId,
        statement: &[u8],
        signature: &Signature,
    ) -> Result<(), SignatureError> {
        self.verify(Purpose::Statement, consortium, statement, signature)
    }

    /// Checks an officer's signature over an attempt.
    pub fn verify_attempt(
        &self,
        attempt: &Attempt,
        signature: &Signature,
    ) -> Result<(), SignatureError> {
        self.verify(Purpose::Attempt, &attempt.consortium, &encode(attempt), signature)
    }

    /// Checks a person's signature over a query to a node.
    pub fn verify_query(&self, query: &Query, signature: &Signature) -> Result<(), SignatureError> {
        self.verify(Purpose::Query, &query.consortium, &encode(query), signature)
    }

    /// Checks that whoever holds this key meant it for `agency` in `role`. In a genesis, which
    /// has no consortium id yet, `consortium` is all zeros.
    pub fn verify_possession(
        &self,
        consortium: &ConsortiumId,
        agency: &AgencyId,
        role: KeyRole,
        signature: &Signature,
    ) -> Result<(), SignatureError> {
        let body = possession_body(agency, role, self);
        self.verify(Purpose::Possession, consortium, &body, signature)
    }

    /// Checks a validator's vote.
    pub fn verify_vote(
        &self,
        consortium: &ConsortiumId,
        vote: &Vote,
        signature: &Signature,
    ) -> Result<(), SignatureError> {
        self.verify(Purpose::Vote, consortium, &encode(vote), signature)
    }

    /// Checks a proposer's proposal.
    pub fn verify_proposal(
        &self,
        consortium: &ConsortiumId,
        proposal: &Proposal,
        signature: &Signature,
    ) -> Result<(), SignatureError> {
        self.verify(Purpose::Proposal, consortium, &encode(proposal), signature)
    }

    /// Checks a signature over the text of a note, which no tag precedes: its first byte is a
    /// printable character, that of every tagged preimage is not.
    pub fn verify_note(&self, text: &str, signature: &Signature) -> Result<(), SignatureError> {
        self.verify_bytes(text.as_bytes(), signature)
    }
}

impl TryFrom<[u8; 32]> for PublicKey {
    type Error = SignatureError;
    fn try_from(bytes: [u8; 32]) -> Result<Self, SignatureError> {
        usable(&bytes).map(|_| PublicKey(bytes))
    }
}

thread_local! {
    /// Keys that were found usable on this thread. Reading a key costs an eighth of a verification, and
    /// the same few keys sign nearly all of a log.
    static USABLE: RefCell<BTreeMap<[u8; 32], VerifyingKey>> = const { RefCell::new(BTreeMap::new()) };
}

/// Most keys that are remembered on a thread (about 256 bytes each).
const MOST_USABLE: usize = 2_048;

/// The point of a key. The answer depends on the bytes alone. Errors: `WeakKey`.
fn usable(bytes: &[u8; 32]) -> Result<VerifyingKey, SignatureError> {
    if let Some(key) = USABLE.with_borrow(|usable| usable.get(bytes).copied()) {
        return Ok(key);
    }
    let key = VerifyingKey::from_bytes(bytes).map_err(|_| SignatureError::WeakKey)?;
    // A second spelling of a point would be a second identity for one key.
    if key.is_weak() || !is_reduced(bytes) {
        return Err(SignatureError::WeakKey);
    }
    USABLE.with_borrow_mut(|usable| {
        if usable.len() >= MOST_USABLE {
            usable.clear();
        }
        usable.insert(*bytes, key);
    });
    Ok(key)
}

/// Whether the y coordinate is below the field's prime 2^255 - 19. (The other second spelling,
/// x = 0 with the sign bit set, belongs to points of small order alone.)
fn is_reduced(bytes: &[u8; 32]) -> bool {
    !(bytes[0] >= 0xED && bytes[1..31].iter().all(|b| *b == 0xFF) && bytes[31] & 0x7F == 0x7F)
}

/// Text that is not a usable public key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyTextError {
    /// Not 64 hexadecimal digits.
    #[error(transparent)]
    Text(#[from] HashTextError),
    /// Not a usable key.
    #[error(transparent)]
    Key(#[from] SignatureError),
}

impl FromStr for PublicKey {
    type Err = PublicKeyTextError;
    fn from_str(text: &str) -> Result<Self, PublicKeyTextError> {
        Ok(PublicKey::try_from(parse_hex32(text)?)?)
    }
}

impl TryFrom<String> for PublicKey {
    type Error = PublicKeyTextError;
    fn try_from(text: String) -> Result<Self, PublicKeyTextError> {
        text.parse()
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> String {
        key.to_string()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", hex::encode(&self.0[..6]))
    }
}

/// The 64 bytes of an Ed25519 signature, R then s.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Signature(pub [u8; 64]);

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({})", hex::encode(&self.0[..6]))
    }
}

impl From<Signature> for String {
    fn from(signature: Signature) -> String {
        signature.to_string()
    }
}

/// Text that is not 128 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 128 lower-case hexadecimal digits")]
pub struct SignatureTextError;

impl TryFrom<String> for Signature {
    type Error = SignatureTextError;
    fn try_from(text: String) -> Result<Self, SignatureTextError> {
        let mut bytes = [0u8; 64];
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(SignatureTextError);
        }
        hex::decode_to_slice(&text, &mut bytes).map_err(|_| SignatureTextError)?;
        Ok(Signature(bytes))
    }
}

/// A private key. Erased from memory when dropped; never printed.
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// The key of a 32-byte RFC 8032 seed, which the caller drew at random.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        SecretKey(SigningKey::from_bytes(seed))
    }

    /// The seed, for writing a key file.
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    fn sign(&self, purpose: Purpose, consortium: &ConsortiumId, body: &[u8]) -> Signature {
        Signature(self.0.sign(&preimage(purpose, consortium, body)).to_bytes())
    }

    /// Signs a statement, for the consortium that it names.
    pub fn sign_statement(&self, statement: &Statement) -> Signature {
        self.sign(Purpose::Statement, &statement.consortium, &encode(statement))
    }

    /// Signs an attempt at an access, for the consortium that it names.
    pub fn sign_attempt(&self, attempt: &Attempt) -> Signature {
        self.sign(Purpose::Attempt, &attempt.consortium, &encode(attempt))
    }

    /// Signs a query to a node, for the consortium that it names.
    pub fn sign_query(&self, query: &Query) -> Signature {
        self.sign(Purpose::Query, &query.consortium, &encode(query))
    }

    /// Proves possession of this key, meant for `agency` in `role`.
    pub fn sign_possession(
        &self,
        consortium: &ConsortiumId,
        agency: &AgencyId,
        role: KeyRole,
    ) -> Signature {
        self.sign(Purpose::Possession, consortium, &possession_body(agency, role, &self.public()))
    }

    /// Signs a vote.
    pub fn sign_vote(&self, consortium: &ConsortiumId, vote: &Vote) -> Signature {
        self.sign(Purpose::Vote, consortium, &encode(vote))
    }

    /// Signs a proposal.
    pub fn sign_proposal(&self, consortium: &ConsortiumId, proposal: &Proposal) -> Signature {
        self.sign(Purpose::Proposal, consortium, &encode(proposal))
    }

    /// Signs the text of a note, without a tag (see [`PublicKey::verify_note`]).
    pub fn sign_note(&self, text: &str) -> Signature {
        Signature(self.0.sign(text.as_bytes()).to_bytes())
    }
}

impl Clone for SecretKey {
    fn clone(&self) -> Self {
        SecretKey(self.0.clone())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(of {:?})", self.public())
    }
}

fn possession_body(agency: &AgencyId, role: KeyRole, key: &PublicKey) -> Vec<u8> {
    encode(&(agency.clone(), role, *key))
}

//! Signatures and hashes of time-stamp authorities.
//! Holds: RSA with PKCS#1 v1.5 padding (2,048 to 8,192 bits) and ECDSA on P-256 and P-384, over
//! SHA-256, SHA-384 and for RSA SHA-512, and nothing else.
//! May not enter: whose keys they are. The ledger's own signatures are elsewhere (`comity-core`).
//! Source: RFC 5754; RFC 5758; RFC 5480.

use der::Tag;
use der::asn1::ObjectIdentifier;
use ring::digest;
use ring::signature::{self as known, UnparsedPublicKey, VerificationAlgorithm};

use super::TokenFault;
use super::asn1::{Algorithm, Elements, Malformed};

const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const RSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const RSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    /// To name a certificate by, which its own signature holds together, and for nothing else.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// The one that is named. Errors: `Algorithm`: not one that this program knows.
    pub(super) fn of(named: &Algorithm<'_>) -> Result<Hash, TokenFault> {
        let known = [(SHA256, Hash::Sha256), (SHA384, Hash::Sha384), (SHA512, Hash::Sha512)];
        let found = known.into_iter().find(|(id, _)| id.as_bytes() == named.id);
        found.filter(|_| named.is_plain()).map(|(_, hash)| hash).ok_or(TokenFault::Algorithm)
    }

    /// The hash of bytes.
    pub(super) fn digest(self, bytes: &[u8]) -> Vec<u8> {
        let function = match self {
            Hash::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Hash::Sha256 => &digest::SHA256,
            Hash::Sha384 => &digest::SHA384,
            Hash::Sha512 => &digest::SHA512,
        };
        digest::digest(function, bytes).as_ref().to_vec()
    }
}

/// How keys sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Rsa,
    P256,
    P384,
}

/// A public key, as certificates hold it.
#[derive(Clone, Copy, Debug)]
pub(super) struct PublicKey<'a> {
    algorithm: Algorithm<'a>,
    bits: &'a [u8],
}

/// What a bit string of whole bytes holds.
pub(super) fn whole_bits(content: &[u8]) -> Result<&[u8], Malformed> {
    match content {
        [0, bits @ ..] => Ok(bits),
        _ => Err(Malformed),
    }
}

impl<'a> PublicKey<'a> {
    /// The next element, which is one.
    pub(super) fn next_of(elements: &mut Elements<'a>) -> Result<PublicKey<'a>, Malformed> {
        let mut inside = elements.inside(Tag::Sequence)?;
        let algorithm = Algorithm::next_of(&mut inside)?;
        let bits = whole_bits(inside.only(Tag::BitString)?.content)?;
        Ok(PublicKey { algorithm, bits })
    }

    fn family(&self) -> Option<Family> {
        let Algorithm { id, parameters } = self.algorithm;
        if id == RSA.as_bytes() {
            return self.algorithm.is_plain().then_some(Family::Rsa);
        }
        let curve = parameters.filter(|_| id == EC.as_bytes())?;
        match curve.content {
            _ if curve.tag != Tag::ObjectIdentifier => None,
            id if id == P256.as_bytes() => Some(Family::P256),
            id if id == P384.as_bytes() => Some(Family::P384),
            _ => None,
        }
    }

    /// Verifies a signature; `hash` is the function where the algorithm does not name one.
    /// Errors: `Algorithm`: not one that this program knows; `Signature`: it is not the key's.
    pub(super) fn verify(
        &self,
        (algorithm, hash): (&Algorithm<'_>, Option<Hash>),
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), TokenFault> {
        let family = self.family().filter(|_| algorithm.is_plain());
        let named = hash_named(algorithm.id, hash);
        let chosen = family.zip(named).and_then(|(family, named)| scheme(family, named));
        let chosen = chosen.ok_or(TokenFault::Algorithm)?;
        let key = UnparsedPublicKey::new(chosen, self.bits);
        key.verify(message, signature).map_err(|_| TokenFault::Signature)
    }
}

/// Whether RSA signs, and the hash function.
fn hash_named(id: &[u8], beside: Option<Hash>) -> Option<(bool, Hash)> {
    let known = [
        (RSA_SHA256, (true, Hash::Sha256)),
        (RSA_SHA384, (true, Hash::Sha384)),
        (RSA_SHA512, (true, Hash::Sha512)),
        (ECDSA_SHA256, (false, Hash::Sha256)),
        (ECDSA_SHA384, (false, Hash::Sha384)),
    ];
    match known.into_iter().find(|(known, _)| known.as_bytes() == id) {
        Some((_, named)) => Some(named),
        None => beside.filter(|_| id == RSA.as_bytes()).map(|hash| (true, hash)),
    }
}

fn scheme(
    family: Family,
    (is_rsa, hash): (bool, Hash),
) -> Option<&'static dyn VerificationAlgorithm> {
    if is_rsa != (family == Family::Rsa) {
        return None;
    }
    match (family, hash) {
        (Family::Rsa, Hash::Sha256) => Some(&known::RSA_PKCS1_2048_8192_SHA256),
        (Family::Rsa, Hash::Sha384) => Some(&known::RSA_PKCS1_2048_8192_SHA384),
        (Family::Rsa, Hash::Sha512) => Some(&known::RSA_PKCS1_2048_8192_SHA512),
        (Family::P256, Hash::Sha256) => Some(&known::ECDSA_P256_SHA256_ASN1),
        (Family::P256, Hash::Sha384) => Some(&known::ECDSA_P256_SHA384_ASN1),
        (Family::P384, Hash::Sha256) => Some(&known::ECDSA_P384_SHA256_ASN1),
        (Family::P384, Hash::Sha384) => Some(&known::ECDSA_P384_SHA384_ASN1),
        _ => None,
    }
}

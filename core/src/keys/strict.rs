//! The strict check of a signature, without decompressing its point R.
//! Holds: accepts exactly what `VerifyingKey::verify_strict` accepts.
//! May not enter: purposes and preimages. Source: docs/formats.md, "Signatures".
//!
//! The library's `verify` computes R from the message, compresses it, and compares its bytes with
//! those of the signature. Bytes that are equal are a point's one canonical encoding, so that all
//! that `verify_strict` adds is known without a square root: R is of small order if its bytes are
//! one of eight, and so is the key, which the caller has looked at once for all its signatures. That
//! saves a tenth of a verification.

use ed25519_dalek::{Verifier as _, VerifyingKey};

use super::{Signature, SignatureError};

/// The canonical encodings of the eight points of small order.
const SMALL_ORDER: [[u8; 32]; 8] = [
    ends(0x01, 0x00),
    ends(0x00, 0x00),
    ends(0x00, 0x80),
    minus_one(),
    of_order_eight(0xC7, 0x7A),
    of_order_eight(0xC7, 0xFA),
    of_order_eight(0x26, 0x05),
    of_order_eight(0x26, 0x85),
];

/// Whether the signature is right, by a key that is not of small order. Errors: `Invalid`.
pub(super) fn verify(
    key: &VerifyingKey,
    bytes: &[u8],
    signature: &Signature,
) -> Result<(), SignatureError> {
    let Some(r) = signature.0.first_chunk::<32>() else {
        unreachable!("a signature has 64 bytes");
    };
    if SMALL_ORDER.contains(r) {
        return Err(SignatureError::Invalid);
    }
    let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
    key.verify(bytes, &signature).map_err(|_| SignatureError::Invalid)
}

const fn ends(first: u8, last: u8) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[0] = first;
    bytes[31] = last;
    bytes
}

/// y = -1, that is 2^255 - 20.
const fn minus_one() -> [u8; 32] {
    let mut bytes = [0xFF; 32];
    bytes[0] = 0xEC;
    bytes[31] = 0x7F;
    bytes
}

/// One of the two y coordinates of order eight, by its first byte, and its last byte with the sign of x.
const fn of_order_eight(first: u8, last: u8) -> [u8; 32] {
    let mut bytes: [u8; 32] = match first {
        0xC7 => [
            0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10,
            0x67, 0x0F, 0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77,
            0x92, 0xAC, 0x03, 0x7A,
        ],
        _ => [
            0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF,
            0x98, 0xF0, 0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88,
            0x6D, 0x53, 0xFC, 0x05,
        ],
    };
    bytes[31] = last;
    bytes
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ed25519_dalek::{Signer as _, SigningKey};

    use super::*;

    /// The curve's torsion has eight points; each of these is one of them, and they differ.
    #[test]
    fn list_of_points_of_small_order_is_right_and_whole() {
        for bytes in &SMALL_ORDER {
            let point = VerifyingKey::from_bytes(bytes).unwrap();
            assert!(point.is_weak(), "{}", hex::encode(bytes));
            assert_eq!(point.as_bytes(), bytes);
        }
        assert_eq!(SMALL_ORDER.iter().collect::<BTreeSet<_>>().len(), 8);
    }

    /// Every signature here is judged by the library's own strict check, too.
    fn agrees(key: &VerifyingKey, bytes: &[u8], signature: [u8; 64]) -> bool {
        let ours = verify(key, bytes, &Signature(signature)).is_ok();
        let theirs = ed25519_dalek::Signature::from_bytes(&signature);
        assert_eq!(ours, key.verify_strict(bytes, &theirs).is_ok(), "{}", hex::encode(signature));
        ours
    }

    #[test]
    fn any_bit_that_is_turned_over_is_judged_as_the_library_judges_it() {
        let secret = SigningKey::from_bytes(&[7; 32]);
        let (key, message) = (secret.verifying_key(), b"an entry".as_slice());
        let genuine = secret.sign(message).to_bytes();
        assert!(agrees(&key, message, genuine));
        for bit in 0..512 {
            let mut turned = genuine;
            turned[bit / 8] ^= 1 << (bit % 8);
            assert!(!agrees(&key, message, turned), "bit {bit}");
        }
    }

    /// With R of small order and a key of small order, half of what is forged passes the check that
    /// is not strict; with any key, R's other spellings must not pass either.
    #[test]
    fn no_signature_with_r_of_small_order_is_accepted() {
        let keys = [
            VerifyingKey::from_bytes(&SMALL_ORDER[4]).unwrap(),
            SigningKey::from_bytes(&[9; 32]).verifying_key(),
        ];
        for r in &SMALL_ORDER {
            for key in &keys {
                for message in 0..16u8 {
                    let mut signature = [0; 64];
                    signature[..32].copy_from_slice(r);
                    assert!(verify(key, &[message], &Signature(signature)).is_err());
                }
            }
        }
        let weak = &keys[0];
        let passes = |message: u8| {
            let zero = ed25519_dalek::Signature::from_bytes(&{
                let mut bytes = [0; 64];
                bytes[0] = 1;
                bytes
            });
            weak.verify(&[message], &zero).is_ok()
        };
        assert!((0..64).any(passes), "the check that is not strict does accept such a thing");
    }
}

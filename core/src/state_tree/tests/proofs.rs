//! Tests of state proofs: true ones verify, tampered ones do not.
//! Holds: every end of a path is met. May not enter: unseeded randomness.

use super::*;
use crate::encoding::{DecodeError, decode, encode};

/// A state of `count` keys, and questions about it that between them meet every end of a path.
fn questions(count: usize) -> (StateTree, Vec<Vec<u8>>) {
    let (first, second) = neighbours(9);
    let tree = state((0..count).map(|n| (key(n), vec![7; n % 5])).chain([(first, vec![9])]));
    (tree, (0..count * 2).map(key).chain([second]).collect())
}

#[test]
fn proofs_verify_for_present_and_absent_keys() {
    let mut ends = [0; 3];
    for count in [0, 1, 2, 3, 10, 200] {
        let (tree, keys) = questions(count);
        for key in keys {
            let proof = tree.prove(&key);
            ends[match proof.end() {
                End::Empty => 0,
                End::Key => 1,
                End::Other { .. } => 2,
            }] += 1;
            assert_eq!(proof.verify(&CONSORTIUM, &tree.root(), &key, tree.get(&key)), Ok(()));
            let bytes = encode(&proof);
            assert_eq!(decode(&bytes, StateProof::MAX_SIZE_BYTES), Ok(proof));
        }
    }
    assert!(ends.iter().all(|count| *count > 20), "{ends:?}");
    let empty = StateTree::new(&CONSORTIUM);
    assert_eq!(empty.prove(b"any").verify(&CONSORTIUM, &empty.root(), b"any", None), Ok(()));
}

#[test]
fn any_flipped_bit_of_a_proof_makes_it_fail() {
    for count in [1, 2, 20] {
        let (tree, keys) = questions(count);
        let root = tree.root();
        for key in keys {
            let bytes = encode(&tree.prove(&key));
            for bit in 0..bytes.len() * 8 {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                let Ok(proof) = decode::<StateProof>(&flipped, StateProof::MAX_SIZE_BYTES) else {
                    continue;
                };
                assert!(proof.verify(&CONSORTIUM, &root, &key, tree.get(&key)).is_err(), "{bit}");
                assert!(proof.verify(&CONSORTIUM, &root, &key, None).is_err(), "{bit}");
            }
        }
    }
}

#[test]
fn proofs_prove_nothing_else() {
    let (tree, keys) = questions(50);
    let root = tree.root();
    let other_root = tree.with([(key(0), vec![1; 9])]).root();
    for asked in &keys {
        let (proof, value) = (tree.prove(asked), tree.get(asked));
        let check = |root, key: &[u8], value| proof.verify(&CONSORTIUM, root, key, value);
        match value {
            Some(_) => {
                assert_eq!(check(&root, asked, None), Err(ProofError::ShowsValue));
                assert_eq!(check(&root, asked, Some(b"no")), Err(ProofError::RootMismatch));
            }
            None => assert_eq!(check(&root, asked, Some(b"")), Err(ProofError::ShowsAbsence)),
        }
        if *asked != key(0) {
            assert_eq!(check(&other_root, asked, value), Err(ProofError::RootMismatch));
        }
        let elsewhere = proof.verify(&ConsortiumId([0x12; 32]), &root, asked, value);
        assert!(elsewhere.is_err());
        for other in keys.iter().filter(|other| *other != asked) {
            // A proof of absence may hold for several keys; never for one that has a value.
            if value.is_some() || tree.get(other).is_some() {
                assert!(check(&root, other, value).is_err());
            }
        }
    }
}

#[test]
fn dropped_or_added_siblings_fail() {
    let (tree, keys) = questions(50);
    let root = tree.root();
    for key in keys {
        let (proof, value) = (tree.prove(&key), tree.get(&key));
        let siblings = proof.siblings();
        let check = |siblings: Vec<[u8; 32]>| {
            let changed = StateProof::new(siblings, proof.end().clone());
            changed.verify(&CONSORTIUM, &root, &key, value)
        };
        assert_eq!(check(siblings.to_vec()), Ok(()));
        for place in 0..siblings.len() {
            let mut dropped = siblings.to_vec();
            dropped.remove(place);
            assert_eq!(check(dropped), Err(ProofError::RootMismatch));
        }
        for place in 0..=siblings.len() {
            let mut added = siblings.to_vec();
            added.insert(place, EMPTY);
            assert!(check(added).is_err());
        }
    }
}

#[test]
fn value_cannot_be_shown_as_absent() {
    let (tree, _) = questions(50);
    let (root, hidden) = (tree.root(), key(3));
    let proof = tree.prove(&hidden);
    let value_hash = tagged(Purpose::StateValue, &CONSORTIUM, tree.get(&hidden).unwrap());
    let own_leaf = End::Other { path: path(&hidden), value_hash };
    let empty = StateProof::new(proof.siblings().to_vec(), End::Empty);
    let result = empty.verify(&CONSORTIUM, &root, &hidden, None);
    assert_eq!(result, Err(ProofError::RootMismatch));
    let own = StateProof::new(proof.siblings().to_vec(), own_leaf);
    let result = own.verify(&CONSORTIUM, &root, &hidden, None);
    assert_eq!(result, Err(ProofError::MisplacedLeaf));
    // Another key's true proof, offered for this one.
    let stranger = (0..50).map(key).find(|k| path(k)[0] >> 7 != path(&hidden)[0] >> 7).unwrap();
    let value_hash = tagged(Purpose::StateValue, &CONSORTIUM, tree.get(&stranger).unwrap());
    let leaf = End::Other { path: path(&stranger), value_hash };
    let moved = StateProof::new(tree.prove(&stranger).siblings().to_vec(), leaf);
    let result = moved.verify(&CONSORTIUM, &root, &hidden, None);
    assert_eq!(result, Err(ProofError::MisplacedLeaf));
}

#[test]
fn more_siblings_than_a_path_has_bits_are_refused() {
    let encoded = |count: usize| encode(&(vec![[0u8; 32]; count], End::Empty));
    let longest = encode(&(vec![[0u8; 32]; 256], End::Other { path: EMPTY, value_hash: EMPTY }));
    assert_eq!(longest.len(), StateProof::MAX_SIZE_BYTES);
    assert!(decode::<StateProof>(&longest, StateProof::MAX_SIZE_BYTES).is_ok());
    let result = decode::<StateProof>(&encoded(257), StateProof::MAX_SIZE_BYTES);
    let reason = ProofError::TooManySiblings { count: 257 }.to_string();
    assert_eq!(result, Err(DecodeError::Malformed { reason }));
}

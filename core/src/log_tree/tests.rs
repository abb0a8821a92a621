//! Tests of the log tree against a naive reading of RFC 6962 and the reference vectors of
//! Certificate Transparency.
//! Holds: every size up to 70 is tried in full. May not enter: randomness.

use super::*;
use crate::encoding::{DecodeError, decode, encode};
use crate::hash::leaf_hash;

/// Entries of the Certificate Transparency reference tree.
const REFERENCE_ENTRIES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];

/// Roots of the first 0 to 8 reference entries.
const REFERENCE_ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

const LARGEST: usize = 70;

fn leaves(count: usize) -> Vec<LeafHash> {
    (0..count).map(|n| leaf_hash(format!("entry {n}").as_bytes())).collect()
}

fn reference_leaves() -> Vec<LeafHash> {
    REFERENCE_ENTRIES.iter().map(|entry| leaf_hash(&hex::decode(entry).unwrap())).collect()
}

fn frontier(leaves: &[LeafHash]) -> Frontier {
    let mut frontier = Frontier::new();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    frontier
}

/// The largest power of two below `count`, by search.
fn naive_split(count: usize) -> usize {
    (0..).map(|bit| 1 << bit).take_while(|power| *power < count).last().unwrap()
}

/// MTH of RFC 6962 section 2.1.
fn naive_root(leaves: &[LeafHash]) -> [u8; 32] {
    match leaves {
        [] => empty_log(),
        [leaf] => leaf.0,
        _ => {
            let (left, right) = leaves.split_at(naive_split(leaves.len()));
            log_node(&naive_root(left), &naive_root(right))
        }
    }
}

/// PATH of RFC 6962 section 2.1.1.
fn naive_path(index: usize, leaves: &[LeafHash]) -> Vec<[u8; 32]> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let split = naive_split(leaves.len());
    let (left, right) = leaves.split_at(split);
    let (mut path, sibling) = if index < split {
        (naive_path(index, left), right)
    } else {
        (naive_path(index - split, right), left)
    };
    path.push(naive_root(sibling));
    path
}

/// SUBPROOF of RFC 6962 section 2.1.2; `known` is its flag b.
fn naive_subproof(first: usize, leaves: &[LeafHash], known: bool) -> Vec<[u8; 32]> {
    if first == leaves.len() {
        return if known { Vec::new() } else { vec![naive_root(leaves)] };
    }
    let split = naive_split(leaves.len());
    let (left, right) = leaves.split_at(split);
    let (mut proof, sibling) = if first <= split {
        (naive_subproof(first, left, known), right)
    } else {
        (naive_subproof(first - split, right, false), left)
    };
    proof.push(naive_root(sibling));
    proof
}

/// A reader over all leaves, which refuses subtrees that are not complete within them.
fn reader(leaves: &[LeafHash]) -> impl Fn(u32, u64) -> Option<[u8; 32]> {
    move |level, index| {
        let start = usize::try_from(index << level).unwrap();
        leaves.get(start..start + (1 << level)).map(naive_root)
    }
}

fn flip(path: &[[u8; 32]], bit: usize) -> Vec<[u8; 32]> {
    let mut flipped = path.to_vec();
    flipped[bit / 256][bit % 256 / 8] ^= 1 << (bit % 8);
    flipped
}

fn hashes(texts: &[&str]) -> Vec<[u8; 32]> {
    texts.iter().map(|text| text.parse::<LogRoot>().unwrap().0).collect()
}

#[test]
fn reference_tree_has_the_reference_roots() {
    let leaves = reference_leaves();
    for (size, root) in REFERENCE_ROOTS.iter().enumerate() {
        assert_eq!(frontier(&leaves[..size]).root().to_string(), *root, "size {size}");
    }
}

#[test]
fn reference_tree_has_the_reference_proofs() {
    let leaves = reference_leaves();
    let read = reader(&leaves);
    let path = hashes(&[
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        REFERENCE_ROOTS[4],
    ]);
    assert_eq!(inclusion_path(5, 8, &read), Ok(path));
    let path = hashes(&[
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]);
    assert_eq!(inclusion_path(0, 8, &read), Ok(path));
    let proof = hashes(&[
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        REFERENCE_ROOTS[4],
    ]);
    assert_eq!(consistency_proof(6, 8, &read), Ok(proof));
    let proof = hashes(&[
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ]);
    assert_eq!(consistency_proof(2, 5, &read), Ok(proof));
}

#[test]
fn frontier_roots_are_those_of_the_whole_tree() {
    let leaves = leaves(LARGEST);
    for size in 0..=LARGEST {
        let frontier = frontier(&leaves[..size]);
        assert_eq!(frontier.root().0, naive_root(&leaves[..size]), "size {size}");
        assert_eq!(frontier.size(), size as u64);
    }
}

#[test]
fn every_inclusion_path_is_the_naive_one_and_verifies() {
    let leaves = leaves(LARGEST);
    for size in 1..=LARGEST {
        let root = LogRoot(naive_root(&leaves[..size]));
        let read = reader(&leaves[..size]);
        for index in 0..size {
            let (at, of) = (index as u64, size as u64);
            let path = inclusion_path(at, of, &read).unwrap();
            assert_eq!(path, naive_path(index, &leaves[..size]), "{index} of {size}");
            assert_eq!(verify_inclusion(&leaves[index], at, of, &path, &root), Ok(()));
        }
    }
}

#[test]
fn every_consistency_proof_is_the_naive_one_and_verifies() {
    let leaves = leaves(LARGEST);
    let roots: Vec<_> = (0..=LARGEST).map(|size| LogRoot(naive_root(&leaves[..size]))).collect();
    for second in 0..=LARGEST {
        let read = reader(&leaves[..second]);
        for first in 0..=second {
            let (m, n) = (first as u64, second as u64);
            let proof = consistency_proof(m, n, &read).unwrap();
            if first > 0 {
                let naive = naive_subproof(first, &leaves[..second], true);
                assert_eq!(proof, naive, "{first} to {second}");
            }
            assert_eq!(verify_consistency(m, &roots[first], n, &roots[second], &proof), Ok(()));
        }
    }
}

#[test]
fn tampered_inclusion_proofs_fail() {
    for size in [1, 2, 3, 5, 8, 13, 21, 64] {
        let leaves = leaves(size);
        let (root, of) = (LogRoot(naive_root(&leaves)), size as u64);
        for index in 0..size {
            let (leaf, at) = (&leaves[index], index as u64);
            let path = naive_path(index, &leaves);
            for bit in 0..path.len() * 256 {
                let result = verify_inclusion(leaf, at, of, &flip(&path, bit), &root);
                assert_eq!(result, Err(ProofError::RootMismatch), "bit {bit}");
            }
            for other in (0..of).filter(|other| *other != at) {
                assert!(verify_inclusion(leaf, other, of, &path, &root).is_err());
            }
            let other_leaf = leaf_hash(b"never appended");
            let result = verify_inclusion(&other_leaf, at, of, &path, &root);
            assert_eq!(result, Err(ProofError::RootMismatch));

            let longer = [&path[..], &[[0; 32]]].concat();
            let result = verify_inclusion(leaf, at, of, &longer, &root);
            assert_eq!(result, Err(ProofError::WrongLength { hashes: longer.len() }));
            if let Some((_, shorter)) = path.split_last() {
                let result = verify_inclusion(leaf, at, of, shorter, &root);
                assert_eq!(result, Err(ProofError::WrongLength { hashes: shorter.len() }));
            }
        }
    }
}

#[test]
fn tampered_consistency_proofs_fail() {
    let leaves = leaves(24);
    let root = |size: usize| LogRoot(naive_root(&leaves[..size]));
    for second in 2..=24 {
        for first in 1..second {
            let (m, n) = (first as u64, second as u64);
            let check = |first_root: &LogRoot, second_root: &LogRoot, proof: &[[u8; 32]]| {
                verify_consistency(m, first_root, n, second_root, proof)
            };
            let (first_root, second_root) = (root(first), root(second));
            let proof = naive_subproof(first, &leaves[..second], true);
            for bit in 0..proof.len() * 256 {
                assert!(check(&first_root, &second_root, &flip(&proof, bit)).is_err());
            }
            let other = LogRoot([7; 32]);
            assert_eq!(check(&first_root, &other, &proof), Err(ProofError::RootMismatch));
            assert!(check(&other, &second_root, &proof).is_err());
            let longer = [&proof[..], &[[0; 32]]].concat();
            let wrong = ProofError::WrongLength { hashes: longer.len() };
            assert_eq!(check(&first_root, &second_root, &longer), Err(wrong));
            let shorter = &proof[..proof.len() - 1];
            let wrong = ProofError::WrongLength { hashes: shorter.len() };
            assert_eq!(check(&first_root, &second_root, shorter), Err(wrong));
        }
    }
}

#[test]
fn rewritten_history_is_not_consistent() {
    let honest = leaves(20);
    let mut rewritten = honest.clone();
    rewritten[3] = leaf_hash(b"changed afterwards");
    let first_root = LogRoot(naive_root(&honest[..11]));
    let second_root = LogRoot(naive_root(&rewritten));
    for source in [&honest, &rewritten] {
        let proof = consistency_proof(11, 20, reader(source)).unwrap();
        assert!(verify_consistency(11, &first_root, 20, &second_root, &proof).is_err());
    }
}

#[test]
fn trivial_consistency_needs_equal_roots_and_no_hashes() {
    let (empty, some, other) = (LogRoot(empty_log()), LogRoot([1; 32]), LogRoot([2; 32]));
    assert_eq!(verify_consistency(5, &some, 5, &some, &[]), Ok(()));
    assert_eq!(verify_consistency(5, &some, 5, &other, &[]), Err(ProofError::RootMismatch));
    assert_eq!(verify_consistency(0, &empty, 5, &some, &[]), Ok(()));
    let result = verify_consistency(0, &other, 5, &some, &[]);
    assert_eq!(result, Err(ProofError::EarlierRootMismatch));
    let result = verify_consistency(0, &other, 0, &other, &[]);
    assert_eq!(result, Err(ProofError::EarlierRootMismatch));
    for first in [0, 5] {
        let root = if first == 0 { &empty } else { &some };
        let result = verify_consistency(first, root, 5, &some, &[[0; 32]]);
        assert_eq!(result, Err(ProofError::WrongLength { hashes: 1 }));
    }
    let result = verify_consistency(6, &some, 5, &some, &[]);
    assert_eq!(result, Err(ProofError::SizesOutOfOrder { first: 6, second: 5 }));
}

#[test]
fn questions_beyond_the_log_are_refused() {
    let read = |_, _| Some([0; 32]);
    let none = ProofError::NoSuchEntry { index: 4, size: 4 };
    assert_eq!(inclusion_path(4, 4, read), Err(none.clone()));
    assert_eq!(verify_inclusion(&LeafHash::default(), 4, 4, &[], &LogRoot::default()), Err(none));
    let order = ProofError::SizesOutOfOrder { first: 5, second: 4 };
    assert_eq!(consistency_proof(5, 4, read), Err(order));
}

#[test]
fn missing_subtree_is_named() {
    let missing = |level, index| (level != 2 || index != 1).then_some([0; 32]);
    let error = ProofError::MissingSubtree { level: 2, index: 1 };
    assert_eq!(inclusion_path(0, 8, missing), Err(error.clone()));
    assert_eq!(consistency_proof(4, 8, missing), Err(error));
}

#[test]
fn largest_sizes_neither_overflow_nor_read_outside_the_log() {
    for size in [u64::MAX, u64::MAX - 1, (1 << 63) + 1, 1 << 63] {
        let read = |level: u32, index: u64| {
            assert!((u128::from(index) + 1) << level <= u128::from(size));
            Some([3; 32])
        };
        for index in [0, 1, size / 2, size - 2, size - 1] {
            let path = inclusion_path(index, size, read).unwrap();
            let result =
                verify_inclusion(&LeafHash([3; 32]), index, size, &path, &LogRoot([0; 32]));
            assert_eq!(result, Err(ProofError::RootMismatch), "the length is right");
            let proof = consistency_proof(index + 1, size, read).unwrap();
            let root = LogRoot([0; 32]);
            let result = verify_consistency(index + 1, &root, size, &root, &proof);
            assert!(!matches!(result, Err(ProofError::WrongLength { .. })));
        }
    }
}

#[test]
fn decoded_frontier_continues_the_log() {
    let leaves = leaves(LARGEST);
    for size in 0..LARGEST {
        let bytes = encode(&frontier(&leaves[..size]));
        let mut decoded: Frontier = decode(&bytes, bytes.len()).unwrap();
        decoded.push(leaves[size]);
        assert_eq!(decoded, frontier(&leaves[..=size]));
    }
}

#[test]
fn inconsistent_frontier_is_refused() {
    let refused = |size: u64, roots: usize| {
        let bytes = encode(&(size, vec![[0u8; 32]; roots]));
        matches!(decode::<Frontier>(&bytes, bytes.len()), Err(DecodeError::Malformed { .. }))
    };
    assert!(!refused(0, 0) && !refused(5, 2) && !refused((1 << 63) - 1, 63));
    assert!(refused(0, 1) && refused(5, 1) && refused(5, 3));
    assert!(refused(u64::MAX, 64) && refused(1 << 63, 1));
}

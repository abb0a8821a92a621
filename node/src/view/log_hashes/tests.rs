//! Hashes of the log tree: every proof that can be asked for is made from them, and verifies.

use comity_core::hash::{LeafHash, LogRoot};
use comity_core::log_tree::{verify_consistency, verify_inclusion};
use sha2::{Digest, Sha256};

use super::super::tree::under;
use super::*;

fn leaf(index: u64) -> LeafHash {
    LeafHash(Sha256::digest(index.to_be_bytes()).into())
}

/// The roots of the logs of 0 to `size` entries, and the frontier of each.
fn frontiers(size: u64) -> Vec<Frontier> {
    let mut frontier = Frontier::new();
    let mut all = vec![frontier.clone()];
    for index in 0..size {
        frontier.push(leaf(index));
        all.push(frontier.clone());
    }
    all
}

/// Adds the entries from `first` up to `end` in blocks of these sizes, in turn.
fn filled(tree: &Tree, first: u64, end: u64, blocks: &[u64]) {
    let mut at = first;
    for size in blocks.iter().cycle() {
        if at == end {
            break;
        }
        let next = (at + size).min(end);
        let mut batch = Batch::default();
        let leaves = (at..next).map(|index| leaf(index).0).collect();
        add_leaves(tree, &mut batch, at, leaves).unwrap();
        tree.put(batch);
        at = next;
    }
}

fn store() -> Tree {
    Tree::in_memory()
}

fn assert_included(tree: &Tree, index: u64, size: u64, root: &LogRoot) {
    let read = |level, index| subtree(tree, level, index).unwrap();
    let path = inclusion_path(index, size, read).unwrap();
    verify_inclusion(&leaf(index), index, size, &path, root).unwrap();
}

#[test]
fn every_entry_is_proven_in_every_size_whatever_the_blocks() {
    let frontiers = frontiers(1_000);
    for blocks in [&[1][..], &[7, 300, 1], &[256], &[1_000], &[255, 2]] {
        let tree = store();
        filled(&tree, 0, 1_000, blocks);
        for size in [1, 2, 255, 256, 257, 511, 512, 513, 999, 1_000] {
            let root = frontiers[size].root();
            let size = size as u64;
            for index in (0..size).step_by(37).chain([size - 1]) {
                assert_included(&tree, index, size, &root);
            }
        }
        for (first, second) in [(1, 1_000), (255, 256), (256, 257), (300, 999), (512, 1_000)] {
            let read = |level, index| subtree(&tree, level, index).unwrap();
            let proof = consistency_proof(first as u64, second as u64, read).unwrap();
            let (one, other) = (frontiers[first].root(), frontiers[second].root());
            verify_consistency(first as u64, &one, second as u64, &other, &proof).unwrap();
        }
    }
}

#[test]
fn rows_above_the_second_are_built_too() {
    let size = 65_536 + 300;
    let tree = store();
    filled(&tree, 0, size, &[2_000, 1, 777]);
    let frontier = frontiers(size).pop().unwrap();
    for index in [0, 255, 256, 65_535, 65_536, size - 1] {
        assert_included(&tree, index, size, &frontier.root());
    }
    let runs = |row| tree.ascending(under(&super::super::layout::hash_run_key(row, 0)[..2]));
    assert_eq!(runs(2).count(), 1, "one hash of 65,536 entries");
    let widest = runs(0).map(|run| run.unwrap().1.len()).max();
    assert_eq!(widest, Some(8_192), "a whole tile is one value");
    assert!(runs(0).count() <= 257 + 2, "runs of whole tiles are merged");
}

#[test]
fn view_that_began_late_proves_what_came_after_and_nothing_before() {
    let frontiers = frontiers(2_000);
    for began in [1usize, 100, 256, 300, 511, 700] {
        let tree = store();
        let mut batch = Batch::default();
        add_beginning(&mut batch, &frontiers[began]);
        tree.put(batch);
        filled(&tree, began as u64, 2_000, &[90, 1, 400]);
        let root = frontiers[2_000].root();
        for index in (began as u64..2_000).step_by(61).chain([began as u64, 1_999]) {
            assert_included(&tree, index, 2_000, &root);
        }
        let read = |level, index| subtree(&tree, level, index).unwrap();
        let before = inclusion_path(0, 2_000, read);
        assert!(began == 1 || matches!(before, Err(ProofError::MissingSubtree { .. })));
        let read = |level, index| subtree(&tree, level, index).unwrap();
        let grown = consistency_proof(began as u64, 2_000, read).unwrap();
        let one = frontiers[began].root();
        verify_consistency(began as u64, &one, 2_000, &root, &grown).unwrap();
    }
}

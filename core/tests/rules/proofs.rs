//! Proof files: each proves what it says from the genesis alone, and nothing else is taken for it.

mod collections;
mod extensions;
mod extracts;
mod forks;
mod receipts;

use comity_core::genesis::Params;
use comity_core::hash::{LeafHash, leaf_hash};
use comity_core::ids::LogIndex;
use comity_core::log_tree::{Frontier, consistency_proof, inclusion_path};
use comity_core::proof::{MAGIC, Proof, ProofFileError, Receipt};

use crate::story::Story;
use crate::trust_paths::Told;

/// Every entry's leaf hash.
fn leaves(story: &Story) -> Vec<LeafHash> {
    let records = story.blocks.iter().flat_map(|committed| &committed.block.records);
    records.map(|record| leaf_hash(record)).collect()
}

/// The hash of a complete subtree of the log.
fn subtree(leaves: &[LeafHash], level: u32, index: u64) -> Option<[u8; 32]> {
    let width = 1 << level;
    let start = usize::try_from(index).unwrap() * width;
    let mut tree = Frontier::new();
    leaves.get(start..start + width)?.iter().for_each(|leaf| tree.push(*leaf));
    Some(tree.root().0)
}

/// The receipt of an entry.
fn receipt(told: &Told, index: u64) -> Receipt {
    let holds = |header: &comity_core::block::Header| {
        (header.first_index.0..header.log_size).contains(&index)
    };
    let block = told.story.blocks.iter().find(|b| holds(&b.block.header)).unwrap();
    let header = &block.block.header;
    let leaves = leaves(&told.story);
    let read = |level, index| subtree(&leaves, level, index);
    Receipt {
        index: LogIndex(index),
        record: block.block.records[usize::try_from(index - header.first_index.0).unwrap()].clone(),
        inclusion: inclusion_path(index, header.log_size, read).unwrap(),
        path: told.path(header.height.0),
    }
}

/// The consistency proof between two sizes of the log.
fn consistency(told: &Told, first: u64, second: u64) -> Vec<[u8; 32]> {
    let leaves = leaves(&told.story);
    consistency_proof(first, second, |level, index| subtree(&leaves, level, index)).unwrap()
}

#[test]
fn other_files_are_no_proofs() {
    let mut told = Told::begin(Story::new(Params::default()));
    told.story.publish();
    let bytes = Proof::Receipt(receipt(&told, 0)).to_bytes();
    assert!(Proof::from_bytes(&bytes).is_ok());
    assert_eq!(Proof::from_bytes(b""), Err(ProofFileError::NotAProof));
    assert_eq!(Proof::from_bytes(b"COMITYA1"), Err(ProofFileError::NotAProof));
    let damaged = |bytes: &[u8]| matches!(Proof::from_bytes(bytes), Err(ProofFileError::Decode(_)));
    assert!(damaged(&MAGIC));
    assert!(damaged(&[&MAGIC[..], &[9, 0, 0, 0]].concat()), "a kind that is not known");
    assert!(damaged(&[&bytes[..], &[0]].concat()), "a byte after the end");
    for end in MAGIC.len()..bytes.len() {
        assert!(damaged(&bytes[..end]), "cut after {end} bytes");
    }
}

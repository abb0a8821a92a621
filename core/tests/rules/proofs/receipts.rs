//! Receipts: an entry, its place, and its time.

use comity_core::genesis::Params;
use comity_core::ids::{Height, LogIndex};
use comity_core::log_tree::ProofError;
use comity_core::proof::{Proof, ReceiptError};
use comity_core::trust_path::{Anchor, PathError, StepFault};

use super::receipt;
use crate::story::{Story, terms};
use crate::trust_paths::{Told, told};

/// A story with several entries in one block, and changes of the validators.
fn busy() -> Told {
    let mut told = told();
    told.story.publish();
    let grant = told.story.issue(terms());
    let accesses = (0..5).map(|_| told.story.access(grant)).collect();
    told.story.commit(accesses);
    told
}

#[test]
fn every_entry_has_a_receipt_that_verifies() {
    let told = busy();
    for index in 0..told.story.ledger.log().size() {
        let receipt = receipt(&told, index);
        let bytes = Proof::Receipt(receipt.clone()).to_bytes();
        assert_eq!(Proof::from_bytes(&bytes), Ok(Proof::Receipt(receipt.clone())));
        let verified = receipt.verify(&told.story.genesis).unwrap();
        assert_eq!(verified.index(), LogIndex(index));
        assert_eq!(verified.record().bytes()[..], receipt.record[..]);
        let header = &told.story.blocks[usize::try_from(verified.header().height.0 - 1).unwrap()];
        assert_eq!(*verified.header(), header.block.header);
    }
}

#[test]
fn receipt_of_another_place_record_or_block_is_refused() {
    let told = busy();
    let last = told.story.ledger.log().size() - 1;
    let (whole, genesis) = (receipt(&told, last), &told.story.genesis);
    let beside = receipt(&told, last - 1);

    let mut moved = whole.clone();
    moved.index = beside.index;
    assert!(matches!(moved.verify(genesis), Err(ReceiptError::Inclusion(_))));

    let mut swapped = whole.clone();
    swapped.record = beside.record.clone();
    let refused = swapped.verify(genesis).unwrap_err();
    assert_eq!(refused, ReceiptError::Inclusion(ProofError::RootMismatch));

    let mut later = receipt(&told, 0);
    later.path = whole.path.clone();
    assert!(matches!(later.verify(genesis), Err(ReceiptError::OtherBlock { .. })));

    let mut beyond = whole.clone();
    beyond.index = LogIndex(last + 1);
    assert!(matches!(beyond.verify(genesis), Err(ReceiptError::OtherBlock { .. })));

    let mut longer = whole.clone();
    longer.inclusion.push([0; 32]);
    assert!(matches!(
        longer.verify(genesis),
        Err(ReceiptError::Inclusion(ProofError::WrongLength { .. }))
    ));

    let mut unsigned = whole.clone();
    let at = unsigned.record.len() - 1;
    unsigned.record[at] ^= 1;
    assert!(matches!(unsigned.verify(genesis), Err(ReceiptError::Record(_))));
}

#[test]
fn receipt_of_another_consortium_is_refused() {
    let told = busy();
    let mut other = told.story.genesis.clone();
    other.name = crate::story::text("Another");
    let refused = receipt(&told, 0).verify(&other).unwrap_err();
    let ReceiptError::Path(PathError::Step { fault, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(fault, StepFault::Consortium);
}

#[test]
fn no_changed_byte_of_a_receipt_goes_unnoticed() {
    let told = busy();
    let bytes = Proof::Receipt(receipt(&told, 4)).to_bytes();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 0x10;
        let Ok(Proof::Receipt(changed)) = Proof::from_bytes(&changed) else { continue };
        assert!(changed.verify(&told.story.genesis).is_err(), "byte {at}");
    }
}

#[test]
fn receipt_is_verified_from_a_header_that_is_trusted_already() {
    let told = busy();
    let last = receipt(&told, told.story.ledger.log().size() - 1);
    let pinned = told.path(5).verify(&told.story.genesis).unwrap();
    let anchor = Anchor::header(pinned.header(), pinned_next(&told, 5)).unwrap();
    last.verify_from(&anchor).unwrap();
    let refused = receipt(&told, 0).verify_from(&anchor).unwrap_err();
    let not_after =
        matches!(refused, ReceiptError::Path(PathError::NotAfter { anchor: Height(5), .. }));
    assert!(not_after, "{refused:?}");
}

/// The validators that rule after a height.
fn pinned_next(told: &Told, height: u64) -> &comity_core::validators::ValidatorSet {
    let changes = told.changes.iter().filter(|change| change.header.height.0 <= height).count();
    &told.sets[changes]
}

#[test]
fn receipt_grows_with_the_logarithm_of_the_log() {
    let mut told = Told::begin(Story::new(Params::default()));
    told.story.publish();
    let grant = told.story.issue(terms());
    let mut sizes = Vec::new();
    for entries in [16u64, 256] {
        while told.story.ledger.log().size() < entries {
            let record = told.story.access(grant);
            told.story.commit(vec![record]);
        }
        let last = receipt(&told, entries - 1);
        last.verify(&told.story.genesis).unwrap();
        sizes.push(last.inclusion.len());
    }
    assert_eq!(sizes, [4, 8]);
}

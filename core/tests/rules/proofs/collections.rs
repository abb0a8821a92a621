//! Collections: several entries over one way from the genesis, each in its own block.

use comity_core::block::Header;
use comity_core::genesis::{Genesis, Params};
use comity_core::ids::{Height, LogIndex, TimeMs};
use comity_core::log_tree::ProofError;
use comity_core::proof::{
    CollectedBlock, CollectedEntry, Collection, CollectionError, Proof, Receipt, ReceiptError,
};
use comity_core::statement::RecordError;
use comity_core::trust_path::{Anchor, PathError, StepFault, TrustPath};
use comity_core::vote::CertificateError;

use super::receipt;
use crate::story::{Story, terms};
use crate::trust_paths::{Told, told};

/// A story with changes of the validators, and several entries in its last block.
fn busy() -> Told {
    let mut told = told();
    told.story.publish();
    let grant = told.story.issue(terms());
    let accesses = (0..5).map(|_| told.story.access(grant)).collect();
    told.story.commit(accesses);
    told
}

/// These entries, each below the header of its own block.
fn collection(told: &Told, indexes: &[u64]) -> Collection {
    let mut blocks: Vec<CollectedBlock> = Vec::new();
    let mut changes = Vec::new();
    for index in indexes {
        let Receipt { index, record, inclusion, path } = receipt(told, *index);
        let TrustPath { header, certificate, changes: before } = path;
        if blocks.last().is_none_or(|block| block.header.height != header.height) {
            blocks.push(CollectedBlock { header, certificate, entries: Vec::new() });
        }
        let own = blocks.last_mut().expect("one was just put there");
        own.entries.push(CollectedEntry { index, record, inclusion });
        changes = before;
    }
    Collection { changes, blocks }
}

/// Every entry of the log.
fn all(told: &Told) -> Vec<u64> {
    (0..told.story.ledger.log().size()).collect()
}

/// Why a collection fails once it is bent.
fn refused(
    whole: &Collection,
    genesis: &Genesis,
    bend: &dyn Fn(&mut Collection),
) -> CollectionError {
    let mut bent = whole.clone();
    bend(&mut bent);
    bent.verify(genesis).unwrap_err()
}

/// The step at which its path fails.
fn step(error: &CollectionError) -> (Height, &StepFault) {
    let CollectionError::Path(PathError::Step { height, fault }) = error else {
        panic!("{error:?}")
    };
    (*height, fault)
}

#[test]
fn every_entry_of_a_collection_has_the_time_of_its_own_block() {
    let told = busy();
    let whole = collection(&told, &all(&told));
    let bytes = Proof::Collection(whole.clone()).to_bytes();
    assert_eq!(Proof::from_bytes(&bytes), Ok(Proof::Collection(whole.clone())));
    let verified = whole.verify(&told.story.genesis).unwrap();
    assert_eq!(verified.entries().len() as u64, told.story.ledger.log().size());
    for entry in verified.entries() {
        let alone = receipt(&told, entry.index.0);
        assert_eq!(entry.header, alone.path.header);
        assert_eq!(entry.record.bytes()[..], alone.record[..]);
        let found = verified.entry(entry.index).unwrap();
        assert_eq!(found.record.bytes(), entry.record.bytes());
    }
    assert_eq!(*verified.path().header(), whole.blocks.last().unwrap().header);
}

#[test]
fn entry_that_is_not_shown_is_not_found() {
    let told = busy();
    let verified = collection(&told, &[0, 3]).verify(&told.story.genesis).unwrap();
    let shown: Vec<_> = verified.entries().iter().map(|entry| entry.index.0).collect();
    assert_eq!(shown, [0, 3]);
    assert!(verified.entry(LogIndex(1)).is_none());
}

#[test]
fn collection_is_verified_from_a_header_that_is_trusted_already() {
    let told = busy();
    let size = told.story.ledger.log().size();
    let pinned = told.path(5).verify(&told.story.genesis).unwrap();
    let changes = told.changes.iter().filter(|change| change.header.height <= Height(5)).count();
    let anchor = Anchor::header(pinned.header(), &told.sets[changes]).unwrap();
    let above = collection(&told, &[size - 2, size - 1]);
    assert_eq!(above.verify_from(&anchor).unwrap().entries().len(), 2);

    // What is below that header was proven to whoever trusts it, or is not proven by this.
    let refused = collection(&told, &[0, size - 1]).verify_from(&anchor).unwrap_err();
    assert_eq!(step(&refused), (Height(2), &StepFault::Height));
}

#[test]
fn blocks_and_entries_out_of_order_are_refused() {
    let told = busy();
    let (whole, genesis) = (collection(&told, &all(&told)), &told.story.genesis);
    let last = whole.blocks.len() - 1;
    assert!(whole.blocks[last].entries.len() > 1);
    let bends: [&dyn Fn(&mut Collection); 7] = [
        &|bent| bent.blocks.clear(),
        &|bent| bent.blocks.reverse(),
        &|bent| bent.blocks.swap(0, 1),
        &|bent| bent.blocks.push(bent.blocks[last].clone()),
        &|bent| bent.blocks[0].entries.clear(),
        &|bent| bent.blocks[last].entries.swap(0, 1),
        &|bent| bent.blocks[last].entries.push(whole.blocks[last].entries[4].clone()),
    ];
    for (number, bend) in bends.into_iter().enumerate() {
        let error = refused(&whole, genesis, bend);
        assert_eq!((&error, error.name()), (&CollectionError::Order, "order"), "bend {number}");
    }
}

#[test]
fn collection_without_every_change_of_the_validators_is_refused() {
    let told = busy();
    let (whole, genesis) = (collection(&told, &all(&told)), &told.story.genesis);
    let end = whole.blocks.last().unwrap().header.height;
    let [first, second] = &told.changes[..] else { panic!("two changes") };
    for (missing, at) in [(0, second.header.height), (1, end)] {
        let error = refused(&whole, genesis, &|bent| {
            bent.changes.remove(missing);
        });
        assert_eq!(step(&error), (at, &StepFault::Skipped));
    }
    let error = refused(&whole, genesis, &|bent| bent.changes.clear());
    assert_eq!(step(&error), (end, &StepFault::Skipped));
    let padded = refused(&whole, genesis, &|bent| bent.changes.insert(0, first.clone()));
    assert_eq!(step(&padded), (first.header.height, &StepFault::Height));
}

#[test]
fn block_that_was_not_certified_at_its_height_is_refused() {
    let told = busy();
    let (whole, genesis) = (collection(&told, &all(&told)), &told.story.genesis);
    let other = CertificateError::OtherBlock;
    let last = whole.blocks.len() - 1;
    for at in [0, last] {
        let height = whole.blocks[at].header.height;
        let bent = |bend: &dyn Fn(&mut Header)| {
            refused(&whole, genesis, &|bent| bend(&mut bent.blocks[at].header))
        };
        let error = bent(&|header| header.version += 1);
        assert_eq!(step(&error), (height, &StepFault::Version));
        let error = bent(&|header| header.consortium.0[0] ^= 1);
        assert_eq!(step(&error), (height, &StepFault::Consortium));
        let error = bent(&|header| header.validators.0[0] ^= 1);
        assert_eq!(step(&error), (height, &StepFault::Skipped));
        let error = bent(&|header| header.time = TimeMs(header.time.0 + 1));
        assert_eq!(step(&error), (height, &StepFault::Certificate(other.clone())));

        let error = refused(&whole, genesis, &|bent| {
            bent.blocks[at].certificate = whole.blocks[last - at].certificate.clone();
        });
        assert_eq!(step(&error), (height, &StepFault::Certificate(other.clone())));
        let error = refused(&whole, genesis, &|bent| {
            bent.blocks[at].certificate.signatures.truncate(1);
        });
        let (failed, fault) = step(&error);
        let too_few = matches!(fault, StepFault::Certificate(CertificateError::NoQuorum { .. }));
        assert!(too_few && failed == height, "{error:?}");
    }
    let zero = refused(&whole, genesis, &|bent| bent.blocks[0].header.height = Height(0));
    assert_eq!(step(&zero), (Height(0), &StepFault::Height));
}

#[test]
fn entry_of_another_place_record_or_block_is_refused() {
    let told = busy();
    let (whole, genesis) = (collection(&told, &all(&told)), &told.story.genesis);
    let last = whole.blocks.len() - 1;
    let fault = |bend: &dyn Fn(&mut [CollectedEntry])| {
        let bent = |bent: &mut Collection| bend(&mut bent.blocks[last].entries);
        match refused(&whole, genesis, &bent) {
            CollectionError::Entry { index, fault } => (index, fault),
            other => panic!("{other:?}"),
        }
    };
    let entries = &whole.blocks[last].entries;
    let [first, second] = [entries[0].index, entries[1].index];
    let elsewhere = ReceiptError::Inclusion(ProofError::RootMismatch);

    let swapped = fault(&|entries| {
        let (one, other) = (entries[0].record.clone(), entries[1].record.clone());
        (entries[0].record, entries[1].record) = (other, one);
    });
    assert_eq!(swapped, (first, elsewhere.clone()));
    let moved = fault(&|entries| entries[1].inclusion = entries[0].inclusion.clone());
    assert_eq!(moved.0, second);
    assert_eq!(moved.1.name(), "inclusion");
    let stranger = whole.blocks[0].entries[0].clone();
    let (index, of_another) = fault(&|entries| entries[0] = stranger.clone());
    assert_eq!(index, stranger.index);
    assert!(matches!(of_another, ReceiptError::OtherBlock { .. }), "{of_another:?}");
    let spliced = fault(&|entries| entries[0].record = stranger.record.clone());
    assert_eq!(spliced, (first, elsewhere));
    let (_, unsigned) = fault(&|entries| {
        let end = entries[0].record.len() - 1;
        entries[0].record[end] ^= 1;
    });
    assert!(matches!(unsigned, ReceiptError::Record(RecordError::Signature { .. })));
    let (_, longer) = fault(&|entries| entries[0].inclusion.push([0; 32]));
    assert!(matches!(longer, ReceiptError::Inclusion(ProofError::WrongLength { .. })));
}

#[test]
fn collection_of_another_consortium_is_refused() {
    let told = busy();
    let mut other = told.story.genesis.clone();
    other.name = crate::story::text("Another");
    let error = collection(&told, &[0]).verify(&other).unwrap_err();
    assert_eq!(*step(&error).1, StepFault::Consortium);
}

#[test]
fn no_changed_byte_of_a_collection_goes_unnoticed() {
    let told = busy();
    let size = told.story.ledger.log().size();
    let bytes = Proof::Collection(collection(&told, &[0, size - 2, size - 1])).to_bytes();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 0x10;
        let Ok(Proof::Collection(changed)) = Proof::from_bytes(&changed) else { continue };
        assert!(changed.verify(&told.story.genesis).is_err(), "byte {at}");
    }
}

#[test]
fn collection_of_entries_takes_the_way_from_the_genesis_once() {
    let mut told = Told::begin(Story::new(Params::default()));
    told.story.publish();
    let grant = told.story.issue(terms());
    let accesses = (0..8).map(|_| told.story.access(grant)).collect();
    told.story.commit(accesses);
    let size = told.story.ledger.log().size();
    let together = Proof::Collection(collection(&told, &[size - 2, size - 1])).to_bytes().len();
    let alone = |index| Proof::Receipt(receipt(&told, index)).to_bytes().len();
    let path = told.tip().to_bytes().len();
    assert!(together < alone(size - 2) + alone(size - 1) - path + 64, "{together}, path {path}");
}

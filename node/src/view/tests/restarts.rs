//! What a start finds: the view as it was left, damaged, foreign, behind or ahead.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use comity_core::block::CommittedBlock;
use comity_core::hash::ConsortiumId;
use comity_core::ids::Height;
use comity_core::ledger::Ledger;
use comity_core::state::StateRead;
use comity_replica::storage::{MemoryDisk, Storage, StorageOp, StorageOptions};
use tempfile::TempDir;

use super::chain::Chain;
use crate::view::boot::{BlockFault, BootError};
use crate::view::{EntryFilter, Order, View, ViewError, boot};

/// Opens the view in `dir`, boots it on the chain's first `blocks` blocks, and closes it.
fn run(chain: &Chain, dir: &Path, blocks: usize) -> (Ledger, Option<Height>) {
    let (view, saved) = View::open(dir, *chain.ledger.consortium()).unwrap();
    let saved_height = saved.as_ref().map(|saved| saved.header.height);
    let storage = chain.stored(MemoryDisk::new(), blocks);
    let (ledger, certificate) =
        boot(&chain.genesis, &view, saved, storage.reader(), Path::new("")).unwrap();
    assert_eq!(certificate.map(|c| c.height.0), (blocks > 0).then_some(blocks as u64));
    let at = view.snapshot();
    assert_eq!(at.tip(), ledger.tip());
    assert_eq!(at.state_root(), ledger.state_root());
    let listed = view.entries(&at, &EntryFilter::default(), Order::Ascending, None, 1000).unwrap();
    assert_eq!(listed.found.len() as u64, ledger.log().size());
    (ledger, saved_height)
}

fn place() -> (TempDir, PathBuf) {
    let dir = TempDir::new().unwrap();
    let view = dir.path().join("view");
    (dir, view)
}

fn directories(beside: &Path) -> Vec<String> {
    let entries = fs::read_dir(beside.parent().unwrap()).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn reopened_view_gives_back_the_ledger_without_a_replay() {
    let chain = Chain::with_accesses(4);
    let (_dir, view) = place();
    let (replayed, before) = run(&chain, &view, 6);
    assert_eq!(before, None);
    assert_eq!(replayed.state_root(), chain.ledger.state_root());
    let (restored, saved) = run(&chain, &view, 6);
    assert_eq!(saved, Some(Height(6)));
    assert_eq!(restored.tip(), chain.ledger.tip());
    assert_eq!(restored.state_root(), chain.ledger.state_root());
    assert_eq!(restored.log(), chain.ledger.log());
    assert_eq!(restored.window_len(), chain.ledger.window_len());
    for record in chain.commits.iter().flat_map(|commit| &commit.records) {
        assert!(restored.has_record(&record.id()));
    }
}

#[test]
fn view_that_is_behind_the_block_log_catches_up() {
    let chain = Chain::with_accesses(6);
    let (_dir, view) = place();
    run(&chain, &view, 3);
    let (ledger, saved) = run(&chain, &view, 8);
    assert_eq!(saved, Some(Height(3)));
    assert_eq!(ledger.state_root(), chain.ledger.state_root());
}

#[test]
fn replay_window_forgets_as_the_ledger_does() {
    let mut chain = Chain::with_accesses(3);
    let old = chain.commits[0].records[0].id();
    // Records are valid for an hour, attempts for a minute.
    chain.push_after(120_000, vec![]);
    let (_dir, view) = place();
    run(&chain, &view, 6);
    let (restored, saved) = run(&chain, &view, 6);
    assert_eq!(saved, Some(Height(6)));
    assert_eq!(restored.window_len(), chain.ledger.window_len());
    assert!(restored.has_record(&old));
    chain.push_after(3_600_000, vec![]);
    run(&chain, &view, 7);
    let (restored, _) = run(&chain, &view, 7);
    assert_eq!((restored.window_len(), chain.ledger.window_len()), (0, 0));
    assert!(!restored.has_record(&old));
}

#[test]
fn view_ahead_of_the_block_log_is_built_anew() {
    let chain = Chain::with_accesses(4);
    let (_dir, view) = place();
    run(&chain, &view, 6);
    let (ledger, saved) = run(&chain, &view, 2);
    assert_eq!((saved, ledger.tip().height), (Some(Height(6)), Height(2)));
    assert_eq!(directories(&view), ["view", "view.broken-1"]);
    let (_, saved) = run(&chain, &view, 2);
    assert_eq!(saved, Some(Height(2)));
}

#[test]
fn damaged_view_is_moved_aside_and_built_anew() {
    let chain = Chain::with_accesses(4);
    let (_dir, view) = place();
    run(&chain, &view, 6);
    for round in 1..=4 {
        for file in fs::read_dir(&view).unwrap() {
            let path = file.unwrap().path();
            if path.is_file() {
                let bytes = fs::read(&path).unwrap();
                let spoilt: Vec<u8> = bytes.iter().map(|byte| byte ^ 0x5A).collect();
                fs::write(&path, spoilt).unwrap();
            }
        }
        let (ledger, saved) = run(&chain, &view, 6);
        assert_eq!(saved, None, "round {round}");
        assert_eq!(ledger.state_root(), chain.ledger.state_root());
    }
    // The two newest are kept.
    assert_eq!(directories(&view), ["view", "view.broken-3", "view.broken-4"]);
}

#[test]
fn no_damage_to_the_view_reaches_the_ledger() {
    let chain = Chain::with_accesses(4);
    let (dir, view) = place();
    run(&chain, &view, 6);
    let whole = fs::read(view.join("db")).unwrap();
    let conf = fs::read(view.join("conf")).unwrap();
    let written = whole.iter().rposition(|byte| *byte != 0).unwrap();
    let (steps, length) = (40, 24);
    for step in 0..steps {
        let hit = dir.path().join(format!("hit-{step}"));
        fs::create_dir_all(hit.join("blobs")).unwrap();
        fs::write(hit.join("conf"), &conf).unwrap();
        let mut bytes = whole.clone();
        let at = written * step / steps;
        match step % 3 {
            0 => bytes[at..at + length].fill(0),
            1 => bytes[at..at + length].iter_mut().for_each(|byte| *byte ^= 0xFF),
            _ => bytes.truncate(at),
        }
        fs::write(hit.join("db"), bytes).unwrap();
        let (ledger, _) = run(&chain, &hit, 6);
        assert_eq!(ledger.state_root(), chain.ledger.state_root(), "damage at byte {at}");
        assert_eq!(ledger.window_len(), chain.ledger.window_len(), "damage at byte {at}");
    }
}

/// The image of the state in a view, if there is one.
fn image(view: &Path) -> Option<PathBuf> {
    let files = fs::read_dir(view).unwrap().map(|file| file.unwrap().path());
    files.filter(|path| path.to_string_lossy().contains("/state-")).max()
}

#[test]
fn image_that_is_missing_damaged_or_of_another_time_costs_a_replay_and_nothing_else() {
    let chain = Chain::with_accesses(30);
    let (_dir, view) = place();
    run(&chain, &view, 32);
    let spoil: [&dyn Fn(&Path); 4] = [
        &|path| fs::remove_file(path).unwrap(),
        // An image of a state that has nothing yet.
        &|path| fs::write(path, b"").unwrap(),
        &|path| {
            let mut bytes = fs::read(path).unwrap();
            // So many that not all of them are values which the journal replaces.
            bytes.iter_mut().step_by(61).for_each(|byte| *byte ^= 1);
            fs::write(path, bytes).unwrap();
        },
        &|path| {
            let bytes = fs::read(path).unwrap();
            fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        },
    ];
    for (round, spoil) in spoil.iter().enumerate() {
        spoil(&image(&view).expect("so many blocks make an image"));
        let (ledger, _) = run(&chain, &view, 32);
        assert_eq!(ledger.state_root(), chain.ledger.state_root(), "round {round}");
        let aside = format!("view.broken-{}", round + 1);
        assert!(directories(&view).contains(&aside), "round {round}");
        let (_, saved) = run(&chain, &view, 32);
        assert_eq!(saved, Some(Height(32)), "round {round}: it is whole again");
    }
}

#[test]
fn view_of_another_consortium_is_moved_aside() {
    let chain = Chain::with_accesses(1);
    let (_dir, view) = place();
    let (other, saved) = View::open(&view, ConsortiumId([9; 32])).unwrap();
    assert!(saved.is_none());
    other.close();
    drop(other);
    run(&chain, &view, 3);
    assert_eq!(directories(&view), ["view", "view.broken-1"]);
}

#[test]
fn view_in_use_is_left_alone() {
    let chain = Chain::new();
    let (_dir, view) = place();
    let (_open, _) = View::open(&view, *chain.ledger.consortium()).unwrap();
    let second = View::open(&view, *chain.ledger.consortium());
    assert!(matches!(second, Err(ViewError::Locked { .. })));
    assert_eq!(directories(&view), ["view"]);
}

#[test]
fn block_that_fails_stops_the_start_and_is_named() {
    let chain = Chain::with_accesses(4);
    let spoil = |at: usize, change: fn(&mut CommittedBlock)| {
        let (mut storage, _) = Storage::open(MemoryDisk::new(), StorageOptions::new(7)).unwrap();
        for (height, payload) in (1u64..).zip(&chain.payloads) {
            let mut committed = CommittedBlock::from_bytes(payload).unwrap();
            if height == at as u64 {
                change(&mut committed);
            }
            let header_hash = committed.block.header.hash();
            let payload = committed.to_bytes();
            storage.perform(StorageOp::Commit { height, header_hash, payload }).unwrap();
        }
        storage.sync().unwrap();
        let (_dir, view) = place();
        let (view, saved) = View::open(&view, *chain.ledger.consortium()).unwrap();
        match boot(&chain.genesis, &view, saved, storage.reader(), Path::new("")) {
            Err(BootError::Block { height, source }) => (height, source),
            other => panic!("{other:?}"),
        }
    };
    let (height, fault) = spoil(3, |block| block.block.header.state_root.0[0] ^= 1);
    assert!(height == Height(3) && matches!(fault, BlockFault::Certificate(_)), "{fault}");
    let (height, fault) = spoil(4, |block| block.certificate.signatures.truncate(2));
    assert!(height == Height(4) && matches!(fault, BlockFault::Certificate(_)), "{fault}");
    let (height, fault) = spoil(5, |block| block.block.records[0].push(0));
    assert!(height == Height(5) && matches!(fault, BlockFault::Record { .. }), "{fault}");
    let (height, fault) = spoil(6, |block| block.block.records.truncate(1));
    assert!(height == Height(6) && matches!(fault, BlockFault::Execution(_)), "{fault}");
}

#[test]
fn each_block_is_announced_once_it_can_be_read() {
    let mut chain = Chain::with_accesses(0);
    let (_dir, view) = super::listings::view_of(&chain);
    let mut committed = view.committed();
    let access = chain.access();
    view.apply(chain.push(vec![access.clone()]));
    let announced = committed.blocking_recv().unwrap();
    assert_eq!(announced.header.height, Height(3));
    assert!(view.record(&view.snapshot(), &access.id()).unwrap().is_some());
    assert_eq!(view.lag_blocks(), 0);
    // A gap is a fault of the caller; the view stops rather than show what never was.
    view.apply(Arc::clone(&chain.commits[0]));
    assert!(view.settle().is_err());
    assert!(view.failure().unwrap().contains("block 1 came after block 3"));
}

//! A node that starts from a snapshot stands where the one stood that took it; a snapshot that is
//! damaged anywhere is not used.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use comity_core::ids::Height;
use comity_core::ledger::Ledger;
use comity_core::snapshot::{CHUNK_BYTES, SnapshotError};
use comity_replica::storage::Storage;
use tempfile::TempDir;

use super::*;
use crate::data_dir::DataDir;
use crate::disk::FileDisk;
use crate::view::tests::chain::Chain;
use crate::view::{BootError, EntryFilter, Order, View, boot};

const HOUR_MS: u64 = 3_600_000;

/// A node's directory, with the genesis of a chain.
pub(super) fn directory(parent: &Path, name: &str, chain: &Chain) -> DataDir {
    let root = parent.join(name);
    fs::create_dir_all(root.join("log")).unwrap();
    fs::write(root.join("config.toml"), "").unwrap();
    fs::write(root.join("genesis.json"), serde_json::to_vec(&chain.genesis).unwrap()).unwrap();
    DataDir::open(&root).unwrap()
}

/// A node as far as blocks and view go.
pub(super) struct Node {
    dir: DataDir,
    storage: Storage<FileDisk>,
    view: View,
    ledger: Ledger,
}

fn open(dir: DataDir, chain: &Chain) -> Result<Node, BootError> {
    let storage = chain.stored(FileDisk::open(&dir.log_dir()).unwrap(), 0);
    let (view, saved) = View::open(&dir.view_dir(), chain.genesis.id()).unwrap();
    let booted = boot(&chain.genesis, &view, saved, storage.reader(), &dir.start_file());
    if booted.is_err() {
        view.close();
    }
    let (ledger, _) = booted?;
    Ok(Node { dir, storage, view, ledger })
}

/// A node that has the first `blocks` blocks.
pub(super) fn node(parent: &Path, name: &str, chain: &Chain, blocks: usize) -> Node {
    let dir = directory(parent, name, chain);
    drop(chain.stored(FileDisk::open(&dir.log_dir()).unwrap(), blocks));
    open(dir, chain).unwrap()
}

impl Node {
    fn take(&self, chain: &Chain) -> PathBuf {
        self.take_in(chain, CHUNK_BYTES)
    }

    /// Takes a snapshot in chunks of so many bytes.
    pub(super) fn take_in(&self, chain: &Chain, chunk_bytes: u32) -> PathBuf {
        let source = Source {
            chunk_bytes,
            dir: &self.dir,
            genesis: &chain.genesis,
            view: &self.view,
            blocks: self.storage.reader(),
            stop: &AtomicBool::new(false),
        };
        take(&source).unwrap().path
    }

    /// Ends, and starts again with blocks up to this height.
    fn restart(self, chain: &Chain, height: u64) -> Node {
        let mut storage = self.storage;
        let next = storage.tip().map_or(0, |tip| usize::try_from(tip).unwrap());
        let wanted = usize::try_from(height).unwrap();
        for (commit, payload) in chain.commits.iter().zip(&chain.payloads).take(wanted).skip(next) {
            let (height, header_hash) = (commit.header.height.0, commit.header_hash);
            let payload = payload.clone();
            let commit =
                comity_replica::storage::StorageOp::Commit { height, header_hash, payload };
            storage.perform(commit).unwrap();
        }
        storage.sync().unwrap();
        self.view.close();
        drop((storage, self.view));
        open(self.dir, chain).unwrap()
    }

    /// Ends, loses its view, and starts again.
    fn reindex(self, chain: &Chain) -> Node {
        self.view.close();
        fs::remove_dir_all(self.dir.view_dir()).unwrap();
        drop((self.storage, self.view));
        open(self.dir, chain).unwrap()
    }

    fn entries(&self) -> Vec<u64> {
        let at = self.view.snapshot();
        let filter = EntryFilter::default();
        let page = self.view.entries(&at, &filter, Order::Ascending, None, 1_000).unwrap();
        page.found.iter().map(|place| place.index.0).collect()
    }
}

fn assert_same(ours: &Node, theirs: &Node) {
    assert_eq!(ours.ledger.tip(), theirs.ledger.tip());
    assert_eq!(ours.ledger.state_root(), theirs.ledger.state_root());
    assert_eq!(ours.ledger.log(), theirs.ledger.log());
    assert_eq!(ours.ledger.window(), theirs.ledger.window());
    assert_eq!(ours.ledger.tip_validators(), theirs.ledger.tip_validators());
    assert_eq!(ours.view.snapshot().state_root(), theirs.ledger.state_root());
    assert_eq!(ours.view.snapshot().tip(), theirs.ledger.tip());
}

/// A new node of the same consortium that starts from a snapshot.
fn started(parent: &Path, name: &str, chain: &Chain, snapshot: &Path) -> Node {
    let dir = directory(parent, name, chain);
    assert!(!has_blocks(&dir).unwrap());
    bring(&dir, &chain.genesis, snapshot).unwrap();
    let height = install(&dir, &chain.genesis).unwrap();
    assert!(height.is_some() && has_blocks(&dir).unwrap());
    assert_eq!(install(&dir, &chain.genesis).unwrap(), None, "only once");
    open(dir, chain).unwrap()
}

#[test]
fn node_that_starts_from_a_snapshot_stands_where_its_maker_stood() {
    let (temp, chain) = (TempDir::new().unwrap(), Chain::with_accesses(8));
    let whole = node(temp.path(), "whole", &chain, 6);
    let snapshot = whole.take(&chain);
    let new = started(temp.path(), "new", &chain, &snapshot);
    assert_same(&new, &whole);
    assert_eq!(new.storage.reader().first_height(), Some(6));
    assert_eq!(new.entries(), [8, 9], "of the snapshot's own block on");
    // Both go on, restart, and build their views anew.
    let (whole, new) = (whole.restart(&chain, 9), new.restart(&chain, 9));
    assert_same(&new, &whole);
    assert_eq!(new.entries(), (8..16).collect::<Vec<_>>());
    let new = new.reindex(&chain);
    assert_same(&new, &whole);
    assert_eq!(new.entries(), (8..16).collect::<Vec<_>>());
    let new = new.restart(&chain, 10);
    assert_same(&new, &whole.restart(&chain, 10));
}

#[test]
fn snapshot_of_a_node_that_started_from_one_has_the_entries_before_its_blocks() {
    let (temp, chain) = (TempDir::new().unwrap(), Chain::with_accesses(8));
    let first = node(temp.path(), "first", &chain, 6).take(&chain);
    let second = started(temp.path(), "second", &chain, &first).restart(&chain, 9);
    let third = started(temp.path(), "third", &chain, &second.take(&chain));
    assert_same(&third, &second);
    assert_eq!(third.storage.reader().first_height(), Some(9));
    assert_eq!(third.ledger.window(), second.ledger.window());
}

#[test]
fn entries_too_old_to_be_repeated_are_left_out() {
    let (temp, mut chain) = (TempDir::new().unwrap(), Chain::with_accesses(3));
    for _ in 0..60 {
        chain.push_after(HOUR_MS / 2, Vec::new());
        let access = chain.access();
        chain.push(vec![access]);
    }
    let count = chain.payloads.len();
    let whole = node(temp.path(), "whole", &chain, count);
    let snapshot = whole.take(&chain);
    let file = SnapshotFile::open(&snapshot, &chain.genesis).unwrap();
    let manifest = file.manifest().manifest();
    let size = whole.ledger.log().size();
    let carried = size - manifest.first_entry();
    assert!((48..=52).contains(&carried), "two an hour for a day, of {size}: {carried}");
    let new = started(temp.path(), "new", &chain, &snapshot);
    assert_same(&new, &whole);
    // It can be cut off where its own snapshot was.
    assert_eq!(new.view.cut_off(new.ledger.tip().time).unwrap(), manifest.cut_off);
    assert_same(&started(temp.path(), "newer", &chain, &new.take(&chain)), &whole);
}

#[test]
fn snapshot_that_is_damaged_anywhere_is_not_used() {
    let (temp, chain) = (TempDir::new().unwrap(), Chain::with_accesses(4));
    let snapshot = node(temp.path(), "whole", &chain, 5).take(&chain);
    let bytes = fs::read(&snapshot).unwrap();
    let dir = directory(temp.path(), "new", &chain);
    let damaged = temp.path().join("damaged.snapshot");
    let refused = |bytes: &[u8]| {
        fs::write(&damaged, bytes).unwrap();
        let refused = bring(&dir, &chain.genesis, &damaged);
        let Err(InstallError::File(SnapshotFileError::Content { source, .. })) = refused else {
            panic!("{refused:?}")
        };
        assert!(!dir.start_file().exists());
        source
    };
    let places = (0..bytes.len()).step_by(bytes.len() / 300 + 1);
    for place in places.chain(bytes.len() - 8..bytes.len()) {
        let mut changed = bytes.clone();
        changed[place] ^= 0x10;
        refused(&changed);
    }
    assert_eq!(refused(b"COMITYS1"), SnapshotError::NotASnapshot);
    for end in [50, bytes.len() / 2, bytes.len() - 1] {
        refused(&bytes[..end]);
    }
    refused(&[&bytes[..], b"\n"].concat());
    let letter = "Dear colleague, please find the snapshot attached. Yours, the Registry.\n";
    assert_eq!(refused(letter.as_bytes()), SnapshotError::NotASnapshot);
    bring(&dir, &chain.genesis, &snapshot).unwrap();
}

#[test]
fn node_whose_snapshot_is_gone_says_so_and_needs_none_while_its_view_is_whole() {
    let (temp, chain) = (TempDir::new().unwrap(), Chain::with_accesses(4));
    let snapshot = node(temp.path(), "whole", &chain, 4).take(&chain);
    let new = started(temp.path(), "new", &chain, &snapshot);
    fs::remove_file(new.dir.start_file()).unwrap();
    let new = new.restart(&chain, 6);
    let dir = DataDir::open(new.dir.root()).unwrap();
    new.view.close();
    fs::remove_dir_all(dir.view_dir()).unwrap();
    drop(new);
    let refused = open(dir, &chain).err();
    assert!(matches!(refused, Some(BootError::Start { first: Height(4) })), "{refused:?}");
    // Another snapshot than the one that its blocks begin with does not help.
    let other = node(temp.path(), "other", &chain, 5).take(&chain);
    let dir = DataDir::open(&temp.path().join("new")).unwrap();
    fs::remove_dir_all(dir.view_dir()).unwrap();
    fs::copy(other, dir.start_file()).unwrap();
    let refused = open(dir, &chain).err();
    assert!(matches!(refused, Some(BootError::OtherSnapshot { first: Height(4) })), "{refused:?}");
}

#[test]
fn running_node_takes_a_snapshot_when_its_operator_asks_and_keeps_the_newest() {
    let (temp, chain) = (TempDir::new().unwrap(), Chain::with_accesses(6));
    let mut running = node(temp.path(), "whole", &chain, 3);
    for height in [3, 5, 6, 8] {
        running = running.restart(&chain, height);
        let keeper = Keeper::start(KeeperParts {
            dir: DataDir::open(running.dir.root()).unwrap(),
            genesis: Arc::new(chain.genesis.clone()),
            view: running.view.clone(),
            blocks: running.storage.reader().clone(),
            every_hours: 0,
        });
        assert_eq!(wish(&running.dir, Duration::from_secs(60)).unwrap(), None);
        drop(keeper.unwrap());
    }
    let kept = list(&running.dir.snapshots_dir());
    let heights: Vec<u64> = kept.iter().map(|(height, _)| height.0).collect();
    assert_eq!(heights, [6, 8]);
    assert_same(&started(temp.path(), "new", &chain, &kept[1].1), &running);
}

#[test]
fn node_takes_a_snapshot_by_itself_when_one_is_due() {
    let (temp, mut chain) = (TempDir::new().unwrap(), Chain::with_accesses(1));
    chain.push_after(25 * HOUR_MS, Vec::new());
    let running = node(temp.path(), "whole", &chain, 4);
    let keeper = Keeper::start(KeeperParts {
        dir: DataDir::open(running.dir.root()).unwrap(),
        genesis: Arc::new(chain.genesis.clone()),
        view: running.view.clone(),
        blocks: running.storage.reader().clone(),
        every_hours: 24,
    });
    let began = std::time::Instant::now();
    while list(&running.dir.snapshots_dir()).is_empty() {
        assert!(began.elapsed() < Duration::from_secs(60), "a snapshot is taken");
        std::thread::yield_now();
    }
    drop(keeper.unwrap());
}

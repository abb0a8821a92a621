//! Journals and images over many blocks, restarts and faults: together they are always the state of the tip.

use std::fs;

use comity_core::hash::ConsortiumId;
use tempfile::TempDir;

use super::*;
use crate::view::loading::load_state;

const CONSORTIUM: ConsortiumId = ConsortiumId([5; 32]);

/// A state that grows block by block, as the view's thread keeps it.
struct Kept {
    tree: Tree,
    dir: TempDir,
    journal: Journal,
    state: StateTree,
    height: Height,
}

impl Kept {
    fn new() -> Kept {
        let dir = TempDir::new().unwrap();
        let tree = Tree::in_memory();
        let journal = Journal::new(dir.path());
        Kept { tree, dir, journal, state: StateTree::new(&CONSORTIUM), height: Height(0) }
    }

    /// Blocks that change old pairs and add new ones.
    fn grow(&mut self, blocks: u64) {
        for _ in 0..blocks {
            let Height(at) = self.height.next();
            let pair = |key: u64| (key.to_be_bytes().to_vec(), at.to_be_bytes().repeat(5));
            let changes: BTreeMap<_, _> = [0, at % 7, at, at + 1000].map(pair).into();
            self.height = Height(at);
            self.state = self.state.with(changes.clone());
            let mut batch = Batch::default();
            self.journal.add(&mut batch, self.height, &changes);
            self.tree.put(batch);
            self.journal.replace_when_due(self.height, &self.state);
        }
    }

    /// Waits for the image in the making.
    fn finish(&mut self) {
        let mut batch = Batch::default();
        self.journal.finish(&mut batch);
        self.tree.put(batch);
    }

    /// Grows until the first image is in the making.
    fn grow_until_due(&mut self) {
        while self.journal.writing.is_none() {
            self.grow(1);
        }
    }

    /// Has all of the state in an image, and nothing in the journal.
    fn in_an_image_alone(&mut self) {
        self.finish();
        let mut batch = Batch::default();
        self.tree.ascending(under(&[JOURNAL])).for_each(|pair| batch.remove(pair.unwrap().0));
        self.journal.begin(&mut batch, self.height, &self.state).unwrap();
        self.tree.put(batch);
    }

    /// As a start after a crash at this moment finds it.
    fn reload(&mut self) {
        let (state, journal) = load_state(&self.tree, self.dir.path(), &CONSORTIUM).unwrap();
        assert_eq!((state.root(), state.len()), (self.state.root(), self.state.len()));
        assert_eq!(journal.image, self.journal.image);
        assert_eq!((journal.bytes, journal.due), (self.journal.bytes, self.journal.due));
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[test]
fn state_is_the_same_from_any_image_and_journal() {
    let mut kept = Kept::new();
    for round in 0..60 {
        kept.reload();
        kept.grow(1 + round % 4);
        if round % 5 == 0 {
            kept.finish();
        }
        if round % 3 == 0 {
            kept.journal.is_durable(kept.journal.image());
        }
    }
    kept.finish();
    kept.reload();
    assert!(kept.journal.image.is_some());
    kept.journal.is_durable(kept.journal.image());
    assert_eq!(kept.files(), [format!("state-{}", kept.journal.image.unwrap().height)]);
}

#[test]
fn image_that_the_tree_does_not_name_yet_is_not_read() {
    let mut kept = Kept::new();
    kept.grow_until_due();
    let writing = kept.journal.writing.take().unwrap();
    let at = writing.height;
    writing.thread.join().unwrap().unwrap();
    // As after a crash between the image and the batch that names it.
    assert_eq!(kept.files(), [format!("state-{at}")]);
    fs::write(kept.dir.path().join(format!("state-{at}")), b"never read").unwrap();
    kept.reload();
    kept.journal.due = LEAST_BYTES;
    kept.grow(1);
    kept.finish();
    assert_eq!(kept.journal.image.map(|image| image.height), Some(at.next()));
    kept.journal.is_durable(kept.journal.image());
    assert_eq!(kept.files(), [format!("state-{}", at.next())]);
    kept.reload();
}

#[test]
fn image_before_stays_until_the_tree_that_names_the_next_is_durable() {
    let mut kept = Kept::new();
    kept.grow(20);
    kept.finish();
    let first = kept.journal.image.unwrap().height;
    let of_first = kept.tree.get(image_key()).unwrap().unwrap();
    let parts: Vec<_> =
        kept.tree.ascending(under(&[JOURNAL])).collect::<Result<Vec<_>, _>>().unwrap();
    kept.grow(30);
    kept.finish();
    assert!(kept.journal.image.unwrap().height > first);
    assert!(kept.files().contains(&format!("state-{first}")));
    // The power fails, and the tree is as it was at its last flush.
    let mut batch = Batch::default();
    kept.tree.ascending(under(&[JOURNAL])).for_each(|pair| batch.remove(pair.unwrap().0));
    batch.insert(image_key(), of_first);
    parts.into_iter().for_each(|(key, part)| batch.insert(key, part));
    kept.tree.put(batch);
    let (state, journal) = load_state(&kept.tree, kept.dir.path(), &CONSORTIUM).unwrap();
    assert_eq!(journal.image.map(|image| image.height), Some(first));
    assert!(!state.is_empty() && state.len() < kept.state.len());
}

#[test]
fn image_that_cannot_be_written_leaves_the_journal_whole() {
    let mut kept = Kept::new();
    let gone = kept.dir.path().join("gone");
    let here = std::mem::replace(&mut kept.journal.dir, gone);
    kept.grow(40);
    kept.finish();
    assert!(kept.journal.image.is_none() && kept.journal.due > LEAST_BYTES);
    let (due, bytes) = (kept.journal.due, kept.journal.bytes);
    assert!(bytes > LEAST_BYTES && due > bytes, "it is not tried for each block");
    kept.journal.dir = here;
    kept.grow(40);
    kept.finish();
    assert!(kept.journal.image.is_some());
    kept.reload();
}

#[test]
fn image_that_is_missing_or_no_image_is_an_error() {
    let mut kept = Kept::new();
    kept.grow(40);
    kept.in_an_image_alone();
    let path = kept.dir.path().join(format!("state-{}", kept.journal.image.unwrap().height));
    let load =
        || load_state(&kept.tree, kept.dir.path(), &CONSORTIUM).map(|(state, _)| state.root());
    let whole = fs::read(&path).unwrap();
    assert_eq!(load().unwrap(), kept.state.root());
    fs::write(&path, &whole[..whole.len() - 3]).unwrap();
    assert!(load().is_err());
    let mut changed = whole.clone();
    *changed.last_mut().unwrap() ^= 1;
    fs::write(&path, changed).unwrap();
    assert_ne!(load().unwrap(), kept.state.root(), "its root is not the one that was certified");
    fs::remove_file(&path).unwrap();
    assert!(matches!(load(), Err(ViewError::Image { .. })));
}

//! The state from the disk, on all cores: most of what a start does where there are millions of objects.
//! Holds: every pair of the image is read once, and of the journal after it the last value of a key counts; the state is
//! the one that they make, however the work was shared.
//! May not enter: whether it is the right one (its root tells, see `boot`).

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use comity_core::hash::ConsortiumId;
use comity_core::state_tree::{Branch, Gathered, Heap, StateTree};
use sled::IVec;

use super::ViewError;
use super::cores::on_all_cores;
use super::image::{Image, pairs};
use super::journal::Journal;
use super::tree::Tree;

/// Shares into which the journal's keys are cut.
const SHARES: usize = 16;

/// The state that the tree and the image in `dir` hold, and the journal's account. Errors: the store; the image.
pub(super) fn load_state(
    tree: &Tree,
    dir: &Path,
    consortium: &ConsortiumId,
) -> Result<(StateTree, Journal), ViewError> {
    let (journal, parts) = Journal::load(tree, dir)?;
    let image = journal.image().map(|mark| Image::open(dir, mark.height)).transpose()?;
    let gather = || -> Result<Gathered, ViewError> {
        let mut gathered = Gathered::new(consortium);
        while let Some(piece) = image.as_ref().map(Image::next_piece).transpose()?.flatten() {
            for pair in pairs(&piece) {
                let (key, value) = pair?;
                gathered.add(key, value);
            }
        }
        Ok(gathered)
    };
    let mut all = on_all_cores(gather).into_iter().collect::<Result<Vec<_>, _>>()?;
    // Of several values the last counts, so that what came later is put last.
    all.extend(gather_journal(&parts, consortium)?);
    let heaps = Gathered::heaps(all);
    let waiting = Mutex::new(heaps.into_iter().enumerate());
    let built = on_all_cores(|| {
        let take = || waiting.lock().ok().and_then(|mut waiting| waiting.next());
        let mut built: Vec<(usize, Branch)> = Vec::new();
        while let Some((place, heap)) = take() {
            built.push((place, Heap::build(heap)));
        }
        built
    });
    let mut branches: Vec<_> = built.into_iter().flatten().collect();
    branches.sort_by_key(|(place, _)| *place);
    let branches = branches.into_iter().map(|(_, branch)| branch).collect();
    let state = StateTree::of_branches(branches).unwrap_or_else(|| StateTree::new(consortium));
    Ok((state, journal))
}

/// The pairs of the journal's parts. All values of one key are gathered by the same thread, in order. Errors: a part is
/// not what was written.
fn gather_journal(parts: &[IVec], consortium: &ConsortiumId) -> Result<Vec<Gathered>, ViewError> {
    let next = AtomicUsize::new(0);
    let gather = || -> Result<Gathered, ViewError> {
        let mut gathered = Gathered::new(consortium);
        loop {
            let share = next.fetch_add(1, Ordering::Relaxed);
            if share >= SHARES {
                return Ok(gathered);
            }
            for pair in parts.iter().flat_map(|part| pairs(part)) {
                let (key, value) = pair?;
                if share_of(key) == share {
                    gathered.add(key, value);
                }
            }
        }
    };
    on_all_cores(gather).into_iter().collect()
}

/// Keys that are next to one another are in different shares.
fn share_of(key: &[u8]) -> usize {
    key.iter().fold(0usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)))
        % SHARES
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::tree::Batch;
    use super::*;
    use comity_core::ids::Height;

    /// A store and a directory that hold these changes: an image of those before `image`, the rest as a journal.
    fn loaded(changes: &[BTreeMap<Vec<u8>, Vec<u8>>], image: usize) -> StateTree {
        let consortium = ConsortiumId([3; 32]);
        let dir = tempfile::tempdir().unwrap();
        let tree = Tree::in_memory();
        let mut journal = Journal::new(dir.path());
        let mut state = StateTree::new(&consortium);
        let (mut batch, mut height) = (Batch::default(), Height(0));
        for (at, changes) in changes.iter().enumerate() {
            if at == image {
                journal.begin(&mut batch, height, &state).unwrap();
            }
            height = height.next();
            state = state.with(changes.clone());
            if at >= image {
                journal.add(&mut batch, height, changes);
            }
        }
        if image == changes.len() {
            journal.begin(&mut batch, height, &state).unwrap();
        }
        tree.put(batch);
        let (loaded, _) = load_state(&tree, dir.path(), &consortium).unwrap();
        assert_eq!((loaded.root(), loaded.len()), (state.root(), state.len()), "image at {image}");
        loaded
    }

    #[test]
    fn every_pair_is_in_the_state_whatever_its_key_and_the_last_value_counts() {
        let mut changes: Vec<BTreeMap<Vec<u8>, Vec<u8>>> = Vec::new();
        for block in 0..40u64 {
            let key = |number: u64| [&b"g"[..], &number.to_be_bytes()].concat();
            let value = block.to_be_bytes().to_vec();
            let mut block: BTreeMap<_, _> =
                (0..9).map(|at| (key(block * at), value.clone())).collect();
            block.extend([(b"p".to_vec(), value.clone()), (b"dc".to_vec(), Vec::new())]);
            block.insert(key(u64::MAX - value.len() as u64), vec![9; 700]);
            changes.push(block);
        }
        for image in [0, 1, 20, 39, 40] {
            loaded(&changes, image);
        }
        assert!(loaded(&[], 0).is_empty());
        assert_eq!(loaded(&changes[..1], 0).len(), 4);
    }
}

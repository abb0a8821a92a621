//! The state out of the tree on the disk, on all cores: most of what a start does where there are
//! millions of objects.
//! Holds: every pair is read once; the state is the one that they make, in whatever order they came.
//! May not enter: whether it is the right one (its root tells, see `boot`).

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use comity_core::hash::ConsortiumId;
use comity_core::state_tree::{Branch, Gathered, Heap, StateTree};

use super::ViewError;
use super::cores::on_all_cores;
use super::layout::STATE;

/// Shares into which the keys of one letter are cut.
const SHARES: u64 = 16;
/// Bytes of a key by which it is cut: after the prefix and the letter.
const CUT_BYTES: usize = 8;

/// Where a share of the keys begins and ends.
type Share = (Vec<u8>, Vec<u8>);

/// The state. Errors: the store.
pub(super) fn load_state(db: &sled::Db, consortium: &ConsortiumId) -> Result<StateTree, ViewError> {
    let shares = shares(db)?;
    let next = AtomicUsize::new(0);
    let gathered = on_all_cores(|| -> Result<Gathered, ViewError> {
        let mut gathered = Gathered::new(consortium);
        while let Some((from, to)) = shares.get(next.fetch_add(1, Ordering::Relaxed)) {
            for pair in db.range(&from[..]..&to[..]) {
                let (key, value) = pair?;
                gathered.add(&key[1..], &value);
            }
        }
        Ok(gathered)
    });
    let heaps = Gathered::heaps(gathered.into_iter().collect::<Result<_, _>>()?);
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
    Ok(StateTree::of_branches(branches).unwrap_or_else(|| StateTree::new(consortium)))
}

/// Shares of all state keys, for each letter as many: where most keys have one letter they are still
/// shared. Errors: the store.
fn shares(db: &sled::Db) -> Result<Vec<Share>, ViewError> {
    let mut shares = Vec::new();
    let mut from = vec![STATE];
    let end = vec![STATE + 1];
    while let Some(pair) = db.range(&from[..]..&end[..]).next() {
        let (first, _) = pair?;
        let Some(letter) = first.get(1).copied() else { break };
        let after = letter.checked_add(1).map_or(end.clone(), |next| vec![STATE, next]);
        let last = db.range(&first[..]..&after[..]).next_back().transpose()?;
        let last = last.map_or_else(|| first.clone(), |(last, _)| last);
        let (low, high) = (number(&first), number(&last));
        let cut = |share: u64| {
            let at = low + (high - low) / SHARES * share;
            [&[STATE, letter][..], &at.to_be_bytes()].concat()
        };
        let mut begins = vec![STATE, letter];
        for share in 1..SHARES {
            let ends = cut(share).max(begins.clone());
            shares.push((std::mem::replace(&mut begins, ends.clone()), ends));
        }
        shares.push((begins, after.clone()));
        from = after;
    }
    Ok(shares)
}

/// The first bytes of a name as a number; zeros follow a shorter one.
fn number(key: &[u8]) -> u64 {
    let mut bytes = [0; CUT_BYTES];
    bytes.iter_mut().zip(key.iter().skip(2)).for_each(|(to, from)| *to = *from);
    u64::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::layout::state_key;
    use super::*;

    #[test]
    fn every_pair_is_in_the_state_whatever_its_key() {
        let dir = tempfile::tempdir().unwrap();
        let db = sled::open(dir.path()).unwrap();
        let consortium = ConsortiumId([3; 32]);
        let mut keys: Vec<Vec<u8>> = [0, 1, 17, 255, 65_536, u64::MAX]
            .iter()
            .map(|number: &u64| [&b"g"[..], &number.to_be_bytes()].concat())
            .collect();
        keys.extend([b"p".to_vec(), b"dcivil.th/register".to_vec(), b"dc".to_vec(), vec![255, 9]]);
        keys.extend((0..500u64).map(|number| [&b"u"[..], &number.to_be_bytes()].concat()));
        assert!(load_state(&db, &consortium).unwrap().is_empty());
        for key in &keys {
            db.insert(state_key(key), &key[..1]).unwrap();
        }
        // Beside it, other things.
        db.insert([STATE - 1, 7], b"no").unwrap();
        db.insert([STATE + 1, 7], b"no").unwrap();
        let loaded = load_state(&db, &consortium).unwrap();
        let pairs = keys.iter().map(|key| (key.clone(), key[..1].to_vec()));
        let whole = StateTree::new(&consortium).with(pairs);
        assert_eq!((loaded.root(), loaded.len()), (whole.root(), keys.len()));
    }
}

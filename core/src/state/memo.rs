//! Objects of the state that were read a short while ago, decoded.
//! Holds: what is answered depends on the bytes under the key alone, as if they were decoded anew;
//! bounded.
//! May not enter: which state the bytes come from, beyond its root.
//!
//! Judging one access reads a dozen objects, nearly always the same: the parameters, the agencies, the
//! gateway's and the officer's keys, the dataset. Finding and decoding them costs more than all the rules.

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};
use std::rc::Rc;

use super::{StateKey, StateRead, object};
use crate::encoding::{Decode, Encode};
use crate::hash::StateRoot;

/// Most objects that are remembered on a thread (count).
const MOST_OBJECTS: usize = 1_024;
/// Longest value that is remembered (bytes): with their decoded form about 20 MiB at the very most,
/// and 1 MiB as a rule.
const MOST_VALUE_BYTES: usize = 4_096;
/// Keys of which it is known that they were read (count): only what is read a second time is worth
/// remembering, and with millions of objects most are not.
const MET: u16 = 4_096;

/// A value and its object.
type Held = (Box<[u8]>, Rc<dyn Any>);

/// What lies under a key.
struct Known {
    /// A state in which it lies there, if it was read in one that has a root.
    root: Option<StateRoot>,
    /// The value and its object; `None` where there is none.
    held: Option<Held>,
}

/// What a thread remembers.
struct Memo {
    known: BTreeMap<Vec<u8>, Known>,
    /// Digests of keys that were read, each in its place: a later key may take it.
    met: Vec<u64>,
}

thread_local! {
    static MEMO: RefCell<Memo> =
        const { RefCell::new(Memo { known: BTreeMap::new(), met: Vec::new() }) };
}

/// The object under `key`, to be looked at: as [`super::read`], for what is read again and again and
/// seldom changes. Panics if the state is not one that `apply` wrote.
pub fn shared<T: Encode + Decode<()> + 'static>(
    state: &impl StateRead,
    key: &StateKey<'_>,
) -> Option<Rc<T>> {
    let key = key.to_bytes();
    let root = state.root_for(&key);
    if let Some(root) = root
        && let Some(found) = MEMO.with_borrow(|memo| memo.in_state(&key, root))
    {
        return found;
    }
    let value = state.get(&key);
    if let Some(found) = MEMO.with_borrow_mut(|memo| memo.of_value(&key, value, root)) {
        return found;
    }
    let object: Option<Rc<T>> = value.map(|value| Rc::new(object(value)));
    if value.is_none_or(|value| value.len() <= MOST_VALUE_BYTES) {
        let held = value.zip(object.clone());
        let held = held.map(|(value, object)| (value.into(), object as Rc<dyn Any>));
        MEMO.with_borrow_mut(|memo| memo.remember(key, Known { root, held }));
    }
    object
}

impl Known {
    /// The object, if there is one; `None` if it is of another type.
    fn object<T: 'static>(&self) -> Option<Option<Rc<T>>> {
        match &self.held {
            Some((_, object)) => Rc::downcast(Rc::clone(object)).ok().map(Some),
            None => Some(None),
        }
    }
}

impl Memo {
    /// What lies under a key in the state of a root: under one root, a key has one value.
    fn in_state<T: 'static>(&self, key: &[u8], root: StateRoot) -> Option<Option<Rc<T>>> {
        self.known.get(key).filter(|known| known.root == Some(root))?.object()
    }

    /// What a value under a key is, which lies there in the state of `root`.
    fn of_value<T: 'static>(
        &mut self,
        key: &[u8],
        value: Option<&[u8]>,
        root: Option<StateRoot>,
    ) -> Option<Option<Rc<T>>> {
        let known = self.known.get_mut(key)?;
        if known.held.as_ref().map(|(value, _)| &**value) != value {
            return None;
        }
        known.root = root.or(known.root);
        known.object()
    }

    fn remember(&mut self, key: Vec<u8>, known: Known) {
        if !self.has_met(&key) {
            return;
        }
        if self.known.len() >= MOST_OBJECTS {
            self.known.clear();
        }
        self.known.insert(key, known);
    }

    /// Whether a key was read before, as far as that is still known; it was read now.
    fn has_met(&mut self, key: &[u8]) -> bool {
        let mut hasher = DefaultHasher::new();
        hasher.write(key);
        let digest = hasher.finish();
        self.met.resize(MET.into(), 0);
        let [.., high, low] = digest.to_be_bytes();
        let place = usize::from(u16::from_be_bytes([high, low]) % MET);
        std::mem::replace(&mut self.met[place], digest) == digest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grant::Usage;
    use crate::hash::{ConsortiumId, RecordId};
    use crate::ids::{ExchangeId, GrantId, LogIndex};
    use crate::ledger::TreeState;
    use crate::state::{Changes, Overlay, read};
    use crate::state_tree::StateTree;

    struct Puts(Changes);

    impl StateRead for Puts {
        fn get(&self, key: &[u8]) -> Option<&[u8]> {
            self.0.puts.get(key).map(Vec::as_slice)
        }
        fn has_record(&self, _: &RecordId) -> bool {
            false
        }
        fn has_exchange(&self, _: &ExchangeId) -> bool {
            false
        }
    }

    #[test]
    fn another_state_s_object_under_the_same_key_is_not_mistaken_for_it() {
        let key = StateKey::Usage(GrantId(LogIndex(7)));
        for total in [1, 1, 1, 2, 1, 1] {
            let usage = Usage::default().with(total, 3);
            let state = Puts(Changes::of(&key, &usage));
            assert_eq!(*shared::<Usage>(&state, &key).unwrap(), usage);
            assert_eq!(read::<Usage>(&state, &key).unwrap(), usage);
        }
        assert!(shared::<Usage>(&Puts(Changes::default()), &key).is_none());
    }

    #[test]
    fn more_objects_than_are_remembered_are_all_read_right() {
        for _ in 0..3 {
            for at in 0..2 * MOST_OBJECTS as u64 {
                let key = StateKey::Usage(GrantId(LogIndex(at)));
                let usage = Usage::default().with(at, at);
                let state = Puts(Changes::of(&key, &usage));
                assert_eq!(*shared::<Usage>(&state, &key).unwrap(), usage);
            }
        }
        assert!(MEMO.with_borrow(|memo| memo.known.len()) <= MOST_OBJECTS);
    }

    fn tree(usage: Option<u64>) -> StateTree {
        let key = StateKey::Usage(GrantId(LogIndex(7)));
        let changes = usage.map(|total| Changes::of(&key, &Usage::default().with(total, 3)));
        StateTree::new(&ConsortiumId([5; 32])).with(changes.unwrap_or_default().puts)
    }

    #[test]
    fn in_each_state_its_own_object_is_found_and_its_own_absence() {
        let key = StateKey::Usage(GrantId(LogIndex(7)));
        let trees = [tree(Some(1)), tree(None), tree(Some(2))];
        for _ in 0..3 {
            for tree in &trees {
                let state = TreeState(tree);
                for _ in 0..3 {
                    let found = shared::<Usage>(&state, &key);
                    assert_eq!(found.as_deref(), read::<Usage>(&state, &key).as_ref());
                }
            }
        }
    }

    #[test]
    fn what_is_laid_over_a_state_hides_what_is_remembered_of_it() {
        let (tree, key) = (tree(Some(1)), StateKey::Usage(GrantId(LogIndex(7))));
        let below = TreeState(&tree);
        let changes = Changes::of(&key, &Usage::default().with(8, 3));
        for _ in 0..3 {
            let above = Overlay { below: &below, changes: &changes };
            assert_eq!(*shared::<Usage>(&above, &key).unwrap(), Usage::default().with(8, 3));
            assert_eq!(*shared::<Usage>(&below, &key).unwrap(), Usage::default().with(1, 3));
            let nothing = Overlay { below: &below, changes: &Changes::default() };
            assert_eq!(*shared::<Usage>(&nothing, &key).unwrap(), Usage::default().with(1, 3));
        }
    }
}

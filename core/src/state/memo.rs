//! Objects of the state that were read a short while ago, decoded.
//! Holds: what is answered depends on the bytes under the key alone, as if they were decoded anew;
//! bounded.
//! May not enter: which state the bytes come from.
//!
//! Judging one access reads a dozen objects, nearly always the same: the parameters, the agencies, the
//! gateway's and the officer's keys, the dataset. Decoding them costs more than all the rules.

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::{StateKey, StateRead, object};
use crate::encoding::{Decode, Encode};

/// Most objects that are remembered on a thread (count).
const MOST_OBJECTS: usize = 1_024;
/// Longest value that is remembered (bytes): with their decoded form about 20 MiB at the very most,
/// and 1 MiB as a rule.
const MOST_VALUE_BYTES: usize = 4_096;

struct Known {
    value: Box<[u8]>,
    object: Rc<dyn Any>,
}

thread_local! {
    static KNOWN: RefCell<BTreeMap<Vec<u8>, Known>> = const { RefCell::new(BTreeMap::new()) };
}

/// The object under `key`, to be looked at: as [`super::read`], for what is read again and again and
/// seldom changes. Panics if the state is not one that `apply` wrote.
pub fn shared<T: Encode + Decode<()> + 'static>(
    state: &impl StateRead,
    key: &StateKey<'_>,
) -> Option<Rc<T>> {
    let key = key.to_bytes();
    let value = state.get(&key)?;
    let known = KNOWN.with_borrow(|known| {
        let known = known.get(&key).filter(|known| *known.value == *value)?;
        Rc::downcast(Rc::clone(&known.object)).ok()
    });
    Some(known.unwrap_or_else(|| {
        let object: Rc<T> = Rc::new(object(value));
        if value.len() <= MOST_VALUE_BYTES {
            remember(key, value, Rc::clone(&object) as Rc<dyn Any>);
        }
        object
    }))
}

fn remember(key: Vec<u8>, value: &[u8], object: Rc<dyn Any>) {
    KNOWN.with_borrow_mut(|known| {
        if known.len() >= MOST_OBJECTS {
            known.clear();
        }
        known.insert(key, Known { value: value.into(), object });
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grant::Usage;
    use crate::hash::RecordId;
    use crate::ids::{ExchangeId, GrantId, LogIndex};
    use crate::state::{Changes, read};

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
        for total in [1, 2, 1] {
            let usage = Usage::default().with(total, 3);
            let state = Puts(Changes::of(&key, &usage));
            assert_eq!(*shared::<Usage>(&state, &key).unwrap(), usage);
            assert_eq!(read::<Usage>(&state, &key).unwrap(), usage);
        }
        assert!(shared::<Usage>(&Puts(Changes::default()), &key).is_none());
    }

    #[test]
    fn more_objects_than_are_remembered_are_all_read_right() {
        for _ in 0..2 {
            for at in 0..2 * MOST_OBJECTS as u64 {
                let key = StateKey::Usage(GrantId(LogIndex(at)));
                let usage = Usage::default().with(at, at);
                let state = Puts(Changes::of(&key, &usage));
                assert_eq!(*shared::<Usage>(&state, &key).unwrap(), usage);
            }
        }
        assert!(KNOWN.with_borrow(BTreeMap::len) <= MOST_OBJECTS);
    }
}

//! The tree against a plain map, and readers beside a writer.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

type Plain = BTreeMap<Vec<u8>, Vec<u8>>;

/// Pairs of random keys, none longer than three bytes, so that they meet often.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> usize {
        // Knuth's linear congruential generator, its better half.
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % limit).unwrap()
    }

    fn key(&mut self) -> Vec<u8> {
        let length = 1 + self.below(3);
        (0..length).map(|_| [0, 1, 7, 254, 255][self.below(5)]).collect()
    }

    fn bound(&mut self) -> Bound<Vec<u8>> {
        match self.below(3) {
            0 => Bound::Unbounded,
            1 => Bound::Included(self.key()),
            _ => Bound::Excluded(self.key()),
        }
    }
}

fn assert_like(tree: &Tree, plain: &Plain, range: (Bound<Vec<u8>>, Bound<Vec<u8>>), context: &str) {
    let within = |key: &&Vec<u8>| range.contains(*key);
    let expected: Vec<_> =
        plain.keys().filter(within).map(|key| (key.clone(), plain[key].clone())).collect();
    let read = |order| -> Vec<(Vec<u8>, Vec<u8>)> {
        let pairs = tree.pairs(range.clone(), order).map(Result::unwrap);
        pairs.map(|(key, value)| (key.to_vec(), value.to_vec())).collect()
    };
    assert_eq!(read(Order::Ascending), expected, "{context}, {range:?}");
    let mut descending = read(Order::Descending);
    descending.reverse();
    assert_eq!(descending, expected, "{context}, descending, {range:?}");
}

#[test]
fn tree_reads_as_a_plain_map_whatever_of_it_is_written() {
    for seed in 0..20 {
        let (tree, mut plain, mut chance) = (Tree::in_memory(), Plain::new(), Chance(seed));
        for step in 0..60 {
            let mut batch = Batch::default();
            for _ in 0..chance.below(8) {
                let (key, value) = (chance.key(), vec![step; chance.below(4)]);
                if chance.below(3) == 0 {
                    plain.remove(&key);
                    batch.remove(key);
                } else {
                    plain.insert(key.clone(), value.clone());
                    batch.insert(key, value);
                }
            }
            tree.put(batch);
            match chance.below(10) {
                0 => tree.flush().unwrap(),
                1 | 2 => tree.write().unwrap(),
                // As it is while another thread writes.
                3 => {
                    tree.write().unwrap();
                    let mut ahead = tree.ahead_mut();
                    let stored = tree.store.iter().map(Result::unwrap);
                    ahead.leaving =
                        Arc::new(stored.map(|(key, value)| (key, Some(value))).collect());
                }
                _ => {}
            }
            let context = format!("seed {seed}, step {step}");
            let key = chance.key();
            let value = tree.get(&key).unwrap().map(|value| value.to_vec());
            assert_eq!(value.as_ref(), plain.get(&key), "{context}, {key:?}");
            assert_eq!(tree.contains_key(&key).unwrap(), plain.contains_key(&key), "{context}");
            assert_eq!(tree.is_empty(), plain.is_empty(), "{context}");
            let range = (chance.bound(), chance.bound());
            assert_like(&tree, &plain, range, &context);
            assert_like(&tree, &plain, under(&chance.key()), &context);
        }
    }
}

#[test]
fn keys_under_a_prefix_are_those_that_begin_with_it() {
    for prefix in [&[][..], &[3], &[3, 255], &[255], &[255, 255], &[254, 255, 255]] {
        let range = under(prefix);
        for key in [
            &[][..],
            &[2, 255],
            &[3],
            &[3, 0],
            &[3, 255],
            &[3, 255, 9],
            &[4],
            &[254, 255, 255, 1],
            &[255],
            &[255, 255],
        ] {
            assert_eq!(
                range.contains(&key.to_vec()),
                key.starts_with(prefix),
                "{key:?} under {prefix:?}"
            );
        }
    }
}

/// What leaves memory is in the store before it does.
#[test]
fn readers_miss_nothing_while_it_is_written() {
    let (tree, is_over) = (Tree::in_memory(), AtomicBool::new(false));
    let put = |round: u32| {
        let mut batch = Batch::default();
        (0..200u32).for_each(|key| batch.insert(&key.to_be_bytes(), &round.to_be_bytes()));
        tree.put(batch);
    };
    put(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 1..200 {
                put(round);
                tree.write().unwrap();
            }
            is_over.store(true, Ordering::Relaxed);
        });
        let mut last = 0;
        while !is_over.load(Ordering::Relaxed) {
            let value =
                tree.get(77u32.to_be_bytes()).unwrap().expect("a key that is never removed");
            let round = u32::from_be_bytes((*value).try_into().unwrap());
            assert!(round >= last, "{round} after {last}");
            last = round;
            assert_eq!(tree.ascending(..).map(Result::unwrap).count(), 200);
            assert_eq!(tree.descending(..).map(Result::unwrap).count(), 200);
        }
    });
}

//! A spread map beside one tree that is asked the same.

use std::collections::BTreeMap;

use comity_core::spread::SpreadMap;

use crate::chance::Chance;

/// A key of up to three bytes out of a few, so that the same come again, many share their first bits,
/// and some have too few.
fn key(chance: &mut Chance) -> Vec<u8> {
    let length = chance.below(4);
    (0..length).map(|_| *chance.pick(&[0x00, 0x01, 0x0F, 0x10, 0xFF])).collect()
}

#[test]
fn whatever_is_put_in_and_taken_out_a_spread_map_answers_as_one_tree_does() {
    for seed in 0..50 {
        let mut chance = Chance(seed);
        let (mut spread, mut tree) = (SpreadMap::default(), BTreeMap::new());
        for step in 0..400 {
            let key = key(&mut chance);
            assert_eq!(spread.get(&key), tree.get(&key), "seed {seed}, step {step}");
            assert_eq!(spread.contains_key(&key), tree.contains_key(&key), "seed {seed}");
            let (ours, theirs) = match chance.below(3) {
                0 => (spread.remove(&key), tree.remove(&key)),
                _ => (spread.insert(key.clone(), step), tree.insert(key, step)),
            };
            assert_eq!(ours, theirs, "seed {seed}, step {step}");
            assert_eq!((spread.len(), spread.is_empty()), (tree.len(), tree.is_empty()));
        }
        assert!(spread.iter().eq(tree.iter()), "seed {seed}: the same, in the same order");
    }
}

//! Tests of the state tree against a naive recomputation of its root.
//! Holds: every run tries the same sets. May not enter: unseeded randomness.

mod proofs;

use std::collections::BTreeMap;

use super::*;
use crate::hash::tagged;

const CONSORTIUM: ConsortiumId = ConsortiumId([0x11; 32]);

type Pairs = BTreeMap<Vec<u8>, Vec<u8>>;

/// SplitMix64: the same sets in every run.
struct Seeded(u64);

impl Seeded {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    fn bytes(&mut self, longest: usize) -> Vec<u8> {
        let length = self.below(longest + 1);
        (0..length).map(|_| self.next().to_le_bytes()[0]).collect()
    }

    fn changes(&mut self, count: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
        // Few keys, so that some come twice.
        (0..count).map(|_| (key(self.below(count * 2)), self.bytes(90))).collect()
    }
}

fn key(number: usize) -> Vec<u8> {
    format!("key {number}").into_bytes()
}

fn state(pairs: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> StateTree {
    StateTree::new(&CONSORTIUM).with(pairs)
}

fn path(key: &[u8]) -> Path {
    tagged(Purpose::StateKey, &CONSORTIUM, key)
}

fn leaf_hash(key: &[u8], value: &[u8]) -> [u8; 32] {
    let value_hash = tagged(Purpose::StateValue, &CONSORTIUM, value);
    tagged(Purpose::StateLeaf, &CONSORTIUM, &[path(key), value_hash].concat())
}

fn node(left: [u8; 32], right: [u8; 32]) -> [u8; 32] {
    tagged(Purpose::StateNode, &CONSORTIUM, &[left, right].concat())
}

fn naive_root(pairs: &Pairs) -> StateRoot {
    fn subtree(leaves: Vec<(Path, [u8; 32])>, depth: usize) -> [u8; 32] {
        if leaves.len() < 2 {
            return leaves.first().map_or([0; 32], |leaf| leaf.1);
        }
        let (right, left) =
            leaves.into_iter().partition(|(path, _)| path[depth / 8] & (0x80 >> (depth % 8)) != 0);
        node(subtree(left, depth + 1), subtree(right, depth + 1))
    }
    StateRoot(subtree(pairs.iter().map(|(k, v)| (path(k), leaf_hash(k, v))).collect(), 0))
}

/// The two first keys whose paths agree in at least `bits` bits.
fn neighbours(bits: usize) -> (Vec<u8>, Vec<u8>) {
    assert!(bits < 64);
    let mut seen = BTreeMap::new();
    for number in 0.. {
        let path = path(&key(number));
        let prefix = u64::from_be_bytes(path[..8].try_into().unwrap()) >> (64 - bits);
        if let Some(other) = seen.insert(prefix, number) {
            return (key(other), key(number));
        }
    }
    unreachable!("some two paths agree in so few bits")
}

#[test]
fn fixed_sets_have_the_golden_roots() {
    // Computed by a separate program (Python, hashlib) from docs/formats.md.
    let root = |pairs: &[(&[u8], &[u8])]| {
        state(pairs.iter().map(|(k, v)| (k.to_vec(), v.to_vec()))).root().to_string()
    };
    assert_eq!(
        root(&[(b"key", b"value")]),
        "d154727a4a82bc4c18bde1cf00a01c1dc40ef06273bdd90adb5ce62b2f85cfdc"
    );
    let five: [(&[u8], &[u8]); 5] = [
        (b"", b""),
        (b"agency/health.gd", b"active"),
        (b"agency/tax.gd", b"active"),
        (b"grant/1", &[0; 100]),
        (b"grant/2", &[0xff]),
    ];
    assert_eq!(root(&five), "7f64c7c1949bb11b3cf23f50c35fc43dd8b130a54cea3be406acbb7037a39d31");
    let counters =
        (0..1000u64).map(|n| (format!("counter/{n}").into_bytes(), n.to_le_bytes().to_vec()));
    assert_eq!(
        state(counters).root().to_string(),
        "db8dc0b5b5b750d6bcd932a217440d7aa8fd0eede081d30c7039466763fa292e"
    );
}

#[test]
fn empty_state_has_the_zero_root() {
    let empty = StateTree::new(&CONSORTIUM);
    assert!(empty.is_empty() && empty.iter().next().is_none());
    assert_eq!(empty.root(), StateRoot([0; 32]));
    assert_eq!(empty.with([]).root(), empty.root());
    assert_eq!(empty.get(b"any"), None);
}

#[test]
fn random_batches_agree_with_a_plain_map() {
    for seed in 0..200 {
        let mut seeded = Seeded(seed);
        let (mut pairs, mut tree) = (Pairs::new(), StateTree::new(&CONSORTIUM));
        for _ in 0..4 {
            let count = 1 + seeded.below(40);
            let changes = seeded.changes(count);
            pairs.extend(changes.clone());
            tree = tree.with(changes);
            assert_eq!(tree.root(), naive_root(&pairs), "seed {seed}");
            assert_eq!(tree.len(), pairs.len(), "seed {seed}");
        }
        for number in 0..100 {
            assert_eq!(tree.get(&key(number)), pairs.get(&key(number)).map(Vec::as_slice));
        }
    }
}

#[test]
fn root_depends_neither_on_order_nor_on_batches() {
    for seed in 0..50 {
        let mut seeded = Seeded(seed);
        let mut changes: Vec<_> = Pairs::from_iter(seeded.changes(60)).into_iter().collect();
        let root = state(changes.clone()).root();
        for last in (1..changes.len()).rev() {
            changes.swap(last, seeded.below(last + 1));
        }
        assert_eq!(state(changes.clone()).root(), root, "seed {seed}");
        let singly = changes
            .into_iter()
            .fold(StateTree::new(&CONSORTIUM), |tree, change| tree.with([change]));
        assert_eq!(singly.root(), root, "seed {seed}");
    }
}

#[test]
fn last_value_for_a_key_wins_within_a_batch() {
    let twice = state([(key(1), vec![1]), (key(2), vec![2]), (key(1), vec![3])]);
    assert_eq!(twice.get(&key(1)), Some(&[3][..]));
    assert_eq!(twice.root(), state([(key(1), vec![3]), (key(2), vec![2])]).root());
}

#[test]
fn same_pairs_in_another_consortium_have_another_root() {
    let other = StateTree::new(&ConsortiumId([0x12; 32])).with([(key(1), vec![1])]);
    assert_ne!(other.root(), state([(key(1), vec![1])]).root());
}

#[test]
fn iteration_follows_paths_and_rebuilds_the_same_state() {
    let tree = state(Seeded(7).changes(300));
    let paths: Vec<_> = tree.iter().map(|(key, _)| path(key)).collect();
    assert!(paths.is_sorted() && paths.len() == tree.len());
    let again = state(tree.iter().map(|(key, value)| (key.to_vec(), value.to_vec())));
    assert_eq!(again.root(), tree.root());
}

#[test]
fn snapshots_do_not_see_later_changes() {
    let before = state((0..100).map(|n| (key(n), vec![1])));
    let (root, kept) = (before.root(), before.clone());
    let after = before.with((50..150).map(|n| (key(n), vec![2])));
    assert_ne!(after.root(), root);
    for snapshot in [before, kept] {
        assert_eq!((snapshot.root(), snapshot.len()), (root, 100));
        assert_eq!(snapshot.get(&key(50)), Some(&[1][..]));
        assert_eq!(snapshot.get(&key(149)), None);
    }
    assert_eq!(after.get(&key(149)), Some(&[2][..]));
}

#[test]
fn untouched_subtrees_are_shared() {
    let before = state((0..100).map(|n| (key(n), vec![1])));
    let after = before.with([(key(0), vec![2])]);
    let (Subtree::Inner(old), Subtree::Inner(new)) = (&before.root, &after.root) else {
        panic!("a hundred keys are an inner node");
    };
    let (Subtree::Inner(old), Subtree::Inner(new)) = (if goes_right(&path(&key(0)), 0) {
        (&old.left, &new.left)
    } else {
        (&old.right, &new.right)
    }) else {
        panic!("about fifty keys are an inner node");
    };
    assert!(Arc::ptr_eq(old, new));
}

#[test]
fn lone_leaf_is_pushed_down_when_a_neighbour_arrives() {
    let (first, second) = neighbours(12);
    let alone = state([(first.clone(), vec![1])]);
    assert_eq!(alone.root().0, leaf_hash(&first, &[1]));

    let both = alone.with([(second.clone(), vec![2])]);
    let (first_path, second_path) = (path(&first), path(&second));
    let fork = (0..256)
        .find(|bit| goes_right(&first_path, *bit) != goes_right(&second_path, *bit))
        .unwrap();
    assert!(fork >= 12);
    let (first_leaf, second_leaf) = (leaf_hash(&first, &[1]), leaf_hash(&second, &[2]));
    let mut expected = if goes_right(&first_path, fork) {
        node(second_leaf, first_leaf)
    } else {
        node(first_leaf, second_leaf)
    };
    // Two keys are an inner node all the way up, though all the other sides are empty.
    for depth in (0..fork).rev() {
        expected = if goes_right(&first_path, depth) {
            node(EMPTY, expected)
        } else {
            node(expected, EMPTY)
        };
    }
    assert_eq!(both.root().0, expected);
    assert_eq!(both.get(&first), Some(&[1][..]));
    assert_eq!(both.prove(&first).verify(&CONSORTIUM, &both.root(), &first, Some(&[1])), Ok(()));
}

#[test]
fn paths_that_part_in_the_last_bit_are_256_nodes_deep() {
    let hashers = Hashers::new(&CONSORTIUM);
    let leaf = |path, hash| Arc::new(Leaf { path, hash, key_bytes: 0, bytes: Box::default() });
    let mut left_path = [0xff; 32];
    left_path[31] = 0xfe;
    let (left, right) = (leaf(left_path, [1; 32]), leaf([0xff; 32], [2; 32]));
    let at_once = Subtree::build(&[Arc::clone(&left), Arc::clone(&right)], 0, &hashers);
    let one_by_one = Subtree::Leaf(right).with(&[left], 0, &hashers);
    let expected = (0..255).fold(node([1; 32], [2; 32]), |below, _| node(EMPTY, below));
    assert_eq!((at_once.hash(), at_once.len()), (expected, 2));
    assert_eq!((one_by_one.hash(), one_by_one.len()), (expected, 2));
    let mut siblings = 0;
    let end = at_once.descend(&left_path, |_| siblings += 1);
    assert_eq!((end.map(|leaf| leaf.hash), siblings), (Some([1; 32]), 256));
}

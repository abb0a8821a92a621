//! A whole state put together from its pairs, the work shared: pairs are gathered and hashed in any
//! order, then built up branch by branch, each on whatever thread the caller has.
//! Holds: the tree is the one that all pairs put into an empty tree give.
//! May not enter: threads themselves; files.

use std::sync::Arc;

use super::{Hashers, Leaf, StateTree, Subtree, goes_right, in_order};
use crate::hash::ConsortiumId;

/// Bits of a path that say to which branch a key belongs.
const BRANCH_BITS: usize = 4;

/// Pairs with their hashes, by the branches to which they belong.
pub struct Gathered {
    hashers: Arc<Hashers>,
    heaps: Vec<Vec<Arc<Leaf>>>,
}

/// All pairs of one branch.
pub struct Heap {
    hashers: Arc<Hashers>,
    leaves: Vec<Arc<Leaf>>,
}

/// A part of a state, built.
pub struct Branch {
    hashers: Arc<Hashers>,
    subtree: Subtree,
}

impl Gathered {
    /// Nothing yet, of a consortium's state.
    pub fn new(consortium: &ConsortiumId) -> Gathered {
        let heaps = (0..1 << BRANCH_BITS).map(|_| Vec::new()).collect();
        Gathered { hashers: Arc::new(Hashers::new(consortium)), heaps }
    }

    /// Takes a pair in.
    pub fn add(&mut self, key: &[u8], value: &[u8]) {
        let path = self.hashers.path(key);
        let bits = (0..BRANCH_BITS).map(|bit| usize::from(goes_right(&path, bit)));
        let place = bits.fold(0, |place, bit| place << 1 | bit);
        self.heaps[place].push(Arc::new(self.hashers.leaf(path, key, value)));
    }

    /// The heaps of all that was gathered, in order. Of several values for one key, the last counts.
    pub fn heaps(all: Vec<Gathered>) -> Vec<Heap> {
        let mut all = all.into_iter();
        let Some(Gathered { hashers, mut heaps }) = all.next() else { return Vec::new() };
        for more in all {
            heaps.iter_mut().zip(more.heaps).for_each(|(heap, more)| heap.extend(more));
        }
        heaps.into_iter().map(|leaves| Heap { hashers: Arc::clone(&hashers), leaves }).collect()
    }
}

impl Heap {
    /// Builds the branch.
    pub fn build(self) -> Branch {
        let Heap { hashers, leaves } = self;
        let subtree = Subtree::build(&in_order(leaves), BRANCH_BITS, &hashers);
        Branch { hashers, subtree }
    }
}

impl StateTree {
    /// The state of all branches, in the order of their heaps; `None` where they are not as many as there
    /// are heaps.
    pub fn of_branches(branches: Vec<Branch>) -> Option<StateTree> {
        let hashers = Arc::clone(&branches.first()?.hashers);
        let mut row: Vec<Subtree> = branches.into_iter().map(|branch| branch.subtree).collect();
        if row.len() != 1 << BRANCH_BITS {
            return None;
        }
        while row.len() > 1 {
            let mut below = row.into_iter();
            let mut above = Vec::new();
            while let (Some(left), Some(right)) = (below.next(), below.next()) {
                above.push(hashers.joined(left, right));
            }
            row = above;
        }
        let root = row.pop()?;
        Some(StateTree { hashers, root })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(number: u32) -> (Vec<u8>, Vec<u8>) {
        (number.to_be_bytes().to_vec(), (number % 7).to_le_bytes().to_vec())
    }

    #[test]
    fn a_state_gathered_in_shares_is_the_one_that_all_pairs_give() {
        let consortium = ConsortiumId([7; 32]);
        for count in [0, 1, 2, 3, 17, 1_000] {
            let whole = StateTree::new(&consortium).with((0..count).map(pair));
            for shares in 1..4 {
                let gathered = (0..shares).map(|share| {
                    let mut gathered = Gathered::new(&consortium);
                    // The second value of a key counts.
                    (0..count).filter(|number| number % shares == share).for_each(|number| {
                        let (key, value) = pair(number);
                        gathered.add(&key, b"earlier");
                        gathered.add(&key, &value);
                    });
                    gathered
                });
                let heaps = Gathered::heaps(gathered.collect());
                let tree = StateTree::of_branches(heaps.into_iter().map(Heap::build).collect());
                let tree = tree.unwrap();
                assert_eq!((tree.root(), tree.len()), (whole.root(), whole.len()), "{count}");
                assert!(tree.iter().eq(whole.iter()));
            }
        }
    }

    #[test]
    fn branches_that_are_not_all_there_are_no_state() {
        let gathered = vec![Gathered::new(&ConsortiumId([7; 32]))];
        let mut branches: Vec<Branch> =
            Gathered::heaps(gathered).into_iter().map(Heap::build).collect();
        branches.pop();
        assert!(StateTree::of_branches(branches).is_none());
        assert!(StateTree::of_branches(Vec::new()).is_none());
        assert!(Gathered::heaps(Vec::new()).is_empty());
    }
}

//! The table of planted bugs.
//! Holds: names are distinct; each bug is one that a person could have written.

mod blame;
mod blocks;
mod consensus;
mod rules;
mod storage;

use crate::bug::Bug;

/// All bugs, in the order of their numbers.
pub fn all() -> Vec<Bug> {
    [consensus::BUGS, storage::BUGS, blocks::BUGS, rules::BUGS, blame::BUGS].concat()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn names_are_distinct_and_each_bug_says_what_it_breaks() {
        let bugs = super::all();
        let names: BTreeSet<&str> = bugs.iter().map(|bug| bug.name).collect();
        assert_eq!(names.len(), bugs.len());
        assert!(bugs.iter().all(|bug| !bug.breaks.is_empty() && bug.seeds > 0));
    }
}

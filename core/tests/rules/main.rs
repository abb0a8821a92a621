//! The rules, the blocks and the archives, tried from outside by small stories.
//! Holds: every rule of the ledger is broken at least once by a real, signed record; a rule that
//! has no case here fails the tests.
//! May not enter: private parts of the core.

// Says to the lints that everything here is a test, the story's telling too.
#![cfg(test)]

mod accesses;
mod archives;
mod blocks;
mod certificates;
mod chance;
mod histories;
mod records;
mod refusals;
mod restarts;
mod source;
mod story;
mod validity;

//! The rules, the blocks and the archives, tried from outside by small stories.
//! Holds: every rule of the ledger is broken at least once by a real, signed record; a rule that
//! has no case here fails the tests.
//! May not enter: private parts of the core.

// Says to the lints that everything here is a test, the story's telling too.
#![cfg(test)]

mod accesses;
mod acts;
mod archives;
mod blocks;
mod catalogue;
mod certificates;
mod chance;
mod codes;
mod equivocations;
mod governance;
mod histories;
mod measures;
mod membership;
mod notes;
mod proofs;
mod records;
mod refusals;
mod requests;
mod restarts;
mod sealed;
mod snapshots;
mod source;
mod story;
mod teller;
mod trust_paths;
mod validity;

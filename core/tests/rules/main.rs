//! The rules, the blocks and the archives, tried from outside by small stories.
//! Holds: every rule of the ledger is broken at least once by a real, signed record; a rule that
//! has no case here fails the tests.
//! May not enter: private parts of the core.

// Says to the lints that everything here is a test, the story's telling too.
#![cfg(test)]

mod accesses;
mod acts;
mod approval;
mod archives;
mod assessments;
mod bindings;
mod blocks;
mod bound;
mod catalogue;
mod certificates;
mod chance;
mod checks;
mod clocks;
mod codes;
mod deeds;
mod disputes;
mod duties;
mod emergencies;
mod equivocations;
mod examples;
mod governance;
mod hands;
mod histories;
mod incidents;
mod late;
mod legs;
mod measures;
mod membership;
mod notes;
mod orders;
mod overseen;
mod oversight;
mod proofs;
mod reads;
mod records;
mod refusals;
mod requests;
mod restarts;
mod scenarios;
mod sealed;
mod snapshots;
mod source;
mod spread;
mod story;
mod supervision;
mod task_forces;
mod teller;
mod trust_paths;
mod urgent;
mod validity;

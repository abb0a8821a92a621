//! How full the queues of a replica are, for metrics and for whoever checks their bounds.

use super::Replica;

/// How much is held at this moment; each has a bound of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loads {
    /// Records that wait for a block.
    pub pending: usize,
    /// Records refused for now, to be tried again.
    pub parked: usize,
    /// Proposed blocks of the height under decision.
    pub candidates: usize,
    /// Messages for heights that have not begun.
    pub early: usize,
    /// Equivocations on their way to the log.
    pub accusations: usize,
    /// Records that are being verified.
    pub verifying: usize,
    /// Requests without an answer so far.
    pub asked: usize,
    /// Validators of whom the newest message is remembered.
    pub newest_seen: usize,
    /// Batches of fetched blocks that are not executed yet.
    pub fetched: usize,
}

impl Replica {
    /// How full its queues are.
    pub fn loads(&self) -> Loads {
        Loads {
            pending: self.pool.len(),
            parked: self.pool.parked(),
            candidates: self.candidates.iter().count(),
            early: self.early.len(),
            accusations: self.accusations.len(),
            verifying: self.verifying_records() + self.submitted.len(),
            asked: self.asked.len(),
            newest_seen: self.newest_seen.len(),
            fetched: self.catch_up.fetched,
        }
    }
}

//! What several modules' tests need alike.

use comity_core::block::{HEADER_VERSION, Header};
use comity_core::hash::ConsortiumId;
use comity_core::ids::{Height, LogIndex, TimeMs};

/// A header of no particular block.
pub(crate) fn blank_header(consortium: ConsortiumId, height: u64) -> Header {
    Header {
        version: HEADER_VERSION,
        consortium,
        height: Height(height),
        proposal_round: 0,
        time: TimeMs(height),
        parent: Default::default(),
        parent_certificate: Default::default(),
        body: Default::default(),
        first_index: LogIndex(0),
        log_size: 0,
        log_root: Default::default(),
        state_root: Default::default(),
        validators: Default::default(),
        next_validators: Default::default(),
        proposer: "health.gd".parse().unwrap(),
    }
}

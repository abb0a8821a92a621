//! Whether the proof of a commit is really to be had: receipts of a sample of what was answered as
//! committed, fetched and verified from the genesis.
//! Holds: one receipt that does not verify, or is of other bytes, ends the benchmark.
//! May not enter: the time that is measured as latency.

use std::time::{Duration, Instant};

use comity_core::genesis::Genesis;
use comity_core::ids::LogIndex;
use comity_core::proof::Proof;

use crate::api::Api;
use crate::failure::DevnetError;
use crate::nodes::Network;

use super::plan::Answered;

/// One of so many records is looked at ...
const EVERY: usize = 100;
/// ... or one of more, so that no more than this are, from the whole run.
const MOST: usize = 500;

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sample {
    /// Receipts that were verified (count).
    pub(super) checked: usize,
    /// How long a node took to hand one over: the median (ms).
    pub(super) fetch_ms: f64,
    /// How long it took to verify one: the median (ms).
    pub(super) verify_ms: f64,
}

/// Fetches and verifies receipts, each at the node that answered. Errors: there is none, or it proves
/// something else.
pub(super) fn check(
    network: &Network,
    genesis: &Genesis,
    lists: &[Vec<Vec<u8>>],
    answers: &[Answered],
) -> Result<Sample, DevnetError> {
    let apis: Vec<Api> = network.topology.nodes.iter().map(Api::of).collect();
    let (mut fetched, mut verified) = (Vec::new(), Vec::new());
    let every = EVERY.max(answers.len().div_ceil(MOST));
    for Answered { list, place, entry, .. } in answers.iter().step_by(every) {
        let began = Instant::now();
        let bytes = apis[*list].receipt(*entry)?;
        fetched.push(began.elapsed());
        let began = Instant::now();
        proves(&bytes, genesis, *entry, &lists[*list][*place])
            .map_err(|what| DevnetError::Unexpected(format!("the receipt of {entry}: {what}")))?;
        verified.push(began.elapsed());
    }
    let checked = verified.len();
    Ok(Sample { checked, fetch_ms: median_ms(fetched), verify_ms: median_ms(verified) })
}

/// Whether a proof file is a receipt of this record at this entry. Errors: what it is instead.
fn proves(bytes: &[u8], genesis: &Genesis, entry: u64, record: &[u8]) -> Result<(), String> {
    let Proof::Receipt(receipt) = Proof::from_bytes(bytes).map_err(|error| error.to_string())?
    else {
        return Err("it is another kind of proof".to_owned());
    };
    if receipt.index != LogIndex(entry) || receipt.record != record {
        return Err("it is of another record".to_owned());
    }
    receipt.verify(genesis).map(drop).map_err(|error| error.to_string())
}

fn median_ms(mut took: Vec<Duration>) -> f64 {
    took.sort_unstable();
    took.get(took.len() / 2).copied().unwrap_or_default().as_secs_f64() * 1000.0
}

//! What the blocks of a run say of its consensus: in which rounds they were decided, how far they lie apart,
//! and how many ways between nodes each record's commit could not do without.
//! Holds: read from a node afterwards, so that it costs the run nothing.
//! May not enter: time on the client's clock.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::api::Api;
use crate::failure::DevnetError;
use crate::nodes::Network;

use super::plan::Answered;

/// Ways between nodes, one after the other, from a block's proposal until a node has seen it decided: the
/// proposal, the prevotes, the precommits.
pub(super) const TO_DECIDE: f64 = 3.0;
/// And before them, the record's way to the proposer, where that is another node than the one that was
/// handed it.
const TO_THE_PROPOSER: f64 = 1.0;

/// Blocks of a run, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Chain {
    blocks: Vec<Block>,
}

/// A block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Of its first record.
    pub(super) first_index: u64,
    /// Its records (count).
    pub(super) records: u64,
    /// The agency that proposed it.
    pub(super) proposer: String,
    /// The round in which it was decided; 0 for the first.
    pub(super) round: u32,
    /// The proposer's clock (ms).
    pub(super) time: u64,
}

#[derive(Deserialize)]
struct Page {
    blocks: Vec<Shown>,
    next: Option<u64>,
}

#[derive(Deserialize)]
struct Shown {
    header: Header,
    certificate: Certificate,
}

#[derive(Deserialize)]
struct Header {
    height: u64,
    first_index: u64,
    log_size: u64,
    proposer: String,
    time: u64,
}

#[derive(Deserialize)]
struct Certificate {
    round: u32,
}

impl Chain {
    /// The blocks after one height up to another. Errors: a node does not answer.
    pub(super) fn read(network: &Network, after: u64, to: u64) -> Result<Chain, DevnetError> {
        let api = Api::of(network.first());
        let (mut blocks, mut next) = (Vec::new(), Some(after + 1));
        while let Some(from) = next.filter(|from| *from <= to) {
            let page: Page = api.get(&format!("/v1/blocks?from={from}&limit=16"))?;
            next = page.next;
            for Shown { header, certificate } in page.blocks {
                let Header { height, first_index, log_size, proposer, time } = header;
                if height <= to {
                    let records = log_size.saturating_sub(first_index);
                    let round = certificate.round;
                    blocks.push(Block { first_index, records, proposer, round, time });
                }
            }
        }
        Ok(Chain { blocks })
    }

    /// Rounds that blocks took beyond their first, all together (count).
    pub(super) fn later_rounds(&self) -> f64 {
        self.blocks.iter().map(|block| f64::from(block.round)).sum()
    }

    /// From one block with records to the next, by the proposers' clocks (ms): the median; 0 for fewer
    /// than two.
    pub(super) fn interval_ms(&self) -> f64 {
        let times: Vec<u64> =
            self.blocks.iter().filter(|block| block.records > 0).map(|block| block.time).collect();
        let mut apart: Vec<u64> =
            times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
        apart.sort_unstable();
        apart.get(apart.len() / 2).map_or(0.0, |ms| *ms as f64)
    }

    /// How many ways between nodes, one after the other, the commits of these records could not do
    /// without: the median, and the mean. `agencies` are those of the lists.
    pub(super) fn ways(&self, answers: &[Answered], agencies: &[&str]) -> [f64; 2] {
        let by_first: BTreeMap<u64, &Block> =
            self.blocks.iter().map(|block| (block.first_index, block)).collect();
        let of = |answered: &Answered| {
            let (_, block) = by_first.range(..=answered.entry).next_back()?;
            let own = agencies.get(answered.list).is_some_and(|own| **own == block.proposer);
            Some(TO_DECIDE + if own { 0.0 } else { TO_THE_PROPOSER })
        };
        let mut ways: Vec<f64> = answers.iter().filter_map(of).collect();
        ways.sort_unstable_by(f64::total_cmp);
        let mean = ways.iter().sum::<f64>() / (ways.len() as f64).max(1.0);
        [ways.get(ways.len().saturating_sub(1) / 2).copied().unwrap_or_default(), mean]
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use super::*;

    /// Two blocks, the second decided in the third round, 30 ms later.
    pub(in super::super) fn example() -> Chain {
        let block = |first_index, proposer: &str, round, time| Block {
            first_index,
            records: 10,
            proposer: proposer.to_owned(),
            round,
            time,
        };
        Chain { blocks: vec![block(0, "data.gd", 0, 1_000), block(10, "health.gz", 2, 1_030)] }
    }

    #[test]
    fn a_record_goes_one_way_more_where_another_node_proposes_it() {
        let answered = |list, entry| Answered { list, place: 0, latency: Duration::ZERO, entry };
        let answers = [answered(0, 3), answered(0, 9), answered(0, 10), answered(1, 19)];
        let [median, mean] = example().ways(&answers, &["data.gd", "health.gz"]);
        assert!((median - 3.0).abs() < 1e-9 && (mean - 3.25).abs() < 1e-9, "{median} {mean}");
        assert_eq!(Chain::default().ways(&[], &[]), [0.0, 0.0]);
    }

    #[test]
    fn rounds_beyond_the_first_are_counted_and_blocks_timed() {
        let chain = example();
        assert!((chain.later_rounds() - 2.0).abs() < 1e-9);
        assert!((chain.interval_ms() - 30.0).abs() < 1e-9);
        assert!(Chain::default().interval_ms().abs() < 1e-9);
    }
}

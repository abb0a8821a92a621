//! How large a receipt is and how quickly it is checked, by the length of the log and by the changes
//! of the validators before it.
//! Holds: every receipt that is measured verifies from the genesis.

use std::time::Instant;

use comity_core::genesis::Genesis;
use comity_core::hash::{LeafHash, leaf_hash};
use comity_core::ids::LogIndex;
use comity_core::log_tree::{complete_root, inclusion_path};
use comity_core::proof::{Proof, Receipt};
use comity_core::trust_path::{SetChange, TrustPath};

use super::chain::{Chain, Made, Plan};
use super::reading::Archive;
use crate::args::BenchProofsArgs;
use crate::failure::{DevnetError, unexpected};
use crate::page::{Page, row};
use crate::place::io_error;

/// How often each is checked; the median counts.
const CHECKS: usize = 41;

pub(super) fn run(args: &BenchProofsArgs, page: &mut Page) -> Result<(), DevnetError> {
    let mut sizes = args.entries.clone();
    sizes.sort_unstable();
    let heads = ["ENTRIES", "SET CHANGES", "RECORD BYTES", "RECEIPT BYTES", "CHECKED IN"];
    let mut rows = vec![row(heads)];
    if let Some((archive, genesis)) = args.archive.as_ref().zip(args.genesis.as_ref()) {
        let text = std::fs::read(genesis).map_err(|source| io_error("read", genesis, source))?;
        let genesis: Genesis = serde_json::from_slice(&text).map_err(unexpected)?;
        let mut archive = Archive::open(archive)?;
        rows.extend(of_log(&genesis, || archive.next_block(), &sizes)?);
        return page.table(&rows);
    }
    for changes in &args.changes {
        let most = sizes.last().copied().unwrap_or_default();
        page.say(&format!("A log of {most} entries with {changes} changes ..."))?;
        let plan = Plan { entries: most, changes: *changes, per_block: args.per_block };
        let mut chain = Chain::new(plan)?;
        let genesis = chain.genesis().clone();
        rows.extend(of_log(&genesis, || chain.next_block(), &sizes)?);
    }
    page.gap()?;
    page.table(&rows)
}

fn of_log(
    genesis: &Genesis,
    mut next_block: impl FnMut() -> Result<Option<Made>, DevnetError>,
    sizes: &[u64],
) -> Result<Vec<Vec<String>>, DevnetError> {
    let (mut leaves, mut changes, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    let mut wanted = sizes.iter().copied().peekable();
    while let Some(made) = next_block()? {
        leaves.extend(made.block.records.iter().map(|record| leaf_hash(record)));
        while wanted.next_if(|size| *size <= made.block.header.log_size).is_some() {
            rows.push(measured(genesis, &made, &leaves, &changes)?);
        }
        changes.extend(made.change);
    }
    Ok(rows)
}

/// The receipt of the entry in the middle of the newest block.
fn measured(
    genesis: &Genesis,
    made: &Made,
    leaves: &[LeafHash],
    changes: &[SetChange],
) -> Result<Vec<String>, DevnetError> {
    let header = &made.block.header;
    let place = made.block.records.len() / 2;
    let index = LogIndex(header.first_index.0 + place as u64);
    let subtree = |level: u32, at: u64| {
        let range = usize::try_from(at << level).ok()?..usize::try_from((at + 1) << level).ok()?;
        let roots: Vec<[u8; 32]> = leaves.get(range)?.iter().map(|leaf| leaf.0).collect();
        Some(complete_root(&roots))
    };
    let inclusion = inclusion_path(index.0, header.log_size, subtree).map_err(unexpected)?;
    let (header, certificate) = (header.clone(), made.certificate.clone());
    let path = TrustPath { changes: changes.to_vec(), header, certificate };
    let record = made.block.records[place].clone();
    let (size, record_bytes) = (path.header.log_size, record.len());
    let bytes = Proof::Receipt(Receipt { index, record, inclusion, path }).to_bytes();
    let mut times = Vec::new();
    for _ in 0..CHECKS {
        let began = Instant::now();
        match Proof::from_bytes(&bytes).map_err(unexpected)? {
            Proof::Receipt(receipt) => receipt.verify(genesis).map_err(unexpected)?,
            _ => return Err(unexpected("another proof")),
        };
        times.push(began.elapsed());
    }
    times.sort_unstable();
    let median_ms = times[times.len() / 2].as_secs_f64() * 1_000.0;
    let numbers = [size, changes.len() as u64, record_bytes as u64, bytes.len() as u64];
    let mut cells: Vec<String> = numbers.iter().map(u64::to_string).collect();
    cells.push(format!("{median_ms:.2} ms"));
    Ok(cells)
}

//! What the nodes have counted and written at one moment.
//! Holds: taken only when all nodes have the same height, so that two readings can be compared.
//! May not enter: what the difference means.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::api::Api;
use crate::failure::DevnetError;
use crate::nodes::{Network, running};
use crate::place::io_error;
use crate::usage::of_process;

const SETTLE_LIMIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);
/// The system counts a file's room on the disk in units of so many bytes, whatever the disk's own.
const DISK_UNIT_BYTES: u64 = 512;
/// Syncs of all stores.
const FSYNCS: &str = "comity_fsyncs_total{";
/// Bytes sent to peers: what one sends another receives, so that it is counted once.
const SENT: &str = "comity_network_bytes_total{direction=\"out\"}";

/// A reading of all nodes together: sums, but for the height and the entries, which are the same
/// on all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Reading {
    /// How many nodes (count).
    pub(super) nodes: u64,
    /// Blocks committed.
    pub(super) height: u64,
    /// Entries on the log.
    pub(super) entries: u64,
    /// Syncs that all nodes asked of the disk, since each started.
    pub(super) fsyncs: u64,
    /// Room that the block logs take on the disk (bytes).
    pub(super) block_log_bytes: u64,
    /// Room that the views take: the state and the indexes (bytes).
    pub(super) view_bytes: u64,
    /// Room that all of the nodes' directories take on the disk (bytes).
    pub(super) disk_bytes: u64,
    /// Bytes that all nodes sent to one another, as TCP carries them, since each started.
    pub(super) wire_bytes: u64,
    /// Processor time of all nodes' processes (seconds).
    pub(super) cpu_s: f64,
    /// Most memory that any one of them had at once (bytes).
    pub(super) peak_bytes: u64,
}

/// Takes a reading. Errors: a node does not answer, or does not catch up.
pub(super) fn take(network: &Network) -> Result<Reading, DevnetError> {
    let (height, entries) = settled(network)?;
    let mut reading = Reading { height, entries, ..Reading::default() };
    for node in &network.topology.nodes {
        reading.nodes += 1;
        let metrics = Api::of(node).metrics()?;
        reading.fsyncs += sum(&metrics, FSYNCS);
        reading.wire_bytes += sum(&metrics, SENT);
        let pid = running(&network.place, node).map(|pid| pid.to_string());
        let used = of_process(&pid.unwrap_or_default());
        reading.cpu_s += used.cpu_s;
        reading.peak_bytes = reading.peak_bytes.max(used.peak_bytes);
        let dir = network.place.node(&node.agency);
        let all = |_: &str| true;
        reading.disk_bytes += disk_bytes(&dir, all)?;
        let blocks = |name: &str| name.starts_with("blocks");
        reading.block_log_bytes += disk_bytes(&dir.join("log"), blocks)?;
        reading.view_bytes += disk_bytes(&dir.join("view"), all)?;
    }
    Ok(reading)
}

/// Height and entries, once they are the same on all nodes.
fn settled(network: &Network) -> Result<(u64, u64), DevnetError> {
    let began = Instant::now();
    loop {
        let mut found = Vec::new();
        for node in &network.topology.nodes {
            let status = network.status(node)?;
            found.push((status.height, status.log_size));
        }
        match found.first() {
            Some(first) if found.iter().all(|other| other == first) => return Ok(*first),
            _ if began.elapsed() > SETTLE_LIMIT => {
                let text = format!("the nodes did not come to the same height: {found:?}");
                return Err(DevnetError::Unexpected(text));
            }
            _ => thread::sleep(POLL),
        }
    }
}

/// The sum of the counts whose names and labels begin so.
fn sum(metrics: &str, counter: &str) -> u64 {
    let counts = metrics.lines().filter(|line| line.starts_with(counter));
    counts.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

/// Room on the disk of the files below `dir` whose names are wanted (bytes). Errors: it cannot be looked
/// into.
pub(crate) fn disk_bytes(
    dir: &Path,
    wanted: impl Fn(&str) -> bool + Copy,
) -> Result<u64, DevnetError> {
    let failed = |source| DevnetError::from(io_error("look into", dir, source));
    let mut bytes = 0;
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        // A file that is removed meanwhile takes no room.
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_dir() {
            bytes += disk_bytes(&entry.path(), wanted)?;
        } else if wanted(&entry.file_name().to_string_lossy()) {
            bytes += metadata.blocks() * DISK_UNIT_BYTES;
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_summed_over_the_labels_that_are_meant() {
        let metrics = "# TYPE comity_fsyncs counter\n\
            comity_fsyncs_total{store=\"wal\"} 12\ncomity_fsyncs_total{store=\"blocks\"} 30\n\
            comity_fsync_seconds_count 42\ncomity_height 9\n\
            comity_network_bytes_total{direction=\"in\"} 5\n\
            comity_network_bytes_total{direction=\"out\"} 7\n";
        assert_eq!((sum(metrics, FSYNCS), sum(metrics, SENT)), (42, 7));
    }

    #[test]
    fn only_wanted_files_are_counted() {
        let temp = tempfile::tempdir().unwrap();
        fs::create_dir(temp.path().join("inner")).unwrap();
        fs::write(temp.path().join("blocks-1.log"), [7; 10_000]).unwrap();
        fs::write(temp.path().join("inner/blocks-2.log"), [7; 10_000]).unwrap();
        fs::write(temp.path().join("wal"), [7; 10_000]).unwrap();
        let blocks = disk_bytes(temp.path(), |name| name.starts_with("blocks")).unwrap();
        let all = disk_bytes(temp.path(), |_| true).unwrap();
        assert!(blocks >= 20_000 && all >= blocks + 10_000, "{blocks} {all}");
    }
}

//! How much room the disk has, and how long it takes to sync.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::config::Config;
use crate::data_dir::DataDir;
use crate::shell::room::free_bytes;

use super::finding::{Finding, Report};

/// Writes that are measured (count), of one block of the disk each.
const WRITES: usize = 32;
const BLOCK_BYTES: usize = 4096;
/// A height needs a few syncs: what is slower than this slows everybody.
const SLOW: Duration = Duration::from_millis(50);
/// The other validators do not wait so long.
const TOO_SLOW: Duration = Duration::from_millis(1000);

pub(super) fn look(dir: &DataDir, config: &Config, report: &mut Report) {
    room(dir, config.disk.reserve_bytes.get() as u64, report);
    match measure(dir.root()) {
        Ok(took) => latency(&took, report),
        Err(error) => report.add(Finding::trouble(
            "disk",
            format!("a file of 4 KiB could not be written and synced here: {error}"),
            "check the disk (df, dmesg) and that comityd runs as the owner of the directory",
        )),
    }
}

fn room(dir: &DataDir, reserve_bytes: u64, report: &mut Report) {
    let free = match free_bytes(dir.root()) {
        Ok(free) => free,
        Err(error) => {
            return report.add(Finding::warning(
                "room",
                format!("how much is free on the disk cannot be told: {error}"),
                "look with df",
            ));
        }
    };
    let (free_mib, reserve_mib) = (free >> 20, reserve_bytes >> 20);
    if free < reserve_bytes {
        report.add(Finding::trouble(
            "room",
            format!(
                "{free_mib} MiB are free and {reserve_mib} MiB are kept in reserve: the node \
                 neither votes nor takes records. Nothing is lost"
            ),
            "make room; it goes on by itself. If log/ has grown over the disk, give it a larger one",
        ));
    } else if free < reserve_bytes.saturating_mul(4) {
        report.add(Finding::warning(
            "room",
            format!("{free_mib} MiB are free; below {reserve_mib} MiB the node stops taking part"),
            "make room, or move the directory to a larger disk while the node is stopped",
        ));
    } else {
        report.add(Finding::fine("room", format!("{free_mib} MiB are free on the disk")));
    }
}

/// How long each of some small writes took to be durable, in ascending order.
fn measure(dir: &Path) -> std::io::Result<Vec<Duration>> {
    let path = dir.join("doctor.tmp");
    let measured = (|| {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&path)?;
        let block = [0xA5; BLOCK_BYTES];
        let mut took = Vec::with_capacity(WRITES);
        for _ in 0..WRITES {
            let began = Instant::now();
            file.write_all(&block)?;
            file.sync_data()?;
            took.push(began.elapsed());
        }
        took.sort_unstable();
        Ok(took)
    })();
    // Left behind where that fails too: it is 128 KiB, and the next look takes its place.
    let _ = std::fs::remove_file(&path);
    measured
}

fn latency(took: &[Duration], report: &mut Report) {
    let middle = took.get(took.len() / 2).copied().unwrap_or_default();
    let most = took.last().copied().unwrap_or_default();
    let found = format!(
        "a synced write of 4 KiB takes {} at the median, {} at most (of {})",
        ms(middle),
        ms(most),
        took.len()
    );
    let next = "see what else uses the disk (iostat -x 1); give the node a disk of its own";
    report.add(if most >= TOO_SLOW {
        Finding::trouble("disk", format!("{found}: the others will not wait for this node"), next)
    } else if middle >= SLOW {
        Finding::warning("disk", format!("{found}: each block takes several"), next)
    } else {
        Finding::fine("disk", found)
    });
}

fn ms(time: Duration) -> String {
    format!("{}.{} ms", time.as_millis(), time.subsec_micros() % 1000 / 100)
}

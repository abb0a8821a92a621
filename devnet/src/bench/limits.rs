//! What this machine could do at most: the limits beside which the benchmark's figures stand.
//! Holds: taken in the same run, on the same disk, with the functions that the nodes use; of several
//! tries the fastest counts, so that a limit is not set too low.
//! May not enter: the nodes' own work.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use comity_core::encoding::{decode, encode};
use comity_core::hash::{ConsortiumId, leaf_hash};
use comity_core::statement::{MAX_RECORD_BYTES, SignedRecord, VerifiedRecord};
use serde::Serialize;

use crate::failure::DevnetError;
use crate::place::io_error;

/// How long one try of a rate lasts, and how many tries there are.
const TRY: Duration = Duration::from_millis(400);
const TRIES: usize = 5;
/// What is hashed at once (bytes).
const HASHED_BYTES: usize = 1 << 20;
/// How often a small and a large piece are written and synced.
const SYNCS: usize = 200;
const SMALL_BYTES: usize = 4 * 1024;
const LARGE_BYTES: usize = 256 * 1024;

/// The limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct Limits {
    /// Strict Ed25519 verifications of statements as large as those submitted (one core, per second).
    pub(super) verify_per_s: f64,
    /// Records read and verified whole (one core, per second).
    pub(super) records_verified_per_s: f64,
    /// SHA-256 (one core, 10^6 bytes per second).
    pub(super) sha256_mb_per_s: f64,
    /// Appending 4 KiB to a file and syncing it: the median (ms).
    pub(super) fdatasync_4k_ms: f64,
    /// The same with 256 KiB (ms).
    pub(super) fdatasync_256k_ms: f64,
}

/// Measures them, with `records` like those that will be submitted and files in `dir`. Errors: a record
/// does not verify; a file cannot be written.
pub(super) fn measure(
    consortium: &ConsortiumId,
    records: &[Vec<u8>],
    dir: &Path,
) -> Result<Limits, DevnetError> {
    let mut statements = Vec::new();
    for record in records {
        let SignedRecord { statement, signatures } = decode(record, MAX_RECORD_BYTES)
            .map_err(|error| DevnetError::Unexpected(error.to_string()))?;
        let key = statement.signers.first().map(|signer| signer.key);
        statements.extend(key.zip(signatures.first().copied()).map(|by| (by, encode(&statement))));
    }
    let all_verify = statements.iter().all(|((key, signature), bytes)| {
        key.verify_statement(consortium, bytes, signature).is_ok()
    });
    if statements.is_empty() || !all_verify {
        return Err(DevnetError::Unexpected("the benchmark's records do not verify".to_owned()));
    }
    let verify_per_s = fastest(statements.len(), || {
        for ((key, signature), bytes) in &statements {
            black_box(key.verify_statement(consortium, bytes, signature).is_ok());
        }
    });
    let records_verified_per_s = fastest(records.len(), || {
        for record in records {
            black_box(VerifiedRecord::verify(record, consortium).is_ok());
        }
    });
    let hashed = vec![7; HASHED_BYTES];
    let hashes_per_s = fastest(1, || {
        black_box(leaf_hash(black_box(&hashed)));
    });
    Ok(Limits {
        verify_per_s,
        records_verified_per_s,
        sha256_mb_per_s: hashes_per_s * HASHED_BYTES as f64 / 1e6,
        fdatasync_4k_ms: synced_ms(dir, SMALL_BYTES)?,
        fdatasync_256k_ms: synced_ms(dir, LARGE_BYTES)?,
    })
}

impl Limits {
    /// Records in a second, if so many nodes on so many cores did nothing but verify the signatures of
    /// each.
    pub(super) fn ceiling_per_s(&self, cores: f64, nodes: f64, signatures: f64) -> f64 {
        cores * self.verify_per_s / (nodes * signatures).max(1e-9)
    }
}

/// How many in a second, in the fastest of several tries; each round does `count`.
fn fastest(count: usize, round: impl Fn()) -> f64 {
    let one_try = || {
        let (began, mut done) = (Instant::now(), 0);
        while began.elapsed() < TRY {
            round();
            done += count;
        }
        done as f64 / began.elapsed().as_secs_f64()
    };
    (0..TRIES).map(|_| one_try()).fold(0.0, f64::max)
}

/// How long it takes to append so many bytes and sync them (ms): the median.
fn synced_ms(dir: &Path, bytes: usize) -> Result<f64, DevnetError> {
    let path = dir.join("bench-sync");
    let failed = |source| DevnetError::from(io_error("write", &path, source));
    let mut file = File::create(&path).map_err(failed)?;
    let (piece, mut took) = (vec![7; bytes], Vec::new());
    for _ in 0..SYNCS {
        let began = Instant::now();
        file.write_all(&piece).and_then(|()| file.sync_data()).map_err(failed)?;
        took.push(began.elapsed());
    }
    drop(file);
    fs::remove_file(&path).map_err(failed)?;
    took.sort_unstable();
    Ok(took[took.len() / 2].as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ceiling_is_what_all_cores_verify_shared_by_all_nodes() {
        let limits = Limits { verify_per_s: 30_000.0, ..Limits::default() };
        assert!((limits.ceiling_per_s(2.0, 4.0, 2.0) - 7_500.0).abs() < 1e-6);
        assert!((limits.ceiling_per_s(2.0, 10.0, 2.0) - 3_000.0).abs() < 1e-6);
        assert!((limits.ceiling_per_s(8.0, 4.0, 1.0) - 60_000.0).abs() < 1e-6);
    }

    #[test]
    fn records_that_do_not_verify_set_no_limit() {
        let temp = tempfile::tempdir().unwrap();
        let consortium = ConsortiumId([1; 32]);
        assert!(measure(&consortium, &[], temp.path()).is_err());
        assert!(measure(&consortium, &[vec![1, 2, 3]], temp.path()).is_err());
    }
}

//! A `comityd` that ends in the middle: before or after the k-th change of a kind to its block log
//! and write-ahead log, with half of a write done, or with all lost that was not yet synced.
//! Holds: up to that moment it is the node as it is shipped, on the disk as it is shipped.
//! May not enter: ending in good order.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, OnceLock, PoisonError};

use comity_node::disk::{DiskStep, DiskTrial, Moment};
use comity_replica::storage::DiskOperation;

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// Nothing of the operation is done.
    Before,
    /// Half of the bytes are written.
    Within,
    /// All of it is done, and nobody was told.
    After,
    /// Before it, as if the machine had lost its power: what was not synced is not there.
    Power,
}

/// At which changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// All of an operation.
    Every(DiskOperation),
    /// Those that begin a file: a segment of the block log, the next write-ahead log.
    Beginning,
}

/// Sizes so small that a few commits replace the write-ahead log and begin segments; as they are
/// shipped it takes thousands.
const WAL_LIMIT_BYTES: u64 = 24 * 1024;
const SEGMENT_LIMIT_BYTES: u64 = 8 * 1024;

/// When the process ends.
#[derive(Debug)]
struct Plan {
    how: How,
    kind: Kind,
    /// At which of the kind, from 1.
    at: u64,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    count: u64,
    /// Whether what is going on is of the kind. Changes come one after the other.
    is_of_kind: bool,
    /// How much of each file would survive a loss of power (bytes).
    durable: BTreeMap<PathBuf, u64>,
}

static PLAN: OnceLock<Plan> = OnceLock::new();

/// `comityd-crashing HOW KIND K ARGUMENTS OF COMITYD...`.
pub(super) fn main(args: Vec<OsString>) -> ExitCode {
    let mut words = args.into_iter().skip(1);
    let Some(plan) = plan(&mut words) else { return ExitCode::from(2) };
    // Set once: this is the only caller.
    let _ = PLAN.set(plan);
    let args = std::iter::once(OsString::from("comityd")).chain(words);
    let (wal, segment) = (Some(WAL_LIMIT_BYTES), Some(SEGMENT_LIMIT_BYTES));
    let trial = DiskTrial { watch, wal_limit_bytes: wal, segment_limit_bytes: segment };
    comity_node::main_tried(args, trial)
}

fn plan(words: &mut impl Iterator<Item = OsString>) -> Option<Plan> {
    let mut word = || words.next().and_then(|word| word.into_string().ok());
    let how = match word()?.as_str() {
        "before" => How::Before,
        "within" => How::Within,
        "after" => How::After,
        "power" => How::Power,
        _ => return None,
    };
    let kind = match word()?.as_str() {
        "append" => Kind::Every(DiskOperation::Append),
        "sync" => Kind::Every(DiskOperation::Sync),
        "rename" => Kind::Every(DiskOperation::Rename),
        "truncate" => Kind::Every(DiskOperation::Truncate),
        "remove" => Kind::Every(DiskOperation::Remove),
        "beginning" => Kind::Beginning,
        _ => return None,
    };
    Some(Plan { how, kind, at: word()?.parse().ok()?, seen: Mutex::default() })
}

fn watch(step: &DiskStep<'_>) {
    let Some(plan) = PLAN.get() else { return };
    let mut seen = plan.seen.lock().unwrap_or_else(PoisonError::into_inner);
    if step.moment == Moment::Before {
        // What lay there when the process began has survived until now.
        let found = size(step.path);
        seen.durable.entry(step.path.to_owned()).or_insert(found);
        seen.is_of_kind = plan.kind.covers(step);
        seen.count += u64::from(seen.is_of_kind);
    }
    let is_due = seen.is_of_kind && seen.count == plan.at;
    let moment = if plan.how == How::After { Moment::After } else { Moment::Before };
    if is_due && step.moment == moment {
        if plan.how == How::Within {
            write_half(step);
        }
        if plan.how == How::Power {
            lose_power(&seen.durable);
        }
        // As `kill -9`: nothing is flushed, finished or told.
        std::process::abort();
    }
    if step.moment == Moment::After {
        seen.note(step);
    }
}

impl Kind {
    /// Whether a change that is about to happen is of this kind.
    fn covers(self, step: &DiskStep<'_>) -> bool {
        match self {
            Kind::Every(operation) => step.operation == operation,
            Kind::Beginning => step.operation == DiskOperation::Append && !step.path.exists(),
        }
    }
}

impl Seen {
    /// What a change left that a loss of power would leave, too.
    fn note(&mut self, step: &DiskStep<'_>) {
        match step.operation {
            DiskOperation::Sync | DiskOperation::Truncate => {
                self.durable.insert(step.path.to_owned(), size(step.path));
            }
            DiskOperation::Remove => {
                self.durable.remove(step.path);
            }
            // The only rename of a log is that of the write-ahead log.
            DiskOperation::Rename => {
                if let Some(durable) = self.durable.remove(step.path) {
                    self.durable.insert(step.path.with_file_name("wal"), durable);
                }
            }
            _ => {}
        }
    }
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |found| found.len())
}

fn write_half(step: &DiskStep<'_>) {
    let file = File::options().create(true).append(true).open(step.path);
    // Where that fails, the crash is one before the write.
    let _ = file.and_then(|mut file| file.write_all(&step.bytes[..step.bytes.len() / 2]));
}

fn lose_power(durable: &BTreeMap<PathBuf, u64>) {
    for (path, size) in durable {
        let cut = File::options().write(true).open(path).and_then(|file| file.set_len(*size));
        // A file that is not there has nothing to lose.
        let _ = cut;
    }
}

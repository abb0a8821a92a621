//! How fast an archive is verified, beside the bare rate of strict Ed25519 verification on the same
//! cores in the same run.
//! Holds: what is timed is `comity verify archive` itself, a process of its own; the two take turns.

use std::io::Read;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use comity_core::archive::Frame;
use comity_core::encoding::decode;
use comity_core::statement::{Action, MAX_RECORD_BYTES, SignedRecord};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde_json::Value;

use super::reading::Archive;
use crate::args::BenchVerifyArgs;
use crate::failure::{DevnetError, unexpected};
use crate::page::{Page, row};
use crate::process::Program;
use crate::usage::{Used, of_process};

/// How long the bare rate is taken each time.
const BARE: Duration = Duration::from_secs(3);
/// Messages that are verified in turn, and their length (bytes): about a record's preimage.
const MESSAGES: u8 = 64;
const MESSAGE_BYTES: usize = 450;
/// How often the other process is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// One turn.
struct Turn {
    bare: Bare,
    elapsed_s: f64,
    entries: u64,
    used: Used,
}

/// Bare verification: how many by the clock, and for each second of processor time.
struct Bare {
    per_s: f64,
    per_cpu_s: f64,
}

pub(super) fn run(args: &BenchVerifyArgs, page: &mut Page) -> Result<(), DevnetError> {
    let signatures = count_signatures(&args.archive)?;
    let cores = match args.cores {
        Some(cores) => usize::from(cores),
        None => std::thread::available_parallelism().map_or(1, usize::from),
    };
    page.say(&format!("{signatures} signatures; {} turns on {cores} cores ...", args.turns))?;
    let mut turns = Vec::new();
    for _ in 0..args.turns {
        let bare = bare(cores);
        let (answer, used) = verified(args, cores)?;
        let number = |name: &str| answer[name].as_u64().unwrap_or_default();
        let elapsed_s = Duration::from_millis(number("elapsed_ms").max(1)).as_secs_f64();
        turns.push(Turn { bare, elapsed_s, entries: number("entries"), used });
    }
    show(&turns, signatures, cores, page)
}

/// By the clock, what else runs on the machine counts; by processor time it does not.
fn show(turns: &[Turn], signatures: u64, cores: usize, page: &mut Page) -> Result<(), DevnetError> {
    let heads = ["ENTRIES/S", "SIGN./S", "BARE/S", "SHARE", "SHARE OF CPU", "PEAK MIB", "SECONDS"];
    let mut rows = vec![row(heads)];
    let mut shares = Vec::new();
    for turn in turns {
        let per_s = |count: u64| count as f64 / turn.elapsed_s;
        let share = per_s(signatures) / turn.bare.per_s * 100.0;
        let of_cpu = signatures as f64 / turn.used.cpu_s / turn.bare.per_cpu_s * 100.0;
        shares.push(of_cpu);
        rows.push(row([
            &format!("{:.0}", per_s(turn.entries)),
            &format!("{:.0}", per_s(signatures)),
            &format!("{:.0}", turn.bare.per_s),
            &format!("{share:.0} %"),
            &format!("{of_cpu:.0} %"),
            &format!("{}", turn.used.peak_bytes >> 20),
            &format!("{:.1}", turn.elapsed_s),
        ]));
    }
    page.table(&rows)?;
    shares.sort_by(f64::total_cmp);
    let median = shares.get(shares.len() / 2).copied().unwrap_or_default();
    page.say(&format!(
        "Median: for each second of processor time {median:.0} % of the bare rate, on {cores} cores."
    ))
}

/// Verifications of one signature after another, by keys that were read before, on so many cores.
fn bare(cores: usize) -> Bare {
    let signed: Vec<(VerifyingKey, Vec<u8>, Signature)> = (0..MESSAGES)
        .map(|number| {
            let key = SigningKey::from_bytes(&[number; 32]);
            let message = vec![number; MESSAGE_BYTES];
            let signature = key.sign(&message);
            (key.verifying_key(), message, signature)
        })
        .collect();
    let (began, used) = (Instant::now(), of_process("self").cpu_s);
    let one = || {
        let mut count = 0u64;
        while began.elapsed() < BARE {
            for (key, message, signature) in &signed {
                count += u64::from(key.verify_strict(message, signature).is_ok());
            }
        }
        count
    };
    let count: u64 = std::thread::scope(|scope| {
        let all: Vec<_> = (0..cores).map(|_| scope.spawn(one)).collect();
        all.into_iter().map(|one| one.join().unwrap_or_default()).sum()
    });
    let cpu_s = of_process("self").cpu_s - used;
    Bare { per_s: count as f64 / began.elapsed().as_secs_f64(), per_cpu_s: count as f64 / cpu_s }
}

/// Runs the verification in a process of its own. Returns its answer, and what it used.
fn verified(args: &BenchVerifyArgs, cores: usize) -> Result<(Value, Used), DevnetError> {
    let failed = |source| DevnetError::Process { operation: "run comity".to_owned(), source };
    let words = ["verify".into(), "archive".into(), args.archive.clone().into_os_string()];
    let mut command = Program::Comity.command(words).map_err(failed)?;
    command.arg("--genesis").arg(&args.genesis).args(["--json", "--cores", &cores.to_string()]);
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(failed)?;
    let (id, mut used) = (child.id().to_string(), Used::default());
    while child.try_wait().map_err(failed)?.is_none() {
        let found = of_process(&id);
        used.peak_bytes = used.peak_bytes.max(found.peak_bytes);
        used.cpu_s = used.cpu_s.max(found.cpu_s);
        std::thread::sleep(LOOK);
    }
    let mut out = String::new();
    if let Some(mut pipe) = child.stdout.take() {
        pipe.read_to_string(&mut out).map_err(failed)?;
    }
    let answer: Value = serde_json::from_str(&out).map_err(unexpected)?;
    match answer["verified"] == true {
        true => Ok((answer, used)),
        false => Err(DevnetError::Unexpected(out)),
    }
}

/// Every signature that a verifier of this archive checks.
fn count_signatures(path: &Path) -> Result<u64, DevnetError> {
    in_archive(path).map(|(signatures, _)| signatures)
}

/// The signatures that a verifier of an archive checks, and its records (counts). Errors: it cannot be read.
pub(crate) fn in_archive(path: &Path) -> Result<(u64, u64), DevnetError> {
    let (mut archive, mut count, mut all) = (Archive::open(path)?, 0, 0);
    while let Some(frame) = archive.next_frame()? {
        count += match frame {
            Frame::Block(block) => {
                let certificate = block.parent_certificate.map_or(0, |c| c.signatures.len());
                all += block.records.len() as u64;
                let records = block.records.iter().map(|record| of_record(record));
                certificate as u64 + records.sum::<u64>()
            }
            Frame::Certificate(certificate) => certificate.signatures.len() as u64,
            Frame::Polkas(polkas) => polkas.iter().map(|polka| polka.signatures.len() as u64).sum(),
        };
    }
    Ok((count, all))
}

/// The signatures on and in a record, those of officers, keys and messages inside it included (count);
/// none of what is no record.
pub(crate) fn of_record(bytes: &[u8]) -> u64 {
    let Ok(SignedRecord { statement, signatures }) = decode(bytes, MAX_RECORD_BYTES) else {
        return 0;
    };
    let inside = match &statement.action {
        Action::RecordAccess { .. } | Action::RecordDenial { .. } => 1,
        Action::RegisterKey { .. } => 1,
        Action::RecordEquivocation { .. } => 2,
        Action::OpenProposal { measure } => measure.new_keys().len(),
        _ => 0,
    };
    (signatures.len() + inside) as u64
}

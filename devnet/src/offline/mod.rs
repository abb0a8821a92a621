//! Logs without any node: a long one to be measured (how fast it is verified, how large and how quickly
//! checked its proofs are, what applying a record costs), and one of an invented year. Never for work:
//! every key follows from its place.
//! Holds: the log is built by core's own ledger and verifies like any other.
//! May not enter: consensus; keys that anybody could mistake for real ones.

mod chain;
mod cost;
mod founding;
mod proofs;
mod reading;
mod verifying;
mod year;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use comity_core::archive::{block_frame, certificate_frame, head};
use comity_core::genesis::Genesis;

use crate::args::{BenchApplyArgs, BenchProofsArgs, BenchVerifyArgs, GenerateArgs, YearArgs};
use crate::failure::DevnetError;
use crate::page::Page;
use crate::place::io_error;
pub(crate) use chain::on_all_cores;
use chain::{Chain, Plan};
pub(crate) use verifying::{in_archive as signatures_in, of_record as signatures_of};

/// Writes the genesis of an archive that is about to be made, and over no other. Errors: another genesis, or
/// an archive, is there already; it cannot be written.
fn write_genesis(genesis: &Genesis, path: &Path, archive: &Path) -> Result<(), DevnetError> {
    let taken = |path: &Path| io_error("write", path, io::ErrorKind::AlreadyExists.into());
    let text = serde_json::to_vec_pretty(genesis)
        .map_err(|error| DevnetError::Unexpected(error.to_string()))?;
    if archive.exists() {
        return Err(taken(archive).into());
    }
    match std::fs::read(path) {
        Ok(there) if there == text => Ok(()),
        Ok(_) => Err(taken(path).into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Ok(std::fs::write(path, text).map_err(|source| io_error("write", path, source))?)
        }
        Err(source) => Err(io_error("read", path, source).into()),
    }
}

/// Makes an archive and its genesis. Errors: they cannot be written; the rules refuse a record.
pub(crate) fn generate(args: &GenerateArgs, page: &mut Page) -> Result<(), DevnetError> {
    let plan = Plan { entries: args.entries, changes: args.changes, per_block: args.per_block };
    let mut chain = Chain::new(plan)?;
    write_genesis(chain.genesis(), &args.genesis, &args.out)?;
    let written = |source| io_error("write", &args.out, source);
    let mut out = BufWriter::new(File::create_new(&args.out).map_err(written)?);
    out.write_all(&head(&chain.genesis().id())).map_err(written)?;
    let mut last = None;
    while let Some(made) = chain.next_block()? {
        out.write_all(&block_frame(&made.block)).map_err(written)?;
        last = Some(made.certificate);
    }
    if let Some(certificate) = last {
        out.write_all(&certificate_frame(&certificate)).map_err(written)?;
    }
    out.flush().map_err(written)?;
    page.say(&format!(
        "{} entries in {} blocks, {} bytes: {}",
        chain.entries(),
        chain.blocks(),
        size_bytes(&args.out),
        args.out.display()
    ))
}

/// Makes the archive of an invented year, and its genesis. Errors: a catalogue cannot be read; they
/// cannot be written; the rules refuse a record.
pub(crate) fn year(args: &YearArgs, page: &mut Page) -> Result<(), DevnetError> {
    year::run(args, page)
}

/// How fast an archive is verified. Errors: it does not verify.
pub(crate) fn bench_verify(args: &BenchVerifyArgs, page: &mut Page) -> Result<(), DevnetError> {
    verifying::run(args, page)
}

/// How large receipts are, and how quickly checked. Errors: the rules refuse a record.
pub(crate) fn bench_proofs(args: &BenchProofsArgs, page: &mut Page) -> Result<(), DevnetError> {
    proofs::run(args, page)
}

/// What applying a record costs, by its kind and by how many grants there are. Errors: the rules refuse
/// a record.
pub(crate) fn bench_apply(args: &BenchApplyArgs, page: &mut Page) -> Result<(), DevnetError> {
    cost::run(args, page)
}

fn size_bytes(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |found| found.len())
}

//! Opening a verified file to be read in the place of a node: an archive with its genesis, or an
//! auditor's copy.
//! Holds: nothing is handed on before the last certificate was checked.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use comity_core::archive::{FRAME_HEAD_BYTES, Verifier};
use comity_core::block::Block;
use comity_core::genesis::Genesis;
use comity_core::ids::LogIndex;

use super::audit::Copy;
use super::replay::{self, Accepted, Taker};
use super::verify::{archive_fault, replay_fault, show_progress};
use crate::fault::Fault;
use crate::held::{Held, HeldEntry};
use crate::keys;
use crate::progress::Progress;
use crate::shell::Shell;

/// How much is read at once (bytes).
const READ_BYTES: usize = 1024 * 1024;

/// Which file is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HeldIn {
    /// An archive, and the genesis that it must begin with.
    Archive(PathBuf, PathBuf),
    /// An auditor's copy.
    Copy(PathBuf),
}

/// Reads and verifies a file to its end. Errors: it cannot be read; it does not verify.
pub(crate) fn open(place: &HeldIn, shell: &mut Shell) -> Result<Held, Fault> {
    match place {
        HeldIn::Archive(archive, genesis) => read(keys::load_genesis(genesis)?, archive, shell),
        HeldIn::Copy(dir) => {
            // Nobody else changes the copy meanwhile.
            let copy = Copy::open(dir, None)?;
            read(copy.genesis().clone(), &copy.archive_path(), shell)
        }
    }
}

fn read(genesis: Genesis, path: &Path, shell: &mut Shell) -> Result<Held, Fault> {
    let file: File = keys::open(path)?;
    let size_bytes = file.metadata().map_or(0, |found| found.len());
    let mut input = BufReader::with_capacity(READ_BYTES, file);
    let verifier = Verifier::new(&genesis).map_err(|error| archive_fault(error, path))?;
    let progress = Progress::new(0, size_bytes);
    let mut noting = Noting { entries: Vec::new(), shell: &mut *shell, progress, size_bytes: 0 };
    let replayed = replay::replay(&mut input, verifier, &mut noting, replay::cores(None));
    let entries = std::mem::take(&mut noting.entries);
    shell.show_progress("");
    let ended = replayed.and_then(|(verifier, certificate)| {
        verifier.check_tip(&certificate)?;
        Ok(verifier)
    });
    let verifier = ended.map_err(|error| replay_fault(error, path))?;
    Ok(Held::new(path.to_owned(), genesis, verifier.ledger().clone(), entries))
}

/// Keeps each entry, with what it is found by.
struct Noting<'a> {
    entries: Vec<HeldEntry>,
    shell: &'a mut Shell,
    progress: Progress,
    size_bytes: u64,
}

impl Taker for Noting<'_> {
    fn take(&mut self, verifier: &Verifier, frame: Accepted<'_>) -> Result<(), Fault> {
        self.size_bytes += frame.size_bytes();
        let Accepted::Block(bytes, header, _) = frame else { return Ok(()) };
        let Ok(block) = Block::from_bytes(bytes.get(FRAME_HEAD_BYTES..).unwrap_or_default()) else {
            unreachable!("the block was verified");
        };
        let (of, state) = ((header.height, header.time), verifier.ledger().state());
        let records = (header.first_index.0..).zip(block.records);
        self.entries.extend(
            records.filter_map(|(at, record)| HeldEntry::noted(LogIndex(at), of, record, state)),
        );
        Ok(())
    }

    fn rest(&mut self, verifier: &Verifier) -> Result<(), Fault> {
        show_progress(self.shell, verifier, self.progress.at(self.size_bytes));
        Ok(())
    }
}

//! What a report is made of: an archive, an auditor's copy, or what a node hands out; each replayed
//! from the genesis to its last certificate.
//! Holds: what is handed on was verified to the last byte.

use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use comity_core::archive::{FRAME_HEAD_BYTES, Verifier};
use comity_core::block::Block;
use comity_core::genesis::Genesis;
use comity_core::ledger::Ledger;

use crate::args::ReportCollaboration;
use crate::client::Status;
use crate::commands::audit::{Copy, each_entry_of};
use crate::commands::replay::{self, Accepted, ReplayError, Taker};
use crate::commands::verify::{archive_fault, replay_fault, show_progress};
use crate::fault::Fault;
use crate::indicators::Facts;
use crate::keys;
use crate::messages::fault;
use crate::progress::Progress;
use crate::shell::{Session, Shell};

/// How much is read at once (bytes).
const READ_BYTES: usize = 1024 * 1024;

/// A log that is about to be read.
pub(super) struct Source {
    pub(super) genesis: Genesis,
    input: Box<dyn Read>,
    /// What it is called where it fails.
    name: PathBuf,
    extent: Extent,
    /// Nobody else changes the copy meanwhile.
    _copy: Option<Copy>,
}

/// How long it is, by what is known of it.
#[derive(Clone, Copy, Debug)]
enum Extent {
    Bytes(u64),
    Entries(u64),
}

/// Finds what the report is to be made of. Errors: it cannot be read, or nobody answers.
pub(super) fn open(args: &ReportCollaboration, session: &Session<'_>) -> Result<Source, Fault> {
    if let Some(dir) = &args.copy {
        let copy = Copy::open(dir, None)?;
        let (genesis, path) = (copy.genesis().clone(), copy.archive_path());
        return Ok(Source { _copy: Some(copy), ..of_file(genesis, &path)? });
    }
    let Some(path) = &args.genesis else {
        unreachable!("the command line asks for a genesis where there is no copy");
    };
    let genesis = keys::load_genesis(path)?;
    match &args.archive {
        Some(archive) => of_file(genesis, archive),
        None => of_node(genesis, session),
    }
}

fn of_file(genesis: Genesis, path: &Path) -> Result<Source, Fault> {
    let file = keys::open(path)?;
    let extent = Extent::Bytes(file.metadata().map_or(0, |found| found.len()));
    let input = Box::new(BufReader::with_capacity(READ_BYTES, file));
    Ok(Source { genesis, input, name: path.to_owned(), extent, _copy: None })
}

fn of_node(genesis: Genesis, session: &Session<'_>) -> Result<Source, Fault> {
    let client = session.client()?;
    let status: Status = client.get("/v1/status")?;
    let stream = client.stream("/v1/archive", &vec![])?;
    let input = Box::new(BufReader::with_capacity(READ_BYTES, stream));
    let (name, extent) = (PathBuf::from(client.url()), Extent::Entries(status.log_size));
    Ok(Source { genesis, input, name, extent, _copy: None })
}

impl Source {
    /// Reads and verifies it to its end. Errors: what does not verify.
    pub(super) fn read(
        mut self,
        facts: Facts,
        session: &mut Session<'_>,
        cores: Option<u16>,
    ) -> Result<(Genesis, Ledger, Facts), Fault> {
        let verifier = Verifier::new(&self.genesis);
        let verifier = verifier.map_err(|error| archive_fault(error, &self.name))?;
        let to = match self.extent {
            Extent::Bytes(all) | Extent::Entries(all) => all,
        };
        let (shell, progress) = (&mut *session.shell, Progress::new(0, to));
        let mut reading = Reading { facts, shell, progress, extent: self.extent, size_bytes: 0 };
        let cores = replay::cores(cores);
        let replayed = replay::replay(&mut self.input, verifier, &mut reading, cores);
        let facts = reading.facts;
        session.shell.show_progress("");
        let ended = replayed.and_then(|(verifier, certificate)| {
            verifier.check_tip(&certificate)?;
            Ok(verifier)
        });
        let verifier = ended.map_err(|error| self.fault(error))?;
        Ok((self.genesis, verifier.ledger().clone(), facts))
    }

    fn fault(&self, error: ReplayError) -> Fault {
        match (error, self.extent) {
            (ReplayError::Read(error), Extent::Entries(_)) => {
                fault!(Unknown, "node-unreachable", url = self.name.display(), cause = error)
            }
            (error, _) => replay_fault(error, &self.name),
        }
    }
}

/// Notes what each verified block says.
struct Reading<'a> {
    facts: Facts,
    shell: &'a mut Shell,
    progress: Progress,
    extent: Extent,
    size_bytes: u64,
}

impl Taker for Reading<'_> {
    fn take(&mut self, _: &Verifier, frame: Accepted<'_>) -> Result<(), Fault> {
        self.size_bytes += frame.size_bytes();
        // Its bytes were verified, and so are those of a block.
        if let Accepted::Block(bytes, ..) = frame
            && let Ok(block) = Block::from_bytes(bytes.get(FRAME_HEAD_BYTES..).unwrap_or_default())
        {
            each_entry_of(&block, |index, time, statement| {
                self.facts.take(index, time, statement);
            });
        }
        Ok(())
    }

    fn rest(&mut self, verifier: &Verifier) -> Result<(), Fault> {
        let done = match self.extent {
            Extent::Bytes(_) => self.size_bytes,
            Extent::Entries(_) => verifier.ledger().log().size(),
        };
        show_progress(self.shell, verifier, self.progress.at(done));
        Ok(())
    }
}

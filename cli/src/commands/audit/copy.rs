//! An auditor's own copy of the log: an archive that grows, verified as far as it goes.
//! Holds: after any interruption the archive ends with a block that its certificate proves; what was
//! taken in once is never replaced; bytes that changed since are noticed.
//! May not enter: asking nodes. Files: `genesis.json`, `log.archive` (docs/formats.md, "Archive"),
//! `copy.json` (how far it goes), `ledger.saved` (see `saved`).

use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use comity_core::archive::{HEAD_BYTES, Verifier, certificate_frame, head};
use comity_core::block::Header;
use comity_core::genesis::Genesis;
use comity_core::hash::HeaderHash;
use comity_core::ids::{Height, LogIndex, TimeMs};
use comity_core::ledger::Ledger;
use comity_core::vote::CommitCertificate;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::frames::Frames;
use super::saved::{self, SavedPoint};
use crate::commands::replay::{self, Accepted, Taker};
use crate::commands::verify::{archive_fault, replay_fault};
use crate::fault::Fault;
use crate::keys;
use crate::messages::fault;

const GENESIS: &str = "genesis.json";
const ARCHIVE: &str = "log.archive";
const MARK: &str = "copy.json";

/// How many proven bytes are written at once, at least …
const WRITE_BYTES: usize = 4 * 1024 * 1024;
/// … or so many blocks.
const WRITE_BLOCKS: usize = 256;
/// How often the ledger is kept while blocks come in: a run that is killed loses so much work.
const KEEP_EVERY: Duration = Duration::from_secs(30);

/// How far a copy goes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    /// The last proven block; 0 before the first.
    height: Height,
    /// Its hash.
    header_hash: HeaderHash,
    /// What proves it.
    certificate: Option<CommitCertificate>,
    /// Bytes of the archive up to the certificate at its end.
    archive_bytes: u64,
    /// SHA-256 of those bytes, in hexadecimal digits.
    archive_sha256: String,
}

/// A copy, open. Nobody else has it open meanwhile.
pub(in crate::commands) struct Copy {
    dir: PathBuf,
    genesis: Genesis,
    archive: File,
    mark: Mark,
    /// Over the archive up to the mark.
    hasher: Sha256,
    /// The header of the last block taken in, proven or not.
    last: Option<Header>,
    /// The ledger before the last block taken in, where it is time to keep it.
    to_keep: Option<(Ledger, Header)>,
    kept: Instant,
    /// Frames of the last block taken in, which nothing proves yet.
    unproven: Vec<u8>,
    /// Frames that are proven and not yet written, and how many blocks they are of.
    proven: Vec<u8>,
    proven_blocks: usize,
}

impl Copy {
    /// Opens the copy in a directory, or begins one with a genesis. Errors: the directory, a genesis
    /// that is missing or another, a copy that is damaged or open elsewhere.
    pub(in crate::commands) fn open(dir: &Path, genesis: Option<&Path>) -> Result<Copy, Fault> {
        let given = genesis.map(keys::load_genesis).transpose()?;
        let held = dir.join(GENESIS);
        let genesis = match (held.exists(), given) {
            (false, None) => return Err(fault!(Usage, "audit-no-genesis", path = dir.display())),
            (false, Some(given)) => begin(dir, &given).map(|()| given)?,
            (true, given) => {
                let held = keys::load_genesis(&held)?;
                match given.filter(|given| given.id() != held.id()) {
                    None => held,
                    // Nothing was taken in for the other one yet.
                    Some(given) if read_mark(dir)?.height == Height(0) => {
                        begin(dir, &given).map(|()| given)?
                    }
                    Some(_) => {
                        return Err(fault!(Failed, "audit-other-genesis", path = dir.display()));
                    }
                }
            }
        };
        let path = dir.join(ARCHIVE);
        let archive = OpenOptions::new().read(true).write(true).open(&path);
        let mut archive = archive.map_err(|error| keys::unreadable(&path, &error))?;
        archive.try_lock().map_err(|_| fault!(Failed, "audit-copy-busy", path = dir.display()))?;
        let mark = read_mark(dir)?;
        let hasher = checked(dir, &mut archive, &mark)?;
        settle(&mut archive, &mark).map_err(|error| unwritable(&path, &error))?;
        Ok(Copy {
            dir: dir.to_owned(),
            genesis,
            archive,
            mark,
            hasher,
            last: None,
            to_keep: None,
            kept: Instant::now(),
            unproven: Vec::new(),
            proven: Vec::new(),
            proven_blocks: 0,
        })
    }

    /// The verifier at the copy's end, from where the ledger was last kept. What was taken in and not
    /// written is forgotten. Errors: the copy is damaged.
    pub(super) fn verifier(
        &mut self,
        progress: impl FnMut(&Verifier, u64),
        cores: usize,
    ) -> Result<Verifier, Fault> {
        self.unproven.clear();
        self.proven.clear();
        (self.last, self.to_keep, self.proven_blocks) = (None, None, 0);
        let path = self.dir.join(ARCHIVE);
        let point = saved::read(&self.dir, &self.genesis)
            .filter(|point| point.archive_bytes <= self.mark.archive_bytes);
        let (mut verifier, from) = match point {
            Some(point) => {
                self.last = Some(point.header);
                (Verifier::resume(point.ledger), point.archive_bytes)
            }
            None => {
                let new = Verifier::new(&self.genesis);
                (new.map_err(|error| archive_fault(error, &path))?, HEAD_BYTES as u64)
            }
        };
        if from < self.mark.archive_bytes {
            let mut file = keys::open(&path)?;
            file.seek(SeekFrom::Start(from)).map_err(|error| keys::unreadable(&path, &error))?;
            let mut following = Following { progress, last: None, size_bytes: from };
            let replayed = replay::replay_frames(
                &mut BufReader::new(file),
                &mut verifier,
                &mut following,
                cores,
            );
            let end = replayed.map_err(|error| replay_fault(error, &path))?;
            let end = end.ok_or_else(|| damaged(&self.dir, "it breaks off"))?;
            verifier.check_tip(&end).map_err(|error| archive_fault(error, &path))?;
            self.last = following.last.or(self.last.take());
        }
        if verifier.ledger().tip().hash != self.mark.header_hash {
            return Err(damaged(&self.dir, "it ends with another block than it did"));
        }
        Ok(verifier)
    }

    /// The genesis.
    pub(in crate::commands) fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// Where its archive is: whole, up to the certificate of the last proven block.
    pub(in crate::commands) fn archive_path(&self) -> PathBuf {
        self.dir.join(ARCHIVE)
    }

    /// The last proven block: height and hash.
    pub(in crate::commands) fn tip(&self) -> (Height, HeaderHash) {
        (self.mark.height, self.mark.header_hash)
    }

    /// Its frames from the first block on. Errors: the archive cannot be read.
    pub(in crate::commands) fn frames(&self) -> Result<Frames<impl Read + use<>>, Fault> {
        let path = self.dir.join(ARCHIVE);
        let mut file = keys::open(&path)?;
        file.seek(SeekFrom::Start(HEAD_BYTES as u64))
            .map_err(|error| keys::unreadable(&path, &error))?;
        Ok(Frames::new(BufReader::with_capacity(1 << 20, file), path.display().to_string()))
    }

    /// Shows the bytes of every entry with the time of its block, in the order of the log; the time
    /// of the last block, or of the genesis. Errors: as [`Frames::next`].
    pub(super) fn each_record(
        &self,
        mut see: impl FnMut(LogIndex, TimeMs, &[u8]),
    ) -> Result<TimeMs, Fault> {
        let (mut frames, mut last) = (self.frames()?, self.genesis.time);
        while let Some(block) = frames.next_block()? {
            last = block.header.time;
            let numbered = (block.header.first_index.0..).map(LogIndex).zip(&block.records);
            numbered.for_each(|(index, bytes)| see(index, last, bytes));
        }
        Ok(last)
    }

    /// Bytes of its archive.
    pub(super) fn archive_bytes(&self) -> u64 {
        self.mark.archive_bytes
    }

    /// Whether a block was taken in that nothing proves yet.
    pub(super) fn is_ahead(&self) -> bool {
        !self.unproven.is_empty()
    }

    /// Ends a run: with the certificate of the last block taken in, verified, if there is one; else
    /// that block is left out. Keeps the ledger, where it is the last block's. Errors: the disk.
    pub(super) fn finish(
        &mut self,
        verifier: &Verifier,
        certificate: Option<CommitCertificate>,
    ) -> Result<(), Fault> {
        let Some(certificate) = certificate else { return self.write() };
        self.prove(&certificate);
        self.write()?;
        match self.last.clone() {
            Some(header) if header.hash() == self.mark.header_hash => {
                self.keep(verifier.ledger(), header)
            }
            _ => Ok(()),
        }
    }

    /// The last block taken in is proven.
    fn prove(&mut self, certificate: &CommitCertificate) {
        self.proven.append(&mut self.unproven);
        self.proven_blocks += 1;
        self.mark.height = certificate.height;
        self.mark.header_hash = certificate.header_hash;
        self.mark.certificate = Some(certificate.clone());
    }

    /// Writes what is proven, durably: first the archive, then how far it goes.
    fn write(&mut self) -> Result<(), Fault> {
        if self.proven.is_empty() {
            return Ok(());
        }
        let path = self.dir.join(ARCHIVE);
        let frames = std::mem::take(&mut self.proven);
        self.proven_blocks = 0;
        let end = self.mark.certificate.as_ref().map(certificate_frame).unwrap_or_default();
        let (archive, at) = (&mut self.archive, self.mark.archive_bytes);
        let written = archive
            .seek(SeekFrom::Start(at))
            .and_then(|_| archive.write_all(&frames))
            .and_then(|()| archive.write_all(&end))
            .and_then(|()| archive.set_len(at + (frames.len() + end.len()) as u64))
            .and_then(|()| archive.sync_all());
        written.map_err(|error| unwritable(&path, &error))?;
        self.hasher.update(&frames);
        self.mark.archive_bytes = at + frames.len() as u64;
        self.mark.archive_sha256 = hex::encode(self.hasher.clone().finalize());
        write_mark(&self.dir, &self.mark)
    }

    /// Keeps the ledger of the last written block.
    fn keep(&mut self, ledger: &Ledger, header: Header) -> Result<(), Fault> {
        self.kept = Instant::now();
        let archive_bytes = self.mark.archive_bytes;
        saved::write(&self.dir, &SavedPoint { archive_bytes, ledger: ledger.clone(), header })
    }
}

impl Taker for Copy {
    fn before(&mut self, verifier: &Verifier) {
        if self.kept.elapsed() >= KEEP_EVERY && self.is_ahead() {
            self.to_keep = self.last.clone().map(|header| (verifier.ledger().clone(), header));
        }
    }

    fn take(&mut self, _: &Verifier, frame: Accepted<'_>) -> Result<(), Fault> {
        match frame {
            Accepted::Block(frame, header, parent) => {
                // The first block that is taken in comes after one that is proven already.
                if let Some(certificate) = parent.filter(|_| self.is_ahead()) {
                    self.prove(&certificate);
                    if let Some((ledger, header)) = self.to_keep.take() {
                        self.write()?;
                        self.keep(&ledger, header)?;
                    }
                }
                self.unproven = frame.to_vec();
                self.last = Some(*header);
            }
            Accepted::Polkas(frame) => self.unproven.extend(frame),
        }
        Ok(())
    }

    fn rest(&mut self, _: &Verifier) -> Result<(), Fault> {
        match self.proven.len() >= WRITE_BYTES || self.proven_blocks >= WRITE_BLOCKS {
            true => self.write(),
            false => Ok(()),
        }
    }
}

/// Goes over what is in the copy already.
struct Following<P> {
    progress: P,
    last: Option<Header>,
    size_bytes: u64,
}

impl<P: FnMut(&Verifier, u64)> Taker for Following<P> {
    fn take(&mut self, _: &Verifier, frame: Accepted<'_>) -> Result<(), Fault> {
        self.size_bytes += frame.size_bytes();
        if let Accepted::Block(_, header, _) = frame {
            self.last = Some(*header);
        }
        Ok(())
    }

    fn rest(&mut self, verifier: &Verifier) -> Result<(), Fault> {
        (self.progress)(verifier, self.size_bytes);
        Ok(())
    }
}

/// A new copy, empty.
fn begin(dir: &Path, genesis: &Genesis) -> Result<(), Fault> {
    fs::create_dir_all(dir).map_err(|error| unwritable(dir, &error))?;
    let head = head(&genesis.id());
    let mark = Mark {
        height: Height(0),
        header_hash: HeaderHash(genesis.id().0),
        certificate: None,
        archive_bytes: HEAD_BYTES as u64,
        archive_sha256: hex::encode(Sha256::digest(&head)),
    };
    // The genesis comes last: without it the directory is none of a copy.
    let path = dir.join(ARCHIVE);
    fs::write(&path, head).map_err(|error| unwritable(&path, &error))?;
    write_mark(dir, &mark)?;
    let text = serde_json::to_vec_pretty(genesis)
        .map_err(|error| unwritable(dir, &std::io::Error::other(error)))?;
    keys::replace_private(&dir.join(GENESIS), &text)
}

fn read_mark(dir: &Path) -> Result<Mark, Fault> {
    keys::load_json(&dir.join(MARK), |cause| damaged(dir, &cause.to_string()))
}

fn write_mark(dir: &Path, mark: &Mark) -> Result<(), Fault> {
    let text = serde_json::to_vec_pretty(mark)
        .map_err(|error| unwritable(dir, &std::io::Error::other(error)))?;
    keys::replace_private(&dir.join(MARK), &text)
}

/// Whether the archive's bytes are those that were taken in. Errors: they are not.
fn checked(dir: &Path, archive: &mut File, mark: &Mark) -> Result<Sha256, Fault> {
    let mut hasher = Sha256::new();
    let mut input = archive.take(mark.archive_bytes);
    let mut chunk = vec![0; 1 << 20];
    let mut size_bytes = 0;
    loop {
        match input.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => {
                hasher.update(&chunk[..count]);
                size_bytes += count as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(keys::unreadable(&dir.join(ARCHIVE), &error)),
        }
    }
    if size_bytes < mark.archive_bytes {
        return Err(damaged(dir, "log.archive is shorter than it was"));
    }
    if hex::encode(hasher.clone().finalize()) != mark.archive_sha256 {
        return Err(damaged(dir, "log.archive is not what was written"));
    }
    Ok(hasher)
}

/// Cuts off what a run that was interrupted left behind the last proven block.
fn settle(archive: &mut File, mark: &Mark) -> std::io::Result<()> {
    let end = mark.certificate.as_ref().map(certificate_frame).unwrap_or_default();
    archive.seek(SeekFrom::Start(mark.archive_bytes))?;
    archive.write_all(&end)?;
    archive.set_len(mark.archive_bytes + end.len() as u64)?;
    archive.sync_all()
}

pub(super) fn damaged(dir: &Path, cause: &str) -> Fault {
    fault!(Unverified, "audit-copy-damaged", path = dir.display(), cause = cause)
}

pub(super) fn unwritable(path: &Path, error: &std::io::Error) -> Fault {
    fault!(Failed, "file-unwritable", path = path.display(), cause = error)
}

//! Reading an archive from a file or a node: frames are read in order, checked on all cores,
//! replayed in order.
//! Holds: the first fault in the order of the file is the one that is named; memory is bounded.
//! May not enter: words. Source: docs/formats.md, "Archive".

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use comity_core::archive::{
    ArchiveError, BlockFault, CheckedBlock, FRAME_HEAD_BYTES, Frame, HEAD_BYTES, MAGIC, Verifier,
    check_block, decode_frame, frame_head,
};
use comity_core::block::{Block, Header};
use comity_core::hash::ConsortiumId;
use comity_core::ids::Height;
use comity_core::polka::PolkaCertificate;
use comity_core::vote::CommitCertificate;

use crate::fault::Fault;

/// Frames that go to a worker at once.
const BATCH_FRAMES: usize = 64;
/// Bytes of frames after which a batch is full.
const BATCH_BYTES: usize = 1024 * 1024;
/// Batches under way for each worker: enough that none waits for the one who replays.
const BATCHES_EACH: usize = 3;

/// Why an archive was not replayed to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReplayError {
    /// The file could not be read.
    #[error("the file cannot be read")]
    Read(#[source] io::Error),
    /// It proves nothing.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// Whoever took it in failed.
    #[error("what was verified could not be kept")]
    Taker(Fault),
}

/// Somebody who is told what was taken in, in order.
pub(super) trait Taker {
    /// A block is about to be executed after those before it.
    fn before(&mut self, _: &Verifier) {}

    /// A frame was accepted: it follows from those before. Errors: the taker's own.
    fn take(&mut self, verifier: &Verifier, frame: Accepted<'_>) -> Result<(), Fault>;

    /// Some frames are through.
    fn rest(&mut self, verifier: &Verifier) -> Result<(), Fault>;
}

/// What was accepted, with the frame's bytes.
pub(super) enum Accepted<'a> {
    /// A block, its header, and what proves the one before it.
    Block(&'a [u8], Box<Header>, Option<CommitCertificate>),
    /// Polka certificates of the block before.
    Polkas(&'a [u8]),
}

impl Accepted<'_> {
    /// The frame's length (bytes).
    pub(super) fn size_bytes(&self) -> u64 {
        let (Accepted::Block(frame, ..) | Accepted::Polkas(frame)) = self;
        frame.len() as u64
    }
}

/// How many cores to use: as many as were asked for, else all that this process may use.
pub(super) fn cores(asked: Option<u16>) -> usize {
    match asked {
        Some(asked) => usize::from(asked).max(1),
        None => thread::available_parallelism().map_or(1, usize::from),
    }
}

/// Replays a whole archive on so many cores. Returns the verifier at the tip and the tip's
/// certificate, which is still to be checked.
pub(super) fn replay(
    input: &mut impl Read,
    mut verifier: Verifier,
    taker: &mut impl Taker,
    cores: usize,
) -> Result<(Verifier, CommitCertificate), ReplayError> {
    read_head(input, &verifier)?;
    match replay_frames(input, &mut verifier, taker, cores)? {
        Some(certificate) => Ok((verifier, certificate)),
        None => Err(verifier.fault(BlockFault::Truncated).into()),
    }
}

/// Replays the frames that follow what the verifier has taken in. Returns the certificate at their
/// end, which is still to be checked; none where they break off between two frames.
pub(super) fn replay_frames(
    input: &mut impl Read,
    verifier: &mut Verifier,
    taker: &mut impl Taker,
    cores: usize,
) -> Result<Option<CommitCertificate>, ReplayError> {
    let consortium = *verifier.ledger().consortium();
    let (give, jobs) = channel::<Job>();
    let (give_back, done) = channel();
    let jobs = Mutex::new(jobs);
    thread::scope(|scope| {
        for _ in 0..cores {
            let (jobs, give_back) = (&jobs, give_back.clone());
            scope.spawn(move || work(jobs, &give_back, &consortium));
        }
        drop(give_back);
        let mut line = Line { next: 0, ready: BTreeMap::new(), last: None, verifier, taker };
        // Whatever happens, the workers end: nobody gives them anything any more.
        feed(input, &mut line, (give, &done), cores * BATCHES_EACH).map(|()| line.last)
    })
}

/// Reads batches, gives them to the workers, and replays in their order what comes back.
fn feed(
    input: &mut impl Read,
    line: &mut Line<'_, impl Taker>,
    (give, done): (Sender<Job>, &Receiver<Done>),
    most_under_way: usize,
) -> Result<(), ReplayError> {
    let mut given = 0;
    loop {
        let batch = read_batch(input)?;
        // Nothing makes sense behind a fault.
        let is_end = !matches!(batch.last(), Some(Ok(_)));
        if !batch.is_empty() {
            // The workers are there as long as there is work.
            let _ = give.send((given, batch));
            given += 1;
        }
        let most_under_way = if is_end { 0 } else { most_under_way };
        while given - line.next > most_under_way {
            match done.recv() {
                Ok(done) => line.came_back(done)?,
                Err(_) => unreachable!("a worker gives back all that it is given"),
            }
        }
        while let Ok(done) = done.try_recv() {
            line.came_back(done)?;
        }
        if is_end {
            return Ok(());
        }
    }
}

/// Takes nothing, and tells how far it is: the verifier, and the bytes of frames so far.
pub(super) struct Watching<P> {
    tell: P,
    size_bytes: u64,
}

impl<P: FnMut(&Verifier, u64)> Watching<P> {
    pub(super) fn new(tell: P) -> Self {
        Watching { tell, size_bytes: 0 }
    }
}

impl<P: FnMut(&Verifier, u64)> Taker for Watching<P> {
    fn take(&mut self, _: &Verifier, frame: Accepted<'_>) -> Result<(), Fault> {
        self.size_bytes += frame.size_bytes();
        Ok(())
    }

    fn rest(&mut self, verifier: &Verifier) -> Result<(), Fault> {
        (self.tell)(verifier, self.size_bytes);
        Ok(())
    }
}

/// A frame's kind and all its bytes, or what is wrong in their place.
pub(super) type RawFrame = Result<(u8, Vec<u8>), BlockFault>;
/// A frame checked by itself, with its bytes.
type CheckedFrame = Result<(Checked, Vec<u8>), BlockFault>;
/// Frames with the number of their batch.
type Job = (usize, Vec<RawFrame>);
/// The same, checked, or the panic that came of it.
type Done = (usize, thread::Result<Vec<CheckedFrame>>);

enum Checked {
    Block(CheckedBlock),
    Certificate(CommitCertificate),
    Polkas(Vec<PolkaCertificate>),
}

fn read_head(input: &mut impl Read, verifier: &Verifier) -> Result<(), ReplayError> {
    let mut head = [0u8; HEAD_BYTES];
    let read = read_up_to(input, &mut head).map_err(ReplayError::Read)?;
    if read < HEAD_BYTES && head[..read.min(MAGIC.len())] == MAGIC {
        return Err(verifier.fault(BlockFault::Truncated).into());
    }
    Ok(verifier.check_head(&head)?)
}

/// The next frames; none at the end of the file. A fault is the last of its batch.
fn read_batch(input: &mut impl Read) -> Result<Vec<RawFrame>, ReplayError> {
    let (mut batch, mut size_bytes) = (Vec::new(), 0);
    while batch.len() < BATCH_FRAMES && size_bytes < BATCH_BYTES {
        match read_frame(input).map_err(ReplayError::Read)? {
            None => break,
            Some(Ok((kind, frame))) => {
                size_bytes += frame.len();
                batch.push(Ok((kind, frame)));
            }
            Some(Err(fault)) => {
                batch.push(Err(fault));
                break;
            }
        }
    }
    Ok(batch)
}

/// The next frame; none at the end of the file. Errors: it cannot be read.
pub(super) fn read_frame(input: &mut impl Read) -> io::Result<Option<RawFrame>> {
    let mut head = [0u8; FRAME_HEAD_BYTES];
    match read_up_to(input, &mut head)? {
        0 => return Ok(None),
        FRAME_HEAD_BYTES => {}
        _ => return Ok(Some(Err(BlockFault::Truncated))),
    }
    let (kind, length) = match frame_head(&head) {
        Ok(found) => found,
        Err(fault) => return Ok(Some(Err(fault))),
    };
    let mut frame = head.to_vec();
    frame.resize(FRAME_HEAD_BYTES + length, 0);
    let read = read_up_to(input, &mut frame[FRAME_HEAD_BYTES..])?;
    Ok(Some(if read < length { Err(BlockFault::Truncated) } else { Ok((kind, frame)) }))
}

/// Fills `buffer` as far as the file goes.
fn read_up_to(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// One worker: takes batches while there are any.
fn work(jobs: &Mutex<Receiver<Job>>, give_back: &Sender<Done>, consortium: &ConsortiumId) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((number, batch)) = job else { return };
        let check = |frame: RawFrame| {
            frame.and_then(|(kind, content)| Ok((check(kind, &content, consortium)?, content)))
        };
        let checked = catch_unwind(AssertUnwindSafe(|| batch.into_iter().map(check).collect()));
        if give_back.send((number, checked)).is_err() {
            return;
        }
    }
}

fn check(kind: u8, frame: &[u8], consortium: &ConsortiumId) -> Result<Checked, BlockFault> {
    Ok(match decode_frame(kind, frame.get(FRAME_HEAD_BYTES..).unwrap_or_default())? {
        Frame::Block(block) => Checked::Block(check_block(consortium, block)?),
        Frame::Certificate(certificate) => Checked::Certificate(certificate),
        Frame::Polkas(polkas) => Checked::Polkas(polkas),
    })
}

/// The one place where all is put in order again.
struct Line<'a, T> {
    /// The batch to be replayed next.
    next: usize,
    /// Those after it that came back already.
    ready: BTreeMap<usize, Vec<CheckedFrame>>,
    /// The certificate at the end, once it was met.
    last: Option<CommitCertificate>,
    verifier: &'a mut Verifier,
    taker: &'a mut T,
}

impl<T: Taker> Line<'_, T> {
    fn came_back(&mut self, (number, checked): Done) -> Result<(), ReplayError> {
        let checked = checked.unwrap_or_else(|panic| resume_unwind(panic));
        self.ready.insert(number, checked);
        while let Some(frames) = self.ready.remove(&self.next) {
            self.next += 1;
            self.push_all(frames)?;
            self.taker.rest(self.verifier).map_err(ReplayError::Taker)?;
        }
        Ok(())
    }

    /// Replays checked frames; nothing may follow the certificate.
    fn push_all(&mut self, frames: Vec<CheckedFrame>) -> Result<(), ReplayError> {
        for frame in frames {
            if self.last.is_some() {
                let height: Height = self.verifier.ledger().tip().height;
                let cause = Box::new(BlockFault::Trailing);
                return Err(ArchiveError::Block { height, cause }.into());
            }
            let (checked, bytes) = frame.map_err(|fault| self.verifier.fault(fault))?;
            let accepted = match checked {
                Checked::Block(block) => {
                    let Block { header, parent_certificate, .. } = block.block();
                    let (header, parent) = (header.clone(), parent_certificate.clone());
                    self.taker.before(self.verifier);
                    self.verifier.push(block)?;
                    Accepted::Block(&bytes, Box::new(header), parent)
                }
                Checked::Polkas(polkas) => {
                    self.verifier.polkas(&polkas)?;
                    Accepted::Polkas(&bytes)
                }
                Checked::Certificate(certificate) => {
                    self.last = Some(certificate);
                    continue;
                }
            };
            self.taker.take(self.verifier, accepted).map_err(ReplayError::Taker)?;
        }
        Ok(())
    }
}

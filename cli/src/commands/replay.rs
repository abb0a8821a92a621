//! Reading an archive from a file: frames are read in order, checked on all cores, replayed in
//! order.
//! Holds: the first fault in the order of the file is the one that is named; memory is bounded.
//! May not enter: words. Source: docs/formats.md, "Archive".

use std::io::{self, Read};
use std::sync::{Mutex, PoisonError};
use std::thread;

use comity_core::archive::{
    ArchiveError, BlockFault, CheckedBlock, FRAME_HEAD_BYTES, Frame, HEAD_BYTES, MAGIC, Verifier,
    check_block, decode_frame, frame_head,
};
use comity_core::hash::ConsortiumId;
use comity_core::ids::Height;
use comity_core::polka::PolkaCertificate;
use comity_core::vote::CommitCertificate;

/// Frames checked at once.
const BATCH_FRAMES: usize = 256;
/// Bytes of frames after which a batch is full.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// Why an archive was not replayed to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReplayError {
    /// The file could not be read.
    #[error("the file cannot be read")]
    Read(#[source] io::Error),
    /// It proves nothing.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

/// Replays a whole archive. `progress` is told the height after each batch. Returns the verifier
/// at the tip and the tip's certificate, which is still to be checked.
pub(super) fn replay(
    input: &mut impl Read,
    mut verifier: Verifier,
    mut progress: impl FnMut(&Verifier),
) -> Result<(Verifier, CommitCertificate), ReplayError> {
    let consortium = read_head(input, &verifier)?;
    let mut ready = Vec::new();
    let mut last = None;
    loop {
        let batch = read_batch(input)?;
        let is_end = batch.is_empty();
        // While this batch is checked, the one before is replayed.
        let queue = Mutex::new(batch.into_iter().enumerate());
        let (replayed, checked) = thread::scope(|scope| {
            let cores = thread::available_parallelism().map_or(1, usize::from);
            let workers: Vec<_> =
                (0..cores).map(|_| scope.spawn(|| check_from(&queue, &consortium))).collect();
            let replayed = push_all(&mut verifier, &mut last, ready);
            let checked = workers.into_iter().flat_map(|worker| match worker.join() {
                Ok(checked) => checked,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            (replayed, checked.collect::<Vec<_>>())
        });
        replayed?;
        progress(&verifier);
        ready = in_order(checked);
        if is_end {
            break;
        }
    }
    match last {
        Some(certificate) => Ok((verifier, certificate)),
        None => Err(verifier.fault(BlockFault::Truncated).into()),
    }
}

/// A frame's bytes, or what is wrong in their place.
type RawFrame = Result<(u8, Vec<u8>), BlockFault>;
/// A frame checked by itself.
type CheckedFrame = Result<Checked, BlockFault>;

enum Checked {
    Block(CheckedBlock),
    Certificate(CommitCertificate),
    Polkas(Vec<PolkaCertificate>),
}

fn read_head(input: &mut impl Read, verifier: &Verifier) -> Result<ConsortiumId, ReplayError> {
    let mut head = [0u8; HEAD_BYTES];
    let read = read_up_to(input, &mut head)?;
    if read < HEAD_BYTES && head[..read.min(MAGIC.len())] == MAGIC {
        return Err(verifier.fault(BlockFault::Truncated).into());
    }
    verifier.check_head(&head)?;
    Ok(*verifier.ledger().consortium())
}

/// The next frames; none at the end of the file. A fault is the last of its batch.
fn read_batch(input: &mut impl Read) -> Result<Vec<RawFrame>, ReplayError> {
    let (mut batch, mut size_bytes) = (Vec::new(), 0);
    while batch.len() < BATCH_FRAMES && size_bytes < BATCH_BYTES {
        match read_frame(input)? {
            None => break,
            Some(Ok((kind, content))) => {
                size_bytes += content.len();
                batch.push(Ok((kind, content)));
            }
            Some(Err(fault)) => {
                batch.push(Err(fault));
                break;
            }
        }
    }
    Ok(batch)
}

fn read_frame(input: &mut impl Read) -> Result<Option<RawFrame>, ReplayError> {
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
    let mut content = vec![0u8; length];
    let read = read_up_to(input, &mut content)?;
    Ok(Some(if read < length { Err(BlockFault::Truncated) } else { Ok((kind, content)) }))
}

/// Fills `buffer` as far as the file goes.
fn read_up_to(input: &mut impl Read, buffer: &mut [u8]) -> Result<usize, ReplayError> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(ReplayError::Read(error)),
        }
    }
    Ok(filled)
}

/// One worker: takes frames while there are any.
fn check_from(
    queue: &Mutex<impl Iterator<Item = (usize, RawFrame)>>,
    consortium: &ConsortiumId,
) -> Vec<(usize, CheckedFrame)> {
    let mut done = Vec::new();
    loop {
        let taken = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        let Some((at, frame)) = taken else { return done };
        done.push((at, frame.and_then(|(kind, content)| check(kind, &content, consortium))));
    }
}

fn check(kind: u8, content: &[u8], consortium: &ConsortiumId) -> CheckedFrame {
    Ok(match decode_frame(kind, content)? {
        Frame::Block(block) => Checked::Block(check_block(consortium, block)?),
        Frame::Certificate(certificate) => Checked::Certificate(certificate),
        Frame::Polkas(polkas) => Checked::Polkas(polkas),
    })
}

fn in_order(mut checked: Vec<(usize, CheckedFrame)>) -> Vec<CheckedFrame> {
    checked.sort_by_key(|(at, _)| *at);
    checked.into_iter().map(|(_, frame)| frame).collect()
}

/// Replays checked frames; nothing may follow the certificate.
fn push_all(
    verifier: &mut Verifier,
    last: &mut Option<CommitCertificate>,
    frames: Vec<CheckedFrame>,
) -> Result<(), ArchiveError> {
    for frame in frames {
        if last.is_some() {
            let height: Height = verifier.ledger().tip().height;
            return Err(ArchiveError::Block { height, cause: Box::new(BlockFault::Trailing) });
        }
        match frame.map_err(|fault| verifier.fault(fault))? {
            Checked::Block(block) => verifier.push(block)?,
            Checked::Certificate(certificate) => *last = Some(certificate),
            Checked::Polkas(polkas) => verifier.polkas(&polkas)?,
        }
    }
    Ok(())
}

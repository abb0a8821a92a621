//! Frames of an archive one after another, decoded and not verified: of a copy, which verified
//! them, or as a node shows them.
//! Holds: one frame in memory at a time.

use std::io::Read;

use comity_core::archive::{BlockFault, FRAME_HEAD_BYTES, Frame, decode_frame};
use comity_core::block::{Block, Header};
use comity_core::encoding::decode;
use comity_core::ids::{Height, LogIndex, TimeMs};
use comity_core::polka::PolkaCertificate;
use comity_core::statement::{MAX_RECORD_BYTES, SignedRecord, Statement};
use comity_core::vote::CommitCertificate;

use crate::commands::replay;
use crate::fault::Fault;
use crate::messages::fault;

/// Frames that are read one by one.
pub(in crate::commands) struct Frames<R> {
    input: R,
    /// Where they come from, for who is told of a fault.
    from: String,
}

/// Shows each entry of a block, with the block's time.
pub(in crate::commands) fn each_entry_of(
    block: &Block,
    mut see: impl FnMut(LogIndex, TimeMs, &Statement),
) {
    let Header { first_index, time, .. } = &block.header;
    for (index, bytes) in (first_index.0..).zip(&block.records) {
        if let Ok(record) = decode::<SignedRecord>(bytes, MAX_RECORD_BYTES) {
            see(LogIndex(index), *time, &record.statement);
        }
    }
}

/// A block's header with what is beside the block and what proves it.
pub(super) struct Shown {
    pub(super) header: Header,
    pub(super) polkas: Vec<PolkaCertificate>,
    pub(super) certificate: CommitCertificate,
}

impl<R: Read> Frames<R> {
    pub(in crate::commands) fn new(input: R, from: String) -> Self {
        Frames { input, from }
    }

    /// The same, whatever it is read from.
    pub(in crate::commands) fn boxed(self) -> Frames<Box<dyn Read>>
    where
        R: 'static,
    {
        Frames { input: Box::new(self.input), from: self.from }
    }

    /// The next frame; none at the end. Errors: it cannot be read, or is none.
    pub(in crate::commands) fn next(&mut self) -> Result<Option<Frame>, Fault> {
        let read = replay::read_frame(&mut self.input).map_err(|error| self.unreadable(&error))?;
        let decoded = read.map(|raw| {
            raw.and_then(|(kind, frame)| {
                decode_frame(kind, frame.get(FRAME_HEAD_BYTES..).unwrap_or_default())
            })
        });
        decoded.transpose().map_err(|error| self.unreadable(&error))
    }

    /// The next block; none after the last. Errors: as [`Frames::next`].
    pub(in crate::commands) fn next_block(&mut self) -> Result<Option<Block>, Fault> {
        loop {
            match self.next()? {
                Some(Frame::Block(block)) => return Ok(Some(*block)),
                Some(Frame::Polkas(_)) => {}
                Some(Frame::Certificate(_)) | None => return Ok(None),
            }
        }
    }

    /// What there is of the block at a height, which comes next or later: it, what is kept beside it,
    /// and the certificate after it. Errors: as [`Frames::next`]; the frames end before that.
    pub(super) fn shown(&mut self, height: Height) -> Result<Shown, Fault> {
        let block = loop {
            match self.next_block()? {
                Some(block) if block.header.height == height => break block,
                Some(block) if block.header.height < height => {}
                _ => return Err(self.unreadable(&BlockFault::Truncated)),
            }
        };
        let mut polkas = Vec::new();
        let certificate = loop {
            match self.next()? {
                Some(Frame::Polkas(kept)) => polkas = kept,
                Some(Frame::Certificate(certificate)) => break certificate,
                Some(Frame::Block(next)) => match next.parent_certificate {
                    Some(certificate) => break certificate,
                    None => return Err(self.unreadable(&BlockFault::Frame)),
                },
                None => return Err(self.unreadable(&BlockFault::Truncated)),
            }
        };
        Ok(Shown { header: block.header, polkas, certificate })
    }

    fn unreadable(&self, cause: &dyn std::fmt::Display) -> Fault {
        fault!(Failed, "answer-unreadable", url = self.from, cause = cause)
    }
}

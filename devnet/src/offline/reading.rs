//! An archive read block by block, decoded and not verified, with what certifies each.
//! Holds: one block in memory at a time.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use comity_core::archive::{FRAME_HEAD_BYTES, Frame, HEAD_BYTES, decode_frame, frame_head};
use comity_core::block::Block;

use super::chain::Made;
use crate::failure::{DevnetError, unexpected};
use crate::place::io_error;

/// An archive, open.
pub(super) struct Archive {
    path: PathBuf,
    input: BufReader<File>,
    /// The block whose certificate comes next.
    waiting: Option<Block>,
}

impl Archive {
    /// Opens one. Errors: it cannot be read.
    pub(super) fn open(path: &Path) -> Result<Archive, DevnetError> {
        let unreadable = |source| io_error("read", path, source);
        let mut input = BufReader::new(File::open(path).map_err(unreadable)?);
        input.seek(SeekFrom::Start(HEAD_BYTES as u64)).map_err(unreadable)?;
        Ok(Archive { path: path.to_owned(), input, waiting: None })
    }

    /// The next frame; none at the end. Errors: it cannot be read, or is none.
    pub(super) fn next_frame(&mut self) -> Result<Option<Frame>, DevnetError> {
        let unreadable = |source| DevnetError::from(io_error("read", &self.path, source));
        let mut head = [0; FRAME_HEAD_BYTES];
        if let Err(error) = self.input.read_exact(&mut head) {
            return match error.kind() {
                std::io::ErrorKind::UnexpectedEof => Ok(None),
                _ => Err(unreadable(error)),
            };
        }
        let (kind, length) = frame_head(&head).map_err(unexpected)?;
        let mut content = vec![0; length];
        self.input.read_exact(&mut content).map_err(unreadable)?;
        decode_frame(kind, &content).map(Some).map_err(unexpected)
    }

    /// The next block, of a log whose validators never change. Errors: as [`Archive::next_frame`];
    /// they do.
    pub(super) fn next_block(&mut self) -> Result<Option<Made>, DevnetError> {
        loop {
            let (certificate, next) = match self.next_frame()? {
                None => return Ok(None),
                Some(Frame::Polkas(_)) => continue,
                Some(Frame::Certificate(certificate)) => (Some(certificate), None),
                Some(Frame::Block(block)) => (block.parent_certificate.clone(), Some(*block)),
            };
            let waited = std::mem::replace(&mut self.waiting, next);
            let (Some(block), Some(certificate)) = (waited, certificate) else { continue };
            if block.header.validators != block.header.next_validators {
                return Err(unexpected("the validators of this log change: measure another"));
            }
            return Ok(Some(Made { block, certificate, change: None }));
        }
    }
}

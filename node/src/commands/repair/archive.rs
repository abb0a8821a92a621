//! Reading an archive block by block, each with the certificate that the archive has for it.
//! Holds: lengths are bounded before anything is read.
//! May not enter: verification (see `Verifier`). Source: docs/formats.md, "Archive".

use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::Path;

use comity_core::archive::{
    ArchiveError, BlockFault, FRAME_HEAD_BYTES, Frame, HEAD_BYTES, decode_frame, frame_head,
};
use comity_core::block::{Block, CommittedBlock};
use comity_core::ids::Height;
use comity_core::vote::CertificateError;

/// An archive on the way to its end.
pub(super) struct ArchiveFile {
    file: BufReader<File>,
    head: [u8; HEAD_BYTES],
    /// The block whose certificate comes with the next frame.
    waiting: Option<Box<Block>>,
    height: Height,
}

/// Why an archive cannot be read.
#[derive(Debug)]
pub(super) enum ReadError {
    Io(io::Error),
    Archive(ArchiveError),
}

impl From<ArchiveError> for ReadError {
    fn from(error: ArchiveError) -> Self {
        ReadError::Archive(error)
    }
}

impl ArchiveFile {
    /// Opens an archive and takes up its first block.
    pub(super) fn open(path: &Path) -> Result<ArchiveFile, ReadError> {
        let mut file = BufReader::new(File::open(path).map_err(ReadError::Io)?);
        let mut head = [0; HEAD_BYTES];
        match file.read_exact(&mut head) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(ArchiveError::NotAnArchive.into());
            }
            Err(error) => return Err(ReadError::Io(error)),
        }
        Ok(ArchiveFile { file, head, waiting: None, height: Height(0) })
    }

    /// Its first bytes.
    pub(super) fn head(&self) -> &[u8; HEAD_BYTES] {
        &self.head
    }

    /// The next block; `None` after the last.
    pub(super) fn next_block(&mut self) -> Result<Option<CommittedBlock>, ReadError> {
        let block = match self.waiting.take() {
            Some(block) => block,
            None if self.height == Height(0) => match self.frame()? {
                Frame::Block(block) => block,
                Frame::Certificate(_) | Frame::Polkas(_) => {
                    return Err(self.fault(BlockFault::Frame));
                }
            },
            None => return Ok(None),
        };
        self.height = self.height.next();
        let mut polkas = Vec::new();
        let mut frame = self.frame()?;
        if let Frame::Polkas(beside) = frame {
            polkas = beside;
            frame = self.frame()?;
        }
        let certificate = match frame {
            Frame::Polkas(_) => return Err(self.fault(BlockFault::Frame)),
            Frame::Block(next) => {
                let certificate = next.parent_certificate.clone();
                self.waiting = Some(next);
                certificate.ok_or_else(|| self.fault(CertificateError::OtherBlock))?
            }
            Frame::Certificate(certificate) => {
                self.expect_end()?;
                certificate
            }
        };
        Ok(Some(CommittedBlock { block: *block, certificate, polkas }))
    }

    fn frame(&mut self) -> Result<Frame, ReadError> {
        let mut head = [0; FRAME_HEAD_BYTES];
        self.fill(&mut head)?;
        let (kind, length) = frame_head(&head).map_err(|fault| self.fault(fault))?;
        let mut content = vec![0; length];
        self.fill(&mut content)?;
        decode_frame(kind, &content).map_err(|fault| self.fault(fault))
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), ReadError> {
        match self.file.read_exact(bytes) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(self.fault(BlockFault::Truncated))
            }
            read => read.map_err(ReadError::Io),
        }
    }

    fn expect_end(&mut self) -> Result<(), ReadError> {
        match self.file.read(&mut [0]).map_err(ReadError::Io)? {
            0 => Ok(()),
            _ => Err(self.fault(BlockFault::Trailing)),
        }
    }

    fn fault(&self, cause: impl Into<BlockFault>) -> ReadError {
        ArchiveError::Block { height: self.height.next(), cause: Box::new(cause.into()) }.into()
    }
}

//! Archives: the whole chain in one file, and its verification by replay from the genesis.
//! Holds: what verifies was committed by the consortium of that genesis, every byte of it.
//! May not enter: files, threads (a shell may verify records in parallel, see [`check_block`]).
//! Source: docs/formats.md, "Archive".

mod names;

use crate::block::{Block, MAX_BLOCK_BYTES};
use crate::encoding::{DecodeError, decode, encode};
use crate::genesis::{Genesis, GenesisError};
use crate::hash::ConsortiumId;
use crate::ids::Height;
use crate::ledger::{BlockError, Ledger, Tip};
use crate::polka::{PolkaCertificate, PolkasError, check_polkas};
use crate::statement::{RecordError, VerifiedRecord};
use crate::vote::{CertificateError, CommitCertificate, VerifiedCertificate};

/// First bytes of every archive.
pub const MAGIC: [u8; 8] = *b"COMITYA1";
/// Bytes before the first frame: magic and consortium id.
pub const HEAD_BYTES: usize = 40;
/// Bytes before each frame's content: kind (1) and length (4, little-endian).
pub const FRAME_HEAD_BYTES: usize = 5;
const KIND_BLOCK: u8 = 1;
const KIND_CERTIFICATE: u8 = 2;
const KIND_POLKAS: u8 = 3;
const MAX_CERTIFICATE_BYTES: usize = 64 * 1024;
const MAX_POLKAS_BYTES: usize = 1024 * 1024;

/// Why an archive proves nothing, or not what it is held to prove.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Not an archive at all.
    #[error("this is not a Comity archive (its first bytes are not those of one)")]
    NotAnArchive,
    /// Another consortium's.
    #[error("the archive is of consortium {found}, the genesis of {expected}")]
    OtherConsortium {
        /// The archive's.
        found: ConsortiumId,
        /// The genesis's.
        expected: ConsortiumId,
    },
    /// The genesis founds no consortium.
    #[error("the genesis is not usable: {0}")]
    Genesis(#[from] GenesisError),
    /// A block that fails.
    #[error("block {height} fails: {cause}")]
    Block {
        /// Which block.
        height: Height,
        /// Why.
        #[source]
        cause: Box<BlockFault>,
    },
}

/// What is wrong with one block of an archive.
#[derive(Debug, thiserror::Error)]
pub enum BlockFault {
    /// The archive ends within it, or before the certificate of the last block.
    #[error("the archive ends too early")]
    Truncated,
    /// Bytes after the last certificate.
    #[error("there are bytes after the end")]
    Trailing,
    /// A frame of no known kind, or too long.
    #[error("the archive is damaged here: no frame of a known kind begins")]
    Frame,
    /// Not the canonical bytes of a block or certificate.
    #[error("its bytes are damaged: {0}")]
    Decode(#[from] DecodeError),
    /// The certificate does not prove that the block was committed.
    #[error("its certificate does not prove it: {0}")]
    Certificate(#[from] CertificateError),
    /// The polka certificates beside it are not what they must be.
    #[error("{0}")]
    Polkas(#[from] PolkasError),
    /// A record that does not verify.
    #[error("record {position} in it does not verify: {source}")]
    Record {
        /// Position in the block, from 0.
        position: usize,
        /// Why.
        #[source]
        source: RecordError,
    },
    /// The block does not follow from the chain before it.
    #[error("{0}")]
    Execution(#[from] BlockError),
}

/// The head of an archive.
pub fn head(consortium: &ConsortiumId) -> Vec<u8> {
    [&MAGIC[..], &consortium.0].concat()
}

/// A block's frame.
pub fn block_frame(block: &Block) -> Vec<u8> {
    frame(KIND_BLOCK, &block.to_bytes())
}

/// The frame of the polka certificates of a block, at least one: it follows that block's.
pub fn polkas_frame(polkas: &[PolkaCertificate]) -> Vec<u8> {
    frame(KIND_POLKAS, &encode(&polkas.to_vec()))
}

/// A block's frame, and that of its polka certificates if there are any.
pub fn block_frames(block: &Block, polkas: &[PolkaCertificate]) -> Vec<u8> {
    let mut frames = block_frame(block);
    if !polkas.is_empty() {
        frames.extend(polkas_frame(polkas));
    }
    frames
}

/// The last frame: the certificate of the last block.
pub fn certificate_frame(certificate: &CommitCertificate) -> Vec<u8> {
    frame(KIND_CERTIFICATE, &encode(certificate))
}

fn frame(kind: u8, content: &[u8]) -> Vec<u8> {
    // Blocks and certificates are far below 4 GiB (MAX_BLOCK_BYTES).
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    [&[kind][..], &length.to_le_bytes(), content].concat()
}

/// A frame of an archive, decoded but not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The next block.
    Block(Box<Block>),
    /// The certificate of the block before; nothing follows.
    Certificate(CommitCertificate),
    /// Polka certificates of the block before.
    Polkas(Vec<PolkaCertificate>),
}

/// Reads a frame's kind and content length from its first [`FRAME_HEAD_BYTES`] bytes.
pub fn frame_head(bytes: &[u8; FRAME_HEAD_BYTES]) -> Result<(u8, usize), BlockFault> {
    let [kind, length @ ..] = *bytes;
    let limit = match kind {
        KIND_BLOCK => MAX_BLOCK_BYTES,
        KIND_CERTIFICATE => MAX_CERTIFICATE_BYTES,
        KIND_POLKAS => MAX_POLKAS_BYTES,
        _ => return Err(BlockFault::Frame),
    };
    let length = usize::try_from(u32::from_le_bytes(length)).map_err(|_| BlockFault::Frame)?;
    if length > limit { Err(BlockFault::Frame) } else { Ok((kind, length)) }
}

/// Decodes a frame's content.
pub fn decode_frame(kind: u8, content: &[u8]) -> Result<Frame, BlockFault> {
    Ok(match kind {
        KIND_BLOCK => Frame::Block(Box::new(Block::from_bytes(content)?)),
        KIND_CERTIFICATE => Frame::Certificate(decode(content, MAX_CERTIFICATE_BYTES)?),
        KIND_POLKAS => Frame::Polkas(decode(content, MAX_POLKAS_BYTES)?),
        _ => return Err(BlockFault::Frame),
    })
}

/// A block whose records were verified by themselves: the part of the work that needs no order.
#[derive(Clone, Debug)]
pub struct CheckedBlock {
    block: Box<Block>,
    records: Vec<VerifiedRecord>,
}

impl CheckedBlock {
    /// Records in it.
    pub fn record_count(&self) -> usize {
        self.records.len()
    }

    /// The block.
    pub fn block(&self) -> &Block {
        &self.block
    }
}

/// Verifies a block's records by themselves (form and signatures). Blocks may be checked in any
/// order, on several cores.
pub fn check_block(
    consortium: &ConsortiumId,
    block: Box<Block>,
) -> Result<CheckedBlock, BlockFault> {
    let verify = |(position, bytes): (usize, &Vec<u8>)| {
        VerifiedRecord::verify(bytes, consortium)
            .map_err(|source| BlockFault::Record { position, source })
    };
    let records = block.records.iter().enumerate().map(verify).collect::<Result<_, _>>()?;
    Ok(CheckedBlock { block, records })
}

/// What a whole archive proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The last block.
    pub tip: Tip,
    /// Entries on the log.
    pub entries: u64,
    /// Validators whose precommits commit the last block.
    pub signers: usize,
}

/// Replays an archive block by block.
#[derive(Clone, Debug)]
pub struct Verifier {
    ledger: Ledger,
    /// The last block beside which there were polka certificates.
    polkas_of: Height,
}

impl Verifier {
    /// Starts at the genesis. Errors: it founds no consortium.
    pub fn new(genesis: &Genesis) -> Result<Verifier, ArchiveError> {
        Ok(Verifier { ledger: Ledger::new(genesis)?, polkas_of: Height(0) })
    }

    /// Goes on after a chain that was verified before, whose ledger this is.
    pub fn resume(ledger: Ledger) -> Verifier {
        let polkas_of = ledger.tip().height;
        Verifier { ledger, polkas_of }
    }

    /// Checks an archive's first [`HEAD_BYTES`] bytes.
    pub fn check_head(&self, bytes: &[u8; HEAD_BYTES]) -> Result<(), ArchiveError> {
        let (magic, id) = bytes.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(ArchiveError::NotAnArchive);
        }
        let found = ConsortiumId(id.try_into().unwrap_or_default());
        let expected = *self.ledger.consortium();
        if found != expected {
            return Err(ArchiveError::OtherConsortium { found, expected });
        }
        Ok(())
    }

    /// The ledger so far. Its tip is proven only by the next block or the last certificate.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The height that the next frame must be about.
    pub fn next_height(&self) -> Height {
        self.ledger.tip().height.next()
    }

    /// An error about the block at hand.
    pub fn fault(&self, cause: impl Into<BlockFault>) -> ArchiveError {
        ArchiveError::Block { height: self.next_height(), cause: Box::new(cause.into()) }
    }

    /// Executes the next block, which proves the one before by the certificate that it carries.
    /// Errors: the fault, of that next block; but of the one before, where the certificate shows
    /// that another block was committed in its place.
    pub fn push(&mut self, checked: CheckedBlock) -> Result<(), ArchiveError> {
        let CheckedBlock { block, records } = checked;
        let parent = match block.parent_certificate {
            None => None,
            Some(certificate) => Some(self.check_parent(certificate)?),
        };
        let executed = self
            .ledger
            .execute(&block.header, records, parent.as_ref())
            .map_err(|e| self.fault(e))?;
        self.ledger.commit(&executed);
        Ok(())
    }

    /// Checks polka certificates of the tip. They are what one node saw: another archive of the same
    /// chain may have others, or none. Errors: one that proves nothing, or a second frame of them.
    pub fn polkas(&mut self, polkas: &[PolkaCertificate]) -> Result<(), ArchiveError> {
        let height = self.ledger.tip().height;
        if height == Height(0) {
            return Err(self.fault(BlockFault::Frame));
        }
        let fail = |cause: BlockFault| ArchiveError::Block { height, cause: Box::new(cause) };
        if polkas.is_empty() || self.polkas_of == height {
            return Err(fail(BlockFault::Frame));
        }
        let (consortium, set) = (self.ledger.consortium(), self.ledger.tip_validators());
        check_polkas(polkas, height, consortium, set).map_err(|error| fail(error.into()))?;
        self.polkas_of = height;
        Ok(())
    }

    /// Ends with the tip's own certificate.
    pub fn finish(self, certificate: CommitCertificate) -> Result<Verified, ArchiveError> {
        let signers = certificate.signatures.len();
        self.check_tip(&certificate)?;
        Ok(Verified { tip: self.ledger.tip(), entries: self.ledger.log().size(), signers })
    }

    /// Whether a certificate proves the tip. Errors: it does not.
    pub fn check_tip(&self, certificate: &CommitCertificate) -> Result<(), ArchiveError> {
        if !self.ledger.tip().is_named_by(certificate) {
            return Err(self.tip_fault(CertificateError::OtherBlock));
        }
        let (consortium, set) = (self.ledger.consortium(), self.ledger.tip_validators());
        certificate.clone().verify(consortium, set).map_err(|error| self.tip_fault(error))?;
        Ok(())
    }

    fn check_parent(
        &self,
        certificate: CommitCertificate,
    ) -> Result<VerifiedCertificate, ArchiveError> {
        let tip = self.ledger.tip();
        let parent = certificate
            .verify(self.ledger.consortium(), self.ledger.tip_validators())
            .map_err(|error| self.fault(error))?;
        let committed = parent.certificate();
        if committed.height == tip.height && !tip.is_named_by(committed) {
            return Err(self.tip_fault(CertificateError::OtherBlock));
        }
        Ok(parent)
    }

    fn tip_fault(&self, cause: CertificateError) -> ArchiveError {
        let height = self.ledger.tip().height;
        ArchiveError::Block { height, cause: Box::new(cause.into()) }
    }
}

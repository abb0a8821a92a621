//! Receipts 存证凭证: that an entry is on the log, where, and since when.
//! Holds: the entry stands in the very block whose certified header is shown, so that its time is
//! the header's.
//! May not enter: whether its signers were allowed to act; the consortium answered that by
//! committing it. Source: docs/formats.md, "Receipts".

use crate::block::Header;
use crate::encoding::{Decode, Encode};
use crate::genesis::Genesis;
use crate::hash::leaf_hash;
use crate::ids::LogIndex;
use crate::log_tree::{ProofError, verify_inclusion};
use crate::statement::{RecordError, VerifiedRecord};
use crate::trust_path::{Anchor, PathError, TrustPath, VerifiedPath};

/// An entry with what proves its place.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Receipt {
    /// The entry's position.
    pub index: LogIndex,
    /// The canonical bytes of the signed record.
    pub record: Vec<u8>,
    /// From the entry's sibling up to the header's log root.
    pub inclusion: Vec<[u8; 32]>,
    /// To the header of the entry's block.
    pub path: TrustPath,
}

/// Why a receipt proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// The way to its header fails.
    #[error("its header is not proven: {0}")]
    Path(#[from] PathError),
    /// The record does not verify.
    #[error("its record does not verify: {0}")]
    Record(#[from] RecordError),
    /// The block of the header is not the one with this position.
    #[error("its header is of a block with entries {first} to {end}, not {index}")]
    OtherBlock {
        /// The position stated.
        index: LogIndex,
        /// The block's first.
        first: LogIndex,
        /// One after the block's last.
        end: LogIndex,
    },
    /// The entry is not at this position of the log.
    #[error("its entry is not at the position that it states: {0}")]
    Inclusion(#[from] ProofError),
}

/// A receipt that holds.
#[derive(Clone, Debug)]
pub struct VerifiedReceipt {
    index: LogIndex,
    record: VerifiedRecord,
    path: VerifiedPath,
}

impl Receipt {
    /// Verifies the receipt from the genesis. Errors: the first thing that does not hold.
    pub fn verify(&self, genesis: &Genesis) -> Result<VerifiedReceipt, ReceiptError> {
        self.verify_from(&Anchor::genesis(genesis).map_err(PathError::from)?)
    }

    /// Verifies the receipt from a header that is trusted already. Errors: as [`Receipt::verify`];
    /// the entry is at or below that header.
    pub fn verify_from(&self, anchor: &Anchor) -> Result<VerifiedReceipt, ReceiptError> {
        let path = self.path.verify_from(anchor)?;
        let record = VerifiedRecord::verify(&self.record, &path.header().consortium)?;
        check_place(self.index, &self.record, &self.inclusion, path.header())?;
        Ok(VerifiedReceipt { index: self.index, record, path })
    }
}

/// Whether an entry is at a position in the block of a header.
pub(super) fn check_place(
    index: LogIndex,
    record: &[u8],
    inclusion: &[[u8; 32]],
    header: &Header,
) -> Result<(), ReceiptError> {
    let (first, end) = (header.first_index, LogIndex(header.log_size));
    if index < first || index >= end {
        return Err(ReceiptError::OtherBlock { index, first, end });
    }
    verify_inclusion(&leaf_hash(record), index.0, header.log_size, inclusion, &header.log_root)?;
    Ok(())
}

impl VerifiedReceipt {
    /// The entry's position.
    pub fn index(&self) -> LogIndex {
        self.index
    }

    /// The entry.
    pub fn record(&self) -> &VerifiedRecord {
        &self.record
    }

    /// The header of its block: since when it is on the log.
    pub fn header(&self) -> &Header {
        self.path.header()
    }

    /// Who certified it.
    pub fn path(&self) -> &VerifiedPath {
        &self.path
    }
}

//! Collections 存证集: receipts of several entries, over one way from the genesis.
//! Holds: each entry stands in the very block whose certified header is shown with it, so that its
//! time is that header's.
//! May not enter: which entries belong together; that one is missing cannot be seen here.
//! Source: docs/formats.md, "Collections".

use super::receipt::{ReceiptError, check_place};
use crate::block::Header;
use crate::encoding::{Decode, Encode};
use crate::genesis::Genesis;
use crate::ids::LogIndex;
use crate::statement::VerifiedRecord;
use crate::trust_path::{Anchor, PathError, SetChange, TrustPath, VerifiedPath};
use crate::vote::CommitCertificate;

/// An entry with its place below the header of its block.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CollectedEntry {
    /// The entry's position.
    pub index: LogIndex,
    /// The canonical bytes of the signed record.
    pub record: Vec<u8>,
    /// From the entry's sibling up to the header's log root.
    pub inclusion: Vec<[u8; 32]>,
}

/// A block of which entries are shown.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CollectedBlock {
    /// Its header.
    pub header: Header,
    /// What committed it.
    pub certificate: CommitCertificate,
    /// The entries, strictly ascending by position: at least one.
    pub entries: Vec<CollectedEntry>,
}

/// Entries of one log with what proves their places.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Collection {
    /// Every change of the validators below the last block.
    pub changes: Vec<SetChange>,
    /// The blocks, strictly ascending by height: at least one.
    pub blocks: Vec<CollectedBlock>,
}

/// Why a collection proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CollectionError {
    /// No block, or one without an entry, or not ascending.
    #[error("its blocks or their entries are none, or not distinct and in order")]
    Order,
    /// The way to a block's header fails.
    #[error("a header is not proven: {0}")]
    Path(#[from] PathError),
    /// An entry is not where it says.
    #[error("the entry that states position {index} is not proven: {fault}")]
    Entry {
        /// The position stated.
        index: LogIndex,
        /// Why.
        #[source]
        fault: ReceiptError,
    },
}

/// An entry that is on the log.
#[derive(Clone, Debug)]
pub struct ProvenEntry {
    /// Its position.
    pub index: LogIndex,
    /// The entry.
    pub record: VerifiedRecord,
    /// The header of its block: since when it is on the log.
    pub header: Header,
}

/// A collection that holds.
#[derive(Clone, Debug)]
pub struct VerifiedCollection {
    entries: Vec<ProvenEntry>,
    path: VerifiedPath,
}

impl Collection {
    /// Verifies the collection from the genesis. Errors: the first thing that does not hold.
    pub fn verify(&self, genesis: &Genesis) -> Result<VerifiedCollection, CollectionError> {
        self.verify_from(&Anchor::genesis(genesis).map_err(PathError::from)?)
    }

    /// Verifies the collection from a header that is trusted already. Errors: as
    /// [`Collection::verify`]; a block is at or below that header.
    pub fn verify_from(&self, anchor: &Anchor) -> Result<VerifiedCollection, CollectionError> {
        let in_order = |block: &CollectedBlock| {
            let ascending = block.entries.windows(2).all(|pair| pair[0].index < pair[1].index);
            !block.entries.is_empty() && ascending
        };
        let ascending =
            self.blocks.windows(2).all(|pair| pair[0].header.height < pair[1].header.height);
        let Some(last) = self.blocks.last().filter(|_| ascending) else {
            return Err(CollectionError::Order);
        };
        if !self.blocks.iter().all(in_order) {
            return Err(CollectionError::Order);
        }
        let (header, certificate) = (last.header.clone(), last.certificate.clone());
        let path = TrustPath { changes: self.changes.clone(), header, certificate };
        let path = path.verify_from(anchor)?;
        let mut entries = Vec::new();
        for block in &self.blocks {
            if block.header != *path.header() || block.certificate != last.certificate {
                let proven = path.prove(&block.header, &block.certificate);
                proven.map_err(|fault| PathError::Step { height: block.header.height, fault })?;
            }
            for entry in &block.entries {
                entries.push(entry.verify(&block.header)?);
            }
        }
        Ok(VerifiedCollection { entries, path })
    }
}

impl CollectedEntry {
    /// The entry, below the proven header of its block.
    fn verify(&self, header: &Header) -> Result<ProvenEntry, CollectionError> {
        let index = self.index;
        let at = |fault| CollectionError::Entry { index, fault };
        let record = VerifiedRecord::verify(&self.record, &header.consortium);
        let record = record.map_err(|error| at(error.into()))?;
        check_place(index, &self.record, &self.inclusion, header).map_err(at)?;
        Ok(ProvenEntry { index, record, header: header.clone() })
    }
}

impl VerifiedCollection {
    /// The entries, ascending by position.
    pub fn entries(&self) -> &[ProvenEntry] {
        &self.entries
    }

    /// The entry at a position, if it is shown.
    pub fn entry(&self, index: LogIndex) -> Option<&ProvenEntry> {
        let found = self.entries.binary_search_by_key(&index, |entry| entry.index);
        found.ok().and_then(|place| self.entries.get(place))
    }

    /// Who certified the last block, and who ruled before.
    pub fn path(&self) -> &VerifiedPath {
        &self.path
    }
}

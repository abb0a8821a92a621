//! A log that an auditor has, gone through from its beginning: a copy of one's own, or an archive.
//! Holds: nothing is shown that was not verified: a copy when it was taken in, an archive just now.
//! May not enter: nodes.

use std::path::Path;
use std::sync::Arc;

use comity_core::encoding::decode;
use comity_core::genesis::Genesis;
use comity_core::hash::HeaderHash;
use comity_core::ids::{Height, LogIndex, TimeMs};
use comity_core::statement::{MAX_RECORD_BYTES, SignedRecord, Statement};

use super::copy::Copy;
use crate::fault::Fault;
use crate::held::Held;
use crate::shell::Session;

/// The log.
pub(super) enum Verified {
    /// A copy, which nobody changes meanwhile.
    Copy(Box<Copy>),
    /// An archive.
    Archive(Arc<Held>),
}

impl Verified {
    /// The copy in a directory, or the archive that the command names in its place; `None` where it
    /// names neither. Errors: as [`Copy::open`].
    pub(super) fn named(
        copy: Option<&Path>,
        session: &Session<'_>,
    ) -> Result<Option<Verified>, Fault> {
        match (&session.global.held, copy) {
            (Some(held), _) => Ok(Some(Verified::Archive(Arc::clone(held)))),
            (None, Some(dir)) => Ok(Some(Verified::Copy(Box::new(Copy::open(dir, None)?)))),
            (None, None) => Ok(None),
        }
    }

    /// The same, for a command that has to name one. Errors: as [`Verified::named`].
    pub(super) fn open(copy: Option<&Path>, session: &Session<'_>) -> Result<Verified, Fault> {
        match Verified::named(copy, session)? {
            Some(log) => Ok(log),
            None => unreachable!("a copy or an archive is required"),
        }
    }

    /// What it began with.
    pub(super) fn genesis(&self) -> &Genesis {
        match self {
            Verified::Copy(copy) => copy.genesis(),
            Verified::Archive(held) => held.genesis(),
        }
    }

    /// Its last block: height and hash.
    pub(super) fn tip(&self) -> (Height, HeaderHash) {
        match self {
            Verified::Copy(copy) => copy.tip(),
            Verified::Archive(held) => (held.ledger().tip().height, held.ledger().tip().hash),
        }
    }

    /// Shows the bytes of every entry with the time of its block, in the order of the log; the time
    /// of the last block, or of the genesis. Errors: the copy cannot be read.
    pub(super) fn each_record(
        &self,
        mut see: impl FnMut(LogIndex, TimeMs, &[u8]),
    ) -> Result<TimeMs, Fault> {
        match self {
            Verified::Copy(copy) => copy.each_record(see),
            Verified::Archive(held) => {
                held.records().for_each(|(index, time, bytes)| see(index, time, bytes));
                Ok(held.as_of())
            }
        }
    }

    /// The same, of statements. Errors: as [`Verified::each_record`].
    pub(super) fn each_entry(
        &self,
        mut see: impl FnMut(LogIndex, TimeMs, &Statement),
    ) -> Result<TimeMs, Fault> {
        self.each_record(|index, time, bytes| {
            if let Ok(record) = decode::<SignedRecord>(bytes, MAX_RECORD_BYTES) {
                see(index, time, &record.statement);
            }
        })
    }
}

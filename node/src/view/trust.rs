//! What snapshots and receipts need beside the state: the trust path, and where entries may begin.
//! Holds: a path has every change of the validators below its end.
//! May not enter: verification (core does it).

use comity_core::block::Header;
use comity_core::ids::{Height, LogIndex, TimeMs};
use comity_core::snapshot::CutOff;
use comity_core::statement::MAX_VALIDITY_MS;
use comity_core::trust_path::{SetChange, TrustPath};
use comity_core::vote::CommitCertificate;

use super::layout::{
    CUT_OFFS, SET_CHANGES, begin_key, cut_off_time, number_at_end, set_change_key, value,
};
use super::tree::under;
use super::{View, ViewError};

impl View {
    /// The way from the genesis to a committed header. Errors: the store.
    pub fn trust_path(
        &self,
        header: Header,
        certificate: CommitCertificate,
    ) -> Result<TrustPath, ViewError> {
        let changes = self.set_changes(header.height)?;
        Ok(TrustPath { changes, header, certificate })
    }

    /// The first entry that is listed: 0, unless the node started from a snapshot. Errors: the
    /// store.
    pub fn first_entry(&self) -> Result<LogIndex, ViewError> {
        let begin = self.0.shared.tree()?.get(begin_key())?;
        Ok(LogIndex(begin.as_deref().and_then(number_at_end).unwrap_or(0)))
    }

    /// Every change of the validators below `height`, ascending. Errors: the store.
    pub fn set_changes(&self, height: Height) -> Result<Vec<SetChange>, ViewError> {
        let found = self.0.shared.tree()?.ascending(vec![SET_CHANGES]..set_change_key(height));
        found.map(|pair| Ok(value(&pair?.1)?)).collect()
    }

    /// The newest known block that is old enough for a snapshot of a block of this `time` to be cut
    /// off there; `None` where its entries begin with the log. Errors: the store.
    pub fn cut_off(&self, time: TimeMs) -> Result<Option<CutOff>, ViewError> {
        for pair in self.0.shared.tree()?.descending(under(&[CUT_OFFS])) {
            let (key, bytes) = pair?;
            if cut_off_time(&key).plus(MAX_VALIDITY_MS) <= time {
                return Ok(Some(value(&bytes)?));
            }
        }
        Ok(None)
    }
}

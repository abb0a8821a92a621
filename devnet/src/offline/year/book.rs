//! The log as it is written: each record judged at once on what was written before it, blocks with the
//! certificates of all validators.
//! Holds: a record that the rules refuse stops the writing, with the rule and the act.
//! May not enter: what is acted.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use comity_core::apply::{Position, apply};
use comity_core::archive::{block_frame, certificate_frame, head};
use comity_core::genesis::Genesis;
use comity_core::hash::{ConsortiumId, RecordId};
use comity_core::ids::{ExchangeId, LogIndex, Nonce, TimeMs};
use comity_core::keys::SecretKey;
use comity_core::ledger::{Ledger, NewBlock};
use comity_core::state::{Changes, StateRead};
use comity_core::statement::{
    Action, Capacity, STATEMENT_VERSION, SignedRecord, Statement, StatementSigner, VerifiedRecord,
};
use comity_core::vote::CommitCertificate;

use super::people::{By, validator_key};
use crate::failure::{DevnetError, unexpected};
use crate::place::io_error;
use crate::votes;

/// How long a statement may wait (ms).
pub(super) const VALIDITY_MS: u64 = 10 * 60 * 1_000;

/// A log that grows in a file.
pub(super) struct Book {
    ledger: Ledger,
    /// What the records of the block under way have changed.
    laid: Changes,
    records: Vec<VerifiedRecord>,
    now: TimeMs,
    signed: u64,
    parent: Option<CommitCertificate>,
    path: PathBuf,
    out: BufWriter<File>,
}

impl StateRead for Book {
    fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.laid.puts.get(key).map(Vec::as_slice).or_else(|| self.ledger.get(key))
    }
    fn has_record(&self, id: &RecordId) -> bool {
        self.laid.records.contains_key(id) || self.ledger.has_record(id)
    }
    fn has_exchange(&self, id: &ExchangeId) -> bool {
        self.laid.exchanges.contains_key(id) || self.ledger.has_exchange(id)
    }
}

impl Book {
    /// A log without a block. Errors: the genesis founds nothing; the file is there already, or
    /// cannot be written.
    pub(super) fn open(genesis: Genesis, path: &Path) -> Result<Book, DevnetError> {
        let ledger = Ledger::new(&genesis).map_err(unexpected)?;
        let written = |source| io_error("write", path, source);
        let mut out = BufWriter::new(File::create_new(path).map_err(written)?);
        out.write_all(&head(ledger.consortium())).map_err(written)?;
        Ok(Book {
            ledger,
            laid: Changes::default(),
            records: Vec::new(),
            now: genesis.time,
            signed: 0,
            parent: None,
            path: path.to_owned(),
            out,
        })
    }

    pub(super) fn consortium(&self) -> ConsortiumId {
        *self.ledger.consortium()
    }

    pub(super) fn now(&self) -> TimeMs {
        self.now
    }

    pub(super) fn entries(&self) -> u64 {
        self.ledger.log().size()
    }

    pub(super) fn blocks(&self) -> u64 {
        self.ledger.tip().height.0
    }

    /// The next block is of this time.
    pub(super) fn turn_to(&mut self, now: TimeMs) {
        self.now = now.max(self.now.plus(1));
    }

    /// Where the next record stands.
    pub(super) fn position(&self) -> Position {
        let index = LogIndex(self.ledger.log().size() + self.records.len() as u64);
        Position { index, time: self.now }
    }

    /// Writes an act with the signatures of these, the first of whom acts. Errors: the rules refuse
    /// it, with the rule.
    pub(super) fn act(&mut self, by: &[By<'_>], action: Action) -> Result<LogIndex, DevnetError> {
        let kind = action.kind();
        let record = self.signed(by, action)?;
        let at = self.position();
        let changes = apply(self, at, &record).map_err(|refusal| {
            let who = by.first().map_or("nobody", |by| by.agency.as_str());
            unexpected(format!("{who}, {kind}, entry {}: {refusal:?}", at.index))
        })?;
        self.laid.extend(changes);
        self.records.push(record);
        Ok(at.index)
    }

    /// Writes an act if the rules take it now: where it stands then. For what may have become
    /// impossible meanwhile. Errors: it cannot be signed.
    pub(super) fn act_if_taken(
        &mut self,
        by: &[By<'_>],
        action: Action,
    ) -> Result<Option<LogIndex>, DevnetError> {
        let record = self.signed(by, action)?;
        let at = self.position();
        let Ok(changes) = apply(self, at, &record) else { return Ok(None) };
        self.laid.extend(changes);
        self.records.push(record);
        Ok(Some(at.index))
    }

    /// The record of an act, written nowhere. Errors: it cannot be signed.
    pub(super) fn signed(
        &mut self,
        by: &[By<'_>],
        action: Action,
    ) -> Result<VerifiedRecord, DevnetError> {
        self.signed += 1;
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&self.signed.to_le_bytes());
        let keys: Vec<SecretKey> = by.iter().map(By::secret).collect();
        let signer = |(by, key): (&By<'_>, &SecretKey)| StatementSigner {
            agency: by.agency.clone(),
            key: key.public(),
            role: by.role,
            capacity: Capacity::Agency,
        };
        let consortium = self.consortium();
        let statement = Statement {
            version: STATEMENT_VERSION,
            consortium,
            nonce: Nonce(nonce),
            valid_until: self.now.plus(VALIDITY_MS),
            signers: by.iter().zip(&keys).map(signer).collect(),
            sealed: vec![],
            action,
        };
        let signatures = keys.iter().map(|key| key.sign_statement(&statement)).collect();
        let bytes = SignedRecord { statement, signatures }.to_bytes();
        VerifiedRecord::verify(&bytes, &consortium).map_err(unexpected)
    }

    /// Makes a block of what was written since the last one, if anything was. Errors: it does not
    /// take all of it; the file cannot be written.
    pub(super) fn seal(&mut self) -> Result<(), DevnetError> {
        if self.records.is_empty() {
            return Ok(());
        }
        let records = std::mem::take(&mut self.records);
        self.laid = Changes::default();
        let consortium = self.consortium();
        let parent = self.parent.take().map(|certificate| {
            certificate.verify(&consortium, self.ledger.tip_validators()).map_err(unexpected)
        });
        let parent = parent.transpose()?;
        let new = NewBlock { time: self.now, round: 0, parent: parent.as_ref() };
        let (count, set) = (records.len(), self.ledger.validators().clone());
        let built = self.ledger.build(&new, records);
        if built.executed.records.len() != count {
            let refused = built.refused.first();
            return Err(unexpected(format!("a block of {count} records: {refused:?}")));
        }
        let keys = set.members().iter().map(|member| validator_key(&member.agency));
        self.ledger.commit(&built.executed);
        let tip = self.ledger.tip();
        self.parent = Some(votes::certificate(&consortium, (tip.height, tip.hash), keys));
        let frame = block_frame(&built.block);
        // Every block is later than the one before it.
        self.now = self.now.plus(1);
        let written = self.out.write_all(&frame);
        Ok(written.map_err(|source| io_error("write", &self.path, source))?)
    }

    /// Ends the file with the certificate of the last block. Errors: it cannot be written.
    pub(super) fn finish(&mut self) -> Result<(), DevnetError> {
        let end = self.parent.as_ref().map(certificate_frame).unwrap_or_default();
        let written = self.out.write_all(&end).and_then(|()| self.out.flush());
        Ok(written.map_err(|source| io_error("write", &self.path, source))?)
    }
}

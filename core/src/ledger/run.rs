//! One block's execution: records applied one after another over a ledger, within its limits.
//! Holds: a record is judged after all before it; what is kept is within every limit.
//! May not enter: who proposes what and when (see the ledger). Source: docs/formats.md, "Blocks".

use std::collections::BTreeMap;

use super::{BlockError, Executed, Ledger, next_validators};
use crate::apply::{self, Position};
use crate::block::{HEADER_VERSION, Header, body_hash};
use crate::genesis::Params;
use crate::hash::{CertificateHash, LeafHash};
use crate::ids::{LogIndex, TimeMs};
use crate::log_tree::Frontier;
use crate::refusal::Refusal;
use crate::state::{Changes, Overlay};
use crate::statement::VerifiedRecord;
use crate::text::AgencyId;

/// What a block says beyond what follows from its parent and its records.
pub(super) struct Outline {
    pub(super) time: TimeMs,
    pub(super) proposal_round: u32,
    pub(super) parent_certificate: CertificateHash,
}

/// One block's execution under way.
pub(super) struct Run<'a> {
    ledger: &'a Ledger,
    time: TimeMs,
    pub(super) limits: Limits<'a>,
    changes: Changes,
    log: Frontier,
    records: Vec<VerifiedRecord>,
}

impl<'a> Run<'a> {
    pub(super) fn new(ledger: &'a Ledger, time: TimeMs) -> Self {
        Run {
            ledger,
            time,
            limits: Limits::new(&ledger.params),
            changes: Changes::default(),
            log: ledger.log.clone(),
            records: Vec::new(),
        }
    }

    /// The account on which a record goes after those before it. Errors: there is no room for it.
    pub(super) fn admit(&self, record: &VerifiedRecord) -> Result<AgencyId, BlockError> {
        let overlay = Overlay { below: self.ledger, changes: &self.changes };
        let account = apply::account(&overlay, record.agency());
        self.limits.admit(record, &account)?;
        Ok(account)
    }

    /// Applies a record after those before it; it is not kept yet.
    pub(super) fn apply(&mut self, record: &VerifiedRecord) -> Result<(), Refusal> {
        let at = Position { index: LogIndex(self.log.size()), time: self.time };
        let overlay = Overlay { below: self.ledger, changes: &self.changes };
        let changes = apply::apply(&overlay, at, record)?;
        self.changes.extend(changes);
        Ok(())
    }

    /// Keeps a record that was applied, on the account that [`Run::admit`] gave.
    pub(super) fn keep(&mut self, record: VerifiedRecord, account: AgencyId) {
        self.limits.count(&record, account);
        self.log.push(record.leaf());
        self.records.push(record);
    }

    /// The header and effect of the block of what was kept.
    pub(super) fn finish(self, outline: &Outline) -> Executed {
        let Ledger { consortium, tip, validators, .. } = self.ledger;
        let state = self.ledger.state.with(self.changes.puts.clone());
        let next = next_validators(&state);
        let leaves: Vec<LeafHash> = self.records.iter().map(VerifiedRecord::leaf).collect();
        let height = tip.height.next();
        let header = Header {
            version: HEADER_VERSION,
            consortium: *consortium,
            height,
            proposal_round: outline.proposal_round,
            time: outline.time,
            parent: tip.hash,
            parent_certificate: outline.parent_certificate,
            body: body_hash(consortium, &leaves),
            first_index: LogIndex(self.ledger.log.size()),
            log_size: self.log.size(),
            log_root: self.log.root(),
            state_root: state.root(),
            validators: validators.hash(consortium),
            next_validators: next.hash(consortium),
            proposer: validators.select(height, outline.proposal_round).agency.clone(),
        };
        Executed {
            hash: header.hash(),
            header,
            records: self.records,
            changes: self.changes,
            state,
            log: self.log,
            next_validators: next,
        }
    }
}

/// The first field in which a claimed header differs from the one that follows.
pub(super) fn differing_field(follows: &Header, claimed: &Header) -> Option<&'static str> {
    let fields = [
        ("consortium", follows.consortium == claimed.consortium),
        ("parent", follows.parent == claimed.parent),
        ("parent certificate", follows.parent_certificate == claimed.parent_certificate),
        ("body hash", follows.body == claimed.body),
        ("first index", follows.first_index == claimed.first_index),
        ("log size", follows.log_size == claimed.log_size),
        ("log root", follows.log_root == claimed.log_root),
        ("state root", follows.state_root == claimed.state_root),
        ("validators", follows.validators == claimed.validators),
        ("next validators", follows.next_validators == claimed.next_validators),
        ("proposer", follows.proposer == claimed.proposer),
    ];
    let named = fields.iter().find(|(_, holds)| !holds).map(|(field, _)| *field);
    named.or((follows != claimed).then_some("content"))
}

/// How much of a block's room is used, in all and on each agency's account.
pub(super) struct Limits<'a> {
    params: &'a Params,
    records: u32,
    bytes: u64,
    by_account: BTreeMap<AgencyId, (u32, u64)>,
}

impl<'a> Limits<'a> {
    fn new(params: &'a Params) -> Self {
        Limits { params, records: 0, bytes: 0, by_account: BTreeMap::new() }
    }

    pub(super) fn is_full(&self) -> bool {
        self.records >= self.params.block_records
    }

    /// Whether a record still fits.
    fn admit(&self, record: &VerifiedRecord, account: &AgencyId) -> Result<(), BlockError> {
        let size = record.bytes().len() as u64;
        if self.is_full() {
            return Err(BlockError::Limit { what: "records" });
        }
        if self.bytes + size > u64::from(self.params.block_bytes) {
            return Err(BlockError::Limit { what: "bytes" });
        }
        let (records, bytes) = self.by_account.get(account).copied().unwrap_or_default();
        let within = records < self.params.agency_records
            && bytes + size <= u64::from(self.params.agency_bytes);
        if within { Ok(()) } else { Err(BlockError::Quota { agency: account.clone() }) }
    }

    fn count(&mut self, record: &VerifiedRecord, account: AgencyId) {
        let size = record.bytes().len() as u64;
        self.records += 1;
        self.bytes += size;
        let (records, bytes) = self.by_account.entry(account).or_default();
        *records += 1;
        *bytes += size;
    }
}

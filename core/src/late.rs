//! Accesses in an emergency that go in late 断网补录: what a gateway signed while the network was cut, as
//! a later statement carries it.
//! Holds: it is the record of one access and of nothing else, so that no record contains another that
//! contains a third; the statement that was signed is made again from it, to the last byte.
//! May not enter: the rules (see `apply::late`). Source: docs/formats.md, "Late entries".

use serde::{Deserialize, Serialize};

use crate::access::{AccessRefusal, SignedAttempt};
use crate::encoding::{Decode, Encode, encode};
use crate::hash::{Commitment, ConsortiumId};
use crate::ids::{EmergencyId, Nonce, TimeMs};
use crate::keys::{Signature, SignatureError};
use crate::legs::Answer;
use crate::statement::{Action, STATEMENT_VERSION, SignedRecord, Statement, StatementSigner};

/// A record of one access, as a gateway signed it in its time. The version and the consortium are
/// those of the statement that carries it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LateAccess {
    /// The nonce of the statement of then.
    pub nonce: Nonce,
    /// Until when that statement could have been committed.
    pub valid_until: TimeMs,
    /// The gateway that signed it, alone.
    pub gateway: StatementSigner,
    /// Salted commitments to details kept off the log.
    pub sealed: Vec<Commitment>,
    /// What was asked, signed by the officer.
    pub attempt: SignedAttempt,
    /// The gateway's number.
    pub number: u64,
    /// What was handed over, where the gateway said.
    pub answer: Option<Answer>,
    /// The gateway's signature on the statement of then.
    pub signature: Signature,
}

/// Why a record cannot go in late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotLate {
    /// It records no access.
    #[error("it records no access")]
    NoAccess,
    /// It is not signed by one key alone.
    #[error("it is not signed by one gateway alone")]
    Signers,
}

impl LateAccess {
    /// What a later statement carries of `record`. Errors: it is none that one may carry.
    pub fn of(record: SignedRecord) -> Result<LateAccess, NotLate> {
        let SignedRecord { statement, signatures } = record;
        let Statement { nonce, valid_until, signers, sealed, action, .. } = statement;
        let Action::RecordAccess { attempt, number, answer } = action else {
            return Err(NotLate::NoAccess);
        };
        let signers: Result<[StatementSigner; 1], _> = signers.try_into();
        let signatures: Result<[Signature; 1], _> = signatures.try_into();
        let (Ok([gateway]), Ok([signature])) = (signers, signatures) else {
            return Err(NotLate::Signers);
        };
        Ok(LateAccess { nonce, valid_until, gateway, sealed, attempt, number, answer, signature })
    }

    /// The record as it was signed, for its consortium.
    pub fn record(&self, consortium: &ConsortiumId) -> SignedRecord {
        let statement = Statement {
            version: STATEMENT_VERSION,
            consortium: *consortium,
            nonce: self.nonce,
            valid_until: self.valid_until,
            signers: vec![self.gateway.clone()],
            sealed: self.sealed.clone(),
            action: Action::RecordAccess {
                attempt: self.attempt.clone(),
                number: self.number,
                answer: self.answer,
            },
        };
        SignedRecord { statement, signatures: vec![self.signature] }
    }

    /// The emergency that it relies on, where it relies on one.
    pub fn emergency(&self) -> Option<EmergencyId> {
        self.attempt.attempt.grant.emergency()
    }

    /// When the officer says to have asked: the time as of which it is judged.
    pub fn claimed(&self) -> TimeMs {
        self.attempt.attempt.made_at
    }

    /// Checks the gateway's signature (not whether the ledger knows the key). Errors: it does not
    /// verify.
    pub fn verify_gateway(&self, consortium: &ConsortiumId) -> Result<(), SignatureError> {
        let signed = encode(&self.record(consortium).statement);
        self.gateway.key.verify_statement(consortium, &signed, &self.signature)
    }
}

/// What a record says of an access that took place.
#[derive(Clone, Copy, Debug)]
pub struct Accessed<'a> {
    /// What was asked.
    pub attempt: &'a SignedAttempt,
    /// The gateway's number.
    pub number: u64,
    /// What was handed over, where the gateway said.
    pub answer: Option<&'a Answer>,
    /// Where it went in late: what was signed then, and what stood against it.
    pub late: Option<(&'a LateAccess, Option<&'a AccessRefusal>)>,
}

impl Accessed<'_> {
    /// When it took place, of a record in a block of this time: of one that went in late, when the
    /// officer says to have asked.
    pub fn on(&self, time: TimeMs) -> TimeMs {
        self.late.map_or(time, |(record, _)| record.claimed().min(time))
    }

    /// Whether it counts in the emergency on which it relies, if it relies on one.
    pub fn counts(&self) -> bool {
        self.late.is_none_or(|(_, against)| counts(against))
    }
}

/// Whether an access that went in late counts in its emergency, by what stood against it: where an
/// officer of an agency that may ask there asked in time, the agency has to justify it.
pub fn counts(against: Option<&AccessRefusal>) -> bool {
    use AccessRefusal as A;
    against.is_none_or(|against| {
        matches!(
            against,
            A::ProviderLeft { .. }
                | A::ProviderHostingOver { .. }
                | A::EmergencyEnded { .. }
                | A::DatasetWithdrawn { .. }
                | A::DatasetSuspended { .. }
                | A::DatasetNotShared { .. }
                | A::EmergencyMatter { .. }
                | A::ItemNotListed { .. }
                | A::ModeNoLongerOffered
        )
    })
}

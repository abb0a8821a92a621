//! What the ledger says of a gateway: each access and denial that it recorded.
//! Holds: an entry counts for the gateway whose key signed it first.
//! May not enter: the gateway's own word.

use comity_core::encoding::decode;
use comity_core::hash::{LeafHash, leaf_hash};
use comity_core::ids::{DatasetId, ExchangeId, LogIndex, TimeMs};
use comity_core::keys::PublicKey;
use comity_core::statement::{Action, MAX_RECORD_BYTES, SignedRecord};
use comity_core::text::AgencyId;

/// How an access ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// The data was handed over.
    Allowed,
    /// It was not.
    Refused,
}

impl Outcome {
    /// The word for it, as in the gateway's log.
    pub(super) fn word(self) -> &'static str {
        match self {
            Outcome::Allowed => "allowed",
            Outcome::Refused => "refused",
        }
    }
}

/// One access or denial on the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leg {
    pub(super) index: LogIndex,
    /// The time of its block.
    pub(super) time: TimeMs,
    pub(super) exchange: ExchangeId,
    pub(super) leaf: LeafHash,
    pub(super) outcome: Outcome,
    pub(super) dataset: String,
    pub(super) requester: String,
    pub(super) grant: String,
}

/// Whose accesses count.
#[derive(Clone, Debug, Default)]
pub(super) struct Whose {
    pub(super) gateway: Option<PublicKey>,
    pub(super) agency: Option<AgencyId>,
    pub(super) dataset: Option<DatasetId>,
}

impl Whose {
    /// What an entry says of an access or denial, if it is one that counts; `time` is its block's.
    pub(super) fn leg(&self, index: LogIndex, time: TimeMs, bytes: &[u8]) -> Option<Leg> {
        let record: SignedRecord = decode(bytes, MAX_RECORD_BYTES).ok()?;
        let outcome = match record.statement.action {
            Action::RecordAccess { .. } | Action::EmbedLate { .. } => Outcome::Allowed,
            Action::RecordDenial { .. } => Outcome::Refused,
            _ => return None,
        };
        let attempt = &record.statement.action.attempt()?.attempt;
        let (signer, leaf) = match &record.statement.action {
            // A gateway's log knows what it signed then.
            Action::EmbedLate { record: late, .. } => {
                let then = late.record(&record.statement.consortium).to_bytes();
                (&late.gateway, leaf_hash(&then))
            }
            _ => (record.statement.signers.first()?, leaf_hash(bytes)),
        };
        let counts = self.gateway.is_none_or(|key| key == signer.key)
            && self.agency.as_ref().is_none_or(|agency| *agency == signer.agency)
            && self.dataset.as_ref().is_none_or(|dataset| *dataset == attempt.dataset);
        counts.then(|| Leg {
            index,
            time,
            exchange: attempt.exchange,
            leaf,
            outcome,
            dataset: attempt.dataset.to_string(),
            requester: attempt.requester.to_string(),
            grant: attempt.grant.to_string(),
        })
    }
}

impl Leg {
    /// What the ledger says, under a column's name of the gateway's log.
    pub(super) fn says(&self, column: &str) -> &str {
        match column {
            "dataset" => &self.dataset,
            "requester" => &self.requester,
            _ => &self.grant,
        }
    }
}

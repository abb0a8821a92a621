//! Refusals of what is done about check requests.
//! Holds: names never change meaning.
//! Source: docs/formats.md, "Rules", open-check to report-correction.

use serde::{Deserialize, Serialize};

use crate::ids::{CheckId, DatasetId, LogIndex};
use crate::text::AgencyId;

/// Why something about a check request is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "rule", rename_all = "kebab-case")]
pub enum CheckRefusal {
    /// Claimed by one that never had the data, or names no grant.
    #[error("{agency} names no grant of its own on {dataset}")]
    NotARecipient {
        /// Who claims.
        agency: AgencyId,
        /// On what.
        dataset: DatasetId,
    },
    /// Asked of one that did not give the data, or of the agency that asks.
    #[error("{agency} is not one that can first be asked about {dataset}")]
    NotAnswerable {
        /// Who is asked.
        agency: AgencyId,
        /// About what.
        dataset: DatasetId,
    },
    /// A text that is needed is empty.
    #[error("what is claimed, found or done must be said")]
    CheckTextEmpty,
    /// No such check request.
    #[error("there is no check request {check}")]
    CheckUnknown {
        /// The check.
        check: CheckId,
    },
    /// The check has its answer.
    #[error("{check} was answered by entry {at}")]
    CheckAnswered {
        /// The check.
        check: CheckId,
        /// The entry.
        at: LogIndex,
    },
    /// Offered to who holds it, or to who asked.
    #[error("{agency} holds the check already, or asked for it")]
    HandoverUnfit {
        /// To whom.
        agency: AgencyId,
    },
    /// An offer waits already.
    #[error("{check} was offered to {to} by entry {at}, who has not answered yet")]
    HandoverWaiting {
        /// The check.
        check: CheckId,
        /// To whom.
        to: AgencyId,
        /// The entry.
        at: LogIndex,
    },
    /// No offer waits.
    #[error("nobody is asked to take {check} over")]
    NoHandover {
        /// The check.
        check: CheckId,
    },
    /// As many offers as there may be.
    #[error("a check is offered at most {limit} times")]
    TooManyHandovers {
        /// Offers allowed.
        limit: u64,
    },
    /// A period that is empty, or that is not over.
    #[error("the period in which wrong data were handed out is empty, or not over")]
    CheckPeriod,
    /// Nothing is to be corrected.
    #[error("{check} was not upheld")]
    CheckNotUpheld {
        /// The check.
        check: CheckId,
    },
    /// Corrected already.
    #[error("what {check} found was corrected with entry {at}")]
    CheckCorrected {
        /// The check.
        check: CheckId,
        /// The entry.
        at: LogIndex,
    },
}

impl CheckRefusal {
    /// The rule's name.
    pub fn rule(&self) -> &'static str {
        match self {
            CheckRefusal::NotARecipient { .. } => "not-a-recipient",
            CheckRefusal::NotAnswerable { .. } => "not-answerable",
            CheckRefusal::CheckTextEmpty => "check-text-empty",
            CheckRefusal::CheckUnknown { .. } => "check-unknown",
            CheckRefusal::CheckAnswered { .. } => "check-answered",
            CheckRefusal::HandoverUnfit { .. } => "handover-unfit",
            CheckRefusal::HandoverWaiting { .. } => "handover-waiting",
            CheckRefusal::NoHandover { .. } => "no-handover",
            CheckRefusal::TooManyHandovers { .. } => "too-many-handovers",
            CheckRefusal::CheckPeriod => "check-period",
            CheckRefusal::CheckNotUpheld { .. } => "check-not-upheld",
            CheckRefusal::CheckCorrected { .. } => "check-corrected",
        }
    }
}

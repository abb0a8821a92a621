//! Refusals of what is done about disputes.
//! Holds: names never change meaning.
//! Source: docs/formats.md, "Rules", open-dispute to decide-dispute.

use serde::{Deserialize, Serialize};

use crate::ids::{DisputeId, LogIndex, TimeMs};

/// Why something about a dispute is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "rule", rename_all = "kebab-case")]
pub enum DisputeRefusal {
    /// Neither refused nor overdue, or dealt with since.
    #[error("nothing was refused, and nothing is overdue")]
    NothingToDispute,
    /// The same was disputed before.
    #[error("this is what {dispute} is about")]
    DisputedAlready {
        /// The dispute.
        dispute: DisputeId,
    },
    /// It was to be decided anew as often as it may be.
    #[error("nothing is decided anew more than {limit} times")]
    TooManyReopenings {
        /// Times allowed.
        limit: u64,
    },
    /// A text that is needed is empty.
    #[error("grounds, bases and reasons must be said")]
    DisputeTextEmpty,
    /// No such dispute.
    #[error("there is no dispute {dispute}")]
    DisputeUnknown {
        /// The dispute.
        dispute: DisputeId,
    },
    /// A later dispute about the same takes its place.
    #[error("{dispute} is the dispute about it now")]
    DisputeSuperseded {
        /// The later one.
        dispute: DisputeId,
    },
    /// The step has its ruling.
    #[error("{dispute} was ruled by entry {at}")]
    DisputeRuled {
        /// The dispute.
        dispute: DisputeId,
        /// The entry.
        at: LogIndex,
    },
    /// It is with others by now.
    #[error("{dispute} was escalated by entry {at}")]
    DisputeEscalated {
        /// The dispute.
        dispute: DisputeId,
        /// The entry.
        at: LogIndex,
    },
    /// It is still between the two.
    #[error("{dispute} was not escalated")]
    DisputeNotEscalated {
        /// The dispute.
        dispute: DisputeId,
    },
    /// Who is to rule still has time.
    #[error("whoever is to rule on {dispute} has time until {due}")]
    EscalationTooEarly {
        /// The dispute.
        dispute: DisputeId,
        /// Until when.
        due: TimeMs,
    },
    /// Nobody is above its last step.
    #[error("{dispute} has had its last step")]
    DisputeFinal {
        /// The dispute.
        dispute: DisputeId,
    },
    /// No member is above both sides.
    #[error("no member is above both sides of {dispute}")]
    NoCommonSuperior {
        /// The dispute.
        dispute: DisputeId,
    },
}

impl DisputeRefusal {
    /// The rule's name.
    pub fn rule(&self) -> &'static str {
        match self {
            DisputeRefusal::NothingToDispute => "nothing-to-dispute",
            DisputeRefusal::DisputedAlready { .. } => "disputed-already",
            DisputeRefusal::TooManyReopenings { .. } => "too-many-reopenings",
            DisputeRefusal::DisputeTextEmpty => "dispute-text-empty",
            DisputeRefusal::DisputeUnknown { .. } => "dispute-unknown",
            DisputeRefusal::DisputeSuperseded { .. } => "dispute-superseded",
            DisputeRefusal::DisputeRuled { .. } => "dispute-ruled",
            DisputeRefusal::DisputeEscalated { .. } => "dispute-escalated",
            DisputeRefusal::DisputeNotEscalated { .. } => "dispute-not-escalated",
            DisputeRefusal::EscalationTooEarly { .. } => "escalation-too-early",
            DisputeRefusal::DisputeFinal { .. } => "dispute-final",
            DisputeRefusal::NoCommonSuperior { .. } => "no-common-superior",
        }
    }
}

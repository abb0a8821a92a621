//! Refusals of the two legs of an exchange: gateways' numbers, answers, acknowledgements.
//! Holds: names never change meaning.
//! Source: docs/formats.md, "Rules", record-access to acknowledge-access.

use serde::{Deserialize, Serialize};

use crate::ids::{DatasetId, ExchangeId, LogIndex};

/// Why a leg of an exchange is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "rule", rename_all = "kebab-case")]
pub enum LegRefusal {
    /// A number that a record of the gateway has used, or 0.
    #[error("the gateway's number is used; the lowest free one is {expected}")]
    GatewayNumber {
        /// The lowest number that is free.
        expected: u64,
    },
    /// A number that would leave out too many.
    #[error("the gateway's number leaves out too many; it may go up to {limit}")]
    GatewayNumberAhead {
        /// The greatest number that may be used now.
        limit: u64,
    },
    /// An answer declared reliable that cannot be.
    #[error("{dataset} does not declare its answers reliable, or this is none to verify")]
    NotReliable {
        /// The dataset.
        dataset: DatasetId,
    },
    /// No access acknowledged, or more than allowed.
    #[error("a statement acknowledges 1 to {limit} accesses")]
    AcknowledgedCount {
        /// Accesses allowed.
        limit: u64,
    },
    /// An exchange that is acknowledged twice in one statement.
    #[error("the exchange {exchange} stands twice in this statement")]
    AcknowledgedTwice {
        /// The exchange.
        exchange: ExchangeId,
    },
    /// An entry that cannot record an access under the grant.
    #[error("entry {access} is not after the grant and before this one")]
    NoAccessThere {
        /// The entry named.
        access: LogIndex,
    },
    /// No answer received, or more than there can have been.
    #[error("of one access 1 to {limit} answers are received")]
    ReceivedCount {
        /// Answers allowed.
        limit: u64,
    },
}

impl LegRefusal {
    /// The rule's name.
    pub fn rule(&self) -> &'static str {
        match self {
            LegRefusal::GatewayNumber { .. } => "gateway-number",
            LegRefusal::GatewayNumberAhead { .. } => "gateway-number-ahead",
            LegRefusal::NotReliable { .. } => "not-reliable",
            LegRefusal::AcknowledgedCount { .. } => "acknowledged-count",
            LegRefusal::AcknowledgedTwice { .. } => "acknowledged-twice",
            LegRefusal::NoAccessThere { .. } => "no-access-there",
            LegRefusal::ReceivedCount { .. } => "received-count",
        }
    }
}

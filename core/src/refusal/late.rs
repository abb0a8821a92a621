//! Refusals of what goes in late.
//! Holds: names never change meaning.
//! Source: docs/formats.md, "Rules", embed-late.

use serde::{Deserialize, Serialize};

use crate::access::AccessRefusal;
use crate::ids::{LogIndex, TimeMs};
use crate::keys::PublicKey;

/// Why a record that would go in late is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "rule", rename_all = "kebab-case")]
pub enum LateRefusal {
    /// What was signed then can still be committed as it is.
    #[error("the record inside can be committed as it is until {until}")]
    LateNotOver {
        /// Until when.
        until: TimeMs,
    },
    /// The gateway of then was not on the ledger as stated.
    #[error("the key {key} was no gateway's as stated when this was asked")]
    LateGatewayUnknown {
        /// The key.
        key: PublicKey,
    },
    /// The gateway's key of then was revoked, or was under suspicion.
    #[error("the gateway's key was revoked by entry {at}, and did not count when this was asked")]
    LateGatewayRevoked {
        /// The entry that revoked it.
        at: LogIndex,
    },
    /// The gateway's key of then had run out.
    #[error("the gateway's key was valid until {until} only")]
    LateGatewayExpired {
        /// When it ended.
        until: TimeMs,
    },
    /// What is said of the numbers left out is not so.
    #[error("number {number} is unused and not named as missing, or named and not unused")]
    LateOrder {
        /// The lowest of which it is not so.
        number: u64,
    },
    /// Something is named that stood against an access that was allowed.
    #[error("nothing stood against this access when it was asked for")]
    AgainstNotDue,
    /// What stood against the access is not named, or something else is.
    #[error("what stood against this access when it was asked for is this: {due}")]
    AgainstMismatch {
        /// The refusal that is due.
        due: AccessRefusal,
    },
}

impl LateRefusal {
    /// The rule's name.
    pub fn rule(&self) -> &'static str {
        match self {
            LateRefusal::LateNotOver { .. } => "late-not-over",
            LateRefusal::LateGatewayUnknown { .. } => "late-gateway-unknown",
            LateRefusal::LateGatewayRevoked { .. } => "late-gateway-revoked",
            LateRefusal::LateGatewayExpired { .. } => "late-gateway-expired",
            LateRefusal::LateOrder { .. } => "late-order",
            LateRefusal::AgainstNotDue => "against-not-due",
            LateRefusal::AgainstMismatch { .. } => "against-mismatch",
        }
    }
}

//! Requests 共享申请: what one agency asks of another, and the reply.
//! Holds: what was asked never changes; a request has at most one reply.
//! May not enter: the rules (see `apply`). Source: docs/formats.md, "Requests".

use serde::{Deserialize, Serialize};

use crate::encoding::{Decode, Encode};
use crate::grant::GrantTerms;
use crate::ids::{BundleId, GrantId, LogIndex, TimeMs};
use crate::keys::PublicKey;
use crate::text::Text;

/// What is asked for, as the requesting agency's officer signs it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestTerms {
    /// The terms of the grant that is asked for.
    pub asked: GrantTerms,
    /// One answer on one case 协办, not a standing grant.
    #[serde(default)]
    pub once: bool,
    /// By when the requester needs the reply, where said.
    #[serde(default)]
    pub needed_by: Option<TimeMs>,
    /// Requests for one purpose that were opened together carry the same bundle id.
    #[serde(default)]
    pub bundle: Option<BundleId>,
}

/// A request on the ledger. State value under its id.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Request {
    /// What is asked for.
    pub terms: RequestTerms,
    /// The entry that opened it; also its id.
    pub opened_at: LogIndex,
    /// The officer's key that opened it.
    pub opened_by: PublicKey,
    /// The time of the block that opened it.
    pub opened_on: TimeMs,
    /// How the requester urged 催办 the reply.
    pub urging: Urging,
    /// The reply, once there is one.
    pub reply: Option<Reply>,
}

/// How often, and when last, a reply was urged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Urging {
    /// How often.
    pub count: u32,
    /// The last entry that did.
    pub last_at: Option<LogIndex>,
    /// The day (as in [`crate::grant::Usage::day`]) of that entry.
    pub last_day: u64,
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Reply {
    /// The entry that ended it.
    pub at: LogIndex,
    /// The time of its block.
    pub on: TimeMs,
    /// How.
    pub outcome: Outcome,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// The provider's steward approved it.
    Approved {
        /// The grant that the approval issued.
        grant: GrantId,
    },
    /// The provider's steward refused it.
    Refused {
        /// The legal basis of the refusal.
        legal_basis: Text<256>,
        /// Why.
        reason: Text<512>,
    },
    /// The requesting agency took it back.
    Withdrawn {
        /// Why.
        reason: Text<256>,
    },
}

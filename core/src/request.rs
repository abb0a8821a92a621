//! Requests 共享申请: what one agency asks of another, and the reply.
//! Holds: what was asked never changes; a request has at most one reply
//! at a time; one that a dispute set aside is kept.
//! May not enter: the rules (see `apply`). Source: docs/formats.md, "Requests".

use serde::{Deserialize, Serialize};

use crate::dataset::Sharing;
use crate::duty::Mark;
use crate::encoding::{Decode, Encode};
use crate::grant::GrantTerms;
use crate::ids::{BundleId, GrantId, LogIndex, TimeMs};
use crate::keys::PublicKey;
use crate::text::{AgencyId, Text};

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
    /// How the dataset was shared when it was asked for: which reply clock runs.
    pub sharing: Sharing,
    /// Who reviews the request's form 合规性审查 before the reply's clock runs, where the rules of its
    /// day ask for that.
    pub reviewer: Option<AgencyId>,
    /// Where the review found nothing amiss.
    pub reviewed: Option<Mark>,
    /// The one extension of the reply's clock, if there was one.
    pub extension: Option<Extension>,
    /// Who was to decide when it was opened, and so owes the reply: the dataset's manager.
    pub decided_by: AgencyId,
    /// The replies that a dispute set aside, oldest first: at most
    /// [`crate::dispute::MAX_REOPENINGS`].
    pub earlier: Vec<Reply>,
}

impl Request {
    /// The reply that met its clock, or not: what a dispute set aside was a reply in its time.
    pub fn first_reply(&self) -> Option<&Reply> {
        self.earlier.first().or(self.reply.as_ref())
    }
}

/// Further days for a reply.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Extension {
    /// The entry that took them.
    pub at: LogIndex,
    /// Working days.
    pub days: u16,
    /// Why.
    pub reason: Text<256>,
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
    /// It was granted: by stewards, or by rule.
    Approved {
        /// The grant that the approval issued.
        grant: GrantId,
        /// Whether the rule of unconditional sharing granted it, without anybody's decision.
        by_rule: bool,
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
    /// The review of its form sent it back.
    Returned {
        /// What is amiss.
        reason: Text<256>,
    },
}

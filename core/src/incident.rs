//! Incidents 安全事件: a party says that data leaked, or went where they should not.
//! Holds: what was reported never changes; each report says since when, and when it came to light.
//! May not enter: who may act (see `apply`). Source: docs/formats.md, "Incidents".

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::access::Attempt;
use crate::duty::Mark;
use crate::encoding::{Decode, Encode};
use crate::ids::{DatasetId, GrantId, TimeMs};
use crate::text::{AgencyId, Text};

/// Most datasets and grants, together, that a report names.
pub const MAX_AFFECTED: usize = 16;

/// What is reported, as the steward signs it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IncidentTerms {
    /// Datasets of which all that was handed out is affected; the signer's agency owns or manages
    /// each.
    pub datasets: BTreeSet<DatasetId>,
    /// Grants of which all that was received is affected; the signer's agency is a side of each.
    pub grants: BTreeSet<GrantId>,
    /// Since when data were exposed.
    pub since: TimeMs,
    /// When that came to light.
    pub found: TimeMs,
    /// What happened. Never a person's data.
    pub nature: Text<512>,
}

/// An incident on the ledger. State value under its id.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Incident {
    /// What is reported.
    pub terms: IncidentTerms,
    /// Whose steward reported it.
    pub reported_by: AgencyId,
    /// Where; the position is also its id.
    pub reported: Mark,
    /// How often news of it were given. What they say is in the entries.
    pub updates: u32,
    /// Where the last news were given.
    pub updated: Option<Mark>,
    /// Where it was closed.
    pub closed: Option<Closure>,
}

/// The end of an incident.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Closure {
    /// Where it was closed.
    pub on: Mark,
    /// What was done about it.
    pub measures: Text<512>,
}

impl Incident {
    /// Whether an access in a block of this time handed out data that the incident affects: who
    /// received what, since when, follows from the accesses alone.
    pub fn concerns(&self, attempt: &Attempt, on: TimeMs) -> bool {
        let ended = self.closed.as_ref().is_some_and(|closure| on >= closure.on.on);
        let named = self.terms.datasets.contains(&attempt.dataset)
            || attempt.grant.grant().is_some_and(|grant| self.terms.grants.contains(&grant));
        named && !ended && on >= self.terms.since
    }
}

//! Refusals of what is reported about incidents.
//! Holds: names never change meaning.
//! Source: docs/formats.md, "Rules", report-incident to close-incident.

use serde::{Deserialize, Serialize};

use crate::ids::{IncidentId, LogIndex};
use crate::text::AgencyId;

/// Why something about an incident is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "rule", rename_all = "kebab-case")]
pub enum IncidentRefusal {
    /// Nothing is affected, or more than one report may name.
    #[error("a report names 1 to {limit} datasets and grants")]
    AffectedCount {
        /// Datasets and grants allowed, together.
        limit: u64,
    },
    /// Reported of another's data.
    #[error("{agency} is no party to all that the report names")]
    NotAParty {
        /// Who reports.
        agency: AgencyId,
    },
    /// It came to light before it began, or will only do so.
    #[error("data are exposed, then it comes to light, then it is reported")]
    IncidentTimes,
    /// A text that is needed is empty.
    #[error("what happened and what was done must be said")]
    IncidentTextEmpty,
    /// No such incident.
    #[error("there is no incident {incident}")]
    IncidentUnknown {
        /// The incident.
        incident: IncidentId,
    },
    /// The incident was closed.
    #[error("{incident} was closed by entry {at}")]
    IncidentClosed {
        /// The incident.
        incident: IncidentId,
        /// The entry.
        at: LogIndex,
    },
}

impl IncidentRefusal {
    /// The rule's name.
    pub fn rule(&self) -> &'static str {
        match self {
            IncidentRefusal::AffectedCount { .. } => "affected-count",
            IncidentRefusal::NotAParty { .. } => "not-a-party",
            IncidentRefusal::IncidentTimes => "incident-times",
            IncidentRefusal::IncidentTextEmpty => "incident-text-empty",
            IncidentRefusal::IncidentUnknown { .. } => "incident-unknown",
            IncidentRefusal::IncidentClosed { .. } => "incident-closed",
        }
    }
}

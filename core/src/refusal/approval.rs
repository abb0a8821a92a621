//! Refusals of what is said about sharing and of who lets data go.
//! Holds: names never change meaning.
//! Source: docs/formats.md, "Rules", publish-dataset and issue-grant.

use serde::{Deserialize, Serialize};

use crate::text::AgencyId;

/// Why a dataset's conditions, or an approval, are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "rule", rename_all = "kebab-case")]
pub enum ApprovalRefusal {
    /// More conditions than a dataset may state.
    #[error("the dataset states {count} conditions; at most {limit} are allowed")]
    TooManyConditions {
        /// Conditions stated.
        count: u64,
        /// Conditions allowed.
        limit: u64,
    },
    /// A condition without a word, or stated twice.
    #[error("condition {number} is empty or stands there already")]
    ConditionUnfit {
        /// Which, from 1.
        number: u64,
    },
    /// A condition that the catalogue does not state.
    #[error("the dataset states no condition {number}")]
    ConditionNotStated {
        /// The number named.
        number: u8,
    },
    /// A signer of the requesting agency, which would give to itself.
    #[error("{agency} asks, and so does not sign for the other side")]
    BothSides {
        /// The requesting agency.
        agency: AgencyId,
    },
    /// The competent authority asks for what only the competent authority may cosign, and there is
    /// no supervisor.
    #[error("{agency} asks itself, and there is no supervisor who could sign in its place")]
    NoOverseer {
        /// The competent authority.
        agency: AgencyId,
    },
    /// The requesting agency is no public body, and nobody answers for it.
    #[error("{agency} is no public body and has no sponsor")]
    SponsorMissing {
        /// The requesting agency.
        agency: AgencyId,
    },
}

impl ApprovalRefusal {
    /// The rule's name.
    pub fn rule(&self) -> &'static str {
        match self {
            ApprovalRefusal::TooManyConditions { .. } => "too-many-conditions",
            ApprovalRefusal::ConditionUnfit { .. } => "condition-unfit",
            ApprovalRefusal::ConditionNotStated { .. } => "condition-not-stated",
            ApprovalRefusal::BothSides { .. } => "both-sides",
            ApprovalRefusal::NoOverseer { .. } => "no-overseer",
            ApprovalRefusal::SponsorMissing { .. } => "sponsor-missing",
        }
    }
}

//! Refusals of assessments: who may assess whom, what a report has to say, and what was done about it.
//! Holds: names never change meaning.
//! Source: docs/formats.md, "Rules", report-assessment and follow-up-assessment.

use serde::{Deserialize, Serialize};

use crate::ids::{AssessmentId, LogIndex, TimeMs};
use crate::text::AgencyId;

/// Why an act about an assessment is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "rule", rename_all = "kebab-case")]
pub enum AssessmentRefusal {
    /// An agency that does not hold the office of assessors.
    #[error("{agency} is no assessor")]
    NotAnAssessor {
        /// The agency that signed.
        agency: AgencyId,
    },
    /// An agency that would assess itself.
    #[error("an agency does not assess itself")]
    AssessmentOfSelf,
    /// One of the two answers for the other, or hosts it.
    #[error("one of {assessor} and {agency} answers for the other")]
    AssessorTied {
        /// The agency that signed.
        assessor: AgencyId,
        /// The agency that would be assessed.
        agency: AgencyId,
    },
    /// A period that is none, or not over.
    #[error(
        "an assessment looks at a time that is over, from an earlier to a later one; now is {now}"
    )]
    AssessmentPeriod {
        /// The time of the block.
        now: TimeMs,
    },
    /// A score above the best one.
    #[error("a score is at most {limit} thousandths")]
    AssessmentScore {
        /// The best score.
        limit: u64,
    },
    /// A report of what persons say that no person answered.
    #[error("a report of satisfaction says how many persons answered")]
    RespondentsMissing,
    /// No words.
    #[error("this has to be said in words")]
    AssessmentTextEmpty,
    /// No such assessment.
    #[error("there is no assessment {assessment}")]
    AssessmentUnknown {
        /// The assessment.
        assessment: AssessmentId,
    },
    /// An assessment that recommends nothing.
    #[error("{assessment} recommends nothing")]
    NothingToFollowUp {
        /// The assessment.
        assessment: AssessmentId,
    },
    /// What was done about it was said.
    #[error("{assessment} was followed up with entry {at}")]
    FollowedUpAlready {
        /// The assessment.
        assessment: AssessmentId,
        /// The entry that did.
        at: LogIndex,
    },
    /// The same assessor reported the same before.
    #[error("this was reported before, as {assessment}")]
    AssessmentAgain {
        /// The earlier assessment.
        assessment: AssessmentId,
    },
}

impl AssessmentRefusal {
    /// The rule's name.
    pub fn rule(&self) -> &'static str {
        match self {
            AssessmentRefusal::NotAnAssessor { .. } => "not-an-assessor",
            AssessmentRefusal::AssessmentOfSelf => "assessment-of-self",
            AssessmentRefusal::AssessorTied { .. } => "assessor-tied",
            AssessmentRefusal::AssessmentPeriod { .. } => "assessment-period",
            AssessmentRefusal::AssessmentScore { .. } => "assessment-score",
            AssessmentRefusal::RespondentsMissing => "respondents-missing",
            AssessmentRefusal::AssessmentTextEmpty => "assessment-text-empty",
            AssessmentRefusal::AssessmentUnknown { .. } => "assessment-unknown",
            AssessmentRefusal::NothingToFollowUp { .. } => "nothing-to-follow-up",
            AssessmentRefusal::FollowedUpAlready { .. } => "followed-up-already",
            AssessmentRefusal::AssessmentAgain { .. } => "assessment-again",
        }
    }
}

//! Assessments 评估: signed reports of how an agency is seen, by those whom it serves or by a third party.
//! Holds: what was reported never changes; only hashes and counts of it are here, never an answer or a person;
//! what was done about it is said once.
//! May not enter: the rules (see `apply`); any figure that the ledger reckons itself.
//! Source: docs/formats.md, "Assessments".

use serde::{Deserialize, Serialize};

use crate::duty::Mark;
use crate::encoding::{Decode, Encode};
use crate::hash::{ConsortiumId, Purpose, ReportHash, tagged};
use crate::ids::{AssessmentId, TimeMs};
use crate::text::{AgencyId, Code, Text};

/// The best score (thousandths of what can be reached).
pub const MAX_SCORE: u16 = 1000;

/// Who was asked what.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum AssessmentKind {
    /// Whom the agency serves said how satisfied they are 满意度.
    Satisfaction,
    /// A body outside of it looked at its work 第三方评估.
    ThirdParty,
}

impl AssessmentKind {
    /// Every kind, in the order of its encoding.
    pub const ALL: [AssessmentKind; 2] = [AssessmentKind::Satisfaction, AssessmentKind::ThirdParty];

    /// The kind as it is written in commands and files.
    pub fn as_str(self) -> &'static str {
        match self {
            AssessmentKind::Satisfaction => "satisfaction",
            AssessmentKind::ThirdParty => "third-party",
        }
    }
}

impl std::fmt::Display for AssessmentKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is reported, as the assessor's auditor signs it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssessmentTerms {
    /// Who was assessed.
    pub agency: AgencyId,
    /// Who was asked what.
    pub kind: AssessmentKind,
    /// In which matter; none: in all that it does.
    #[serde(default)]
    pub matter: Option<Code>,
    /// The report looks at what was from this time on …
    pub from: TimeMs,
    /// … and before this one, which is over.
    pub until: TimeMs,
    /// How many persons answered, where persons were asked. Never who.
    #[serde(default)]
    pub respondents: Option<u32>,
    /// The score (thousandths of what can be reached, at most [`MAX_SCORE`]).
    pub score_permille: u16,
    /// The whole report, which is kept off the log: see [`report_hash`].
    pub report: ReportHash,
    /// What it comes to, in words. Never a person's data.
    pub text: Text<512>,
    /// How many recommendations it makes; with none there is nothing to follow up.
    pub recommendations: u16,
}

/// An assessment on the ledger. State value under its id.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Assessment {
    /// What is reported.
    pub terms: AssessmentTerms,
    /// Whose auditor reported it.
    pub reported_by: AgencyId,
    /// Where; the position is also its id.
    pub reported: Mark,
    /// What the assessed agency did about it, once it said so.
    pub followed_up: Option<FollowUp>,
}

/// What was done about an assessment 整改.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct FollowUp {
    /// Where it was said.
    pub made: Mark,
    /// In words.
    pub text: Text<512>,
}

impl Assessment {
    /// Its id.
    pub fn id(&self) -> AssessmentId {
        AssessmentId(self.reported.at)
    }

    /// Whether something is still to be followed up.
    pub fn is_open(&self) -> bool {
        self.terms.recommendations > 0 && self.followed_up.is_none()
    }
}

/// What commits to a report: the hash of its file's bytes, for this consortium.
pub fn report_hash(consortium: &ConsortiumId, report: &[u8]) -> ReportHash {
    ReportHash(tagged(Purpose::Report, consortium, report))
}

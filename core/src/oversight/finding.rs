//! Findings 审计发现: what a reviewer holds against an agency, its answer, and how it was closed.
//! Holds: a finding is answered once and closed once, by who opened it.
//! May not enter: the rules (see `apply`). Source: docs/formats.md, "Oversight".

use serde::{Deserialize, Serialize};

use crate::duty::Mark;
use crate::encoding::{Decode, Encode};
use crate::governance::Office;
use crate::ids::{DrawId, LogIndex};
use crate::text::{AgencyId, Text};

/// A power that the rules give to agencies, and that another has to watch.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Power {
    /// To publish data, to let them go, and to refuse them: stewards'.
    Stewards,
    /// To declare emergencies.
    Emergencies,
    /// To publish calendars and rule packs.
    Rules,
    /// To register keys and to cast ballots: admins'.
    Admins,
}

impl Power {
    /// Every power, in the order of its encoding.
    pub const ALL: [Power; 4] = [Power::Stewards, Power::Emergencies, Power::Rules, Power::Admins];

    /// The power as it is written in commands and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Power::Stewards => "stewards",
            Power::Emergencies => "emergencies",
            Power::Rules => "rules",
            Power::Admins => "admins",
        }
    }

    /// The office whose holders review it.
    pub fn reviewer(self) -> Office {
        match self {
            Power::Stewards => Office::StewardReviewer,
            Power::Emergencies => Office::EmergencyReviewer,
            Power::Rules => Office::RulesReviewer,
            Power::Admins => Office::AdminReviewer,
        }
    }
}

impl std::fmt::Display for Power {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingAbout {
    /// An entry on the log.
    Entry(LogIndex),
    /// A record that was drawn.
    Drawn {
        /// The draw.
        draw: DrawId,
        /// Its place among what was drawn, from 1.
        number: u16,
    },
    /// How a power is used.
    Power(Power),
}

/// How a finding was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingOutcome {
    /// It was true, and was put right 整改.
    Remedied,
    /// It was not true.
    Unfounded,
    /// It is true, and was not put right.
    Upheld,
}

impl FindingOutcome {
    /// Every outcome, in the order of its encoding.
    pub const ALL: [FindingOutcome; 3] =
        [FindingOutcome::Remedied, FindingOutcome::Unfounded, FindingOutcome::Upheld];

    /// The outcome as it is written in commands and files.
    pub fn as_str(self) -> &'static str {
        match self {
            FindingOutcome::Remedied => "remedied",
            FindingOutcome::Unfounded => "unfounded",
            FindingOutcome::Upheld => "upheld",
        }
    }
}

impl std::fmt::Display for FindingOutcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A finding on the ledger. State value under its id.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Finding {
    /// Who has to answer.
    pub agency: AgencyId,
    /// What it is about.
    pub about: FindingAbout,
    /// What was found. Never a person's data.
    pub text: Text<512>,
    /// Whose auditor opened it.
    pub opened_by: AgencyId,
    /// Where it was opened; the position is also its id.
    pub opened: Mark,
    /// The answer, once there is one.
    pub answer: Option<FindingAnswer>,
    /// How it was closed, once it was.
    pub closed: Option<FindingClosure>,
}

/// What the agency says to a finding.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct FindingAnswer {
    /// Where it was given.
    pub given: Mark,
    /// In words.
    pub text: Text<512>,
}

/// The end of a finding.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct FindingClosure {
    /// Where it was closed.
    pub made: Mark,
    /// How.
    pub outcome: FindingOutcome,
    /// In words.
    pub text: Text<512>,
}

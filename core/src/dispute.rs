//! Disputes 争议: a refusal or a lapse is contested in steps, by those whose word is above it.
//! Holds: what is disputed and by whom never changes; steps are only added, and each is ruled once.
//! May not enter: who may act (see `apply`). Source: docs/formats.md, "Disputes".

use serde::{Deserialize, Serialize};

use crate::duty::Mark;
use crate::encoding::{Decode, Encode};
use crate::ids::{CheckId, GrantId, LogIndex, RequestId};
use crate::text::{AgencyId, Text};

/// Most times that one request or check is decided anew.
pub const MAX_REOPENINGS: usize = 8;
/// How many levels above each side a common superior is looked for.
pub const MAX_ANCESTRY: usize = 6;

/// What is disputed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DisputeAbout {
    /// That a request was refused, or not answered in time.
    Request(RequestId),
    /// That data were not made ready in time under a grant.
    Delivery(GrantId),
    /// That a check was not upheld, or not answered in time.
    Check(CheckId),
}

impl DisputeAbout {
    /// Its name in a state key: the letter under which what is disputed lies, and its position.
    pub fn to_name(self) -> Vec<u8> {
        let (letter, LogIndex(at)) = match self {
            DisputeAbout::Request(RequestId(at)) => (b'r', at),
            DisputeAbout::Delivery(GrantId(at)) => (b'g', at),
            DisputeAbout::Check(CheckId(at)) => (b'B', at),
        };
        [&[letter], &at.to_be_bytes()[..]].concat()
    }
}

/// What somebody whose word counts says of a dispute.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "ruling", rename_all = "kebab-case")]
pub enum Ruling {
    /// It is to be decided anew.
    Anew {
        /// Why, and what is to be looked at.
        reason: Text<512>,
    },
    /// It stands as it is.
    Stands {
        /// On what basis.
        basis: Text<256>,
        /// Why.
        reason: Text<512>,
    },
}

/// Who rules at a step.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The two themselves: the respondent looks at it again.
    Parties,
    /// The competent authority.
    Authority,
    /// The nearest agency that is above both.
    Superior,
}

/// One step of a dispute.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Step {
    /// Which.
    pub stage: Stage,
    /// Who rules.
    pub by: AgencyId,
    /// Since when it is there.
    pub began: Mark,
    /// The ruling, once there is one.
    pub ruled: Option<Ruled>,
}

/// A ruling, and where it was given.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Ruled {
    /// Where.
    pub given: Mark,
    /// What it says.
    pub ruling: Ruling,
}

/// A dispute on the ledger. State value under its id.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Dispute {
    /// What is disputed.
    pub about: DisputeAbout,
    /// Why it should not stand. Never a person's data.
    pub grounds: Text<512>,
    /// Who disputes it.
    pub claimant: AgencyId,
    /// Who decided, or should have.
    pub respondent: AgencyId,
    /// Where it was opened; the position is also its id.
    pub opened: Mark,
    /// Its steps, at least one, in their order; only the last can be ruled any more.
    pub steps: Vec<Step>,
}

impl Dispute {
    /// The step at which it is.
    pub fn step(&self) -> &Step {
        match self.steps.last() {
            Some(step) => step,
            None => unreachable!("a dispute begins with its first step"),
        }
    }

    /// Where it was ruled that it is to be decided anew, if that was ruled.
    pub fn anew(&self) -> Option<Mark> {
        let ruled = self.step().ruled.as_ref()?;
        matches!(ruled.ruling, Ruling::Anew { .. }).then_some(ruled.given)
    }
}

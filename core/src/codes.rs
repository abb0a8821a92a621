//! Code lists: the matters 事项 for which data may be used, and the duty bases 职责依据.
//! Holds: a code never changes what it stands for; one that is withdrawn keeps its place.
//! May not enter: who may publish (see `apply`). Source: docs/formats.md, "Codes".

use serde::{Deserialize, Serialize};

use crate::encoding::{Decode, Encode};
use crate::ids::LogIndex;
use crate::text::{Code, Text};

/// Most codes that one statement may publish.
pub const MAX_CODES: usize = 64;

/// One of the two lists.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum CodeList {
    /// Matters 事项.
    Matters,
    /// Duty bases 职责依据.
    DutyBases,
}

impl CodeList {
    /// The list as it is written in commands and files.
    pub fn as_str(self) -> &'static str {
        match self {
            CodeList::Matters => "matters",
            CodeList::DutyBases => "duty-bases",
        }
    }
}

/// A code and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeEntry {
    /// The code.
    pub code: Code,
    /// What it stands for; for a duty basis, the law or mandate.
    pub title: Text<256>,
}

/// A code on the ledger. State value under its list and code.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct PublishedCode {
    /// The code.
    pub code: Code,
    /// What it stands for.
    pub title: Text<256>,
    /// The entry that published it; `None` for a code of the genesis.
    pub published_at: Option<LogIndex>,
    /// The entry that withdrew it: nothing new is requested or granted for it from then on.
    pub withdrawn_at: Option<LogIndex>,
}

//! Sealed details: what a record commits to without saying it.
//! Holds: a commitment tells nothing about the text without its salt, and fits one text only.
//! May not enter: where openings are kept (the shells' business). Source: docs/formats.md, "Sealed details".

use serde::{Deserialize, Serialize};

use crate::encoding::{Decode, Encode, encode};
use crate::hash::{Commitment, ConsortiumId, Purpose, parse_hex32, tagged};
use crate::text::Text;

/// What a sealed detail is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Detail {
    /// The number of the case.
    CaseNumber,
    /// The purpose in the requester's own words.
    Purpose,
    /// Which rows are meant.
    RowFilter,
}

impl Detail {
    /// Every detail, in the order of its encoding.
    pub const ALL: [Detail; 3] = [Detail::CaseNumber, Detail::Purpose, Detail::RowFilter];

    /// The detail as it is written in commands and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Detail::CaseNumber => "case-number",
            Detail::Purpose => "purpose",
            Detail::RowFilter => "row-filter",
        }
    }
}

/// Thirty-two random bytes that keep a commitment from being guessed.
#[derive(Clone, Copy, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Salt(pub [u8; 32]);

impl std::fmt::Debug for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salt(..)")
    }
}

impl From<Salt> for String {
    fn from(salt: Salt) -> String {
        hex::encode(salt.0)
    }
}

impl TryFrom<String> for Salt {
    type Error = crate::hash::HashTextError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        parse_hex32(&text).map(Salt)
    }
}

/// What opens a commitment. Kept by the parties' nodes, never on the log.
#[derive(Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// What it is.
    pub detail: Detail,
    /// The salt.
    pub salt: Salt,
    /// The text.
    pub text: Text<2048>,
}

impl std::fmt::Debug for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The text belongs into no log.
        f.debug_struct("Opening").field("detail", &self.detail).finish_non_exhaustive()
    }
}

impl Opening {
    /// The commitment that this opens.
    pub fn commitment(&self, consortium: &ConsortiumId) -> Commitment {
        Commitment(tagged(Purpose::Sealed, consortium, &encode(self)))
    }
}

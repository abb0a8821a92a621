//! Numbers and compound names that identify things: heights, indexes, times, datasets, grants.
//! Holds: a position, a height and a time can never be mistaken for one another.
//! Source: docs/formats.md, "Identifiers".

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::encoding::{Decode, Encode};
use crate::text::{AgencyId, Slug, TextError};

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    )*};
}

numbers! {
    /// A block's number; the first block has height 1, genesis stands at height 0.
    Height;
    /// An entry's position on the log, from 0.
    LogIndex;
    /// Milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
    TimeMs;
}

impl Height {
    /// The height after this one.
    pub fn next(self) -> Height {
        Height(self.0 + 1)
    }
}

impl TimeMs {
    /// This time moved by `ms` milliseconds into the future, at most to the end of time.
    pub fn plus(self, ms: u64) -> TimeMs {
        TimeMs(self.0.saturating_add(ms))
    }

    /// The day (counted from 1970-01-01) that this time falls on, `offset_minutes` east of UTC.
    pub fn day(self, offset_minutes: i16) -> u64 {
        let offset_ms = i64::from(offset_minutes) * 60_000;
        self.0.saturating_add_signed(offset_ms) / 86_400_000
    }
}

/// An id that is rendered, in JSON and for debugging alike, as the one text that people write.
macro_rules! as_text {
    ($name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
        impl TryFrom<String> for $name {
            type Error = TextError;
            fn try_from(text: String) -> Result<Self, TextError> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }
    };
}

/// A dataset 数据资源: its owner and its name there, written `health.gd/vaccinations`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DatasetId {
    /// The owning agency.
    pub agency: AgencyId,
    /// The name within that agency.
    pub slug: Slug,
}

impl fmt::Display for DatasetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.agency, self.slug)
    }
}

impl FromStr for DatasetId {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        let Some((agency, slug)) = text.split_once('/') else {
            return Err(TextError::Shape {
                text: text.to_owned(),
                what: "a dataset id",
                rule: "the owner, a slash and the name, as in health.gd/vaccinations",
            });
        };
        Ok(DatasetId { agency: agency.parse()?, slug: slug.parse()? })
    }
}

as_text!(DatasetId);

macro_rules! positions {
    ($($(#[$doc:meta])* $name:ident: $letter:literal, $small:literal, $what:literal, $rule:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub LogIndex);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", $letter, self.0)
            }
        }

        impl FromStr for $name {
            type Err = TextError;
            fn from_str(text: &str) -> Result<Self, TextError> {
                let number = text.strip_prefix([$letter, $small]).and_then(plain_number);
                number.map(|index| $name(LogIndex(index))).ok_or_else(|| TextError::Shape {
                    text: text.to_owned(),
                    what: $what,
                    rule: $rule,
                })
            }
        }

        as_text!($name);
    )*};
}

positions! {
    /// A grant 授权: the position of the entry that issued it, written `G17`.
    GrantId: 'G', 'g', "a grant id", "a G and the position of the entry that issued it, as in G17";
    /// A request 共享申请: the position of the entry that opened it, written `R12`.
    RequestId: 'R', 'r', "a request id", "an R and the position of the entry that opened it, as in R12";
    /// An emergency 应急共享: the position of the entry that declared it, written `E23`.
    EmergencyId: 'E', 'e', "an emergency id", "an E and the position of the entry that declared it, as in E23";
    /// A proposal: the position of the entry that opened it, written `P9`.
    ProposalId: 'P', 'p', "a proposal id", "a P and the position of the entry that opened it, as in P9";
    /// A check request 核查申请: the position of the entry that opened it, written `C21`.
    CheckId: 'C', 'c', "a check id", "a C and the position of the entry that opened it, as in C21";
    /// An incident 安全事件: the position of the entry that reported it, written `I23`.
    IncidentId: 'I', 'i', "an incident id", "an I and the position of the entry that reported it, as in I23";
    /// A dispute 争议: the position of the entry that opened it, written `D27`.
    DisputeId: 'D', 'd', "a dispute id", "a D and the position of the entry that opened it, as in D27";
    /// A draw 双随机: the position of the entry that opened it, written `W31`.
    DrawId: 'W', 'w', "a draw id", "a W and the position of the entry that opened it, as in W31";
    /// A finding 审计发现: the position of the entry that opened it, written `F34`.
    FindingId: 'F', 'f', "a finding id", "an F and the position of the entry that opened it, as in F34";
    /// A task force 专班: the position of the entry that formed it, written `T36`.
    TaskForceId: 'T', 't', "a task force id", "a T and the position of the entry that formed it, as in T36";
    /// An assessment 评估: the position of the entry that reported it, written `A37`.
    AssessmentId: 'A', 'a', "an assessment id", "an A and the position of the entry that reported it, as in A37";
}

/// A number with one spelling: digits without a sign and without leading zeros.
fn plain_number(digits: &str) -> Option<u64> {
    let number: u64 = digits.parse().ok()?;
    (number.to_string() == digits).then_some(number)
}

macro_rules! random_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub [u8; 16]);

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }
        impl FromStr for $name {
            type Err = TextError;
            fn from_str(text: &str) -> Result<Self, TextError> {
                let mut bytes = [0u8; 16];
                if text.bytes().all(|b| !b.is_ascii_uppercase())
                    && hex::decode_to_slice(text, &mut bytes).is_ok()
                {
                    return Ok($name(bytes));
                }
                Err(TextError::Shape {
                    text: text.to_owned(),
                    what: "a random id",
                    rule: "32 lower-case hexadecimal digits",
                })
            }
        }
        as_text!($name);
    )*};
}

random_ids! {
    /// One exchange of data, chosen at random by whoever asks; both legs name it.
    ExchangeId;
    /// Requests that were opened together, chosen at random by whoever opened them.
    BundleId;
    /// Sixteen random bytes that make two otherwise equal statements two.
    Nonce;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_change_at_local_midnight() {
        let eight_hours = 8 * 60;
        let utc_16h = TimeMs(16 * 3_600_000);
        assert_eq!(utc_16h.day(0), 0);
        assert_eq!(utc_16h.day(eight_hours), 1);
        assert_eq!(TimeMs(utc_16h.0 - 1).day(eight_hours), 0);
        assert_eq!(TimeMs(0).day(-60), 0, "there is no day before the first");
    }

    #[test]
    fn ids_read_back_as_written() {
        let dataset: DatasetId = "health.gd/vaccinations".parse().unwrap();
        assert_eq!(dataset.to_string().parse::<DatasetId>().unwrap(), dataset);
        let grant = GrantId(LogIndex(17));
        assert_eq!(grant.to_string(), "G17");
        assert_eq!("g17".parse::<GrantId>().unwrap(), grant);
        assert_eq!("R0".parse::<RequestId>().unwrap(), RequestId(LogIndex(0)));
        for bad in ["17", "G", "G+17", "G017", "G-1", "R17", "G18446744073709551616"] {
            assert!(bad.parse::<GrantId>().is_err(), "{bad}");
        }
        assert!("health.gd".parse::<DatasetId>().is_err());
    }
}

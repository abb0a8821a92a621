//! What binds a grant beside its scope: who of the requester may use it, and what both sides undertake.
//! Holds: conditions are typed and few.
//! May not enter: the rules (see `apply`). Source: docs/formats.md, "Grants".

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::agency::Key;
use crate::duty::Mark;
use crate::encoding::{Decode, Encode};
use crate::keys::PublicKey;
use crate::text::Text;

/// Most posts or keys that a grant may name.
pub const MAX_BEARERS: usize = 32;
/// Most agencies to which a grant may be passed on.
pub const MAX_ONWARD: usize = 16;
/// Most undertakings in a grant.
pub const MAX_UNDERTAKINGS: usize = 8;
/// Longest undertaking (working days).
pub const MAX_UNDERTAKING_DAYS: u16 = 500;

/// Which of the requester's officers may use a grant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bearers {
    /// All of them.
    #[default]
    All,
    /// Those whose keys are registered for one of these posts (at least one).
    Posts(BTreeSet<Text<96>>),
    /// Those with one of these keys (at least one).
    Keys(BTreeSet<PublicKey>),
}

impl Bearers {
    /// Whether the holder of an officer's key may use the grant.
    pub fn include(&self, officer: &PublicKey, registered: &Key) -> bool {
        match self {
            Bearers::All => true,
            Bearers::Posts(posts) => posts.contains(&registered.post),
            Bearers::Keys(keys) => keys.contains(officer),
        }
    }

    /// Whether these let somebody through whom `others` need not.
    pub fn beyond(&self, others: &Bearers) -> bool {
        match (self, others) {
            (_, Bearers::All) => false,
            (Bearers::Posts(own), Bearers::Posts(others)) => !own.is_subset(others),
            (Bearers::Keys(own), Bearers::Keys(others)) => !own.is_subset(others),
            // Which posts keys have is for the state to say.
            _ => true,
        }
    }
}

/// A side of a grant.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Who granted.
    Provider,
    /// Who was granted.
    Requester,
}

impl Side {
    /// The side as it is written in commands and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Side::Provider => "provider",
            Side::Requester => "requester",
        }
    }
}

/// What is undertaken; all numbers are working days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Promise {
    /// To delete what was received, so long after the grant's end.
    DeleteAfterDays(u16),
    /// To report on the use, so often.
    ReportUseEveryDays(u16),
    /// To tell the other side of an incident, so long after it came to light.
    NotifyIncidentDays(u16),
    /// To tell the other side that the dataset was amended, so long after it was.
    NotifyChangeDays(u16),
}

impl Promise {
    /// The promise as it is written in commands and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Promise::DeleteAfterDays(_) => "delete-after-days",
            Promise::ReportUseEveryDays(_) => "report-use-every-days",
            Promise::NotifyIncidentDays(_) => "notify-incident-days",
            Promise::NotifyChangeDays(_) => "notify-change-days",
        }
    }

    /// Its working days.
    pub fn days(self) -> u16 {
        match self {
            Promise::DeleteAfterDays(days)
            | Promise::ReportUseEveryDays(days)
            | Promise::NotifyIncidentDays(days)
            | Promise::NotifyChangeDays(days) => days,
        }
    }

    /// Whether a side can make this promise: only who receives can delete and report, only who
    /// grants knows first that the dataset is another.
    pub fn suits(self, side: Side) -> bool {
        match self {
            Promise::DeleteAfterDays(_) | Promise::ReportUseEveryDays(_) => side == Side::Requester,
            Promise::NotifyIncidentDays(_) => true,
            Promise::NotifyChangeDays(_) => side == Side::Provider,
        }
    }
}

/// Something that one side of a grant undertakes 府际契约.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Undertaking {
    /// Which side.
    pub by: Side,
    /// What.
    pub what: Promise,
}

impl Undertaking {
    /// Whether this is the same promise of the same side, whatever its days.
    pub fn is_like(&self, other: &Undertaking) -> bool {
        self.by == other.by && self.what.as_str() == other.what.as_str()
    }
}

/// How often an undertaking was fulfilled, and where last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Fulfilment {
    /// The undertaking's place among the grant's, from 1.
    pub number: u8,
    /// How often.
    pub count: u32,
    /// Where last.
    pub last: Mark,
    /// Where the time before that, if there was one.
    pub before: Option<Mark>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posts(names: &[&str]) -> Bearers {
        Bearers::Posts(names.iter().map(|name| name.parse().unwrap()).collect())
    }

    #[test]
    fn bearers_go_beyond_others_where_they_let_in_one_more() {
        assert!(!posts(&["Desk 1"]).beyond(&Bearers::All));
        assert!(!Bearers::All.beyond(&Bearers::All));
        assert!(Bearers::All.beyond(&posts(&["Desk 1"])));
        assert!(!posts(&["Desk 1"]).beyond(&posts(&["Desk 1", "Desk 2"])));
        assert!(posts(&["Desk 1", "Desk 3"]).beyond(&posts(&["Desk 1", "Desk 2"])));
        assert!(Bearers::Keys([].into()).beyond(&posts(&["Desk 1"])));
    }
}

//! What an access relies on: a grant, or an emergency.
//! Holds: it is written as the one or the other is, `G12` or `E23`, and is never both.
//! May not enter: whether it lets anything through (see `apply::accesses`). Source: docs/formats.md,
//! "Accesses".

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::encoding::{Decode, Encode};
use crate::ids::{EmergencyId, GrantId, LogIndex};
use crate::text::TextError;

/// What an access relies on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Basis {
    /// A grant.
    Grant(GrantId),
    /// An emergency, without a grant.
    Emergency(EmergencyId),
}

impl Basis {
    /// The grant, where it is one.
    pub fn grant(self) -> Option<GrantId> {
        match self {
            Basis::Grant(id) => Some(id),
            Basis::Emergency(_) => None,
        }
    }

    /// The emergency, where it is one.
    pub fn emergency(self) -> Option<EmergencyId> {
        match self {
            Basis::Grant(_) => None,
            Basis::Emergency(id) => Some(id),
        }
    }

    /// The entry that made it.
    pub fn made_at(self) -> LogIndex {
        match self {
            Basis::Grant(GrantId(at)) | Basis::Emergency(EmergencyId(at)) => at,
        }
    }
}

impl From<GrantId> for Basis {
    fn from(id: GrantId) -> Basis {
        Basis::Grant(id)
    }
}

impl From<EmergencyId> for Basis {
    fn from(id: EmergencyId) -> Basis {
        Basis::Emergency(id)
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Basis::Grant(id) => fmt::Display::fmt(id, f),
            Basis::Emergency(id) => fmt::Display::fmt(id, f),
        }
    }
}

impl fmt::Debug for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Basis {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Basis, TextError> {
        if let Ok(id) = text.parse() {
            return Ok(Basis::Emergency(id));
        }
        text.parse().map(Basis::Grant).map_err(|_| TextError::Shape {
            text: text.to_owned(),
            what: "a grant or an emergency",
            rule: "the position of its entry after a G or an E, as in G12 or E23",
        })
    }
}

impl TryFrom<String> for Basis {
    type Error = TextError;
    fn try_from(text: String) -> Result<Basis, TextError> {
        text.parse()
    }
}

impl From<Basis> for String {
    fn from(basis: Basis) -> String {
        basis.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_basis_is_written_as_what_it_is() {
        for (text, basis) in [
            ("G12", Basis::Grant(GrantId(LogIndex(12)))),
            ("E23", Basis::Emergency(EmergencyId(LogIndex(23)))),
        ] {
            assert_eq!(text.parse::<Basis>().unwrap(), basis);
            assert_eq!(basis.to_string(), text);
            assert_eq!(serde_json::to_value(basis).unwrap(), text);
        }
        for wrong in ["", "12", "G", "E01", "R3", "G12 "] {
            assert!(wrong.parse::<Basis>().is_err(), "{wrong:?}");
        }
    }
}

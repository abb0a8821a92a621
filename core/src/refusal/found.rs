//! What refusals find where a name says more than a value: faults of measures, fields of datasets.
//! Holds: names never change meaning.
//! May not enter: advice for people (it is in the message catalogue). Source: docs/formats.md, "Measures".

use serde::{Deserialize, Serialize};

use crate::agency::KeyRole;
use crate::text::AgencyId;

/// Why a measure cannot be carried out as things are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MeasureFault {
    /// The agency is, or was, a member: ids are never used again.
    AgencyExists,
    /// Not the keys that the standing needs.
    Keys,
    /// A key of a role that measures do not change, or not of the role that it replaces.
    KeyRole,
    /// No admin key would be left, or there would be too many.
    AdminCount,
    /// As many members as there may be.
    TooManyMembers,
    /// The sponsor is no member with a node and a ballot.
    Sponsor,
    /// The hosting would already be over.
    HostingOver,
    /// The competent authority cannot be removed.
    IsAuthority,
    /// A member that hosts others cannot be removed.
    IsSponsor,
    /// A change that its standing does not allow.
    Standing,
    /// The validators would form no set.
    ValidatorSet,
    /// A parameter out of its bounds.
    Parameters,
    /// A version that is not a later one.
    Version,
    /// Everything is already so.
    NothingChanges,
    /// Not the agencies that an office needs.
    Office,
    /// An emergency that cannot be renewed, or not until then.
    Emergency,
}

impl MeasureFault {
    /// The fault as it is written in messages' names.
    pub fn as_str(self) -> &'static str {
        match self {
            MeasureFault::AgencyExists => "agency-exists",
            MeasureFault::Keys => "keys",
            MeasureFault::KeyRole => "key-role",
            MeasureFault::AdminCount => "admin-count",
            MeasureFault::TooManyMembers => "too-many-members",
            MeasureFault::Sponsor => "sponsor",
            MeasureFault::HostingOver => "hosting-over",
            MeasureFault::IsAuthority => "is-authority",
            MeasureFault::IsSponsor => "is-sponsor",
            MeasureFault::Standing => "standing",
            MeasureFault::ValidatorSet => "validator-set",
            MeasureFault::Parameters => "parameters",
            MeasureFault::Version => "version",
            MeasureFault::NothingChanges => "nothing-changes",
            MeasureFault::Office => "office",
            MeasureFault::Emergency => "emergency",
        }
    }
}

impl std::fmt::Display for MeasureFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A dataset's field that may not be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DatasetField {
    /// The title.
    Title,
    /// The contact.
    Contact,
}

impl std::fmt::Display for DatasetField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            DatasetField::Title => "title",
            DatasetField::Contact => "contact",
        })
    }
}

/// One whose signature is needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignerNeeded {
    /// The agency.
    pub agency: AgencyId,
    /// The role of its key.
    pub role: KeyRole,
}

impl std::fmt::Display for SignerNeeded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} as {}", self.agency, self.role)
    }
}

/// Several signers in a sentence.
pub(super) fn named(needed: &[SignerNeeded]) -> String {
    needed.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

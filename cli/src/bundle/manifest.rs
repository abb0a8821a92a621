//! The manifest of an evidence bundle: which case it is, as of when, and what is in it.
//! Holds: a manifest has one spelling; it lists every member that the exporter made.
//! May not enter: the clock. Source: docs/formats.md, "Manifest".

use comity_core::block::Header;
use comity_core::hash::{ConsortiumId, HeaderHash};
use comity_core::ids::{DatasetId, GrantId, Height, LogIndex, TimeMs};
use comity_core::keys::PublicKey;
use comity_core::text::{AgencyId, Text};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::container::Members;
use super::member::Member;

const FORMAT: &str = "comity-evidence";
const VERSION: u16 = 1;

/// What a bundle is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Case {
    /// One grant, from the request to the last access.
    Grant {
        /// Which.
        grant: GrantId,
    },
    /// One access or denial.
    Access {
        /// Its position.
        entry: LogIndex,
    },
    /// The accesses to one dataset.
    Dataset {
        /// Which.
        dataset: DatasetId,
        /// In blocks from this time.
        from: Option<TimeMs>,
        /// In blocks before this time.
        to: Option<TimeMs>,
    },
    /// What one key signed.
    Signer {
        /// Which.
        key: PublicKey,
        /// In blocks from this time.
        from: Option<TimeMs>,
        /// In blocks before this time.
        to: Option<TimeMs>,
    },
}

impl Case {
    /// Whether every access of a grant on a dataset must be there.
    pub(crate) fn must_be_whole(&self, id: GrantId, on: &DatasetId) -> bool {
        match self {
            Case::Grant { grant } => *grant == id,
            Case::Dataset { dataset, from: None, to: None } => dataset == on,
            _ => false,
        }
    }
}

/// The block of which a bundle speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AsOf {
    /// Its height.
    pub(crate) height: Height,
    /// Its time.
    pub(crate) time: TimeMs,
    /// Its hash.
    pub(crate) header: HeaderHash,
}

impl AsOf {
    /// Of a header.
    pub(crate) fn of(header: &Header) -> AsOf {
        AsOf { height: header.height, time: header.time, header: header.hash() }
    }
}

/// Who made it: words, nothing proves them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exported {
    /// The program and its version.
    pub(crate) program: Text<64>,
    /// The member whose node was asked.
    pub(crate) node: AgencyId,
}

impl Exported {
    /// By this program.
    pub(crate) fn here(node: AgencyId) -> Exported {
        let program = concat!("comity ", env!("CARGO_PKG_VERSION"));
        let program = match program.parse() {
            Ok(program) => program,
            Err(error) => unreachable!("the program's name is a text: {error}"),
        };
        Exported { program, node }
    }
}

/// A member as the manifest lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listed {
    /// Its name.
    pub(crate) name: String,
    /// How long it is.
    pub(crate) size_bytes: u64,
    /// Its SHA-256, hexadecimal.
    pub(crate) sha256: String,
}

/// What a bundle says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    format: String,
    version: u16,
    /// The consortium.
    pub(crate) consortium: ConsortiumId,
    /// The case.
    pub(crate) case: Case,
    /// The block.
    pub(crate) as_of: AsOf,
    /// Who made it.
    pub(crate) exported: Exported,
    members: Vec<Listed>,
}

/// Why bytes are not the manifest of the members beside them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ManifestFault {
    /// Of another version.
    #[error("another version: {0}")]
    Version(String),
    /// Not of the one form.
    #[error("not in the form of a manifest: {0}")]
    Form(String),
    /// It lists others.
    #[error("other members are listed")]
    Members,
    /// A member is not as listed.
    #[error("{0} is not as listed")]
    Member(Member),
}

impl Manifest {
    /// The manifest of these members.
    pub(crate) fn new(
        consortium: ConsortiumId,
        (case, as_of, exported): (Case, AsOf, Exported),
        members: &Members,
    ) -> Manifest {
        let members = listed(members).map(|(_, listed)| listed).collect();
        let format = FORMAT.to_owned();
        Manifest { format, version: VERSION, consortium, case, as_of, exported, members }
    }

    /// Its bytes.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        json_bytes(self)
    }

    /// Reads the manifest of these members. Errors: it is none, or of others.
    pub(crate) fn read(bytes: &[u8], members: &Members) -> Result<Manifest, ManifestFault> {
        let form = |error: serde_json::Error| ManifestFault::Form(error.to_string());
        let value: Value = serde_json::from_slice(bytes).map_err(form)?;
        if value["format"] == FORMAT && value["version"] != VERSION {
            return Err(ManifestFault::Version(value["version"].to_string()));
        }
        let manifest: Manifest = serde_json::from_slice(bytes).map_err(form)?;
        if manifest.format != FORMAT || manifest.to_bytes() != bytes {
            return Err(ManifestFault::Form("another spelling".to_owned()));
        }
        let found: Vec<(Member, Listed)> = listed(members).collect();
        let names = found.iter().map(|(_, listed)| &listed.name);
        if !manifest.members.iter().map(|listed| &listed.name).eq(names) {
            return Err(ManifestFault::Members);
        }
        let stated = found.iter().zip(&manifest.members);
        match stated.into_iter().find(|((_, found), stated)| found != *stated) {
            Some(((member, _), _)) => Err(ManifestFault::Member(*member)),
            None => Ok(manifest),
        }
    }
}

/// Members as a manifest lists them.
fn listed(members: &Members) -> impl Iterator<Item = (Member, Listed)> {
    members.iter().filter(|(member, _)| member.is_listed()).map(|(member, content)| {
        let sha256 = hex::encode(Sha256::digest(content));
        let size_bytes = content.len() as u64;
        (*member, Listed { name: member.name(), size_bytes, sha256 })
    })
}

/// JSON in the one form that members have.
pub(crate) fn json_bytes<T: Serialize>(value: &T) -> Vec<u8> {
    match serde_json::to_string_pretty(value) {
        Ok(text) => format!("{text}\n").into_bytes(),
        Err(error) => unreachable!("it has named fields and texts only: {error}"),
    }
}

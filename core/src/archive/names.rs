//! The names of what is wrong with an archive, by which verifiers of different makers compare.
//! Holds: one name for each reason; they are the words of docs/formats.md and never change.
//! Source: docs/formats.md, "Encoding", "Consensus", "Polka certificates", "Blocks", "Archive".

use super::{ArchiveError, BlockFault};
use crate::encoding::DecodeError;
use crate::ledger::BlockError;
use crate::polka::PolkasError;
use crate::vote::CertificateError;

impl DecodeError {
    /// The fault's name.
    pub fn name(&self) -> &'static str {
        match self {
            DecodeError::Oversized { .. } => "oversized",
            DecodeError::Truncated => "truncated",
            DecodeError::Trailing { .. } => "trailing",
            DecodeError::NotCanonical => "not-canonical",
            DecodeError::Malformed { .. } => "malformed",
        }
    }
}

impl CertificateError {
    /// The fault's name.
    pub fn name(&self) -> &'static str {
        match self {
            CertificateError::OtherBlock => "other-block",
            CertificateError::Order => "order",
            CertificateError::Stranger(_) => "stranger",
            CertificateError::Signature { .. } => "signature",
            CertificateError::NoQuorum { .. } => "no-quorum",
        }
    }
}

impl PolkasError {
    /// The fault's name.
    pub fn name(&self) -> String {
        match self {
            PolkasError::Count(_) => "polkas: count".to_owned(),
            PolkasError::Order => "polkas: order".to_owned(),
            PolkasError::Height { .. } => "polkas: height".to_owned(),
            PolkasError::Certificate { source, .. } => format!("polka: {}", source.name()),
        }
    }
}

impl BlockError {
    /// The fault's name.
    pub fn name(&self) -> String {
        match self {
            BlockError::Rules { version } => format!("rules: {version}"),
            BlockError::Header { field: "body hash" } => "header: body".to_owned(),
            BlockError::Header { field } => format!("header: {}", field.replace(' ', "_")),
            BlockError::Limit { what } => format!("limit: {what}"),
            BlockError::Quota { agency } => format!("quota: {agency}"),
            BlockError::Record { position, refusal } => {
                format!("record {position}: {}", refusal.rule())
            }
        }
    }
}

impl BlockFault {
    /// The fault's name.
    pub fn name(&self) -> String {
        match self {
            BlockFault::Truncated => "truncated".to_owned(),
            BlockFault::Trailing => "trailing".to_owned(),
            BlockFault::Frame => "frame".to_owned(),
            BlockFault::Decode(error) => format!("decode: {}", error.name()),
            BlockFault::Certificate(error) => format!("certificate: {}", error.name()),
            BlockFault::Polkas(error) => error.name(),
            BlockFault::Record { position, source } => {
                format!("form of record {position}: {}", source.rule())
            }
            BlockFault::Execution(error) => error.name(),
        }
    }
}

impl ArchiveError {
    /// The fault's name; which block has it, [`ArchiveError::Block`] says beside.
    pub fn name(&self) -> String {
        match self {
            ArchiveError::NotAnArchive => "not-an-archive".to_owned(),
            ArchiveError::OtherConsortium { .. } => "other-consortium".to_owned(),
            ArchiveError::Genesis(_) => "genesis".to_owned(),
            ArchiveError::Block { cause, .. } => cause.name(),
        }
    }
}

//! What a backup says of itself.
//! Holds: every file with its size and hash; paths that stay inside.

use std::path::Path;

use comity_core::hash::ConsortiumId;
use comity_core::ids::TimeMs;
use comity_core::text::AgencyId;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The manifest's name in a backup.
pub(in crate::commands) const MANIFEST: &str = "manifest.json";
/// What its `format` says.
pub(in crate::commands) const FORMAT: &str = "comity-backup/1";

/// A backup.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::commands) struct Manifest {
    pub(in crate::commands) format: String,
    /// Version of the `comityd` that made it.
    pub(in crate::commands) software: String,
    pub(in crate::commands) agency: AgencyId,
    pub(in crate::commands) consortium: ConsortiumId,
    /// By the node's clock.
    pub(in crate::commands) made_at: TimeMs,
    pub(in crate::commands) has_validator_key: bool,
    /// Whether all keys in it are under a passphrase.
    pub(in crate::commands) keys_sealed: bool,
    pub(in crate::commands) files: Vec<Listed>,
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::commands) struct Listed {
    /// Relative to the backup, and to the node's directory.
    pub(in crate::commands) path: String,
    pub(in crate::commands) size_bytes: u64,
    /// In hexadecimal.
    pub(in crate::commands) sha256: String,
}

impl Manifest {
    pub(super) fn to_json(&self) -> Vec<u8> {
        match serde_json::to_vec_pretty(self) {
            Ok(text) => text,
            Err(error) => unreachable!("a struct of texts and numbers is JSON: {error}"),
        }
    }
}

impl Listed {
    pub(super) fn of(name: &Path, bytes: &[u8]) -> Listed {
        let (path, size_bytes) = (name.display().to_string(), bytes.len() as u64);
        Listed { path, size_bytes, sha256: hex::encode(Sha256::digest(bytes)) }
    }

    /// Whether these are the bytes that were copied.
    pub(in crate::commands) fn fits(&self, bytes: &[u8]) -> bool {
        self.size_bytes == bytes.len() as u64 && self.sha256 == hex::encode(Sha256::digest(bytes))
    }
}

//! Openings of sealed details: kept, found, erased.
//! Holds: an opening that is given back fits its commitment; a tombstone has no text and no salt;
//! an opening whose tombstone is there is gone, whatever a crash left behind.
//! May not enter: who may.

use std::path::PathBuf;

use comity_core::hash::Commitment;
use comity_core::ids::TimeMs;
use comity_core::keys::PublicKey;
use comity_core::sealed::Opening;
use comity_core::text::Text;
use serde::{Deserialize, Serialize};

use super::files::{self, OPENING, TOMBSTONE};
use super::{Kept, KeptError};

/// An opening as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptOpening {
    /// The opening.
    #[serde(flatten)]
    pub opening: Opening,
    /// When it was first handed in, by this node's clock.
    pub kept_at: TimeMs,
    /// By which key.
    pub kept_by: PublicKey,
}

/// The end of an opening.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erasure {
    /// When, by this node's clock.
    pub erased_at: TimeMs,
    /// By which key.
    pub erased_by: PublicKey,
    /// Why.
    pub reason: Text<256>,
}

/// What is known of a commitment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sought {
    /// It is kept.
    Kept(Box<KeptOpening>),
    /// It was kept and erased.
    Erased(Erasure),
    /// It was never kept here.
    Unknown,
}

impl Kept {
    /// Keeps openings, durably, all of them or, where there is no room, none. One that is kept
    /// already stays as it is. Errors: `Erased` if one of them was, `Full`, `Damaged`, `Io`.
    pub fn keep(
        &self,
        openings: Vec<Opening>,
        by: PublicKey,
        at: TimeMs,
    ) -> Result<Vec<Commitment>, KeptError> {
        let mut used_bytes = self.writing();
        let mut commitments = Vec::with_capacity(openings.len());
        let mut new = Vec::new();
        for opening in openings {
            let commitment = opening.commitment(&self.0.consortium);
            match self.sought(&commitment)? {
                Sought::Erased(erasure) => return Err(KeptError::Erased { commitment, erasure }),
                Sought::Unknown if !commitments.contains(&commitment) => {
                    let kept = KeptOpening { opening, kept_at: at, kept_by: by };
                    new.push((self.place(&commitment, OPENING), json(&kept)));
                }
                Sought::Unknown | Sought::Kept(_) => {}
            }
            commitments.push(commitment);
        }
        self.check_room(*used_bytes, new.iter().map(|(_, bytes)| bytes.len()))?;
        for (path, bytes) in new {
            files::write(&path, &bytes)?;
            *used_bytes += files::occupied_bytes(bytes.len());
        }
        Ok(commitments)
    }

    /// What is known of a commitment. Errors: `Damaged`, `Io`.
    pub fn sought(&self, commitment: &Commitment) -> Result<Sought, KeptError> {
        if let Some(erasure) = self.read_json(commitment, TOMBSTONE)? {
            return Ok(Sought::Erased(erasure));
        }
        let Some(kept): Option<KeptOpening> = self.read_json(commitment, OPENING)? else {
            return Ok(Sought::Unknown);
        };
        if kept.opening.commitment(&self.0.consortium) != *commitment {
            return Err(KeptError::Damaged(self.place(commitment, OPENING)));
        }
        Ok(Sought::Kept(Box::new(kept)))
    }

    /// Erases an opening for good: its tombstone is durable first, then its file is unlinked. A
    /// full store erases all the same. What is known of the commitment then: an earlier erasure
    /// stays as it was, and what was never kept stays unknown. Errors: `Damaged`, `Io`.
    pub fn erase(&self, commitment: &Commitment, erasure: Erasure) -> Result<Sought, KeptError> {
        let mut used_bytes = self.writing();
        let opening = self.place(commitment, OPENING);
        let earlier: Option<Erasure> = self.read_json(commitment, TOMBSTONE)?;
        let erasure = match earlier {
            Some(earlier) => earlier,
            // A damaged opening can be erased too.
            None if !opening.exists() => return Ok(Sought::Unknown),
            None => {
                let bytes = json(&erasure);
                files::write(&self.place(commitment, TOMBSTONE), &bytes)?;
                *used_bytes += files::occupied_bytes(bytes.len());
                erasure
            }
        };
        *used_bytes = used_bytes.saturating_sub(files::remove(&opening)?);
        Ok(Sought::Erased(erasure))
    }

    fn place(&self, commitment: &Commitment, ending: &str) -> PathBuf {
        files::place(&self.0.root.join("sealed"), &commitment.to_string(), ending)
    }

    fn read_json<T: serde::de::DeserializeOwned>(
        &self,
        commitment: &Commitment,
        ending: &str,
    ) -> Result<Option<T>, KeptError> {
        let path = self.place(commitment, ending);
        let Some(bytes) = files::read(&path)? else { return Ok(None) };
        // The cause is left out: it could quote the text.
        serde_json::from_slice(&bytes).map(Some).map_err(|_| KeptError::Damaged(path))
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    match serde_json::to_vec(value) {
        Ok(bytes) => bytes,
        Err(error) => unreachable!("a struct of texts and numbers is JSON: {error}"),
    }
}

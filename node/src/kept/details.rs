//! Texts about datasets that the ledger names by their hash.
//! Holds: what is given back has the hash that it was asked for by.
//! May not enter: what the texts say; which datasets name them.

use std::path::PathBuf;

use comity_core::dataset::{MAX_DETAILS_BYTES, details_hash};
use comity_core::hash::DetailsHash;

use super::files;
use super::{Kept, KeptError};

impl Kept {
    /// Keeps a text about a dataset, durably; one that is kept already stays as it is. Errors:
    /// `TooLong`, `HashMismatch`, `Full`, `Io`.
    pub fn keep_details(&self, hash: &DetailsHash, text: &[u8]) -> Result<(), KeptError> {
        if text.len() > MAX_DETAILS_BYTES {
            return Err(KeptError::TooLong { size: text.len(), limit: MAX_DETAILS_BYTES });
        }
        if details_hash(&self.0.consortium, text) != *hash {
            return Err(KeptError::HashMismatch);
        }
        let mut used_bytes = self.writing();
        let path = self.details_place(hash);
        if path.exists() {
            // One that was damaged is mended by being given again.
            match self.details(hash) {
                Ok(_) => return Ok(()),
                Err(KeptError::Damaged(_)) => {
                    *used_bytes = used_bytes.saturating_sub(files::remove(&path)?);
                }
                Err(error) => return Err(error),
            }
        }
        self.check_room(*used_bytes, std::iter::once(text.len()))?;
        files::write(&path, text)?;
        *used_bytes += files::occupied_bytes(text.len());
        Ok(())
    }

    /// A text about a dataset, if it is kept here. Errors: `Damaged`, `Io`.
    pub fn details(&self, hash: &DetailsHash) -> Result<Option<Vec<u8>>, KeptError> {
        let path = self.details_place(hash);
        let Some(text) = files::read(&path)? else { return Ok(None) };
        if details_hash(&self.0.consortium, &text) != *hash {
            return Err(KeptError::Damaged(path));
        }
        Ok(Some(text))
    }

    fn details_place(&self, hash: &DetailsHash) -> PathBuf {
        files::place(&self.0.root.join("details"), &hash.to_string(), "")
    }
}

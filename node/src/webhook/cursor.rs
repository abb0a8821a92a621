//! Which entry is sent next, over restarts.
//! Holds: the file never names an entry after one that was not taken.
//! May not enter: the entries.

use std::path::PathBuf;

use comity_core::hash::ConsortiumId;
use comity_core::ids::LogIndex;
use serde::{Deserialize, Serialize};

use super::WebhookError;
use crate::kept::{KeptError, read_durable, write_durably};

/// The file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    consortium: ConsortiumId,
    next: LogIndex,
}

/// How far the webhook has come.
#[derive(Debug)]
pub(super) struct Cursor {
    path: PathBuf,
    consortium: ConsortiumId,
    next: LogIndex,
    written: LogIndex,
}

impl Cursor {
    /// Reads the cursor; without a file it is at the first entry. Errors: `Cursor`,
    /// `OtherConsortium`, `Store`.
    pub(super) fn open(path: PathBuf, consortium: ConsortiumId) -> Result<Cursor, WebhookError> {
        let next = match read_durable(&path)? {
            None => LogIndex(0),
            Some(bytes) => match serde_json::from_slice::<Written>(&bytes) {
                Err(_) => return Err(WebhookError::Cursor { path }),
                Ok(Written { consortium: found, .. }) if found != consortium => {
                    return Err(WebhookError::OtherConsortium { path, found });
                }
                Ok(Written { next, .. }) => next,
            },
        };
        Ok(Cursor { path, consortium, next, written: next })
    }

    /// The first entry that was not dealt with.
    pub(super) fn next(&self) -> LogIndex {
        self.next
    }

    /// Everything before `next` is dealt with.
    pub(super) fn advance(&mut self, next: LogIndex) {
        self.next = self.next.max(next);
    }

    /// Entries dealt with that the file does not know of.
    pub(super) fn unwritten(&self) -> u64 {
        self.next.0 - self.written.0
    }

    /// Makes it durable. Errors: `Io`.
    pub(super) fn write(&mut self) -> Result<(), KeptError> {
        if self.unwritten() == 0 {
            return Ok(());
        }
        let written = Written { consortium: self.consortium, next: self.next };
        let bytes = match serde_json::to_vec(&written) {
            Ok(bytes) => bytes,
            Err(error) => unreachable!("a hash and a number are JSON: {error}"),
        };
        write_durably(&self.path, &bytes)?;
        self.written = self.next;
        Ok(())
    }
}

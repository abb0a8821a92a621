//! The last checkpoint that enough witnesses have cosigned, over restarts.
//! Holds: what is read is used only if it is of this node's key and log and enough of the witnesses
//! of today have signed it: the file is trusted no more than an answer.
//! May not enter: publishing.

use std::path::PathBuf;

use comity_core::checkpoint::{Checkpoint, CheckpointError, verify_cosignature};
use comity_core::log_tree::{ProofError, verify_consistency};
use comity_core::note::{Note, NoteError, NoteKey};

use super::ask::{Cosignature, Proof};
use crate::kept::{KeptError, read_durable, write_durably};

/// Why the file is not used.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoreError {
    #[error("it cannot be read or written")]
    Io(#[from] KeptError),
    #[error("it is no signed note")]
    Note(#[from] NoteError),
    #[error("it is no checkpoint of this log by this node's note key")]
    Checkpoint(#[from] CheckpointError),
    #[error("only {found} of the witnesses in the settings have signed it, {required} must have")]
    TooFew { found: usize, required: usize },
    #[error("it has {size} entries, more than this node's log")]
    Larger { size: u64 },
    #[error("this node's log is not the one that it signed before")]
    AnotherLog(#[source] ProofError),
    #[error("this node cannot prove that its log begins with that of {size} entries")]
    NoProof { size: u64 },
}

/// A cosigned checkpoint from the file: the cosignatures by the number of their witness.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) checkpoint: Checkpoint,
    pub(super) note: Note,
    pub(super) cosignatures: Vec<(usize, Cosignature)>,
}

/// The file.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) path: PathBuf,
}

impl Store {
    /// Reads what was kept, if anything was. `required` of the witnesses must have signed it.
    /// Errors: why it is not used.
    pub(super) fn read(
        &self,
        (origin, own): (&str, &NoteKey),
        (witnesses, required): (&[NoteKey], usize),
    ) -> Result<Option<Kept>, StoreError> {
        let Some(bytes) = read_durable(&self.path)? else { return Ok(None) };
        let note = Note::parse(&bytes)?;
        let checkpoint = Checkpoint::verify(&note, own, origin)?;
        let mut cosignatures = Vec::new();
        for (number, key) in witnesses.iter().enumerate() {
            let lines = note.signatures.iter().filter(|line| key.is_named_by(line));
            let mut signed = lines.filter_map(|line| {
                let time_s = verify_cosignature(&note.text, line, key).ok()?.time_s;
                Some(Cosignature { line: line.clone(), time_s })
            });
            cosignatures.extend(signed.next().map(|cosignature| (number, cosignature)));
        }
        let found = cosignatures.len();
        if found < required {
            return Err(StoreError::TooFew { found, required });
        }
        Ok(Some(Kept { checkpoint, note, cosignatures }))
    }

    /// Makes a cosigned checkpoint durable in the place of the one before. Errors: `Io`.
    pub(super) fn write(&self, note: &str) -> Result<(), KeptError> {
        write_durably(&self.path, note.as_bytes())
    }
}

impl Kept {
    /// Whether the node's log goes on where this ends. Errors: it does not, or that cannot be told.
    pub(super) fn check(
        &self,
        head: &Checkpoint,
        prove: impl Fn(u64, u64) -> Option<Proof>,
    ) -> Result<(), StoreError> {
        let Checkpoint { size, root, .. } = self.checkpoint;
        if size > head.size {
            return Err(StoreError::Larger { size });
        }
        let proof = match size == head.size || size == 0 {
            true => Proof::new(),
            false => prove(size, head.size).ok_or(StoreError::NoProof { size })?,
        };
        verify_consistency(size, &root, head.size, &head.root, &proof)
            .map_err(StoreError::AnotherLog)
    }
}

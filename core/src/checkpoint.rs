//! Checkpoints of the log (C2SP tlog-checkpoint) and witnesses' cosignatures (C2SP
//! tlog-cosignature): the log's size and root as tools for transparency logs read them.
//! Holds: the root is that of a certified header; who reads one knows its origin before.
//! May not enter: asking witnesses, deciding how many are enough.
//! Source: c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature; docs/formats.md, "Checkpoints".

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::hash::{ConsortiumId, LogRoot};
use crate::keys::{SecretKey, Signature};
use crate::note::{Note, NoteError, NoteKey, NoteKind, NoteSignature};

/// The log's size and root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// Entries in it.
    pub size: u64,
    /// Its RFC 6962 root.
    pub root: LogRoot,
}

/// Why a note is not a checkpoint of the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not a signed note, or not signed by a key that is known.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Not origin, size and root.
    #[error("its text is not an origin, a size and a root")]
    Shape,
    /// Another log's.
    #[error("it is of the log {found:?}, not {expected:?}")]
    OtherLog {
        /// The log that it names.
        found: String,
        /// The log that was expected.
        expected: String,
    },
}

impl CheckpointError {
    /// The fault's name, by which verifiers of different makers compare.
    pub fn name(&self) -> &'static str {
        match self {
            CheckpointError::Note(error) => error.name(),
            CheckpointError::Shape => "not-a-checkpoint",
            CheckpointError::OtherLog { .. } => "other-log",
        }
    }
}

/// The origin line of a consortium's log, which is also the name of its nodes' note keys.
pub fn origin(consortium: &ConsortiumId) -> String {
    format!("comity/{consortium}")
}

impl Checkpoint {
    /// The checkpoint, signed by a node's note key. Errors: none for an origin of [`origin`].
    pub fn sign(&self, key: &SecretKey) -> Result<Note, NoteError> {
        Note::sign(&self.to_string(), &self.origin, key)
    }

    /// Reads a note's text. Extension lines are passed over. Errors: `Shape`.
    pub fn parse(text: &str) -> Result<Checkpoint, CheckpointError> {
        let mut lines = text.strip_suffix('\n').ok_or(CheckpointError::Shape)?.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointError::Shape);
        };
        let root = STANDARD.decode(root).ok().and_then(|root| root.try_into().ok());
        let (Some(root), Some(size)) = (root, decimal(size)) else {
            return Err(CheckpointError::Shape);
        };
        if origin.is_empty() || lines.any(str::is_empty) {
            return Err(CheckpointError::Shape);
        }
        Ok(Checkpoint { origin: origin.to_owned(), size, root: LogRoot(root) })
    }

    /// The checkpoint in a note, of the log and signed by the key that are expected. Errors: each
    /// way in which it is not.
    pub fn verify(note: &Note, key: &NoteKey, origin: &str) -> Result<Checkpoint, CheckpointError> {
        note.verify(key)?;
        let checkpoint = Checkpoint::parse(&note.text)?;
        if checkpoint.origin != origin {
            let (found, expected) = (checkpoint.origin, origin.to_owned());
            return Err(CheckpointError::OtherLog { found, expected });
        }
        Ok(checkpoint)
    }
}

/// The note's text.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Checkpoint { origin, size, root } = self;
        writeln!(f, "{origin}\n{size}\n{}", STANDARD.encode(root.0))
    }
}

/// A number as a checkpoint has it: no sign, no leading zeros.
fn decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = plain && !text.is_empty() && (text == "0" || !text.starts_with('0'));
    canonical.then(|| text.parse().ok())?
}

/// A witness's cosignature of a checkpoint: when it saw it (POSIX seconds) as the log's largest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cosigned {
    /// When (seconds since 1970).
    pub time_s: u64,
}

/// Cosigns a note's text at a time (POSIX seconds): what a witness does. Errors: the name.
pub fn cosign(
    text: &str,
    name: &str,
    key: &SecretKey,
    time_s: u64,
) -> Result<NoteSignature, NoteError> {
    let public = NoteKey::new(name, NoteKind::Cosignature, key.public())?;
    let Signature(signature) = key.sign_note(&cosigned_text(text, time_s));
    Ok(NoteSignature {
        name: name.to_owned(),
        key_id: public.id(),
        signature: [&time_s.to_be_bytes()[..], &signature].concat(),
    })
}

/// Verifies a witness's cosignature of a note's text. Errors: `UnknownKeys` where the line is not
/// the key's; `BadSignature`.
pub fn verify_cosignature(
    text: &str,
    line: &NoteSignature,
    key: &NoteKey,
) -> Result<Cosigned, NoteError> {
    if key.kind() != NoteKind::Cosignature || !key.is_named_by(line) {
        return Err(NoteError::UnknownKeys { name: key.name().to_owned() });
    }
    let bad = || NoteError::BadSignature { name: key.name().to_owned() };
    let (time, signature) = line.signature.split_first_chunk::<8>().ok_or_else(bad)?;
    let time_s = u64::from_be_bytes(*time);
    let signature: [u8; 64] = signature.try_into().map_err(|_| bad())?;
    if time_s > i64::MAX.unsigned_abs() {
        return Err(bad());
    }
    let signed = cosigned_text(text, time_s);
    key.key().verify_note(&signed, &Signature(signature)).map_err(|_| bad())?;
    Ok(Cosigned { time_s })
}

fn cosigned_text(text: &str, time_s: u64) -> String {
    format!("cosignature/v1\ntime {time_s}\n{text}")
}

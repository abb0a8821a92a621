//! Notes about answers: what lets the other side tell that it received what was handed over.
//! Holds: a note belongs to one exchange; its salt is drawn for it alone.
//! May not enter: the data itself, which is hashed and never copied.

use std::path::Path;

use comity_core::hash::{AnswerHash, ConsortiumId};
use comity_core::ids::ExchangeId;
use comity_core::legs::answer_hash;
use comity_core::sealed::Salt;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::keys::{self, Readers};
use crate::messages::fault;
use crate::shell::Session;

const FORMAT: &str = "comity-answer-1";

/// What the provider hands over beside its answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Note {
    format: String,
    consortium: ConsortiumId,
    exchange: ExchangeId,
    salt: Salt,
    /// The hash that the provider puts on the log.
    pub(crate) digest: AnswerHash,
}

impl Note {
    /// A note about the answer in a file, written to another. Errors: a file.
    pub(crate) fn make(
        session: &mut Session<'_>,
        (consortium, exchange): (ConsortiumId, ExchangeId),
        answer: &Path,
        out: &Path,
    ) -> Result<Note, Fault> {
        let salt = Salt(session.shell.draw()?);
        let digest = answer_hash(&consortium, &exchange, &salt, &keys::read(answer)?);
        let note = Note { format: FORMAT.to_owned(), consortium, exchange, salt, digest };
        let text = format!("{:#}\n", serde_json::json!(note));
        keys::write_new(out, text.as_bytes(), Readers::Owner)?;
        Ok(note)
    }

    /// The note in a file. Errors: it is none, or of another exchange.
    pub(crate) fn load(
        path: &Path,
        (consortium, exchange): (ConsortiumId, ExchangeId),
    ) -> Result<Note, Fault> {
        let unreadable =
            |cause: String| fault!(Failed, "note-unreadable", path = path.display(), cause = cause);
        let note: Note = keys::load_json(path, |cause| unreadable(cause.to_string()))?;
        if note.format != FORMAT {
            return Err(unreadable(format!("its format is {:?}, not {FORMAT:?}", note.format)));
        }
        if (note.consortium, note.exchange) != (consortium, exchange) {
            let (path, of) = (path.display(), note.exchange);
            return Err(fault!(Failed, "note-of-other", path = path, of = of, exchange = exchange));
        }
        Ok(note)
    }

    /// The hash of what was received, with the provider's salt.
    pub(crate) fn hash_of(&self, answer: &Path) -> Result<AnswerHash, Fault> {
        let answer = keys::read(answer)?;
        Ok(answer_hash(&self.consortium, &self.exchange, &self.salt, &answer))
    }
}

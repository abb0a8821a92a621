//! Sealed details on their way: from options or a file to openings at the node and commitments
//! in what is signed.
//! Holds: a node keeps the openings before anything that commits to them is submitted; a salt is
//! drawn anew for each detail of each statement.
//! May not enter: what is sealed (any text may be); the texts themselves in faults.

use std::path::Path;

use comity_core::hash::{Commitment, ConsortiumId};
use comity_core::sealed::{Detail, Opening, Salt};
use comity_core::text::Text;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::args::{SealedDetails, normal};
use crate::fault::Fault;
use crate::keys;
use crate::messages::{fault, say};
use crate::shell::Session;
use crate::sign::Desk;

/// Openings that one statement or attempt commits to.
#[derive(Debug, Default)]
pub(crate) struct Sealed {
    openings: Vec<Opening>,
}

/// A file of details, as people write it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    case_number: Option<String>,
    purpose: Option<String>,
    row_filter: Option<String>,
}

impl Sealed {
    /// Nothing sealed.
    pub(crate) fn nothing() -> Sealed {
        Sealed::default()
    }

    /// Reads what is to be sealed and draws a salt for each detail. Errors: the file cannot be
    /// read; a detail is empty, unfit, or stands both in the file and among the options.
    pub(crate) fn gather(
        details: &SealedDetails,
        session: &mut Session<'_>,
    ) -> Result<Sealed, Fault> {
        let written = match &details.sealed_file {
            Some(path) => read(path)?,
            None => Written::default(),
        };
        let both = [
            (Detail::CaseNumber, &details.case_number, written.case_number),
            (Detail::Purpose, &details.purpose, written.purpose),
            (Detail::RowFilter, &details.row_filter, written.row_filter),
        ];
        let mut openings = Vec::new();
        for (detail, typed, written) in both {
            let Some(text) = one_of(detail, typed.as_ref(), written)? else { continue };
            openings.push(Opening { detail, salt: Salt(session.shell.draw()?), text });
        }
        Ok(Sealed { openings })
    }

    /// The same texts under new salts, for another statement: nobody sees from the commitments
    /// that two statements seal the same, and each text is erased by itself. Errors: there is no
    /// randomness.
    pub(crate) fn salted_anew(&self, session: &mut Session<'_>) -> Result<Sealed, Fault> {
        let mut openings = Vec::new();
        for opening in &self.openings {
            let salt = Salt(session.shell.draw()?);
            openings.push(Opening { salt, ..opening.clone() });
        }
        Ok(Sealed { openings })
    }

    /// What the log gets, in the order of [`Detail::ALL`].
    pub(crate) fn commitments(&self, consortium: &ConsortiumId) -> Vec<Commitment> {
        self.openings.iter().map(|opening| opening.commitment(consortium)).collect()
    }

    /// The texts as the preview shows them: to be kept by the node at `url`, not to be published.
    pub(crate) fn rows(&self, url: &str) -> Vec<(String, String)> {
        let row = |opening: &Opening| {
            (label(opening.detail), say!("words-kept-sealed", text = opening.text, url = url))
        };
        self.openings.iter().map(row).collect()
    }

    /// Has the desk's node keep the openings. Errors: it does not; nothing is submitted then.
    pub(crate) fn keep(&self, session: &Session<'_>, desk: &Desk) -> Result<(), Fault> {
        if self.openings.is_empty() {
            return Ok(());
        }
        let body = json!({ "openings": self.openings });
        let answer = desk.ask_signed(session, "POST", "/v1/sealed", Some(&body))?;
        let kept = answer.get("commitments").cloned().unwrap_or_default();
        if kept != json!(self.commitments(&desk.consortium())) {
            let cause = "the commitments are not those of the openings";
            return Err(fault!(
                Failed,
                "answer-unreadable",
                url = desk.client.url(),
                cause = cause
            ));
        }
        Ok(())
    }

    /// Says how to erase what was kept for a record that the ledger then refused.
    pub(crate) fn note_refused(&self, session: &mut Session<'_>, consortium: &ConsortiumId) {
        for commitment in self.commitments(consortium) {
            session.shell.note(&say!("note-sealed-of-refused", commitment = commitment));
        }
    }
}

/// A detail as people call it.
pub(crate) fn label(detail: Detail) -> String {
    match detail {
        Detail::CaseNumber => say!("label-case-number"),
        Detail::Purpose => say!("label-purpose"),
        Detail::RowFilter => say!("label-row-filter"),
    }
}

impl Desk {
    /// Asks the node something that only holders of its agency's keys may ask. Errors: the node
    /// cannot be reached or declines.
    pub(crate) fn ask_signed(
        &self,
        session: &Session<'_>,
        method: &'static str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Fault> {
        let signer = (&self.key.secret, self.consortium());
        self.client.signed(signer, session.shell.now(), method, path, body)
    }
}

fn one_of(
    detail: Detail,
    typed: Option<&Text<2048>>,
    written: Option<String>,
) -> Result<Option<Text<2048>>, Fault> {
    let text = match (typed, written) {
        (Some(_), Some(_)) => {
            return Err(fault!(Usage, "sealed-twice", detail = detail.as_str()));
        }
        (Some(typed), None) => typed.clone(),
        (None, Some(written)) => Text::try_from(normal(&written))
            .map_err(|e| fault!(Usage, "sealed-text-unfit", detail = detail.as_str(), cause = e))?,
        (None, None) => return Ok(None),
    };
    if text.as_str().is_empty() {
        let cause = say!("words-nothing-in-it");
        return Err(fault!(Usage, "sealed-text-unfit", detail = detail.as_str(), cause = cause));
    }
    Ok(Some(text))
}

/// JSON where the name ends so, else TOML. What is wrong is said without repeating the file.
fn read(path: &Path) -> Result<Written, Fault> {
    let bytes = keys::read(path)?;
    let text = String::from_utf8_lossy(&bytes);
    let is_json = path.extension().is_some_and(|extension| extension == "json");
    let read = match is_json {
        true => serde_json::from_str(&text).map_err(|e| format!("line {}", e.line())),
        // The message could quote a text that is not one, such as a number.
        false => toml::from_str(&text).map_err(|e: toml::de::Error| {
            let before = e.span().map_or(0, |span| span.start);
            let feeds = text.bytes().take(before).filter(|byte| *byte == b'\n').count();
            format!("line {}", feeds + 1)
        }),
    };
    read.map_err(|cause| {
        fault!(Usage, "sealed-file-unreadable", path = path.display(), cause = cause)
    })
}

//! One entry of a catalogue, in whatever format: as it was found, and as the owner's node keeps
//! it.
//! Holds: the same entry gives the same bytes, and so the same hash; reading kept details gives
//! the entry that was kept.

use std::str::FromStr;

use clap::ValueEnum;
use comity_core::dataset::MAX_DETAILS_BYTES;
use comity_core::text::Text;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Draft, Place, Reason, Rules, Tally, dcat, directory, tidy};

/// A format of catalogues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Catalogue {
    /// DCAT-US 1.1, JSON.
    Dcat,
    /// 政务信息资源目录, a table.
    Csv,
}

impl Catalogue {
    /// Its name in kept details.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Catalogue::Dcat => "dcat-us-1.1",
            Catalogue::Csv => "zwxxzyml-2017",
        }
    }

    /// An entry as it would be published. Errors: it cannot be.
    pub(crate) fn draft(self, entry: &Map<String, Value>, rules: &Rules) -> Result<Draft, Reason> {
        match self {
            Catalogue::Dcat => dcat::draft(entry, rules),
            Catalogue::Csv => directory::draft(entry, rules),
        }
    }
}

/// An entry in a file: its place, and its fields unless it cannot be read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) place: Place,
    pub(crate) entry: Result<Map<String, Value>, Reason>,
}

/// What the owner's node keeps about a dataset: an entry without what was personal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Details {
    pub(crate) catalogue: Catalogue,
    pub(crate) entry: Map<String, Value>,
}

impl Details {
    /// The bytes to be kept: JSON with sorted names and no spaces.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, Reason> {
        let text = sorted(&json!({ "catalogue": self.catalogue.as_str(), "entry": self.entry }));
        let bytes = text.to_string().into_bytes();
        if bytes.len() > MAX_DETAILS_BYTES {
            return Err(Reason::TooLong { field: "details", limit: MAX_DETAILS_BYTES });
        }
        Ok(bytes)
    }

    /// Reads kept bytes; `None` where they are no entry of a catalogue.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Details> {
        #[derive(Deserialize)]
        struct Kept {
            catalogue: String,
            entry: Map<String, Value>,
        }
        let Kept { catalogue, entry } = serde_json::from_slice(bytes).ok()?;
        let known = [Catalogue::Dcat, Catalogue::Csv];
        let catalogue = known.into_iter().find(|known| known.as_str() == catalogue)?;
        Some(Details { catalogue, entry })
    }
}

/// The same value with the names of every object in order, whatever the JSON library does.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort();
            names.into_iter().map(|name| (name.clone(), sorted(&fields[name]))).collect()
        }
        Value::Array(values) => values.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

/// A field's text on one line; empty where there is none.
pub(super) fn text_of(
    entry: &Map<String, Value>,
    field: &'static str,
    tally: &mut Tally,
) -> Result<String, Reason> {
    match entry.get(field) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => {
            let (text, removed) = tidy::one_line(text);
            tally.characters_removed += removed;
            Ok(text)
        }
        Some(other) => Err(wrong(field, &other.to_string())),
    }
}

/// A field's text; an error where there is none.
pub(super) fn required(
    entry: &Map<String, Value>,
    field: &'static str,
    tally: &mut Tally,
) -> Result<String, Reason> {
    let text = text_of(entry, field, tally)?;
    if text.is_empty() { Err(Reason::Missing { field }) } else { Ok(text) }
}

/// A value that means nothing, cut for the report.
pub(super) fn wrong(field: &'static str, value: &str) -> Reason {
    let value = tidy::shortened(value, 60).unwrap_or_else(|| value.to_owned());
    Reason::Wrong { field, value }
}

/// Text of the ledger, cut where it is too long.
pub(super) fn cut<const MAX: usize>(
    field: &'static str,
    text: String,
    tally: &mut Tally,
) -> Result<Text<MAX>, Reason> {
    let text = match tidy::shortened(&text, MAX) {
        Some(short) => {
            tally.shortened += 1;
            short
        }
        None => text,
    };
    Text::from_str(&text).map_err(|_| wrong(field, &text))
}

/// Text of the ledger that may not be cut.
pub(super) fn whole<const MAX: usize>(
    field: &'static str,
    text: &str,
) -> Result<Text<MAX>, Reason> {
    if text.len() > MAX {
        return Err(Reason::TooLong { field, limit: MAX });
    }
    Text::from_str(text).map_err(|_| wrong(field, text))
}

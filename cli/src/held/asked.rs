//! The conditions of a question, read as a node reads them.
//! Holds: a condition that is not understood is refused, never left out.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Held;
use crate::client::Query;
use crate::fault::Fault;
use crate::messages::fault;

/// A question's conditions.
pub(super) struct Asked<'a> {
    pub(super) held: &'a Held,
    pub(super) query: &'a Query,
}

impl Asked<'_> {
    /// Errors: it has a condition beside these, or a page is begun where all is one page.
    pub(super) fn only(&self, names: &[&str]) -> Result<(), Fault> {
        match self.query.iter().find(|(name, _)| !names.contains(name) && *name != "limit") {
            Some((name, value)) => Err(self.unread(name, value)),
            None => Ok(()),
        }
    }

    /// The words of a condition.
    pub(super) fn words(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// A condition, if it was asked. Errors: its words are none of its kind.
    pub(super) fn of<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Fault> {
        let Some(words) = self.words(name) else { return Ok(None) };
        let named = serde_json::from_value(Value::String(words.to_owned()));
        // Numbers and yes or no are not written as words in JSON.
        let read = named.or_else(|error| serde_json::from_str(words).map_err(|_| error));
        read.map(Some).map_err(|_| self.unread(name, words))
    }

    fn unread(&self, name: &str, words: &str) -> Fault {
        let (url, detail) = (self.held.name(), format!("{name}={words}"));
        fault!(Failed, "node-problem", url = url, detail = detail)
    }
}

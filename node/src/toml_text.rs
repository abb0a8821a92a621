//! Reading TOML that a person wrote, so that a mistake is told where it is and in plain words.
//! May not enter: what the text is about.

use std::fmt;

use serde::de::DeserializeOwned;

/// A mistake in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong there.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.what)
    }
}

/// Reads a whole text. Errors: the first mistake in it.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, Mistake> {
    toml::from_str(text).map_err(|error| {
        let (line, column) = position(text, error.span().map_or(0, |span| span.start));
        Mistake { line, column, what: in_plain_words(error.message()) }
    })
}

/// Line and column (from 1, in characters) of a byte of `text`.
fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// A reader's message without a programmer's words.
fn in_plain_words(message: &str) -> String {
    let words = [
        ("unknown field ", "there is no option "),
        (", expected one of ", "; there are "),
        ("missing field ", "missing option "),
        ("unknown variant ", "unknown value "),
        ("invalid type: ", "found "),
        ("invalid value: ", "found "),
    ];
    let mut text = message.trim().replace('\n', ", ");
    if let Some((_, known)) = text.split_once("unknown field ")
        && let Some((name, options)) = known.split_once(", expected ")
        && !options.starts_with("one of ")
    {
        text = format!("there is no option {name}; there is {options}");
    }
    for (theirs, ours) in words {
        text = text.replace(theirs, ours);
    }
    text
}

//! Bounded text and the small names of the ledger: labels, slugs, codes, item names.
//! Holds: text in a record has no character that hides, reorders or forges what a reader sees.
//! May not enter: normalisation (it depends on the Unicode version; it is the CLI's job).
//! Source: docs/formats.md, "Text".

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::encoding::checked_codec;

/// Why a text is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing, where something is required.
    #[error("{what} is empty")]
    Empty {
        /// What the text was to be.
        what: &'static str,
    },
    /// Longer than allowed.
    #[error("{what} is {size} bytes long; at most {limit} are allowed")]
    TooLong {
        /// What the text was to be.
        what: &'static str,
        /// Bytes given.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// A character that may not stand there.
    #[error("{what} may not contain U+{character:04X} (at byte {at})")]
    Forbidden {
        /// What the text was to be.
        what: &'static str,
        /// The code point.
        character: u32,
        /// Byte offset.
        at: usize,
    },
    /// A name of the wrong shape.
    #[error("{text:?} is not {what}: {rule}")]
    Shape {
        /// The text given.
        text: String,
        /// What it was to be.
        what: &'static str,
        /// The rule it breaks.
        rule: &'static str,
    },
}

/// Characters refused in all text: controls, line and paragraph separators, invisible and
/// bidirectional formatting, tags, private use, noncharacters, the replacement character. A fixed
/// list, so that every version of every node refuses the same. Source: docs/formats.md, "Text".
pub fn is_forbidden(character: char) -> bool {
    matches!(u32::from(character),
        0x00..=0x1F | 0x7F..=0x9F | 0xAD | 0x061C | 0x115F..=0x1160 | 0x17B4..=0x17B5
        | 0x180B..=0x180F | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0x3164
        | 0xE000..=0xF8FF | 0xFDD0..=0xFDEF | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0
        | 0xFFF0..=0xFFFF | 0xE0000..=0xE0FFF | 0xF0000..=0x10FFFF)
        || u32::from(character) & 0xFFFE == 0xFFFE
}

/// Human text of at most `MAX` bytes; may be empty.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text<const MAX: usize>(String);

checked_codec!(Text<const MAX> as String);

impl<const MAX: usize> Text<MAX> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = TextError;
    fn try_from(text: String) -> Result<Self, TextError> {
        let what = "this text";
        if text.len() > MAX {
            return Err(TextError::TooLong { what, size: text.len(), limit: MAX });
        }
        match text.char_indices().find(|(_, c)| is_forbidden(*c)) {
            Some((at, c)) => Err(TextError::Forbidden { what, character: u32::from(c), at }),
            None => Ok(Text(text)),
        }
    }
}

impl<const MAX: usize> FromStr for Text<MAX> {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        Text::try_from(text.to_owned())
    }
}

impl<const MAX: usize> From<Text<MAX>> for String {
    fn from(text: Text<MAX>) -> String {
        text.0
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> fmt::Debug for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident: $what:literal, $rule:literal, $limit:literal, $check:path;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        checked_codec!($name as String);

        impl $name {
            /// The name as it is written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl TryFrom<String> for $name {
            type Error = TextError;
            fn try_from(text: String) -> Result<Self, TextError> {
                if text.is_empty() {
                    return Err(TextError::Empty { what: $what });
                }
                if text.len() > $limit {
                    return Err(TextError::TooLong { what: $what, size: text.len(), limit: $limit });
                }
                if !$check(&text) {
                    return Err(TextError::Shape { text, what: $what, rule: $rule });
                }
                Ok($name(text))
            }
        }
        impl FromStr for $name {
            type Err = TextError;
            fn from_str(text: &str) -> Result<Self, TextError> {
                $name::try_from(text.to_owned())
            }
        }
        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

names! {
    /// A member: lower-case labels joined by dots, most specific first (`health.gd`).
    AgencyId: "an agency id", "lower-case letters, digits and hyphens in labels joined by dots, as in health.gd", 64, is_dotted;
    /// A dataset's name within its owner (`residents-income`).
    Slug: "a dataset name", "lower-case letters, digits, dots and hyphens, beginning and ending with a letter or digit", 96, is_dotted;
    /// A published code: of a matter (事项) or of a duty basis (职责依据).
    Code: "a code", "letters, digits, dots and hyphens, as in LOW-INCOME-CHECK", 64, is_code;
    /// The name of a data item (信息项) of a dataset: any script, no spaces at the ends.
    ItemName: "an item name", "visible characters without commas, and without spaces at the ends", 96, is_item_name;
}

fn is_label(label: &str) -> bool {
    let bytes = label.as_bytes();
    let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

fn is_dotted(text: &str) -> bool {
    text.split('.').all(is_label)
}

fn is_code(text: &str) -> bool {
    text.split('.').all(|part| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    })
}

fn is_item_name(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| !is_space(c));
    edge(text.chars().next())
        && edge(text.chars().next_back())
        && !text.chars().any(|c| is_forbidden(c) || c == ',')
}

/// Spaces of Unicode 16 that are not forbidden altogether. A fixed list, as for [`is_forbidden`].
fn is_space(character: char) -> bool {
    matches!(
        u32::from(character),
        0x20 | 0xA0 | 0x1680 | 0x2000..=0x200A | 0x202F | 0x205F | 0x3000
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_with_hidden_or_reordering_characters_is_refused() {
        for bad in ["a\u{202E}b", "a\u{200B}", "line\nbreak", "nul\0", "\u{FEFF}x", "\u{1FFFE}"] {
            assert!(Text::<64>::from_str(bad).is_err(), "{bad:?}");
        }
        for good in ["", "Résumé des aides", "居民最低生活保障", "a b — c", "🙂"] {
            assert_eq!(Text::<64>::from_str(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn names_have_exactly_one_shape() {
        for good in ["health.gd", "a", "tax-1.city.gd"] {
            assert!(AgencyId::from_str(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "a.", ".a", "A.gd", "a..b", "-a", "a-", "a_b", "a b", "é"] {
            assert!(AgencyId::from_str(bad).is_err(), "{bad}");
        }
        assert!(Code::from_str("LOW-INCOME.1").is_ok());
        assert!(Code::from_str("低保").is_err());
        assert!(ItemName::from_str("姓名").is_ok());
        assert!(ItemName::from_str(" name").is_err());
    }
}

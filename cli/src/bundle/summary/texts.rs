//! The texts of summaries, in each language, and how values get into them.
//! Holds: a value is escaped once, where it enters a text; texts have no markup of their own.
//! May not enter: what is said (see the sections).

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::messages::Language;

type Texts = BTreeMap<String, String>;

/// A language's texts by their names.
pub(crate) fn catalogue(language: Language) -> &'static Texts {
    static ENGLISH: OnceLock<Texts> = OnceLock::new();
    static CHINESE: OnceLock<Texts> = OnceLock::new();
    let (texts, file) = match language {
        Language::English => (&ENGLISH, include_str!("../../messages/en/summary.toml")),
        Language::Chinese => (&CHINESE, include_str!("../../messages/zh/summary.toml")),
    };
    texts.get_or_init(|| match toml::from_str(file) {
        Ok(texts) => texts,
        Err(error) => unreachable!("the catalogue is embedded and tested: {error}"),
    })
}

/// A text with each `{placeholder}` replaced by its value, escaped.
pub(crate) fn render(language: Language, key: &str, fields: &[(&str, String)]) -> String {
    let mut rest = catalogue(language).get(key).map_or("(missing text)", String::as_str);
    let mut result = String::new();
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { break };
        let value = fields.iter().find(|(field, _)| *field == name);
        result.push_str(before);
        result.push_str(&value.map_or_else(|| "?".to_owned(), |(_, value)| escaped(value)));
        rest = after;
    }
    result.push_str(rest);
    result
}

/// A text as it stands in a page: nothing in it is markup.
pub(crate) fn escaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => result.push_str("&amp;"),
            '<' => result.push_str("&lt;"),
            '>' => result.push_str("&gt;"),
            '"' => result.push_str("&quot;"),
            '\'' => result.push_str("&#39;"),
            character => result.push(character),
        }
    }
    result
}

/// A text of a page's language: `tell!(page, "short-judged", same = 1, count = 2)`.
macro_rules! tell {
    ($page:expr, $key:expr $(, $field:ident = $value:expr)* $(,)?) => {
        $crate::bundle::summary::texts::render(
            $page.language,
            $key,
            &[$((stringify!($field), $value.to_string())),*],
        )
    };
}

pub(super) use tell;

//! The message catalogue: every text that a person reads, by name, in each language.
//! Holds: the code names texts, it does not contain them; each language has the same names. What
//! is said on a thread is said in the language that the thread speaks.
//! May not enter: decisions. Texts: `en/`, `zh/`.

mod language;
#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::OnceLock;

pub(crate) use language::{LANG, LANG_VARIABLE, Language};

/// The catalogue's files: a new one is named here, and lies in the folder of each language.
macro_rules! files {
    ($($name:literal),* $(,)?) => {
        const ENGLISH: &[&str] = &[$(include_str!(concat!("en/", $name, ".toml"))),*];
        const CHINESE: &[&str] = &[$(include_str!(concat!("zh/", $name, ".toml"))),*];
    };
}

files![
    "alerts",
    "approvals",
    "assessments",
    "audit",
    "bindings",
    "catalogues",
    "checks",
    "disputes",
    "drafts",
    "duties",
    "emergencies",
    "evidence",
    "faults",
    "frames",
    "help",
    "incidents",
    "keys",
    "late",
    "legs",
    "looking",
    "members",
    "oversight",
    "proofs",
    "reports",
    "requests",
    "rules",
    "sealed",
    "statements",
    "task_forces",
    "usage",
    "verification",
    "words",
];

thread_local! {
    static SPOKEN: Cell<Language> = const { Cell::new(Language::English) };
}

/// As long as this lives, its thread speaks a language; then the one before again.
#[derive(Debug)]
pub(crate) struct Speaking {
    before: Language,
}

/// From now on this thread speaks a language. A thread that is begun for a command is told it.
#[must_use = "the language is spoken as long as this lives"]
pub(crate) fn speak(language: Language) -> Speaking {
    Speaking { before: SPOKEN.replace(language) }
}

impl Drop for Speaking {
    fn drop(&mut self) {
        SPOKEN.set(self.before);
    }
}

/// The language that this thread speaks.
pub(crate) fn spoken() -> Language {
    SPOKEN.get()
}

/// A commented dataset description, ready to be filled in.
pub(crate) fn dataset_sample() -> &'static str {
    match spoken() {
        Language::English => include_str!("en/sample.dataset.toml"),
        Language::Chinese => include_str!("zh/sample.dataset.toml"),
    }
}

/// A commented calendar, ready to be filled in.
pub(crate) fn calendar_sample() -> &'static str {
    match spoken() {
        Language::English => include_str!("en/sample.calendar.toml"),
        Language::Chinese => include_str!("zh/sample.calendar.toml"),
    }
}

/// A text of the catalogue with its placeholders filled: `say!("ok-sent", index = 17)`.
macro_rules! say {
    ($key:literal $(, $field:ident = $value:expr)* $(,)?) => {
        $crate::messages::render(
            $key,
            &[$((stringify!($field).to_owned(), $value.to_string())),*],
        )
    };
}

/// A fault by its name: `fault!(Failed, "file-exists", path = path)`. The catalogue has an `err-`,
/// a `mean-` and a `next-` text for it.
macro_rules! fault {
    ($exit:ident, $name:literal $(, $field:ident = $value:expr)* $(,)?) => {
        $crate::fault::Fault::new(
            $crate::fault::Exit::$exit,
            $name,
            vec![$((stringify!($field).to_owned(), $value.to_string())),*],
        )
    };
}

pub(crate) use {fault, say};

fn catalogue(language: Language) -> &'static BTreeMap<String, String> {
    static IN_ENGLISH: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    static IN_CHINESE: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    let (texts, files) = match language {
        Language::English => (&IN_ENGLISH, ENGLISH),
        Language::Chinese => (&IN_CHINESE, CHINESE),
    };
    texts.get_or_init(|| files.iter().flat_map(|file| read(file)).collect())
}

fn read(file: &str) -> BTreeMap<String, String> {
    match toml::from_str(file) {
        Ok(texts) => texts,
        Err(error) => unreachable!("the catalogue is embedded and tested: {error}"),
    }
}

/// The text of that name in the language that is spoken, if there is one.
pub(crate) fn find(key: &str) -> Option<&'static str> {
    catalogue(spoken()).get(key).map(|text| text.trim_end_matches('\n'))
}

/// The text of that name. A missing one shows its name, so that nothing is silently empty.
pub(crate) fn text(key: &str) -> &'static str {
    find(key).unwrap_or("(missing text)")
}

/// What a word of the formats is called, as `steward` of the kind `role`; where nothing is said of
/// it, the word itself.
pub(crate) fn word(kind: &str, word: &str) -> String {
    find(&format!("value-{kind}-{word}")).unwrap_or(word).to_owned()
}

/// Whether the catalogue knows a rule or fault of that name.
pub(crate) fn speaks_of(name: &str) -> bool {
    find(&format!("err-{name}")).is_some()
}

/// Placeholders whose values are words of the formats, with the kinds of these.
const WORDS: [(&str, &str); 5] = [
    ("role", "role"),
    ("signer_role", "role"),
    ("mode", "mode"),
    ("sharing", "sharing"),
    ("list", "list"),
];

/// The text of that name with each `{placeholder}` replaced, once; one without a value shows as
/// `?`. Values are never read as texts. `{count|entry|entries}` is the first word where the count
/// is one, else the second.
pub(crate) fn render(key: &str, fields: &[(String, String)]) -> String {
    let mut result = String::new();
    let mut rest = text(key);
    while let Some((before, after)) = rest.split_once('{') {
        let Some((place, after)) = after.split_once('}') else { break };
        result.push_str(before);
        result.push_str(&filled(place, fields));
        rest = after;
    }
    result.push_str(rest);
    result
}

/// What stands in a placeholder's place.
fn filled(place: &str, fields: &[(String, String)]) -> String {
    let mut parts = place.split('|');
    let name = parts.next().unwrap_or_default();
    let value = fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
    let Some(value) = value else { return "?".to_owned() };
    if let (Some(one), Some(many)) = (parts.next(), parts.next()) {
        return if value == "1" { one } else { many }.to_owned();
    }
    match WORDS.iter().find(|(placeholder, _)| *placeholder == name) {
        Some((_, kind)) => word(kind, value),
        None => value.to_owned(),
    }
}

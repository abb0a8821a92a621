//! The message catalogue: every text that a person reads, by name.
//! Holds: the code names texts, it does not contain them; a second language is a second folder.
//! May not enter: decisions. Texts: `en/`.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::OnceLock;

const ENGLISH: [&str; 15] = [
    include_str!("en/audit.toml"),
    include_str!("en/catalogues.toml"),
    include_str!("en/evidence.toml"),
    include_str!("en/faults.toml"),
    include_str!("en/frames.toml"),
    include_str!("en/help.toml"),
    include_str!("en/keys.toml"),
    include_str!("en/looking.toml"),
    include_str!("en/members.toml"),
    include_str!("en/proofs.toml"),
    include_str!("en/requests.toml"),
    include_str!("en/rules.toml"),
    include_str!("en/sealed.toml"),
    include_str!("en/statements.toml"),
    include_str!("en/verification.toml"),
];
/// A commented dataset description, ready to be filled in.
pub(crate) const DATASET_SAMPLE: &str = include_str!("en/sample.dataset.toml");

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

fn catalogue() -> &'static BTreeMap<String, String> {
    static CATALOGUE: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    CATALOGUE.get_or_init(|| ENGLISH.iter().flat_map(|file| read(file)).collect())
}

fn read(file: &str) -> BTreeMap<String, String> {
    match toml::from_str(file) {
        Ok(texts) => texts,
        Err(error) => unreachable!("the catalogue is embedded and tested: {error}"),
    }
}

/// The text of that name, if there is one.
pub(crate) fn find(key: &str) -> Option<&'static str> {
    catalogue().get(key).map(|text| text.trim_end_matches('\n'))
}

/// The text of that name. A missing one shows its name, so that nothing is silently empty.
pub(crate) fn text(key: &str) -> &'static str {
    find(key).unwrap_or("(missing text)")
}

/// Whether the catalogue knows a rule or fault of that name.
pub(crate) fn speaks_of(name: &str) -> bool {
    find(&format!("err-{name}")).is_some()
}

/// The text of that name with each `{placeholder}` replaced, once; one without a value shows as
/// `?`. Values are never read as texts.
pub(crate) fn render(key: &str, fields: &[(String, String)]) -> String {
    let mut result = String::new();
    let mut rest = text(key);
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { break };
        let value = fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
        result.push_str(before);
        result.push_str(value.unwrap_or("?"));
        rest = after;
    }
    result.push_str(rest);
    result
}

//! What looks like a person in text that everyone will read for ever.
//! Holds: a warning names the field, and never repeats what it found in full; few false alarms,
//! since a warning that is often wrong is never read.
//! May not enter: refusals: only a person can tell. Texts of sealed details, which are not public.

mod shapes;

use comity_core::ids::DatasetId;
use serde::Serialize;
use serde_json::Value;

use crate::messages::say;
use crate::shell::Session;
use shapes::{Shape, find};

/// Containers whose names tell a reader nothing.
const PLAIN_CONTAINERS: [&str; 5] = ["action", "asked", "attempt", "dataset", "terms"];
/// Contacts are an office's, and an office has an address.
const CONTACT: &str = "contact";
/// A catalogue's identifiers look like anything.
const IDENTIFIER: &str = "identifier";

/// Something that looks like a person's.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Suspect {
    /// The field, as in `items 2 name`.
    field: String,
    shape: Shape,
    /// What was found, but for its middle.
    masked: String,
}

/// Most warnings that one command shows; the others are counted.
const MAX_SHOWN: usize = 10;

/// Warns of what looks like a person's number or address in what is about to be published.
pub(crate) fn warn(session: &mut Session<'_>, public: &impl Serialize) {
    say_all(session, suspects(public));
}

/// The same of many things, each with its name.
pub(crate) fn warn_each<'a, T: Serialize + 'a>(
    session: &mut Session<'_>,
    named: impl Iterator<Item = (&'a DatasetId, &'a T)>,
) {
    let within = |(name, public): (&DatasetId, &T)| {
        let found = suspects(public).into_iter();
        let named = |Suspect { field, shape, masked }| {
            let field = format!("{name}, {field}");
            Suspect { field, shape, masked }
        };
        found.map(named).collect::<Vec<_>>()
    };
    say_all(session, named.flat_map(within).collect());
}

fn say_all(session: &mut Session<'_>, suspects: Vec<Suspect>) {
    for Suspect { field, shape, masked } in suspects.iter().take(MAX_SHOWN) {
        let what = match shape {
            Shape::ResidentIdentity => say!("words-resident-identity"),
            Shape::SocialSecurity => say!("words-social-security"),
            Shape::MobileNumber => say!("words-mobile-number"),
            Shape::Email => say!("words-email"),
            Shape::Passport => say!("words-passport"),
        };
        let warning = say!("warn-personal", field = field, what = what, masked = masked);
        session.shell.note(&warning);
    }
    if let more @ 1.. = suspects.len().saturating_sub(MAX_SHOWN) {
        session.shell.note(&say!("warn-personal-more", count = more));
    }
    if !suspects.is_empty() {
        session.shell.note(&say!("warn-personal-next"));
    }
}

fn suspects(public: &impl Serialize) -> Vec<Suspect> {
    let mut found = Vec::new();
    // What cannot be written as JSON has no text fields either.
    let value = serde_json::to_value(public).unwrap_or_default();
    walk(&value, &mut Vec::new(), &mut found);
    found
}

fn walk(value: &Value, path: &mut Vec<String>, found: &mut Vec<Suspect>) {
    match value {
        Value::String(text) => judge(text, path, found),
        Value::Array(values) => {
            for (at, value) in values.iter().enumerate() {
                path.push((at + 1).to_string());
                walk(value, path, found);
                path.pop();
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                path.push(name.clone());
                walk(value, path, found);
                path.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn judge(text: &str, path: &[String], found: &mut Vec<Suspect>) {
    let last = path.last().map(String::as_str).unwrap_or_default();
    let is_expected = |shape: Shape| match shape {
        Shape::Email => last == CONTACT,
        Shape::Passport => last == IDENTIFIER,
        _ => false,
    };
    // A container's name says nothing, unless the text is its own (`dataset` of a grant).
    let (own, containers) = match path.split_last() {
        Some((own, containers)) => (own.as_str(), containers),
        None => ("", path),
    };
    let named = containers.iter().map(String::as_str);
    let named = named.filter(|name| !PLAIN_CONTAINERS.contains(name)).chain([own]);
    let field = named.collect::<Vec<_>>().join(" ").replace('_', " ");
    for (shape, text) in find(text) {
        if !is_expected(shape) {
            found.push(Suspect { field: field.clone(), shape, masked: mask(&text) });
        }
    }
}

/// The first and last two characters; enough to find it again.
fn mask(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    match &chars[..] {
        [a, b, .., y, z] => format!("{a}{b}…{y}{z}"),
        _ => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use comity_core::statement::Action;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_field_is_named_and_the_number_is_not_repeated() {
        let action = Action::RevokeGrant {
            grant: "G7".parse().unwrap(),
            reason: "case of 11010519491231002X".parse().unwrap(),
        };
        let expected = Suspect {
            field: "reason".to_owned(),
            shape: Shape::ResidentIdentity,
            masked: "11…2X".to_owned(),
        };
        assert_eq!(suspects(&action), [expected]);
    }

    #[test]
    fn every_text_is_looked_at_wherever_it_stands() {
        let nested = json!({
            "kind": "publish-dataset",
            "dataset": {
                "title": "Calls from 13800138000",
                "items": [{ "name": "id" }, { "name": "of 078-05-1120" }],
            },
            "terms": { "asked": { "duty_basis": "jane.doe@mail.example" } },
        });
        let fields: Vec<String> = suspects(&nested).into_iter().map(|s| s.field).collect();
        assert_eq!(fields, ["items 2 name", "title", "duty basis"]);
    }

    #[test]
    fn an_offices_address_and_a_catalogues_identifier_are_no_alarm() {
        let dataset = json!({
            "contact": "Data office, data@civil.gd.example",
            "identifier": "E12345678",
        });
        assert_eq!(suspects(&dataset), []);
        let person = json!({ "contact": "13800138000" });
        assert_eq!(suspects(&person).len(), 1, "a mobile telephone is a person's");
    }
}

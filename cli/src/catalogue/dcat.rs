//! DCAT-US 1.1: what its fields mean here.
//! Holds: how open data is to the public (`accessLevel`) says nothing about sharing between
//! agencies but where it is public; contacts are offices.
//! Source: docs/catalogues.md, "What an entry becomes".

use std::collections::BTreeSet;

use comity_core::dataset::{DeliveryMode, Grade, Openness, Sharing};
use comity_core::text::Text;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::entry::{Catalogue, Details, Found, cut, required, text_of, whole, wrong};
use super::{Classification, Draft, Place, Reason, Rules, Tally, office, personal};

/// The entries of a catalogue: an object with `dataset`, or their array alone. Errors: it is
/// neither.
pub(super) fn entries(text: &str) -> Result<Vec<Found>, String> {
    #[derive(Deserialize)]
    struct File<'a> {
        #[serde(borrow)]
        dataset: Vec<&'a RawValue>,
    }
    let raw: Vec<&RawValue> = if text.trim_start().starts_with('[') {
        serde_json::from_str(text).map_err(|e| e.to_string())?
    } else {
        serde_json::from_str::<File<'_>>(text).map_err(|e| e.to_string())?.dataset
    };
    Ok(raw.into_iter().enumerate().map(|(at, raw)| found(at + 1, raw.get())).collect())
}

fn found(index: usize, raw: &str) -> Found {
    let read: Result<Map<String, Value>, _> = serde_json::from_str(raw);
    let identifier = match &read {
        Ok(entry) => text_of(entry, "identifier", &mut Tally::default()).unwrap_or_default(),
        Err(_) => String::new(),
    };
    let entry = read.map_err(|e| Reason::Unreadable { cause: e.to_string() });
    Found { place: Place { index, line: None, identifier }, entry }
}

/// An entry as it would be published. Errors: it cannot be.
pub(super) fn draft(entry: &Map<String, Value>, rules: &Rules) -> Result<Draft, Reason> {
    let mut tally = Tally::default();
    let identifier = required(entry, "identifier", &mut tally)?;
    if personal::has_mailbox(&identifier) {
        return Err(Reason::IdentifierPersonal);
    }
    let identifier = whole("identifier", &identifier)?;
    let mut entry = without_contact(entry, &identifier, rules, &mut tally)?;
    let contact = contact_of(&entry)?;
    entry.entry("@type").or_insert_with(|| json!("dcat:Dataset"));
    let title = required(&entry, "title", &mut tally)?;
    let summary = text_of(&entry, "description", &mut tally)?;
    let openness = openness(&entry)?;
    let sharing = match openness {
        Openness::Open => Sharing::Unconditional,
        _ => Sharing::Unclassified,
    };
    let modes = if rules.modes.is_empty() { modes(&entry) } else { rules.modes.clone() };
    let grade = rules.grade.unwrap_or(Grade::General);
    let conditions = Text::default();
    Ok(Draft {
        identifier,
        title: cut("title", title, &mut tally)?,
        summary: cut("description", summary, &mut tally)?,
        items: None,
        classification: Classification { sharing, conditions, grade, modes },
        openness,
        contact,
        details: Details { catalogue: Catalogue::Dcat, entry }.to_bytes()?,
        tally,
    })
}

/// The entry without persons, its contact replaced by the office that answers.
fn without_contact(
    entry: &Map<String, Value>,
    identifier: &Text<256>,
    rules: &Rules,
    tally: &mut Tally,
) -> Result<Map<String, Value>, Reason> {
    let mut kept = entry.clone();
    let point = kept.remove("contactPoint").unwrap_or_default();
    let named = point.get("fn").and_then(Value::as_str).map(crate::args::normal);
    let redacted = |mailbox: &&Value| mailbox.as_str().is_some_and(|m| m.starts_with("[[REDACTED"));
    let mailbox = point.get("hasEmail").filter(|value| !value.is_null() && !redacted(value));
    tally.mailboxes_dropped += usize::from(mailbox.is_some());
    let mut kept = personal::scrubbed(&kept, tally);
    let known = rules.contacts.get(identifier.as_str()).map(Text::as_str);
    let office = named.as_deref().and_then(|name| {
        if Some(name) == known { Some(name.to_owned()) } else { office::office(name) }
    });
    match named.as_deref() {
        Some(name) if personal::has_mailbox(name) => tally.mailboxes_dropped += 1,
        Some(_) if named != office => tally.names_dropped += 1,
        _ => {}
    }
    let publisher = kept.get("publisher").and_then(|p| p.get("name")).and_then(Value::as_str);
    let fallback = rules.contact.as_ref().map(Text::as_str).or(publisher);
    let name = office.as_deref().or(fallback).ok_or(Reason::NoContact)?;
    let contact: Text<128> = cut("contactPoint", super::tidy::one_line(name).0, tally)?;
    kept.insert("contactPoint".into(), json!({ "@type": "vcard:Contact", "fn": contact }));
    Ok(kept)
}

fn contact_of(entry: &Map<String, Value>) -> Result<Text<128>, Reason> {
    let name = entry.get("contactPoint").and_then(|point| point.get("fn")).and_then(Value::as_str);
    let name = name.unwrap_or_default();
    if name.is_empty() { Err(Reason::NoContact) } else { whole("contactPoint", name) }
}

/// Where nothing says how open it is, the entry is no entry of DCAT-US.
fn openness(entry: &Map<String, Value>) -> Result<Openness, Reason> {
    let level = required(entry, "accessLevel", &mut Tally::default())?;
    match level.to_lowercase().as_str() {
        "public" => Ok(Openness::Open),
        "restricted public" => Ok(Openness::OnConditions),
        "non-public" => Ok(Openness::Closed),
        _ => Err(wrong("accessLevel", &level)),
    }
}

/// Files to download are batches; anything else is asked one by one, and so is what says nothing.
fn modes(entry: &Map<String, Value>) -> BTreeSet<DeliveryMode> {
    let distributions = entry.get("distribution").and_then(Value::as_array);
    let mut modes = BTreeSet::new();
    for distribution in distributions.into_iter().flatten() {
        let words = |field| distribution.get(field).and_then(Value::as_str).unwrap_or_default();
        let is_api = [words("format"), words("title")]
            .iter()
            .flat_map(|text| text.split(|c: char| !c.is_alphanumeric()))
            .any(|word| word.eq_ignore_ascii_case("api"));
        if is_api {
            modes.insert(DeliveryMode::Query);
        } else if !words("downloadURL").is_empty() {
            modes.insert(DeliveryMode::Batch);
        }
    }
    if modes.is_empty() {
        modes.insert(DeliveryMode::Query);
    }
    modes
}

//! What a proven object of the state is, in plain words.
//! Holds: a key or value that this program does not know is shown as it stands, never guessed.
//! May not enter: verification. Source: docs/formats.md, "State".

use comity_core::agency::{Agency, Key};
use comity_core::dataset::PublishedDataset;
use comity_core::encoding::{Decode, Encode, decode};
use comity_core::governance::Departure;
use comity_core::grant::{Grant, Usage};
use comity_core::ids::{DatasetId, GrantId, LogIndex, RequestId, TimeMs};
use comity_core::keys::PublicKey;
use comity_core::request::Request;
use comity_core::text::AgencyId;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Value, json};

use crate::messages::say;
use crate::{describe, key_state, table};

type Pair<'a> = (&'a [u8], Option<&'a [u8]>);

/// A pair for programs.
pub(super) fn json((key, value): Pair<'_>) -> Value {
    let object = match key.first() {
        Some(b'g') => read::<Grant>(value),
        Some(b'u') => read::<Usage>(value),
        Some(b'r') => read::<Request>(value),
        Some(b'd') => read::<PublishedDataset>(value),
        Some(b'a') => read::<Agency>(value),
        Some(b'x') => read::<Departure>(value),
        Some(b'k') => read::<Key>(value),
        _ => None,
    };
    json!({
        "key": hex::encode(key),
        "of": name(key),
        "held": value.is_some(),
        "object": object,
        "bytes": value.map(hex::encode),
    })
}

fn read<T: Encode + Decode<()> + Serialize>(value: Option<&[u8]>) -> Option<Value> {
    serde_json::to_value(object::<T>(value)?).ok()
}

fn object<T: Encode + Decode<()>>(value: Option<&[u8]>) -> Option<T> {
    value.and_then(|bytes| decode(bytes, bytes.len()).ok())
}

/// A pair for people, as of a time.
pub(super) fn text((key, value): Pair<'_>, now: TimeMs, zone: &TimeZone) -> String {
    let name = name(key);
    if value.is_none() {
        return say!("proven-none", what = name);
    }
    let rows = match key.first() {
        Some(b'g') => object::<Grant>(value).map(|grant| grant_rows(&grant, zone)),
        Some(b'u') => {
            object::<Usage>(value).map(|usage| vec![(say!("label-used"), describe::usage(&usage))])
        }
        Some(b'd') => object::<PublishedDataset>(value)
            .map(|published| describe::dataset_rows(&published.dataset)),
        Some(b'r') => {
            object::<Request>(value).map(|request| describe::asked_rows(&request.terms, zone))
        }
        Some(b'k') => object::<Key>(value).map(|key| key_rows(&key, now, zone)),
        Some(b'a') => object::<Agency>(value).map(|agency| agency_rows(&agency)),
        Some(b'x') => object::<Departure>(value)
            .map(|left| vec![(say!("label-left-at"), left.at.to_string())]),
        _ => None,
    };
    let bytes = || vec![(say!("label-bytes"), value.map(hex::encode).unwrap_or_default())];
    format!("{name}\n{}", table::pairs(&rows.unwrap_or_else(bytes)))
}

fn grant_rows(grant: &Grant, zone: &TimeZone) -> Vec<(String, String)> {
    let mut rows = vec![(say!("label-granted-at"), grant.issued_at.to_string())];
    let revoked = match &grant.revoked {
        None => say!("proven-not-revoked"),
        Some(revoked) => say!("proven-revoked", at = revoked.at, reason = revoked.reason),
    };
    rows.push((say!("label-revoked"), revoked));
    rows.extend(describe::terms_rows(&grant.terms, zone));
    rows
}

fn key_rows(key: &Key, now: TimeMs, zone: &TimeZone) -> Vec<(String, String)> {
    vec![
        (say!("label-agency"), key.agency.to_string()),
        (say!("label-role"), describe::said("role", &key.role)),
        (say!("label-stands"), key_state::in_short(key, now, zone)),
    ]
}

fn agency_rows(agency: &Agency) -> Vec<(String, String)> {
    vec![
        (say!("label-name"), agency.name.to_string()),
        (say!("label-stands"), describe::word(&agency.standing)),
    ]
}

/// What lies under a key of the state.
fn name(key: &[u8]) -> String {
    let Some((letter, rest)) = key.split_first() else { return String::new() };
    let number = || <[u8; 8]>::try_from(rest).ok().map(|bytes| LogIndex(u64::from_be_bytes(bytes)));
    // Only what is an id is shown as one: anything may stand in a key that is proven absent.
    let words = || std::str::from_utf8(rest).ok();
    let dataset = || words()?.parse::<DatasetId>().ok();
    let agency = || words()?.parse::<AgencyId>().ok();
    let public = || PublicKey::try_from(<[u8; 32]>::try_from(rest).ok()?).ok();
    let named = match letter {
        b'g' => number().map(|at| say!("state-grant", id = GrantId(at))),
        b'u' => number().map(|at| say!("state-usage", id = GrantId(at))),
        b'r' => number().map(|at| say!("state-request", id = RequestId(at))),
        b'd' => dataset().map(|id| say!("state-dataset", id = id)),
        b'a' => agency().map(|id| say!("state-agency", id = id)),
        b'x' => agency().map(|id| say!("state-departure", id = id)),
        b'k' => public().map(|key| say!("state-key", key = key)),
        _ => None,
    };
    named.unwrap_or_else(|| say!("state-other", key = hex::encode(key)))
}

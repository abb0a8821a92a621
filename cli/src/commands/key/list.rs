//! `comity key list`: the ledger's keys, or the key files and cards of a folder.
//! Holds: of a key file in a folder nothing secret is kept; what ends soon or is suspect says so.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use comity_core::agency::KeyRole;
use comity_core::key_file::{CARD_FORMAT, KEY_FORMAT};
use comity_core::keys::PublicKey;
use comity_core::text::{AgencyId, Text};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::super::filter;
use crate::args::ListKeys;
use crate::client::KeyAnswer;
use crate::fault::Fault;
use crate::key_state::{self, KeyState};
use crate::keys;
use crate::messages::{self, fault, say};
use crate::shell::Session;
use crate::table;
use crate::table::Cell;

/// Larger files of a folder are none of keys.
const MAX_KEY_FILE_BYTES: u64 = 64 * 1024;

pub(super) fn list(args: &ListKeys, session: &mut Session<'_>) -> Result<(), Fault> {
    match &args.files {
        Some(folder) => list_files(folder, args.agency.as_ref(), session),
        None => list_ledger(args.agency.as_ref(), session),
    }
}

fn list_ledger(agency: Option<&AgencyId>, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let mut query = vec![];
    filter(&mut query, "agency", agency);
    let (keys, mut found) = client.listed::<KeyAnswer>("/v1/keys", &query, "keys")?;
    let now = session.as_of();
    for (value, answer) in found.iter_mut().zip(&keys) {
        value["state"] = json!(KeyState::of(&answer.key, now).as_str());
    }
    session.result(&json!({ "keys": Value::Array(found) }), |shell| {
        let row = |answer: &KeyAnswer| {
            let key = &answer.key;
            let state = key_state::in_short(key, now, &shell.zone);
            vec![
                Cell::Digits(answer.public_key.to_string()),
                Cell::Text(key.agency.to_string()),
                Cell::Text(messages::word("role", key.role.as_str())),
                Cell::Text(key.post.to_string()),
                Cell::Text(state),
            ]
        };
        let headings = [
            &say!("column-key"),
            &say!("column-agency"),
            &say!("column-role"),
            &say!("column-post"),
            &say!("column-key-state"),
        ];
        table::rows(&headings.map(String::as_str), keys.iter().map(row).collect())
    })
}

/// A key file or card, without its secret.
#[derive(Deserialize)]
struct Head {
    format: String,
    agency: AgencyId,
    role: KeyRole,
    #[serde(default)]
    post: Text<96>,
    public_key: PublicKey,
    #[serde(default)]
    secret: BTreeMap<String, IgnoredAny>,
}

/// One of a folder's files.
struct Found {
    name: String,
    head: Head,
    protection: &'static str,
    /// Whether others can read a private key.
    exposed: bool,
}

fn list_files(
    folder: &Path,
    agency: Option<&AgencyId>,
    session: &mut Session<'_>,
) -> Result<(), Fault> {
    let entries = std::fs::read_dir(folder).map_err(|error| keys::unreadable(folder, &error))?;
    let mut files: Vec<Found> = entries.flatten().filter_map(|e| look_at(&e.path())).collect();
    files.retain(|file| agency.is_none_or(|agency| file.head.agency == *agency));
    files.sort_by(|a, b| a.name.cmp(&b.name));
    if files.is_empty() {
        return Err(fault!(Failed, "no-key-files", path = folder.display()));
    }
    let objects: Vec<Value> = files.iter().map(as_json).collect();
    session.result(&json!({ "files": objects }), |_| {
        let row = |file: &Found| {
            let Head { agency, role, post, public_key, .. } = &file.head;
            let mut protection = crate::messages::text(file.protection).to_owned();
            if file.exposed {
                protection = say!("word-exposed", protection = protection);
            }
            let (key, post) = (table::short(public_key), post.to_string());
            let role = messages::word("role", role.as_str());
            vec![file.name.clone(), key, agency.to_string(), role, post, protection]
        };
        let headings = [
            &say!("column-file"),
            &say!("column-key"),
            &say!("column-agency"),
            &say!("column-role"),
            &say!("column-post"),
            &say!("column-protection"),
        ];
        table::rows(&headings.map(String::as_str), files.iter().map(row).collect())
    })
}

fn as_json(file: &Found) -> Value {
    let Found { name, head, protection, exposed } = file;
    let kind = if *protection == "word-card" { "card" } else { "key" };
    let sealed = (kind == "key").then_some(*protection == "word-sealed");
    json!({
        "file": name,
        "kind": kind,
        "public_key": head.public_key,
        "agency": head.agency,
        "role": head.role,
        "post": head.post,
        "sealed": sealed,
        "exposed": exposed,
    })
}

/// A file, if it is a key's.
fn look_at(path: &Path) -> Option<Found> {
    let metadata = path.metadata().ok()?;
    if !metadata.is_file() || metadata.len() > MAX_KEY_FILE_BYTES {
        return None;
    }
    let bytes = Zeroizing::new(std::fs::read(path).ok()?);
    let head: Head = serde_json::from_slice(&bytes).ok()?;
    let protection = match (head.format.as_str(), head.secret.contains_key("sealed")) {
        (KEY_FORMAT, true) => "word-sealed",
        (KEY_FORMAT, false) => "word-plain",
        (CARD_FORMAT, _) => "word-card",
        _ => return None,
    };
    let is_open = metadata.permissions().mode() & keys::SHARED_BITS != 0;
    let name = path.file_name()?.to_string_lossy().into_owned();
    Some(Found { name, exposed: is_open && protection != "word-card", head, protection })
}

//! `comity key show`: whose a key is, and how it stands on the ledger.
//! Holds: no secret is shown, and no passphrase is asked for.

use std::path::Path;

use comity_core::agency::Key;
use comity_core::keys::PublicKey;
use jiff::tz::TimeZone;
use serde_json::json;

use crate::args::ShowKey;
use crate::fault::Fault;
use crate::holder::Holder;
use crate::messages::{self, say};
use crate::shell::Session;
use crate::{describe, key_state, table, time};

pub(super) fn show(args: &ShowKey, session: &mut Session<'_>) -> Result<(), Fault> {
    let (key, stated) = match args.key.parse::<PublicKey>() {
        Ok(key) => (key, None),
        Err(_) => {
            let holder = Holder::load(Path::new(&args.key))?;
            (holder.key, Some(holder))
        }
    };
    let ask = stated.is_none() || session.global.node.is_some();
    let known = if ask { session.client()?.find_key(&key)? } else { None };
    let known = known.map(|answer| answer.key);
    let object = json!({
        "public_key": key,
        "agency": stated.as_ref().map(|stated| &stated.agency),
        "role": stated.as_ref().map(|stated| stated.role),
        "post": stated.as_ref().map(|stated| &stated.post),
        "sealed": stated.as_ref().and_then(|stated| stated.sealed),
        "asked_node": ask,
        "key": known,
    });
    session.result(&object, |shell| {
        let mut rows = vec![(say!("label-key"), table::key(&key))];
        if let Some(Holder { agency, role, post, sealed, .. }) = &stated {
            rows.push((say!("label-agency"), agency.to_string()));
            rows.push((say!("label-role"), messages::word("role", role.as_str())));
            rows.push((say!("label-post"), post.clone()));
            let protection = match sealed {
                Some(true) => say!("word-sealed"),
                Some(false) => say!("word-plain"),
                None => String::new(),
            };
            rows.push((say!("label-protection"), protection));
        }
        let (zone, now) = (&shell.zone, shell.now());
        let standing = match (&known, ask) {
            (Some(key), _) => standing(key, zone),
            (None, true) => say!("key-not-on-ledger"),
            (None, false) => say!("key-not-asked"),
        };
        rows.push((say!("label-on-ledger"), standing));
        let pairs = table::pairs(&rows);
        match known.as_ref().and_then(|key| key_state::warning(key, now, zone)) {
            Some(warning) => format!("{pairs}\n{warning}"),
            None => pairs,
        }
    })
}

/// How a registered key stands, in a line.
fn standing(key: &Key, zone: &TimeZone) -> String {
    let registered = match key.registered_at {
        Some(at) => say!("key-registered", index = at),
        None => say!("key-from-genesis"),
    };
    let (agency, role) = (&key.agency, key.role);
    let end = match (&key.revoked, key.valid_until) {
        (Some(revocation), _) => {
            let since = revocation.suspect_since;
            let since = describe::time_or(since, zone, "word-not-suspect");
            say!("key-revoked", index = revocation.at, reason = revocation.reason, since = since)
        }
        (None, Some(until)) => say!("key-until", until = time::show(until, zone)),
        (None, None) => say!("key-no-end"),
    };
    say!("key-standing", agency = agency, role = role, registered = registered, end = end)
}

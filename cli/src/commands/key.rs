//! `comity key`: makes, shows, registers, revokes and lists keys.
//! Holds: a secret is written to its file and nowhere else.

use std::path::Path;

use comity_core::agency::{Key, KeyRole};
use comity_core::genesis::NO_CONSORTIUM;
use comity_core::hash::ConsortiumId;
use comity_core::key_file::{KeyCard, KeyFile};
use comity_core::keys::{PublicKey, SecretKey};
use comity_core::statement::Action;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::filter;
use crate::args::{KeyVerb, NewKey, OfAgency, RegisterKey, RevokeKey, ShowKey};
use crate::client::{KeyAnswer, Status};
use crate::fault::Fault;
use crate::keys::{self, Readers};
use crate::messages::{fault, say};
use crate::shell::Session;
use crate::sign::Desk;
use crate::time::Edge;
use crate::{describe, table, time};

/// Most keys listed.
const MAX_LISTED: usize = 100_000;

pub(super) fn run(verb: KeyVerb, session: &mut Session<'_>) -> Result<(), Fault> {
    match verb {
        KeyVerb::New(args) => new(&args, session),
        KeyVerb::Show(args) => show(&args, session),
        KeyVerb::Register(args) => register(&args, session),
        KeyVerb::Revoke(args) => revoke(args, session),
        KeyVerb::List(args) => list(&args, session),
    }
}

fn new(args: &NewKey, session: &mut Session<'_>) -> Result<(), Fault> {
    let person = args.role.is_registered_by_admin();
    if !person && !args.for_genesis {
        return Err(fault!(Usage, "key-of-genesis", role = args.role));
    }
    if person && args.post.as_str().is_empty() {
        return Err(fault!(Usage, "key-without-post", role = args.role));
    }
    let consortium = card_consortium(args, session)?;
    let card_path = keys::card_path(&args.out);
    if card_path.exists() {
        return Err(fault!(Failed, "file-exists", path = card_path.display()));
    }
    let seed = Zeroizing::new(session.shell.draw::<32>()?);
    let secret = SecretKey::from_seed(&seed);
    let file = KeyFile::new(args.agency.clone(), args.role, args.post.clone(), &secret);
    let card = file
        .card(&consortium)
        .map_err(|e| fault!(Failed, "key-damaged", path = args.out.display(), cause = e))?;
    keys::write_new(&args.out, &Zeroizing::new(json_bytes(&file)), Readers::Owner)?;
    keys::write_new(&card_path, &json_bytes(&card), Readers::Any)?;
    let object = json!({
        "public_key": card.public_key,
        "agency": card.agency,
        "role": card.role,
        "key_file": args.out,
        "card_file": card_path,
        "consortium": card.consortium,
    });
    session.result(&object, |_| {
        let (key, path) = (table::key(&card.public_key), args.out.display());
        let (card, role, agency) = (card_path.display(), card.role, &card.agency);
        if consortium == NO_CONSORTIUM {
            return say!(
                "ok-key-new-genesis",
                key = key,
                path = path,
                card = card,
                role = role,
                agency = agency
            );
        }
        say!("ok-key-new", key = key, path = path, card = card, role = role, agency = agency)
    })
}

/// For which consortium a new key's card is made.
fn card_consortium(args: &NewKey, session: &Session<'_>) -> Result<ConsortiumId, Fault> {
    if args.for_genesis {
        return Ok(NO_CONSORTIUM);
    }
    if let Some(path) = &args.genesis {
        return Ok(keys::load_genesis(path)?.id());
    }
    if let Some(consortium) = session.global.consortium {
        return Ok(consortium);
    }
    Ok(session.client()?.get::<Status>("/v1/status")?.consortium)
}

fn json_bytes(value: &impl Serialize) -> Vec<u8> {
    match serde_json::to_vec_pretty(value) {
        Ok(mut bytes) => {
            bytes.push(b'\n');
            bytes
        }
        Err(error) => unreachable!("key files and cards are plain JSON: {error}"),
    }
}

/// What a key argument turns out to be.
struct Shown {
    public_key: PublicKey,
    /// Agency, role and post, as the file says.
    stated: Option<(String, KeyRole, String)>,
}

fn show(args: &ShowKey, session: &mut Session<'_>) -> Result<(), Fault> {
    let shown = match args.key.parse::<PublicKey>() {
        Ok(public_key) => Shown { public_key, stated: None },
        Err(_) => read_shown(Path::new(&args.key))?,
    };
    let ask = shown.stated.is_none() || session.global.node.is_some();
    let known = if ask { on_ledger(session, &shown.public_key)? } else { None };
    let (stated, key) = (&shown.stated, shown.public_key);
    let object = json!({
        "public_key": key,
        "agency": stated.as_ref().map(|(agency, _, _)| agency),
        "role": stated.as_ref().map(|(_, role, _)| role),
        "post": stated.as_ref().map(|(_, _, post)| post),
        "asked_node": ask,
        "key": known,
    });
    session.result(&object, |shell| {
        let mut rows = vec![(say!("label-key"), table::key(&key))];
        if let Some((agency, role, post)) = stated {
            rows.push((say!("label-agency"), agency.clone()));
            rows.push((say!("label-role"), role.to_string()));
            rows.push((say!("label-post"), post.clone()));
        }
        let standing = match (&known, ask) {
            (Some(key), _) => standing(key, &shell.zone),
            (None, true) => say!("key-not-on-ledger"),
            (None, false) => say!("key-not-asked"),
        };
        rows.push((say!("label-on-ledger"), standing));
        table::pairs(&rows)
    })
}

fn read_shown(path: &Path) -> Result<Shown, Fault> {
    if let Ok(card) = keys::load_card(path) {
        let KeyCard { agency, role, post, public_key, .. } = card;
        return Ok(Shown { public_key, stated: Some((agency.into(), role, post.into())) });
    }
    let file = keys::load_key_file(path)?;
    let stated = (file.agency.to_string(), file.role, file.post.to_string());
    Ok(Shown { public_key: file.public_key, stated: Some(stated) })
}

fn on_ledger(session: &Session<'_>, key: &PublicKey) -> Result<Option<Key>, Fault> {
    match session.client()?.get::<KeyAnswer>(&format!("/v1/keys/{key}")) {
        Ok(answer) => Ok(Some(answer.key)),
        Err(fault) if fault.name == "not-found" => Ok(None),
        Err(fault) => Err(fault),
    }
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

fn register(args: &RegisterKey, session: &mut Session<'_>) -> Result<(), Fault> {
    let card = keys::load_card(&args.card)?;
    let zone = session.shell.zone.clone();
    let valid_until = args
        .valid_until
        .as_deref()
        .map(|text| time::instant(text, Edge::End, &zone, session.shell.now()))
        .transpose()?;
    let desk = Desk::open(session, &args.signing.key)?;
    if card.consortium != desk.consortium() {
        let (found, expected) = (card.consortium, desk.consortium());
        return Err(fault!(Failed, "card-other-consortium", found = found, expected = expected));
    }
    if card.agency != desk.key.file.agency {
        let (card, admin) = (&card.agency, &desk.key.file.agency);
        return Err(fault!(Failed, "card-other-agency", card = card, admin = admin));
    }
    let KeyCard { public_key: key, role, post, possession, .. } = card;
    let action = Action::RegisterKey { key, role, post, valid_until, possession };
    desk.change(session, action, |_| json!({ "public_key": key })).map(drop)
}

fn revoke(args: RevokeKey, session: &mut Session<'_>) -> Result<(), Fault> {
    let zone = session.shell.zone.clone();
    let suspect_since = args
        .suspect_since
        .as_deref()
        .map(|text| time::instant(text, Edge::Start, &zone, session.shell.now()))
        .transpose()?;
    let desk = Desk::open(session, &args.signing.key)?;
    let key = args.public_key;
    let action = Action::RevokeKey { key, reason: args.reason, suspect_since };
    desk.change(session, action, |_| json!({ "public_key": key })).map(drop)
}

fn list(args: &OfAgency, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let mut query = vec![];
    filter(&mut query, "agency", args.agency.as_ref());
    let found = client.list("/v1/keys", &query, "keys", MAX_LISTED)?;
    let keys: Vec<KeyAnswer> =
        found.iter().map(|key| client.read(key)).collect::<Result<_, _>>()?;
    session.result(&json!({ "keys": Value::Array(found) }), |shell| {
        let row = |answer: &KeyAnswer| {
            let key = &answer.key;
            let end = match (&key.revoked, key.valid_until) {
                (Some(revocation), _) => say!("key-ended", index = revocation.at),
                (None, Some(until)) => time::show(until, &shell.zone),
                (None, None) => say!("word-no-end"),
            };
            let (key_id, agency) = (table::short(answer.public_key), key.agency.to_string());
            vec![key_id, agency, key.role.to_string(), key.post.to_string(), end]
        };
        let headings = [
            &say!("column-key"),
            &say!("column-agency"),
            &say!("column-role"),
            &say!("column-post"),
            &say!("column-valid-until"),
        ];
        table::rows(&headings.map(String::as_str), keys.iter().map(row).collect())
    })
}

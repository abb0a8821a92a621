//! `comity key register`, `revoke` and `rotate`: what the admin does on the ledger.
//! Holds: a key is registered only after its card proved possession; a new key is registered
//! before the old one is revoked, so that nobody is locked out.

use std::path::Path;

use comity_core::agency::{KeyAlgorithm, KeyRevocation, KeyRole};
use comity_core::hash::ConsortiumId;
use comity_core::ids::TimeMs;
use comity_core::key_file::{KeyCard, KeyFile};
use comity_core::keys::PublicKey;
use comity_core::statement::Action;
use comity_core::text::{AgencyId, Text};
use serde_json::json;

use super::consortium_of;
use super::make::{Chosen, Made, Plan, write_key};
use crate::args::{ForWhom, RegisterKey, RevokeKey, RotateKey};
use crate::client::KeyAnswer;
use crate::fault::Fault;
use crate::keys;
use crate::messages::{fault, say};
use crate::shell::Session;
use crate::sign::Desk;
use crate::table;
use crate::time::{self, Edge};

pub(super) fn register(args: &RegisterKey, session: &mut Session<'_>) -> Result<(), Fault> {
    let card = keys::load_card(&args.card)?;
    let valid_until = moment(args.valid_until.as_deref(), Edge::End, session)?;
    let desk = Desk::open(session, &args.signing.key)?;
    if card.consortium != desk.consortium() {
        let (found, expected) = (card.consortium, desk.consortium());
        return Err(fault!(Failed, "card-other-consortium", found = found, expected = expected));
    }
    register_card(&desk, session, card, valid_until)
}

/// Shows what the card proves, warns of a key without end, and registers it.
fn register_card(
    desk: &Desk,
    session: &mut Session<'_>,
    card: KeyCard,
    valid_until: Option<TimeMs>,
) -> Result<(), Fault> {
    check_agency(&card.agency, desk)?;
    let KeyCard { public_key: key, role, post, possession, agency, .. } = card;
    session.shell.note(&say!("card-proven", key = table::short(key), agency = agency, role = role));
    let is_machine = role == KeyRole::Gateway;
    if valid_until.is_none() && !is_machine {
        session.shell.note(&say!("warn-no-end", role = role));
    }
    let algorithm = KeyAlgorithm::Ed25519;
    let action = Action::RegisterKey { key, role, algorithm, post, valid_until, possession };
    desk.change(session, action, |_| json!({ "public_key": key })).map(drop)
}

/// Errors: the card is another agency's than the admin.
fn check_agency(card: &AgencyId, desk: &Desk) -> Result<(), Fault> {
    let admin = &desk.key.file.agency;
    if card == admin {
        return Ok(());
    }
    Err(fault!(Failed, "card-other-agency", card = card, admin = admin))
}

/// Errors: the key is revoked already, so that a successor would come beside the one that it has.
fn check_not_revoked(key: &PublicKey, desk: &Desk) -> Result<(), Fault> {
    let answer: KeyAnswer = desk.client.get(&format!("/v1/keys/{key}"))?;
    match answer.key.revoked {
        None => Ok(()),
        Some(KeyRevocation { at, reason, .. }) => {
            let key = table::short(key);
            Err(fault!(Failed, "key-revoked-before", key = key, at = at, reason = reason))
        }
    }
}

pub(super) fn revoke(args: RevokeKey, session: &mut Session<'_>) -> Result<(), Fault> {
    let suspect_since = suspicion(args.suspect_since.as_deref(), session)?;
    let desk = Desk::open(session, &args.signing.key)?;
    let key = args.public_key;
    let action = Action::RevokeKey { key, reason: args.reason, suspect_since };
    desk.change(session, action, |_| json!({ "public_key": key })).map(drop)
}

pub(super) fn rotate(args: &RotateKey, session: &mut Session<'_>) -> Result<(), Fault> {
    // The old secret is not needed: whoever lost its passphrase can replace it, too.
    let old = keys::load_key_file(&args.old.key)?;
    if !old.role.is_registered_by_admin() {
        return Err(fault!(Usage, "key-not-rotated", role = old.role));
    }
    match &args.admin_key {
        Some(admin) => rotate_at_once(args, &old, admin, session),
        None => rotate_later(args, &old, session),
    }
}

fn rotate_at_once(
    args: &RotateKey,
    old: &KeyFile,
    admin: &Path,
    session: &mut Session<'_>,
) -> Result<(), Fault> {
    let valid_until = moment(args.valid_until.as_deref(), Edge::End, session)?;
    let suspect_since = suspicion(args.suspect_since.as_deref(), session)?;
    let desk = Desk::open(session, admin)?;
    check_agency(&old.agency, &desk)?;
    check_not_revoked(&old.public_key, &desk)?;
    let protection = Chosen::of(&args.protection, None);
    let plan = successor(args, old, desk.consortium(), protection);
    let Made { card, card_path } = write_key(&plan, session)?;
    let (new, old_key) = (card.public_key, old.public_key);
    let admin_file = admin.display();
    register_card(&desk, session, card, valid_until).inspect_err(|_| {
        let card = card_path.display();
        let text = say!("rotate-not-registered", card = card, admin = admin_file, old = old_key);
        session.shell.note(&text);
    })?;
    let Ok(reason) = format!("Replaced by {new}").parse::<Text<256>>() else {
        unreachable!("a key has 64 digits");
    };
    let action = Action::RevokeKey { key: old_key, reason, suspect_since };
    let revoked = desk.change(session, action, |_| json!({ "public_key": old_key }));
    revoked.map(drop).inspect_err(|_| {
        session.shell.note(&say!("rotate-not-revoked", old = old_key, admin = admin_file));
    })?;
    let (old, new) = (args.old.key.display(), args.out.display());
    session.shell.note(&say!("rotated", old = old, new = new));
    Ok(())
}

fn rotate_later(args: &RotateKey, old: &KeyFile, session: &mut Session<'_>) -> Result<(), Fault> {
    let whom = ForWhom { for_genesis: false, genesis: None };
    let consortium = consortium_of(&whom, session)?;
    let file = session.global.passphrase_file.clone();
    let protection = Chosen::of(&args.protection, file.as_deref());
    let plan = successor(args, old, consortium, protection);
    let Made { card, card_path } = write_key(&plan, session)?;
    let object = json!({
        "public_key": card.public_key,
        "replaces": old.public_key,
        "key_file": args.out,
        "card_file": card_path,
    });
    session.result(&object, |_| {
        say!(
            "ok-rotate-later",
            path = args.out.display(),
            card = card_path.display(),
            new = card.public_key,
            old = old.public_key,
            old_file = args.old.key.display(),
        )
    })
}

/// What the new key is for: the same as the old one.
fn successor<'a>(
    args: &'a RotateKey,
    old: &'a KeyFile,
    consortium: ConsortiumId,
    protection: Chosen<'a>,
) -> Plan<'a> {
    let KeyFile { agency, role, post, .. } = old;
    Plan { agency, role: *role, post, out: &args.out, consortium, protection }
}

/// Since when a key is suspect: a duration counts back from now. Errors: a time to come, which
/// would leave all that the key signed so far unsuspected.
fn suspicion(text: Option<&str>, session: &Session<'_>) -> Result<Option<TimeMs>, Fault> {
    let (zone, now) = (&session.shell.zone, session.shell.now());
    let Some(text) = text else { return Ok(None) };
    let since = time::past_instant(text, Edge::Start, zone, now)?;
    if since > now {
        return Err(fault!(Usage, "suspect-in-future", time = time::show(since, zone)));
    }
    Ok(Some(since))
}

/// A time in an argument.
fn moment(text: Option<&str>, edge: Edge, session: &Session<'_>) -> Result<Option<TimeMs>, Fault> {
    let (zone, now) = (&session.shell.zone, session.shell.now());
    text.map(|text| time::instant(text, edge, zone, now)).transpose()
}

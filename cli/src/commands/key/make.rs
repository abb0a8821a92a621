//! `comity key new`, `passphrase` and `export-public`: what needs a key's secret and no ledger.
//! Holds: without a passphrase only if that was asked for; no file is lost while it is replaced.

use std::path::{Path, PathBuf};

use comity_core::agency::KeyRole;
use comity_core::genesis::NO_CONSORTIUM;
use comity_core::hash::ConsortiumId;
use comity_core::key_file::{DerivationCost, KeyCard, KeyFile, Sealing};
use comity_core::keys::SecretKey;
use comity_core::text::{AgencyId, Text};
use serde_json::json;
use zeroize::Zeroizing;

use super::{consortium_of, json_bytes};
use crate::args::{ChangePassphrase, ExportPublic, NewKey, Protection};
use crate::fault::Fault;
use crate::keys::{self, Readers};
use crate::messages::{fault, say};
use crate::shell::Session;
use crate::{passphrase, table};

/// What a key is for, and where it goes.
pub(super) struct Plan<'a> {
    pub(super) agency: &'a AgencyId,
    pub(super) role: KeyRole,
    pub(super) post: &'a Text<96>,
    pub(super) out: &'a Path,
    pub(super) consortium: ConsortiumId,
    pub(super) protection: Chosen<'a>,
}

/// How a new file is protected.
#[derive(Clone, Copy)]
pub(super) enum Chosen<'a> {
    /// Not at all.
    Plain,
    /// Under the passphrase in this file, or one that is asked for.
    Passphrase(Option<&'a Path>),
}

impl<'a> Chosen<'a> {
    /// What the arguments say; `otherwise` is the file that counts where they name none.
    pub(super) fn of(args: &'a Protection, otherwise: Option<&'a Path>) -> Chosen<'a> {
        if args.no_passphrase {
            return Chosen::Plain;
        }
        Chosen::Passphrase(args.new_passphrase_file.as_deref().or(otherwise))
    }
}

/// A key that was made.
pub(super) struct Made {
    pub(super) card: KeyCard,
    pub(super) card_path: PathBuf,
}

pub(super) fn new(args: &NewKey, session: &mut Session<'_>) -> Result<(), Fault> {
    let person = args.role.is_registered_by_admin();
    // An admin key begins by a proposal; a node's are made by comityd.
    if !person && args.role != KeyRole::Admin && !args.whom.for_genesis {
        return Err(fault!(Usage, "key-of-genesis", role = args.role));
    }
    if person && args.post.as_str().is_empty() {
        return Err(fault!(Usage, "key-without-post", role = args.role));
    }
    let consortium = consortium_of(&args.whom, session)?;
    let file = session.global.passphrase_file.clone();
    let protection = Chosen::of(&args.protection, file.as_deref());
    let NewKey { agency, role, post, out, .. } = args;
    let plan = Plan { agency, role: *role, post, out, consortium, protection };
    let made = write_key(&plan, session)?;
    let (card, card_path) = (&made.card, made.card_path.display());
    let object = json!({
        "public_key": card.public_key,
        "agency": card.agency,
        "role": card.role,
        "key_file": out,
        "card_file": made.card_path,
        "consortium": card.consortium,
        "sealed": matches!(protection, Chosen::Passphrase(_)),
    });
    session.result(&object, |_| {
        let (key, path) = (table::key(&card.public_key), out.display());
        let head = say!(
            "ok-key-made",
            key = key,
            path = path,
            card = card_path,
            role = role,
            agency = agency
        );
        let next = match consortium == NO_CONSORTIUM {
            true => say!("ok-key-for-genesis"),
            false if !person => say!("ok-key-for-proposal", agency = agency, card = card_path),
            false => say!("ok-key-for-admin", card = card_path),
        };
        format!("{head}\n{next}")
    })
}

/// Draws a key, and writes its file and its card. Errors: one of them is there already; the
/// passphrase cannot be had.
pub(super) fn write_key(plan: &Plan<'_>, session: &mut Session<'_>) -> Result<Made, Fault> {
    let card_path = keys::card_path(plan.out);
    for path in [plan.out, &card_path] {
        if path.exists() {
            return Err(fault!(Failed, "file-exists", path = path.display()));
        }
    }
    let seed = Zeroizing::new(session.shell.draw::<32>()?);
    let secret = SecretKey::from_seed(&seed);
    let Plan { agency, role, post, out, consortium, protection } = plan;
    let file = KeyFile::new((*agency).clone(), *role, (*post).clone(), &secret);
    let card = file
        .card(consortium)
        .map_err(|e| fault!(Failed, "key-damaged", path = out.display(), cause = e))?;
    let file = protect(session, file, &secret, out, *protection)?;
    keys::write_new(out, &Zeroizing::new(json_bytes(&file)), Readers::Owner)?;
    keys::write_new(&card_path, &json_bytes(&card), Readers::Any)?;
    Ok(Made { card, card_path })
}

/// The key file as it is to be written.
fn protect(
    session: &mut Session<'_>,
    file: KeyFile,
    secret: &SecretKey,
    path: &Path,
    protection: Chosen<'_>,
) -> Result<KeyFile, Fault> {
    let (agency, role, post) = (file.agency.clone(), file.role, file.post.clone());
    let Chosen::Passphrase(passphrase_file) = protection else {
        session.shell.note(&say!("warn-no-passphrase", path = path.display()));
        return Ok(KeyFile::new(agency, role, post, secret));
    };
    let passphrase = passphrase::chosen(session, path, passphrase_file)?;
    let sealing = Sealing {
        cost: DerivationCost::RECOMMENDED,
        salt: session.shell.draw()?,
        nonce: session.shell.draw()?,
    };
    KeyFile::sealed(agency, role, post, secret, &passphrase, &sealing)
        .map_err(|e| fault!(Failed, "key-damaged", path = path.display(), cause = e))
}

pub(super) fn passphrase(args: &ChangePassphrase, session: &mut Session<'_>) -> Result<(), Fault> {
    let path = &args.file;
    let file = keys::load_key_file(path)?;
    let secret = keys::open_key(session, path, &file)?;
    let protection = Chosen::of(&args.protection, None);
    let public_key = file.public_key;
    let file = protect(session, file, &secret, path, protection)?;
    keys::replace_private(path, &Zeroizing::new(json_bytes(&file)))?;
    let object = json!({ "public_key": public_key, "key_file": path, "sealed": file.is_sealed() });
    session.result(&object, |_| match file.is_sealed() {
        true => say!("ok-passphrase", path = path.display()),
        false => say!("ok-passphrase-gone", path = path.display()),
    })
}

pub(super) fn export_public(args: &ExportPublic, session: &mut Session<'_>) -> Result<(), Fault> {
    let consortium = consortium_of(&args.whom, session)?;
    let file = keys::load_key_file(&args.file)?;
    let secret = keys::open_key(session, &args.file, &file)?;
    let card = file.card_signed_by(&secret, &consortium).map_err(|error| {
        fault!(Failed, "key-damaged", path = args.file.display(), cause = error)
    })?;
    let text = json_bytes(&card);
    let Some(out) = &args.out else {
        return session.shell.line(String::from_utf8_lossy(&text).trim_end());
    };
    keys::write_new(out, &text, Readers::Any)?;
    let object = json!({ "public_key": card.public_key, "card_file": out });
    session.result(&object, |_| say!("ok-card", card = out.display()))
}

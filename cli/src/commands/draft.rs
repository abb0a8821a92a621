//! `comity draft`: a statement of several signers, from the first signature to the log.
//! Holds: nothing is signed unseen; who signs need not ask any node; nothing is submitted before
//! every signer has signed.

use std::path::PathBuf;

use comity_core::hash::ConsortiumId;
use comity_core::statement::Statement;
use serde_json::json;

use crate::args::{DraftVerb, ShowDraft, SignDraft, SubmitDraft};
use crate::client::Status;
use crate::cosign::{made, named, signer_rows, standing};
use crate::draft::Draft;
use crate::fault::Fault;
use crate::keys::{self, OwnKey};
use crate::messages::{fault, say};
use crate::shell::Session;
use crate::{describe, privacy, sign, table, time};

pub(super) fn run(verb: DraftVerb, session: &mut Session<'_>) -> Result<(), Fault> {
    match verb {
        DraftVerb::Show(args) => show(&args, session),
        DraftVerb::Sign(args) => sign(&args, session),
        DraftVerb::Submit(args) => submit(&args, session),
    }
}

fn show(args: &ShowDraft, session: &mut Session<'_>) -> Result<(), Fault> {
    let draft = load(&args.file)?;
    session.result(&standing(&draft), |shell| {
        let statement = draft.statement();
        let what = describe::sentence(&statement.action);
        let mut rows = describe::rows(&statement.action, &shell.zone);
        rows.extend(signer_rows(&draft));
        rows.push((say!("label-consortium"), table::short(statement.consortium)));
        rows.push((say!("label-valid-until"), time::show(statement.valid_until, &shell.zone)));
        format!("{}\n{}\n{}", say!("draft-says", what = what), table::pairs(&rows), state(&draft))
    })
}

/// How far it is, in a sentence.
fn state(draft: &Draft) -> String {
    let missing = draft.missing();
    match missing.is_empty() {
        true => say!("draft-complete"),
        false => say!("draft-waits", signers = named(&missing)),
    }
}

fn sign(args: &SignDraft, session: &mut Session<'_>) -> Result<(), Fault> {
    session.require_confirmable()?;
    let mut draft = Draft::load([args.file.as_path()])?;
    let file = keys::load_key_file(&args.signing.key)?;
    let statement = draft.statement().clone();
    let Some(signer) = statement.signers.iter().find(|signer| signer.key == file.public_key) else {
        let signers = named(&statement.signers.iter().collect::<Vec<_>>());
        let key = table::short(file.public_key);
        return Err(fault!(Failed, "draft-not-a-signer", key = key, signers = signers));
    };
    if draft.is_signed_by(signer) {
        return Err(fault!(Failed, "draft-signed", path = args.file.display()));
    }
    if session.shell.now() > statement.valid_until {
        let until = time::show(statement.valid_until, &session.shell.zone);
        return Err(fault!(Failed, "draft-over", until = until));
    }
    let key = keys::load_key(session, &args.signing.key)?;
    check_consortium(session, &key, &statement)?;
    preview(session, &draft);
    session.confirm()?;
    let signature = key.secret.sign_statement(&statement);
    if let Err(cause) = draft.take(key.secret.public(), signature) {
        unreachable!("a key's own signature under what it is a signer of: {cause}");
    }
    draft.replace(&args.file)?;
    let path = args.file.display().to_string();
    let mut object = standing(&draft);
    object["file"] = json!(path);
    let next = match draft.missing().is_empty() {
        true => say!("draft-signed-last", path = path),
        false => say!("draft-signed-on", path = path, signers = named(&draft.missing())),
    };
    session.result(&object, |_| next)
}

/// Errors: the draft is for another consortium than the one expected, by the command or by the
/// card beside the key.
fn check_consortium(
    session: &Session<'_>,
    key: &OwnKey,
    statement: &Statement,
) -> Result<(), Fault> {
    let found: ConsortiumId = statement.consortium;
    let of_card = key.card.as_ref().map(|card| card.consortium);
    let expected = [session.global.consortium, of_card].into_iter().flatten();
    match expected.into_iter().find(|expected| !sign::is_expected(*expected, found)) {
        Some(expected) => {
            Err(fault!(Failed, "draft-other-consortium", found = found, expected = expected))
        }
        None => Ok(()),
    }
}

/// What is about to be signed or submitted, by whom, and until when.
fn preview(session: &mut Session<'_>, draft: &Draft) {
    let zone = session.shell.zone.clone();
    let statement = draft.statement();
    let mut rows = describe::rows(&statement.action, &zone);
    rows.extend(signer_rows(draft));
    rows.push((say!("label-consortium"), table::short(statement.consortium)));
    rows.push((say!("label-valid-until"), time::show(statement.valid_until, &zone)));
    let what = describe::sentence(&statement.action);
    session.shell.note(&say!("preview", what = what));
    session.shell.note(&table::pairs(&rows));
    privacy::warn(session, &statement.action);
}

fn submit(args: &SubmitDraft, session: &mut Session<'_>) -> Result<(), Fault> {
    session.require_confirmable()?;
    let draft = load(&args.file)?;
    let Some(record) = draft.record()? else {
        return Err(fault!(Failed, "draft-incomplete", signers = named(&draft.missing())));
    };
    let client = session.client()?;
    let status: Status = client.get("/v1/status")?;
    let consortium = draft.statement().consortium;
    for expected in [session.global.consortium, Some(consortium)].into_iter().flatten() {
        sign::check_consortium(&status, expected, &client)?;
    }
    super::record::preview(session, &record, &status);
    session.confirm()?;
    let committed = sign::submit(session, &client, &record).map_err(|why| {
        let first = record.statement().signers.first();
        let fields = first.map(sign::signer_fields).unwrap_or_default();
        why.into_fault(&session.shell.zone, fields)
    })?;
    sign::report(session, &record, &committed, made(&record.statement().action, &committed))
}

fn load(files: &[PathBuf]) -> Result<Draft, Fault> {
    Draft::load(files.iter().map(PathBuf::as_path))
}

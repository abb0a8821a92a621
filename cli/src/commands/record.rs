//! `comity record`: a signed record by itself, submitted again with the identical bytes.
//! Holds: submitting twice has the effect of once.

use comity_core::statement::VerifiedRecord;
use serde_json::json;

use crate::args::{RecordVerb, SubmitRecord};
use crate::client::Status;
use crate::fault::Fault;
use crate::messages::{fault, say};
use crate::shell::Session;
use crate::sign;
use crate::{describe, keys, table, time};

pub(super) fn run(verb: RecordVerb, session: &mut Session<'_>) -> Result<(), Fault> {
    match verb {
        RecordVerb::Submit(args) => submit(&args, session),
    }
}

fn submit(args: &SubmitRecord, session: &mut Session<'_>) -> Result<(), Fault> {
    session.require_confirmable()?;
    let bytes = keys::read(&args.file)?;
    let client = session.client()?;
    let status: Status = client.get("/v1/status")?;
    if let Some(expected) = session.global.consortium {
        sign::check_consortium(&status, expected, &client)?;
    }
    let path = args.file.display();
    let record = VerifiedRecord::verify(&bytes, &status.consortium)
        .map_err(|e| fault!(Failed, "record-unusable", path = path, rule = e.rule(), cause = e))?;
    preview(session, &record, &status);
    session.confirm()?;
    let committed = sign::submit(session, &client, &record).map_err(|why| {
        let statement = record.statement();
        let mut fields = statement.signers.first().map(sign::signer_fields).unwrap_or_default();
        if let Some(signed) = statement.action.attempt() {
            fields.extend(sign::attempt_fields(&signed.attempt));
        }
        why.into_fault(&session.shell.zone, fields)
    })?;
    sign::report(session, &record, &committed, json!({}))
}

/// What is about to be submitted, as it was signed.
pub(super) fn preview(session: &mut Session<'_>, record: &VerifiedRecord, status: &Status) {
    let zone = session.shell.zone.clone();
    let statement = record.statement();
    let mut rows = describe::rows(&statement.action, &zone);
    for signer in &statement.signers {
        let who = format!(
            "{} ({}), {}",
            signer.agency,
            crate::messages::word("role", signer.role.as_str()),
            table::key(&signer.key)
        );
        rows.push((say!("label-signed-by"), who));
    }
    let consortium = format!("{} ({})", status.name, table::short(status.consortium));
    rows.push((say!("label-consortium"), consortium));
    rows.push((say!("label-valid-until"), time::show(statement.valid_until, &zone)));
    let what = describe::sentence(&statement.action);
    session.shell.note(&say!("preview-submit", what = what));
    session.shell.note(&table::pairs(&rows));
}

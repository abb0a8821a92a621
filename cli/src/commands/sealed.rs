//! `comity sealed`: what the node keeps beside the log, and having it erased.
//! Holds: what is shown fits its commitment, whatever the node says; nothing is erased unasked.
//! May not enter: who may read or erase (the node decides).

use comity_core::hash::Commitment;
use comity_core::ids::{LogIndex, TimeMs};
use comity_core::keys::PublicKey;
use comity_core::sealed::{Detail, Opening, Salt};
use comity_core::statement::Action;
use comity_core::text::Text;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::args::{EraseSealed, SealedVerb, ShowSealed};
use crate::fault::Fault;
use crate::messages::{fault, say};
use crate::sealed::label;
use crate::shell::Session;
use crate::sign::Desk;
use crate::{table, time};

/// `GET /v1/sealed/{commitment}`.
#[derive(Clone, Debug, Deserialize)]
struct Kept {
    detail: Detail,
    salt: Salt,
    text: Text<2048>,
    kept_at: TimeMs,
    kept_by: PublicKey,
}

pub(super) fn run(verb: SealedVerb, session: &mut Session<'_>) -> Result<(), Fault> {
    match verb {
        SealedVerb::Show(args) => show(&args, session),
        SealedVerb::Erase(args) => erase(&args, session),
    }
}

fn show(args: &ShowSealed, session: &mut Session<'_>) -> Result<(), Fault> {
    let desk = Desk::open_to_read(session, &args.signing.key)?;
    let commitments = match args.what.parse::<u64>() {
        Ok(index) => of_entry(&desk, index)?,
        Err(_) => vec![commitment(&args.what)?],
    };
    let only = commitments.len() == 1;
    let (mut objects, mut texts) = (Vec::new(), Vec::new());
    for commitment in commitments {
        match one(&desk, session, &commitment) {
            Ok((object, text)) => {
                objects.push(object);
                texts.push(text);
            }
            // Of several, the others are still worth showing.
            Err(fault) if !only && is_of_this_one(&fault.name) => {
                objects.push(json!({ "commitment": commitment, "missing": fault.name }));
                texts.push(format!("{commitment}\n  {}", fault.what()));
            }
            Err(fault) => return Err(fault),
        }
    }
    session.result(&json!({ "sealed": objects }), |_| texts.join("\n"))
}

/// Whether a fault is about one commitment alone.
pub(super) fn is_of_this_one(name: &str) -> bool {
    matches!(name, "not-kept" | "erased" | "kept-damaged" | "opening-unfit")
}

/// Commitments of an entry's statement and of the attempt in it.
fn of_entry(desk: &Desk, index: u64) -> Result<Vec<Commitment>, Fault> {
    let entry = desk.client.ask_entry(LogIndex(index))?;
    let statement = entry.record.statement;
    let mut found = statement.sealed;
    if let Action::EmbedLate { record, .. } = &statement.action {
        found.extend(&record.sealed);
    }
    if let Some(attempt) = statement.action.attempt() {
        found.extend(&attempt.attempt.sealed);
    }
    if found.is_empty() {
        return Err(fault!(Failed, "nothing-sealed", index = index));
    }
    Ok(found)
}

fn one(
    desk: &Desk,
    session: &Session<'_>,
    commitment: &Commitment,
) -> Result<(Value, String), Fault> {
    let (answer, opening) = asked(desk, session, commitment)?;
    let Kept { kept_at, kept_by, .. } = desk.client.read(&answer)?;
    let rows = [
        (label(opening.detail), opening.text.to_string()),
        (say!("label-kept-at"), time::show(kept_at, &session.shell.zone)),
        (say!("label-kept-by"), table::key(&kept_by)),
    ];
    Ok((answer, format!("{commitment}\n{}", table::pairs(&rows))))
}

/// What opens a commitment, as the node keeps it. Errors: it does not, or does not tell.
pub(super) fn opening(
    desk: &Desk,
    session: &Session<'_>,
    commitment: &Commitment,
) -> Result<Opening, Fault> {
    Ok(asked(desk, session, commitment)?.1)
}

fn asked(
    desk: &Desk,
    session: &Session<'_>,
    commitment: &Commitment,
) -> Result<(Value, Opening), Fault> {
    let path = format!("/v1/sealed/{commitment}");
    let answer = desk.ask_signed(session, "GET", &path, None)?;
    let Kept { detail, salt, text, .. } = desk.client.read(&answer)?;
    let opening = Opening { detail, salt, text };
    if opening.commitment(&desk.consortium()) != *commitment {
        return Err(fault!(Failed, "opening-unfit", commitment = commitment));
    }
    Ok((answer, opening))
}

fn erase(args: &EraseSealed, session: &mut Session<'_>) -> Result<(), Fault> {
    let commitment = commitment(&args.commitment)?;
    let desk = Desk::open(session, &args.signing.key)?;
    let rows = [
        (say!("label-commitment"), commitment.to_string()),
        (say!("label-reason"), args.reason.to_string()),
        (say!("label-signer"), desk.key.file.agency.to_string()),
        (say!("label-key"), table::key(&desk.key.file.public_key)),
    ];
    session.shell.note(&say!("preview-erase", url = desk.client.url()));
    session.shell.note(&table::pairs(&rows));
    session.shell.note(&say!("words-what-stays-provable"));
    session.confirm()?;
    let path = format!("/v1/sealed/{commitment}");
    let body = json!({ "reason": args.reason });
    let answer = desk.ask_signed(session, "DELETE", &path, Some(&body))?;
    let at = answer.get("erased_at").and_then(Value::as_u64).unwrap_or_default();
    let object = json!({ "status": "erased", "commitment": commitment, "erased_at": at });
    session.result(&object, |shell| {
        let time = time::show(TimeMs(at), &shell.zone);
        say!("ok-erased", commitment = commitment, time = time)
    })
}

fn commitment(text: &str) -> Result<Commitment, Fault> {
    text.trim().parse().map_err(|_| fault!(Usage, "commitment-unreadable", text = text))
}

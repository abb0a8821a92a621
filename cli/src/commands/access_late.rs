//! `comity access embed-late`: what was signed while the network was cut goes in, number by number.
//! Holds: what is shown is what is signed; nothing that was signed then is changed; the first that is
//! refused stops the rest, and it is said which went in; of what is in, no file is kept.

use std::collections::BTreeSet;
use std::path::Path;

use comity_core::access::AccessRefusal;
use comity_core::hash::ConsortiumId;
use comity_core::ids::LogIndex;
use comity_core::keys::PublicKey;
use comity_core::late::LateAccess;
use comity_core::statement::{Action, SignedRecord, VerifiedRecord};
use serde_json::json;

use crate::args::EmbedLate;
use crate::describe;
use crate::fault::Fault;
use crate::keys;
use crate::messages::{fault, say};
use crate::shell::Session;
use crate::sign::{self, Desk, NotCommitted};

/// How often a record is signed again because something was not as it had been looked up.
const MAX_TRIES: usize = 5;

pub(super) fn run(args: &EmbedLate, session: &mut Session<'_>) -> Result<(), Fault> {
    let desk = Desk::open(session, &args.signing.key)?;
    let records = args.files.iter().map(|file| Ok((file, load(file, &desk.consortium())?)));
    let mut records = records.collect::<Result<Vec<_>, Fault>>()?;
    records.sort_by_key(|(_, record)| (record.gateway.key, record.number));
    let (mut entries, mut done) = (Vec::new(), Vec::new());
    for (file, record) in &records {
        match embed(record, &desk, session) {
            Ok((index, against)) => {
                sign::forget(file);
                entries.push(index);
                done.push(json!({
                    "index": index,
                    "number": record.number,
                    "gateway": record.gateway.key,
                    "claimed": record.claimed(),
                    "against": against,
                }));
            }
            Err(fault) => {
                let (count, all) = (entries.len(), records.len());
                let entries = named(&entries);
                let text = say!("note-late-so-far", count = count, all = all, entries = entries);
                session.shell.note(&text);
                return Err(fault);
            }
        }
    }
    session
        .result(&json!({ "status": "committed", "kind": "embed-late", "embedded": done }), |_| {
            say!("ok-embed-late", count = entries.len(), entries = named(&entries))
        })
}

fn named(entries: &[LogIndex]) -> String {
    match entries {
        [] => say!("word-late-no-entry"),
        entries => entries.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

/// What the gateway signed then, checked as any record is.
fn load(path: &Path, consortium: &ConsortiumId) -> Result<LateAccess, Fault> {
    let unusable =
        |cause: String| fault!(Failed, "late-unusable", path = path.display(), cause = cause);
    let record = VerifiedRecord::verify(&keys::read(path)?, consortium);
    let record = record.map_err(|error| unusable(error.to_string()))?;
    LateAccess::of(record.record().clone()).map_err(|error| unusable(error.to_string()))
}

/// Takes in one. Where something stood against it, the ledger names that, and it is shown before a
/// statement is signed that says so.
fn embed(
    record: &LateAccess,
    desk: &Desk,
    session: &mut Session<'_>,
) -> Result<(LogIndex, Option<AccessRefusal>), Fault> {
    let mut against = None;
    for _ in 0..MAX_TRIES {
        let missing = desk.client.numbers(&record.gateway.key)?.free_below(record.number);
        let action = Action::EmbedLate {
            record: Box::new(record.clone()),
            missing,
            against: against.clone(),
        };
        let valid_until = desk.valid_until(session.shell.now());
        let statement = desk.draft(session, action, valid_until)?;
        desk.preview(session, &statement);
        session.confirm()?;
        let signed = desk.sign(statement)?;
        let problem = match sign::submit(session, &desk.client, &signed) {
            Ok(committed) => return Ok((committed.index, against)),
            Err(NotCommitted::Fault(fault)) => return Err(fault),
            Err(NotCommitted::Refused(problem)) => problem,
        };
        match (problem.rule(), problem.due()) {
            (Some("against-mismatch"), Some(due)) => {
                let why = describe::refusal(&due, &session.shell.zone);
                session.shell.note(&say!("note-late-against", rule = due.rule(), why = why));
                against = Some(due);
            }
            (Some("against-not-due"), _) => against = None,
            (Some("late-order"), _) => {}
            _ => {
                let mut fields = desk.fields();
                fields.extend(sign::attempt_fields(&record.attempt.attempt));
                return Err(problem.into_refusal(&session.shell.zone, fields));
            }
        }
    }
    Err(fault!(Failed, "overtaken", count = MAX_TRIES))
}

/// The numbers that records of this key have which were signed and kept, and whose fate is unknown: no
/// other record takes one of them.
pub(super) fn kept_numbers(
    session: &Session<'_>,
    gateway: &PublicKey,
) -> Result<BTreeSet<u64>, Fault> {
    let mut numbers = BTreeSet::new();
    for bytes in sign::kept(session)? {
        let record = comity_core::encoding::decode::<SignedRecord>(&bytes, bytes.len());
        let Ok(SignedRecord { statement, .. }) = record else { continue };
        let is_own = statement.signers.first().is_some_and(|signer| signer.key == *gateway);
        match statement.action {
            Action::RecordAccess { number, .. } | Action::RecordDenial { number, .. } if is_own => {
                numbers.insert(number);
            }
            _ => {}
        }
    }
    Ok(numbers)
}

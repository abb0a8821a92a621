//! `comity access acknowledge` and `comity access show`: the requesting side's word of receipt, and both
//! words about one exchange beside each other.
//! Holds: whether they match is derived by core from verified entries.

use std::collections::BTreeSet;

use comity_core::access::SignedAttempt;
use comity_core::basis::Basis;
use comity_core::ids::{ExchangeId, LogIndex};
use comity_core::late::Accessed;
use comity_core::legs::{Acknowledgement, Disclosure, Legs, Receipt};
use comity_core::statement::Action;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::log;
use crate::answer::Note;
use crate::args::{AcknowledgeAccess, Recorded, ShowExchange};
use crate::client::{Client, EntryAnswer, Query, Status};
use crate::fault::Fault;
use crate::messages::{fault, say};
use crate::shell::Session;
use crate::sign::{self, Desk, NotCommitted};
use crate::{table, time};

pub(super) fn acknowledge(
    args: &AcknowledgeAccess,
    session: &mut Session<'_>,
) -> Result<(), Fault> {
    let one_only = args.answer.is_some() || args.received.is_some();
    if one_only && args.entries.len() != 1 {
        return Err(fault!(Usage, "acknowledge-one"));
    }
    let desk = Desk::open(session, &args.signing.key)?;
    let mut grants: BTreeSet<Basis> = BTreeSet::new();
    let mut accesses = Vec::new();
    for index in args.entries.iter().copied().map(LogIndex) {
        let (grant, acknowledged) = acknowledged(args, &desk, index)?;
        grants.insert(grant);
        accesses.push(acknowledged);
    }
    let [grant] = grants.into_iter().collect::<Vec<_>>()[..] else {
        return Err(fault!(Usage, "acknowledge-one-grant"));
    };
    let action = Action::AcknowledgeAccess { grant, accesses };
    let statement = desk.draft(session, action, desk.valid_until(session.shell.now()))?;
    desk.preview(session, &statement);
    session.confirm()?;
    let entry = desk.sign(statement)?;
    match sign::submit(session, &desk.client, &entry) {
        Ok(committed) => sign::report(session, &entry, &committed, json!({ "grant": grant })),
        Err(NotCommitted::Fault(fault)) => Err(fault),
        Err(NotCommitted::Refused(problem)) => {
            Err(problem.into_refusal(&session.shell.zone, desk.fields()))
        }
    }
}

/// What is said of one access, and under which grant or in which emergency it was.
fn acknowledged(
    args: &AcknowledgeAccess,
    desk: &Desk,
    index: LogIndex,
) -> Result<(Basis, Acknowledgement), Fault> {
    let entry = desk.client.ask_entry(index)?;
    let Some(Accessed { attempt: SignedAttempt { attempt, .. }, answer, .. }) =
        entry.record.statement.action.access()
    else {
        let kind = entry.record.statement.action.kind();
        return Err(fault!(Failed, "not-an-access", index = index, kind = kind));
    };
    let exchange = attempt.exchange;
    let digest = match (&args.answer, &args.note) {
        (Some(file), Some(note)) => {
            let note = Note::load(note, (desk.consortium(), exchange))?;
            let digest = note.hash_of(file)?;
            if answer.is_some_and(|answer| answer.digest != digest) {
                return Err(fault!(Unverified, "answer-differs", index = index));
            }
            Some(digest)
        }
        _ => None,
    };
    let charged = u32::try_from(attempt.count()).unwrap_or(u32::MAX);
    let count = args.received.unwrap_or(charged);
    Ok((attempt.grant, Acknowledgement { access: index, exchange, digest, count }))
}

pub(super) fn show(args: &ShowExchange, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let status: Status = client.get("/v1/status")?;
    let exchange = match args.access {
        Recorded::Exchange(exchange) => exchange,
        Recorded::Entry(index) => {
            let entry = client.ask_entry(LogIndex(index))?;
            let action = &entry.record.statement.action;
            let Some(signed) = action.attempt() else {
                let kind = action.kind();
                return Err(fault!(Failed, "not-an-access", index = index, kind = kind));
            };
            signed.attempt.exchange
        }
    };
    let (legs, refused) = legs_of(&client, &status, exchange)?;
    if legs.disclosures().next().is_none() && legs.receipts().next().is_none() && refused.is_empty()
    {
        let url = client.url();
        return Err(fault!(Failed, "exchange-unknown", exchange = exchange, url = url));
    }
    let object = json!({
        "exchange": exchange,
        "accesses": legs.disclosures().map(disclosure_json).collect::<Vec<_>>(),
        "acknowledgements": receipts(&legs, exchange).map(receipt_json).collect::<Vec<_>>(),
        "denials": refused,
        "unmatched": kinds(&legs, exchange),
    });
    session.result(&object, |shell| text(&legs, exchange, &refused, &shell.zone))
}

/// Both legs of an exchange, and the entries that refused it.
fn legs_of(
    client: &Client,
    status: &Status,
    exchange: ExchangeId,
) -> Result<(Legs, Vec<LogIndex>), Fault> {
    let query: Query = vec![("order", "asc".to_owned()), ("exchange", exchange.to_string())];
    let (mut legs, mut refused) = (Legs::default(), Vec::new());
    for entry in client.all::<EntryAnswer>("/v1/entries", &query, "entries")? {
        let index = entry.index;
        let record = log::verified(&entry, status)
            .map_err(|cause| fault!(Unverified, "entry-damaged", index = index, cause = cause))?;
        legs.add(index, entry.time, record.statement());
        if matches!(record.statement().action, Action::RecordDenial { .. }) {
            refused.push(index);
        }
    }
    Ok((legs, refused))
}

/// What is said of this exchange: a statement may speak of others too.
fn receipts(legs: &Legs, exchange: ExchangeId) -> impl Iterator<Item = &Receipt> {
    legs.receipts().filter(move |receipt| receipt.exchange == exchange)
}

fn kinds(legs: &Legs, exchange: ExchangeId) -> Vec<&'static str> {
    let unmatched = legs.unmatched().into_iter().filter(|found| {
        let disclosed = found.disclosure().map(|disclosure| disclosure.exchange);
        disclosed.or(found.receipt().map(|receipt| receipt.exchange)) == Some(exchange)
    });
    unmatched.map(|found| found.kind()).collect()
}

/// A provider's word as JSON.
pub(super) fn disclosure_json(found: &Disclosure) -> Value {
    json!({
        "index": found.index, "time": found.time, "exchange": found.exchange,
        "grant": found.grant, "dataset": found.dataset, "requester": found.requester,
        "digest": found.digest, "count": found.count,
    })
}

/// A requesting side's word as JSON.
pub(super) fn receipt_json(found: &Receipt) -> Value {
    json!({
        "index": found.index, "time": found.time, "access": found.access,
        "exchange": found.exchange, "grant": found.grant, "agency": found.agency,
        "digest": found.digest, "count": found.count,
    })
}

fn text(legs: &Legs, exchange: ExchangeId, refused: &[LogIndex], zone: &TimeZone) -> String {
    let mut lines = vec![say!("exchange-head", exchange = exchange)];
    lines.extend(legs.disclosures().map(|found| {
        let (provider, time) = (&found.dataset.agency, time::show(found.time, zone));
        let (index, count, requester) = (found.index, found.count, &found.requester);
        let said = say!(
            "exchange-disclosed",
            index = index,
            time = time,
            provider = provider,
            requester = requester,
            count = count
        );
        with_hash(said, found.digest.as_ref())
    }));
    lines.extend(receipts(legs, exchange).map(|found| {
        let (index, time, agency) = (found.index, time::show(found.time, zone), &found.agency);
        let (access, count) = (found.access, found.count);
        let said = say!(
            "exchange-received",
            index = index,
            time = time,
            agency = agency,
            access = access,
            count = count
        );
        with_hash(said, found.digest.as_ref())
    }));
    lines.extend(refused.iter().map(|index| say!("exchange-refused", index = index)));
    let unmatched = kinds(legs, exchange);
    if unmatched.is_empty() && legs.disclosures().next().is_some() {
        lines.push(say!("exchange-matches"));
    }
    lines.extend(unmatched.into_iter().map(word));
    lines.join("\n")
}

fn with_hash(said: String, digest: Option<&comity_core::hash::AnswerHash>) -> String {
    match digest {
        Some(digest) => say!("exchange-hash", said = said, digest = table::short(digest)),
        None => said,
    }
}

/// What does not match, in words.
pub(super) fn word(kind: &str) -> String {
    match kind {
        "unacknowledged" => say!("unmatched-unacknowledged"),
        "undisclosed" => say!("unmatched-undisclosed"),
        "other-digest" => say!("unmatched-other-digest"),
        "other-count" => say!("unmatched-other-count"),
        "doubled" => say!("unmatched-doubled"),
        other => other.to_owned(),
    }
}

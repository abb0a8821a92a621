//! `comity audit unmatched`: disclosures that nobody acknowledged, words of receipt that nobody
//! disclosed, legs that differ, and numbers that a gateway left out.
//! Holds: what matches is derived by core; from a copy or an archive it rests on verified blocks, from a node on
//! its word.
//! May not enter: judging who is right.

use std::collections::BTreeMap;

use comity_core::agency::KeyRole;
use comity_core::gateway::GatewayNumbers;
use comity_core::ids::{LogIndex, TimeMs};
use comity_core::keys::PublicKey;
use comity_core::legs::{Legs, Unmatched};
use comity_core::statement::{Action, Statement};
use comity_core::text::AgencyId;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::verified::Verified;
use crate::args::UnmatchedLegs;
use crate::client::{Client, EntryAnswer, KeyAnswer, Query};
use crate::commands::access_legs::{disclosure_json, receipt_json, word};
use crate::fault::{Exit, Fault};
use crate::messages::say;
use crate::shell::Session;
use crate::time::{self, Edge, past_instant};

/// A gateway's numbers, and whose it is.
type Gateways = BTreeMap<PublicKey, (AgencyId, GatewayNumbers)>;

/// What there is to hold against each other.
#[derive(Default)]
struct Gathered {
    legs: Legs,
    gateways: Gateways,
}

pub(super) fn run(args: &UnmatchedLegs, session: &mut Session<'_>) -> Result<Exit, Fault> {
    let (zone, now) = (session.shell.zone.clone(), session.as_of());
    let edge = |text: &Option<String>, edge| {
        let read = |text: &String| past_instant(text, edge, &zone, now);
        text.as_ref().map(read).transpose()
    };
    let since = edge(&args.since, Edge::Start)?.unwrap_or_default();
    let until = edge(&args.until, Edge::End)?.unwrap_or(TimeMs(u64::MAX));
    let gathered = match Verified::named(args.copy.as_deref(), session)? {
        Some(log) => from_log(&log)?,
        None => from_node(args, &session.client()?, since)?,
    };
    let unmatched: Vec<Unmatched<'_>> = gathered
        .legs
        .unmatched()
        .into_iter()
        .filter(|found| is_asked_for(found, args) && (since..until).contains(&time_of(found)))
        .collect();
    let of_agency = |agency: &AgencyId| args.agency.as_ref().is_none_or(|asked| asked == agency);
    let left_out: Vec<_> = gathered
        .gateways
        .iter()
        .filter(|(_, (agency, numbers))| of_agency(agency) && !numbers.missing.is_empty())
        .collect();
    let object = json!({
        "matched": unmatched.is_empty(),
        "unmatched": unmatched.iter().map(unmatched_json).collect::<Vec<_>>(),
        "left_out": left_out.iter().map(|(key, (agency, numbers))| json!({
            "gateway": key, "agency": agency, "last": numbers.last, "missing": numbers.missing,
        })).collect::<Vec<_>>(),
    });
    session.result(&object, |shell| text(&unmatched, &left_out, &shell.zone))?;
    let clean = unmatched.is_empty() && left_out.is_empty();
    Ok(if clean { Exit::Done } else { Exit::Unverified })
}

/// When there came to be something amiss.
fn time_of(found: &Unmatched<'_>) -> TimeMs {
    match (found, found.receipt()) {
        (Unmatched::Unacknowledged(disclosure), _) => disclosure.time,
        (_, Some(receipt)) => receipt.time,
        (_, None) => TimeMs(0),
    }
}

fn is_asked_for(found: &Unmatched<'_>, args: &UnmatchedLegs) -> bool {
    let (disclosure, receipt) = (found.disclosure(), found.receipt());
    let grant = disclosure.map(|d| d.grant).or(receipt.map(|r| r.grant));
    let concerns = |agency: &AgencyId| {
        disclosure.is_some_and(|d| d.requester == *agency || d.dataset.agency == *agency)
            || receipt.is_some_and(|r| r.agency == *agency)
    };
    args.grant.is_none_or(|asked| grant == Some(asked)) && args.agency.as_ref().is_none_or(concerns)
}

impl Gathered {
    fn add(&mut self, index: LogIndex, time: TimeMs, statement: &Statement) {
        self.legs.add(index, time, statement);
        let (number, signer) = match &statement.action {
            Action::RecordAccess { number, .. } | Action::RecordDenial { number, .. } => {
                let Some(signer) = statement.signers.first() else { return };
                (number, signer)
            }
            Action::EmbedLate { record, .. } => (&record.number, &record.gateway),
            _ => return,
        };
        let start = || (signer.agency.clone(), GatewayNumbers::default());
        let (_, numbers) = self.gateways.entry(signer.key).or_insert_with(start);
        // On a ledger that was verified each number is one that may be used.
        if let Ok(used) = numbers.clone().with(*number) {
            *numbers = used;
        }
    }
}

fn from_log(log: &Verified) -> Result<Gathered, Fault> {
    let mut gathered = Gathered::default();
    log.each_entry(|index, time, statement| gathered.add(index, time, statement))?;
    Ok(gathered)
}

fn from_node(args: &UnmatchedLegs, client: &Client, since: TimeMs) -> Result<Gathered, Fault> {
    let mut gathered = Gathered::default();
    for kind in ["record-access", "embed-late", "acknowledge-access"] {
        let mut query: Query = vec![("order", "asc".to_owned()), ("kind", kind.to_owned())];
        query.extend(args.grant.map(|grant| ("grant", grant.to_string())));
        query.extend(args.agency.as_ref().map(|agency| ("agency", agency.to_string())));
        query.push(("since", since.to_string()));
        for value in client.list("/v1/entries", &query, "entries", usize::MAX)? {
            let entry: EntryAnswer = client.read(&value)?;
            gathered.legs.add(entry.index, entry.time, &entry.record.statement);
        }
    }
    // What was acknowledged since then may have been recorded before.
    let known: Vec<LogIndex> = gathered.legs.disclosures().map(|found| found.index).collect();
    let named: Vec<LogIndex> = gathered.legs.receipts().map(|found| found.access).collect();
    for index in named.into_iter().filter(|index| known.binary_search(index).is_err()) {
        let entry = client.ask_entry(index)?;
        if entry.time < since {
            gathered.legs.add(entry.index, entry.time, &entry.record.statement);
        }
    }
    for key in client.all::<KeyAnswer>("/v1/keys", &vec![], "keys")? {
        if let (KeyRole::Gateway, Some(numbers)) = (key.key.role, key.numbers) {
            gathered.gateways.insert(key.public_key, (key.key.agency, numbers));
        }
    }
    Ok(gathered)
}

fn unmatched_json(found: &Unmatched<'_>) -> Value {
    json!({
        "kind": found.kind(),
        "access": found.disclosure().map(disclosure_json),
        "acknowledgement": found.receipt().map(receipt_json),
    })
}

fn text(
    unmatched: &[Unmatched<'_>],
    left_out: &[(&PublicKey, &(AgencyId, GatewayNumbers))],
    zone: &TimeZone,
) -> String {
    let mut lines = match unmatched.len() {
        0 => vec![say!("unmatched-none")],
        count => vec![say!("unmatched-count", count = count)],
    };
    lines.extend(unmatched.iter().map(|found| {
        let (disclosure, receipt) = (found.disclosure(), found.receipt());
        let at = disclosure.map(|d| d.index).or(receipt.map(|r| r.index)).unwrap_or_default();
        let who = disclosure.map(|d| &d.requester).or(receipt.map(|r| &r.agency));
        let agency = who.map(ToString::to_string).unwrap_or_default();
        let (why, time) = (word(found.kind()), time::show(time_of(found), zone));
        say!("unmatched-row", index = at, time = time, agency = agency, why = why)
    }));
    lines.extend(left_out.iter().map(|(key, (agency, numbers))| {
        let missing: Vec<String> =
            numbers.missing.iter().take(20).map(|number| number.to_string()).collect();
        let (count, key) = (numbers.missing.len(), crate::table::short(key));
        let missing = missing.join(", ");
        say!("unmatched-left-out", agency = agency, key = key, count = count, missing = missing)
    }));
    lines.join("\n")
}

//! `comity audit reconcile`: a gateway's own access log held against the ledger: the only check that
//! finds data which was handed over past it.
//! Holds: the ledger's side is a copy that was verified; as of when it speaks is said.
//! May not enter: judging; what differs is listed, whoever is right.

use comity_core::hash::HeaderHash;
use comity_core::ids::{Height, TimeMs};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::disclosed::{Leg, Whose};
use super::gateway_log::{self, GatewayLog, Row};
use super::matching::{self, Alone, Difference, Matched, Window};
use super::verified::Verified;
use crate::args::ReconcileLog;
use crate::fault::{Exit, Fault};
use crate::messages::{fault, say};
use crate::shell::Session;
use crate::time::{self, Edge};
use crate::{table, time::past_instant};

/// As of when the ledger's side speaks.
struct AsOf {
    height: Height,
    hash: HeaderHash,
    time: TimeMs,
}

pub(super) fn run(args: &ReconcileLog, session: &mut Session<'_>) -> Result<Exit, Fault> {
    let log = gateway_log::read(&args.file)?;
    if !log.unknown.is_empty() {
        let names = log.unknown.join(", ");
        session.shell.note(&say!("note-reconcile-columns", names = names));
    }
    let (shell, tolerance_ms) = (&session.shell, time::duration_ms(&args.tolerance)?);
    let edge = |text: &Option<String>, edge| {
        let read = |text: &String| past_instant(text, edge, &shell.zone, session.as_of());
        text.as_ref().map(read).transpose()
    };
    let from = edge(&args.from, Edge::Start)?.unwrap_or_default();
    let to = edge(&args.to, Edge::End)?.unwrap_or(TimeMs(u64::MAX));
    if from >= to {
        return Err(fault!(Usage, "reconcile-window"));
    }
    let copy = Verified::open(args.copy.as_deref(), session)?;
    let (gateway, agency) = (args.gateway, args.agency.clone());
    let whose = Whose { gateway, agency, dataset: args.dataset.clone() };
    let (legs, as_of) = legs(&copy, &whose, &log, (from, to))?;
    let settled = TimeMs(as_of.time.0.saturating_sub(tolerance_ms));
    let with_denials = log.has_outcomes;
    let window = Window { from, to, settled, tolerance_ms, with_denials };
    let matched = matching::matched(&log.rows, &legs, &window);
    let object = json(args, &as_of, &window, (&log, &legs, &matched));
    session.result(&object, |shell| text(&as_of, &matched, with_denials, &shell.zone))?;
    Ok(if matched.is_clean() { Exit::Done } else { Exit::Unverified })
}

/// What the ledger says that may be wanted: of the window, or of an exchange that the log names.
fn legs(
    copy: &Verified,
    whose: &Whose,
    log: &GatewayLog,
    (from, to): (TimeMs, TimeMs),
) -> Result<(Vec<Leg>, AsOf), Fault> {
    let named: std::collections::BTreeSet<_> = log.rows.iter().map(|row| row.exchange).collect();
    let (height, hash) = copy.tip();
    let wanted = |leg: &Leg| (from..to).contains(&leg.time) || named.contains(&leg.exchange);
    let mut legs = Vec::new();
    let time = copy.each_record(|index, time, bytes| {
        legs.extend(whose.leg(index, time, bytes).filter(wanted));
    })?;
    Ok((legs, AsOf { height, hash, time }))
}

fn json(
    args: &ReconcileLog,
    as_of: &AsOf,
    window: &Window,
    (log, legs, matched): (&GatewayLog, &[Leg], &Matched<'_>),
) -> Value {
    let row = |(row, why): &(&Row, Alone)| {
        let why = match why {
            Alone::NoRecord => "no-record",
            Alone::RecordedOnce => "recorded-once",
        };
        json!({
            "line": row.line, "exchange": row.exchange, "time": row.time,
            "outcome": row.outcome.word(), "why": why,
        })
    };
    let leg = |leg: &&Leg| {
        json!({
            "index": leg.index, "exchange": leg.exchange, "time": leg.time,
            "outcome": leg.outcome.word(), "dataset": leg.dataset, "requester": leg.requester,
            "grant": leg.grant, "leaf_hash": leg.leaf,
        })
    };
    let difference = |found: &Difference<'_>| {
        json!({
            "line": found.row.line, "index": found.leg.index, "exchange": found.leg.exchange,
            "what": found.what, "gateway": found.gateway, "ledger": found.ledger,
        })
    };
    let to = Some(window.to).filter(|to| *to < TimeMs(u64::MAX));
    json!({
        "agree": matched.is_clean(), "file": args.file, "copy": args.copy,
        "as_of": { "height": as_of.height, "header_hash": as_of.hash, "time": as_of.time },
        "from": window.from, "to": to, "tolerance_ms": window.tolerance_ms,
        "denials_compared": window.with_denials, "rows": log.rows.len(), "entries": legs.len(),
        "matched": matched.agree, "too_new": matched.too_new,
        "gateway_only": matched.gateway_only.iter().map(row).collect::<Vec<_>>(),
        "ledger_only": matched.ledger_only.iter().map(leg).collect::<Vec<_>>(),
        "differ": matched.differ.iter().map(difference).collect::<Vec<_>>(),
    })
}

fn text(as_of: &AsOf, matched: &Matched<'_>, with_denials: bool, zone: &TimeZone) -> String {
    let time = time::show(as_of.time, zone);
    let mut parts = vec![say!("reconcile-as-of", height = as_of.height, time = time)];
    let count = matched.agree;
    parts.push(say!("reconcile-agree", count = count));
    if !matched.gateway_only.is_empty() {
        parts.push(say!("reconcile-gateway-only", count = matched.gateway_only.len()));
        parts.extend(matched.gateway_only.iter().map(|(row, why)| {
            let (line, exchange) = (row.line, row.exchange);
            let time = time::show(row.time, zone);
            match why {
                Alone::NoRecord => {
                    say!("reconcile-row-no-record", line = line, exchange = exchange, time = time)
                }
                Alone::RecordedOnce => {
                    say!("reconcile-row-once", line = line, exchange = exchange, time = time)
                }
            }
        }));
    }
    if !matched.ledger_only.is_empty() {
        parts.push(say!("reconcile-ledger-only", count = matched.ledger_only.len()));
        let entry = |leg: &&Leg| {
            let (index, exchange) = (leg.index, leg.exchange);
            let (time, by) = (time::show(leg.time, zone), &leg.requester);
            let (dataset, outcome) = (&leg.dataset, leg.outcome.word());
            say!(
                "reconcile-entry",
                index = index,
                exchange = exchange,
                time = time,
                requester = by,
                dataset = dataset,
                outcome = outcome
            )
        };
        parts.extend(matched.ledger_only.iter().map(entry));
    }
    if !matched.differ.is_empty() {
        parts.push(say!("reconcile-differ", count = matched.differ.len()));
        parts.extend(matched.differ.iter().map(difference));
    }
    if matched.too_new > 0 {
        parts.push(say!("reconcile-too-new", count = matched.too_new));
    }
    if !with_denials {
        parts.push(say!("reconcile-no-denials"));
    }
    parts.join("\n")
}

fn difference(found: &Difference<'_>) -> String {
    let Difference { row, leg, what, gateway, ledger } = found;
    let (gateway, ledger) = match *what {
        "digest" => (table::short(gateway), table::short(ledger)),
        _ => (gateway.clone(), ledger.clone()),
    };
    say!(
        "reconcile-difference",
        line = row.line,
        index = leg.index,
        what = what,
        gateway = gateway,
        ledger = ledger
    )
}

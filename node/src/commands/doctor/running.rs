//! A running node is asked: quorum, peers, clock, votes, view, rules, webhook,
//! witnesses.

use std::collections::BTreeSet;

use comity_core::agency::Key;
use comity_core::ids::{Height, TimeMs};
use comity_core::text::AgencyId;
use comity_core::validators::Validator;
use serde::Deserialize;

use crate::config::Config;
use crate::data_dir::DataDir;
use crate::failure::with_causes;
use crate::http::node_health::{GuardHealth, NodeHealth, PeerHealth};
use crate::local_api::{LocalApi, LocalApiError};

use super::finding::{Finding, Report};
use super::members;
use super::versions;
use super::witnesses;

/// Blocks behind the best peer that are no cause for concern.
const BEHIND_BLOCKS: u64 = 2;
/// Blocks that the view may lag.
const LAG_BLOCKS: u64 = 16;

#[derive(Debug, Deserialize)]
struct Status {
    agency: AgencyId,
    height: Height,
    time: TimeMs,
    validators: Vec<Validator>,
    peers: Vec<Peer>,
    best_peer_height: Height,
}

#[derive(Debug, Deserialize)]
struct Peer {
    agency: Option<AgencyId>,
    height: Height,
}

#[derive(Debug, Deserialize)]
struct Agencies {
    agencies: Vec<members::Member>,
}

#[derive(Debug, Deserialize)]
struct Keys {
    keys: Vec<KeyShape>,
}

#[derive(Debug, Deserialize)]
struct KeyShape {
    key: Key,
}

pub(super) fn look(dir: &DataDir, config: &Config, pid: Option<u32>, report: &mut Report) {
    let api = LocalApi::new(config.api.listen.get());
    if let Err(error) = ask(&api, dir, config, report) {
        let process = pid.map(|pid| format!(" (process {pid})")).unwrap_or_default();
        report.add(Finding::trouble(
            "node",
            format!("it runs{process}, but: {}", with_causes(&error)),
            "it may be starting: try again in a minute; else look at its log (journalctl -u comityd)",
        ));
    }
}

fn ask(
    api: &LocalApi,
    dir: &DataDir,
    config: &Config,
    report: &mut Report,
) -> Result<(), LocalApiError> {
    let status: Status = api.json("/v1/status")?;
    let node: NodeHealth = api.json("/v1/node")?;
    if status.agency != config.agency {
        report.add(Finding::trouble(
            "node",
            format!("at the address of its API answers the node of {}", status.agency),
            "give each node on this machine its own listen under [api] in config.toml",
        ));
        return Ok(());
    }
    report.add(Finding::fine(
        "node",
        format!("comityd {} runs and has block {}", node.version, status.height),
    ));
    quorum(&status, report);
    behind(&status, report);
    votes(&node.guard, dir, report);
    clock(&node, dir, report);
    view(&node, report);
    rules(&node, report);
    report.add(versions::look(&format!("comity/{}", node.version), &versions_of(&node)));
    room_of_kept(&node, report);
    if let Ok((200, metrics)) = api.get("/metrics") {
        webhook(&metrics, config, report);
        witnesses::look(&metrics, config, report);
    }
    if let Ok(Agencies { agencies }) = api.json("/v1/agencies") {
        members::operators(&agencies, report);
    }
    if let Ok(Keys { keys }) = api.json(&format!("/v1/keys?agency={}&limit=1000", config.agency)) {
        let keys: Vec<Key> = keys.into_iter().map(|shape| shape.key).collect();
        members::keys(&keys, status.time, report);
    }
    Ok(())
}

fn quorum(status: &Status, report: &mut Report) {
    let mut here: BTreeSet<&AgencyId> =
        status.peers.iter().filter_map(|peer| peer.agency.as_ref()).collect();
    here.insert(&status.agency);
    let total: u64 = status.validators.iter().map(|validator| validator.power).sum();
    let (reached, missing): (Vec<&Validator>, Vec<&Validator>) =
        status.validators.iter().partition(|validator| here.contains(&validator.agency));
    let power: u64 = reached.iter().map(|validator| validator.power).sum();
    let names: Vec<&str> = missing.iter().map(|validator| validator.agency.as_str()).collect();
    let names = names.join(", ");
    let has_quorum = power * 3 > total * 2;
    let found = format!("{power} of {total} voting power are in contact, this node included");
    report.add(if !has_quorum {
        Finding::trouble(
            "quorum",
            format!("{found}; more than two thirds are needed. Missing: {names}. No block is made"),
            "call the operators of the missing members; from here: nc -vz THEIR-ADDRESS 7070",
        )
    } else if missing.is_empty() {
        let heights: Vec<String> = status
            .peers
            .iter()
            .filter_map(|peer| Some(format!("{} {}", peer.agency.as_ref()?, peer.height)))
            .collect();
        Finding::fine("quorum", format!("{found}; at block: {}", heights.join(", ")))
    } else {
        Finding::warning(
            "quorum",
            format!("{found}. Missing: {names}. Blocks are made; few more may be missing"),
            "call the operators of the missing members; from here: nc -vz THEIR-ADDRESS 7070",
        )
    });
}

fn behind(status: &Status, report: &mut Report) {
    let behind = status.best_peer_height.0.saturating_sub(status.height.0);
    if behind > BEHIND_BLOCKS {
        report.add(Finding::warning(
            "height",
            format!(
                "this node has block {}, the best peer {}: it is catching up",
                status.height, status.best_peer_height
            ),
            "look again in a minute: the distance must shrink. If it does not, see the disk below \
             and docs/operations.md, \"The node is behind\"",
        ));
    }
}

fn votes(guard: &GuardHealth, dir: &DataDir, report: &mut Report) {
    let last = match &guard.last {
        Some(last) => format!("its key signed up to height {}", last.height),
        None => "its key has signed nothing that it knows of".to_owned(),
    };
    let show = format!("comityd guard show --dir {}", dir.root().display());
    report.add(match guard.voting.as_str() {
        "active" => Finding::fine("votes", format!("it votes; {last}")),
        "observer" => Finding::fine("votes", "it follows and does not vote"),
        "asking" => Finding::warning(
            "votes",
            "it has just started and asks the others what they know of its key; it votes when \
             members with two thirds of the voting power, itself included, have answered",
            format!("if it lasts, the others cannot be reached: see quorum; {show}"),
        ),
        "later" => Finding::warning(
            "votes",
            format!(
                "its sign guard was lost: it votes again from height {}",
                guard.votes_from.unwrap_or_default()
            ),
            "nothing: it follows until then",
        ),
        _ if guard.held => Finding::warning(
            "votes",
            "it does not vote, since it comes from a backup",
            format!("{show}; then stop it and run comityd guard reset"),
        ),
        _ => Finding::trouble(
            "votes",
            "its sign guard is missing or behind what others saw, and too few of them answer to \
             say from where it may vote again",
            format!("have the other members' nodes started; {show}"),
        ),
    });
}

fn clock(node: &NodeHealth, dir: &DataDir, report: &mut Report) {
    let drift_ms = dir.genesis().map_or(10_000, |genesis| genesis.params.drift_ms);
    let apart = |of: &&crate::http::node_health::ClockHealth| of.ahead_ms.unsigned_abs();
    let Some(worst) = node.clocks.iter().max_by_key(apart) else {
        return report.add(Finding::fine("clock", "no other node has proposed a block yet"));
    };
    let bad = |of: &&crate::http::node_health::ClockHealth| apart(of) > drift_ms / 2;
    let all: Vec<String> =
        node.clocks.iter().map(|of| format!("{} {:+} ms", of.agency, of.ahead_ms)).collect();
    let all = all.join(", ");
    let count = node.clocks.iter().filter(bad).count();
    report.add(if count == 0 {
        Finding::fine("clock", format!("against the others at their last proposals: {all}"))
    } else if count * 2 > node.clocks.len() {
        Finding::trouble(
            "clock",
            format!(
                "most others' clocks are apart from this one: {all}. Blocks more than {drift_ms} ms \
                 away get no vote"
            ),
            "put this machine's clock right: timedatectl; systemctl restart systemd-timesyncd",
        )
    } else {
        Finding::warning(
            "clock",
            format!("the clock of {} is apart: {all}", worst.agency),
            "call its operator",
        )
    });
}

fn view(node: &NodeHealth, report: &mut Report) {
    let view = &node.view;
    report.add(match &view.failure {
        Some(reason) => Finding::trouble(
            "index",
            format!(
                "the view has failed ({reason}): the node votes and keeps every block, but answers \
                 nobody until it is restarted. Nothing is lost"
            ),
            "check the disk (df, dmesg), then restart the node; it rebuilds what it cannot read",
        ),
        None if view.lag_blocks > LAG_BLOCKS => Finding::warning(
            "index",
            format!("it is {} blocks behind the block log: the disk is slow", view.lag_blocks),
            "see the disk below",
        ),
        None => Finding::fine(
            "index",
            format!("shows block {} of {} on the disk", view.height, node.block_log.height),
        ),
    });
}

fn rules(node: &NodeHealth, report: &mut Report) {
    let (active, known) = (node.rules.active, node.rules.known);
    report.add(if active > known {
        Finding::trouble(
            "rules",
            format!("the consortium follows version {active}; this comityd knows up to {known}"),
            "install a newer comityd and start it again",
        )
    } else {
        let found = format!("version {active} is in force; this comityd knows up to {known}");
        Finding::fine("rules", found)
    });
}

/// What members' nodes in contact say that they are.
fn versions_of(node: &NodeHealth) -> BTreeSet<(AgencyId, String)> {
    let says = |peer: &PeerHealth| Some((peer.agency.clone()?, peer.software.clone()?));
    node.peers.iter().filter_map(says).collect()
}

fn room_of_kept(node: &NodeHealth, report: &mut Report) {
    let (used, most) = (node.kept.used_bytes, node.kept.max_bytes);
    if used > most / 10 * 9 {
        report.add(Finding::warning(
            "kept",
            format!("{} of {} MiB for sealed details are used", used >> 20, most >> 20),
            "raise max_bytes under [kept] in config.toml and restart the node",
        ));
    }
}

fn webhook(metrics: &str, config: &Config, report: &mut Report) {
    if config.webhook.is_none() {
        return;
    }
    let number = |name: &str| -> u64 {
        let of = |line: &str| line.strip_prefix(name)?.trim().parse().ok();
        metrics.lines().find_map(of).unwrap_or_default()
    };
    let behind = number("comity_webhook_behind ");
    report.add(match number("comity_webhook_failing_since_seconds ") {
        0 => Finding::fine("webhook", format!("its receiver takes entries; {behind} wait")),
        since => Finding::warning(
            "webhook",
            format!(
                "its receiver takes nothing since {}; {behind} entries of the log wait, none is lost",
                jiff::Timestamp::from_second(i64::try_from(since).unwrap_or(0))
                    .map(|at| at.to_string())
                    .unwrap_or_default()
            ),
            "mend the receiver; the node's log says what it answered",
        ),
    });
}

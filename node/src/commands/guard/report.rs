//! What a running node's peers say of its key, shown and kept for `comityd guard reset`.
//! Holds: only what the node itself has checked: tips with their certificates, genuine signatures.

use std::fs;
use std::io;

use comity_core::hash::ConsortiumId;
use comity_core::ids::{Height, TimeMs};
use comity_core::validators::{Validator, ValidatorSet};
use comity_replica::replica::SILENT_HEIGHTS;
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::data_dir::{DataDir, DataDirError, io_error};
use crate::failure::{Ending, Failure};
use crate::http::node_health::{GuardHealth, HeardHealth, MarkHealth, NodeHealth};
use crate::kept::write_durably;
use crate::local_api::{LocalApi, LocalApiError};

use super::block;

/// What was asked, when, and of whom.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct GuardReport {
    pub(super) asked_at: TimeMs,
    pub(super) consortium: ConsortiumId,
    /// The node's own last block then.
    pub(super) height: Height,
    pub(super) validators: Vec<Validator>,
    pub(super) guard: GuardHealth,
}

#[derive(Debug, Deserialize)]
struct Status {
    consortium: ConsortiumId,
    height: Height,
    validators: Vec<Validator>,
}

impl GuardReport {
    /// The report in a directory, if there is one. Errors: it cannot be read.
    pub(super) fn read(dir: &DataDir) -> Result<Option<GuardReport>, DataDirError> {
        let path = dir.guard_report_file();
        match fs::read(&path) {
            // One that is no report is as none.
            Ok(text) => Ok(serde_json::from_slice(&text).ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(io_error("read", &path, source)),
        }
    }
}

/// Asks the running node, and keeps the answer while it does not vote.
pub(super) fn ask(dir: &DataDir, config: &Config) -> Result<String, Failure> {
    let api = LocalApi::new(config.api.listen.get());
    let status: Status = api.json("/v1/status").map_err(silent)?;
    let node: NodeHealth = api.json("/v1/node").map_err(silent)?;
    let report = GuardReport {
        asked_at: node.clock,
        consortium: status.consortium,
        height: status.height,
        validators: status.validators,
        guard: node.guard,
    };
    let text = words(config, &report);
    if matches!(report.guard.voting.as_str(), "active" | "observer") {
        return Ok(text + "It needs no reset.\n");
    }
    let bytes = serde_json::to_vec_pretty(&report).unwrap_or_default();
    let path = dir.guard_report_file();
    write_durably(&path, &bytes).map_err(|error| {
        Failure::because(
            Ending::Failed,
            &error,
            "What the others said was not kept.",
            "check the disk (df, dmesg), then run the command again",
        )
    })?;
    Ok(text + &format!("Kept for comityd guard reset: {}\n", path.display()))
}

fn silent(error: LocalApiError) -> Failure {
    Failure::because(
        Ending::Failed,
        &error,
        "Nobody was asked.",
        "wait until the node has started, then run the command again",
    )
}

fn words(config: &Config, report: &GuardReport) -> String {
    let GuardReport { height, validators, guard, .. } = report;
    let key = guard.key.map_or_else(|| "no validator key".to_owned(), |key| format!("key {key}"));
    let mark = |mark: &Option<MarkHealth>| match mark {
        Some(MarkHealth { height, round, step }) => {
            format!("{step} of height {height}, round {round}")
        }
        None => "nothing".to_owned(),
    };
    let mut text = format!(
        "The node of {} ({key}) has {}.\nIts guard knows as signed last: {}.\n",
        config.agency,
        block(*height),
        if guard.present { mark(&guard.last) } else { "there is no guard".to_owned() },
    );
    text += match guard.voting.as_str() {
        "active" => "It votes.\n",
        "observer" => "It follows and does not vote.\n",
        "later" => "It votes again from the height that comity status shows.\n",
        _ if guard.held => "It does not vote: it comes from a backup.\n",
        _ => "It does not vote.\n",
    };
    let others = validators.iter().filter(|of| of.agency != config.agency);
    if matches!(guard.voting.as_str(), "active" | "observer" | "later") {
        return text;
    }
    for validator in others {
        let heard = guard.heard.iter().find(|of| of.agency == validator.agency);
        text += &match heard {
            None => format!("  {}: not heard\n", validator.agency),
            Some(HeardHealth { agency, height, newest, .. }) => format!(
                "  {agency}: has {}; newest that it saw signed by this key: {}\n",
                block(*height),
                mark(newest)
            ),
        };
    }
    text + &conclusion(report)
}

fn conclusion(report: &GuardReport) -> String {
    let heard: u64 = report.guard.heard.iter().map(|of| of.power).sum();
    let highest = report.guard.heard.iter().map(|of| of.height).max().unwrap_or_default();
    let highest = highest.max(report.height).0.saturating_add(SILENT_HEIGHTS);
    let enough = ValidatorSet::try_from(report.validators.clone());
    let total: u64 = report.validators.iter().map(|of| of.power).sum();
    match enough.is_ok_and(|set| set.is_quorum(heard)) {
        true => format!(
            "These hold {heard} of {total} voting power: enough for the node to decide by itself, \
             from height {highest} on (or later).\n"
        ),
        false => format!(
            "These hold {heard} of {total} voting power; for the node to decide by itself, more \
             than two thirds must answer, without it. If they cannot, see --from-height in comityd \
             guard reset --help ({highest} is about the least).\n"
        ),
    }
}

//! What lies in the directory and is the same whether the node runs or not: who may read it, what
//! was put aside, what is kept, who misbehaved.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use comity_core::agency::KeyRole;
use comity_core::equivocation::Equivocation;
use comity_core::key_file::KeyFile;

use crate::config::Config;
use crate::data_dir::DataDir;
use crate::failure::with_causes;
use crate::kept;

use super::finding::{Finding, Report};

/// What others may not do with a private file or directory.
const OTHERS: u32 = 0o077;

pub(super) fn look(dir: &DataDir, config: &Config, report: &mut Report) {
    permissions(dir, report);
    misbehaviour(dir, report);
    kept_store(dir, report);
    put_aside(dir, report);
    if dir.restored_file().exists() {
        report.add(Finding::warning(
            "restored",
            "this directory comes from a backup: the node follows without voting",
            format!(
                "once it has caught up: comityd guard show --dir {0}, then stop the node and \
                 comityd guard reset --dir {0}",
                dir.root().display()
            ),
        ));
    }
    if let Some(webhook) = &config.webhook
        && let Ok(genesis) = dir.genesis()
        && let Err(error) = crate::webhook::check(webhook, dir, genesis.id())
    {
        report.add(Finding::trouble(
            "webhook",
            with_causes(&error),
            "put it right before the next start: the node does not start with this",
        ));
    }
}

fn permissions(dir: &DataDir, report: &mut Report) {
    let keys = [KeyRole::Validator, KeyRole::Transport, KeyRole::Note];
    let private: Vec<_> = keys.into_iter().map(|role| dir.key_file(role)).collect();
    let exposed: Vec<String> = private
        .iter()
        .map(|path| path.as_path())
        .chain([dir.root()])
        .filter(|path| mode(path).is_some_and(|mode| mode & OTHERS != 0))
        .map(|path| path.display().to_string())
        .collect();
    if exposed.is_empty() {
        report
            .add(Finding::fine("files", "only their owner can read the node's directory and keys"));
        return;
    }
    report.add(Finding::trouble(
        "files",
        format!(
            "others on this machine can read {}. A key that others can read does not count as \
             secret any more, and the node does not start with it",
            exposed.join(", ")
        ),
        format!(
            "chmod 700 {0}; chmod 600 {0}/keys/*; if somebody else can have read a key, see \
             docs/operations.md, \"A node key has leaked\"",
            dir.root().display()
        ),
    ));
}

fn mode(path: &Path) -> Option<u32> {
    Some(fs::metadata(path).ok()?.permissions().mode())
}

/// What this node saw: two contradicting messages of one validator.
fn misbehaviour(dir: &DataDir, report: &mut Report) {
    let Ok(text) = fs::read_to_string(dir.misbehaviour_file()) else { return };
    let own = fs::read(dir.key_file(KeyRole::Validator)).ok();
    let own = own.and_then(|text| serde_json::from_slice::<KeyFile>(&text).ok());
    let own = own.map(|file| file.public_key);
    let seen = text.lines().filter_map(|line| serde_json::from_str::<Equivocation>(line).ok());
    let places: Vec<_> = seen.filter_map(|of| of.place()).collect();
    let ours = places.iter().filter(|place| Some(place.validator) == own).count();
    if ours > 0 {
        report.add(Finding::trouble(
            "votes",
            format!(
                "this node's own key signed two contradicting messages, {ours} times: another \
                 machine signs with it, or an old copy of log/ was put back"
            ),
            "stop this node and every other machine with its keys; see docs/operations.md, \
             \"Equivocation names our own node\"",
        ));
    }
    if places.len() > ours {
        report.add(Finding::warning(
            "votes",
            format!(
                "{} times another member's key signed two contradicting messages; it is on the log",
                places.len() - ours
            ),
            format!(
                "call that member's operator: comity log list --kind record-equivocation; the \
                 messages are in {}",
                dir.misbehaviour_file().display()
            ),
        ));
    }
}

fn kept_store(dir: &DataDir, report: &mut Report) {
    let Ok(genesis) = dir.genesis() else { return };
    match kept::damaged(&dir.kept_dir(), genesis.id()) {
        Ok(damaged) if damaged.is_empty() => {
            report.add(Finding::fine("kept", "every sealed detail and text fits its hash"));
        }
        Ok(damaged) => {
            let names: Vec<String> =
                damaged.iter().take(3).map(|path| path.display().to_string()).collect();
            report.add(Finding::trouble(
                "kept",
                format!(
                    "{} files of what only this node keeps are damaged: {}{}. Nobody else has them",
                    damaged.len(),
                    names.join(", "),
                    if damaged.len() > names.len() { ", ..." } else { "" }
                ),
                "check the disk; copy these files back from the last backup (docs/operations.md, \
                 \"A kept file is damaged\"), or have what they held handed in again",
            ));
        }
        Err(error) => report.add(Finding::trouble(
            "kept",
            with_causes(&error),
            "check the disk and that comityd runs as the owner of kept/",
        )),
    }
}

fn put_aside(dir: &DataDir, report: &mut Report) {
    let Ok(entries) = fs::read_dir(dir.root()) else { return };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut aside: Vec<String> = names
        .filter(|name| name.starts_with("view.broken-") || name.starts_with("wal.damaged-"))
        .collect();
    aside.sort_unstable();
    if !aside.is_empty() {
        report.add(Finding::warning(
            "put aside",
            format!("{} could not be used and were replaced", aside.join(", ")),
            "check the disk (dmesg, smartctl); when the reason is known, remove them",
        ));
    }
}

//! `comityd guard`: what keeps this node's key from signing twice, and letting a node vote again that
//! lost it.
//! Holds: nothing is reset unasked; never to a height that the others' words, the blocks or the
//! guard itself speak against; whoever was not asked is named by the operator.
//! May not enter: lowering a height: what the key has signed stays signed.

mod report;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs;

use comity_core::genesis::Genesis;
use comity_core::ids::Height;
use comity_core::keys::PublicKey;
use comity_core::text::AgencyId;
use comity_replica::replica::SILENT_HEIGHTS;
use comity_replica::storage::{BlockSurvey, Guard, StorageError, WalSurvey};
use std::path::Path;

use crate::args::GuardResetArgs;
use crate::config::Config;
use crate::data_dir::{DataDir, DataDirError, io_error, sync_dir};
use crate::failure::{Ending, Failure};
use crate::key_store::{self, KeyStoreError};
use crate::node::{NodeError, open_storage};
use crate::read_disk::ReadDisk;
use crate::terminal::Terminal;
use report::GuardReport;

#[derive(Debug, thiserror::Error)]
enum GuardError {
    #[error(transparent)]
    Dir(#[from] DataDirError),
    #[error(transparent)]
    Keys(#[from] KeyStoreError),
    #[error("log/ cannot be read")]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Node(#[from] NodeError),
    #[error("{0} has no validator key here: its node follows, and there is nothing to reset")]
    NoKey(AgencyId),
    #[error("nothing was confirmed")]
    NotConfirmed,
    #[error("{said} was typed, but this is the node of {agency}")]
    OtherAgency { said: AgencyId, agency: AgencyId },
    #[error("nobody was asked yet what this node's key has signed")]
    NoReport,
    #[error("what was asked is of another key or consortium")]
    OtherReport,
    #[error("{0} could not be asked, or was not yet")]
    NotAsked(String),
    #[error("the key may not sign from height {asked}: {why}; {least} is the least")]
    TooLow { asked: u64, least: u64, why: String },
}

/// What a stopped node's own disk says.
struct Own {
    guard: Option<Guard>,
    tip: u64,
}

pub(super) fn show(dir: &Path) -> Result<String, Failure> {
    let dir = DataDir::open(dir)?;
    let config = Config::load(&dir.config_file())?;
    match dir.lock() {
        Ok(_lock) => {
            let own = look(&dir).map_err(GuardError::Storage)?;
            Ok(own_words(&dir, &own))
        }
        Err(DataDirError::InUse { .. }) => report::ask(&dir, &config),
        Err(error) => Err(error.into()),
    }
}

fn look(dir: &DataDir) -> Result<Own, StorageError> {
    if !dir.log_dir().is_dir() {
        return Ok(Own { guard: None, tip: 0 });
    }
    let disk = ReadDisk::open(&dir.log_dir())?;
    let wal = WalSurvey::of(&disk)?;
    let named = wal.durable_tip.map(|(height, _)| height);
    let tip = BlockSurvey::of(&disk)?.highest().max(named).unwrap_or(0);
    Ok(Own { guard: wal.guard, tip })
}

fn own_words(dir: &DataDir, own: &Own) -> String {
    let guard = match &own.guard {
        None => "There is no sign guard: nobody here knows what this node's key has signed.".into(),
        Some(guard) => {
            let last = guard.last().map(|mark| mark.position().to_string());
            let last = last.unwrap_or_else(|| "nothing".into());
            let from = match guard.vote_from() {
                0 => String::new(),
                from => format!(" It lets nothing be signed below height {from}."),
            };
            format!("The sign guard is there. What the key signed last: {last}.{from}")
        }
    };
    let then = match (dir.restored_file().exists(), &own.guard) {
        (true, _) => {
            "This directory comes from a backup: a start follows without voting, until comityd \
             guard reset."
        }
        (false, None) => {
            "A start follows without voting. Once members with more than two thirds of the voting \
             power, without this node, have said what they know, it votes from three blocks above \
             the highest of theirs."
        }
        (false, Some(_)) => {
            "A start asks the others; it votes when members with more than two thirds of the \
             voting power, itself included, know of nothing newer signed by this key."
        }
    };
    format!(
        "{guard}\nThe last block on this disk: {}.\n{then}\nThe node is stopped, so nobody else \
         was asked.\n",
        own.tip
    )
}

pub(super) fn reset(args: &GuardResetArgs, terminal: &mut Terminal) -> Result<String, Failure> {
    let dir = DataDir::open(&args.dir)?;
    let config = Config::load(&dir.config_file())?;
    Ok(reset_in(&dir, &config, args, terminal)?)
}

fn reset_in(
    dir: &DataDir,
    config: &Config,
    args: &GuardResetArgs,
    terminal: &mut Terminal,
) -> Result<String, GuardError> {
    let _lock = dir.lock()?;
    let genesis = dir.genesis()?;
    let Some(key) = key_store::load(dir, config, &genesis)?.present().validator else {
        return Err(GuardError::NoKey(config.agency.clone()));
    };
    let key = key.public();
    let own = look(dir)?;
    let Some(height) = args.from_height else {
        if !dir.restored_file().exists() {
            return Ok(format!(
                "{}There is nothing to reset: the node decides by itself as said above. Where too \
                 few members can be reached for that, see --from-height in comityd guard reset \
                 --help.\n",
                own_words(dir, &own)
            ));
        }
        confirm(config, args, terminal, &by_itself())?;
        let_go(dir)?;
        return Ok(format!(
            "This node may vote again.\nAt its next start it asks the others; once members with \
             more than two thirds of the voting power, without it, have answered, it votes from \
             three blocks above the highest of theirs.\nNext: comityd run --dir {0}; see how it \
             goes with: comityd doctor --dir {0}\n",
            dir.root().display()
        ));
    };
    let report = GuardReport::read(dir)?.ok_or(GuardError::NoReport)?;
    check_report(&report, &genesis, &key, config, args)?;
    let (least, why) = least(&report, &own);
    if height < least {
        return Err(GuardError::TooLow { asked: height, least, why });
    }
    confirm(config, args, terminal, &by_the_operator(height, &report, args))?;
    let (mut storage, _) = open_storage(dir, &genesis, None)?;
    storage.adopt_guard(*key.as_bytes(), height)?;
    drop(storage);
    let_go(dir)?;
    Ok(format!(
        "The sign guard lets this node's key sign from height {height} on, and nothing below.\n\
         Next: comityd run --dir {0}; see how it goes with: comityd doctor --dir {0}\n",
        dir.root().display()
    ))
}

/// Everybody with a vote was asked, or is named as one who could not be.
fn check_report(
    report: &GuardReport,
    genesis: &Genesis,
    key: &PublicKey,
    config: &Config,
    args: &GuardResetArgs,
) -> Result<(), GuardError> {
    if report.consortium != genesis.id() || report.guard.key != Some(*key) {
        return Err(GuardError::OtherReport);
    }
    let heard: BTreeSet<&AgencyId> = report.guard.heard.iter().map(|of| &of.agency).collect();
    let missing: Vec<&str> = report
        .validators
        .iter()
        .map(|validator| &validator.agency)
        .filter(|id| **id != config.agency && !heard.contains(id) && !args.without.contains(id))
        .map(AgencyId::as_str)
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(GuardError::NotAsked(missing.join(", "))) }
}

/// The least height from which nothing that is known speaks against signing, and what decided it.
fn least(report: &GuardReport, own: &Own) -> (u64, String) {
    let mut highest = (own.tip, "that is how far the blocks on this disk reach".to_owned());
    let mut raise = |height: u64, why: String| {
        if height > highest.0 {
            highest = (height, why);
        }
    };
    if let Some(last) = own.guard.as_ref().and_then(|guard| guard.last()) {
        raise(last.height, format!("this disk knows that it signed a {}", last.position()));
    }
    raise(report.height.0, "that is how far this node had come when it asked".to_owned());
    for heard in &report.guard.heard {
        raise(heard.height.0, format!("{} has block {}", heard.agency, heard.height));
        if let Some(newest) = &heard.newest {
            let (height, step) = (newest.height, &newest.step);
            let why = format!("{} has seen its {step} of height {height}", heard.agency);
            raise(height.0, why);
        }
    }
    let (height, why) = highest;
    (
        height.saturating_add(SILENT_HEIGHTS),
        format!("{why}, and {SILENT_HEIGHTS} are added to be safe"),
    )
}

fn by_itself() -> String {
    "The node will believe: its peers, once those with more than two thirds of the voting power \
     (without it) have proven their last blocks and shown what they saw signed by its key. It will \
     sign nothing below three blocks above the highest of these."
        .to_owned()
}

fn by_the_operator(height: u64, report: &GuardReport, args: &GuardResetArgs) -> String {
    let heard: Vec<String> = report
        .guard
        .heard
        .iter()
        .map(|of| format!("{} (block {})", of.agency, of.height))
        .collect();
    let without: Vec<&str> = args.without.iter().map(AgencyId::as_str).collect();
    format!(
        "The key will sign from height {height} on. Believed are: {}. Not asked: {}; if this key \
         signed at {height} or above and only they saw it, it will sign twice, and the log will name \
         your agency for it.",
        if heard.is_empty() { "nobody".to_owned() } else { heard.join(", ") },
        if without.is_empty() { "nobody".to_owned() } else { without.join(", ") },
    )
}

/// Says what will be believed, and has the agency's name typed. Errors: `NotConfirmed`,
/// `OtherAgency`.
fn confirm(
    config: &Config,
    args: &GuardResetArgs,
    terminal: &mut Terminal,
    believed: &str,
) -> Result<(), GuardError> {
    let said = match &args.old_machine_is_gone {
        Some(said) => said.clone(),
        None if !terminal.is_person() => return Err(GuardError::NotConfirmed),
        None => {
            terminal.say(believed);
            terminal.say(
                "No other machine may run with these keys, now or later: not the old server, not a \
                 copy of it, not a snapshot. Two of them would sign contradicting votes.",
            );
            let question = "If that is certain, type the name of the agency";
            let read = |text: &str| text.parse::<AgencyId>().map_err(|error| error.to_string());
            terminal.ask(question, None, read).map_err(|_| GuardError::NotConfirmed)?
        }
    };
    match said == config.agency {
        true => Ok(()),
        false => Err(GuardError::OtherAgency { said, agency: config.agency.clone() }),
    }
}

/// From now on the node may vote as its guard says.
fn let_go(dir: &DataDir) -> Result<(), DataDirError> {
    for path in [dir.guard_report_file(), dir.restored_file()] {
        if path.exists() {
            fs::remove_file(&path).map_err(|source| io_error("remove", &path, source))?;
        }
    }
    sync_dir(dir.root())
}

/// A height as words can have it.
fn block(height: Height) -> String {
    format!("block {height}")
}

impl From<GuardError> for Failure {
    fn from(error: GuardError) -> Failure {
        let next = match error {
            GuardError::Dir(error) => return error.into(),
            GuardError::Keys(error) => return error.into(),
            GuardError::Node(error) => return error.into(),
            GuardError::Storage(_) => "comityd doctor says what is damaged; then comityd repair",
            GuardError::NoKey(_) => {
                "if it is to vote, the members must vote a key for it: comity proposal open --help"
            }
            GuardError::NotConfirmed => {
                "run it at a terminal, or with --old-machine-is-gone and the agency's name"
            }
            GuardError::OtherAgency { .. } => "check --dir and the name",
            GuardError::NoReport | GuardError::OtherReport => {
                "start the node, let it catch up, run comityd guard show, and stop it again"
            }
            GuardError::NotAsked(_) => {
                "run comityd guard show again while they run; who cannot be reached is named with \
                 --without, once for each"
            }
            GuardError::TooLow { .. } => "give a height that is not below it",
        };
        let ending = match error {
            GuardError::Storage(_) => Ending::Failed,
            _ => Ending::Refused,
        };
        Failure::because(ending, &error, "Nothing was changed; the node does not vote.", next)
    }
}

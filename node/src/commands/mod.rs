//! What `comityd` can be asked to do, one module a task.
//! Holds: a task either succeeds and reports on stdout, or says why not in three lines.
//! May not enter: the doing of the node's work (see `node`).

mod backup;
mod config;
mod doctor;
mod export;
mod genesis;
mod guard;
mod init;
mod join;
mod key;
mod manual;
mod reindex;
mod repair;
mod restore;
mod run;
mod snapshot;

use std::process::ExitCode;

use crate::args::{Command, ConfigCommand, GuardCommand};
use crate::disk::DiskTrial;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// What a task that was done has to say.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Done {
    /// For standard output.
    pub(crate) text: String,
    worst: doctor::Level,
}

impl From<String> for Done {
    fn from(text: String) -> Done {
        Done { text, worst: doctor::Level::Fine }
    }
}

impl Done {
    /// 0, but for a doctor that found something.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self.worst {
            doctor::Level::Fine => 0,
            doctor::Level::Warning => 4,
            doctor::Level::Trouble => 5,
        })
    }
}

/// Does what was asked, asking whoever sits at the terminal where need be. Returns what to print.
pub(crate) fn carry_out(command: Command, terminal: &mut Terminal) -> Result<Done, Failure> {
    match command {
        Command::Doctor(args) => doctor::perform(&args),
        command => perform(command, terminal).map(Done::from),
    }
}

/// The same, for who is content with the words.
pub(crate) fn perform(command: Command, terminal: &mut Terminal) -> Result<String, Failure> {
    perform_tried(command, terminal, None)
}

/// The same, with the logs of a node that runs tried so.
pub(crate) fn perform_tried(
    command: Command,
    terminal: &mut Terminal,
    trial: Option<DiskTrial>,
) -> Result<String, Failure> {
    match command {
        Command::Doctor(args) => doctor::perform(&args).map(|done| done.text),
        Command::Init(args) => init::perform(*args, terminal),
        Command::Genesis(args) => genesis::perform(&args),
        Command::Join(args) => init::join(*args, terminal),
        Command::Key(command) => key::perform(&command),
        Command::Run(args) => run::perform(&args, trial),
        Command::Export(args) => export::perform(&args),
        Command::Snapshot(args) => snapshot::perform(&args),
        Command::Reindex(args) => reindex::perform(&args),
        Command::Repair(args) => repair::perform(&args),
        Command::Backup(args) => backup::perform(&args),
        Command::Restore(args) => restore::perform(&args),
        Command::Guard(GuardCommand::Show { dir }) => guard::show(&dir),
        Command::Guard(GuardCommand::Reset(args)) => guard::reset(&args, terminal),
        Command::Config(ConfigCommand::Check { dir }) => config::perform(&dir),
        Command::Completions { shell } => Ok(manual::completions(shell)),
        Command::Man { out } => manual::pages(&out),
    }
}

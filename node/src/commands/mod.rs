//! What `comityd` can be asked to do, one module a task.
//! Holds: a task either succeeds and reports on stdout, or says why not in three lines.
//! May not enter: the doing of the node's work (see `node`).

mod config;
mod export;
mod genesis;
mod init;
mod manual;
mod reindex;
mod repair;
mod run;

use crate::args::{Command, ConfigCommand};
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Does what was asked, asking whoever sits at the terminal where need be. Returns what to print.
pub(crate) fn perform(command: Command, terminal: &mut Terminal) -> Result<String, Failure> {
    match command {
        Command::Init(args) => init::perform(*args, terminal),
        Command::Genesis(args) => genesis::perform(&args),
        Command::Run(args) => run::perform(&args),
        Command::Export(args) => export::perform(&args),
        Command::Reindex(args) => reindex::perform(&args),
        Command::Repair(args) => repair::perform(&args),
        Command::Config(ConfigCommand::Check { dir }) => config::perform(&dir),
        Command::Completions { shell } => Ok(manual::completions(shell)),
        Command::Man { out } => manual::pages(&out),
    }
}

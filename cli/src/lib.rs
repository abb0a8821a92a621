//! `comity`, the command line for officers, stewards and auditors: it asks a node, shows in plain
//! words what is about to be signed, signs it here, and verifies archives without any node.
//! Holds: nothing is signed unseen; no secret leaves its file; every text that a person reads
//! comes from the message catalogue.
//! May not enter: rules (they are core's); async; keys of nodes in use.

mod answer;
mod args;
mod bundle;
mod capacity;
mod catalogue;
mod client;
mod commands;
mod cosign;
mod csv;
mod describe;
mod draft;
mod fault;
mod held;
mod holder;
mod impact;
mod indicators;
mod key_state;
mod keys;
mod measures;
mod messages;
mod passphrase;
mod past;
mod privacy;
mod progress;
mod proven;
pub mod reading;
mod sealed;
mod shell;
mod sign;
mod table;
#[cfg(test)]
mod tests;
mod time;
mod usage;
mod voting;
mod wrap;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use fault::{Exit, Fault};
use messages::{Language, say, speak};
use shell::{Session, Shell};

/// Runs one command. `args` begins with the program's name, as the system passes it. Returns the
/// exit codes that `comity --help` documents.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut shell = Shell::of_process();
    ExitCode::from(run(args.into_iter().collect(), &mut shell).code())
}

/// Runs one command in a given shell.
pub(crate) fn run(args: Vec<OsString>, shell: &mut Shell) -> Exit {
    let _speaking = speak(Language::of_arguments(&args).unwrap_or(shell.language));
    let cli = match args::parse(args) {
        Ok(cli) => cli,
        Err(error) => return usage::told(shell, &error),
    };
    let json = cli.global.json;
    let result = answered(cli, shell);
    match result {
        Ok(exit) => exit,
        Err(fault) => end(shell, &fault, json),
    }
}

/// Runs a command at the node, or at the file that is to be read in its place.
fn answered(cli: args::Cli, shell: &mut Shell) -> Result<Exit, Fault> {
    let mut global = cli.global;
    if let Some(place) = &global.held_in {
        let held = commands::holding::open(place, shell)?;
        let (height, entries) = (held.ledger().tip().height, held.ledger().log().size());
        if !global.json {
            let path = held.name();
            shell.note(&say!("note-held", path = path, entries = entries, height = height));
        }
        global.held = Some(Arc::new(held));
    }
    commands::run(cli.noun, &mut Session { shell, global })
}

fn end(shell: &mut Shell, fault: &Fault, json: bool) -> Exit {
    if fault.is_closed_pipe() {
        return Exit::Done;
    }
    shell.note(&fault.to_text());
    if json {
        let _ = shell.line(&fault.to_json().to_string());
    }
    fault.exit
}

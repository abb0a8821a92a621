//! `comity`, the command line for officers, stewards and auditors: it asks a node, shows in plain
//! words what is about to be signed, signs it here, and verifies archives without any node.
//! Holds: nothing is signed unseen; no secret leaves its file; every text that a person reads
//! comes from the message catalogue.
//! May not enter: rules (they are core's); async; keys of nodes in use.

mod args;
mod bundle;
mod catalogue;
mod client;
mod commands;
mod csv;
mod describe;
mod fault;
mod holder;
mod impact;
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
mod voting;
mod wrap;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use fault::{Exit, Fault};
use shell::{Session, Shell};

/// Most characters of a wrong value that are shown with what is wrong with it.
const MAX_SHOWN_CHARS: usize = 80;

/// Runs one command. `args` begins with the program's name, as the system passes it. Returns the
/// exit codes that `comity --help` documents.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut shell = Shell::of_process();
    ExitCode::from(run(args.into_iter().collect(), &mut shell).code())
}

/// Runs one command in a given shell.
pub(crate) fn run(args: Vec<OsString>, shell: &mut Shell) -> Exit {
    let cli = match args::parse(args) {
        Ok(cli) => cli,
        Err(error) => return usage(shell, &error),
    };
    let json = cli.global.json;
    let result = commands::run(cli.noun, &mut Session { shell, global: cli.global });
    match result {
        Ok(exit) => exit,
        Err(fault) => end(shell, &fault, json),
    }
}

fn usage(shell: &mut Shell, error: &clap::Error) -> Exit {
    let text = usage_text(error);
    if error.use_stderr() {
        shell.note(text.trim_end());
        return Exit::Usage;
    }
    // A closed pipe after --help is nobody's loss.
    let _ = shell.line(text.trim_end());
    Exit::Done
}

/// What is wrong with the arguments. A long value is shown by its beginning: pages of it would push
/// the reason out of sight.
fn usage_text(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue) else {
        return text;
    };
    match value.char_indices().nth(MAX_SHOWN_CHARS) {
        Some((end, _)) => text.replace(value.as_str(), &format!("{}…", &value[..end])),
        None => text,
    }
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

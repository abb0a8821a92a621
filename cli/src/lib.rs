//! `comity`, the command line for officers, stewards and auditors: it asks a node, shows in plain
//! words what is about to be signed, signs it here, and verifies archives without any node.
//! Holds: nothing is signed unseen; no secret leaves its file; every text that a person reads
//! comes from the message catalogue.
//! May not enter: rules (they are core's); async; keys of nodes in use.

mod args;
mod client;
mod commands;
mod describe;
mod fault;
mod keys;
mod messages;
mod shell;
mod sign;
mod table;
#[cfg(test)]
mod tests;
mod time;

use std::ffi::OsString;
use std::process::ExitCode;

use fault::{Exit, Fault};
use shell::{Session, Shell};

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
    let text = error.render().to_string();
    if error.use_stderr() {
        shell.note(text.trim_end());
        return Exit::Usage;
    }
    // A closed pipe after --help is nobody's loss.
    let _ = shell.line(text.trim_end());
    Exit::Done
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

//! comityd, an agency's node: performs what the replica orders, and answers people and programs.
//! Holds: nothing is decided here; rules are core's, order is the replica's.
//! May not enter: a rule of the ledger or of consensus.

mod args;
mod clock;
mod commands;
pub mod config;
pub mod data_dir;
pub mod disk;
mod failure;
#[cfg(test)]
mod founding;
pub mod http;
pub mod kept;
mod key_store;
mod local_api;
mod logging;
pub mod metrics;
pub mod network;
mod node;
mod passphrase;
mod read_disk;
mod serving;
pub mod shell;
pub mod snapshots;
mod succession;
mod terminal;
pub mod toml_text;
pub mod view;
mod webhook;
pub mod witnesses;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

/// Runs `comityd` with a program's arguments, the program's name first, and returns its exit code
/// as `--help` documents it: 0 done, 1 failed, 2 not understood, 3 refused; 4 and 5 are the
/// doctor's warnings and trouble. Results go to
/// stdout, all else to stderr. At most once per process for `run`, which starts the logging.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    report(args, commands::carry_out)
}

/// As [`main`], with the files of `log/` watched, and of other sizes, while the node runs. The shipped
/// program has nobody who watches: this is for programs that test it.
pub fn main_tried(args: impl IntoIterator<Item = OsString>, trial: disk::DiskTrial) -> ExitCode {
    report(args, |command, terminal| {
        commands::perform_tried(command, terminal, Some(trial)).map(commands::Done::from)
    })
}

/// Reads the arguments, has `perform` do what they say, and says what came of it.
fn report(
    args: impl IntoIterator<Item = OsString>,
    perform: impl FnOnce(
        args::Command,
        &mut terminal::Terminal,
    ) -> Result<commands::Done, failure::Failure>,
) -> ExitCode {
    let args = match args::parse(args) {
        Ok(args) => args,
        Err(asked) => {
            // Help and the version go to stdout, mistakes to stderr: clap knows which. Where even
            // that fails, nobody is there to be told.
            let _ = asked.print();
            return if asked.use_stderr() {
                failure::Ending::NotUnderstood.into()
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    match perform(args.command, &mut terminal::Terminal::of_process()) {
        Ok(done) => {
            let _ = std::io::stdout().write_all(done.text.as_bytes());
            done.exit_code()
        }
        Err(failure) => {
            let _ = std::io::stderr().write_all(failure.to_string().as_bytes());
            failure.ending().into()
        }
    }
}

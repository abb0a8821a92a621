//! comity-devnet, a whole consortium on one machine: sets up real nodes with the operators' own
//! commands, starts and stops them, plays a story through them, and measures them.
//! Holds: every node and every command is a process of its own, of this same executable, so that
//! one build gives all of them.
//! May not enter: rules of the ledger or of consensus; shortcuts around the programs that people
//! use.

mod api;
mod args;
mod bench;
mod commands;
mod config;
mod demo;
mod failure;
mod found;
mod grown;
mod invocation;
mod nodes;
mod offline;
mod page;
mod people;
mod place;
mod ports;
mod process;
mod run;
mod soak;
mod topology;
mod usage;
mod votes;

use std::ffi::OsString;
use std::iter;
use std::process::ExitCode;

use process::Program;

/// Runs `comity-devnet` with a program's arguments, the program's name first, or, where the first
/// argument is the hidden one of `comityd` or `comity`, that program with the rest. Returns the
/// exit code: 0 done, 1 failed, 2 not understood; of the others, what they document.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let hidden = args.get(1).and_then(|arg| arg.to_str()).and_then(Program::of_hidden_argument);
    let Some(program) = hidden else { return commands::main(args) };
    let rest = args.into_iter().skip(2);
    let args = iter::once(OsString::from(program.name())).chain(rest);
    match program {
        Program::Comityd => comity_node::main(args),
        Program::Comity => comity_cli::main(args),
        Program::BenchClient => bench::client_main(args),
        Program::BenchLinks => bench::links_main(args),
        Program::BenchReader => bench::reader_main(args),
    }
}

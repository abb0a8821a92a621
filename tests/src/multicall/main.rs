//! `comityd` and `comity` in one executable, so that building the tests builds all that they start;
//! and a `comityd` that ends at a chosen moment.
//! The first argument is the program's name; the rest is the program's.
//! May not enter: anything but the choice.

mod crashing;

use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    match args.first().and_then(|name| name.to_str()) {
        Some("comityd") => comity_node::main(args),
        Some("comityd-crashing") => crashing::main(args),
        Some("comity") => comity_cli::main(args),
        // As a shell says that there is no such command.
        _ => ExitCode::from(127),
    }
}

//! The `comity` program.
//! May not enter: anything but the call into the library, which other programs call too.

use std::process::ExitCode;

fn main() -> ExitCode {
    comity_cli::main(std::env::args_os())
}

//! The program `comity-devnet`. May not enter: anything but the call.

use std::process::ExitCode;

fn main() -> ExitCode {
    comity_devnet::main(std::env::args_os())
}

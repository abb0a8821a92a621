//! The program `comityd`. May not enter: anything but the call.

use std::process::ExitCode;

fn main() -> ExitCode {
    comity_node::main(std::env::args_os())
}

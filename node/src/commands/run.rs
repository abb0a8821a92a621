//! `comityd run`. (wired below)
use crate::args::RunArgs;
use crate::failure::Failure;

pub(super) fn perform(_args: &RunArgs) -> Result<String, Failure> {
    Ok(String::new())
}

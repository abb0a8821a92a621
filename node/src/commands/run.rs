//! `comityd run`. (wired as soon as the view and HTTP are there)
use crate::args::RunArgs;
use crate::failure::Failure;

pub(super) fn perform(_args: &RunArgs) -> Result<String, Failure> {
    Ok(String::new())
}

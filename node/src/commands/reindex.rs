//! `comityd reindex`. (wired as soon as the view is there)
use crate::args::ReindexArgs;
use crate::failure::Failure;

pub(super) fn perform(_args: &ReindexArgs) -> Result<String, Failure> {
    Ok(String::new())
}

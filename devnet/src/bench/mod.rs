//! Measures how fast a devnet commits records.
use crate::args::BenchArgs;
use crate::failure::DevnetError;
use crate::page::Page;
/// TMP
pub(crate) fn run(_args: &BenchArgs, page: &mut Page) -> Result<(), DevnetError> {
    page.gap()
}

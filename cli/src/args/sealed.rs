//! `comity sealed`, and the options by which a command carries sealed details.
//! Holds: a detail can be given in a file, so that it need not stand in a shell's history.
//! May not enter: help texts (they are in the catalogue under `help-` and `arg-`); salts.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use comity_core::text::Text;

use super::nouns::Signing;
use super::words;

/// Details that go to the node alone; the log gets commitments to them.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct SealedDetails {
    /// The number of the case.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<2048>)]
    pub(crate) case_number: Option<Text<2048>>,
    /// The purpose in one's own words.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<2048>)]
    pub(crate) purpose: Option<Text<2048>>,
    /// Which rows are meant.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<2048>)]
    pub(crate) row_filter: Option<Text<2048>>,
    /// The same from a file.
    #[arg(long, value_name = "FILE")]
    pub(crate) sealed_file: Option<PathBuf>,
}

/// What is done with sealed details.
#[derive(Debug, Subcommand)]
pub(crate) enum SealedVerb {
    /// Shows what the node keeps.
    Show(ShowSealed),
    /// Has it erased.
    Erase(EraseSealed),
}

/// `sealed show`.
#[derive(Debug, Args)]
pub(crate) struct ShowSealed {
    /// A commitment, or an entry's index.
    #[arg(value_name = "COMMITMENT|INDEX")]
    pub(crate) what: String,
    /// Who asks.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `sealed erase`.
#[derive(Debug, Args)]
pub(crate) struct EraseSealed {
    /// Which.
    #[arg(value_name = "COMMITMENT")]
    pub(crate) commitment: String,
    /// Why.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<256>)]
    pub(crate) reason: Text<256>,
    /// Who asks.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

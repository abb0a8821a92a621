//! `comity draft`, and what commands take whose statements may need several signers.
//! Holds: no secret is ever an argument; a key is named by its file.
//! May not enter: help texts (they are in the catalogue under `help-` and `arg-`).

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::nouns::Signing;

/// What is done with drafts.
#[derive(Debug, Subcommand)]
pub(crate) enum DraftVerb {
    /// Shows one.
    Show(ShowDraft),
    /// Signs one.
    Sign(SignDraft),
    /// Submits one.
    Submit(SubmitDraft),
}

/// Who signs: one key, or several.
#[derive(Debug, Args)]
pub(crate) struct Cosigning {
    /// The key at hand.
    #[command(flatten)]
    pub(crate) signing: Signing,
    /// The cards of the others.
    #[arg(long, num_args = 1.., value_name = "KEYCARD")]
    pub(crate) with: Vec<PathBuf>,
    /// Where the draft is written.
    #[arg(long, value_name = "FILE", requires = "with")]
    pub(crate) draft: Option<PathBuf>,
}

/// `draft show`.
#[derive(Debug, Args)]
pub(crate) struct ShowDraft {
    /// The draft, or copies of it.
    #[arg(required = true)]
    pub(crate) file: Vec<PathBuf>,
}

/// `draft sign`.
#[derive(Debug, Args)]
pub(crate) struct SignDraft {
    /// The draft.
    pub(crate) file: PathBuf,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `draft submit`.
#[derive(Debug, Args)]
pub(crate) struct SubmitDraft {
    /// The draft, or copies of it that were signed apart.
    #[arg(required = true)]
    pub(crate) file: Vec<PathBuf>,
}

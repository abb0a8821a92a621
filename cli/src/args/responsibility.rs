//! `comity responsibility`: what it takes.
//! May not enter: help texts (they are in the catalogue under `help-` and `arg-`).

use clap::{Args, Subcommand};
use comity_core::text::AgencyId;

/// What is done with the responsibility list.
#[derive(Debug, Subcommand)]
pub(crate) enum ResponsibilityVerb {
    /// Lists who owes what to whom.
    List(ListResponsibilities),
}

/// `responsibility list`.
#[derive(Debug, Args)]
pub(crate) struct ListResponsibilities {
    /// Whose data, or managed by whom.
    #[arg(long)]
    pub(crate) agency: Option<AgencyId>,
}

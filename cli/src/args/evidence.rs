//! `comity evidence`: what its verbs take.
//! Holds: no secret is ever an argument; a key is named by its file.
//! May not enter: help texts (they are in the catalogue under `help-` and `arg-`).

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use comity_core::ids::{DatasetId, GrantId};

/// What is done with evidence.
#[derive(Debug, Subcommand)]
pub(crate) enum EvidenceVerb {
    /// Lists it.
    List(ListEvidence),
    /// Writes a bundle.
    Export(ExportEvidence),
    /// Verifies a bundle.
    Verify(VerifyEvidence),
    /// Attaches a time stamp.
    Stamp(StampEvidence),
}

/// `evidence stamp`.
#[derive(Debug, Args)]
pub(crate) struct StampEvidence {
    /// The bundle.
    pub(crate) file: PathBuf,
    /// What the authority answered.
    #[arg(long, value_name = "FILE")]
    pub(crate) token: PathBuf,
    /// Where to.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// `evidence list`.
#[derive(Debug, Args)]
pub(crate) struct ListEvidence {
    /// One's own.
    #[arg(long, required = true)]
    pub(crate) mine: bool,
    /// Whose.
    #[arg(long, value_name = "FILE", env = "COMITY_KEY")]
    pub(crate) key: PathBuf,
    /// From when.
    #[arg(long, value_name = "DATE")]
    pub(crate) since: Option<String>,
}

/// `evidence export`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("about").required(true)
    .args(["grant", "access", "dataset", "mine"]))]
pub(crate) struct ExportEvidence {
    /// A grant.
    #[arg(long)]
    pub(crate) grant: Option<GrantId>,
    /// An access or a denial.
    #[arg(long, value_name = "INDEX")]
    pub(crate) access: Option<u64>,
    /// A dataset.
    #[arg(long)]
    pub(crate) dataset: Option<DatasetId>,
    /// What one signed oneself.
    #[arg(long, requires = "key")]
    pub(crate) mine: bool,
    /// From when.
    #[arg(long, value_name = "DATE", conflicts_with_all = ["grant", "access"])]
    pub(crate) from: Option<String>,
    /// Until when.
    #[arg(long, value_name = "DATE", conflicts_with_all = ["grant", "access"])]
    pub(crate) to: Option<String>,
    /// Sealed details to open.
    #[arg(long, value_name = "INDEX", requires = "key")]
    pub(crate) open: Vec<u64>,
    /// Whose, and who asks for sealed details.
    #[arg(long, value_name = "FILE", env = "COMITY_KEY")]
    pub(crate) key: Option<PathBuf>,
    /// Where to.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// `evidence verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyEvidence {
    /// The bundle.
    pub(crate) file: PathBuf,
    /// From where the chain begins.
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: PathBuf,
    /// Certificates of time-stamp authorities.
    #[arg(long, value_name = "FILE")]
    pub(crate) tsa: Vec<PathBuf>,
    /// How old it may be.
    #[arg(long, value_name = "DURATION")]
    pub(crate) max_age: Option<String>,
}

//! `comity proof`: what its verbs take.
//! Holds: what is proven is named as everywhere else.
//! May not enter: help texts (they are in the catalogue under `help-` and `arg-`).

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use comity_core::ids::{DatasetId, GrantId, RequestId};
use comity_core::keys::PublicKey;
use comity_core::text::AgencyId;

/// What is proven.
#[derive(Debug, Subcommand)]
pub(crate) enum ProofVerb {
    /// An entry.
    Receipt(FetchReceipt),
    /// What the ledger holds.
    Extract(FetchExtract),
    /// That the log goes on where it ended.
    Extension(FetchExtension),
}

/// `proof receipt`.
#[derive(Debug, Args)]
pub(crate) struct FetchReceipt {
    /// Which entry.
    pub(crate) index: u64,
    /// Where to.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// `proof extract`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("about").required(true).multiple(true)
    .args(["grant", "request", "dataset", "agency", "key"]))]
pub(crate) struct FetchExtract {
    /// Grants.
    #[arg(long)]
    pub(crate) grant: Vec<GrantId>,
    /// Requests.
    #[arg(long)]
    pub(crate) request: Vec<RequestId>,
    /// Datasets.
    #[arg(long)]
    pub(crate) dataset: Vec<DatasetId>,
    /// Agencies.
    #[arg(long)]
    pub(crate) agency: Vec<AgencyId>,
    /// Keys.
    #[arg(long, value_name = "PUBLICKEY")]
    pub(crate) key: Vec<PublicKey>,
    /// Where to.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// `proof extension`.
#[derive(Debug, Args)]
pub(crate) struct FetchExtension {
    /// The earlier block.
    #[arg(long, value_name = "HEIGHT")]
    pub(crate) earlier: u64,
    /// The later block.
    #[arg(long, value_name = "HEIGHT")]
    pub(crate) later: Option<u64>,
    /// Where to.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

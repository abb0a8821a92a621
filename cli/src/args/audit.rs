//! `comity audit`: what its verbs take.
//! Holds: nodes are named by address; nothing is asked of them but what everybody may know.
//! May not enter: help texts (they are in the catalogue under `help-` and `arg-`).

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use comity_core::ids::DatasetId;
use comity_core::keys::PublicKey;
use comity_core::text::AgencyId;

/// What an auditor does.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditVerb {
    /// Keeps a copy of one's own.
    Sync(SyncCopy),
    /// Compares what nodes show.
    Compare(CompareNodes),
    /// Holds a gateway's log against the ledger.
    Reconcile(ReconcileLog),
}

/// `audit sync`.
#[derive(Debug, Args)]
pub(crate) struct SyncCopy {
    /// The copy's directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) copy: PathBuf,
    /// The genesis, for a copy that begins now.
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: Option<PathBuf>,
    /// How many cores to use.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) cores: Option<u16>,
    /// From whom; without any, the node of every command.
    #[arg(value_name = "URL")]
    pub(crate) nodes: Vec<String>,
}

/// `audit compare`.
#[derive(Debug, Args)]
pub(crate) struct CompareNodes {
    /// The genesis.
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: PathBuf,
    /// Where a proof of a fork goes.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// A copy to compare with them.
    #[arg(long, value_name = "DIR")]
    pub(crate) copy: Option<PathBuf>,
    /// Which nodes.
    #[arg(value_name = "URL", required = true)]
    pub(crate) nodes: Vec<String>,
}

/// `audit reconcile`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("whose").required(true).args(["gateway", "agency"]))]
pub(crate) struct ReconcileLog {
    /// The gateway's log.
    pub(crate) file: PathBuf,
    /// The copy's directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) copy: PathBuf,
    /// The gateway's key.
    #[arg(long, value_name = "PUBLICKEY")]
    pub(crate) gateway: Option<PublicKey>,
    /// The provider whose gateways they are.
    #[arg(long)]
    pub(crate) agency: Option<AgencyId>,
    /// About one dataset only.
    #[arg(long)]
    pub(crate) dataset: Option<DatasetId>,
    /// Since when.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Until when.
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
    /// How far clocks may differ.
    #[arg(long, value_name = "DURATION", default_value = "2m")]
    pub(crate) tolerance: String,
}

//! `comity log`, `record` and `verify`: what their verbs take.
//! Holds: no secret is ever an argument; a key is named by its file.
//! May not enter: help texts (they are in the catalogue under `help-` and `arg-`).

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use comity_core::basis::Basis;
use comity_core::ids::{DatasetId, ProposalId, RequestId};
use comity_core::keys::PublicKey;
use comity_core::text::{AgencyId, Code};

/// What is done with the log.
#[derive(Debug, Subcommand)]
pub(crate) enum LogVerb {
    /// Follows it.
    Tail(TailLog),
    /// Lists entries.
    List(Box<ListLog>),
    /// Shows one.
    Show(ShowEntry),
    /// Fetches all of it.
    Archive(FetchArchive),
    /// Writes it as a table.
    Export(ExportLog),
}

/// `log tail`.
#[derive(Debug, Args)]
pub(crate) struct TailLog {
    /// From which entry.
    #[arg(long, value_name = "INDEX")]
    pub(crate) from: Option<u64>,
    /// After how many to stop.
    #[arg(long, value_name = "N")]
    pub(crate) count: Option<u64>,
}

/// `log list`.
#[derive(Debug, Args)]
pub(crate) struct ListLog {
    /// Of what kind.
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// About whom.
    #[arg(long)]
    pub(crate) agency: Option<AgencyId>,
    /// About what.
    #[arg(long)]
    pub(crate) dataset: Option<DatasetId>,
    /// Under which grant.
    #[arg(long)]
    pub(crate) grant: Option<Basis>,
    /// About which request.
    #[arg(long)]
    pub(crate) request: Option<RequestId>,
    /// With which key.
    #[arg(long, value_name = "PUBLICKEY")]
    pub(crate) key: Option<PublicKey>,
    /// About which proposal.
    #[arg(long)]
    pub(crate) proposal: Option<ProposalId>,
    /// For which matter.
    #[arg(long, value_name = "CODE")]
    pub(crate) matter: Option<Code>,
    /// Which part.
    #[command(flatten)]
    pub(crate) part: Part,
}

/// Which part of the entries that were found.
#[derive(Debug, Args)]
pub(crate) struct Part {
    /// Since when.
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Until when.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// In which order.
    #[arg(long)]
    pub(crate) oldest_first: bool,
    /// From which entry.
    #[arg(long, value_name = "INDEX")]
    pub(crate) from: Option<u64>,
    /// How many.
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
}

/// `log show`.
#[derive(Debug, Args)]
pub(crate) struct ShowEntry {
    /// Which.
    pub(crate) index: u64,
}

/// `log archive`.
#[derive(Debug, Args)]
pub(crate) struct FetchArchive {
    /// Where to.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// Comma-separated values, with headings.
    Csv,
    /// A JSON object on each line.
    Jsonl,
}

/// `log export`.
#[derive(Debug, Args)]
pub(crate) struct ExportLog {
    /// As what.
    #[arg(long)]
    pub(crate) format: ExportFormat,
    /// From which copy; without one, from the node.
    #[arg(long, value_name = "DIR")]
    pub(crate) copy: Option<PathBuf>,
    /// Where to; without it, to standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Since when.
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Until when.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
}

/// What is done with signed records.
#[derive(Debug, Subcommand)]
pub(crate) enum RecordVerb {
    /// Submits one again.
    Submit(SubmitRecord),
}

/// `record submit`.
#[derive(Debug, Args)]
pub(crate) struct SubmitRecord {
    /// Its bytes.
    pub(crate) file: PathBuf,
}

/// What is verified.
#[derive(Debug, Subcommand)]
pub(crate) enum VerifyVerb {
    /// An archive.
    Archive(VerifyArchive),
    /// A proof file.
    Proof(VerifyProof),
}

/// `verify archive`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArchive {
    /// Which.
    pub(crate) file: PathBuf,
    /// The genesis that it must begin with.
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: PathBuf,
    /// How many cores to use.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) cores: Option<u16>,
}

/// `verify proof`.
#[derive(Debug, Args)]
pub(crate) struct VerifyProof {
    /// Which.
    pub(crate) file: PathBuf,
    /// The genesis that it must begin with.
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: PathBuf,
    /// How old it may be.
    #[arg(long, value_name = "DURATION")]
    pub(crate) max_age: Option<String>,
}

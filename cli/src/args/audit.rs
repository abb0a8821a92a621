//! `comity audit`: what its verbs take.
//! Holds: nodes are named by address; nothing is asked of them but what everybody may know.
//! May not enter: help texts (they are in the catalogue under `help-` and `arg-`).

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use comity_core::basis::Basis;
use comity_core::ids::DatasetId;
use comity_core::keys::PublicKey;
use comity_core::text::{AgencyId, TextError};

use super::ARCHIVE;

/// What an auditor does.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditVerb {
    /// Keeps a copy of one's own.
    Sync(SyncCopy),
    /// Compares what nodes show.
    Compare(CompareNodes),
    /// Holds a gateway's log against the ledger.
    Reconcile(ReconcileLog),
    /// Finds legs that do not match.
    Unmatched(UnmatchedLegs),
    /// Says where to look first.
    Alerts(ShowAlerts),
    /// Says what may be told to everybody.
    Summary(ShowSummary),
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
    #[arg(long, value_name = "DIR", required_unless_present = ARCHIVE)]
    pub(crate) copy: Option<PathBuf>,
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

/// `audit unmatched`.
#[derive(Debug, Args)]
pub(crate) struct UnmatchedLegs {
    /// A copy of one's own, instead of a node.
    #[arg(long, value_name = "DIR")]
    pub(crate) copy: Option<PathBuf>,
    /// Under which grant.
    #[arg(long)]
    pub(crate) grant: Option<Basis>,
    /// Of which agency.
    #[arg(long)]
    pub(crate) agency: Option<AgencyId>,
    /// Since when.
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Until when.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
}

/// `audit alerts`.
#[derive(Debug, Args)]
pub(crate) struct ShowAlerts {
    /// The copy's directory.
    #[arg(long, value_name = "DIR", required_unless_present = ARCHIVE)]
    pub(crate) copy: Option<PathBuf>,
    /// Of which agency's officers.
    #[arg(long)]
    pub(crate) agency: Option<AgencyId>,
    /// Since when.
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Which hours are worked.
    #[arg(long, value_name = "FROM-TO", default_value = "08:00-18:00", value_parser = hours)]
    pub(crate) hours: Hours,
    /// How many times the usual is a spike.
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) factor: u64,
    /// And how many at least.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) least: u64,
    /// How many by one post on a day are many.
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub(crate) per_post: u64,
    /// How long before an end is close to it.
    #[arg(long, value_name = "DURATION", default_value = "24h")]
    pub(crate) before: String,
}

/// `audit summary`.
#[derive(Debug, Args)]
pub(crate) struct ShowSummary {
    /// The copy's directory.
    #[arg(long, value_name = "DIR", required_unless_present = ARCHIVE)]
    pub(crate) copy: Option<PathBuf>,
    /// Since when.
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
}

/// The hours that are worked, in minutes after midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hours {
    /// From this minute …
    pub(crate) opens_minute: u16,
    /// … to this one, exclusive.
    pub(crate) closes_minute: u16,
}

/// Hours as in `08:00-18:00`.
fn hours(typed: &str) -> Result<Hours, TextError> {
    let minute = |text: &str| {
        let (hour, minute) = text.split_once(':')?;
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        (hour <= 24 && minute < 60).then_some(hour * 60 + minute)
    };
    let found = typed.split_once('-').and_then(|(opens, closes)| {
        let (opens_minute, closes_minute) = (minute(opens)?, minute(closes)?);
        (opens_minute < closes_minute).then_some(Hours { opens_minute, closes_minute })
    });
    found.ok_or_else(|| TextError::Shape {
        text: typed.to_owned(),
        what: "hours",
        rule: "two times of a day, the later one last, as in 08:00-18:00",
    })
}

//! `comity access`: what its verbs take.
//! Holds: no secret is ever an argument; a key is named by its file.
//! May not enter: help texts (they are in the catalogue under `help-` and `arg-`).

use std::path::PathBuf;
use std::str::FromStr;

use clap::{ArgGroup, Args, Subcommand};
use comity_core::basis::Basis;
use comity_core::dataset::DeliveryMode;
use comity_core::ids::{DatasetId, EmergencyId, ExchangeId, GrantId};
use comity_core::keys::PublicKey;
use comity_core::text::{AgencyId, Code};

use super::legs::{AcknowledgeAccess, Answering, BatchVerb, ShowExchange};
use super::log::Part;
use super::nouns::{Scope, Signing};
use super::sealed::SealedDetails;
use super::words;

/// What is done about accesses.
#[derive(Debug, Subcommand)]
pub(crate) enum AccessVerb {
    /// The officer's signed attempt.
    Attempt(MakeAttempt),
    /// The gateway's record of it.
    Record(RecordAttempt),
    /// Lists accesses and denials.
    List(ListAccesses),
    /// Explains one.
    Explain(ExplainAccess),
    /// Both sides' words about one exchange.
    Show(ShowExchange),
    /// The requesting side's word of receipt.
    Acknowledge(AcknowledgeAccess),
    /// What was signed while the network was cut.
    EmbedLate(EmbedLate),
    /// Many accesses in one.
    #[command(subcommand)]
    Batch(BatchVerb),
}

/// `access attempt`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("relies_on").required(true).args(["grant", "emergency"]))]
pub(crate) struct MakeAttempt {
    /// Under which grant.
    #[arg(long)]
    pub(crate) grant: Option<GrantId>,
    /// In which emergency.
    #[arg(long, requires = "dataset")]
    pub(crate) emergency: Option<EmergencyId>,
    /// On what, in an emergency.
    #[arg(long, requires = "emergency")]
    pub(crate) dataset: Option<DatasetId>,
    /// For which matter.
    #[arg(long, value_name = "CODE")]
    pub(crate) matter: Code,
    /// Which items.
    #[command(flatten)]
    pub(crate) scope: Scope,
    /// In which way.
    #[arg(long, value_parser = words::mode())]
    pub(crate) mode: DeliveryMode,
    /// Where to.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// For how long.
    #[arg(long, default_value = "10m", value_name = "DURATION")]
    pub(crate) valid_for: String,
    /// Where it stands for many: the prepared batch.
    #[arg(long, value_name = "FILE")]
    pub(crate) batch: Option<PathBuf>,
    /// What the provider's log does not say.
    #[command(flatten)]
    pub(crate) details: SealedDetails,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `access record`.
#[derive(Debug, Args)]
pub(crate) struct RecordAttempt {
    /// The attempt.
    #[arg(long, value_name = "FILE")]
    pub(crate) attempt: PathBuf,
    /// What is handed over.
    #[command(flatten)]
    pub(crate) answering: Answering,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `access embed-late`.
#[derive(Debug, Args)]
pub(crate) struct EmbedLate {
    /// What was signed then.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `access list`.
#[derive(Debug, Args)]
pub(crate) struct ListAccesses {
    /// Of what.
    #[arg(long)]
    pub(crate) dataset: Option<DatasetId>,
    /// Under which grant, or in which emergency.
    #[arg(long)]
    pub(crate) grant: Option<Basis>,
    /// By or from whom.
    #[arg(long)]
    pub(crate) agency: Option<AgencyId>,
    /// By which officer's or gateway's key.
    #[arg(long, value_name = "PUBLICKEY")]
    pub(crate) key: Option<PublicKey>,
    /// For which matter.
    #[arg(long, value_name = "CODE")]
    pub(crate) matter: Option<Code>,
    /// With which outcome.
    #[arg(long, value_parser = words::outcome())]
    pub(crate) outcome: Option<Outcome>,
    /// Which part.
    #[command(flatten)]
    pub(crate) part: Part,
}

/// How an access ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The data was given.
    Allowed,
    /// It was refused.
    Refused,
}

/// `access explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainAccess {
    /// Which.
    #[arg(value_name = "ENTRY|EXCHANGE")]
    pub(crate) access: Recorded,
}

/// A recorded access or denial, as it is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// By its entry.
    Entry(u64),
    /// By its exchange.
    Exchange(ExchangeId),
}

impl FromStr for Recorded {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Recorded, NameError> {
        // An exchange has 32 digits, more than any number of an entry.
        if let Ok(index) = text.parse() {
            return Ok(Recorded::Entry(index));
        }
        text.parse().map(Recorded::Exchange).map_err(|_| NameError)
    }
}

/// Neither an entry's number nor an exchange's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write an entry's number, as in 17, or the 32 digits of an exchange")]
pub(crate) struct NameError;

//! `comity request`: what its verbs take.
//! Holds: no secret is ever an argument; a key is named by its file.
//! May not enter: help texts (they are in the catalogue under `help-` and `arg-`).

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use comity_core::dataset::DeliveryMode;
use comity_core::ids::{BundleId, DatasetId, RequestId, TaskForceId};
use comity_core::text::{AgencyId, Code, ItemName, Text};

use super::binding::Binding;
use super::draft::Cosigning;
use super::nouns::{Quotas, Signing};
use super::sealed::SealedDetails;
use super::words;

/// What is done with requests.
#[derive(Debug, Subcommand)]
pub(crate) enum RequestVerb {
    /// Asks.
    Open(Box<OpenRequest>),
    /// Approves one, and so issues the grant.
    Approve(Box<ApproveRequest>),
    /// Refuses one.
    Refuse(RefuseRequest),
    /// Takes one back.
    Withdraw(WithdrawRequest),
    /// Urges the reply.
    Urge(UrgeRequest),
    /// Reviews the form of one.
    Review(ReviewRequest),
    /// Puts the reply off.
    Extend(ExtendReply),
    /// Lists them.
    List(ListRequests),
    /// Explains one.
    Show(ShowRequest),
}

/// `request open`.
#[derive(Debug, Args)]
pub(crate) struct OpenRequest {
    /// For what.
    #[arg(long, num_args = 1.., required_unless_present = "scene")]
    pub(crate) dataset: Vec<DatasetId>,
    /// For which matters.
    #[arg(long, num_args = 1.., required_unless_present = "scene", value_name = "CODE")]
    pub(crate) matter: Vec<Code>,
    /// On what basis.
    #[arg(long, required_unless_present = "scene", conflicts_with = "scene", value_name = "CODE")]
    pub(crate) basis: Option<Code>,
    /// Which items.
    #[arg(long, num_args = 1.., value_parser = words::item,
          required_unless_present_any = ["all_items", "scene"])]
    pub(crate) item: Vec<ItemName>,
    /// All items.
    #[arg(long, conflicts_with_all = ["item", "scene"])]
    pub(crate) all_items: bool,
    /// In which ways.
    #[arg(long, num_args = 1.., value_parser = words::mode(), required_unless_present = "scene")]
    pub(crate) mode: Vec<DeliveryMode>,
    /// From when.
    #[arg(long, default_value = "now", value_name = "DATE")]
    pub(crate) from: String,
    /// Until when.
    #[arg(long, required_unless_present_any = ["scene", "once"], value_name = "DATE")]
    pub(crate) until: Option<String>,
    /// How often.
    #[command(flatten)]
    pub(crate) quotas: Quotas,
    /// On which of the conditions that the dataset states.
    #[arg(long, num_args = 1.., value_name = "NUMBER")]
    pub(crate) condition: Vec<u8>,
    /// What binds.
    #[command(flatten)]
    pub(crate) binding: Binding,
    /// For which task force.
    #[arg(long, value_name = "TASK_FORCE")]
    pub(crate) task_force: Option<TaskForceId>,
    /// One answer on one case.
    #[arg(long)]
    pub(crate) once: bool,
    /// By when the reply is needed.
    #[arg(long, value_name = "DATE")]
    pub(crate) needed_by: Option<String>,
    /// A template.
    #[arg(long, value_name = "FILE")]
    pub(crate) scene: Option<PathBuf>,
    /// Even if the same is open or granted already.
    #[arg(long)]
    pub(crate) again: bool,
    /// What is not for the log.
    #[command(flatten)]
    pub(crate) details: SealedDetails,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `request approve`.
#[derive(Debug, Args)]
pub(crate) struct ApproveRequest {
    /// Which.
    pub(crate) request: RequestId,
    /// For these matters only.
    #[arg(long, num_args = 1.., value_name = "CODE")]
    pub(crate) matter: Vec<Code>,
    /// For these items only.
    #[arg(long, num_args = 1.., value_parser = words::item)]
    pub(crate) item: Vec<ItemName>,
    /// In these ways only.
    #[arg(long, num_args = 1.., value_parser = words::mode())]
    pub(crate) mode: Vec<DeliveryMode>,
    /// From when.
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<String>,
    /// Until when.
    #[arg(long, value_name = "DATE")]
    pub(crate) until: Option<String>,
    /// How often.
    #[command(flatten)]
    pub(crate) quotas: Quotas,
    /// On which of the conditions that the dataset states.
    #[arg(long, num_args = 1.., value_name = "NUMBER")]
    pub(crate) condition: Vec<u8>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) who: Cosigning,
}

/// `request refuse`.
#[derive(Debug, Args)]
pub(crate) struct RefuseRequest {
    /// Which.
    pub(crate) request: RequestId,
    /// On what basis.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<256>)]
    pub(crate) legal_basis: Text<256>,
    /// Why.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<512>)]
    pub(crate) reason: Text<512>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `request withdraw`.
#[derive(Debug, Args)]
pub(crate) struct WithdrawRequest {
    /// Which.
    pub(crate) request: RequestId,
    /// Why.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<256>)]
    pub(crate) reason: Text<256>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `request urge`.
#[derive(Debug, Args)]
pub(crate) struct UrgeRequest {
    /// Which.
    pub(crate) request: RequestId,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `request review`.
#[derive(Debug, Args)]
pub(crate) struct ReviewRequest {
    /// Which.
    pub(crate) request: RequestId,
    /// What is amiss.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<256>)]
    pub(crate) send_back: Option<Text<256>>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `request extend`.
#[derive(Debug, Args)]
pub(crate) struct ExtendReply {
    /// Which.
    pub(crate) request: RequestId,
    /// By how many working days.
    #[arg(long, value_name = "N")]
    pub(crate) days: u16,
    /// Why.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<256>)]
    pub(crate) reason: Text<256>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// How a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RequestState {
    /// It waits for its reply.
    Open,
    /// Its provider approved it.
    Approved,
    /// Its provider refused it.
    Refused,
    /// Its requester took it back.
    Withdrawn,
    /// The review of its form sent it back.
    Returned,
}

impl RequestState {
    /// The state as the API writes it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            RequestState::Open => "open",
            RequestState::Approved => "approved",
            RequestState::Refused => "refused",
            RequestState::Withdrawn => "withdrawn",
            RequestState::Returned => "returned",
        }
    }
}

/// `request list`.
#[derive(Debug, Args)]
pub(crate) struct ListRequests {
    /// Whose data.
    #[arg(long, value_name = "AGENCY")]
    pub(crate) provider: Option<AgencyId>,
    /// Who asks.
    #[arg(long, value_name = "AGENCY")]
    pub(crate) requester: Option<AgencyId>,
    /// For what.
    #[arg(long)]
    pub(crate) dataset: Option<DatasetId>,
    /// Opened together.
    #[arg(long, value_name = "ID")]
    pub(crate) bundle: Option<BundleId>,
    /// How it stands.
    #[arg(long)]
    pub(crate) state: Option<RequestState>,
    /// Only mine.
    #[arg(long, requires = "key")]
    pub(crate) mine: bool,
    /// Who I am.
    #[arg(long, value_name = "FILE", env = "COMITY_KEY")]
    pub(crate) key: Option<PathBuf>,
}

/// `request show`.
#[derive(Debug, Args)]
pub(crate) struct ShowRequest {
    /// Which.
    pub(crate) request: RequestId,
}

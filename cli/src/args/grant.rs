//! `comity grant`: what its verbs take.
//! Holds: no secret is ever an argument; a key is named by its file.
//! May not enter: help texts (they are in the catalogue under `help-` and `arg-`).

use clap::{ArgGroup, Args, Subcommand};
use comity_core::dataset::DeliveryMode;
use comity_core::ids::{DatasetId, GrantId, TaskForceId};
use comity_core::text::{AgencyId, Code, Text};

use super::binding::{Binding, ExtendGrant, FulfilUndertaking, NarrowGrant, PassOn};
use super::draft::Cosigning;
use super::nouns::{Quotas, Scope, Signing};
use super::words;

/// What is done with grants.
#[derive(Debug, Subcommand)]
pub(crate) enum GrantVerb {
    /// Issues one.
    Issue(Box<IssueGrant>),
    /// Revokes one.
    Revoke(RevokeGrant),
    /// Suspends one, or all on a dataset.
    Suspend(SuspendGrant),
    /// Ends a suspension.
    Resume(ResumeGrant),
    /// Lets one permit less.
    Narrow(Box<NarrowGrant>),
    /// Approves one anew.
    Extend(Box<ExtendGrant>),
    /// Passes one on.
    Onward(Box<PassOn>),
    /// Says that a promise was kept.
    Fulfil(FulfilUndertaking),
    /// Says that the data is ready.
    Deliver(DeliverGrant),
    /// Lists them.
    List(ListGrants),
    /// Explains one.
    Show(ShowGrant),
}

/// `grant issue`.
#[derive(Debug, Args)]
pub(crate) struct IssueGrant {
    /// On what.
    #[arg(long)]
    pub(crate) dataset: DatasetId,
    /// To whom.
    #[arg(long, value_name = "AGENCY")]
    pub(crate) to: AgencyId,
    /// For which matters.
    #[arg(long, required = true, num_args = 1.., value_name = "CODE")]
    pub(crate) matter: Vec<Code>,
    /// On what basis.
    #[arg(long, value_name = "CODE")]
    pub(crate) basis: Code,
    /// Which items.
    #[command(flatten)]
    pub(crate) scope: Scope,
    /// In which ways.
    #[arg(long, required = true, num_args = 1.., value_parser = words::mode())]
    pub(crate) mode: Vec<DeliveryMode>,
    /// From when.
    #[arg(long, default_value = "now", value_name = "DATE")]
    pub(crate) from: String,
    /// Until when.
    #[arg(long, value_name = "DATE")]
    pub(crate) until: String,
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
    /// Who signs.
    #[command(flatten)]
    pub(crate) who: Cosigning,
}

/// What is said when something is taken from others.
#[derive(Debug, Args)]
pub(crate) struct TakeAway {
    /// Why.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<256>)]
    pub(crate) reason: Text<256>,
    /// Only show who would lose what.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `grant revoke`.
#[derive(Debug, Args)]
pub(crate) struct RevokeGrant {
    /// Which.
    pub(crate) grant: GrantId,
    /// Why, and who signs.
    #[command(flatten)]
    pub(crate) taking: TakeAway,
}

/// One grant, or all on a dataset at once.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").required(true).args(["grant", "dataset"]))]
pub(crate) struct GrantOrDataset {
    /// This grant.
    pub(crate) grant: Option<GrantId>,
    /// All on this dataset.
    #[arg(long)]
    pub(crate) dataset: Option<DatasetId>,
}

/// `grant suspend`.
#[derive(Debug, Args)]
pub(crate) struct SuspendGrant {
    /// What.
    #[command(flatten)]
    pub(crate) which: GrantOrDataset,
    /// Why, and who signs.
    #[command(flatten)]
    pub(crate) taking: TakeAway,
}

/// `grant resume`.
#[derive(Debug, Args)]
pub(crate) struct ResumeGrant {
    /// What.
    #[command(flatten)]
    pub(crate) which: GrantOrDataset,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `grant deliver`.
#[derive(Debug, Args)]
pub(crate) struct DeliverGrant {
    /// Which.
    pub(crate) grant: GrantId,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `grant list`.
#[derive(Debug, Args)]
pub(crate) struct ListGrants {
    /// Whose data.
    #[arg(long, value_name = "AGENCY")]
    pub(crate) provider: Option<AgencyId>,
    /// Who may use it.
    #[arg(long, value_name = "AGENCY")]
    pub(crate) requester: Option<AgencyId>,
    /// On what.
    #[arg(long)]
    pub(crate) dataset: Option<DatasetId>,
    /// How it stands.
    #[arg(long, value_name = "STANDING", value_parser = words::standing())]
    pub(crate) standing: Option<String>,
}

/// `grant show`.
#[derive(Debug, Args)]
pub(crate) struct ShowGrant {
    /// Which.
    pub(crate) grant: GrantId,
}

//! `comity task-force`: what its verbs take.
//! Holds: no secret is ever an argument; a key is named by its file.
//! May not enter: help texts (they are in the catalogue under `help-` and `arg-`).

use clap::{Args, Subcommand, ValueEnum};
use comity_core::ids::TaskForceId;
use comity_core::text::{AgencyId, Code, Text};

use super::nouns::Signing;
use super::words;

/// What is done in task forces.
#[derive(Debug, Subcommand)]
pub(crate) enum TaskForceVerb {
    /// Forms one.
    Form(Box<FormTaskForce>),
    /// Invites a further agency.
    Invite(InviteToTaskForce),
    /// Excludes a member, or takes an invitation back.
    Exclude(ExcludeFromTaskForce),
    /// Joins one.
    Join(JoinTaskForce),
    /// Leaves one.
    Leave(LeaveTaskForce),
    /// Ends one before its time.
    End(EndTaskForce),
    /// Lists them.
    List(ListTaskForces),
    /// Explains one.
    Show(ShowTaskForce),
}

/// `task-force form`.
#[derive(Debug, Args)]
pub(crate) struct FormTaskForce {
    /// What it is called.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<128>)]
    pub(crate) title: Text<128>,
    /// Who is invited.
    #[arg(long, required = true, num_args = 1.., value_name = "AGENCY")]
    pub(crate) invite: Vec<AgencyId>,
    /// For which matter.
    #[arg(long, value_name = "CODE")]
    pub(crate) matter: Code,
    /// On what basis.
    #[arg(long, value_name = "CODE")]
    pub(crate) basis: Code,
    /// Until when.
    #[arg(long, value_name = "DATE")]
    pub(crate) until: String,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `task-force invite`.
#[derive(Debug, Args)]
pub(crate) struct InviteToTaskForce {
    /// Into which.
    pub(crate) task_force: TaskForceId,
    /// Whom.
    #[arg(long)]
    pub(crate) agency: AgencyId,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `task-force exclude`.
#[derive(Debug, Args)]
pub(crate) struct ExcludeFromTaskForce {
    /// From which.
    pub(crate) task_force: TaskForceId,
    /// Whom.
    #[arg(long)]
    pub(crate) agency: AgencyId,
    /// Why.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<256>)]
    pub(crate) reason: Text<256>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `task-force join`.
#[derive(Debug, Args)]
pub(crate) struct JoinTaskForce {
    /// Which.
    pub(crate) task_force: TaskForceId,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `task-force leave`.
#[derive(Debug, Args)]
pub(crate) struct LeaveTaskForce {
    /// Which.
    pub(crate) task_force: TaskForceId,
    /// Why.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<256>)]
    pub(crate) reason: Text<256>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `task-force end`.
#[derive(Debug, Args)]
pub(crate) struct EndTaskForce {
    /// Which.
    pub(crate) task_force: TaskForceId,
    /// Why.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<256>)]
    pub(crate) reason: Text<256>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// Where a task force stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhichTaskForces {
    /// It has not ended.
    Active,
    /// It has.
    Over,
}

impl WhichTaskForces {
    /// The state as the API writes it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            WhichTaskForces::Active => "active",
            WhichTaskForces::Over => "over",
        }
    }
}

/// `task-force list`.
#[derive(Debug, Args)]
pub(crate) struct ListTaskForces {
    /// Where it stands.
    #[arg(long)]
    pub(crate) state: Option<WhichTaskForces>,
    /// Who is or was a member, or is invited.
    #[arg(long)]
    pub(crate) agency: Option<AgencyId>,
}

/// `task-force show`.
#[derive(Debug, Args)]
pub(crate) struct ShowTaskForce {
    /// Which.
    pub(crate) task_force: TaskForceId,
}

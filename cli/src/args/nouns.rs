//! The nouns, and what several of their verbs take.
//! Holds: no secret is ever an argument; a key is named by its file.
//! May not enter: help texts (they are in the catalogue under `help-` and `arg-`).

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use comity_core::dataset::Items;
use comity_core::text::{AgencyId, ItemName};

use super::access::AccessVerb;
use super::assessment::AssessmentVerb;
use super::audit::AuditVerb;
use super::check::{CheckVerb, IncidentVerb};
use super::dataset::DatasetVerb;
use super::dispute::DisputeVerb;
use super::draft::DraftVerb;
use super::duty::{CalendarVerb, DutyVerb, RulesVerb};
use super::emergency::EmergencyVerb;
use super::evidence::EvidenceVerb;
use super::grant::GrantVerb;
use super::inbox::{CodesVerb, ShowInbox};
use super::key::KeyVerb;
use super::log::{LogVerb, RecordVerb, VerifyVerb};
use super::oversight::{DrawVerb, FindingVerb};
use super::proof::ProofVerb;
use super::proposal::{AgencyVerb, ProposalVerb};
use super::report::ReportVerb;
use super::request::RequestVerb;
use super::responsibility::ResponsibilityVerb;
use super::sealed::SealedVerb;
use super::task_force::TaskForceVerb;
use super::words;

/// What a command is about.
#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
pub(crate) enum Noun {
    /// Keys.
    #[command(subcommand, disable_help_subcommand = true)]
    Key(KeyVerb),
    /// Datasets.
    #[command(subcommand, disable_help_subcommand = true)]
    Dataset(DatasetVerb),
    /// Requests.
    #[command(subcommand, disable_help_subcommand = true)]
    Request(RequestVerb),
    /// Who owes what to whom.
    #[command(subcommand, disable_help_subcommand = true)]
    Responsibility(ResponsibilityVerb),
    /// Grants.
    #[command(subcommand, disable_help_subcommand = true)]
    Grant(GrantVerb),
    /// Accesses.
    #[command(subcommand, disable_help_subcommand = true)]
    Access(AccessVerb),
    /// Check requests.
    #[command(subcommand, disable_help_subcommand = true)]
    Check(CheckVerb),
    /// Disputes.
    #[command(subcommand, disable_help_subcommand = true)]
    Dispute(DisputeVerb),
    /// Incidents.
    #[command(subcommand, disable_help_subcommand = true)]
    Incident(IncidentVerb),
    /// Emergencies.
    #[command(subcommand, disable_help_subcommand = true)]
    Emergency(EmergencyVerb),
    /// Task forces.
    #[command(subcommand, disable_help_subcommand = true)]
    TaskForce(TaskForceVerb),
    /// What waits.
    Inbox(ShowInbox),
    /// What one did, and on whose word.
    #[command(subcommand, disable_help_subcommand = true)]
    Evidence(EvidenceVerb),
    /// Signed records by themselves.
    #[command(subcommand, disable_help_subcommand = true)]
    Record(RecordVerb),
    /// Statements of several signers.
    #[command(subcommand, disable_help_subcommand = true)]
    Draft(DraftVerb),
    /// Sealed details.
    #[command(subcommand, disable_help_subcommand = true)]
    Sealed(SealedVerb),
    /// The log.
    #[command(subcommand, disable_help_subcommand = true)]
    Log(LogVerb),
    /// Members.
    #[command(subcommand, disable_help_subcommand = true)]
    Agency(AgencyVerb),
    /// Proofs for others.
    #[command(subcommand, disable_help_subcommand = true)]
    Proof(ProofVerb),
    /// Changes of the consortium itself.
    #[command(subcommand, disable_help_subcommand = true)]
    Proposal(ProposalVerb),
    /// The node.
    Status,
    /// What is owed.
    #[command(subcommand, disable_help_subcommand = true)]
    Duty(DutyVerb),
    /// Working days.
    #[command(subcommand, disable_help_subcommand = true)]
    Calendar(CalendarVerb),
    /// Rule packs.
    #[command(subcommand, disable_help_subcommand = true)]
    Rules(RulesVerb),
    /// Matters and duty bases.
    #[command(subcommand, disable_help_subcommand = true)]
    Codes(CodesVerb),
    /// Verification without a node.
    #[command(subcommand, disable_help_subcommand = true)]
    Verify(VerifyVerb),
    /// An auditor's copy.
    #[command(subcommand, disable_help_subcommand = true)]
    Audit(AuditVerb),
    /// Records drawn for review.
    #[command(subcommand, disable_help_subcommand = true)]
    Draw(DrawVerb),
    /// What reviewers found.
    #[command(subcommand, disable_help_subcommand = true)]
    Finding(FindingVerb),
    /// How agencies are seen by others.
    #[command(subcommand, disable_help_subcommand = true)]
    Assessment(AssessmentVerb),
    /// What the log says of all.
    #[command(subcommand, disable_help_subcommand = true)]
    Report(ReportVerb),
    /// Completion of commands in shells.
    Completions(MakeCompletions),
    /// Manual pages.
    Man(MakeManual),
}

/// `completions`.
#[derive(Debug, Args)]
pub(crate) struct MakeCompletions {
    /// For which shell.
    pub(crate) shell: clap_complete::Shell,
}

/// `man`.
#[derive(Debug, Args)]
pub(crate) struct MakeManual {
    /// Where to.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

/// The key that signs.
#[derive(Debug, Args)]
pub(crate) struct Signing {
    /// Its file.
    #[arg(long, value_name = "FILE", env = "COMITY_KEY")]
    pub(crate) key: PathBuf,
}

/// How often a grant may be used.
#[derive(Debug, Args)]
pub(crate) struct Quotas {
    /// How often in all.
    #[arg(long, value_name = "N")]
    pub(crate) total_quota: Option<u64>,
    /// How often on one day.
    #[arg(long, value_name = "N")]
    pub(crate) daily_quota: Option<u64>,
}

/// One agency's, or all.
#[derive(Debug, Args)]
pub(crate) struct OfAgency {
    /// Whose.
    #[arg(long)]
    pub(crate) agency: Option<AgencyId>,
}

/// Which items.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("scope").required(true).args(["item", "all_items"]))]
pub(crate) struct Scope {
    /// These.
    #[arg(long, num_args = 1.., value_parser = words::item)]
    pub(crate) item: Vec<ItemName>,
    /// All.
    #[arg(long)]
    pub(crate) all_items: bool,
}

impl Scope {
    /// The items meant.
    pub(crate) fn items(&self) -> Items {
        if self.all_items {
            return Items::All;
        }
        Items::Only(self.item.iter().cloned().collect())
    }
}

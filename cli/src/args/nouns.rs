//! The nouns, their verbs and what each takes.
//! Holds: no secret is ever an argument; a key is named by its file.
//! May not enter: help texts (they are in the catalogue under `help-` and `arg-`).

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use comity_core::agency::KeyRole;
use comity_core::dataset::{DeliveryMode, Items};
use comity_core::ids::{DatasetId, GrantId};
use comity_core::keys::PublicKey;
use comity_core::text::{AgencyId, Code, ItemName, Text};

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
    /// Grants.
    #[command(subcommand, disable_help_subcommand = true)]
    Grant(GrantVerb),
    /// Accesses.
    #[command(subcommand, disable_help_subcommand = true)]
    Access(AccessVerb),
    /// Signed records by themselves.
    #[command(subcommand, disable_help_subcommand = true)]
    Record(RecordVerb),
    /// The log.
    #[command(subcommand, disable_help_subcommand = true)]
    Log(LogVerb),
    /// Members.
    #[command(subcommand, disable_help_subcommand = true)]
    Agency(AgencyVerb),
    /// The node.
    Status,
    /// Matters and duty bases.
    Codes,
    /// Verification without a node.
    #[command(subcommand, disable_help_subcommand = true)]
    Verify(VerifyVerb),
}

/// The key that signs.
#[derive(Debug, Args)]
pub(crate) struct Signing {
    /// Its file.
    #[arg(long, value_name = "FILE", env = "COMITY_KEY")]
    pub(crate) key: PathBuf,
}

/// What is done with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyVerb {
    /// Makes one.
    New(NewKey),
    /// Shows one.
    Show(ShowKey),
    /// Registers one.
    Register(RegisterKey),
    /// Revokes one.
    Revoke(RevokeKey),
    /// Lists them.
    List(OfAgency),
}

/// `key new`.
#[derive(Debug, Args)]
pub(crate) struct NewKey {
    /// Whose.
    #[arg(long)]
    pub(crate) agency: AgencyId,
    /// What for.
    #[arg(long, value_parser = words::role())]
    pub(crate) role: KeyRole,
    /// Who holds it.
    #[arg(long, default_value = "", value_parser = words::text::<96>)]
    pub(crate) post: Text<96>,
    /// Where to.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// For a genesis that is being made.
    #[arg(long, conflicts_with = "genesis")]
    pub(crate) for_genesis: bool,
    /// For the consortium of this genesis.
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: Option<PathBuf>,
}

/// `key show`.
#[derive(Debug, Args)]
pub(crate) struct ShowKey {
    /// A key file, a card, or a public key.
    #[arg(value_name = "FILE|PUBLICKEY")]
    pub(crate) key: String,
}

/// `key register`.
#[derive(Debug, Args)]
pub(crate) struct RegisterKey {
    /// The card.
    #[arg(long, value_name = "FILE")]
    pub(crate) card: PathBuf,
    /// Until when.
    #[arg(long, value_name = "DATE")]
    pub(crate) valid_until: Option<String>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `key revoke`.
#[derive(Debug, Args)]
pub(crate) struct RevokeKey {
    /// Which.
    pub(crate) public_key: PublicKey,
    /// Why.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<256>)]
    pub(crate) reason: Text<256>,
    /// Since when it may have leaked.
    #[arg(long, value_name = "TIME")]
    pub(crate) suspect_since: Option<String>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// One agency's, or all.
#[derive(Debug, Args)]
pub(crate) struct OfAgency {
    /// Whose.
    #[arg(long)]
    pub(crate) agency: Option<AgencyId>,
}

/// What is done with datasets.
#[derive(Debug, Subcommand)]
pub(crate) enum DatasetVerb {
    /// Prints a sample description.
    Example,
    /// Publishes one.
    Publish(PublishDataset),
    /// Lists them.
    List(OfAgency),
    /// Shows one.
    Show(ShowDataset),
}

/// `dataset publish`.
#[derive(Debug, Args)]
pub(crate) struct PublishDataset {
    /// Its description.
    pub(crate) file: PathBuf,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `dataset show`.
#[derive(Debug, Args)]
pub(crate) struct ShowDataset {
    /// Which.
    pub(crate) dataset: DatasetId,
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

/// What is done with grants.
#[derive(Debug, Subcommand)]
pub(crate) enum GrantVerb {
    /// Issues one.
    Issue(Box<IssueGrant>),
    /// Revokes one.
    Revoke(RevokeGrant),
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
    /// How often in all.
    #[arg(long, value_name = "N")]
    pub(crate) total_quota: Option<u64>,
    /// How often on one day.
    #[arg(long, value_name = "N")]
    pub(crate) daily_quota: Option<u64>,
    /// On what conditions.
    #[arg(long, default_value = "", value_name = "TEXT", value_parser = words::text::<512>)]
    pub(crate) conditions: Text<512>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `grant revoke`.
#[derive(Debug, Args)]
pub(crate) struct RevokeGrant {
    /// Which.
    pub(crate) grant: GrantId,
    /// Why.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<256>)]
    pub(crate) reason: Text<256>,
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
}

/// `grant show`.
#[derive(Debug, Args)]
pub(crate) struct ShowGrant {
    /// Which.
    pub(crate) grant: GrantId,
}

/// What is done about accesses.
#[derive(Debug, Subcommand)]
pub(crate) enum AccessVerb {
    /// The officer's signed attempt.
    Attempt(MakeAttempt),
    /// The gateway's record of it.
    Record(RecordAttempt),
    /// Lists accesses and denials.
    List(ListAccesses),
}

/// `access attempt`.
#[derive(Debug, Args)]
pub(crate) struct MakeAttempt {
    /// Under which grant.
    #[arg(long)]
    pub(crate) grant: GrantId,
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
    /// Under which grant.
    #[arg(long)]
    pub(crate) grant: Option<GrantId>,
    /// By or from whom.
    #[arg(long)]
    pub(crate) agency: Option<AgencyId>,
    /// How many.
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub(crate) limit: u32,
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

/// What is done with the log.
#[derive(Debug, Subcommand)]
pub(crate) enum LogVerb {
    /// Follows it.
    Tail(TailLog),
    /// Lists entries.
    List(ListLog),
    /// Shows one.
    Show(ShowEntry),
    /// Fetches all of it.
    Archive(FetchArchive),
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
    pub(crate) grant: Option<GrantId>,
    /// With which key.
    #[arg(long, value_name = "PUBLICKEY")]
    pub(crate) key: Option<PublicKey>,
    /// From which entry.
    #[arg(long, value_name = "INDEX")]
    pub(crate) from: Option<u64>,
    /// How many.
    #[arg(long, default_value_t = 50, value_name = "N")]
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

/// What is done with members.
#[derive(Debug, Subcommand)]
pub(crate) enum AgencyVerb {
    /// Lists them.
    List,
}

/// What is verified.
#[derive(Debug, Subcommand)]
pub(crate) enum VerifyVerb {
    /// An archive.
    Archive(VerifyArchive),
}

/// `verify archive`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArchive {
    /// Which.
    pub(crate) file: PathBuf,
    /// The genesis that it must begin with.
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: PathBuf,
}

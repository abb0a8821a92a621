//! `comity proposal` and `comity agency`: what their verbs take.
//! Holds: no secret is ever an argument; of parameters only those that are given change.
//! May not enter: help texts (they are in the catalogue under `help-` and `arg-`).

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use comity_core::agency::{AgencyKind, Level};
use comity_core::genesis::Params;
use comity_core::governance::{Choice, Office};
use comity_core::ids::{EmergencyId, ProposalId};
use comity_core::keys::PublicKey;
use comity_core::text::{AgencyId, Text};

use super::nouns::Signing;
use super::words;

/// What is done with proposals.
#[derive(Debug, Subcommand)]
pub(crate) enum ProposalVerb {
    /// Opens one.
    #[command(subcommand, disable_help_subcommand = true)]
    Open(Box<OpenProposal>),
    /// Casts a ballot.
    Vote(CastBallot),
    /// Lists them.
    List(ListProposals),
    /// Shows one.
    Show(ShowProposal),
}

/// `proposal open`.
#[derive(Debug, Subcommand)]
pub(crate) enum OpenProposal {
    /// Admits a member.
    Admit(ProposeAdmit),
    /// Lets one go.
    Remove(ProposeRemove),
    /// Replaces a key.
    ReplaceKey(ProposeKey),
    /// Another operates a node.
    ChangeOperator(ProposeOperator),
    /// A node votes, or votes no more.
    ChangeStanding(ProposeStanding),
    /// Another competent authority.
    ChangeAuthority(ProposeAuthority),
    /// Changes who answers for a member.
    ChangeSponsor(ProposeSponsor),
    /// Other parameters.
    ChangeParams(ProposeParams),
    /// Newer rules.
    ActivateVersion(ProposeVersion),
    /// Who holds an office.
    Appoint(ProposeOffice),
    /// An emergency goes on.
    RenewEmergency(ProposeRenewal),
}

/// `proposal open admit`.
#[derive(Debug, Args)]
pub(crate) struct ProposeAdmit {
    /// The member's file.
    pub(crate) file: PathBuf,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// An office.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhichOffice {
    /// Who signs rule packs beside the competent authority.
    Supervisor,
    /// Who may declare emergencies.
    EmergencyDeclarer,
    /// Who reviews what stewards do, and holds draws.
    StewardReviewer,
    /// Who reviews who declares emergencies.
    EmergencyReviewer,
    /// Who reviews who publishes calendars and rule packs.
    RulesReviewer,
    /// Who reviews what admins do.
    AdminReviewer,
    /// Who reports assessments of others.
    Assessor,
}

impl From<WhichOffice> for Office {
    fn from(which: WhichOffice) -> Office {
        match which {
            WhichOffice::Supervisor => Office::Supervisor,
            WhichOffice::EmergencyDeclarer => Office::EmergencyDeclarer,
            WhichOffice::StewardReviewer => Office::StewardReviewer,
            WhichOffice::EmergencyReviewer => Office::EmergencyReviewer,
            WhichOffice::RulesReviewer => Office::RulesReviewer,
            WhichOffice::AdminReviewer => Office::AdminReviewer,
            WhichOffice::Assessor => Office::Assessor,
        }
    }
}

/// `proposal open appoint`.
#[derive(Debug, Args)]
pub(crate) struct ProposeOffice {
    /// To which office.
    pub(crate) office: WhichOffice,
    /// Whom.
    #[arg(required = true, num_args = 1.., value_name = "AGENCY")]
    pub(crate) agencies: Vec<AgencyId>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `proposal open renew-emergency`.
#[derive(Debug, Args)]
pub(crate) struct ProposeRenewal {
    /// Which.
    pub(crate) emergency: EmergencyId,
    /// Until when.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: String,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `proposal open remove`.
#[derive(Debug, Args)]
pub(crate) struct ProposeRemove {
    /// Which member.
    pub(crate) agency: AgencyId,
    /// Why.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<256>)]
    pub(crate) reason: Text<256>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `proposal open replace-key`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true).multiple(true).args(["old", "card"]))]
pub(crate) struct ProposeKey {
    /// Whose.
    pub(crate) agency: AgencyId,
    /// The key that ends.
    #[arg(long, value_name = "PUBLICKEY")]
    pub(crate) old: Option<PublicKey>,
    /// The card of the key that begins.
    #[arg(long, value_name = "FILE")]
    pub(crate) card: Option<PathBuf>,
    /// Since when the old one may have leaked.
    #[arg(long, value_name = "TIME")]
    pub(crate) suspect_since: Option<String>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `proposal open change-operator`.
#[derive(Debug, Args)]
pub(crate) struct ProposeOperator {
    /// Whose node.
    pub(crate) agency: AgencyId,
    /// Who operates it.
    #[arg(long, value_name = "NAME", value_parser = words::text::<128>)]
    pub(crate) operated_by: Text<128>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `proposal open change-standing`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("to").required(true).args(["observer", "power"]))]
pub(crate) struct ProposeStanding {
    /// Which member.
    pub(crate) agency: AgencyId,
    /// Its node follows.
    #[arg(long, conflicts_with = "card")]
    pub(crate) observer: bool,
    /// Its node votes, with this weight.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1 << 40))]
    pub(crate) power: Option<u64>,
    /// The card of the key that it will vote with.
    #[arg(long, value_name = "FILE")]
    pub(crate) card: Option<PathBuf>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `proposal open change-authority`.
#[derive(Debug, Args)]
pub(crate) struct ProposeAuthority {
    /// Which member.
    pub(crate) agency: AgencyId,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `proposal open change-sponsor`.
#[derive(Debug, Args)]
pub(crate) struct ProposeSponsor {
    /// For which member.
    pub(crate) agency: AgencyId,
    /// Who answers for it.
    #[arg(long, value_name = "AGENCY")]
    pub(crate) sponsor: AgencyId,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `proposal open change-params`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("params").required(true).multiple(true).args([
    "heartbeat_ms", "drift_ms", "record_bytes", "block_records", "block_bytes", "agency_records",
    "agency_bytes", "day_offset_minutes", "ballot_numerator", "ballot_denominator",
    "ballot_open_ms",
]))]
pub(crate) struct ProposeParams {
    /// A block at least so often.
    #[arg(long, value_name = "MS")]
    heartbeat_ms: Option<u64>,
    /// How far a block's time may be off.
    #[arg(long, value_name = "MS")]
    drift_ms: Option<u64>,
    /// Longest record.
    #[arg(long, value_name = "BYTES")]
    record_bytes: Option<u32>,
    /// Most records in a block.
    #[arg(long, value_name = "N")]
    block_records: Option<u32>,
    /// Most bytes of records in a block.
    #[arg(long, value_name = "BYTES")]
    block_bytes: Option<u32>,
    /// Most records of an agency in a block.
    #[arg(long, value_name = "N")]
    agency_records: Option<u32>,
    /// Most bytes of an agency's records in a block.
    #[arg(long, value_name = "BYTES")]
    agency_bytes: Option<u32>,
    /// When days begin.
    #[arg(long, value_name = "MINUTES", allow_negative_numbers = true)]
    day_offset_minutes: Option<i16>,
    /// What share passes a measure: numerator.
    #[arg(long, value_name = "N")]
    ballot_numerator: Option<u8>,
    /// And denominator.
    #[arg(long, value_name = "N")]
    ballot_denominator: Option<u8>,
    /// How long ballots are taken.
    #[arg(long, value_name = "MS")]
    ballot_open_ms: Option<u64>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

impl ProposeParams {
    /// The parameters in force, with those that were given in their place.
    pub(crate) fn over(&self, now: &Params) -> Params {
        Params {
            heartbeat_ms: self.heartbeat_ms.unwrap_or(now.heartbeat_ms),
            drift_ms: self.drift_ms.unwrap_or(now.drift_ms),
            record_bytes: self.record_bytes.unwrap_or(now.record_bytes),
            block_records: self.block_records.unwrap_or(now.block_records),
            block_bytes: self.block_bytes.unwrap_or(now.block_bytes),
            agency_records: self.agency_records.unwrap_or(now.agency_records),
            agency_bytes: self.agency_bytes.unwrap_or(now.agency_bytes),
            day_offset_minutes: self.day_offset_minutes.unwrap_or(now.day_offset_minutes),
            ballot_numerator: self.ballot_numerator.unwrap_or(now.ballot_numerator),
            ballot_denominator: self.ballot_denominator.unwrap_or(now.ballot_denominator),
            ballot_open_ms: self.ballot_open_ms.unwrap_or(now.ballot_open_ms),
        }
    }
}

/// `proposal open activate-version`.
#[derive(Debug, Args)]
pub(crate) struct ProposeVersion {
    /// Which.
    pub(crate) version: u16,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// For or against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhichWay {
    /// For the measure.
    For,
    /// Against it.
    Against,
}

impl From<WhichWay> for Choice {
    fn from(way: WhichWay) -> Choice {
        match way {
            WhichWay::For => Choice::For,
            WhichWay::Against => Choice::Against,
        }
    }
}

/// `proposal vote`.
#[derive(Debug, Args)]
pub(crate) struct CastBallot {
    /// On which.
    pub(crate) proposal: ProposalId,
    /// Which way.
    pub(crate) choice: WhichWay,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `proposal list`.
#[derive(Debug, Args)]
pub(crate) struct ListProposals {
    /// Where it stands.
    #[arg(long, value_parser = PossibleValuesParser::new(["open", "passed", "closed"]))]
    pub(crate) state: Option<String>,
    /// About whom, or by whom.
    #[arg(long)]
    pub(crate) agency: Option<AgencyId>,
    /// The measure's name.
    #[arg(long)]
    pub(crate) kind: Option<String>,
}

/// `proposal show`.
#[derive(Debug, Args)]
pub(crate) struct ShowProposal {
    /// Which.
    pub(crate) proposal: ProposalId,
}

/// What is done with members.
#[derive(Debug, Subcommand)]
pub(crate) enum AgencyVerb {
    /// Lists them.
    List,
    /// Shows one.
    Show(ShowAgency),
    /// Writes the file by which one is admitted that has keys only.
    Describe(Box<DescribeAgency>),
}

/// `agency show`.
#[derive(Debug, Args)]
pub(crate) struct ShowAgency {
    /// Which.
    pub(crate) agency: AgencyId,
    /// Where to, if not to standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// `agency describe`.
#[derive(Debug, Args)]
pub(crate) struct DescribeAgency {
    /// Its id.
    pub(crate) agency: AgencyId,
    /// Its name.
    #[arg(long, value_parser = words::text::<128>)]
    pub(crate) name: Text<128>,
    /// Its level.
    #[arg(long, value_parser = level())]
    pub(crate) level: Level,
    /// The region it serves.
    #[arg(long, value_parser = words::text::<64>)]
    pub(crate) region: Text<64>,
    /// What kind of body it is.
    #[arg(long, default_value = "government", value_parser = kind())]
    pub(crate) kind: AgencyKind,
    /// Above it in its branch.
    #[arg(long, value_name = "AGENCY")]
    pub(crate) superior: Option<AgencyId>,
    /// Whom it belongs to locally.
    #[arg(long, value_name = "AGENCY")]
    pub(crate) authority: Option<AgencyId>,
    /// Whose node it uses.
    #[arg(long, value_name = "AGENCY")]
    pub(crate) sponsor: AgencyId,
    /// Until when.
    #[arg(long, value_name = "DATE")]
    pub(crate) until: String,
    /// Cards of its admin keys.
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) admin_card: Vec<PathBuf>,
    /// Where to.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

fn level() -> impl TypedValueParser<Value = Level> {
    words::choice([
        ("national", Level::National),
        ("provincial", Level::Provincial),
        ("municipal", Level::Municipal),
        ("county", Level::County),
        ("township", Level::Township),
        ("village", Level::Village),
    ])
}

fn kind() -> impl TypedValueParser<Value = AgencyKind> {
    words::choice([
        ("government", AgencyKind::Government),
        ("public-institution", AgencyKind::PublicInstitution),
        ("party-legislative-or-judicial", AgencyKind::PartyLegislativeOrJudicial),
        ("enterprise", AgencyKind::Enterprise),
        ("social-organisation", AgencyKind::SocialOrganisation),
        ("research", AgencyKind::Research),
    ])
}

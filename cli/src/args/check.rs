//! `comity check` and `comity incident`: what their verbs take.
//! Holds: no secret is ever an argument; a key is named by its file.
//! May not enter: help texts (they are in the catalogue under `help-` and `arg-`).

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use comity_core::basis::Basis;
use comity_core::ids::{CheckId, DatasetId, GrantId, IncidentId};
use comity_core::text::{AgencyId, Text};

use super::nouns::{Scope, Signing};
use super::words;

/// What is done with check requests.
#[derive(Debug, Subcommand)]
pub(crate) enum CheckVerb {
    /// Says that data are wrong.
    Open(OpenCheck),
    /// Offers one to another agency.
    Handover(OfferCheck),
    /// Takes one over.
    Accept(NameCheck),
    /// Does not.
    Decline(NameCheck),
    /// Answers one.
    Answer(AnswerCheck),
    /// Says that what one found was corrected.
    Correct(CorrectData),
    /// Lists them.
    List(ListChecks),
    /// Shows one.
    Show(ShowCheck),
}

/// `check open`.
#[derive(Debug, Args)]
pub(crate) struct OpenCheck {
    /// Of what.
    #[arg(long)]
    pub(crate) dataset: DatasetId,
    /// Which items.
    #[command(flatten)]
    pub(crate) scope: Scope,
    /// Under which grant, or in which emergency, they were received.
    #[arg(long, value_name = "GRANT")]
    pub(crate) grant: Option<Basis>,
    /// Who is asked.
    #[arg(long, value_name = "AGENCY")]
    pub(crate) asked: Option<AgencyId>,
    /// What is wrong.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<512>)]
    pub(crate) claim: Text<512>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `check handover`.
#[derive(Debug, Args)]
pub(crate) struct OfferCheck {
    /// Which.
    pub(crate) check: CheckId,
    /// To whom.
    #[arg(long, value_name = "AGENCY")]
    pub(crate) to: AgencyId,
    /// Why.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<256>)]
    pub(crate) reason: Text<256>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `check accept` and `check decline`.
#[derive(Debug, Args)]
pub(crate) struct NameCheck {
    /// Which.
    pub(crate) check: CheckId,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `check answer`: the data were wrong, or they stand.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("found").required(true).args(["correction", "legal_basis"]))]
pub(crate) struct AnswerCheck {
    /// Which.
    pub(crate) check: CheckId,
    /// What is right.
    #[arg(long, value_name = "TEXT", requires = "wrong_from", value_parser = words::text::<512>)]
    pub(crate) correction: Option<Text<512>>,
    /// Since when wrong data were handed out.
    #[arg(long, value_name = "DATE", requires = "correction")]
    pub(crate) wrong_from: Option<String>,
    /// Until when.
    #[arg(long, value_name = "DATE", requires = "correction")]
    pub(crate) wrong_until: Option<String>,
    /// On what basis they stand.
    #[arg(long, value_name = "TEXT", requires = "reason", value_parser = words::text::<256>)]
    pub(crate) legal_basis: Option<Text<256>>,
    /// Why they stand.
    #[arg(long, value_name = "TEXT", requires = "legal_basis", value_parser = words::text::<512>)]
    pub(crate) reason: Option<Text<512>>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `check correct`.
#[derive(Debug, Args)]
pub(crate) struct CorrectData {
    /// Which.
    pub(crate) check: CheckId,
    /// What was done.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<512>)]
    pub(crate) note: Text<512>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// How a check request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhichChecks {
    /// It waits for its answer.
    Open,
    /// The data were wrong, and are not corrected yet.
    Upheld,
    /// The data stand.
    NotUpheld,
    /// The data were wrong, and were corrected.
    Corrected,
}

impl WhichChecks {
    /// The state as the API writes it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            WhichChecks::Open => "open",
            WhichChecks::Upheld => "upheld",
            WhichChecks::NotUpheld => "not-upheld",
            WhichChecks::Corrected => "corrected",
        }
    }
}

/// `check list`.
#[derive(Debug, Args)]
pub(crate) struct ListChecks {
    /// Who has part in it.
    #[arg(long)]
    pub(crate) agency: Option<AgencyId>,
    /// Who answers it.
    #[arg(long, value_name = "AGENCY")]
    pub(crate) holder: Option<AgencyId>,
    /// Of what.
    #[arg(long)]
    pub(crate) dataset: Option<DatasetId>,
    /// How it stands.
    #[arg(long)]
    pub(crate) state: Option<WhichChecks>,
}

/// `check show`.
#[derive(Debug, Args)]
pub(crate) struct ShowCheck {
    /// Which.
    pub(crate) check: CheckId,
}

/// What is done with incidents.
#[derive(Debug, Subcommand)]
pub(crate) enum IncidentVerb {
    /// Reports one.
    Report(ReportIncident),
    /// Gives news of one.
    Update(UpdateIncident),
    /// Closes one.
    Close(CloseIncident),
    /// Lists them.
    List(ListIncidents),
    /// Shows one.
    Show(ShowIncident),
}

/// `incident report`.
#[derive(Debug, Args)]
#[command(group =
    ArgGroup::new("affected").required(true).multiple(true).args(["dataset", "grant"]))]
pub(crate) struct ReportIncident {
    /// Datasets of which all that was handed out is affected.
    #[arg(long, num_args = 1..)]
    pub(crate) dataset: Vec<DatasetId>,
    /// Grants of which all that was received is affected.
    #[arg(long, num_args = 1..)]
    pub(crate) grant: Vec<GrantId>,
    /// Since when.
    #[arg(long, value_name = "DATE")]
    pub(crate) since: String,
    /// When it came to light.
    #[arg(long, value_name = "DATE", default_value = "now")]
    pub(crate) found: String,
    /// What happened.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<512>)]
    pub(crate) nature: Text<512>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `incident update`.
#[derive(Debug, Args)]
pub(crate) struct UpdateIncident {
    /// Which.
    pub(crate) incident: IncidentId,
    /// What is known now.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<512>)]
    pub(crate) note: Text<512>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `incident close`.
#[derive(Debug, Args)]
pub(crate) struct CloseIncident {
    /// Which.
    pub(crate) incident: IncidentId,
    /// What was done about it.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<512>)]
    pub(crate) measures: Text<512>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// How an incident stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhichIncidents {
    /// It goes on.
    Open,
    /// It was closed.
    Closed,
}

impl WhichIncidents {
    /// The state as the API writes it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            WhichIncidents::Open => "open",
            WhichIncidents::Closed => "closed",
        }
    }
}

/// `incident list`.
#[derive(Debug, Args)]
pub(crate) struct ListIncidents {
    /// Whom it concerns.
    #[arg(long)]
    pub(crate) agency: Option<AgencyId>,
    /// Which data.
    #[arg(long)]
    pub(crate) dataset: Option<DatasetId>,
    /// Which grant.
    #[arg(long)]
    pub(crate) grant: Option<GrantId>,
    /// How it stands.
    #[arg(long)]
    pub(crate) state: Option<WhichIncidents>,
}

/// `incident show`.
#[derive(Debug, Args)]
pub(crate) struct ShowIncident {
    /// Which.
    pub(crate) incident: IncidentId,
}

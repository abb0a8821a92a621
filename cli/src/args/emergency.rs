//! `comity emergency`: what its verbs take.
//! Holds: no secret is ever an argument; a key is named by its file.
//! May not enter: help texts (they are in the catalogue under `help-` and `arg-`).

use clap::builder::TypedValueParser;
use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use comity_core::emergency::Verdict;
use comity_core::ids::{DatasetId, EmergencyId};
use comity_core::text::{AgencyId, Code, Text};

use super::nouns::Signing;
use super::words;

/// What is done about emergencies.
#[derive(Debug, Subcommand)]
pub(crate) enum EmergencyVerb {
    /// Declares one.
    Declare(Box<DeclareEmergency>),
    /// Ends one before its time.
    End(EndEmergency),
    /// Says why accesses in one were needed.
    Justify(JustifyAccess),
    /// Says what one was worth.
    Review(ReviewEmergency),
    /// Lists them.
    List(ListEmergencies),
    /// Explains one.
    Show(ShowEmergency),
}

/// `emergency declare`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("opens").required(true).multiple(true).args(["dataset", "all_of"]))]
pub(crate) struct DeclareEmergency {
    /// Single datasets that it opens.
    #[arg(long, num_args = 1..)]
    pub(crate) dataset: Vec<DatasetId>,
    /// Agencies of which it opens all.
    #[arg(long, num_args = 1.., value_name = "AGENCY")]
    pub(crate) all_of: Vec<AgencyId>,
    /// Who may ask.
    #[arg(long, required = true, num_args = 1.., value_name = "AGENCY")]
    pub(crate) requester: Vec<AgencyId>,
    /// For which matter.
    #[arg(long, value_name = "CODE")]
    pub(crate) matter: Code,
    /// Until when.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: String,
    /// Why.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<512>)]
    pub(crate) reason: Text<512>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `emergency end`.
#[derive(Debug, Args)]
pub(crate) struct EndEmergency {
    /// Which.
    pub(crate) emergency: EmergencyId,
    /// Why.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<256>)]
    pub(crate) reason: Text<256>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `emergency justify`.
#[derive(Debug, Args)]
pub(crate) struct JustifyAccess {
    /// In which.
    pub(crate) emergency: EmergencyId,
    /// Which accesses.
    #[arg(long, required = true, num_args = 1.., value_name = "ENTRY")]
    pub(crate) access: Vec<u64>,
    /// On which duty.
    #[arg(long, value_name = "CODE")]
    pub(crate) basis: Code,
    /// In words.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<512>)]
    pub(crate) text: Text<512>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `emergency review`.
#[derive(Debug, Args)]
pub(crate) struct ReviewEmergency {
    /// Which.
    pub(crate) emergency: EmergencyId,
    /// What was found.
    #[arg(long, value_parser = verdict())]
    pub(crate) verdict: Verdict,
    /// In words.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<512>)]
    pub(crate) text: Text<512>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// Where an emergency stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhichEmergencies {
    /// It lets data through.
    InForce,
    /// It is over, and nobody has reviewed it.
    AwaitingReview,
    /// It is over and was reviewed.
    Reviewed,
}

impl WhichEmergencies {
    /// The state as the API writes it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            WhichEmergencies::InForce => "in-force",
            WhichEmergencies::AwaitingReview => "awaiting-review",
            WhichEmergencies::Reviewed => "reviewed",
        }
    }
}

/// `emergency list`.
#[derive(Debug, Args)]
pub(crate) struct ListEmergencies {
    /// Where it stands.
    #[arg(long)]
    pub(crate) state: Option<WhichEmergencies>,
    /// Who has a part in it.
    #[arg(long)]
    pub(crate) agency: Option<AgencyId>,
}

/// `emergency show`.
#[derive(Debug, Args)]
pub(crate) struct ShowEmergency {
    /// Which.
    pub(crate) emergency: EmergencyId,
}

fn verdict() -> impl TypedValueParser<Value = Verdict> {
    words::choice(Verdict::ALL.map(|verdict| (verdict.as_str(), verdict)))
}

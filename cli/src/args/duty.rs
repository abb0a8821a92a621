//! `comity duty`, `calendar` and `rules`: what they take.
//! Holds: no secret is ever an argument; a key is named by its file.
//! May not enter: help texts (they are in the catalogue under `help-` and `arg-`).

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use comity_core::text::AgencyId;

use super::draft::Cosigning;
use super::nouns::Signing;

/// What is done with duties.
#[derive(Debug, Subcommand)]
pub(crate) enum DutyVerb {
    /// Lists them.
    List(ListDuties),
}

/// How a duty stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhichDuties {
    /// Neither done nor due.
    Running,
    /// Done in time.
    Met,
    /// Done, but late.
    MetLate,
    /// Due and not done by then.
    Lapsed,
    /// No longer needed.
    Released,
}

impl WhichDuties {
    /// The state as the API writes it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            WhichDuties::Running => "running",
            WhichDuties::Met => "met",
            WhichDuties::MetLate => "met-late",
            WhichDuties::Lapsed => "lapsed",
            WhichDuties::Released => "released",
        }
    }
}

/// `duty list`.
#[derive(Debug, Args)]
pub(crate) struct ListDuties {
    /// Who owes.
    #[arg(long)]
    pub(crate) agency: Option<AgencyId>,
    /// To whom.
    #[arg(long, value_name = "AGENCY")]
    pub(crate) to: Option<AgencyId>,
    /// How it stands.
    #[arg(long)]
    pub(crate) state: Option<WhichDuties>,
    /// With those that were done.
    #[arg(long)]
    pub(crate) all: bool,
}

/// What is done with calendars.
#[derive(Debug, Subcommand)]
pub(crate) enum CalendarVerb {
    /// Prints a sample.
    Example,
    /// Lists them.
    List,
    /// Publishes one.
    Publish(PublishCalendar),
}

/// `calendar publish`.
#[derive(Debug, Args)]
pub(crate) struct PublishCalendar {
    /// The calendar.
    pub(crate) file: PathBuf,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// What is done with rule packs.
#[derive(Debug, Subcommand)]
pub(crate) enum RulesVerb {
    /// Shows what rules, and what will.
    Show,
    /// Publishes a pack.
    Publish(PublishRules),
    /// Prints a pack that comes with the program.
    Example(PrintRules),
    /// Says what a pack would have made of the last requests.
    Preview(PreviewRules),
}

/// A pack that comes with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhichRules {
    /// The plain ones.
    Plain,
    /// Local ones.
    CnLocal,
    /// The State Council's regulation of 2025.
    #[value(name = "cn-2025")]
    Cn2025,
}

/// `rules example`.
#[derive(Debug, Args)]
pub(crate) struct PrintRules {
    /// Which.
    pub(crate) name: WhichRules,
}

/// `rules publish`.
#[derive(Debug, Args)]
pub(crate) struct PublishRules {
    /// The pack.
    pub(crate) file: PathBuf,
    /// Who signs, and who else is to.
    #[command(flatten)]
    pub(crate) who: Cosigning,
}

/// `rules preview`.
#[derive(Debug, Args)]
pub(crate) struct PreviewRules {
    /// The pack.
    pub(crate) file: PathBuf,
    /// Over how many days.
    #[arg(long, value_name = "N", default_value_t = 92)]
    pub(crate) days: u64,
}

//! `comity draw` and `comity finding`: what their verbs take.
//! Holds: no secret is ever an argument: what an agency commits to lies in a file beside its key.
//! May not enter: help texts (they are in the catalogue under `help-` and `arg-`).

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use comity_core::ids::{DrawId, FindingId, LogIndex};
use comity_core::keys::PublicKey;
use comity_core::oversight::{DrawRange, FindingOutcome, Power};
use comity_core::text::{AgencyId, Text, TextError};

use super::nouns::Signing;
use super::words;

/// What is done with draws.
#[derive(Debug, Subcommand)]
pub(crate) enum DrawVerb {
    /// Opens one.
    Open(OpenDraw),
    /// Commits to a secret.
    Commit(InDraw),
    /// Reveals it.
    Reveal(InDraw),
    /// Reports a review.
    Report(ReportReview),
    /// Lists them.
    List(ListDraws),
    /// Shows one.
    Show(ShowDraw),
}

/// `draw open`.
#[derive(Debug, Args)]
pub(crate) struct OpenDraw {
    /// From which records.
    #[arg(long, required = true, num_args = 1.., value_name = "KEY:FIRST-LAST", value_parser = range)]
    pub(crate) range: Vec<DrawRange>,
    /// How many.
    #[arg(long, value_name = "N")]
    pub(crate) count: u16,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `draw commit` and `draw reveal`.
#[derive(Debug, Args)]
pub(crate) struct InDraw {
    /// Which draw.
    pub(crate) draw: DrawId,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `draw report`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("verdict").required(true).args(["in_order", "finding"]))]
pub(crate) struct ReportReview {
    /// Which draw.
    pub(crate) draw: DrawId,
    /// Which of what was drawn.
    pub(crate) number: u16,
    /// Nothing is amiss.
    #[arg(long)]
    pub(crate) in_order: bool,
    /// What is, stands there.
    #[arg(long, value_name = "FINDING")]
    pub(crate) finding: Option<FindingId>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// How a draw stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhichDraws {
    /// Agencies commit.
    Committing,
    /// They reveal.
    Revealing,
    /// It is drawn.
    Drawn,
    /// Nothing is, or will be.
    Void,
}

impl WhichDraws {
    /// The state as the API writes it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            WhichDraws::Committing => "committing",
            WhichDraws::Revealing => "revealing",
            WhichDraws::Drawn => "drawn",
            WhichDraws::Void => "void",
        }
    }
}

/// `draw list`.
#[derive(Debug, Args)]
pub(crate) struct ListDraws {
    /// How they stand.
    #[arg(long)]
    pub(crate) state: Option<WhichDraws>,
}

/// `draw show`.
#[derive(Debug, Args)]
pub(crate) struct ShowDraw {
    /// Which.
    pub(crate) draw: DrawId,
}

/// What is done with findings.
#[derive(Debug, Subcommand)]
pub(crate) enum FindingVerb {
    /// Opens one.
    Open(OpenFinding),
    /// Answers one.
    Answer(AnswerFinding),
    /// Closes one.
    Close(CloseFinding),
    /// Lists them.
    List(ListFindings),
    /// Shows one.
    Show(ShowFinding),
}

/// A power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhichPower {
    /// Stewards'.
    Stewards,
    /// To declare emergencies.
    Emergencies,
    /// To publish calendars and rule packs.
    Rules,
    /// Admins'.
    Admins,
}

impl From<WhichPower> for Power {
    fn from(which: WhichPower) -> Power {
        match which {
            WhichPower::Stewards => Power::Stewards,
            WhichPower::Emergencies => Power::Emergencies,
            WhichPower::Rules => Power::Rules,
            WhichPower::Admins => Power::Admins,
        }
    }
}

/// `finding open`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("about").required(true).args(["entry", "draw", "power"]))]
pub(crate) struct OpenFinding {
    /// Who has to answer.
    #[arg(long)]
    pub(crate) agency: AgencyId,
    /// About an entry.
    #[arg(long, value_name = "INDEX", value_parser = entry)]
    pub(crate) entry: Option<LogIndex>,
    /// About what was drawn in this draw …
    #[arg(long, requires = "number")]
    pub(crate) draw: Option<DrawId>,
    /// … under this number.
    #[arg(long, value_name = "N", requires = "draw")]
    pub(crate) number: Option<u16>,
    /// About the use of a power.
    #[arg(long)]
    pub(crate) power: Option<WhichPower>,
    /// What was found.
    #[arg(long, value_parser = words::text::<512>)]
    pub(crate) text: Text<512>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `finding answer`.
#[derive(Debug, Args)]
pub(crate) struct AnswerFinding {
    /// Which.
    pub(crate) finding: FindingId,
    /// In words.
    #[arg(long, value_parser = words::text::<512>)]
    pub(crate) text: Text<512>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// How a finding ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhichOutcome {
    /// True, and put right.
    Remedied,
    /// Not true.
    Unfounded,
    /// True, and not put right.
    Upheld,
}

impl From<WhichOutcome> for FindingOutcome {
    fn from(which: WhichOutcome) -> FindingOutcome {
        match which {
            WhichOutcome::Remedied => FindingOutcome::Remedied,
            WhichOutcome::Unfounded => FindingOutcome::Unfounded,
            WhichOutcome::Upheld => FindingOutcome::Upheld,
        }
    }
}

/// `finding close`.
#[derive(Debug, Args)]
pub(crate) struct CloseFinding {
    /// Which.
    pub(crate) finding: FindingId,
    /// How it ends.
    #[arg(long)]
    pub(crate) outcome: WhichOutcome,
    /// In words.
    #[arg(long, value_parser = words::text::<512>)]
    pub(crate) text: Text<512>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `finding list`.
#[derive(Debug, Args)]
pub(crate) struct ListFindings {
    /// Who has to answer, or who opened them.
    #[arg(long)]
    pub(crate) agency: Option<AgencyId>,
    /// With those that are closed.
    #[arg(long)]
    pub(crate) all: bool,
}

/// `finding show`.
#[derive(Debug, Args)]
pub(crate) struct ShowFinding {
    /// Which.
    pub(crate) finding: FindingId,
}

/// A gateway's records, as in `KEY:1-400`.
fn range(typed: &str) -> Result<DrawRange, TextError> {
    let parts = typed.rsplit_once(':').and_then(|(key, numbers)| {
        let (first, last) = numbers.split_once('-')?;
        let gateway: PublicKey = key.parse().ok()?;
        Some(DrawRange { gateway, first: first.parse().ok()?, last: last.parse().ok()? })
    });
    parts.ok_or_else(|| TextError::Shape {
        text: typed.to_owned(),
        what: "a range of records",
        rule: "a gateway's key, a colon and two numbers, as in KEY:1-400",
    })
}

fn entry(typed: &str) -> Result<LogIndex, std::num::ParseIntError> {
    typed.parse().map(LogIndex)
}

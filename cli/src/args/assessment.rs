//! `comity assessment`: what its verbs take.
//! Holds: a score is typed as people read it, in hundredths with one decimal, and is a whole number of thousandths.
//! May not enter: help texts (they are in the catalogue under `help-` and `arg-`).

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use comity_core::assessment::AssessmentKind;
use comity_core::ids::AssessmentId;
use comity_core::text::{AgencyId, Code, Text, TextError};

use super::nouns::Signing;
use super::words;

/// What is done with assessments.
#[derive(Debug, Subcommand)]
pub(crate) enum AssessmentVerb {
    /// Reports one.
    Report(ReportAssessment),
    /// Says what was done about one.
    FollowUp(FollowUpAssessment),
    /// Lists them.
    List(ListAssessments),
    /// Shows one.
    Show(ShowAssessment),
}

/// A kind of assessment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhichAssessment {
    /// Whom it serves were asked.
    Satisfaction,
    /// A body outside of it looked.
    ThirdParty,
}

impl From<WhichAssessment> for AssessmentKind {
    fn from(which: WhichAssessment) -> AssessmentKind {
        match which {
            WhichAssessment::Satisfaction => AssessmentKind::Satisfaction,
            WhichAssessment::ThirdParty => AssessmentKind::ThirdParty,
        }
    }
}

/// `assessment report`.
#[derive(Debug, Args)]
pub(crate) struct ReportAssessment {
    /// Who was assessed.
    #[arg(long)]
    pub(crate) agency: AgencyId,
    /// Of which kind.
    #[arg(long)]
    pub(crate) kind: WhichAssessment,
    /// In which matter.
    #[arg(long, value_name = "CODE")]
    pub(crate) matter: Option<Code>,
    /// The report looks at what was from then on …
    #[arg(long, value_name = "TIME")]
    pub(crate) from: String,
    /// … to the end of this day.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: String,
    /// How many persons answered.
    #[arg(long, value_name = "N")]
    pub(crate) respondents: Option<u32>,
    /// The score, of 100.
    #[arg(long, value_name = "SCORE", value_parser = score)]
    pub(crate) score: u16,
    /// The whole report.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// What it comes to.
    #[arg(long, value_parser = words::text::<512>)]
    pub(crate) text: Text<512>,
    /// How many recommendations it makes.
    #[arg(long, value_name = "N")]
    pub(crate) recommendations: u16,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `assessment follow-up`.
#[derive(Debug, Args)]
pub(crate) struct FollowUpAssessment {
    /// Which.
    pub(crate) assessment: AssessmentId,
    /// What was done.
    #[arg(long, value_parser = words::text::<512>)]
    pub(crate) text: Text<512>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `assessment list`.
#[derive(Debug, Args)]
pub(crate) struct ListAssessments {
    /// Who was assessed, or who reported them.
    #[arg(long)]
    pub(crate) agency: Option<AgencyId>,
    /// Of which kind.
    #[arg(long)]
    pub(crate) kind: Option<WhichAssessment>,
    /// Only those that are still to be followed up.
    #[arg(long)]
    pub(crate) open: bool,
}

/// `assessment show`.
#[derive(Debug, Args)]
pub(crate) struct ShowAssessment {
    /// Which.
    pub(crate) assessment: AssessmentId,
    /// A file that is held against its hash.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

/// A score of 100 with at most one decimal, in thousandths: `87.3` is 873.
fn score(typed: &str) -> Result<u16, TextError> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (whole, tenth) = typed.split_once('.').unwrap_or((typed, "0"));
    let read = (is_number(whole) && is_number(tenth) && tenth.len() == 1)
        .then(|| format!("{whole}{tenth}").parse().ok());
    read.flatten().filter(|score| *score <= 1000).ok_or_else(|| TextError::Shape {
        text: typed.to_owned(),
        what: "a score",
        rule: "a number from 0 to 100 with at most one decimal, as in 87.3",
    })
}

#[cfg(test)]
mod tests {
    use super::score;

    #[test]
    fn a_score_is_a_whole_number_of_thousandths() {
        for (typed, read) in [("0", 0), ("7", 70), ("87.3", 873), ("100", 1000), ("100.0", 1000)] {
            assert_eq!(score(typed).unwrap(), read, "{typed}");
        }
        for typed in ["", ".5", "5.", "87.35", "100.1", "-1", "+1", "1e1", "87,3", "99999999"] {
            assert!(score(typed).is_err(), "{typed}");
        }
    }
}

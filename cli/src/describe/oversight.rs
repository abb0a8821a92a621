//! Draws and findings, in plain words.
//! Holds: every field of an action that has an effect is shown.
//! May not enter: signing; the node.

use comity_core::oversight::{DrawRange, DrawnVerdict, FindingAbout, FindingOutcome, Power};
use comity_core::statement::Action;

use super::Rows;
use crate::client::Committed;
use crate::messages::say;
use crate::table;

/// One of these actions in one sentence.
pub(super) fn sentence(action: &Action) -> String {
    match action {
        Action::OpenDraw { count, .. } => say!("does-open-draw", count = count),
        Action::CommitDraw { draw, .. } => say!("does-commit-draw", draw = draw),
        Action::RevealDraw { draw, .. } => say!("does-reveal-draw", draw = draw),
        Action::ReportReview { draw, number, .. } => {
            say!("does-report-review", draw = draw, number = number)
        }
        Action::OpenFinding { agency, .. } => say!("does-open-finding", agency = agency),
        Action::AnswerFinding { finding, .. } => say!("does-answer-finding", finding = finding),
        Action::CloseFinding { finding, .. } => say!("does-close-finding", finding = finding),
        other => other.kind().to_owned(),
    }
}

/// What one of these actions has changed.
pub(super) fn done(action: &Action, committed: &Committed) -> String {
    match action {
        Action::OpenDraw { .. } => say!("done-open-draw", index = committed.index),
        Action::CommitDraw { draw, .. } => say!("done-commit-draw", draw = draw),
        Action::RevealDraw { draw, .. } => say!("done-reveal-draw", draw = draw),
        Action::ReportReview { draw, number, .. } => {
            say!("done-report-review", draw = draw, number = number)
        }
        Action::OpenFinding { agency, .. } => {
            say!("done-open-finding", index = committed.index, agency = agency)
        }
        Action::AnswerFinding { finding, .. } => say!("done-answer-finding", finding = finding),
        Action::CloseFinding { finding, .. } => say!("done-close-finding", finding = finding),
        other => other.kind().to_owned(),
    }
}

/// The terms of one of these actions.
pub(super) fn rows(action: &Action) -> Rows {
    let draw_row = |draw: &dyn ToString| (say!("label-draw"), draw.to_string());
    let finding_row = |finding: &dyn ToString| (say!("label-finding-id"), finding.to_string());
    match action {
        Action::OpenDraw { scope, count } => {
            let ranges = scope.iter().map(|range| (say!("label-drawn-from"), self::range(range)));
            ranges.chain([(say!("label-draw-count"), count.to_string())]).collect()
        }
        Action::CommitDraw { draw, commitment } => {
            vec![draw_row(draw), (say!("label-draw-commitment"), commitment.to_string())]
        }
        Action::RevealDraw { draw, secret } => {
            vec![draw_row(draw), (say!("label-reveal"), secret.to_string())]
        }
        Action::ReportReview { draw, number, verdict } => vec![
            draw_row(draw),
            (say!("label-draw-number"), number.to_string()),
            (say!("label-review-verdict"), self::verdict(*verdict)),
        ],
        Action::OpenFinding { agency, about, text } => vec![
            (say!("label-against"), agency.to_string()),
            (say!("label-about"), self::about(*about)),
            (say!("label-found"), text.to_string()),
        ],
        Action::AnswerFinding { finding, answer } => {
            vec![finding_row(finding), (say!("label-finding-answer"), answer.to_string())]
        }
        Action::CloseFinding { finding, outcome, text } => vec![
            finding_row(finding),
            (say!("label-outcome"), self::outcome(*outcome)),
            (say!("label-closing-words"), text.to_string()),
        ],
        _ => vec![],
    }
}

/// A range of a gateway's records.
pub(crate) fn range(range: &DrawRange) -> String {
    let gateway = table::short(range.gateway);
    say!("words-range", gateway = gateway, first = range.first, last = range.last)
}

/// What a review found.
pub(crate) fn verdict(verdict: DrawnVerdict) -> String {
    match verdict {
        DrawnVerdict::InOrder => say!("verdict-in-order"),
        DrawnVerdict::Finding(finding) => say!("verdict-finding", finding = finding),
    }
}

/// What a finding is about.
pub(crate) fn about(about: FindingAbout) -> String {
    match about {
        FindingAbout::Entry(entry) => say!("words-about-entry", entry = entry),
        FindingAbout::Drawn { draw, number } => {
            say!("words-about-drawn", draw = draw, number = number)
        }
        FindingAbout::Power(Power::Stewards) => say!("words-about-stewards"),
        FindingAbout::Power(Power::Emergencies) => say!("words-about-emergencies"),
        FindingAbout::Power(Power::Rules) => say!("words-about-rules"),
        FindingAbout::Power(Power::Admins) => say!("words-about-admins"),
    }
}

/// How a finding was closed.
pub(crate) fn outcome(outcome: FindingOutcome) -> String {
    match outcome {
        FindingOutcome::Remedied => say!("outcome-remedied"),
        FindingOutcome::Unfounded => say!("outcome-unfounded"),
        FindingOutcome::Upheld => say!("outcome-upheld"),
    }
}

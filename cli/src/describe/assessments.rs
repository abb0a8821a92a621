//! Assessments, in plain words.
//! Holds: every field of an action that has an effect is shown.
//! May not enter: signing; the node.

use comity_core::assessment::{AssessmentKind, AssessmentTerms};
use comity_core::statement::Action;
use jiff::tz::TimeZone;

use super::Rows;
use crate::client::Committed;
use crate::messages::say;
use crate::time;

/// One of these actions in one sentence.
pub(super) fn sentence(action: &Action) -> String {
    match action {
        Action::ReportAssessment { terms } => {
            say!("does-report-assessment", agency = terms.agency, kind = kind(terms.kind))
        }
        Action::FollowUpAssessment { assessment, .. } => {
            say!("does-follow-up-assessment", assessment = assessment)
        }
        other => other.kind().to_owned(),
    }
}

/// What one of these actions has changed.
pub(super) fn done(action: &Action, committed: &Committed) -> String {
    match action {
        Action::ReportAssessment { terms } => {
            let (index, agency) = (committed.index, &terms.agency);
            match terms.recommendations {
                0 => say!("done-report-assessment", index = index, agency = agency),
                _ => say!("done-report-assessment-owed", index = index, agency = agency),
            }
        }
        Action::FollowUpAssessment { assessment, .. } => {
            say!("done-follow-up-assessment", assessment = assessment)
        }
        other => other.kind().to_owned(),
    }
}

/// The terms of one of these actions, with times in `zone`.
pub(super) fn rows(action: &Action, zone: &TimeZone) -> Rows {
    match action {
        Action::ReportAssessment { terms } => terms_rows(terms, zone),
        Action::FollowUpAssessment { assessment, text } => vec![
            (say!("label-assessment-id"), assessment.to_string()),
            (say!("label-follow-up"), text.to_string()),
        ],
        _ => vec![],
    }
}

/// What a report says.
pub(crate) fn terms_rows(terms: &AssessmentTerms, zone: &TimeZone) -> Rows {
    let (from, until) = (time::date(terms.from, zone), time::last_date(terms.until, zone));
    let matter = terms.matter.as_ref().map(ToString::to_string);
    let mut rows = vec![
        (say!("label-assessed"), terms.agency.to_string()),
        (say!("label-assessment-kind"), kind(terms.kind)),
        (say!("label-matter"), matter.unwrap_or_else(|| say!("words-all-matters"))),
        (say!("label-assessed-time"), say!("words-from-until", from = from, until = until)),
        (say!("label-score"), score(terms.score_permille)),
    ];
    rows.extend(terms.respondents.map(|count| (say!("label-respondents"), count.to_string())));
    rows.extend([
        (say!("label-recommendations"), terms.recommendations.to_string()),
        (say!("label-comes-to"), terms.text.to_string()),
        (say!("label-report-hash"), terms.report.to_string()),
    ]);
    rows
}

/// A kind of assessment.
pub(crate) fn kind(kind: AssessmentKind) -> String {
    match kind {
        AssessmentKind::Satisfaction => say!("words-satisfaction"),
        AssessmentKind::ThirdParty => say!("words-third-party"),
    }
}

/// A score of 100, with its tenth.
pub(crate) fn score(permille: u16) -> String {
    say!("words-score", whole = permille / 10, tenth = permille % 10)
}

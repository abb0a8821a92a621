//! Check requests, handovers and their answers, in plain words.
//! Holds: every field of an action that has an effect is shown.
//! May not enter: signing; the node.

use comity_core::check_request::{CheckOutcome, CheckRequest, CheckTerms};
use comity_core::ids::CheckId;
use comity_core::statement::Action;
use jiff::tz::TimeZone;

use super::{Rows, items};
use crate::client::Committed;
use crate::messages::say;
use crate::time;

/// One of these actions in one sentence.
pub(super) fn sentence(action: &Action) -> String {
    match action {
        Action::OpenCheck { terms } => {
            say!("does-open-check", dataset = terms.dataset, asked = terms.asked)
        }
        Action::OfferHandover { check, to, .. } => {
            say!("does-offer-handover", check = check, to = to)
        }
        Action::AcceptHandover { check } => say!("does-accept-handover", check = check),
        Action::DeclineHandover { check } => say!("does-decline-handover", check = check),
        Action::AnswerCheck { check, outcome: CheckOutcome::Upheld { .. } } => {
            say!("does-uphold-check", check = check)
        }
        Action::AnswerCheck { check, outcome: CheckOutcome::NotUpheld { .. } } => {
            say!("does-dismiss-check", check = check)
        }
        Action::ReportCorrection { check, .. } => say!("does-report-correction", check = check),
        other => other.kind().to_owned(),
    }
}

/// What one of these actions has changed.
pub(super) fn done(action: &Action, committed: &Committed) -> String {
    match action {
        Action::OpenCheck { terms } => {
            say!("done-open-check", index = committed.index, asked = terms.asked)
        }
        Action::OfferHandover { check, to, .. } => {
            say!("done-offer-handover", check = check, to = to)
        }
        Action::AcceptHandover { check } => say!("done-accept-handover", check = check),
        Action::DeclineHandover { check } => say!("done-decline-handover", check = check),
        Action::AnswerCheck { check, outcome: CheckOutcome::Upheld { .. } } => {
            say!("done-uphold-check", check = check)
        }
        Action::AnswerCheck { check, outcome: CheckOutcome::NotUpheld { .. } } => {
            say!("done-dismiss-check", check = check)
        }
        Action::ReportCorrection { check, .. } => say!("done-report-correction", check = check),
        other => other.kind().to_owned(),
    }
}

/// The terms of one of these actions, with times in `zone`.
pub(super) fn rows(action: &Action, zone: &TimeZone) -> Rows {
    let named = |check: &CheckId| (say!("label-check"), check.to_string());
    match action {
        Action::OpenCheck { terms } => claimed(terms),
        Action::OfferHandover { check, to, reason } => vec![
            named(check),
            (say!("label-handed-to"), to.to_string()),
            (say!("label-reason"), reason.to_string()),
        ],
        Action::AcceptHandover { check } | Action::DeclineHandover { check } => vec![named(check)],
        Action::AnswerCheck { check, outcome } => {
            let mut rows = vec![named(check)];
            rows.extend(found(outcome, zone));
            rows
        }
        Action::ReportCorrection { check, note } => {
            vec![named(check), (say!("label-note"), note.to_string())]
        }
        _ => vec![],
    }
}

/// What a check claims, and what it found.
pub(crate) fn check_rows(check: &CheckRequest, zone: &TimeZone) -> Rows {
    let mut rows = claimed(&check.terms);
    rows.extend(check.answer.iter().flat_map(|answer| found(&answer.outcome, zone)));
    rows
}

fn claimed(terms: &CheckTerms) -> Rows {
    let mut rows = vec![
        (say!("label-dataset"), terms.dataset.to_string()),
        (say!("label-items"), items(&terms.items)),
    ];
    rows.extend(terms.grant.map(super::basis_row));
    rows.push((say!("label-asked"), terms.asked.to_string()));
    rows.push((say!("label-claim"), terms.claim.to_string()));
    rows
}

fn found(outcome: &CheckOutcome, zone: &TimeZone) -> Rows {
    match outcome {
        CheckOutcome::Upheld { from, to, correction } => vec![
            (say!("label-wrong-from"), time::show(*from, zone)),
            (say!("label-wrong-to"), time::show(*to, zone)),
            (say!("label-correction"), correction.to_string()),
        ],
        CheckOutcome::NotUpheld { basis, reason } => vec![
            (say!("label-legal-basis"), basis.to_string()),
            (say!("label-reason"), reason.to_string()),
        ],
    }
}

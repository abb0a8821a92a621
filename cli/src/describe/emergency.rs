//! What statements about emergencies say, in plain words.
//! Holds: every field that has an effect is shown.
//! May not enter: signing; the node.

use comity_core::emergency::{EmergencyTerms, Verdict};
use comity_core::statement::Action;
use jiff::tz::TimeZone;

use super::Rows;
use crate::client::Committed;
use crate::messages::say;
use crate::time;

/// An act about an emergency in one sentence.
pub(super) fn sentence(action: &Action) -> String {
    match action {
        Action::DeclareEmergency { terms } => {
            say!("does-declare-emergency", requesters = listed(terms.requesters.iter()))
        }
        Action::EndEmergency { emergency, .. } => {
            say!("does-end-emergency", emergency = emergency)
        }
        Action::ReviewEmergency { emergency, .. } => {
            say!("does-review-emergency", emergency = emergency)
        }
        Action::JustifyAccess { emergency, accesses, .. } => {
            say!("does-justify-access", count = accesses.len(), emergency = emergency)
        }
        _ => String::new(),
    }
}

/// What it has changed.
pub(super) fn done(action: &Action, committed: &Committed) -> String {
    match action {
        Action::DeclareEmergency { .. } => {
            say!("done-declare-emergency", index = committed.index)
        }
        Action::EndEmergency { emergency, .. } => {
            say!("done-end-emergency", emergency = emergency)
        }
        Action::ReviewEmergency { emergency, .. } => {
            say!("done-review-emergency", emergency = emergency)
        }
        Action::JustifyAccess { accesses, .. } => {
            say!("done-justify-access", count = accesses.len())
        }
        _ => String::new(),
    }
}

/// Its terms, with times in `zone`.
pub(super) fn rows(action: &Action, zone: &TimeZone) -> Rows {
    match action {
        Action::DeclareEmergency { terms } => declared_rows(terms, zone),
        Action::EndEmergency { emergency, reason } => vec![
            (say!("label-emergency"), emergency.to_string()),
            (say!("label-reason"), reason.to_string()),
        ],
        Action::ReviewEmergency { emergency, verdict, text } => vec![
            (say!("label-emergency"), emergency.to_string()),
            (say!("label-verdict"), self::verdict(*verdict)),
            (say!("label-finding"), text.to_string()),
        ],
        Action::JustifyAccess { emergency, accesses, basis, text } => vec![
            (say!("label-emergency"), emergency.to_string()),
            (say!("label-accesses"), listed(accesses.iter())),
            (say!("label-basis"), basis.to_string()),
            (say!("label-justification"), text.to_string()),
        ],
        _ => vec![],
    }
}

/// What was declared, with times in `zone`.
pub(crate) fn declared_rows(terms: &EmergencyTerms, zone: &TimeZone) -> Rows {
    let mut rows = Rows::new();
    if !terms.scope.datasets.is_empty() {
        rows.push((say!("label-opens-datasets"), listed(terms.scope.datasets.iter())));
    }
    if !terms.scope.agencies.is_empty() {
        rows.push((say!("label-opens-agencies"), listed(terms.scope.agencies.iter())));
    }
    rows.extend([
        (say!("label-may-ask"), listed(terms.requesters.iter())),
        (say!("label-emergency-matter"), terms.matter.to_string()),
        (say!("label-emergency-until"), time::show(terms.until, zone)),
        (say!("label-reason"), terms.reason.to_string()),
    ]);
    rows
}

/// A verdict, in words.
pub(crate) fn verdict(verdict: Verdict) -> String {
    match verdict {
        Verdict::Warranted => say!("verdict-warranted"),
        Verdict::Excessive => say!("verdict-excessive"),
        Verdict::Unwarranted => say!("verdict-unwarranted"),
    }
}

fn listed(names: impl Iterator<Item = impl ToString>) -> String {
    names.map(|name| name.to_string()).collect::<Vec<_>>().join(", ")
}

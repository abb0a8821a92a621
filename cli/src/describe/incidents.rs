//! Incidents, in plain words.
//! Holds: every field of an action that has an effect is shown.
//! May not enter: signing; the node.

use comity_core::incident::IncidentTerms;
use comity_core::statement::Action;
use jiff::tz::TimeZone;

use super::Rows;
use crate::client::Committed;
use crate::messages::say;
use crate::time;

/// One of these actions in one sentence.
pub(super) fn sentence(action: &Action) -> String {
    match action {
        Action::ReportIncident { .. } => say!("does-report-incident"),
        Action::UpdateIncident { incident, .. } => {
            say!("does-update-incident", incident = incident)
        }
        Action::CloseIncident { incident, .. } => say!("does-close-incident", incident = incident),
        other => other.kind().to_owned(),
    }
}

/// What one of these actions has changed.
pub(super) fn done(action: &Action, committed: &Committed) -> String {
    match action {
        Action::ReportIncident { .. } => say!("done-report-incident", index = committed.index),
        Action::UpdateIncident { incident, .. } => {
            say!("done-update-incident", incident = incident)
        }
        Action::CloseIncident { incident, .. } => say!("done-close-incident", incident = incident),
        other => other.kind().to_owned(),
    }
}

/// The terms of one of these actions, with times in `zone`.
pub(super) fn rows(action: &Action, zone: &TimeZone) -> Rows {
    match action {
        Action::ReportIncident { terms } => reported(terms, zone),
        Action::UpdateIncident { incident, note } => vec![
            (say!("label-incident"), incident.to_string()),
            (say!("label-news"), note.to_string()),
        ],
        Action::CloseIncident { incident, measures } => vec![
            (say!("label-incident"), incident.to_string()),
            (say!("label-measures"), measures.to_string()),
        ],
        _ => vec![],
    }
}

/// What a report says.
pub(crate) fn reported(terms: &IncidentTerms, zone: &TimeZone) -> Rows {
    let datasets: Vec<String> = terms.datasets.iter().map(ToString::to_string).collect();
    let grants: Vec<String> = terms.grants.iter().map(ToString::to_string).collect();
    let mut rows = Rows::new();
    if !datasets.is_empty() {
        rows.push((say!("label-affected-datasets"), datasets.join(", ")));
    }
    if !grants.is_empty() {
        rows.push((say!("label-affected-grants"), grants.join(", ")));
    }
    rows.push((say!("label-exposed-since"), time::show(terms.since, zone)));
    rows.push((say!("label-came-to-light"), time::show(terms.found, zone)));
    rows.push((say!("label-nature"), terms.nature.to_string()));
    rows
}

//! What statements about task forces say, in plain words, and in what capacity one signs.
//! Holds: every field that has an effect is shown.
//! May not enter: signing; the node.

use comity_core::statement::{Action, Capacity, StatementSigner};
use comity_core::task_force::TaskForceTerms;
use jiff::tz::TimeZone;

use super::Rows;
use crate::client::Committed;
use crate::messages::say;
use crate::time;

/// An act in or about a task force in one sentence.
pub(super) fn sentence(action: &Action) -> String {
    match action {
        Action::FormTaskForce { terms } => say!("does-form-task-force", title = terms.title),
        Action::InviteToTaskForce { task_force, agency } => {
            say!("does-invite-to-task-force", agency = agency, task_force = task_force)
        }
        Action::ExcludeFromTaskForce { task_force, agency, .. } => {
            say!("does-exclude-from-task-force", agency = agency, task_force = task_force)
        }
        Action::JoinTaskForce { task_force } => {
            say!("does-join-task-force", task_force = task_force)
        }
        Action::LeaveTaskForce { task_force, .. } => {
            say!("does-leave-task-force", task_force = task_force)
        }
        Action::EndTaskForce { task_force, .. } => {
            say!("does-end-task-force", task_force = task_force)
        }
        _ => String::new(),
    }
}

/// What it has changed.
pub(super) fn done(action: &Action, committed: &Committed) -> String {
    match action {
        Action::FormTaskForce { .. } => say!("done-form-task-force", index = committed.index),
        Action::InviteToTaskForce { agency, .. } => {
            say!("done-invite-to-task-force", agency = agency)
        }
        Action::ExcludeFromTaskForce { agency, .. } => {
            say!("done-exclude-from-task-force", agency = agency)
        }
        Action::JoinTaskForce { task_force } => {
            say!("done-join-task-force", task_force = task_force)
        }
        Action::LeaveTaskForce { task_force, .. } => {
            say!("done-leave-task-force", task_force = task_force)
        }
        Action::EndTaskForce { task_force, .. } => {
            say!("done-end-task-force", task_force = task_force)
        }
        _ => String::new(),
    }
}

/// Its terms, with times in `zone`.
pub(super) fn rows(action: &Action, zone: &TimeZone) -> Rows {
    match action {
        Action::FormTaskForce { terms } => formed_rows(terms, zone),
        Action::InviteToTaskForce { task_force, agency } => vec![
            (say!("label-task-force"), task_force.to_string()),
            (say!("label-invited"), agency.to_string()),
        ],
        Action::ExcludeFromTaskForce { task_force, agency, reason } => vec![
            (say!("label-task-force"), task_force.to_string()),
            (say!("label-excluded"), agency.to_string()),
            (say!("label-reason"), reason.to_string()),
        ],
        Action::JoinTaskForce { task_force } => {
            vec![(say!("label-task-force"), task_force.to_string())]
        }
        Action::LeaveTaskForce { task_force, reason }
        | Action::EndTaskForce { task_force, reason } => vec![
            (say!("label-task-force"), task_force.to_string()),
            (say!("label-reason"), reason.to_string()),
        ],
        _ => vec![],
    }
}

/// What was formed, with times in `zone`.
pub(crate) fn formed_rows(terms: &TaskForceTerms, zone: &TimeZone) -> Rows {
    let invited: Vec<&str> = terms.invited.iter().map(|agency| agency.as_str()).collect();
    vec![
        (say!("label-title"), terms.title.to_string()),
        (say!("label-lead"), terms.lead.to_string()),
        (say!("label-invited"), invited.join(", ")),
        (say!("label-matter"), terms.matter.to_string()),
        (say!("label-basis"), terms.duty_basis.to_string()),
        (say!("label-task-force-until"), time::show(terms.until, zone)),
    ]
}

/// For which task force one signs, where it is for one.
pub(crate) fn capacity_row(signer: &StatementSigner) -> Option<(String, String)> {
    in_capacity(signer.capacity)
}

/// The same of an attempt.
pub(crate) fn in_capacity(capacity: Capacity) -> Option<(String, String)> {
    match capacity {
        Capacity::Agency => None,
        Capacity::TaskForce(id) => Some((say!("label-capacity"), id.to_string())),
    }
}

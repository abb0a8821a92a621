//! Disputes and what is ruled on them, in plain words.
//! Holds: every field of an action that has an effect is shown.
//! May not enter: signing; the node.

use comity_core::dispute::{DisputeAbout, Ruling};
use comity_core::ids::DisputeId;
use comity_core::statement::Action;

use super::Rows;
use crate::client::Committed;
use crate::messages::say;

/// One of these actions in one sentence.
pub(super) fn sentence(action: &Action) -> String {
    match action {
        Action::OpenDispute { about, .. } => say!("does-open-dispute", about = matter(*about)),
        Action::AnswerDispute { dispute, ruling: Ruling::Anew { .. } } => {
            say!("does-concede-dispute", dispute = dispute)
        }
        Action::AnswerDispute { dispute, ruling: Ruling::Stands { .. } } => {
            say!("does-contest-dispute", dispute = dispute)
        }
        Action::EscalateDispute { dispute, .. } => say!("does-escalate-dispute", dispute = dispute),
        Action::DecideDispute { dispute, ruling: Ruling::Anew { .. } } => {
            say!("does-rule-anew", dispute = dispute)
        }
        Action::DecideDispute { dispute, ruling: Ruling::Stands { .. } } => {
            say!("does-rule-stands", dispute = dispute)
        }
        other => other.kind().to_owned(),
    }
}

/// What one of these actions has changed.
pub(super) fn done(action: &Action, committed: &Committed) -> String {
    match action {
        Action::OpenDispute { about, .. } => {
            say!("done-open-dispute", index = committed.index, about = matter(*about))
        }
        Action::AnswerDispute { dispute, ruling: Ruling::Anew { .. } }
        | Action::DecideDispute { dispute, ruling: Ruling::Anew { .. } } => {
            say!("done-rule-anew", dispute = dispute)
        }
        Action::AnswerDispute { dispute, ruling: Ruling::Stands { .. } }
        | Action::DecideDispute { dispute, ruling: Ruling::Stands { .. } } => {
            say!("done-rule-stands", dispute = dispute)
        }
        Action::EscalateDispute { dispute, .. } => say!("done-escalate-dispute", dispute = dispute),
        other => other.kind().to_owned(),
    }
}

/// The terms of one of these actions.
pub(super) fn rows(action: &Action) -> Rows {
    let named = |dispute: &DisputeId| (say!("label-dispute"), dispute.to_string());
    match action {
        Action::OpenDispute { about, grounds } => vec![
            (say!("label-disputed"), matter(*about)),
            (say!("label-grounds"), grounds.to_string()),
        ],
        Action::EscalateDispute { dispute, grounds } => {
            vec![named(dispute), (say!("label-grounds"), grounds.to_string())]
        }
        Action::AnswerDispute { dispute, ruling } | Action::DecideDispute { dispute, ruling } => {
            let mut rows = vec![named(dispute)];
            rows.extend(ruled(ruling));
            rows
        }
        _ => vec![],
    }
}

/// What is disputed.
pub(crate) fn matter(about: DisputeAbout) -> String {
    match about {
        DisputeAbout::Request(request) => say!("words-disputed-request", request = request),
        DisputeAbout::Delivery(grant) => say!("words-disputed-delivery", grant = grant),
        DisputeAbout::Check(check) => say!("words-disputed-check", check = check),
    }
}

fn ruled(ruling: &Ruling) -> Rows {
    match ruling {
        Ruling::Anew { reason } => vec![(say!("label-reason"), reason.to_string())],
        Ruling::Stands { basis, reason } => vec![
            (say!("label-legal-basis"), basis.to_string()),
            (say!("label-reason"), reason.to_string()),
        ],
    }
}

//! What binds grants, how they change and are passed on, in plain words.
//! Holds: every field of an action that has an effect is shown.
//! May not enter: signing; the node.

use comity_core::access::Attempt;
use comity_core::binding::{Bearers, Promise, Side, Undertaking};
use comity_core::grant::GrantTerms;
use comity_core::statement::Action;
use jiff::tz::TimeZone;

use super::{Rows, terms_rows};
use crate::client::Committed;
use crate::messages::say;
use crate::table;

/// One of these actions in one sentence.
pub(super) fn sentence(action: &Action) -> String {
    match action {
        Action::NarrowGrant { grant, .. } => say!("does-narrow-grant", grant = grant),
        Action::ExtendGrant { grant, .. } => say!("does-extend-grant", grant = grant),
        Action::IssueOnward { parent, terms } => {
            say!("does-issue-onward", parent = parent, requester = terms.requester)
        }
        Action::FulfilUndertaking { grant, number, .. } => {
            say!("does-fulfil-undertaking", number = number, grant = grant)
        }
        other => other.kind().to_owned(),
    }
}

/// What one of these actions has changed.
pub(super) fn done(action: &Action, committed: &Committed) -> String {
    match action {
        Action::NarrowGrant { grant, .. } => say!("done-narrow-grant", grant = grant),
        Action::ExtendGrant { grant, .. } => say!("done-extend-grant", grant = grant),
        Action::IssueOnward { parent, .. } => {
            say!("done-issue-onward", index = committed.index, parent = parent)
        }
        Action::FulfilUndertaking { grant, number, .. } => {
            say!("done-fulfil-undertaking", number = number, grant = grant)
        }
        other => other.kind().to_owned(),
    }
}

/// The terms of one of these actions, with times in `zone`.
pub(super) fn rows(action: &Action, zone: &TimeZone) -> Rows {
    match action {
        Action::NarrowGrant { grant, terms, version }
        | Action::ExtendGrant { grant, terms, version } => {
            let mut rows = vec![(say!("label-grant"), grant.to_string())];
            rows.extend(terms_rows(terms, zone));
            rows.push((say!("label-replaces"), say!("words-version", version = version)));
            rows
        }
        Action::IssueOnward { parent, terms } => {
            let mut rows = vec![(say!("label-derived-from"), parent.to_string())];
            rows.extend(terms_rows(terms, zone));
            rows
        }
        Action::FulfilUndertaking { grant, number, note } => vec![
            (say!("label-grant"), grant.to_string()),
            (say!("label-undertaking"), number.to_string()),
            (say!("label-note"), note.to_string()),
        ],
        _ => vec![],
    }
}

/// What binds in terms, where anything does.
pub(super) fn binding_rows(terms: &GrantTerms) -> Rows {
    let mut rows = Rows::new();
    if terms.officers != Bearers::All {
        rows.push((say!("label-officers"), officers(&terms.officers)));
    }
    if !terms.onward.is_empty() {
        let onward: Vec<&str> = terms.onward.iter().map(|agency| agency.as_str()).collect();
        rows.push((say!("label-onward"), onward.join(", ")));
    }
    let numbered = (1u8..).zip(&terms.undertakings);
    let undertakings: Vec<String> =
        numbered.map(|(number, one)| undertaking(terms, number, one)).collect();
    if !undertakings.is_empty() {
        rows.push((say!("label-undertakings"), undertakings.join("; ")));
    }
    rows
}

/// Which officers may use a grant.
pub(crate) fn officers(officers: &Bearers) -> String {
    match officers {
        Bearers::All => say!("words-all-officers"),
        Bearers::Posts(posts) => {
            let posts: Vec<&str> = posts.iter().map(|post| post.as_str()).collect();
            say!("words-posts", posts = posts.join(", "))
        }
        Bearers::Keys(keys) => {
            let keys: Vec<String> = keys.iter().map(table::short).collect();
            say!("words-keys", keys = keys.join(", "))
        }
    }
}

fn undertaking(terms: &GrantTerms, number: u8, one: &Undertaking) -> String {
    // Who passed a grant on stands in the grant above; the side is said instead of its name.
    let agency = match one.by {
        Side::Provider => Side::Provider.as_str().to_owned(),
        Side::Requester => terms.requester.to_string(),
    };
    let what = match one.what {
        Promise::DeleteAfterDays(days) => say!("promise-delete-after-days", days = days),
        Promise::ReportUseEveryDays(days) => say!("promise-report-use-every-days", days = days),
        Promise::NotifyIncidentDays(days) => say!("promise-notify-incident-days", days = days),
        Promise::NotifyChangeDays(days) => say!("promise-notify-change-days", days = days),
    };
    say!("words-undertaking", number = number, agency = agency, what = what)
}

/// Which post asks in an attempt, for telling whether the grant names it.
pub(crate) fn asker(attempt: &Attempt, post: Option<&str>) -> String {
    let key = table::short(attempt.officer);
    match post.filter(|post| !post.is_empty()) {
        Some(post) => say!("words-post-key", post = post, key = key),
        None => say!("words-key", key = key),
    }
}

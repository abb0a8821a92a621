//! What statements say, in plain words: before they are signed and when they are read again.
//! Holds: every field of an action that has an effect is shown.
//! May not enter: signing; the node.

use comity_core::access::Attempt;
use comity_core::dataset::{Dataset, DeliveryMode, Items};
use comity_core::grant::GrantTerms;
use comity_core::ids::TimeMs;
use comity_core::statement::Action;
use jiff::tz::TimeZone;

use crate::client::Committed;
use crate::messages::{render, say, text};
use crate::{table, time};

type Rows = Vec<(String, String)>;

/// An action in one sentence.
pub(crate) fn sentence(action: &Action) -> String {
    match action {
        Action::RegisterKey { role, post, .. } => {
            say!("does-register-key", role = role, post = post)
        }
        Action::RevokeKey { key, .. } => say!("does-revoke-key", key = table::short(key)),
        Action::PublishDataset { dataset } => say!("does-publish-dataset", dataset = dataset.id),
        Action::IssueGrant { terms } => {
            say!("does-issue-grant", requester = terms.requester, dataset = terms.dataset)
        }
        Action::RevokeGrant { grant, .. } => say!("does-revoke-grant", grant = grant),
        Action::RecordAccess { attempt } => {
            let Attempt { requester, dataset, .. } = &attempt.attempt;
            say!("does-record-access", requester = requester, dataset = dataset)
        }
        Action::RecordDenial { attempt, refusal } => {
            let Attempt { requester, dataset, .. } = &attempt.attempt;
            let rule = refusal.rule();
            say!("does-record-denial", requester = requester, dataset = dataset, rule = rule)
        }
    }
}

/// What a committed action has changed.
pub(crate) fn done(action: &Action, committed: &Committed) -> String {
    match action {
        Action::RegisterKey { key, .. } => say!("done-register-key", key = table::short(key)),
        Action::RevokeKey { key, .. } => say!("done-revoke-key", key = table::short(key)),
        Action::PublishDataset { dataset } => say!("done-publish-dataset", dataset = dataset.id),
        Action::IssueGrant { .. } => say!("done-issue-grant", index = committed.index),
        Action::RevokeGrant { grant, .. } => say!("done-revoke-grant", grant = grant),
        Action::RecordAccess { .. } => say!("done-record-access"),
        Action::RecordDenial { .. } => say!("done-record-denial"),
    }
}

/// An action's terms, with times in `zone`.
pub(crate) fn rows(action: &Action, zone: &TimeZone) -> Rows {
    match action {
        Action::RegisterKey { key, role, post, valid_until, possession: _ } => vec![
            (say!("label-new-key"), table::key(key)),
            (say!("label-role"), role.to_string()),
            (say!("label-post"), post.to_string()),
            (say!("label-key-valid-until"), time_or(*valid_until, zone, "word-no-end")),
        ],
        Action::RevokeKey { key, reason, suspect_since } => vec![
            (say!("label-revoked-key"), table::key(key)),
            (say!("label-reason"), reason.to_string()),
            (say!("label-suspect-since"), time_or(*suspect_since, zone, "word-not-suspect")),
        ],
        Action::PublishDataset { dataset } => dataset_rows(dataset),
        Action::IssueGrant { terms } => terms_rows(terms, zone),
        Action::RevokeGrant { grant, reason } => vec![
            (say!("label-grant"), grant.to_string()),
            (say!("label-reason"), reason.to_string()),
        ],
        Action::RecordAccess { attempt } => attempt_rows(&attempt.attempt, zone),
        Action::RecordDenial { attempt, refusal } => {
            let mut rows = attempt_rows(&attempt.attempt, zone);
            let value = serde_json::to_value(refusal).unwrap_or_default();
            let fields = crate::client::refusal_fields(&value, zone);
            let why = render(&format!("err-{}", refusal.rule()), &fields);
            rows.push((say!("label-refused"), format!("{} ({why})", refusal.rule())));
            rows
        }
    }
}

/// A dataset's description.
pub(crate) fn dataset_rows(dataset: &Dataset) -> Rows {
    let items: Vec<String> =
        dataset.items.iter().map(|item| format!("{} ({})", item.name, item.kind)).collect();
    vec![
        (say!("label-dataset"), dataset.id.to_string()),
        (say!("label-title"), dataset.title.to_string()),
        (say!("label-summary"), dataset.summary.to_string()),
        (say!("label-items"), items.join(", ")),
        (say!("label-sharing"), word(&dataset.sharing)),
        (say!("label-conditions"), dataset.conditions.to_string()),
        (say!("label-openness"), word(&dataset.openness)),
        (say!("label-grade"), word(&dataset.grade)),
        (say!("label-modes"), modes(dataset.modes.iter())),
        (say!("label-contact"), dataset.contact.to_string()),
    ]
}

/// A grant's terms.
pub(crate) fn terms_rows(terms: &GrantTerms, zone: &TimeZone) -> Rows {
    let matters: Vec<&str> = terms.matters.iter().map(|code| code.as_str()).collect();
    let period = say!(
        "words-period",
        from = time::show(terms.not_before, zone),
        until = time::show(terms.not_after, zone),
    );
    let quota = |limit: Option<u64>| {
        limit.map_or_else(|| say!("word-unlimited"), |limit| limit.to_string())
    };
    vec![
        (say!("label-dataset"), terms.dataset.to_string()),
        (say!("label-requester"), terms.requester.to_string()),
        (say!("label-matters"), matters.join(", ")),
        (say!("label-basis"), terms.duty_basis.to_string()),
        (say!("label-items"), items(&terms.items)),
        (say!("label-modes"), modes(terms.modes.iter())),
        (say!("label-in-force"), period),
        (say!("label-total-quota"), quota(terms.total_quota)),
        (say!("label-daily-quota"), quota(terms.daily_quota)),
        (say!("label-conditions"), terms.conditions.to_string()),
    ]
}

/// An attempt's content.
pub(crate) fn attempt_rows(attempt: &Attempt, zone: &TimeZone) -> Rows {
    vec![
        (say!("label-grant"), attempt.grant.to_string()),
        (say!("label-dataset"), attempt.dataset.to_string()),
        (say!("label-requester"), attempt.requester.to_string()),
        (say!("label-officer"), table::key(&attempt.officer)),
        (say!("label-matter"), attempt.matter.to_string()),
        (say!("label-items"), items(&attempt.items)),
        (say!("label-mode"), attempt.mode.as_str().to_owned()),
        (say!("label-exchange"), attempt.exchange.to_string()),
        (say!("label-made-at"), time::show(attempt.made_at, zone)),
        (say!("label-attempt-until"), time::show(attempt.valid_until, zone)),
    ]
}

/// Items in a line.
pub(crate) fn items(items: &Items) -> String {
    match items {
        Items::All => say!("word-all-items"),
        Items::Only(items) => items.iter().map(|item| item.as_str()).collect::<Vec<_>>().join(", "),
    }
}

/// Delivery modes in a line.
pub(crate) fn modes<'a>(modes: impl Iterator<Item = &'a DeliveryMode>) -> String {
    modes.map(|mode| mode.as_str()).collect::<Vec<_>>().join(", ")
}

/// A word of the format, as it is written in files.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

/// A time, or a word where there is none.
pub(crate) fn time_or(at: Option<TimeMs>, zone: &TimeZone, word: &str) -> String {
    at.map_or_else(|| text(word).to_owned(), |at| time::show(at, zone))
}

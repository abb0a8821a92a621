//! What statements say, in plain words: before they are signed and when they are read again.
//! Holds: every field of an action that has an effect is shown.
//! May not enter: signing; the node.

mod areas;
pub(crate) mod assessments;
pub(crate) mod binding;
mod checks;
mod disputes;
mod emergency;
mod incidents;
pub(crate) mod legs;
pub(crate) mod oversight;
pub(crate) mod supervision;
mod task_forces;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use comity_core::access::{AccessRefusal, Attempt};
use comity_core::basis::Basis;
use comity_core::dataset::{Dataset, DeliveryMode, Items};
use comity_core::governance::Choice;
use comity_core::grant::{GrantTerms, Usage};
use comity_core::ids::{RequestId, TimeMs};
use comity_core::request::RequestTerms;
use comity_core::statement::Action;
use comity_core::text::Code;
use jiff::tz::TimeZone;

pub(crate) use emergency::{declared_rows as emergency_rows, verdict};

use crate::client::{Committed, access_fields};
use crate::messages::{render, say, text};
use crate::{measures, messages, table, time};

pub(crate) use checks::check_rows;
pub(crate) use disputes::matter as disputed;
pub(crate) use incidents::reported as incident_rows;
pub(crate) use task_forces::{capacity_row, formed_rows as task_force_rows};

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
        Action::RecordAccess { .. } | Action::RecordDenial { .. } | Action::EmbedLate { .. } => {
            access_sentence(action)
        }
        Action::AmendDataset { dataset, .. } => say!("does-amend-dataset", dataset = dataset.id),
        Action::WithdrawDataset { dataset, .. } => say!("does-withdraw-dataset", dataset = dataset),
        Action::SuspendDataset { dataset, .. } => say!("does-suspend-dataset", dataset = dataset),
        Action::ResumeDataset { dataset } => say!("does-resume-dataset", dataset = dataset),
        Action::SuspendGrant { grant, .. } => say!("does-suspend-grant", grant = grant),
        Action::ResumeGrant { grant } => say!("does-resume-grant", grant = grant),
        Action::OpenRequest { terms } => {
            let GrantTerms { requester, dataset, .. } = &terms.asked;
            say!("does-open-request", requester = requester, dataset = dataset)
        }
        Action::ApproveRequest { request, terms } => say!(
            "does-approve-request",
            request = request,
            requester = terms.requester,
            dataset = terms.dataset
        ),
        Action::RefuseRequest { request, .. } => say!("does-refuse-request", request = request),
        Action::WithdrawRequest { request, .. } => say!("does-withdraw-request", request = request),
        Action::UrgeRequest { request } => say!("does-urge-request", request = request),
        Action::PublishCodes { list, codes } => {
            say!("does-publish-codes", list = list.as_str(), count = codes.len())
        }
        Action::WithdrawCode { list, code, .. } => {
            say!("does-withdraw-code", list = list.as_str(), code = code)
        }
        Action::OpenProposal { measure } => {
            say!("does-open-proposal", measure = measures::sentence(measure))
        }
        Action::CastBallot { proposal, choice: Choice::For } => {
            say!("does-vote-for", proposal = proposal)
        }
        Action::CastBallot { proposal, choice: Choice::Against } => {
            say!("does-vote-against", proposal = proposal)
        }
        Action::RecordEquivocation { .. } => say!("does-record-equivocation"),
        Action::AcknowledgeAccess { grant, accesses } => legs::sentence(*grant, accesses),
        _ => areas::sentence(action),
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
        Action::EmbedLate { .. } => say!("done-embed-late"),
        Action::AmendDataset { dataset, version } => {
            say!("done-amend-dataset", dataset = dataset.id, version = version.saturating_add(1))
        }
        Action::WithdrawDataset { dataset, .. } => say!("done-withdraw-dataset", dataset = dataset),
        Action::SuspendDataset { dataset, .. } => say!("done-suspend-dataset", dataset = dataset),
        Action::ResumeDataset { dataset } => say!("done-resume-dataset", dataset = dataset),
        Action::SuspendGrant { grant, .. } => say!("done-suspend-grant", grant = grant),
        Action::ResumeGrant { grant } => say!("done-resume-grant", grant = grant),
        Action::OpenRequest { .. } => say!("done-open-request", index = committed.index),
        Action::ApproveRequest { request, .. } => {
            say!("done-approve-request", request = request, index = committed.index)
        }
        Action::RefuseRequest { request, .. } => say!("done-refuse-request", request = request),
        Action::WithdrawRequest { request, .. } => say!("done-withdraw-request", request = request),
        Action::UrgeRequest { request } => say!("done-urge-request", request = request),
        Action::PublishCodes { list, codes } => {
            say!("done-publish-codes", list = list.as_str(), count = codes.len())
        }
        Action::WithdrawCode { list, code, .. } => {
            say!("done-withdraw-code", list = list.as_str(), code = code)
        }
        Action::OpenProposal { .. } => say!("done-open-proposal", index = committed.index),
        Action::CastBallot { proposal, .. } => say!("done-cast-ballot", proposal = proposal),
        Action::RecordEquivocation { .. } => say!("done-record-equivocation"),
        Action::AcknowledgeAccess { accesses, .. } => legs::done(accesses),
        _ => areas::done(action, committed),
    }
}

/// An action's terms, with times in `zone`.
pub(crate) fn rows(action: &Action, zone: &TimeZone) -> Rows {
    match action {
        Action::RegisterKey { key, role, algorithm: _, post, valid_until, possession: _ } => vec![
            (say!("label-new-key"), table::key(key)),
            (say!("label-role"), said("role", role)),
            (say!("label-post"), post.to_string()),
            (say!("label-key-valid-until"), time_or(*valid_until, zone, "word-no-end")),
        ],
        Action::RevokeKey { key, reason, suspect_since } => vec![
            (say!("label-revoked-key"), table::key(key)),
            (say!("label-reason"), reason.to_string()),
            (say!("label-suspect-since"), time_or(*suspect_since, zone, "word-not-suspect")),
        ],
        Action::PublishDataset { .. }
        | Action::AmendDataset { .. }
        | Action::WithdrawDataset { .. }
        | Action::SuspendDataset { .. }
        | Action::ResumeDataset { .. } => catalogue_rows(action),
        Action::RecordAccess { .. } | Action::RecordDenial { .. } | Action::EmbedLate { .. } => {
            access_rows(action, zone)
        }
        Action::IssueGrant { terms } => terms_rows(terms, zone),
        Action::RevokeGrant { grant, reason } => vec![
            (say!("label-grant"), grant.to_string()),
            (say!("label-reason"), reason.to_string()),
        ],
        Action::SuspendGrant { grant, reason } => vec![
            (say!("label-grant"), grant.to_string()),
            (say!("label-reason"), reason.to_string()),
        ],
        Action::ResumeGrant { grant } => vec![(say!("label-grant"), grant.to_string())],
        Action::OpenRequest { .. }
        | Action::ApproveRequest { .. }
        | Action::RefuseRequest { .. }
        | Action::WithdrawRequest { .. }
        | Action::UrgeRequest { .. } => request_rows(action, zone),
        Action::PublishCodes { codes, .. } => {
            codes.iter().map(|entry| (entry.code.to_string(), entry.title.to_string())).collect()
        }
        Action::WithdrawCode { code, reason, .. } => {
            vec![(say!("label-code"), code.to_string()), (say!("label-reason"), reason.to_string())]
        }
        Action::OpenProposal { measure } => {
            let mut rows = vec![(say!("label-measure"), measures::sentence(measure))];
            rows.extend(measures::rows(measure, zone));
            rows
        }
        Action::CastBallot { proposal, choice } => vec![
            (say!("label-proposal"), proposal.to_string()),
            (say!("label-ballot"), measures::choice(*choice)),
        ],
        Action::RecordEquivocation { equivocation } => measures::equivocation_rows(equivocation),
        Action::AcknowledgeAccess { grant, accesses } => legs::rows(*grant, accesses),
        _ => areas::rows(action, zone),
    }
}

/// What an action about a dataset says.
fn catalogue_rows(action: &Action) -> Rows {
    match action {
        Action::PublishDataset { dataset } => dataset_rows(dataset),
        Action::AmendDataset { dataset, version } => {
            let mut rows = dataset_rows(dataset);
            rows.push((say!("label-replaces"), say!("words-version", version = version)));
            rows
        }
        Action::WithdrawDataset { dataset, reason }
        | Action::SuspendDataset { dataset, reason } => {
            vec![
                (say!("label-dataset"), dataset.to_string()),
                (say!("label-reason"), reason.to_string()),
            ]
        }
        Action::ResumeDataset { dataset } => vec![(say!("label-dataset"), dataset.to_string())],
        _ => vec![],
    }
}

/// The provider's leg of an access in one sentence.
fn access_sentence(action: &Action) -> String {
    let Some(signed) = action.attempt() else { return String::new() };
    let Attempt { requester, dataset, .. } = &signed.attempt;
    match action {
        Action::RecordDenial { refusal, .. } => {
            let rule = refusal.rule();
            say!("does-record-denial", requester = requester, dataset = dataset, rule = rule)
        }
        Action::EmbedLate { .. } => {
            say!("does-embed-late", requester = requester, dataset = dataset)
        }
        _ => say!("does-record-access", requester = requester, dataset = dataset),
    }
}

/// What the provider's leg of an access says.
fn access_rows(action: &Action, zone: &TimeZone) -> Rows {
    match action {
        Action::RecordAccess { attempt, number, answer } => {
            let mut rows = attempt_rows(&attempt.attempt, zone);
            rows.extend(legs::recording_rows(*number, answer.as_ref()));
            rows
        }
        Action::RecordDenial { attempt, refusal, number } => {
            let mut rows = attempt_rows(&attempt.attempt, zone);
            rows.extend(legs::recording_rows(*number, None));
            let why = self::refusal(refusal, zone);
            rows.push((say!("label-refused"), format!("{} ({why})", refusal.rule())));
            rows
        }
        Action::EmbedLate { record, missing, against } => {
            let mut rows = attempt_rows(&record.attempt.attempt, zone);
            rows.extend(legs::recording_rows(record.number, record.answer.as_ref()));
            rows.extend(legs::late_rows(record, missing, against.as_ref(), zone));
            rows
        }
        _ => vec![],
    }
}

/// What an action about a request says.
fn request_rows(action: &Action, zone: &TimeZone) -> Rows {
    let named = |request: &RequestId| (say!("label-request"), request.to_string());
    match action {
        Action::OpenRequest { terms } => asked_rows(terms, zone),
        Action::ApproveRequest { request, terms } => {
            let mut rows = vec![named(request)];
            rows.extend(terms_rows(terms, zone));
            rows
        }
        Action::RefuseRequest { request, legal_basis, reason } => vec![
            named(request),
            (say!("label-legal-basis"), legal_basis.to_string()),
            (say!("label-reason"), reason.to_string()),
        ],
        Action::WithdrawRequest { request, reason } => {
            vec![named(request), (say!("label-reason"), reason.to_string())]
        }
        Action::UrgeRequest { request } => vec![named(request)],
        _ => vec![],
    }
}

/// What a request asks for.
pub(crate) fn asked_rows(terms: &RequestTerms, zone: &TimeZone) -> Rows {
    let RequestTerms { asked, once, needed_by, bundle } = terms;
    let mut rows = terms_rows(asked, zone);
    if *once {
        rows.push((say!("label-kind-of-request"), say!("word-once")));
    }
    if let Some(by) = needed_by {
        rows.push((say!("label-needed-by"), time::show(*by, zone)));
    }
    if let Some(bundle) = bundle {
        rows.push((say!("label-bundle"), bundle.to_string()));
    }
    rows
}

/// What requests that are opened together have in common: all but dataset, items and modes.
pub(crate) fn common_rows(terms: &RequestTerms, zone: &TimeZone) -> Rows {
    let own = [say!("label-dataset"), say!("label-items"), say!("label-modes")];
    let mut rows = asked_rows(terms, zone);
    rows.retain(|(label, _)| !own.contains(label));
    rows
}

/// A dataset's description.
pub(crate) fn dataset_rows(dataset: &Dataset) -> Rows {
    let items: Vec<String> =
        dataset.items.iter().map(|item| format!("{} ({})", item.name, item.kind)).collect();
    let mut rows = vec![
        (say!("label-dataset"), dataset.id.to_string()),
        (say!("label-title"), dataset.title.to_string()),
        (say!("label-summary"), dataset.summary.to_string()),
        (say!("label-items"), items.join(", ")),
        (say!("label-sharing"), said("sharing", &dataset.sharing)),
        (say!("label-conditions"), dataset.conditions.to_string()),
        (say!("label-openness"), said("openness", &dataset.openness)),
        (say!("label-grade"), said("grade", &dataset.grade)),
        (say!("label-modes"), modes(dataset.modes.iter())),
        (say!("label-contact"), dataset.contact.to_string()),
    ];
    for (number, text) in (1..).zip(&dataset.stated) {
        rows.push((say!("label-condition", number = number), text.to_string()));
    }
    if let Some(manager) = &dataset.manager {
        rows.push((say!("label-manager"), manager.to_string()));
    }
    if !dataset.service.as_str().is_empty() {
        rows.push((say!("label-service"), dataset.service.to_string()));
    }
    if !dataset.identifier.as_str().is_empty() {
        rows.push((say!("label-identifier"), dataset.identifier.to_string()));
    }
    if let Some(days) = dataset.update_days {
        rows.push((say!("label-update-days"), say!("words-update-days", days = days)));
    }
    if let Some(details) = &dataset.details {
        rows.push((say!("label-details"), table::short(details)));
    }
    if dataset.reliable {
        rows.push((say!("label-reliable"), say!("words-reliable-dataset")));
    }
    rows
}

/// A grant's terms.
pub(crate) fn terms_rows(terms: &GrantTerms, zone: &TimeZone) -> Rows {
    let period = say!(
        "words-period",
        from = time::show(terms.not_before, zone),
        until = time::show(terms.not_after, zone),
    );
    let quota = |limit: Option<u64>| {
        limit.map_or_else(|| say!("word-unlimited"), |limit| limit.to_string())
    };
    let mut rows = vec![
        (say!("label-dataset"), terms.dataset.to_string()),
        (say!("label-requester"), terms.requester.to_string()),
        (say!("label-matters"), codes(terms.matters.iter())),
        (say!("label-basis"), terms.duty_basis.to_string()),
        (say!("label-items"), items(&terms.items)),
        (say!("label-modes"), modes(terms.modes.iter())),
        (say!("label-in-force"), period),
        (say!("label-total-quota"), quota(terms.total_quota)),
        (say!("label-daily-quota"), quota(terms.daily_quota)),
        (say!("label-conditions"), conditions(&terms.conditions)),
    ];
    rows.extend(binding::binding_rows(terms));
    let force = terms.task_force.map(|id| (say!("label-task-force"), id.to_string()));
    rows.extend(force);
    rows
}

/// Conditions by number, in a line.
pub(crate) fn conditions(numbers: &BTreeSet<u8>) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// On what an access relies.
pub(crate) fn basis_row(basis: Basis) -> (String, String) {
    match basis {
        Basis::Grant(grant) => (say!("label-grant"), grant.to_string()),
        Basis::Emergency(emergency) => (say!("label-in-emergency"), emergency.to_string()),
    }
}

/// An attempt's content.
pub(crate) fn attempt_rows(attempt: &Attempt, zone: &TimeZone) -> Rows {
    let mut rows = vec![
        basis_row(attempt.grant),
        (say!("label-dataset"), attempt.dataset.to_string()),
        (say!("label-requester"), attempt.requester.to_string()),
        (say!("label-officer"), table::key(&attempt.officer)),
        (say!("label-matter"), attempt.matter.to_string()),
        (say!("label-items"), items(&attempt.items)),
        (say!("label-mode"), said("mode", &attempt.mode)),
        (say!("label-exchange"), attempt.exchange.to_string()),
        (say!("label-made-at"), time::show(attempt.made_at, zone)),
        (say!("label-attempt-until"), time::show(attempt.valid_until, zone)),
    ];
    if let Some(batch) = &attempt.batch {
        rows.push((say!("label-batch"), say!("words-batch", count = batch.count)));
        rows.push((say!("label-batch-root"), batch.root.to_string()));
    }
    rows.extend(task_forces::in_capacity(attempt.capacity));
    rows
}

/// Why an access is refused, with times in `zone`.
pub(crate) fn refusal(refusal: &AccessRefusal, zone: &TimeZone) -> String {
    render(&format!("err-{}", refusal.rule()), &access_fields(refusal, zone))
}

/// How often, and when last, a grant was used.
pub(crate) fn usage(usage: &Usage) -> String {
    match usage.total {
        0 => say!("words-never-used"),
        1 => say!("words-used-once", day = time::counted_date(usage.day)),
        total => say!("words-used-often", count = total, day = time::counted_date(usage.day)),
    }
}

/// Items in a line.
pub(crate) fn items(items: &Items) -> String {
    match items {
        Items::All => say!("word-all-items"),
        Items::Only(items) => items.iter().map(|item| item.as_str()).collect::<Vec<_>>().join(", "),
    }
}

/// Codes in a line.
pub(crate) fn codes<'a>(codes: impl Iterator<Item = &'a Code>) -> String {
    codes.map(|code| code.as_str()).collect::<Vec<_>>().join(", ")
}

/// Delivery modes in a line.
pub(crate) fn modes<'a>(modes: impl Iterator<Item = &'a DeliveryMode>) -> String {
    modes.map(|mode| said("mode", mode)).collect::<Vec<_>>().join(", ")
}

/// A word of the format, as it is written in files.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

/// A word of the format as people are told it; `kind` says what it is a word of.
pub(crate) fn said(kind: &str, value: &impl serde::Serialize) -> String {
    messages::word(kind, &word(value))
}

/// A time, or a word where there is none.
pub(crate) fn time_or(at: Option<TimeMs>, zone: &TimeZone, word: &str) -> String {
    at.map_or_else(|| text(word).to_owned(), |at| time::show(at, zone))
}

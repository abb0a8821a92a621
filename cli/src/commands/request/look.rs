//! `comity request list` and `show`: what was asked, who holds it, and what became of it.
//! Holds: whatever waits says who holds it, since when and by when it is needed.

use comity_core::codes::PublishedCode;
use comity_core::ids::TimeMs;
use comity_core::keys::PublicKey;
use comity_core::request::Outcome;
use comity_core::text::Code;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::super::{filter, log};
use super::is_open;
use crate::args::{ListRequests, ShowRequest};
use crate::client::{Client, Codes, EntryAnswer, RequestAnswer};
use crate::fault::Fault;
use crate::holder::Holder;
use crate::messages::say;
use crate::shell::Session;
use crate::wrap::fold;
use crate::{describe, table, time};

pub(super) fn list(args: &ListRequests, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let mut query = vec![];
    filter(&mut query, "provider", args.provider.as_ref());
    filter(&mut query, "requester", args.requester.as_ref());
    filter(&mut query, "dataset", args.dataset.as_ref());
    filter(&mut query, "bundle", args.bundle);
    filter(&mut query, "state", args.state.map(|state| state.as_str()));
    let holder = match (args.mine, &args.key) {
        (true, Some(key)) => Some(Holder::load(key)?),
        _ => None,
    };
    let (requests, values) = client.listed::<RequestAnswer>("/v1/requests", &query, "requests")?;
    let is_wanted = |(answer, _): &(RequestAnswer, Value)| {
        holder.as_ref().is_none_or(|holder| concerns(answer, holder))
    };
    let (requests, values): (Vec<_>, Vec<_>) =
        requests.into_iter().zip(values).filter(is_wanted).unzip();
    session.result(&json!({ "requests": values }), |shell| {
        let headings = [
            &say!("column-request"),
            &say!("column-by"),
            &say!("column-dataset"),
            &say!("column-state"),
            &say!("column-asked"),
            &say!("column-needed"),
        ];
        let row = |answer: &RequestAnswer| row(answer, &shell.zone);
        table::rows(&headings.map(String::as_str), requests.iter().map(row).collect())
    })
}

/// Whether somebody opened a request, or answers it.
fn concerns(answer: &RequestAnswer, holder: &Holder) -> bool {
    let asked = &answer.request.terms.asked;
    answer.request.opened_by == holder.key || asked.dataset.agency == holder.agency
}

fn row(answer: &RequestAnswer, zone: &TimeZone) -> Vec<String> {
    let terms = &answer.request.terms;
    let needed = terms.needed_by.map(|by| time::last_date(by, zone)).unwrap_or_default();
    vec![
        answer.id.to_string(),
        terms.asked.requester.to_string(),
        terms.asked.dataset.to_string(),
        state(&answer.state),
        time::date(answer.request.opened_on, zone),
        needed,
    ]
}

/// How a request stands, in the reader's words.
pub(super) fn state(word: &str) -> String {
    match word {
        "open" => say!("request-open"),
        "approved" => say!("request-approved"),
        "refused" => say!("request-refused"),
        "withdrawn" => say!("request-withdrawn"),
        "returned" => say!("request-returned"),
        other => other.to_owned(),
    }
}

pub(super) fn show(args: &ShowRequest, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let found = client.value(&format!("/v1/requests/{}", args.request), &vec![])?;
    let answer: RequestAnswer = client.read(&found)?;
    if session.global.json {
        return session.result(&found, |_| String::new());
    }
    let story = story(&client, &answer, session)?;
    let codes: Codes = client.get("/v1/codes")?;
    let history = history(&client, &answer, &session.shell.zone)?;
    session.result(&found, |shell| {
        let rows = titled(describe::asked_rows(&answer.request.terms, &shell.zone), &codes);
        let next = match is_open(&answer) {
            true => say!("request-next", request = answer.id),
            false => String::new(),
        };
        let parts = [fold(&story), table::pairs(&rows), fold(&history), next];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join("\n")
    })
}

/// Who asked for what, who holds it, and how it stands.
fn story(client: &Client, answer: &RequestAnswer, session: &Session<'_>) -> Result<String, Fault> {
    let (zone, request) = (&session.shell.zone, &answer.request);
    let dataset = &request.terms.asked.dataset;
    let contact = client.find_dataset(dataset)?.map(|found| found.dataset.contact);
    let contact = contact.map(|contact| contact.to_string()).unwrap_or_default();
    let stands = match &request.reply {
        None => {
            let waiting = waiting(answer, session);
            say!("request-waits", agency = dataset.agency, contact = contact, waiting = waiting)
        }
        Some(reply) => {
            let (day, at) = (time::date(reply.on, zone), reply.at);
            match &reply.outcome {
                Outcome::Approved { grant, by_rule: true } => {
                    say!("request-was-granted-by-rule", day = day, index = at, grant = grant)
                }
                Outcome::Approved { grant, by_rule: false } => {
                    say!("request-was-approved", day = day, index = at, grant = grant)
                }
                Outcome::Refused { legal_basis, reason } => say!(
                    "request-was-refused",
                    day = day,
                    index = at,
                    basis = legal_basis,
                    reason = reason
                ),
                Outcome::Withdrawn { reason } => {
                    say!("request-was-withdrawn", day = day, index = at, reason = reason)
                }
                Outcome::Returned { reason } => {
                    say!("request-was-returned", day = day, index = at, reason = reason)
                }
            }
        }
    };
    Ok(format!("{}\n{stands}", asked_by(client, answer, session)?))
}

/// Who asked for what, and when.
pub(crate) fn asked_by(
    client: &Client,
    answer: &RequestAnswer,
    session: &Session<'_>,
) -> Result<String, Fault> {
    let RequestAnswer { id, request, .. } = answer;
    let asked = &request.terms.asked;
    Ok(say!(
        "request-story",
        request = id,
        requester = asked.requester,
        dataset = asked.dataset,
        day = time::date(request.opened_on, &session.shell.zone),
        post = post(client, &request.opened_by)?,
    ))
}

/// The post that holds a key, with the key's first digits.
pub(crate) fn post(client: &Client, key: &PublicKey) -> Result<String, Fault> {
    let short = table::short(key);
    let post = client.find_key(key)?.map(|answer| answer.key.post.to_string());
    Ok(match post.filter(|post| !post.is_empty()) {
        Some(post) => say!("words-post-key", post = post, key = short),
        None => say!("words-key", key = short),
    })
}

/// For how long an open request has waited, by when it is needed, and how often it was urged.
pub(crate) fn waiting(answer: &RequestAnswer, session: &Session<'_>) -> String {
    let (zone, now) = (&session.shell.zone, session.as_of());
    let request = &answer.request;
    let mut parts = Vec::new();
    if let Some(by) = request.terms.needed_by {
        let day = time::last_date(by, zone);
        parts.push(match time::days_between(now, TimeMs(by.0.saturating_sub(1)), zone) {
            _ if by <= now => say!("words-needed-over", day = day),
            0 => say!("words-needed-today", day = day),
            1 => say!("words-needed-tomorrow", day = day),
            count => say!("words-needed-in", day = day, count = count),
        });
    }
    parts.push(match time::days_between(request.opened_on, now, zone) {
        0 => say!("words-waiting-today"),
        1 => say!("words-waiting-day"),
        count => say!("words-waiting-days", count = count),
    });
    match request.urging.count {
        0 => {}
        1 => parts.push(say!("words-urged-once")),
        count => parts.push(say!("words-urged", count = count)),
    }
    parts.join(&say!("words-between"))
}

/// Every entry about the request.
fn history(client: &Client, answer: &RequestAnswer, zone: &TimeZone) -> Result<String, Fault> {
    let query = vec![("order", "asc".to_owned()), ("request", answer.id.to_string())];
    let entries: Vec<EntryAnswer> = client.all("/v1/entries", &query, "entries")?;
    let mut lines = vec![say!("request-history")];
    for entry in &entries {
        let row = log::row(entry, &time::date(entry.time, zone));
        lines.push(format!("  {}", row.join("  ")));
    }
    Ok(lines.join("\n"))
}

/// Rows in which codes stand with what they stand for.
pub(crate) fn titled(rows: Vec<(String, String)>, codes: &Codes) -> Vec<(String, String)> {
    let named = |list: &[PublishedCode], text: &str| {
        let word = |code: &str| match list.iter().find(|entry| entry.code.as_str() == code) {
            Some(PublishedCode { code, title, .. }) => with_title(code, title.as_str()),
            None => code.to_owned(),
        };
        text.split(", ").map(word).collect::<Vec<_>>().join("; ")
    };
    let titled = |(label, text): (String, String)| {
        let text = match () {
            () if label == say!("label-matters") => named(&codes.matters, &text),
            () if label == say!("label-basis") => named(&codes.duty_bases, &text),
            () => text,
        };
        (label, text)
    };
    rows.into_iter().map(titled).collect()
}

fn with_title(code: &Code, title: &str) -> String {
    say!("words-code-title", code = code, title = title)
}

//! Problems: a node's answer that something is wrong (RFC 9457).
//! Holds: a rule's name and what it found survive, whatever else the answer says.
//! Source: docs/api.md.

use comity_core::access::AccessRefusal;
use comity_core::ids::TimeMs;
use comity_core::keys::PublicKey;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::Value;

use crate::fault::{Fault, Fields};
use crate::messages::{fault, say};
use crate::{table, time};

const RULE: &str = "urn:comity:rule:";
const PROBLEM: &str = "urn:comity:problem:";

/// A problem as the node words it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(crate) struct Problem {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    rule: Option<String>,
    #[serde(default)]
    refusal: Value,
    #[serde(flatten)]
    erasure: Option<Erasure>,
    #[serde(skip)]
    status: u16,
}

/// What is left of a sealed detail that was erased.
#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Erasure {
    erased_at: TimeMs,
    erased_by: PublicKey,
    reason: String,
}

impl Problem {
    /// The problem in an answer's body; one that cannot be read has its HTTP status alone.
    pub(crate) fn read(status: u16, body: &[u8]) -> Problem {
        let problem: Problem = serde_json::from_slice(body).unwrap_or_default();
        Problem { status, ..problem }
    }

    /// The rule that refuses, if one does.
    pub(crate) fn rule(&self) -> Option<&str> {
        self.rule.as_deref().or_else(|| self.kind.strip_prefix(RULE))
    }

    /// The rule's name, or the problem's.
    pub(crate) fn name(&self) -> &str {
        let problem = self.kind.strip_prefix(PROBLEM).unwrap_or("unnamed");
        self.rule().unwrap_or(problem)
    }

    /// What the node says, in a line.
    pub(crate) fn words(&self) -> String {
        let Problem { status, title, detail, .. } = self;
        let words = if detail.is_empty() { title } else { detail };
        if words.is_empty() { format!("HTTP {status}") } else { words.clone() }
    }

    /// When, by whom and why what was asked for was erased, if it was.
    pub(crate) fn erasure(&self) -> Option<String> {
        let Erasure { erased_at, erased_by, reason } = self.erasure.as_ref()?;
        let (time, key) = (time::show(*erased_at, &TimeZone::UTC), table::short(erased_by));
        Some(say!("words-erasure", time = time, key = key, reason = reason))
    }

    /// The refusal of an access that this is, if it is one.
    pub(crate) fn access_refusal(&self) -> Option<AccessRefusal> {
        let mut found = self.refusal.clone();
        found.as_object_mut()?.insert("rule".to_owned(), self.rule()?.into());
        serde_json::from_value(found).ok()
    }

    /// The refusal of an access that would have had to be named, if that is what it says.
    pub(crate) fn due(&self) -> Option<AccessRefusal> {
        serde_json::from_value(self.refusal.get("due")?.clone()).ok()
    }

    /// The refusal as a fault, with times in `zone`.
    pub(crate) fn into_refusal(self, zone: &TimeZone, mut fields: Fields) -> Fault {
        let mut found = refusal_fields(&self.refusal, zone);
        found.append(&mut fields);
        found.push(("detail".to_owned(), self.words()));
        Fault::refused(self.name(), found)
    }

    /// The problem as a fault, where it is none of the ledger's refusals.
    pub(crate) fn into_fault(self, url: &str) -> Fault {
        match (self.status, self.name()) {
            (404, _) => fault!(Failed, "not-found", url = url, detail = self.words()),
            (503, _) => fault!(Unknown, "node-busy", url = url, detail = self.words()),
            _ => fault!(Failed, "node-problem", url = url, detail = self.words()),
        }
    }
}

/// What the refusal of an access found, by name, as texts show it.
pub(crate) fn access_fields(refusal: &AccessRefusal, zone: &TimeZone) -> Fields {
    refusal_fields(&serde_json::to_value(refusal).unwrap_or_default(), zone)
}

/// What a refusal found, by name, as texts show it.
pub(crate) fn refusal_fields(refusal: &Value, zone: &TimeZone) -> Fields {
    let Some(object) = refusal.as_object() else { return vec![] };
    let shown = |(name, value): (&String, &Value)| {
        let text = match (name.as_str(), value) {
            (
                "until" | "from" | "closes" | "earliest" | "due" | "since" | "latest" | "now",
                Value::Number(ms),
            ) => time::show(TimeMs(ms.as_u64().unwrap_or(u64::MAX)), zone),
            ("day", Value::Number(day)) => time::counted_date(day.as_u64().unwrap_or(u64::MAX)),
            ("needed", Value::Array(signers)) => needed(signers),
            ("key" | "gateway", Value::String(key)) => table::short(key),
            ("due", Value::Null) => say!("words-no-clock"),
            ("fault", Value::String(word)) => unfit(word),
            // The one word that means different things in different places.
            ("list", Value::String(word)) if word == "matters" => say!("found-list-matters"),
            ("field", Value::String(word)) if word == "matters" => say!("found-field-matters"),
            ("list" | "field" | "sharing", Value::String(word)) => plain(word),
            ("capacity", capacity) => in_name_of(capacity),
            (_, Value::String(text)) => text.clone(),
            (_, other) => other.to_string(),
        };
        (name.clone(), text)
    };
    object.iter().filter(|(name, _)| *name != "rule").map(shown).collect()
}

/// Those whose signatures are needed, in a line.
fn needed(signers: &[Value]) -> String {
    let named = |signer: &Value| {
        let of = |name: &str| signer[name].as_str().unwrap_or_default().to_owned();
        say!("words-signer", agency = of("agency"), role = of("role"))
    };
    signers.iter().map(named).collect::<Vec<_>>().join(", ")
}

/// In whose name one signs, as people say it.
fn in_name_of(capacity: &Value) -> String {
    match capacity["task-force"].as_str() {
        Some(id) => say!("words-for-task-force", task_force = id),
        None => say!("words-for-agency"),
    }
}

/// Why a measure, a calendar or a rule pack cannot be, as people say it.
fn unfit(fault: &str) -> String {
    match fault {
        "office" => say!("unfit-office"),
        "emergency" => say!("unfit-emergency"),
        "period" => say!("unfit-period"),
        "week" => say!("unfit-week"),
        "days" => say!("unfit-days"),
        "text" => say!("unfit-text"),
        "clock" => say!("unfit-clock"),
        "stewards" => say!("unfit-stewards"),
        "agency-exists" => say!("unfit-agency-exists"),
        "keys" => say!("unfit-keys"),
        "key-role" => say!("unfit-key-role"),
        "admin-count" => say!("unfit-admin-count"),
        "too-many-members" => say!("unfit-too-many-members"),
        "sponsor" => say!("unfit-sponsor"),
        "hosting-over" => say!("unfit-hosting-over"),
        "is-authority" => say!("unfit-is-authority"),
        "is-sponsor" => say!("unfit-is-sponsor"),
        "standing" => say!("unfit-standing"),
        "validator-set" => say!("unfit-validator-set"),
        "parameters" => say!("unfit-parameters"),
        "version" => say!("unfit-version"),
        "nothing-changes" => say!("unfit-nothing-changes"),
        word => word.to_owned(),
    }
}

/// A word of the format as people say it.
fn plain(word: &str) -> String {
    match word {
        "duty-bases" => say!("found-list-duty-bases"),
        "title" => say!("found-field-title"),
        "contact" => say!("found-field-contact"),
        "not-shared" => say!("found-not-shared"),
        "unclassified" => say!("found-unclassified"),
        "dataset" => say!("found-field-dataset"),
        "requester" => say!("found-field-requester"),
        "duty-basis" => say!("found-field-duty-basis"),
        "items" => say!("found-field-items"),
        "modes" => say!("found-field-modes"),
        "period" => say!("found-field-period"),
        "total-quota" => say!("found-field-total-quota"),
        "daily-quota" => say!("found-field-daily-quota"),
        "officers" => say!("found-field-officers"),
        "onward" => say!("found-field-onward"),
        "undertakings" => say!("found-field-undertakings"),
        "task-force" => say!("found-field-task-force"),
        word => word.to_owned(),
    }
}

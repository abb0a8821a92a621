//! The node's HTTP API, as far as people need it; a verified log answers in its place (see `held`).
//! Holds: a record whose fate is not known is never taken for refused or accepted; nothing is
//! sent but to the named node (no proxy, no redirect).
//! May not enter: signing; printing. Source: docs/api.md.

mod answers;
mod objects;
mod problem;
mod signed;

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use comity_core::access::SignedAttempt;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::http::Response;
use ureq::typestate::WithoutBody;
use ureq::{Agent, Body, RequestBuilder};

pub(crate) use answers::{
    CheckFound, Codes, Committed, DisputeFound, EmergencyAnswer, EntryAnswer, Evaluation,
    GrantAnswer, IncidentFound, KeyAnswer, MemberAnswer, ProposalAnswer, RequestAnswer,
    RulesAnswer, Status, TaskForceAnswer, Version, Voter, Voting,
};
#[cfg(test)]
pub(crate) use problem::refusal_fields;
pub(crate) use problem::{Problem, access_fields};

use crate::fault::Fault;
use crate::held::Held;
use crate::messages::fault;

/// Longer than the node itself waits for a commit (30 s).
const ANSWER_TIMEOUT: Duration = Duration::from_secs(45);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A stream that says nothing for so long is taken for broken.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(60);
/// Largest answer read into memory.
const MAX_ANSWER_BYTES: u64 = 256 * 1024 * 1024;
/// Most objects on one page.
const PAGE: usize = 1_000;

/// A query's names and values.
pub(crate) type Query = Vec<(&'static str, String)>;

/// A part of a list.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// Its objects.
    pub(crate) found: Vec<Value>,
    /// The `from` of what comes next; `None` after the last.
    pub(crate) next: Option<String>,
}

/// Why a submitted record is not known to be committed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SubmitError {
    /// A rule refuses it.
    #[error("refused by {}", .0.name())]
    Refused(Box<Problem>),
    /// The node did not take it.
    #[error("the node could not take it: {0}")]
    NotTaken(String),
    /// It was sent, but what became of it is not known.
    #[error("outcome unknown: {0}")]
    Unknown(String),
}

/// One node, or a verified log in the place of one.
#[derive(Debug)]
pub(crate) struct Client {
    source: Source,
    /// The node's address, or the file's name.
    base: String,
}

/// Who answers.
#[derive(Debug)]
enum Source {
    /// A node.
    Node(Agent),
    /// A log that was verified from a file: it answers what the log says, and nothing else.
    Held(Arc<Held>),
}

impl Client {
    /// A client of the node at `url`. Errors: not an `http://` address.
    pub(crate) fn new(url: &str) -> Result<Client, Fault> {
        if !url.starts_with("http://") || url.parse::<ureq::http::Uri>().is_err() {
            return Err(fault!(Usage, "node-url", url = url));
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_recv_response(Some(ANSWER_TIMEOUT))
            .timeout_recv_body(Some(ANSWER_TIMEOUT))
            .user_agent(concat!("comity/", env!("CARGO_PKG_VERSION")))
            .build();
        let base = url.trim_end_matches('/').to_owned();
        Ok(Client { source: Source::Node(config.into()), base })
    }

    /// A client of a log that was verified from a file.
    pub(crate) fn of_held(held: Arc<Held>) -> Client {
        Client { base: held.name(), source: Source::Held(held) }
    }

    /// The node's connections. Errors: there is no node, but a file.
    fn agent(&self) -> Result<&Agent, Fault> {
        match &self.source {
            Source::Node(agent) => Ok(agent),
            Source::Held(held) => Err(held.needs_node()),
        }
    }

    /// The node's address.
    pub(crate) fn url(&self) -> &str {
        &self.base
    }

    /// The object at `path`.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Fault> {
        self.read(&self.value(path, &vec![])?)
    }

    /// The JSON at `path`.
    pub(crate) fn value(&self, path: &str, query: &Query) -> Result<Value, Fault> {
        if let Source::Held(held) = &self.source {
            return held.value(path, query);
        }
        let sent = self.request(path, query)?.call();
        let response = self.checked(sent.map_err(|e| self.unreachable(&e))?)?;
        self.json(response)
    }

    /// The bytes at `path`.
    pub(crate) fn bytes(&self, path: &str, query: &Query) -> Result<Vec<u8>, Fault> {
        let sent = self.request(path, query)?.call();
        let mut response = self.checked(sent.map_err(|e| self.unreachable(&e))?)?;
        read_body(&mut response).map_err(|e| self.unreachable(&e))
    }

    /// A JSON object as an object of this version's.
    pub(crate) fn read<T: DeserializeOwned>(&self, value: &Value) -> Result<T, Fault> {
        // A list would pass for the object's fields in their order.
        if !value.is_object() {
            let cause = "no object";
            return Err(fault!(Failed, "answer-unreadable", url = self.base, cause = cause));
        }
        T::deserialize(value)
            .map_err(|e| fault!(Failed, "answer-unreadable", url = self.base, cause = e))
    }

    /// Up to `limit` objects of a list, over as many pages as needed.
    pub(crate) fn list(
        &self,
        path: &str,
        query: &Query,
        name: &str,
        limit: usize,
    ) -> Result<Vec<Value>, Fault> {
        Ok(self.part(path, query, name, limit)?.found)
    }

    /// As `list`, with where the list goes on.
    pub(crate) fn part(
        &self,
        path: &str,
        query: &Query,
        name: &str,
        limit: usize,
    ) -> Result<Part, Fault> {
        let mut found = Vec::new();
        let mut next: Option<String> = None;
        while found.len() < limit {
            let mut query = query.clone();
            query.push(("limit", (limit - found.len()).min(PAGE).to_string()));
            if let Some(from) = &next {
                query.retain(|(name, _)| *name != "from");
                query.push(("from", from.clone()));
            }
            let mut page = self.value(path, &query)?;
            let Some(Value::Array(mut items)) = page.get_mut(name).map(Value::take) else {
                let cause = format!("no {name}");
                return Err(fault!(Failed, "answer-unreadable", url = self.base, cause = cause));
            };
            // A node that repeats where it stands ends the list, whatever it says comes next.
            let before = next;
            next = page.get("next").and_then(cursor).filter(|next| before.as_ref() != Some(next));
            found.append(&mut items);
            if next.is_none() {
                break;
            }
        }
        found.truncate(limit);
        Ok(Part { found, next })
    }

    /// A stream of the node's: events or an archive.
    pub(crate) fn stream(&self, path: &str, query: &Query) -> Result<impl Read + use<>, Fault> {
        let request = self.request(path, query)?.config();
        let request =
            request.timeout_recv_body(None).timeout_per_read(Some(SILENCE_TIMEOUT)).build();
        let response = self.checked(request.call().map_err(|e| self.unreachable(&e))?)?;
        Ok(response.into_body().into_reader())
    }

    /// How the node would judge an attempt now.
    pub(crate) fn evaluate(&self, attempt: &SignedAttempt) -> Result<Evaluation, Fault> {
        let url = format!("{}/v1/evaluate", self.base);
        let sent = self.agent()?.post(&url).send_json(attempt);
        let response = self.checked(sent.map_err(|e| self.unreachable(&e))?)?;
        self.read(&self.json(response)?)
    }

    /// Submits a signed record's bytes and waits for the commit.
    pub(crate) fn submit(&self, bytes: &[u8]) -> Result<Committed, SubmitError> {
        let url = format!("{}/v1/records", self.base);
        let Source::Node(agent) = &self.source else {
            return Err(SubmitError::NotTaken(self.base.clone()));
        };
        let request = agent.post(&url).query("wait", "commit");
        let sent = request.header("content-type", "application/octet-stream").send(bytes);
        let mut response = match sent {
            Ok(response) => response,
            Err(error) if was_never_sent(&error) => {
                return Err(SubmitError::NotTaken(error.to_string()));
            }
            Err(error) => return Err(SubmitError::Unknown(error.to_string())),
        };
        let status = response.status().as_u16();
        let body = read_body(&mut response).map_err(|e| SubmitError::Unknown(e.to_string()))?;
        if (200..300).contains(&status) {
            // The node answered well, but not in words we know, or without waiting: not known.
            return serde_json::from_slice(&body).map_err(|e| SubmitError::Unknown(e.to_string()));
        }
        let problem = Problem::read(status, &body);
        match status {
            _ if problem.rule().is_some() => Err(SubmitError::Refused(Box::new(problem))),
            503 => Err(SubmitError::NotTaken(problem.words())),
            400..500 => Err(SubmitError::NotTaken(problem.words())),
            _ => Err(SubmitError::Unknown(problem.words())),
        }
    }

    fn request(&self, path: &str, query: &Query) -> Result<RequestBuilder<WithoutBody>, Fault> {
        let request = self.agent()?.get(format!("{}{path}", self.base));
        Ok(query.iter().fold(request, |request, (name, value)| request.query(*name, value)))
    }

    fn checked(&self, mut response: Response<Body>) -> Result<Response<Body>, Fault> {
        let status = response.status().as_u16();
        if (200..300).contains(&status) {
            return Ok(response);
        }
        let body = read_body(&mut response).unwrap_or_default();
        Err(Problem::read(status, &body).into_fault(&self.base))
    }

    fn json(&self, mut response: Response<Body>) -> Result<Value, Fault> {
        let body = read_body(&mut response).map_err(|e| self.unreachable(&e))?;
        serde_json::from_slice(&body)
            .map_err(|e| fault!(Failed, "answer-unreadable", url = self.base, cause = e))
    }

    fn unreachable(&self, error: &ureq::Error) -> Fault {
        fault!(Unknown, "node-unreachable", url = self.base, cause = error)
    }
}

fn read_body(response: &mut Response<Body>) -> Result<Vec<u8>, ureq::Error> {
    response.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_vec()
}

fn cursor(next: &Value) -> Option<String> {
    match next {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// Whether the connection was not even made.
fn was_never_sent(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Io(cause) => cause.kind() == std::io::ErrorKind::ConnectionRefused,
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => true,
        ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => true,
        _ => false,
    }
}

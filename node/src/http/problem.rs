//! Errors as RFC 9457 problems.
//! Holds: every error of the API, a router's own included, is one; its `type` names the rule or
//! the problem for programs, its `detail` says it to a person.
//! May not enter: advice (it is in the message catalogue of whoever shows it).

use std::error::Error;

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use comity_core::hash::Commitment;
use comity_core::refusal::Refusal;
use comity_core::statement::RecordError;
use serde::Serialize;
use serde_json::{Value, json};

use super::blocks::BlocksError;
use crate::kept::Erasure;
use crate::shell::ShellGone;
use crate::view::ViewError;

/// An answer that is an error.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Problem {
    status: StatusCode,
    body: Box<Body>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Body {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<Value>,
    #[serde(flatten)]
    erasure: Option<Erasure>,
}

impl Problem {
    fn named(
        status: StatusCode,
        name: &str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Problem {
        let kind = format!("urn:comity:problem:{name}");
        let (status_number, detail) = (status.as_u16(), detail.into());
        let body = Body {
            kind,
            title,
            status: status_number,
            detail,
            rule: None,
            refusal: None,
            erasure: None,
        };
        Problem { status, body: Box::new(body) }
    }

    fn of_rule(
        status: StatusCode,
        title: &'static str,
        rule: &'static str,
        detail: String,
        refusal: Option<Value>,
    ) -> Problem {
        let kind = format!("urn:comity:rule:{rule}");
        let status_number = status.as_u16();
        let rule = Some(rule);
        let body =
            Body { kind, title, status: status_number, detail, rule, refusal, erasure: None };
        Problem { status, body: Box::new(body) }
    }

    /// What is told of this one case.
    pub(super) fn detail(&self) -> String {
        self.body.detail.clone()
    }

    /// 400: the request itself is not understood.
    pub(super) fn bad_request(detail: impl Into<String>) -> Problem {
        Problem::named(StatusCode::BAD_REQUEST, "bad-request", "Request not understood", detail)
    }

    /// 401: nobody has signed for it.
    pub(super) fn unsigned(detail: impl Into<String>) -> Problem {
        Problem::named(StatusCode::UNAUTHORIZED, "unsigned", "Not signed", detail)
    }

    /// 401: what was signed is something else.
    pub(super) fn bad_signature(detail: impl Into<String>) -> Problem {
        let title = "Signature does not hold";
        Problem::named(StatusCode::UNAUTHORIZED, "bad-signature", title, detail)
    }

    /// 403: the key is not one that may.
    pub(super) fn not_yours(detail: impl Into<String>) -> Problem {
        Problem::named(StatusCode::FORBIDDEN, "not-yours", "Not for this key", detail)
    }

    /// 500: what was kept is damaged.
    pub(super) fn kept_damaged(detail: impl Into<String>) -> Problem {
        let title = "Kept, but damaged";
        Problem::named(StatusCode::INTERNAL_SERVER_ERROR, "kept-damaged", title, detail)
    }

    /// 404: nothing of that name is kept here.
    pub(super) fn not_kept(detail: impl Into<String>) -> Problem {
        Problem::named(StatusCode::NOT_FOUND, "not-kept", "Not kept here", detail)
    }

    /// 410: it was kept, and erased.
    pub(super) fn erased(commitment: &Commitment, erasure: &Erasure) -> Problem {
        let Erasure { erased_at, erased_by, reason } = erasure;
        let detail = format!(
            "the opening of {commitment} was erased at {} (ms since 1970) by the key {erased_by}: \
             {reason}. It is gone for good; the commitment stays on the log",
            erased_at.0
        );
        let mut problem = Problem::named(StatusCode::GONE, "erased", "Erased", detail);
        problem.body.erasure = Some(erasure.clone());
        problem
    }

    /// 400: the bytes have another hash.
    pub(super) fn hash_mismatch(detail: impl Into<String>) -> Problem {
        Problem::named(StatusCode::BAD_REQUEST, "hash-mismatch", "Another text", detail)
    }

    /// 507: there is no room for more.
    pub(super) fn kept_full(detail: impl Into<String>) -> Problem {
        let title = "No room to keep more";
        Problem::named(StatusCode::INSUFFICIENT_STORAGE, "kept-full", title, detail)
    }

    /// 404: no such thing.
    pub(super) fn not_found(detail: impl Into<String>) -> Problem {
        Problem::named(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
    }

    /// 405.
    pub(super) fn method_not_allowed(detail: impl Into<String>) -> Problem {
        let (status, name) = (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed");
        Problem::named(status, name, "Method not allowed here", detail)
    }

    /// 408: the request's body did not come in time.
    pub(super) fn body_timeout() -> Problem {
        let detail = "the request's body did not arrive in time";
        Problem::named(StatusCode::REQUEST_TIMEOUT, "body-timeout", "Body too slow", detail)
    }

    /// 413: the body is too long.
    pub(super) fn too_large(limit: usize) -> Problem {
        let detail = format!("the body may have at most {limit} bytes");
        Problem::named(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Body too long", detail)
    }

    /// 415: the body is called something else than what belongs here.
    pub(super) fn unsupported_media_type(kind: &str) -> Problem {
        let detail = format!("the body here is {kind}: say so as its Content-Type");
        let (status, name) = (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type");
        Problem::named(status, name, "Other kind of body", detail)
    }

    /// 421: not meant for this server.
    pub(super) fn misdirected(host: &str) -> Problem {
        let detail = format!(
            "this API answers requests to localhost and loopback addresses only, not to {host:?}"
        );
        Problem::named(StatusCode::MISDIRECTED_REQUEST, "misdirected", "Other host", detail)
    }

    /// 503: not now; try again.
    pub(super) fn busy(detail: impl Into<String>) -> Problem {
        Problem::named(StatusCode::SERVICE_UNAVAILABLE, "busy", "Busy", detail)
    }

    /// 503: there is too little room on the disk.
    pub(super) fn disk_full(detail: impl Into<String>) -> Problem {
        Problem::named(StatusCode::SERVICE_UNAVAILABLE, "disk-full", "Disk nearly full", detail)
    }

    /// 503: too few witnesses have cosigned.
    pub(super) fn not_witnessed() -> Problem {
        let detail = "too few witnesses have cosigned a checkpoint of this log yet, and the node's \
                      operator publishes none without them";
        Problem::named(StatusCode::SERVICE_UNAVAILABLE, "not-witnessed", "Not witnessed", detail)
    }

    /// 503: the node is ending.
    pub(super) fn shutting_down() -> Problem {
        let detail = "the node is shutting down";
        Problem::named(StatusCode::SERVICE_UNAVAILABLE, "shutting-down", "Shutting down", detail)
    }

    /// 503: what is shown would be old.
    pub(super) fn view_failed(reason: &str) -> Problem {
        let detail = format!("the node's view of the ledger has failed: {reason}");
        Problem::named(StatusCode::SERVICE_UNAVAILABLE, "view-failed", "View failed", detail)
    }

    /// 504: taken, but what became of it is not known.
    pub(super) fn commit_timeout() -> Problem {
        let detail = "the record was not committed in time and may be committed yet: \
                      ask again with the identical bytes";
        let (status, name) = (StatusCode::GATEWAY_TIMEOUT, "commit-timeout");
        Problem::named(status, name, "Not committed in time", detail)
    }

    /// 504: the answer took too long.
    pub(super) fn timeout() -> Problem {
        let detail = "the answer took too long";
        Problem::named(StatusCode::GATEWAY_TIMEOUT, "timeout", "No answer in time", detail)
    }

    /// 500: the node's own fault.
    pub(super) fn internal(error: &dyn Error) -> Problem {
        let detail = with_causes(error);
        tracing::error!(error = %detail, "a request failed");
        Problem::named(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Node failed", detail)
    }

    /// 400: no valid record, whatever the state.
    pub(super) fn invalid_record(error: &RecordError) -> Problem {
        let title = "Record not valid";
        let detail = with_causes(error);
        Problem::of_rule(StatusCode::BAD_REQUEST, title, error.rule(), detail, None)
    }

    /// 409: a rule refuses the record as things stand.
    pub(super) fn refused(refusal: &Refusal) -> Problem {
        let title = "Record refused";
        let found = Some(json!(refusal));
        Problem::of_rule(StatusCode::CONFLICT, title, refusal.rule(), refusal.to_string(), found)
    }
}

/// An error and what caused it, in one line.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}

impl From<ViewError> for Problem {
    fn from(error: ViewError) -> Problem {
        Problem::view_failed(&with_causes(&error))
    }
}

impl From<BlocksError> for Problem {
    fn from(error: BlocksError) -> Problem {
        Problem::internal(&error)
    }
}

impl From<ShellGone> for Problem {
    fn from(_: ShellGone) -> Problem {
        Problem::shutting_down()
    }
}

impl From<tokio::task::JoinError> for Problem {
    fn from(error: tokio::task::JoinError) -> Problem {
        Problem::internal(&error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        let headers = response.headers_mut();
        let kind = header::HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, kind);
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = header::HeaderValue::from_static("Comity");
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use comity_core::access::AccessRefusal;
    use comity_core::ids::LogIndex;

    use super::*;

    #[test]
    fn refusal_inside_a_refusal_names_its_rule_once() {
        let due = AccessRefusal::GrantRevoked { at: LogIndex(9) };
        let access = Problem::refused(&Refusal::Access(due.clone())).body;
        assert_eq!(access.kind, "urn:comity:rule:grant-revoked");
        assert_eq!(access.refusal, Some(json!({ "rule": "grant-revoked", "at": 9 })));
        let mismatch = Problem::refused(&Refusal::DenialMismatch { due }).body;
        assert_eq!(mismatch.kind, "urn:comity:rule:denial-mismatch");
        let found =
            json!({ "rule": "denial-mismatch", "due": { "rule": "grant-revoked", "at": 9 } });
        assert_eq!(mismatch.refusal, Some(found));
    }

    #[test]
    fn what_a_refusal_found_is_beside_its_rule() {
        let refusal = Refusal::SignerRevoked { at: LogIndex(4) };
        let body = json!(Problem::refused(&refusal).body);
        assert_eq!(body["status"], 409);
        assert_eq!(body["rule"], "signer-revoked");
        assert_eq!(body["refusal"], json!({ "rule": "signer-revoked", "at": 4 }));
        assert_eq!(body["detail"], "the signing key was revoked by entry 4");
    }
}

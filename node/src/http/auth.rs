//! Signed queries: whoever asks shows that they hold a key of this node's own agency.
//! Holds: nothing is checked that was not signed; the checks come in the order below, so that one
//! request always gets the same answer; nobody unknown makes the node read a body.
//! May not enter: what the roles may do (see each handler). Source: docs/formats.md, "Signed
//! queries"; docs/api.md.
//!
//! 1. there is one `Authorization: Comity …` header that decodes, else `unsigned`;
//! 2. it is for this consortium, method and path, 3. signed not long ago, 4. truly, else
//!    `bad-signature`;
//! 5. the key is on the ledger, of this node's agency, and in force, else `not-yours`;
//! 6. the body is the one that was signed, else `bad-signature`.
//!
//! A query may be sent again within its two minutes by whoever saw it. No nonce is kept against
//! that, since everything asked here is idempotent: reading changes nothing, keeping and erasing
//! again change nothing, and what was erased is never kept again. Who can read the answer to a
//! replay on the loopback could have read the first.

use axum::extract::{FromRequest, Request};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use comity_core::agency::{KeyEnd, KeyRole};
use comity_core::encoding::decode;
use comity_core::ids::TimeMs;
use comity_core::keys::PublicKey;
use comity_core::query::{MAX_QUERY_AGE_MS, Query, SignedQuery};
use sha2::{Digest, Sha256};

use super::ApiState;
use super::extract::any_body;
use super::problem::Problem;
use crate::clock::system_time;

const SCHEME: &str = "Comity ";
/// Longest signed query (bytes): its fields at their longest, and room.
const MAX_QUERY_BYTES: usize = 2048;

/// A request whose asker is known, with its body of at most `LIMIT` bytes.
#[derive(Clone, Debug)]
pub(super) struct Signed<const LIMIT: usize> {
    /// Who asks.
    pub(super) by: Caller,
    /// The body.
    pub(super) body: Vec<u8>,
}

/// Somebody of this node's agency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    /// Their key, in force.
    pub(super) key: PublicKey,
    /// Its role.
    pub(super) role: KeyRole,
    /// This node's time when they asked.
    pub(super) now: TimeMs,
}

impl Caller {
    /// Errors: `not-yours` where the role is none of these.
    pub(super) fn require(&self, roles: &[KeyRole], what: &str) -> Result<(), Problem> {
        if roles.contains(&self.role) {
            return Ok(());
        }
        let names: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
        let Caller { role, .. } = self;
        Err(Problem::not_yours(format!(
            "a key of role {role} may not {what}; nothing was shown or changed. Ask with a key of \
             role {}",
            names.join(", ")
        )))
    }
}

impl<const LIMIT: usize> FromRequest<ApiState> for Signed<LIMIT> {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &ApiState) -> Result<Self, Problem> {
        if let Some(reason) = api.view().failure() {
            return Err(Problem::view_failed(reason));
        }
        let (parts, body) = request.into_parts();
        let signed = presented(&parts)?;
        let now = system_time();
        check_query(&signed.query, &parts, api, now)?;
        if signed.verify().is_err() {
            return Err(Problem::bad_signature(
                "the signature is not of the key that is named; nothing was done. Sign the query \
                 again with the key's own secret",
            ));
        }
        let by = caller(api, signed.query.key, now)?;
        let body = any_body(Request::from_parts(parts, body), LIMIT).await?;
        if hex::encode(Sha256::digest(&body)) != signed.query.body.as_str() {
            return Err(Problem::bad_signature(
                "another body was signed than was sent; nothing was done. Sign the query again \
                 over the SHA-256 of the body as it is sent",
            ));
        }
        Ok(Signed { by, body })
    }
}

pub(super) fn presented(parts: &Parts) -> Result<SignedQuery, Problem> {
    let mut headers = parts.headers.get_all(AUTHORIZATION).iter();
    let unsigned = |what: &str| {
        Problem::unsigned(format!(
            "{what}; this is shown and done only for keys of this node's agency. Send one header \
             \"Authorization: Comity \" and the signed query in base64 (the comity command does \
             so with --key)"
        ))
    };
    let header = match (headers.next(), headers.next()) {
        (Some(header), None) => header.to_str().unwrap_or_default(),
        (None, _) => return Err(unsigned("the request is not signed")),
        (Some(_), Some(_)) => return Err(unsigned("the request has several signatures")),
    };
    let Some(text) = header.strip_prefix(SCHEME) else {
        return Err(unsigned("the request is signed in another way than Comity's"));
    };
    let bytes = STANDARD.decode(text.trim()).ok();
    let signed = bytes.and_then(|bytes| decode(&bytes, MAX_QUERY_BYTES).ok());
    signed.ok_or_else(|| unsigned("the signed query cannot be read"))
}

/// What was signed is what is asked, here and now.
fn check_query(query: &Query, parts: &Parts, api: &ApiState, now: TimeMs) -> Result<(), Problem> {
    let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let other = |what: &str| {
        let detail = format!(
            "the query was signed for another {what} than it was sent for; nothing was done. Sign \
             it again for this one"
        );
        Err(Problem::bad_signature(detail))
    };
    if query.consortium != api.0.consortium {
        return other("consortium");
    }
    if query.method.as_str() != parts.method.as_str() {
        return other("method");
    }
    if query.path.as_str() != path {
        return other("path");
    }
    if query.made_at.0.abs_diff(now.0) > MAX_QUERY_AGE_MS {
        return Err(Problem::bad_signature(format!(
            "the query was signed at {}, and this node's clock says {} (ms since 1970): more than \
             {} s apart; nothing was done. Check both clocks and sign again",
            query.made_at.0,
            now.0,
            MAX_QUERY_AGE_MS / 1000
        )));
    }
    Ok(())
}

/// Whose key it is. Hosted members' keys will be their sponsor's node's to know.
fn caller(api: &ApiState, key: PublicKey, now: TimeMs) -> Result<Caller, Problem> {
    let at = api.view().snapshot();
    let refuse = |what: String| {
        Err(Problem::not_yours(format!(
            "{what}; nothing was shown or changed. Ask the node of the key's own agency, with a \
             key that is in force"
        )))
    };
    let Some(registered) = at.key(&key) else {
        return refuse(format!("the key {key} is not on the ledger"));
    };
    let agency = &registered.agency;
    if *agency != api.0.agency {
        return refuse(format!("the key is of {agency}, and this is the node of {}", api.0.agency));
    }
    match registered.end(now.max(at.tip().time)) {
        Some(KeyEnd::Revoked(at)) => refuse(format!("the key was revoked by entry {at}")),
        Some(KeyEnd::Expired(_)) => refuse("the key has run out".to_owned()),
        None => Ok(Caller { key, role: registered.role, now }),
    }
}

//! What a request asks for, read strictly.
//! Holds: what is not understood is a problem that says what and why, never ignored.
//! May not enter: the ledger.

use std::fmt::Display;
use std::str::FromStr;

use axum::body::Body;
use axum::extract::{FromRequestParts, Path, Query, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use futures::StreamExt as _;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::limits::BODY_TIMEOUT;
use super::problem::Problem;

/// Most items of a page.
const MAX_LIMIT: u64 = 1000;
const DEFAULT_LIMIT: u64 = 100;

/// The query's parameters. Unknown ones are refused where `T` does so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Params<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(params)) => Ok(Params(params)),
            Err(rejection) => Err(Problem::bad_request(rejection.body_text())),
        }
    }
}

/// What the path names: its variable parts, joined by slashes, as a `T`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<T>(pub(super) T);

impl<S: Send + Sync, T: FromStr<Err: Display>> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let found = Path::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let Path(found) = found.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
        let name = found.into_iter().map(|(_, part)| part).collect::<Vec<_>>().join("/");
        match name.parse() {
            Ok(named) => Ok(Named(named)),
            Err(error) => Err(Problem::bad_request(format!("{name:?} in the path: {error}"))),
        }
    }
}

/// How many items a page may have.
pub(super) fn page_limit(limit: Option<u64>) -> Result<usize, Problem> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    match usize::try_from(limit) {
        Ok(limit) if (1..=MAX_LIMIT).contains(&(limit as u64)) => Ok(limit),
        _ => Err(Problem::bad_request(format!("limit is 1 to {MAX_LIMIT}, not {limit}"))),
    }
}

/// The whole body, of at most `limit` bytes. A request that calls it anything but `kind` is refused:
/// a web page can make a browser send other kinds to this node unasked, but not these.
pub(super) async fn body(
    request: Request,
    kind: &'static str,
    limit: usize,
) -> Result<Vec<u8>, Problem> {
    if let Some(called) = request.headers().get(CONTENT_TYPE)
        && !is_kind(called.to_str().unwrap_or_default(), kind)
    {
        return Err(Problem::unsupported_media_type(kind));
    }
    any_body(request, limit).await
}

/// The whole body, of at most `limit` bytes, whatever it is called. For requests that carry a
/// header which a browser does not send unasked.
pub(super) async fn any_body(request: Request, limit: usize) -> Result<Vec<u8>, Problem> {
    let read = timeout(BODY_TIMEOUT, collect(request.into_body(), limit));
    read.await.unwrap_or_else(|_| Err(Problem::body_timeout()))
}

/// Whether a `Content-Type`, with or without parameters, is `kind`.
fn is_kind(called: &str, kind: &str) -> bool {
    let essence = called.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case(kind)
}

async fn collect(body: Body, limit: usize) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let mut parts = body.into_data_stream();
    while let Some(part) = parts.next().await {
        let part =
            part.map_err(|error| Problem::bad_request(format!("the body broke off: {error}")))?;
        if bytes.len() + part.len() > limit {
            return Err(Problem::too_large(limit));
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

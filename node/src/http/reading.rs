//! What requests are read as, apart from any node: for whoever judges bytes (tests/hostile).
//! Holds: the same code as behind the API reads them.
//! May not enter: what is answered.

use axum::extract::Query;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderValue, Request, Uri};
use comity_core::query::SignedQuery;
use comity_core::sealed::Opening;
use comity_core::text::Text;
use serde::de::DeserializeOwned;

use super::{auth, events, kept, listings, members, objects, records, sharing};

/// Whether a path and its query are read. `None` where the path is of no operation that takes
/// parameters; errors in the words of the problem that is answered.
pub fn query(path_and_query: &str) -> Option<Result<(), String>> {
    let uri: Uri = path_and_query.parse().ok()?;
    Some(match uri.path() {
        "/v1/records" => params::<records::SubmitParams>(&uri),
        "/v1/entries" => params::<listings::EntriesParams>(&uri),
        "/v1/blocks" => params::<listings::BlocksParams>(&uri),
        "/v1/datasets" => params::<objects::DatasetsParams>(&uri),
        "/v1/keys" => params::<objects::KeysParams>(&uri),
        "/v1/proposals" => params::<members::ProposalsParams>(&uri),
        "/v1/requests" => params::<sharing::RequestsParams>(&uri),
        "/v1/grants" => params::<sharing::GrantsParams>(&uri),
        "/v1/events" => params::<events::EventsParams>(&uri),
        path if path.ends_with("/versions") => params::<objects::VersionsParams>(&uri),
        _ => return None,
    })
}

/// The openings in a body of `POST /v1/sealed`. Errors: it is another body; no word of it is in them.
pub fn openings(body: &[u8]) -> Result<Vec<Opening>, String> {
    let kept::Openings { openings } = kept::json(body).map_err(|problem| problem.detail())?;
    Ok(openings)
}

/// The reason in a body of `DELETE /v1/sealed/{commitment}`. Errors: it is another body.
pub fn erasure(body: &[u8]) -> Result<Text<256>, String> {
    let kept::Reason { reason } = kept::json(body).map_err(|problem| problem.detail())?;
    Ok(reason)
}

/// The query that an `Authorization` header presents, if it is well formed; who signed it is not checked.
pub fn authorization(value: &[u8]) -> Option<SignedQuery> {
    let value = HeaderValue::from_bytes(value).ok()?;
    let request = Request::builder().header(AUTHORIZATION, value).body(()).ok()?;
    auth::presented(&request.into_parts().0).ok()
}

fn params<T: DeserializeOwned>(uri: &Uri) -> Result<(), String> {
    match Query::<T>::try_from_uri(uri) {
        Ok(Query(_)) => Ok(()),
        Err(rejection) => Err(rejection.body_text()),
    }
}

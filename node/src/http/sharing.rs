//! Requests and grants, listed or looked up.
//! Holds: one answer is of one snapshot.
//! May not enter: how things are found (see `view`).

use axum::Json;
use axum::extract::State;
use comity_core::ids::{BundleId, DatasetId, GrantId, RequestId};
use comity_core::text::AgencyId;
use serde::Deserialize;

use super::extract::{Named, Params, page_limit};
use super::problem::Problem;
use super::shapes::{GrantShape, RequestShape};
use super::{Answer, ApiState, shapes};
use crate::view::{GrantFilter, GrantStanding, RequestFilter, RequestState};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestsParams {
    provider: Option<AgencyId>,
    requester: Option<AgencyId>,
    dataset: Option<DatasetId>,
    bundle: Option<BundleId>,
    state: Option<RequestState>,
    from: Option<RequestId>,
    limit: Option<u64>,
}

pub(super) async fn requests(
    State(api): State<ApiState>,
    Params(params): Params<RequestsParams>,
) -> Answer<shapes::Requests> {
    let limit = page_limit(params.limit)?;
    let read = move |api: &ApiState| {
        let at = api.view().snapshot();
        let RequestsParams { provider, requester, dataset, bundle, state, from, .. } = params;
        let filter = RequestFilter { provider, requester, dataset, bundle, state };
        let page = api.view().requests(&at, &filter, from, limit)?;
        let requests = page.found.into_iter().map(RequestShape::of).collect();
        Ok(Json(shapes::Requests { requests, next: page.next }))
    };
    api.read(read).await
}

pub(super) async fn request(
    State(api): State<ApiState>,
    Named(id): Named<RequestId>,
) -> Answer<RequestShape> {
    match api.view().snapshot().request(id) {
        Some(request) => Ok(Json(RequestShape::of((id, request)))),
        None => Err(Problem::not_found(format!("there is no request {id}"))),
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GrantsParams {
    provider: Option<AgencyId>,
    requester: Option<AgencyId>,
    dataset: Option<DatasetId>,
    standing: Option<GrantStanding>,
    from: Option<GrantId>,
    limit: Option<u64>,
}

pub(super) async fn grants(
    State(api): State<ApiState>,
    Params(params): Params<GrantsParams>,
) -> Answer<shapes::Grants> {
    let limit = page_limit(params.limit)?;
    let read = move |api: &ApiState| {
        let at = api.view().snapshot();
        let GrantsParams { provider, requester, dataset, standing, from, .. } = params;
        let filter = GrantFilter { provider, requester, dataset, standing };
        let page = api.view().grants(&at, &filter, from, limit)?;
        let grants = page.found.into_iter().map(GrantShape::of).collect();
        Ok(Json(shapes::Grants { grants, next: page.next }))
    };
    api.read(read).await
}

pub(super) async fn grant(
    State(api): State<ApiState>,
    Named(id): Named<GrantId>,
) -> Answer<GrantShape> {
    match api.view().snapshot().grant(id) {
        Some(found) => Ok(Json(GrantShape::of(found))),
        None => Err(Problem::not_found(format!("there is no grant {id}"))),
    }
}

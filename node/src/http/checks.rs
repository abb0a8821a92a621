//! Check requests, incidents and disputes, listed or looked up.
//! Holds: one answer is of one snapshot.
//! May not enter: how things are found (see `view`).

use axum::Json;
use axum::extract::State;
use comity_core::ids::{CheckId, DatasetId, DisputeId, GrantId, IncidentId};
use comity_core::text::AgencyId;
use serde::Deserialize;

use super::extract::{Named, Params, page_limit};
use super::problem::Problem;
use super::shapes::{CheckShape, DisputeShape, IncidentShape};
use super::{Answer, ApiState, shapes};
use crate::view::{
    CheckFilter, CheckState, DisputeFilter, DisputeState, IncidentFilter, IncidentState,
};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChecksParams {
    agency: Option<AgencyId>,
    holder: Option<AgencyId>,
    dataset: Option<DatasetId>,
    state: Option<CheckState>,
    from: Option<CheckId>,
    limit: Option<u64>,
}

pub(super) async fn checks(
    State(api): State<ApiState>,
    Params(params): Params<ChecksParams>,
) -> Answer<shapes::Checks> {
    let limit = page_limit(params.limit)?;
    let read = move |api: &ApiState| {
        let at = api.view().snapshot();
        let ChecksParams { agency, holder, dataset, state, from, .. } = params;
        let filter = CheckFilter { agency, holder, dataset, state };
        let page = api.view().checks(&at, &filter, from, limit)?;
        let checks = page.found.into_iter().map(CheckShape::of).collect();
        Ok(Json(shapes::Checks { checks, next: page.next }))
    };
    api.read(read).await
}

pub(super) async fn check(
    State(api): State<ApiState>,
    Named(id): Named<CheckId>,
) -> Answer<CheckShape> {
    match api.view().snapshot().check_request(id) {
        Some(check) => Ok(Json(CheckShape::of((id, check)))),
        None => Err(Problem::not_found(format!("there is no check request {id}"))),
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IncidentsParams {
    agency: Option<AgencyId>,
    dataset: Option<DatasetId>,
    grant: Option<GrantId>,
    state: Option<IncidentState>,
    from: Option<IncidentId>,
    limit: Option<u64>,
}

pub(super) async fn incidents(
    State(api): State<ApiState>,
    Params(params): Params<IncidentsParams>,
) -> Answer<shapes::Incidents> {
    let limit = page_limit(params.limit)?;
    let read = move |api: &ApiState| {
        let at = api.view().snapshot();
        let IncidentsParams { agency, dataset, grant, state, from, .. } = params;
        let filter = IncidentFilter { agency, dataset, grant, state };
        let page = api.view().incidents(&at, &filter, from, limit)?;
        let incidents = page.found.into_iter().map(IncidentShape::of).collect();
        Ok(Json(shapes::Incidents { incidents, next: page.next }))
    };
    api.read(read).await
}

pub(super) async fn incident(
    State(api): State<ApiState>,
    Named(id): Named<IncidentId>,
) -> Answer<IncidentShape> {
    match api.view().snapshot().incident(id) {
        Some(incident) => Ok(Json(IncidentShape::of((id, incident)))),
        None => Err(Problem::not_found(format!("there is no incident {id}"))),
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DisputesParams {
    agency: Option<AgencyId>,
    by: Option<AgencyId>,
    state: Option<DisputeState>,
    from: Option<DisputeId>,
    limit: Option<u64>,
}

pub(super) async fn disputes(
    State(api): State<ApiState>,
    Params(params): Params<DisputesParams>,
) -> Answer<shapes::Disputes> {
    let limit = page_limit(params.limit)?;
    let read = move |api: &ApiState| {
        let at = api.view().snapshot();
        let DisputesParams { agency, by, state, from, .. } = params;
        let filter = DisputeFilter { agency, by, state };
        let page = api.view().disputes(&at, &filter, from, limit)?;
        let disputes = page.found.into_iter().map(DisputeShape::of).collect();
        Ok(Json(shapes::Disputes { disputes, next: page.next }))
    };
    api.read(read).await
}

pub(super) async fn dispute(
    State(api): State<ApiState>,
    Named(id): Named<DisputeId>,
) -> Answer<DisputeShape> {
    match api.view().snapshot().dispute(id) {
        Some(dispute) => Ok(Json(DisputeShape::of((id, dispute)))),
        None => Err(Problem::not_found(format!("there is no dispute {id}"))),
    }
}

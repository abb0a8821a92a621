//! Emergencies, listed or looked up.
//! Holds: one answer is of one snapshot.
//! May not enter: how things are found (see `view`).

use axum::Json;
use axum::extract::State;
use comity_core::emergency::EmergencyState;
use comity_core::ids::EmergencyId;
use comity_core::text::AgencyId;
use serde::Deserialize;

use super::extract::{Named, Params, page_limit};
use super::problem::Problem;
use super::shapes::EmergencyShape;
use super::{Answer, ApiState, shapes};
use crate::view::EmergencyFilter;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EmergenciesParams {
    state: Option<EmergencyState>,
    agency: Option<AgencyId>,
    from: Option<EmergencyId>,
    limit: Option<u64>,
}

pub(super) async fn emergencies(
    State(api): State<ApiState>,
    Params(params): Params<EmergenciesParams>,
) -> Answer<shapes::Emergencies> {
    let limit = page_limit(params.limit)?;
    let read = move |api: &ApiState| {
        let at = api.view().snapshot();
        let EmergenciesParams { state, agency, from, .. } = params;
        let filter = EmergencyFilter { state, agency };
        let page = api.view().emergencies(&at, &filter, from, limit)?;
        let emergencies = page.found.into_iter().map(EmergencyShape::of).collect();
        Ok(Json(shapes::Emergencies { emergencies, next: page.next }))
    };
    api.read(read).await
}

pub(super) async fn emergency(
    State(api): State<ApiState>,
    Named(id): Named<EmergencyId>,
) -> Answer<EmergencyShape> {
    match api.view().snapshot().emergency(id) {
        Some(found) => Ok(Json(EmergencyShape::of(found))),
        None => Err(Problem::not_found(format!("there is no emergency {id}"))),
    }
}

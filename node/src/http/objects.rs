//! Datasets, keys and codes, listed or looked up.
//! Holds: one answer is of one snapshot.
//! May not enter: how things are found (see `view`).

use axum::Json;
use axum::extract::State;
use comity_core::dataset::Sharing;
use comity_core::ids::DatasetId;
use comity_core::keys::PublicKey;
use comity_core::ledger::TreeState;
use comity_core::text::AgencyId;
use serde::Deserialize;

use super::extract::{Named, Params, page_limit};
use super::problem::Problem;
use super::shapes::{DatasetShape, KeyShape, VersionShape};
use super::{Answer, ApiState, shapes};
use crate::view::{DatasetFilter, DatasetState};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DatasetsParams {
    agency: Option<AgencyId>,
    sharing: Option<Sharing>,
    state: Option<DatasetState>,
    from: Option<DatasetId>,
    limit: Option<u64>,
}

pub(super) async fn datasets(
    State(api): State<ApiState>,
    Params(params): Params<DatasetsParams>,
) -> Answer<shapes::Datasets> {
    let limit = page_limit(params.limit)?;
    let read = move |api: &ApiState| {
        let at = api.view().snapshot();
        let DatasetsParams { agency, sharing, state, from, .. } = params;
        let filter = DatasetFilter { agency, sharing, state };
        let page = api.view().datasets(&at, &filter, from.as_ref(), limit)?;
        let datasets = page.found.into_iter().map(DatasetShape::of).collect();
        Ok(Json(shapes::Datasets { datasets, next: page.next }))
    };
    api.read(read).await
}

pub(super) async fn dataset(
    State(api): State<ApiState>,
    Named(id): Named<DatasetId>,
) -> Answer<DatasetShape> {
    let found = api.view().snapshot().dataset(&id);
    found.map(|found| Json(DatasetShape::of(found))).ok_or_else(|| no_dataset(&id))
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VersionsParams {
    from: Option<u32>,
    limit: Option<u64>,
}

pub(super) async fn dataset_versions(
    State(api): State<ApiState>,
    Named(id): Named<DatasetId>,
    Params(params): Params<VersionsParams>,
) -> Answer<shapes::Versions> {
    let limit = page_limit(params.limit)?;
    let read = move |api: &ApiState| {
        let at = api.view().snapshot();
        let present = at.dataset(&id).ok_or_else(|| no_dataset(&id))?;
        let found = at.dataset_versions(&present, params.from.unwrap_or(1), limit);
        let last = found.last().map_or(present.version, |(version, _)| *version);
        let versions = found.into_iter().map(VersionShape::of).collect();
        let next = (last < present.version).then_some(last + 1);
        Ok(Json(shapes::Versions { versions, next }))
    };
    api.read(read).await
}

fn no_dataset(id: &DatasetId) -> Problem {
    Problem::not_found(format!("there is no dataset {id}"))
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeysParams {
    agency: Option<AgencyId>,
    from: Option<PublicKey>,
    limit: Option<u64>,
}

pub(super) async fn keys(
    State(api): State<ApiState>,
    Params(params): Params<KeysParams>,
) -> Answer<shapes::Keys> {
    let limit = page_limit(params.limit)?;
    let read = move |api: &ApiState| {
        let at = api.view().snapshot();
        let KeysParams { agency, from, .. } = params;
        let page = api.view().keys(&at, agency.as_ref(), from.as_ref(), limit)?;
        let keys = page.found.into_iter().map(|found| KeyShape::of(found, &TreeState(at.state())));
        Ok(Json(shapes::Keys { keys: keys.collect(), next: page.next }))
    };
    api.read(read).await
}

pub(super) async fn key(
    State(api): State<ApiState>,
    Named(public_key): Named<PublicKey>,
) -> Answer<KeyShape> {
    let at = api.view().snapshot();
    let shape = at
        .key(&public_key)
        .map(|key| Json(KeyShape::of((public_key, key), &TreeState(at.state()))));
    shape.ok_or_else(|| Problem::not_found(format!("there is no key {public_key}")))
}

pub(super) async fn codes(State(api): State<ApiState>) -> Answer<shapes::Codes> {
    let read = |api: &ApiState| {
        let at = api.view().snapshot();
        let (matters, duty_bases) = (api.view().matters(&at)?, api.view().duty_bases(&at)?);
        Ok(Json(shapes::Codes { matters, duty_bases }))
    };
    api.read(read).await
}

//! Everything that is listed or looked up: entries, blocks, datasets, grants, agencies, keys, codes.
//! Holds: one answer is of one snapshot.
//! May not enter: how things are found (see `view`).

use axum::Json;
use axum::extract::State;
use comity_core::agency::Agency;
use comity_core::dataset::PublishedDataset;
use comity_core::grant::{Grant, Usage};
use comity_core::hash::RecordId;
use comity_core::ids::{DatasetId, GrantId, Height, LogIndex, TimeMs};
use comity_core::keys::PublicKey;
use comity_core::text::AgencyId;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::ApiState;
use super::blocks::PAGE_BYTES;
use super::extract::{Named, Params, page_limit};
use super::problem::Problem;
use super::shapes::{self, GrantShape, GrantStanding, KeyShape};
use crate::view::{EntryFilter, EntryPlace, GrantFilter, Order};

type Answer<T> = Result<Json<T>, Problem>;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntriesParams {
    from: Option<LogIndex>,
    limit: Option<u64>,
    #[serde(default)]
    order: OrderParam,
    kind: Option<String>,
    agency: Option<AgencyId>,
    dataset: Option<DatasetId>,
    grant: Option<GrantId>,
    key: Option<PublicKey>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum OrderParam {
    #[default]
    Asc,
    Desc,
}

pub(super) async fn entries(
    State(api): State<ApiState>,
    Params(params): Params<EntriesParams>,
) -> Answer<shapes::Entries> {
    let limit = page_limit(params.limit)?;
    let order = match params.order {
        OrderParam::Asc => Order::Ascending,
        OrderParam::Desc => Order::Descending,
    };
    let EntriesParams { from, kind, agency, dataset, grant, key, .. } = params;
    let filter = EntryFilter { kind, agency, dataset, grant, key };
    let read = move |api: &ApiState| {
        let at = api.view().snapshot();
        let page = api.view().entries(&at, &filter, order, from, limit)?;
        let (entries, cut) = api.blocks().entries(&page.found)?;
        Ok(Json(shapes::Entries { entries, next: cut.or(page.next) }))
    };
    api.read(read).await
}

pub(super) async fn entry(
    State(api): State<ApiState>,
    Named(index): Named<u64>,
) -> Answer<Box<RawValue>> {
    let read = move |api: &ApiState| {
        let at = api.view().snapshot();
        match api.view().entry(&at, LogIndex(index))? {
            Some(place) => found_entry(api, &place),
            None => Err(Problem::not_found(format!(
                "there is no entry {index}: the log has {} entries",
                at.log_size()
            ))),
        }
    };
    api.read(read).await
}

pub(super) async fn record(
    State(api): State<ApiState>,
    Named(id): Named<RecordId>,
) -> Answer<Box<RawValue>> {
    let read = move |api: &ApiState| {
        let at = api.view().snapshot();
        match api.view().record(&at, &id)? {
            Some(place) => found_entry(api, &place),
            None => Err(Problem::not_found(format!("no entry holds the statement {id}"))),
        }
    };
    api.read(read).await
}

fn found_entry(api: &ApiState, place: &EntryPlace) -> Answer<Box<RawValue>> {
    let block = api.blocks().block(place.height)?;
    Ok(Json(block.entry(place)?.to_owned()))
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BlocksParams {
    from: Option<Height>,
    limit: Option<u64>,
}

pub(super) async fn blocks(
    State(api): State<ApiState>,
    Params(params): Params<BlocksParams>,
) -> Answer<shapes::Blocks> {
    let limit = page_limit(params.limit)?;
    let read = move |api: &ApiState| {
        let tip = api.view().snapshot().tip().height;
        let mut height = params.from.unwrap_or_default().max(Height(1));
        let mut blocks = Vec::new();
        let mut read_bytes = 0;
        while height <= tip && blocks.len() < limit && read_bytes < PAGE_BYTES {
            let block = api.blocks().block(height)?;
            read_bytes += block.size_bytes;
            blocks.push(block.shape());
            height = height.next();
        }
        Ok(Json(shapes::Blocks { blocks, next: (height <= tip).then_some(height) }))
    };
    api.read(read).await
}

pub(super) async fn block(
    State(api): State<ApiState>,
    Named(height): Named<u64>,
) -> Answer<shapes::Block> {
    let read = move |api: &ApiState| {
        let tip = api.view().snapshot().tip().height;
        if !(1..=tip.0).contains(&height) {
            let detail = format!("there is no block {height}: the last one is {tip}");
            return Err(Problem::not_found(detail));
        }
        Ok(Json(api.blocks().block(Height(height))?.shape()))
    };
    api.read(read).await
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DatasetsParams {
    agency: Option<AgencyId>,
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
        let DatasetsParams { agency, from, .. } = params;
        let page = api.view().datasets(&at, agency.as_ref(), from.as_ref(), limit)?;
        Ok(Json(shapes::Datasets { datasets: page.found, next: page.next }))
    };
    api.read(read).await
}

pub(super) async fn dataset(
    State(api): State<ApiState>,
    Named(id): Named<DatasetId>,
) -> Answer<PublishedDataset> {
    let found = api.view().snapshot().dataset(&id);
    found.map(Json).ok_or_else(|| Problem::not_found(format!("there is no dataset {id}")))
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GrantsParams {
    provider: Option<AgencyId>,
    requester: Option<AgencyId>,
    dataset: Option<DatasetId>,
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
        let GrantsParams { provider, requester, dataset, from, .. } = params;
        let filter = GrantFilter { provider, requester, dataset };
        let page = api.view().grants(&at, &filter, from, limit)?;
        let time = at.tip().time;
        let shape = |(id, grant, usage)| grant_shape(id, grant, usage, time);
        let grants = page.found.into_iter().map(shape).collect();
        Ok(Json(shapes::Grants { grants, next: page.next }))
    };
    api.read(read).await
}

pub(super) async fn grant(
    State(api): State<ApiState>,
    Named(id): Named<GrantId>,
) -> Answer<GrantShape> {
    let at = api.view().snapshot();
    match at.grant(id) {
        Some((grant, usage)) => Ok(Json(grant_shape(id, grant, usage, at.tip().time))),
        None => Err(Problem::not_found(format!("there is no grant {id}"))),
    }
}

fn grant_shape(id: GrantId, grant: Grant, usage: Usage, time: TimeMs) -> GrantShape {
    let standing = GrantStanding::of(&grant, &usage, time);
    GrantShape { id, grant, usage, standing }
}

pub(super) async fn agencies(State(api): State<ApiState>) -> Answer<shapes::Agencies> {
    let read = |api: &ApiState| {
        let at = api.view().snapshot();
        Ok(Json(shapes::Agencies { agencies: api.view().agencies(&at)? }))
    };
    api.read(read).await
}

pub(super) async fn agency(
    State(api): State<ApiState>,
    Named(id): Named<AgencyId>,
) -> Answer<Agency> {
    let found = api.view().snapshot().agency(&id);
    found.map(Json).ok_or_else(|| Problem::not_found(format!("{id} is not a member")))
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
        let keys = page.found.into_iter().map(|(public_key, key)| KeyShape { public_key, key });
        Ok(Json(shapes::Keys { keys: keys.collect(), next: page.next }))
    };
    api.read(read).await
}

pub(super) async fn key(
    State(api): State<ApiState>,
    Named(public_key): Named<PublicKey>,
) -> Answer<KeyShape> {
    let found = api.view().snapshot().key(&public_key);
    let shape = found.map(|key| Json(KeyShape { public_key, key }));
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

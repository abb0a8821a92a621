//! Entries and blocks, listed or looked up.
//! Holds: one answer is of one snapshot.
//! May not enter: how things are found (see `view`).

use axum::Json;
use axum::extract::State;
use comity_core::basis::Basis;
use comity_core::hash::RecordId;
use comity_core::ids::{
    DatasetId, ExchangeId, Height, LogIndex, ProposalId, RequestId, TaskForceId, TimeMs,
};
use comity_core::keys::PublicKey;
use comity_core::text::{AgencyId, Code};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::blocks::PAGE_BYTES;
use super::extract::{Named, Params, page_limit};
use super::problem::Problem;
use super::{Answer, ApiState, shapes};
use crate::view::{EntryFilter, EntryPlace, Order};

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
    grant: Option<Basis>,
    key: Option<PublicKey>,
    request: Option<RequestId>,
    matter: Option<Code>,
    proposal: Option<ProposalId>,
    exchange: Option<ExchangeId>,
    task_force: Option<TaskForceId>,
    since: Option<TimeMs>,
    until: Option<TimeMs>,
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
    let EntriesParams { request, matter, proposal, exchange, since, until, .. } = params;
    let EntriesParams { task_force, .. } = params;
    let about =
        EntryFilter { kind, agency, dataset, grant, key, task_force, ..EntryFilter::default() };
    let filter = EntryFilter { request, matter, proposal, exchange, since, until, ..about };
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
            None if index < api.view().first_entry()?.0 => Err(Problem::not_found(format!(
                "this node started from a snapshot: its entries begin at {}",
                api.view().first_entry()?
            ))),
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
        let mut height = params.from.unwrap_or_default().max(api.blocks().first());
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
        let first = api.blocks().first();
        if height < first.0 {
            let detail = format!("this node started from a snapshot: its blocks begin at {first}");
            return Err(Problem::not_found(detail));
        }
        Ok(Json(api.blocks().block(Height(height))?.shape()))
    };
    api.read(read).await
}

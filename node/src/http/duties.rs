//! What is owed, and by which calendars and counts.
//! Holds: one answer is of one snapshot.
//! May not enter: how things are derived (see core's `duty`).

use axum::Json;
use axum::extract::State;
use comity_core::duty::DutyState;
use comity_core::ledger::TreeState;
use comity_core::rule_pack;
use comity_core::text::AgencyId;
use serde::Deserialize;

use super::extract::{Params, page_limit};
use super::problem::Problem;
use super::shapes::DutyShape;
use super::{Answer, ApiState, shapes};
use crate::view::DutyFilter;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DutiesParams {
    agency: Option<AgencyId>,
    to: Option<AgencyId>,
    state: Option<DutyState>,
    undone: Option<bool>,
    from: Option<String>,
    limit: Option<u64>,
}

pub(super) async fn duties(
    State(api): State<ApiState>,
    Params(params): Params<DutiesParams>,
) -> Answer<shapes::Duties> {
    let limit = page_limit(params.limit)?;
    let from = params.from.as_ref().map(hex::decode).transpose();
    let from = from.map_err(|_| Problem::bad_request("from is not the next of an earlier page"))?;
    let read = move |api: &ApiState| {
        let at = api.view().snapshot();
        let DutiesParams { agency, to, state, undone, .. } = params;
        let filter = DutyFilter { owed_by: agency, owed_to: to, state };
        let page =
            api.view().duties(&at, &filter, undone.unwrap_or(false), from.as_deref(), limit)?;
        let duties = page.found.into_iter().map(DutyShape::of);
        Ok(Json(shapes::Duties { duties: duties.collect(), next: page.next.map(hex::encode) }))
    };
    api.read(read).await
}

pub(super) async fn calendars(State(api): State<ApiState>) -> Answer<shapes::Calendars> {
    let read = |api: &ApiState| {
        let at = api.view().snapshot();
        Ok(Json(shapes::Calendars { calendars: api.view().calendars(&at)? }))
    };
    api.read(read).await
}

pub(super) async fn rule_packs(State(api): State<ApiState>) -> Answer<shapes::RulePacks> {
    let at = api.view().snapshot();
    let state = TreeState(at.state());
    let in_force = rule_pack::rules_at(&state, at.tip().time);
    Ok(Json(shapes::RulePacks { in_force, published: rule_pack::published(&state) }))
}

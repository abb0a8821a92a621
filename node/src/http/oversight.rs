//! Draws and findings, listed or looked up.
//! Holds: one answer is of one snapshot.
//! May not enter: how things are found (see `view`), and what was drawn (see core's `oversight`).

use axum::Json;
use axum::extract::State;
use comity_core::ids::{DrawId, FindingId};
use comity_core::oversight::DrawState;
use comity_core::text::AgencyId;
use serde::{Deserialize, Serialize};

use super::extract::{Named, Params, page_limit};
use super::problem::Problem;
use super::shapes::{DrawShape, FindingShape};
use super::{Answer, ApiState};
use crate::view::FindingFilter;

/// A page of draws.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Draws {
    draws: Vec<DrawShape>,
    next: Option<DrawId>,
}

/// A page of findings.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Findings {
    findings: Vec<FindingShape>,
    next: Option<FindingId>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DrawsParams {
    state: Option<DrawState>,
    from: Option<DrawId>,
    limit: Option<u64>,
}

pub(super) async fn draws(
    State(api): State<ApiState>,
    Params(params): Params<DrawsParams>,
) -> Answer<Draws> {
    let limit = page_limit(params.limit)?;
    let read = move |api: &ApiState| {
        let at = api.view().snapshot();
        let page = api.view().draws(&at, params.state, params.from, limit)?;
        let now = at.tip().time;
        let draws = page.found.into_iter().map(|draw| DrawShape::of(draw, now)).collect();
        Ok(Json(Draws { draws, next: page.next }))
    };
    api.read(read).await
}

pub(super) async fn draw(
    State(api): State<ApiState>,
    Named(id): Named<DrawId>,
) -> Answer<DrawShape> {
    let at = api.view().snapshot();
    match at.draw(id) {
        Some(draw) => Ok(Json(DrawShape::of(draw, at.tip().time))),
        None => Err(Problem::not_found(format!("there is no draw {id}"))),
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FindingsParams {
    agency: Option<AgencyId>,
    closed: Option<bool>,
    from: Option<FindingId>,
    limit: Option<u64>,
}

pub(super) async fn findings(
    State(api): State<ApiState>,
    Params(params): Params<FindingsParams>,
) -> Answer<Findings> {
    let limit = page_limit(params.limit)?;
    let read = move |api: &ApiState| {
        let at = api.view().snapshot();
        let FindingsParams { agency, closed, from, .. } = params;
        let page = api.view().findings(&at, &FindingFilter { agency, closed }, from, limit)?;
        let found = page.found.into_iter();
        let findings = found.map(FindingShape::of).collect();
        Ok(Json(Findings { findings, next: page.next }))
    };
    api.read(read).await
}

pub(super) async fn finding(
    State(api): State<ApiState>,
    Named(id): Named<FindingId>,
) -> Answer<FindingShape> {
    match api.view().snapshot().finding(id) {
        Some(finding) => Ok(Json(FindingShape::of((id, finding)))),
        None => Err(Problem::not_found(format!("there is no finding {id}"))),
    }
}

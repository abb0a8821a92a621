//! Draws and findings, listed or looked up.
//! Holds: one answer is of one snapshot.
//! May not enter: how things are found (see `view`), and what was drawn (see core's `oversight`).

use axum::Json;
use axum::extract::State;
use comity_core::ids::{DrawId, FindingId, TimeMs};
use comity_core::oversight::{Draw, DrawState, Drawn, Finding};
use comity_core::text::AgencyId;
use serde::{Deserialize, Serialize};

use super::extract::{Named, Params, page_limit};
use super::problem::Problem;
use super::{Answer, ApiState};
use crate::view::FindingFilter;

/// A draw, how it stands, and what was drawn.
#[derive(Clone, Debug, Serialize)]
pub(super) struct DrawShape {
    id: DrawId,
    draw: Draw,
    state: DrawState,
    commits_until: TimeMs,
    reveals_until: TimeMs,
    withheld: Vec<AgencyId>,
    drawn: Option<Vec<Drawn>>,
}

impl DrawShape {
    fn of(draw: Draw, now: TimeMs) -> DrawShape {
        DrawShape {
            id: draw.id(),
            state: draw.state(now),
            commits_until: draw.commits_until(),
            reveals_until: draw.reveals_until(),
            withheld: draw.withheld(now).into_iter().cloned().collect(),
            drawn: draw.drawn(),
            draw,
        }
    }
}

/// A page of draws.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Draws {
    draws: Vec<DrawShape>,
    next: Option<DrawId>,
}

/// A finding.
#[derive(Clone, Debug, Serialize)]
pub(super) struct FindingShape {
    id: FindingId,
    finding: Finding,
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
        let findings = found.map(|(id, finding)| FindingShape { id, finding }).collect();
        Ok(Json(Findings { findings, next: page.next }))
    };
    api.read(read).await
}

pub(super) async fn finding(
    State(api): State<ApiState>,
    Named(id): Named<FindingId>,
) -> Answer<FindingShape> {
    match api.view().snapshot().finding(id) {
        Some(finding) => Ok(Json(FindingShape { id, finding })),
        None => Err(Problem::not_found(format!("there is no finding {id}"))),
    }
}

//! Task forces, listed or looked up.
//! Holds: one answer is of one snapshot.
//! May not enter: how things are found (see `view`).

use axum::Json;
use axum::extract::State;
use comity_core::ids::TaskForceId;
use comity_core::task_force::TaskForceState;
use comity_core::text::AgencyId;
use comity_listing::TaskForceShape;
use serde::{Deserialize, Serialize};

use super::extract::{Named, Params, page_limit};
use super::problem::Problem;
use super::{Answer, ApiState};
use crate::view::TaskForceFilter;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TaskForcesParams {
    state: Option<TaskForceState>,
    agency: Option<AgencyId>,
    from: Option<TaskForceId>,
    limit: Option<u64>,
}

/// A page of task forces.
#[derive(Clone, Debug, Serialize)]
pub(super) struct TaskForces {
    task_forces: Vec<TaskForceShape>,
    next: Option<TaskForceId>,
}

pub(super) async fn task_forces(
    State(api): State<ApiState>,
    Params(params): Params<TaskForcesParams>,
) -> Answer<TaskForces> {
    let limit = page_limit(params.limit)?;
    let read = move |api: &ApiState| {
        let at = api.view().snapshot();
        let TaskForcesParams { state, agency, from, .. } = params;
        let filter = TaskForceFilter { state, agency };
        let page = api.view().task_forces(&at, &filter, from, limit)?;
        let task_forces = page.found.into_iter().map(TaskForceShape::of).collect();
        Ok(Json(TaskForces { task_forces, next: page.next }))
    };
    api.read(read).await
}

pub(super) async fn task_force(
    State(api): State<ApiState>,
    Named(id): Named<TaskForceId>,
) -> Answer<TaskForceShape> {
    match api.view().snapshot().task_force(id) {
        Some(found) => Ok(Json(TaskForceShape::of(found))),
        None => Err(Problem::not_found(format!("there is no task force {id}"))),
    }
}

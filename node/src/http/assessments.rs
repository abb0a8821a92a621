//! Assessments, listed or looked up.
//! Holds: one answer is of one snapshot.
//! May not enter: how things are found (see `view`).

use axum::Json;
use axum::extract::State;
use comity_core::assessment::AssessmentKind;
use comity_core::ids::AssessmentId;
use comity_core::text::AgencyId;
use comity_listing::AssessmentShape;
use serde::{Deserialize, Serialize};

use super::extract::{Named, Params, page_limit};
use super::problem::Problem;
use super::{Answer, ApiState};
use crate::view::AssessmentFilter;

/// A page of assessments.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Assessments {
    assessments: Vec<AssessmentShape>,
    next: Option<AssessmentId>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AssessmentsParams {
    agency: Option<AgencyId>,
    kind: Option<AssessmentKind>,
    open: Option<bool>,
    from: Option<AssessmentId>,
    limit: Option<u64>,
}

pub(super) async fn assessments(
    State(api): State<ApiState>,
    Params(params): Params<AssessmentsParams>,
) -> Answer<Assessments> {
    let limit = page_limit(params.limit)?;
    let read = move |api: &ApiState| {
        let at = api.view().snapshot();
        let AssessmentsParams { agency, kind, open, from, .. } = params;
        let filter = AssessmentFilter { agency, kind, open };
        let page = api.view().assessments(&at, &filter, from, limit)?;
        let assessments = page.found.into_iter().map(AssessmentShape::of).collect();
        Ok(Json(Assessments { assessments, next: page.next }))
    };
    api.read(read).await
}

pub(super) async fn assessment(
    State(api): State<ApiState>,
    Named(id): Named<AssessmentId>,
) -> Answer<AssessmentShape> {
    match api.view().snapshot().assessment(id) {
        Some(found) => Ok(Json(AssessmentShape::of((id, found)))),
        None => Err(Problem::not_found(format!("there is no assessment {id}"))),
    }
}

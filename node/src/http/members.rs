//! Members, the proposals about them, and the rules that they decided.
//! Holds: one answer is of one snapshot.
//! May not enter: how things are found (see `view`).

use axum::Json;
use axum::extract::State;
use comity_core::ids::ProposalId;
use comity_core::text::AgencyId;
use serde::Deserialize;

use super::extract::{Named, Params, page_limit};
use super::problem::Problem;
use super::shapes::{AgencyShape, ProposalShape};
use super::{Answer, ApiState, shapes};
use crate::view::{ProposalFilter, ProposalState};

pub(super) async fn agencies(State(api): State<ApiState>) -> Answer<shapes::Agencies> {
    let read = |api: &ApiState| {
        let at = api.view().snapshot();
        let members = api.view().members(&at)?.into_iter();
        let agencies = members.map(|(agency, departure)| AgencyShape::of(agency, departure));
        Ok(Json(shapes::Agencies { agencies: agencies.collect() }))
    };
    api.read(read).await
}

pub(super) async fn agency(
    State(api): State<ApiState>,
    Named(id): Named<AgencyId>,
) -> Answer<AgencyShape> {
    let at = api.view().snapshot();
    match at.agency(&id) {
        Some(agency) => Ok(Json(AgencyShape::of(agency, at.departure(&id)))),
        None => Err(Problem::not_found(format!("{id} is not a member"))),
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProposalsParams {
    state: Option<ProposalState>,
    agency: Option<AgencyId>,
    kind: Option<String>,
    from: Option<ProposalId>,
    limit: Option<u64>,
}

pub(super) async fn proposals(
    State(api): State<ApiState>,
    Params(params): Params<ProposalsParams>,
) -> Answer<shapes::Proposals> {
    let limit = page_limit(params.limit)?;
    let read = move |api: &ApiState| {
        let at = api.view().snapshot();
        let ProposalsParams { state, agency, kind, from, .. } = params;
        let filter = ProposalFilter { state, agency, kind };
        let page = api.view().proposals(&at, &filter, from, limit)?;
        let proposals = page.found.into_iter().map(ProposalShape::of).collect();
        Ok(Json(shapes::Proposals { proposals, next: page.next }))
    };
    api.read(read).await
}

pub(super) async fn proposal(
    State(api): State<ApiState>,
    Named(id): Named<ProposalId>,
) -> Answer<ProposalShape> {
    match api.view().snapshot().proposal(id) {
        Some(found) => Ok(Json(ProposalShape::of(found))),
        None => Err(Problem::not_found(format!("there is no proposal {id}"))),
    }
}

pub(super) async fn rules(State(api): State<ApiState>) -> Answer<shapes::Rules> {
    let at = api.view().snapshot();
    let found = (at.params(), at.competent_authority(), at.roll());
    let (Some(params), Some(competent_authority), Some(roll)) = found else {
        return Err(Problem::busy("the node has not read its genesis yet"));
    };
    let protocol_version = at.protocol_version();
    let electorate = roll.electorate.into_iter().collect();
    Ok(Json(shapes::Rules { protocol_version, params, competent_authority, electorate }))
}

//! Where the node stands: for people, for probes, for Prometheus.
//! Holds: "ready" means that what is read here is current and what is submitted can be committed.
//! May not enter: anything slow: probes come often and while the node is busy.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use comity_core::genesis::Genesis;
use comity_core::ids::Height;
use comity_replica::replica::Voting;

use super::ApiState;
use super::shapes::{Peer, Status};
use crate::metrics::Reading;
use crate::shell::{Full, PeerStatus};

/// Blocks that a node which has caught up may be behind its best peer and still be called ready: one
/// is always under way.
const READY_BEHIND_BLOCKS: u64 = 2;
const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(super) async fn status(State(api): State<ApiState>) -> Json<Status> {
    let at = api.view().snapshot();
    let node = api.shell().status();
    let (voting, votes_from) = in_words(node.replica.voting);
    let agency = &api.0.agency;
    let membership = match (at.agency(agency), at.departure(agency)) {
        (None, _) => "waiting",
        (Some(_), None) => "member",
        (Some(_), Some(_)) => "left",
    };
    let peer = |PeerStatus { agency, address, height, .. }| {
        let height = height.unwrap_or_default();
        Peer { agency, address, height }
    };
    Json(Status {
        agency: api.0.agency.clone(),
        consortium: api.0.consortium,
        name: api.0.genesis.name.clone(),
        version: env!("CARGO_PKG_VERSION"),
        height: at.tip().height,
        header_hash: at.tip().hash,
        time: at.tip().time,
        log_size: at.log_size(),
        log_root: at.log_root(),
        state_root: at.state_root(),
        round: node.replica.round,
        membership,
        voting,
        votes_from,
        pending: node.replica.pending,
        validators: at.validators().map(Vec::from).unwrap_or_default(),
        peers: node.peers.into_iter().map(peer).collect(),
        best_peer_height: node.replica.best_peer_height,
    })
}

/// Whether it votes, and from which height if that is known and later.
pub(super) fn in_words(voting: Voting) -> (&'static str, Option<Height>) {
    match voting {
        Voting::Active => ("active", None),
        Voting::Observer => ("observer", None),
        Voting::Asking => ("asking", None),
        Voting::From(height) => ("later", Some(height)),
        Voting::Withheld => ("withheld", None),
    }
}

/// Why nothing is done, for a person.
pub(super) fn disk_is_full(Full { free_bytes, reserve_bytes }: Full) -> String {
    format!(
        "the disk is nearly full: less than {} MiB are free, and {} MiB are kept in reserve; the node \
         neither votes nor takes records until there is room",
        (free_bytes >> 20) + 1,
        reserve_bytes >> 20
    )
}

pub(super) async fn genesis(State(api): State<ApiState>) -> Json<Genesis> {
    Json(Genesis::clone(&api.0.genesis))
}

pub(super) async fn healthz() -> &'static str {
    "alive\n"
}

pub(super) async fn readyz(State(api): State<ApiState>) -> Response {
    match unready(&api) {
        None => "ready\n".into_response(),
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, reason + "\n").into_response(),
    }
}

/// Why the node is not ready, if it is not.
fn unready(api: &ApiState) -> Option<String> {
    if let Some(reason) = api.view().failure() {
        return Some(format!("the view has failed: {reason}"));
    }
    let at = api.view().snapshot();
    let node = api.shell().status();
    if let Some(full) = node.full {
        return Some(disk_is_full(full));
    }
    let Some(validators) = at.validators() else {
        return Some("starting".to_owned());
    };
    let reached = node.in_contact(&api.0.agency, &validators);
    let power = reached.iter().map(|validator| validator.power).sum();
    let (height, best) = (at.tip().height, node.replica.best_peer_height);
    let is_level = match node.caught_up_at {
        Some(caught_up_at) => height >= caught_up_at && height.0 + READY_BEHIND_BLOCKS >= best.0,
        // Of what it has missed while it was down nothing is under way.
        None => height >= best,
    };
    if !is_level {
        return Some(format!("catching up: at height {height} of {best}"));
    }
    if validators.is_quorum(power) {
        return None;
    }
    let (reached, all) = (reached.len(), validators.members().len());
    let total = validators.total_power();
    Some(format!(
        "no quorum: in contact with {reached} of {all} validators, itself included \
         ({power} of {total} voting power; more than two thirds is needed)"
    ))
}

pub(super) async fn metrics(State(api): State<ApiState>) -> Response {
    let at = api.view().snapshot();
    let reading = Reading {
        height: at.tip().height.0,
        log_size: at.log_size(),
        pending: api.shell().status().replica.pending as u64,
        view_lag: api.view().lag_blocks(),
    };
    ([(CONTENT_TYPE, METRICS_TYPE)], api.0.metrics.text(&reading)).into_response()
}

//! The table of the API's operations: method, path, and what answers.
//! Holds: the table is the router; docs/openapi.json describes exactly these operations.
//! May not enter: what the answers are.

use axum::Router;
use axum::handler::Handler;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::{MethodFilter, MethodRouter, on};

use super::{
    ApiState, archive, assessments, checks, collection, duties, emergencies, events, kept,
    listings, members, node_health, objects, oversight, proofs, records, sharing, status,
    task_forces,
};

/// The OpenAPI document of this version.
pub const OPENAPI: &str = include_str!("../../../docs/openapi.json");

/// One operation.
struct Operation {
    method: &'static str,
    path: &'static str,
    route: MethodRouter<ApiState>,
}

/// The methods, as the table writes them.
const GET: (&str, MethodFilter) = ("GET", MethodFilter::GET);
const POST: (&str, MethodFilter) = ("POST", MethodFilter::POST);
const PUT: (&str, MethodFilter) = ("PUT", MethodFilter::PUT);
const DELETE: (&str, MethodFilter) = ("DELETE", MethodFilter::DELETE);

/// A method at `path`, with its parameters in braces.
fn op<H, T>(method: (&'static str, MethodFilter), path: &'static str, handler: H) -> Operation
where
    H: Handler<T, ApiState>,
    T: 'static,
{
    let (method, filter) = method;
    Operation { method, path, route: on(filter, handler) }
}

/// Every operation of the API: its method, in capitals, and its path, with parameters in braces.
pub fn operations() -> Vec<(&'static str, &'static str)> {
    table().into_iter().map(|operation| (operation.method, operation.path)).collect()
}

/// The router of all operations. One path may have several, one for each method.
pub(super) fn routes() -> Router<ApiState> {
    let add = |router: Router<ApiState>, one: Operation| router.route(one.path, one.route);
    table().into_iter().fold(Router::new(), add)
}

fn table() -> Vec<Operation> {
    vec![
        op(POST, "/v1/records", records::submit),
        op(GET, "/v1/records/{record_id}", listings::record),
        op(POST, "/v1/evaluate", records::evaluate),
        op(GET, "/v1/status", status::status),
        op(GET, "/v1/node", node_health::node),
        op(GET, "/v1/genesis", status::genesis),
        op(GET, "/v1/entries", listings::entries),
        op(GET, "/v1/entries/{index}", listings::entry),
        op(GET, "/v1/entries/{index}/receipt", proofs::receipt),
        op(GET, "/v1/collection", collection::collection),
        op(GET, "/v1/extract", proofs::extract),
        op(GET, "/v1/extension", proofs::extension),
        op(GET, "/v1/blocks", listings::blocks),
        op(GET, "/v1/blocks/{height}", listings::block),
        op(GET, "/v1/datasets", objects::datasets),
        op(GET, "/v1/datasets/{agency}/{slug}", objects::dataset),
        op(GET, "/v1/datasets/{agency}/{slug}/versions", objects::dataset_versions),
        op(GET, "/v1/requests", sharing::requests),
        op(GET, "/v1/requests/{id}", sharing::request),
        op(GET, "/v1/grants", sharing::grants),
        op(GET, "/v1/grants/{id}", sharing::grant),
        op(GET, "/v1/checks", checks::checks),
        op(GET, "/v1/checks/{id}", checks::check),
        op(GET, "/v1/incidents", checks::incidents),
        op(GET, "/v1/incidents/{id}", checks::incident),
        op(GET, "/v1/disputes", checks::disputes),
        op(GET, "/v1/disputes/{id}", checks::dispute),
        op(GET, "/v1/emergencies", emergencies::emergencies),
        op(GET, "/v1/emergencies/{id}", emergencies::emergency),
        op(GET, "/v1/task-forces", task_forces::task_forces),
        op(GET, "/v1/task-forces/{id}", task_forces::task_force),
        op(GET, "/v1/agencies", members::agencies),
        op(GET, "/v1/agencies/{id}", members::agency),
        op(GET, "/v1/proposals", members::proposals),
        op(GET, "/v1/proposals/{id}", members::proposal),
        op(GET, "/v1/rules", members::rules),
        op(GET, "/v1/draws", oversight::draws),
        op(GET, "/v1/draws/{id}", oversight::draw),
        op(GET, "/v1/findings", oversight::findings),
        op(GET, "/v1/findings/{id}", oversight::finding),
        op(GET, "/v1/assessments", assessments::assessments),
        op(GET, "/v1/assessments/{id}", assessments::assessment),
        op(GET, "/v1/keys", objects::keys),
        op(GET, "/v1/keys/{key}", objects::key),
        op(GET, "/v1/codes", objects::codes),
        op(GET, "/v1/duties", duties::duties),
        op(GET, "/v1/calendars", duties::calendars),
        op(GET, "/v1/rule-packs", duties::rule_packs),
        op(POST, "/v1/sealed", kept::keep),
        op(GET, "/v1/sealed/{commitment}", kept::show),
        op(DELETE, "/v1/sealed/{commitment}", kept::erase),
        op(PUT, "/v1/details/{hash}", kept::keep_details),
        op(GET, "/v1/details/{hash}", kept::details),
        op(GET, "/v1/events", events::events),
        op(GET, "/v1/archive", archive::archive),
        op(GET, "/v1/openapi.json", openapi),
        op(GET, "/healthz", status::healthz),
        op(GET, "/readyz", status::readyz),
        op(GET, "/metrics", status::metrics),
    ]
}

async fn openapi() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], OPENAPI)
}

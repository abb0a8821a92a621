//! The table of the API's operations: method, path, and what answers.
//! Holds: the table is the router; docs/openapi.json describes exactly these operations.
//! May not enter: what the answers are.

use axum::Router;
use axum::handler::Handler;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::{MethodFilter, MethodRouter, on};

use super::{ApiState, archive, events, kept, listings, objects, records, sharing, status};

/// The OpenAPI document of this version.
pub const OPENAPI: &str = include_str!("../../../docs/openapi.json");

/// One operation.
pub(super) struct Operation {
    method: &'static str,
    path: &'static str,
    route: MethodRouter<ApiState>,
}

impl Operation {
    /// `GET` at `path`, with its parameters in braces.
    pub(super) fn get<H, T>(path: &'static str, handler: H) -> Operation
    where
        H: Handler<T, ApiState>,
        T: 'static,
    {
        Operation { method: "GET", path, route: on(MethodFilter::GET, handler) }
    }

    /// `POST` at `path`.
    pub(super) fn post<H, T>(path: &'static str, handler: H) -> Operation
    where
        H: Handler<T, ApiState>,
        T: 'static,
    {
        Operation { method: "POST", path, route: on(MethodFilter::POST, handler) }
    }

    /// `PUT` at `path`.
    pub(super) fn put<H, T>(path: &'static str, handler: H) -> Operation
    where
        H: Handler<T, ApiState>,
        T: 'static,
    {
        Operation { method: "PUT", path, route: on(MethodFilter::PUT, handler) }
    }

    /// `DELETE` at `path`.
    pub(super) fn delete<H, T>(path: &'static str, handler: H) -> Operation
    where
        H: Handler<T, ApiState>,
        T: 'static,
    {
        Operation { method: "DELETE", path, route: on(MethodFilter::DELETE, handler) }
    }
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
        Operation::post("/v1/records", records::submit),
        Operation::get("/v1/records/{record_id}", listings::record),
        Operation::post("/v1/evaluate", records::evaluate),
        Operation::get("/v1/status", status::status),
        Operation::get("/v1/genesis", status::genesis),
        Operation::get("/v1/entries", listings::entries),
        Operation::get("/v1/entries/{index}", listings::entry),
        Operation::get("/v1/blocks", listings::blocks),
        Operation::get("/v1/blocks/{height}", listings::block),
        Operation::get("/v1/datasets", objects::datasets),
        Operation::get("/v1/datasets/{agency}/{slug}", objects::dataset),
        Operation::get("/v1/datasets/{agency}/{slug}/versions", objects::dataset_versions),
        Operation::get("/v1/requests", sharing::requests),
        Operation::get("/v1/requests/{id}", sharing::request),
        Operation::get("/v1/grants", sharing::grants),
        Operation::get("/v1/grants/{id}", sharing::grant),
        Operation::get("/v1/agencies", objects::agencies),
        Operation::get("/v1/agencies/{id}", objects::agency),
        Operation::get("/v1/keys", objects::keys),
        Operation::get("/v1/keys/{key}", objects::key),
        Operation::get("/v1/codes", objects::codes),
        Operation::post("/v1/sealed", kept::keep),
        Operation::get("/v1/sealed/{commitment}", kept::show),
        Operation::delete("/v1/sealed/{commitment}", kept::erase),
        Operation::put("/v1/details/{hash}", kept::keep_details),
        Operation::get("/v1/details/{hash}", kept::details),
        Operation::get("/v1/events", events::events),
        Operation::get("/v1/archive", archive::archive),
        Operation::get("/v1/openapi.json", openapi),
        Operation::get("/healthz", status::healthz),
        Operation::get("/readyz", status::readyz),
        Operation::get("/metrics", status::metrics),
    ]
}

async fn openapi() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], OPENAPI)
}

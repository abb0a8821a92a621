//! What requests are read as, apart from any node: for whoever judges bytes (tests/hostile).
//! Holds: the same code as behind the API reads them.
//! May not enter: what is answered.

use axum::extract::Query;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderValue, Request, Uri};
use comity_core::query::SignedQuery;
use comity_core::sealed::Opening;
use comity_core::text::Text;
use serde::de::DeserializeOwned;

use super::{
    archive, assessments, auth, checks, collection, duties, emergencies, events, kept, listings,
    members, objects, oversight, proofs, records, sharing, task_forces,
};

/// Whether a path and its query are read. `None` where the path is of no operation that takes
/// parameters; errors in the words of the problem that is answered.
pub fn query(path_and_query: &str) -> Option<Result<(), String>> {
    let uri: Uri = path_and_query.parse().ok()?;
    Some(match uri.path() {
        "/v1/records" => params::<records::SubmitParams>(&uri),
        "/v1/entries" => params::<listings::EntriesParams>(&uri),
        "/v1/blocks" => params::<listings::BlocksParams>(&uri),
        "/v1/datasets" => params::<objects::DatasetsParams>(&uri),
        "/v1/keys" => params::<objects::KeysParams>(&uri),
        "/v1/proposals" => params::<members::ProposalsParams>(&uri),
        "/v1/requests" => params::<sharing::RequestsParams>(&uri),
        "/v1/grants" => params::<sharing::GrantsParams>(&uri),
        "/v1/checks" => params::<checks::ChecksParams>(&uri),
        "/v1/incidents" => params::<checks::IncidentsParams>(&uri),
        "/v1/disputes" => params::<checks::DisputesParams>(&uri),
        "/v1/emergencies" => params::<emergencies::EmergenciesParams>(&uri),
        "/v1/task-forces" => params::<task_forces::TaskForcesParams>(&uri),
        "/v1/draws" => params::<oversight::DrawsParams>(&uri),
        "/v1/findings" => params::<oversight::FindingsParams>(&uri),
        "/v1/assessments" => params::<assessments::AssessmentsParams>(&uri),
        "/v1/duties" => params::<duties::DutiesParams>(&uri),
        "/v1/collection" => params::<collection::CollectionParams>(&uri),
        "/v1/extract" => params::<proofs::ExtractParams>(&uri),
        "/v1/extension" => params::<proofs::ExtensionParams>(&uri),
        "/v1/archive" => params::<archive::ArchiveParams>(&uri),
        "/v1/events" => params::<events::EventsParams>(&uri),
        path if path.ends_with("/versions") => params::<objects::VersionsParams>(&uri),
        _ => return None,
    })
}

/// The openings in a body of `POST /v1/sealed`. Errors: it is another body; no word of it is in them.
pub fn openings(body: &[u8]) -> Result<Vec<Opening>, String> {
    let kept::Openings { openings } = kept::json(body).map_err(|problem| problem.detail())?;
    Ok(openings)
}

/// The reason in a body of `DELETE /v1/sealed/{commitment}`. Errors: it is another body.
pub fn erasure(body: &[u8]) -> Result<Text<256>, String> {
    let kept::Reason { reason } = kept::json(body).map_err(|problem| problem.detail())?;
    Ok(reason)
}

/// The query that an `Authorization` header presents, if it is well formed; who signed it is not checked.
pub fn authorization(value: &[u8]) -> Option<SignedQuery> {
    let value = HeaderValue::from_bytes(value).ok()?;
    let request = Request::builder().header(AUTHORIZATION, value).body(()).ok()?;
    auth::presented(&request.into_parts().0).ok()
}

fn params<T: DeserializeOwned>(uri: &Uri) -> Result<(), String> {
    match Query::<T>::try_from_uri(uri) {
        Ok(Query(_)) => Ok(()),
        Err(rejection) => Err(rejection.body_text()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::operations::OPENAPI;
    use super::*;

    /// The paths of the document whose operations take parameters in the query, none in the path but
    /// those of versions, each with the names of its parameters.
    fn documented() -> Vec<(String, Vec<String>)> {
        let document: Value = serde_json::from_str(OPENAPI).unwrap();
        let shared = &document["components"]["parameters"];
        let name = |parameter: &Value| {
            let reference = parameter["$ref"].as_str().and_then(|text| text.rsplit('/').next());
            let parameter = reference.map_or(parameter, |name| &shared[name]);
            (parameter["in"] == "query").then(|| parameter["name"].as_str().unwrap().to_owned())
        };
        let paths = document["paths"].as_object().unwrap();
        let operations = paths.iter().flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().values();
            methods.map(move |operation| (path.clone(), operation["parameters"].clone()))
        });
        let named = operations.map(|(path, parameters)| {
            let parameters = parameters.as_array().cloned().unwrap_or_default();
            (path, parameters.iter().filter_map(name).collect::<Vec<_>>())
        });
        named.filter(|(_, parameters)| !parameters.is_empty()).collect()
    }

    #[test]
    fn every_operation_with_parameters_is_read_here_and_refuses_what_it_does_not_know() {
        let documented = documented();
        assert!(documented.iter().any(|(path, _)| path == "/v1/findings"), "{documented:?}");
        for (path, parameters) in documented {
            let path = path.replace("{agency}/{slug}", "health.gd/vaccinations");
            let refused = |query: &str| match query_of(&path, query) {
                Some(Err(reason)) => reason,
                Some(Ok(())) => panic!("{path}?{query} is read"),
                None => panic!("{path} is not read here"),
            };
            assert!(refused("unheard=1").contains("unheard"), "{path}");
            for name in parameters {
                let reason = refused(&format!("{name}=1&{name}=1"));
                assert!(!reason.contains("unknown field"), "{path}: {name}: {reason}");
            }
        }
    }

    fn query_of(path: &str, asked: &str) -> Option<Result<(), String>> {
        query(&format!("{path}?{asked}"))
    }
}

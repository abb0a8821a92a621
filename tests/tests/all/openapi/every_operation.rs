//! Every operation of the document, driven against four nodes.
//! Holds: an operation that was not driven fails the test. With `COMITY_API_EXAMPLES=FILE` the
//! answers are written there, for tests/openapi/take_examples.py to put into the document.

use std::collections::BTreeSet;

use comity_core::statement::Action;
use serde_json::json;

use super::document::{document, documented, part};
use super::driver::{Ask, Driver};
use super::every_kind::{BIRTHS, BUNDLE, Cast, attempt, commit_all, kinds};
use super::rules_of_sharing::NOT_YET;
use super::schema::check;
use super::{kept, overseeing};
use crate::harness::author::Author;
use crate::harness::consortium::Consortium;

#[test]
fn every_operation_answers_as_the_document_says() {
    let root = document();
    let consortium = Consortium::start(4);
    let api = consortium.nodes[0].api;
    let mut driver =
        Driver { root: &root, api, driven: BTreeSet::new(), examples: Default::default() };
    let cast = commit_all(&consortium, &mut driver);
    overseeing::drive(&consortium, &mut driver, &cast);
    submissions(&mut driver, &cast);
    judgements(&mut driver, &cast);
    log(&mut driver, &cast);
    objects(&mut driver, &cast);
    kept::sealed(&mut driver, &cast);
    kept::details(&mut driver, &cast);
    streams(&mut driver);
    mistakes(&mut driver);
    strange_queries(&mut driver);
    let served = driver.get("/v1/openapi.json", &[], "");
    if let Ok(path) = std::env::var("COMITY_API_EXAMPLES") {
        std::fs::write(path, json!(driver.examples).to_string()).unwrap();
    }
    let all: BTreeSet<_> = documented(&root).into_keys().collect();
    assert_eq!(driver.driven, all, "operations that were not driven");
    assert!(served == root, "another document is served: docs/openapi.json was changed since");
}

const RECORD: &[&str] = &["content-type: application/octet-stream"];
const JSON: &[&str] = &["content-type: application/json"];

fn submissions(driver: &mut Driver<'_>, cast: &Cast) {
    let post = Ask { method: "POST", path: "/v1/records", headers: RECORD, ..Ask::default() };
    // Again: it is on the log already.
    driver.ask(200, Ask { body: &cast.approval, ..post });
    let pending = cast.steward.publish("deaths");
    driver.ask(202, Ask { body: &pending, ..post });
    driver.ask(200, Ask { body: &pending, query: "wait=commit", ..post });
    let (request, terms) = (cast.approved.0, crate::harness::author::terms(BIRTHS, "data.th"));
    let again = cast.steward.record(Action::ApproveRequest { request, terms });
    driver.ask(409, Ask { body: &again, ..post });
    driver.ask(400, Ask { body: b"nothing", ..post });
    driver.ask(400, Ask { body: &pending, query: "wait=long", ..post });
    driver.ask(413, Ask { body: &[0; 70_000], ..post });
    driver.ask(415, Ask { headers: JSON, ..post });
}

fn judgements(driver: &mut Driver<'_>, cast: &Cast) {
    let post = Ask { method: "POST", path: "/v1/evaluate", headers: JSON, ..Ask::default() };
    let mut judge = |status, officer: &Author, grant, matter| {
        let signed = json!(attempt(officer, grant, matter)).to_string();
        driver.ask(status, Ask { body: signed.as_bytes(), ..post })
    };
    let allowed = judge(200, &cast.officer, cast.approved.1, "SCHOOL-ENROLMENT").json();
    assert_eq!(allowed["allowed"], true);
    let refused = judge(200, &cast.officer, cast.revoked, "SCHOOL-ENROLMENT").json();
    assert_eq!(refused["rule"], "other-dataset");
    let elsewhere =
        Author { consortium: comity_core::hash::ConsortiumId([5; 32]), ..cast.officer.clone() };
    judge(400, &elsewhere, cast.approved.1, "SCHOOL-ENROLMENT");
    driver.ask(400, Ask { body: b"{}", ..post });
}

fn log(driver: &mut Driver<'_>, cast: &Cast) {
    driver.get("/v1/entries", &[], "kind=record-access&limit=1");
    let all = driver.get("/v1/entries", &[], "limit=1000");
    let actions = &driver.root["components"]["schemas"]["Action"]["discriminator"]["mapping"];
    let documented = actions.as_object().unwrap().keys().cloned();
    let documented: BTreeSet<String> = documented
        .filter(|kind| kind != NOT_YET && !overseeing::NOT_YET.contains(&kind.as_str()))
        .collect();
    assert_eq!(kinds(&all), documented, "kinds of record");
    let entry = &all["entries"][0];
    let (id, time) = (entry["record_id"].as_str().unwrap(), entry["time"].as_u64().unwrap());
    let key = entry["record"]["statement"]["signers"][0]["key"].as_str().unwrap();
    let query = format!("from=0&order=asc&agency=civil.th&key={key}&since={time}&limit=2");
    driver.get("/v1/entries", &[], &query);
    driver.get("/v1/entries", &[], &format!("until={}&order=desc&limit=2", time + 1));
    let (request, grant) = cast.approved;
    let about = format!("request={request}&grant={grant}&dataset={BIRTHS}&matter=SCHOOL-ENROLMENT");
    assert_eq!(
        kinds(&driver.get("/v1/entries", &[], &about)),
        ["approve-request".to_owned()].into()
    );
    driver.get("/v1/entries/{index}", &["0"], "");
    driver.get("/v1/records/{record_id}", &[id], "");
    driver.get("/v1/blocks", &[], "from=2&limit=1");
    driver.get("/v1/blocks/{height}", &["2"], "");
    proofs(driver);
}

/// Proof files: bytes, whose form docs/formats.md fixes.
fn proofs(driver: &mut Driver<'_>) {
    driver.get("/v1/entries/{index}/receipt", &["0"], "");
    driver.get("/v1/collection", &[], "entries=0,2,1");
    driver.get("/v1/extract", &[], "keys=70,6f");
    driver.get("/v1/extension", &[], "earlier=1&later=2");
}

fn objects(driver: &mut Driver<'_>, cast: &Cast) {
    let (request, grant) = (cast.approved.0.to_string(), cast.approved.1.to_string());
    let births = ["civil.th", "births"];
    let datasets = "agency=civil.th&sharing=unconditional&state=listed&limit=2";
    driver.get("/v1/datasets", &[], datasets);
    driver.get("/v1/datasets", &[], &format!("from={BIRTHS}"));
    driver.get("/v1/datasets/{agency}/{slug}", &births, "");
    driver.get("/v1/datasets/{agency}/{slug}/versions", &births, "from=1&limit=2");
    let bundle = format!("bundle={}&limit=2", hex::encode(BUNDLE));
    driver.get("/v1/requests", &[], &format!("provider=civil.th&state=approved&{bundle}"));
    let parties = format!("requester=data.th&dataset={BIRTHS}&from={request}");
    driver.get("/v1/requests", &[], &parties);
    for state in ["open", "refused", "withdrawn"] {
        let found = driver.get("/v1/requests", &[], &format!("state={state}&{bundle}"));
        assert_eq!(found["requests"].as_array().unwrap().len(), 1, "{state}");
    }
    driver.get("/v1/requests/{id}", &[&request], "");
    let parties = "provider=civil.th&requester=data.th&standing=in-force&limit=2";
    driver.get("/v1/grants", &[], &format!("{parties}&dataset={BIRTHS}&from={grant}"));
    let found = driver.get("/v1/grants", &[], "standing=revoked");
    assert_eq!(found["grants"][0]["id"], cast.revoked.to_string());
    driver.get("/v1/grants/{id}", &[&grant], "");
    emergencies(driver, &cast.emergency.to_string());
    driver.get("/v1/agencies", &[], "");
    driver.get("/v1/agencies/{id}", &["civil.th"], "");
    members(driver, &cast.proposal.to_string());
    let key = cast.officer.key.public().to_string();
    driver.get("/v1/keys/{key}", &[&key], "");
    let key = cast.gateway.key.public().to_string();
    driver.get("/v1/keys", &[], &format!("agency=civil.th&from={key}&limit=2"));
    driver.get("/v1/codes", &[], "");
    driver.get("/v1/calendars", &[], "");
    driver.get("/v1/rule-packs", &[], "");
    driver.get("/v1/duties", &[], "to=data.th&undone=true&limit=2");
    driver.get("/v1/genesis", &[], "");
    assert_eq!(cast.admin.agency, "civil.th");
}

fn emergencies(driver: &mut Driver<'_>, emergency: &str) {
    let about = format!("agency=data.th&state=reviewed&from={emergency}&limit=2");
    let found = driver.get("/v1/emergencies", &[], &about);
    assert_eq!(found["emergencies"][0]["id"], emergency);
    let found = driver.get("/v1/emergencies/{id}", &[emergency], "");
    assert_eq!(found["uses"]["data.th"]["justified"], 1);
    let met = driver.get("/v1/duties", &[], "agency=data.th&state=met");
    let justified = met["duties"]
        .as_array()
        .unwrap()
        .iter()
        .find(|duty| duty["object"]["emergency-access"]["emergency"] == emergency);
    assert_eq!(justified.unwrap()["clock"], "emergency-justification");
    let about = driver.get("/v1/entries", &[], &format!("grant={emergency}"));
    let kinds = kinds(&about);
    for kind in ["declare-emergency", "record-access", "justify-access", "review-emergency"] {
        assert!(kinds.contains(kind), "{kind}");
    }
}

fn members(driver: &mut Driver<'_>, proposal: &str) {
    let query = format!("state=open&agency=civil.th&kind=change-operator&from={proposal}&limit=2");
    let found = driver.get("/v1/proposals", &[], &query);
    assert_eq!(found["proposals"][0]["id"], proposal);
    let found = driver.get("/v1/proposals/{id}", &[proposal], "");
    let tally = json!({ "for": 1, "against": 1, "electorate": 4, "needed": 3 });
    assert_eq!((&found["state"], &found["tally"]), (&json!("open"), &tally));
    let entries = driver.get("/v1/entries", &[], &format!("proposal={proposal}"));
    let about = ["open-proposal", "cast-ballot"].map(str::to_owned);
    assert_eq!(kinds(&entries), about.into());
    let rules = driver.get("/v1/rules", &[], "");
    assert_eq!(rules["electorate"].as_array().unwrap().len(), 4);
}

fn streams(driver: &mut Driver<'_>) {
    for path in ["/v1/status", "/v1/node", "/v1/archive", "/healthz", "/readyz", "/metrics"] {
        driver.get(path, &[], "");
    }
    driver.get("/v1/archive", &[], "from=2");
    // The stream does not end by itself: only its first entry is read.
    let (index, entry) = driver.api.events("/v1/events?from=0", &[]).next().unwrap();
    let schema = json!({ "$ref": "#/components/schemas/Entry" });
    assert_eq!((index, check(driver.root, &schema, &entry)), (0, Ok(())));
    driver.driven.insert(("GET".to_owned(), "/v1/events".to_owned()));
}

/// No operation passes over a parameter that it does not know, or that is not what it has to be.
fn strange_queries(driver: &mut Driver<'_>) {
    let get = Ask { method: "GET", ..Ask::default() };
    let births: &[&str] = &["civil.th", "births"];
    let mut asked = 0;
    for ((method, path), operation) in documented(driver.root) {
        let parameters = operation.get("parameters").and_then(|all| all.as_array());
        let parameters = parameters.into_iter().flatten().map(|one| part(driver.root, one));
        let queried: Vec<&str> = parameters
            .filter(|one| one["in"] == "query")
            .map(|one| one["name"].as_str().unwrap())
            .collect();
        if method != "GET" || queried.is_empty() {
            continue;
        }
        let named = if path.contains("{agency}") { births } else { &[] };
        let ask = Ask { path: &path, named, ..get };
        // Any word may be a kind: of one that a node does not know, it has none.
        let strict = queried.iter().filter(|name| **name != "kind");
        for name in strict.chain(&["unheard-of"]) {
            driver.ask(400, Ask { query: &format!("{name}=~"), ..ask });
            asked += 1;
        }
        if queried.contains(&"limit") {
            for limit in ["limit=0", "limit=1001"] {
                driver.ask(400, Ask { query: limit, ..ask });
            }
        }
    }
    assert!(asked > 60, "{asked}");
}

fn mistakes(driver: &mut Driver<'_>) {
    let get = Ask { method: "GET", ..Ask::default() };
    let nothing = "ab".repeat(32);
    for (path, named) in [
        ("/v1/entries/{index}", ["99999"].as_slice()),
        ("/v1/records/{record_id}", &[&nothing]),
        ("/v1/blocks/{height}", &["99999"]),
        ("/v1/datasets/{agency}/{slug}", &["civil.th", "none"]),
        ("/v1/datasets/{agency}/{slug}/versions", &["civil.th", "none"]),
        ("/v1/requests/{id}", &["R0"]),
        ("/v1/grants/{id}", &["G0"]),
        ("/v1/emergencies/{id}", &["E0"]),
        ("/v1/task-forces/{id}", &["T0"]),
        ("/v1/agencies/{id}", &["none.th"]),
        ("/v1/proposals/{id}", &["P0"]),
        ("/v1/checks/{id}", &["C0"]),
        ("/v1/incidents/{id}", &["I0"]),
        ("/v1/disputes/{id}", &["D0"]),
        ("/v1/draws/{id}", &["W0"]),
        ("/v1/findings/{id}", &["F0"]),
    ] {
        driver.ask(404, Ask { path, named, ..get });
    }
    for (path, named, query) in [
        ("/v1/entries", [].as_slice(), "since=yesterday"),
        ("/v1/entries/{index}", &["first"], ""),
        ("/v1/records/{record_id}", &["x"], ""),
        ("/v1/blocks", &[], "limit=0"),
        ("/v1/blocks/{height}", &["x"], ""),
        ("/v1/datasets", &[], "state=lost"),
        ("/v1/requests", &[], "state=lost"),
        ("/v1/requests/{id}", &["12"], ""),
        ("/v1/grants", &[], "standing=lost"),
        ("/v1/grants/{id}", &["12"], ""),
        ("/v1/emergencies", &[], "state=lost"),
        ("/v1/emergencies/{id}", &["12"], ""),
        ("/v1/task-forces", &[], "state=lost"),
        ("/v1/task-forces/{id}", &["12"], ""),
        ("/v1/proposals", &[], "state=lost"),
        ("/v1/proposals/{id}", &["12"], ""),
        ("/v1/checks", &[], "state=lost"),
        ("/v1/checks/{id}", &["12"], ""),
        ("/v1/incidents", &[], "state=lost"),
        ("/v1/incidents/{id}", &["12"], ""),
        ("/v1/disputes", &[], "state=lost"),
        ("/v1/disputes/{id}", &["12"], ""),
        ("/v1/duties", &[], "state=lost"),
        ("/v1/draws", &[], "state=lost"),
        ("/v1/draws/{id}", &["12"], ""),
        ("/v1/findings", &[], "closed=maybe"),
        ("/v1/findings/{id}", &["12"], ""),
        ("/v1/keys", &[], "agency=X"),
        ("/v1/keys/{key}", &["x"], ""),
        ("/v1/events", &[], "from=x"),
        ("/v1/archive", &[], "from=0"),
    ] {
        driver.ask(400, Ask { path, named, query, ..get });
    }
    driver.ask(405, Ask { method: "DELETE", path: "/v1/entries", ..Ask::default() });
    driver.ask(421, Ask { path: "/v1/status", headers: &["host: evil.example"], ..get });
}

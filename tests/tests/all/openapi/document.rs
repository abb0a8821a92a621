//! The document by itself: its operations, its examples, its names.

use std::collections::{BTreeMap, BTreeSet};

use comity_node::http::operations;
use serde_json::{Map, Value};

use super::schema::{check, resolve};

/// The document, which nodes serve as well.
pub(super) fn document() -> Value {
    serde_json::from_str(&file("docs/openapi.json")).unwrap()
}

/// Every operation: method in capitals and path, with what the document says of it.
pub(super) fn documented(root: &Value) -> BTreeMap<(String, String), &Map<String, Value>> {
    let paths = root["paths"].as_object().unwrap();
    let of_path = |(path, methods): (&String, &'_ Value)| -> Vec<(String, String)> {
        methods.as_object().unwrap().keys().map(|m| (m.to_uppercase(), path.clone())).collect()
    };
    let names = paths.iter().flat_map(of_path);
    let found = names.map(|(method, path)| {
        let operation = root["paths"][&path][method.to_lowercase()].as_object().unwrap();
        ((method, path), operation)
    });
    found.collect()
}

/// What a part of the document stands for: itself, or what it refers to.
pub(super) fn part<'a>(root: &'a Value, value: &'a Value) -> &'a Value {
    value["$ref"].as_str().map_or(value, |reference| resolve(root, reference))
}

#[test]
fn document_and_router_have_the_same_operations() {
    let root = document();
    let documented: BTreeSet<_> = documented(&root).into_keys().collect();
    let routed = operations().into_iter().map(|(m, p)| (m.to_owned(), p.to_owned()));
    assert_eq!(documented, routed.collect::<BTreeSet<_>>());
}

#[test]
fn operations_have_distinct_ids_and_name_every_parameter_of_their_path() {
    let root = document();
    let mut ids = BTreeSet::new();
    for ((method, path), operation) in documented(&root) {
        assert!(ids.insert(operation["operationId"].as_str()), "{method} {path}");
        let parameters = operation.get("parameters").and_then(Value::as_array);
        let named: BTreeSet<String> = parameters
            .into_iter()
            .flatten()
            .map(|parameter| part(&root, parameter))
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| format!("{{{}}}", parameter["name"].as_str().unwrap()))
            .collect();
        let wanted = path.split('/').filter(|part| part.starts_with('{')).map(str::to_owned);
        assert_eq!(named, wanted.collect(), "{method} {path}");
    }
}

/// Calls `judge` with every schema that stands beside an example, and that example.
fn each_example(place: &Value, judge: &mut impl FnMut(&Value, &Value)) {
    if let (Some(schema), Some(example)) = (place.get("schema"), place.get("example")) {
        judge(schema, example);
    }
    let below = match place {
        Value::Object(object) => object.values().collect(),
        Value::Array(list) => list.iter().collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    for value in below {
        each_example(value, judge);
    }
}

#[test]
fn every_example_validates_and_every_good_answer_has_one() {
    let root = document();
    let mut count = 0;
    for place in [&root["paths"], &root["components"]["responses"]] {
        each_example(place, &mut |schema, example| {
            count += 1;
            assert_eq!(check(&root, schema, example), Ok(()), "{example}");
        });
    }
    assert!(count > 40, "{count} examples");
    for ((method, path), operation) in documented(&root) {
        let good = operation["responses"].as_object().unwrap().iter();
        for (status, response) in good.filter(|(status, _)| status.starts_with('2')) {
            for (kind, media) in part(&root, response)["content"].as_object().unwrap() {
                let is_whole = kind == "application/json" && path != "/v1/openapi.json";
                assert!(!is_whole || media.get("example").is_some(), "{method} {path} {status}");
            }
        }
    }
}

/// A file of the project.
fn file(path: &str) -> String {
    let path = format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The names in a source's `fn rule`.
fn rules(path: &str) -> Vec<String> {
    let source = file(path);
    let from = source.find("pub fn rule(&self)").unwrap();
    let body = &source[from..from + source[from..].find("\n    }\n").unwrap()];
    let names = body.split("=>").skip(1).filter_map(|arm| arm.split('"').nth(1));
    names.map(str::to_owned).collect()
}

fn listed(root: &Value, schema: &str) -> BTreeSet<String> {
    let names = &root["components"]["schemas"][schema]["properties"]["rule"]["enum"];
    names.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_rule_has_a_name_of_its_own_and_the_document_names_them_all() {
    let root = document();
    let invalid = rules("core/src/statement.rs");
    // A refused access is one more rule that can refuse a record.
    let folder = format!("{}/../core/src/refusal", env!("CARGO_MANIFEST_DIR"));
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let paths = names.map(|name| format!("core/src/refusal/{}", name.to_str().unwrap()));
    let named = paths.filter(|path| file(path).contains("pub fn rule(&self)"));
    let areas: Vec<String> = named.flat_map(|path| rules(&path)).collect();
    assert!(areas.len() > 100, "{} rules", areas.len());
    let refused = [areas, rules("core/src/access.rs")].concat();
    let all: BTreeSet<&String> = invalid.iter().chain(&refused).collect();
    assert_eq!(all.len(), invalid.len() + refused.len(), "two rules share a name");
    assert_eq!(listed(&root, "InvalidRecord"), invalid.into_iter().collect());
    let refused: BTreeSet<String> = refused.into_iter().collect();
    assert_eq!(listed(&root, "Refused"), refused);
    let mapping = &root["components"]["schemas"]["Refusal"]["discriminator"]["mapping"];
    assert_eq!(mapping.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>(), refused);
}

#[test]
fn problems_of_the_document_are_those_of_the_node_and_of_the_guide() {
    let root = document();
    let kinds = &root["components"]["schemas"]["Problem"]["properties"]["type"]["enum"];
    let kinds = kinds.as_array().unwrap().iter().map(|kind| kind.as_str().unwrap());
    let documented: BTreeSet<&str> =
        kinds.map(|kind| kind.strip_prefix("urn:comity:problem:").unwrap()).collect();
    let (source, guide) = (file("node/src/http/problem.rs"), file("docs/api.md"));
    for name in documented {
        assert!(source.contains(&format!("\"{name}\"")), "the node has no problem {name}");
        assert!(guide.contains(&format!("`{name}`")), "docs/api.md does not name {name}");
    }
}

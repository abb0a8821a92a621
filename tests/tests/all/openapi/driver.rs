//! Asks a node as the document says, and judges the answer by the document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::document::{documented, part};
use super::schema::check;
use crate::harness::http::{Answer, Api};

/// What is asked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ask<'a> {
    /// As in the document.
    pub(super) method: &'a str,
    /// As in the document, with parameters in braces.
    pub(super) path: &'a str,
    /// What stands in the path instead of its parameters, in order.
    pub(super) named: &'a [&'a str],
    /// The query, as it is sent.
    pub(super) query: &'a str,
    /// Whole lines.
    pub(super) headers: &'a [&'a str],
    pub(super) body: &'a [u8],
}

/// Remembers what was driven, and the first answers of each sort as examples.
pub(super) struct Driver<'a> {
    pub(super) root: &'a Value,
    pub(super) api: Api,
    pub(super) driven: BTreeSet<(String, String)>,
    /// By the place of the example in the document.
    pub(super) examples: BTreeMap<String, Value>,
}

impl Driver<'_> {
    /// Asks, and panics where the answer is not `status` or not as documented.
    pub(super) fn ask(&mut self, status: u16, ask: Ask<'_>) -> Answer {
        let mut path = ask.path.to_owned();
        for (name, value) in parameters_of(ask.path).iter().zip(ask.named) {
            path = path.replace(&format!("{{{name}}}"), value);
        }
        let query = if ask.query.is_empty() { String::new() } else { format!("?{}", ask.query) };
        let request = format!("{} {path}{query}", ask.method);
        let answer = self.api.ask(&request, ask.headers, ask.body).unwrap();
        assert_eq!(answer.status, status, "{request}: {}", answer.text());
        self.judge(ask, &answer);
        answer
    }

    /// A `GET` that succeeds.
    pub(super) fn get(&mut self, path: &str, named: &[&str], query: &str) -> Value {
        let answer = self.ask(200, Ask { method: "GET", path, named, query, ..Ask::default() });
        if answer.header("content-type") == Some("application/json") {
            answer.json()
        } else {
            Value::Null
        }
    }

    fn judge(&mut self, ask: Ask<'_>, answer: &Answer) {
        let root = self.root;
        // A method that no operation has is answered as the path's operation says.
        let methods = [ask.method, "GET"].map(str::to_owned);
        let known = documented(root);
        let mut found = methods.into_iter().map(|method| (method, ask.path.to_owned()));
        let key = found.find(|key| known.contains_key(key)).expect(ask.path);
        let (what, operation) = (format!("{} {}", ask.method, ask.path), known[&key]);
        let status = answer.status.to_string();
        let Some(response) = operation["responses"].get(&status) else {
            panic!("{what}: {status} is not documented: {}", answer.text());
        };
        let reference = response["$ref"].as_str();
        let pointer = match reference {
            Some(reference) => reference.trim_start_matches('#').to_owned(),
            None => format!("{}/responses/{status}", place(&key)),
        };
        let response = part(root, response);
        for (name, header) in response["headers"].as_object().into_iter().flatten() {
            let value = answer.header(&name.to_lowercase());
            assert!(value.is_some() || header["required"] != true, "{what}: no {name}");
        }
        let kind = answer.header("content-type").unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default();
        let Some(media) = response["content"].get(essence) else {
            panic!("{what}: {status} as {essence} is not documented");
        };
        if essence.ends_with("json") {
            let body = answer.json();
            let judged = check(root, &media["schema"], &body);
            assert_eq!(judged, Ok(()), "{what} {status}: {body}");
            if ask.path != "/v1/openapi.json" {
                let at = format!("{pointer}/content/{}", escaped(essence));
                self.examples.entry(at).or_insert(body);
            }
        }
        if answer.status < 300 {
            self.parameters(&key, operation, ask);
            self.driven.insert(key);
        }
    }

    /// What was asked for successfully must be documented, and may be an example.
    fn parameters(&mut self, key: &(String, String), operation: &Map<String, Value>, ask: Ask<'_>) {
        let path = parameters_of(ask.path).into_iter().zip(ask.named.iter().copied());
        let query = ask.query.split('&').filter_map(|pair| pair.split_once('='));
        let asked = path.map(|pair| ("path", pair)).chain(query.map(|pair| ("query", pair)));
        let listed = operation.get("parameters").and_then(Value::as_array);
        for (place_of, (name, text)) in asked {
            let numbered = listed.into_iter().flatten().enumerate();
            let mut numbered = numbered.map(|(at, p)| (at, part(self.root, p), p));
            let found = numbered.find(|(_, p, _)| p["name"] == name && p["in"] == place_of);
            let Some((at, parameter, as_listed)) = found else {
                panic!("{key:?}: the parameter {name} is not documented");
            };
            let number = text.parse::<u64>().map(Value::from).ok();
            let truth = text.parse::<bool>().map(Value::from).ok();
            let judged = [number, truth, Some(json!(text))].into_iter().flatten();
            let mut valid =
                judged.filter(|value| check(self.root, &parameter["schema"], value).is_ok());
            let Some(value) = valid.next() else { panic!("{key:?}: {name}={text}") };
            if as_listed.get("$ref").is_none() {
                self.examples.entry(format!("{}/parameters/{at}", place(key))).or_insert(value);
            }
        }
        let kind = "application/json";
        if let Some(media) = operation.get("requestBody").and_then(|b| b["content"].get(kind)) {
            let body: Value = serde_json::from_slice(ask.body).unwrap();
            assert_eq!(check(self.root, &media["schema"], &body), Ok(()), "{key:?}");
            let at = format!("{}/requestBody/content/{}", place(key), escaped(kind));
            self.examples.entry(at).or_insert(body);
        }
    }
}

fn parameters_of(path: &str) -> Vec<&str> {
    let parts = path.split('/').filter_map(|part| part.strip_prefix('{'));
    parts.filter_map(|part| part.strip_suffix('}')).collect()
}

/// Where an operation stands in the document.
fn place((method, path): &(String, String)) -> String {
    format!("/paths/{}/{}", escaped(path), method.to_lowercase())
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

//! As much of JSON Schema 2020-12 as docs/openapi.json uses.
//! Holds: a keyword that is not known here is an error, never ignored; so is a property that the
//! schema does not name, since the document is to be complete.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::{Map, Value};

/// Keywords that say nothing about what is valid.
const SILENT: [&str; 5] = ["description", "default", "discriminator", "format", "title"];

/// Judges `value` by a schema of the document `root`. Errors: where it fails, and why.
pub(super) fn check(root: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    check_at(root, schema, value, "$")
}

/// What a reference of the document leads to.
pub(super) fn resolve<'a>(root: &'a Value, reference: &str) -> &'a Value {
    let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} is outside"));
    root.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"))
}

fn check_at(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let Some(keywords) = schema.as_object() else { return Err(format!("{at}: no schema")) };
    for (keyword, wanted) in keywords {
        check_keyword(root, (keyword, wanted), keywords, value)
            .map_err(|why| if why.starts_with('$') { why } else { format!("{at}: {why}") })
            .map_err(|why| why.replacen("$.", &format!("{at}."), 1))?;
    }
    Ok(())
}

fn check_keyword(
    root: &Value,
    (keyword, wanted): (&str, &Value),
    beside: &Map<String, Value>,
    value: &Value,
) -> Result<(), String> {
    let holds = match keyword {
        "$ref" => return check_at(root, resolve(root, wanted.as_str().unwrap()), value, "$"),
        "type" => types(wanted).iter().any(|kind| is_of_type(value, kind)),
        "const" => value == wanted,
        "enum" => wanted.as_array().unwrap().contains(value),
        "oneOf" => return check_one_of(root, wanted.as_array().unwrap(), beside, value),
        "properties" => return check_properties(root, wanted, beside, value),
        "required" => {
            let names = wanted.as_array().unwrap().iter().map(|name| name.as_str().unwrap());
            let missing = value.as_object().map(|o| names.filter(|n| !o.contains_key(*n)));
            missing.is_none_or(|mut missing| missing.next().is_none())
        }
        "additionalProperties" => return check_further(root, wanted, beside, value),
        "items" => return check_items(root, wanted, value),
        "minItems" => value.as_array().is_none_or(|list| list.len() >= number(wanted)),
        "maxItems" => value.as_array().is_none_or(|list| list.len() <= number(wanted)),
        "uniqueItems" => value.as_array().is_none_or(|list| {
            let distinct: BTreeSet<String> = list.iter().map(Value::to_string).collect();
            distinct.len() == list.len()
        }),
        "minLength" => value.as_str().is_none_or(|text| text.chars().count() >= number(wanted)),
        "maxLength" => value.as_str().is_none_or(|text| text.chars().count() <= number(wanted)),
        "pattern" => {
            let pattern = Regex::new(wanted.as_str().unwrap()).unwrap();
            value.as_str().is_none_or(|text| pattern.is_match(text))
        }
        "minimum" => integer(value).is_none_or(|n| n >= integer(wanted).unwrap()),
        "maximum" => integer(value).is_none_or(|n| n <= integer(wanted).unwrap()),
        silent if SILENT.contains(&silent) => true,
        unknown => return Err(format!("the keyword {unknown} is not known to this judge")),
    };
    if holds { Ok(()) } else { Err(format!("{value} fails {keyword} {wanted}")) }
}

fn check_properties(
    root: &Value,
    named: &Value,
    beside: &Map<String, Value>,
    value: &Value,
) -> Result<(), String> {
    let Some(object) = value.as_object() else { return Ok(()) };
    for (name, value) in object {
        match named.get(name) {
            Some(schema) => check_at(root, schema, value, &format!("$.{name}"))?,
            None if beside.contains_key("additionalProperties") => {}
            None => return Err(format!("the property {name} is not documented")),
        }
    }
    Ok(())
}

/// Properties that are not named: any, or each by one schema.
fn check_further(
    root: &Value,
    wanted: &Value,
    beside: &Map<String, Value>,
    value: &Value,
) -> Result<(), String> {
    let named = |name: &String| beside.get("properties").is_some_and(|p| p.get(name).is_some());
    if *wanted == Value::Bool(true) {
        return Ok(());
    }
    let further = value.as_object().into_iter().flatten().filter(|(name, _)| !named(name));
    for (name, value) in further {
        check_at(root, wanted, value, &format!("$.{name}"))?;
    }
    Ok(())
}

fn check_items(root: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    for (number, item) in value.as_array().into_iter().flatten().enumerate() {
        check_at(root, schema, item, &format!("$.{number}"))?;
    }
    Ok(())
}

/// Exactly one holds. Where a property tells which, only that one is looked at, so that what is
/// wrong is said.
fn check_one_of(
    root: &Value,
    choices: &[Value],
    beside: &Map<String, Value>,
    value: &Value,
) -> Result<(), String> {
    if let Some(told) = beside.get("discriminator") {
        let property = told["propertyName"].as_str().unwrap();
        let mapping = told["mapping"].as_object().unwrap();
        let mapped: BTreeSet<_> = mapping.values().map(Value::as_str).collect();
        let listed: BTreeSet<_> = choices.iter().map(|choice| choice["$ref"].as_str()).collect();
        assert_eq!(mapped, listed, "the mapping of {property} is not the list");
        let name = value[property].as_str().unwrap_or_default();
        let Some(choice) = mapping.get(name) else {
            return Err(format!("{property} {name:?} is not documented"));
        };
        return check_at(root, resolve(root, choice.as_str().unwrap()), value, "$");
    }
    let judged: Vec<_> = choices.iter().map(|choice| check_at(root, choice, value, "$")).collect();
    match judged.iter().filter(|judged| judged.is_ok()).count() {
        1 => Ok(()),
        count => {
            let faults: Vec<String> = judged.into_iter().filter_map(Result::err).collect();
            Err(format!("{count} of the choices hold: {}", faults.join("; ")))
        }
    }
}

fn types(wanted: &Value) -> Vec<&str> {
    match wanted {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}

fn is_of_type(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the type {other} is not known to this judge"),
    }
}

fn integer(value: &Value) -> Option<i128> {
    value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from))
}

fn number(wanted: &Value) -> usize {
    usize::try_from(wanted.as_u64().unwrap()).unwrap()
}

#[test]
fn judge_refuses_what_a_schema_excludes() {
    use serde_json::json;
    let root = json!({ "a": { "type": "string", "pattern": "^x+$" } });
    let cases = [
        (json!({ "$ref": "#/a" }), json!("xx"), json!("xy")),
        (json!({ "type": ["integer", "null"], "minimum": 1 }), json!(null), json!(0)),
        (json!({ "type": "integer" }), json!(7), json!(7.5)),
        (json!({ "const": true }), json!(true), json!(false)),
        (json!({ "enum": ["a", "b"] }), json!("b"), json!("c")),
        (json!({ "items": { "maximum": 3 } }), json!([1, 3]), json!([1, 4])),
        (json!({ "minItems": 1, "maxItems": 2 }), json!([1]), json!([])),
        (json!({ "uniqueItems": true }), json!([1, 2]), json!([1, 1])),
        (json!({ "maxLength": 2, "minLength": 1 }), json!("数据"), json!("abc")),
        (json!({ "required": ["a"] }), json!({ "a": 1 }), json!({})),
        (
            json!({ "properties": { "a": { "type": "null" } } }),
            json!({ "a": null }),
            json!({ "a": 1 }),
        ),
        (json!({ "properties": { "a": {} } }), json!({}), json!({ "b": 1 })),
        (json!({ "additionalProperties": { "minimum": 2 } }), json!({ "b": 2 }), json!({ "b": 1 })),
        (
            json!({ "properties": { "a": {} }, "additionalProperties": { "minimum": 1 } }),
            json!({ "a": 0, "b": 1 }),
            json!({ "b": 0 }),
        ),
        (json!({ "oneOf": [{ "minimum": 5 }, { "maximum": 2 }] }), json!(1), json!(3)),
        (json!({ "oneOf": [{ "minimum": 1 }, { "maximum": 9 }] }), json!(0), json!(3)),
    ];
    for (schema, good, bad) in cases {
        assert_eq!(check(&root, &schema, &good), Ok(()), "{schema}");
        assert!(check(&root, &schema, &bad).is_err(), "{schema} lets {bad} through");
    }
    assert!(check(&root, &json!({ "anyOf": [] }), &json!(1)).is_err(), "an unknown keyword");
}

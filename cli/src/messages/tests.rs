//! The catalogue is whole: every text that the code names is there, every text there is named,
//! every placeholder has a value, and every rule says what, why and what next.

mod languages;
mod newer_samples;
mod samples;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use comity_core::governance::Office;
use comity_core::rule_pack::Clock;
use jiff::tz::TimeZone;

use super::{Language, catalogue, text};
use crate::client::refusal_fields;
use crate::fault::Fault;
use samples::{access_refusals, all_refusals};

const PARTS: [&str; 3] = ["err", "mean", "next"];
/// What every fault's texts may use, beside its own fields.
const ATTEMPT_FIELDS: [&str; 2] = ["grant", "dataset"];
const SIGNER_FIELDS: [&str; 5] = ["signer", "signer_role", "signer_key", "detail", "rule"];

fn sources() -> Vec<(PathBuf, String)> {
    sources_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

fn sources_in(folder: &Path) -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let source = std::fs::read_to_string(&path).unwrap();
                let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
                found.push((path.clone(), code.collect::<Vec<_>>().join("\n")));
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, &mut found);
    found.retain(|(path, _)| !path.to_string_lossy().contains("tests"));
    found
}

/// Calls of a macro: its first text, then the names of its fields.
fn calls(source: &str, name: &str) -> Vec<(String, BTreeSet<String>)> {
    let mut found = Vec::new();
    for (at, _) in source.match_indices(&format!("{name}!(")) {
        let inside = inside_parentheses(&source[at + name.len() + 1..]);
        let args = split_arguments(inside);
        let key = args.iter().find_map(|arg| arg.strip_prefix('"')?.strip_suffix('"'));
        let Some(key) = key else { continue };
        let field = |arg: &String| {
            let (name, _) = arg.split_once('=')?;
            let name = name.trim();
            name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_').then(|| name.to_owned())
        };
        found.push((key.to_owned(), args.iter().filter_map(field).collect()));
    }
    found
}

fn inside_parentheses(text: &str) -> &str {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 1 => return &text[1..at],
            ')' => depth -= 1,
            _ => {}
        }
    }
    panic!("a macro call is closed");
}

fn split_arguments(text: &str) -> Vec<String> {
    let (mut args, mut depth) = (vec![String::new()], 0);
    for c in text.chars() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        match args.last_mut() {
            _ if c == ',' && depth == 0 => args.push(String::new()),
            Some(last) => last.push(c),
            None => unreachable!("there is always a last one"),
        }
    }
    args.iter().map(|arg| arg.trim().to_owned()).collect()
}

fn placeholders(key: &str) -> BTreeSet<String> {
    placeholders_of(text(key))
}

/// The names of a text's placeholders, also of those that choose between two words.
fn placeholders_of(text: &str) -> BTreeSet<String> {
    let parts = text.split('{').skip(1);
    parts.map(|part| part.split(['}', '|']).next().unwrap().to_owned()).collect()
}

/// Texts that the code names, with the fields that it fills in.
fn named() -> BTreeMap<String, BTreeSet<String>> {
    let mut named: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut note = |key: String, fields: BTreeSet<String>| {
        // Of two calls, what both fill in counts.
        let both = match named.get(&key) {
            Some(before) => before.intersection(&fields).cloned().collect(),
            None => fields,
        };
        named.insert(key, both);
    };
    for (_, source) in sources() {
        for (key, fields) in calls(&source, "say") {
            note(key, fields);
        }
        for (name, fields) in calls(&source, "fault") {
            for part in PARTS {
                note(format!("{part}-{name}"), fields.clone());
            }
        }
    }
    for (name, fields) in rules() {
        for part in PARTS {
            let mut fields = fields.clone();
            fields.extend(SIGNER_FIELDS.map(str::to_owned));
            note(format!("{part}-{name}"), fields);
        }
    }
    named
}

/// Every rule's name with the fields of its refusal.
fn rules() -> BTreeMap<String, BTreeSet<String>> {
    let mut rules = BTreeMap::new();
    let mut add = |rule: &str, value: serde_json::Value| {
        let fields = refusal_fields(&value, &TimeZone::UTC).into_iter().map(|(name, _)| name);
        rules.insert(rule.to_owned(), fields.collect());
    };
    for refusal in all_refusals() {
        add(refusal.rule(), serde_json::to_value(&refusal).unwrap());
    }
    for refusal in access_refusals() {
        let mut value = serde_json::to_value(&refusal).unwrap();
        // What is known of the attempt, whatever refuses it.
        for name in ATTEMPT_FIELDS {
            value[name] = name.into();
        }
        add(refusal.rule(), value);
    }
    for rule in declared(include_str!("../../../core/src/statement.rs")) {
        add(&rule, serde_json::Value::Null);
    }
    add("unknown-rule", serde_json::Value::Null);
    rules
}

/// The names that a `fn rule` of core can give.
fn declared(source: &str) -> BTreeSet<String> {
    let (_, body) = source.split_once("pub fn rule(&self) -> &'static str {").unwrap();
    let (body, _) = body.split_once("\n    }\n").unwrap();
    let names = body.split("=> \"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
    names.collect()
}

/// Where core names the rules that refuse records.
const REFUSALS: [&str; 14] = [
    include_str!("../../../core/src/refusal/approval.rs"),
    include_str!("../../../core/src/refusal/names.rs"),
    include_str!("../../../core/src/refusal/supervision.rs"),
    include_str!("../../../core/src/refusal/duties.rs"),
    include_str!("../../../core/src/refusal/grants.rs"),
    include_str!("../../../core/src/refusal/legs.rs"),
    include_str!("../../../core/src/refusal/checks.rs"),
    include_str!("../../../core/src/refusal/incidents.rs"),
    include_str!("../../../core/src/refusal/emergency.rs"),
    include_str!("../../../core/src/refusal/disputes.rs"),
    include_str!("../../../core/src/refusal/oversight.rs"),
    include_str!("../../../core/src/refusal/task_forces.rs"),
    include_str!("../../../core/src/refusal/assessments.rs"),
    include_str!("../../../core/src/refusal/late.rs"),
];

#[test]
fn every_rule_of_core_has_a_sample_here() {
    let sampled: BTreeSet<String> = all_refusals().iter().map(|r| r.rule().to_owned()).collect();
    let named = REFUSALS.iter().flat_map(|source| declared(source)).collect();
    assert_eq!(sampled, named);
    let sampled: BTreeSet<String> = access_refusals().iter().map(|r| r.rule().to_owned()).collect();
    assert_eq!(sampled, declared(include_str!("../../../core/src/access.rs")));
    assert!(declared(include_str!("../../../core/src/statement.rs")).contains("bad-signature"));
}

#[test]
fn every_rule_says_what_happened_what_it_means_and_what_to_do_next() {
    for rule in rules().keys() {
        for part in PARTS {
            assert!(super::find(&format!("{part}-{rule}")).is_some(), "{part}-{rule} is missing");
        }
        let shown = Fault::refused(rule, vec![]).to_text();
        assert!(shown.contains("Nothing was changed."), "{shown}");
    }
}

#[test]
fn every_text_that_the_code_names_is_there_and_gets_its_values() {
    let named = named();
    assert!(named.len() > 200, "the scan of the sources works");
    for (key, fields) in &named {
        assert!(super::find(key).is_some(), "{key} is missing");
        let wanted = placeholders(key);
        let missing: Vec<_> = wanted.difference(fields).filter(|field| *field != "rule").collect();
        assert!(missing.is_empty(), "{key} wants {missing:?}, and is given {fields:?}");
    }
}

#[test]
fn every_text_there_is_named() {
    let mut used: BTreeSet<String> = named().into_keys().collect();
    let command = crate::args::command();
    let mut helps = BTreeSet::new();
    collect_helps(&command, "", &mut helps);
    for key in &helps {
        let is_own = key.starts_with("help-");
        assert!(!is_own || super::find(key).is_some(), "{key} is missing");
    }
    used.extend(helps);
    // Named by a computed or passed name.
    let literal = |key: &str| sources().iter().any(|(_, s)| s.contains(&format!("\"{key}\"")));
    used.extend(crate::args::STANDINGS.map(|word| format!("standing-{word}")));
    used.extend(languages::words());
    used.extend(Clock::ALL.map(|clock| format!("clock-{clock}")));
    used.extend(Office::ALL.map(|office| format!("office-{office}")));
    let states = ["running", "met", "met-late", "lapsed", "released"];
    used.extend(states.map(|state| format!("duties-{state}")));
    used.extend(shapes());
    let unused: Vec<&String> = catalogue(Language::English)
        .keys()
        .filter(|key| !used.contains(*key) && !literal(key))
        .collect();
    assert!(unused.is_empty(), "nobody names {unused:?}");
}

/// The names of the texts about how values are written: one for each thing with a shape.
fn shapes() -> Vec<String> {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src");
    let all = sources().into_iter().chain(sources_in(&core));
    let texts: String = all.map(|(_, source)| source).collect();
    let named = move |key: &&String| {
        let what = key.trim_start_matches("shape-").replace('-', " ");
        key.starts_with("shape-")
            && ["", "a ", "an "].iter().any(|a| texts.contains(&format!("\"{a}{what}\"")))
    };
    catalogue(Language::English).keys().filter(named).cloned().collect()
}

/// The names of all help texts; every argument must have one.
fn collect_helps(command: &clap::Command, path: &str, found: &mut BTreeSet<String>) {
    let name = command.get_name();
    let here = match path {
        "" | "comity" => name.to_owned(),
        _ => format!("{path}-{name}"),
    };
    found.insert(format!("help-{here}"));
    found.insert(format!("example-{here}"));
    for arg in command.get_arguments() {
        let id = arg.get_id();
        let (own, shared) = (format!("arg-{here}-{id}"), format!("arg-{id}"));
        let key = if super::find(&own).is_some() { own } else { shared };
        assert!(super::find(&key).is_some(), "{here} has no text for {id}");
        found.insert(key);
    }
    let is_leaf = command.get_subcommands().next().is_none();
    assert!(!is_leaf || super::find(&format!("example-{here}")).is_some(), "{here}: no example");
    for sub in command.get_subcommands() {
        collect_helps(sub, &here, found);
    }
}

#[test]
fn examples_are_commands_that_can_be_typed() {
    let mut count = 0;
    for language in Language::ALL {
        let examples = catalogue(language).iter().filter(|(key, _)| key.starts_with("example-"));
        for (key, text) in examples {
            let text = text.replace("\\\n", "");
            for line in text.lines().filter_map(|line| line.trim().strip_prefix("comity ")) {
                let words = line.split(" > ").next().unwrap();
                let args = std::iter::once("comity".to_owned()).chain(shell_words(words));
                if let Err(error) = crate::args::parse(args.map(Into::into).collect()) {
                    panic!("{key} ({}): {error}", language.code());
                }
                count += 1;
            }
        }
    }
    assert!(count > 30, "{count} examples were tried");
}

fn shell_words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match (c, words.last_mut()) {
            ('"', _) => quoted = !quoted,
            (' ', Some(word)) if !quoted && word.is_empty() => {}
            (' ', _) if !quoted => words.push(String::new()),
            (c, Some(word)) => word.push(c),
            (_, None) => unreachable!("there is always a last one"),
        }
    }
    words
}

#[test]
fn values_are_never_read_as_texts() {
    let fields = [("url".to_owned(), "{path}".to_owned())];
    let shown = super::render("err-node-url", &fields);
    assert_eq!(shown, "{path} is no address of a node");
}

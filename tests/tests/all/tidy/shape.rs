//! The shape of files: their contracts, lengths and names.

use super::assert_none;
use super::code::{code_of, item_end, words};
use super::tree::{files, rust_files};

/// Lines after which a file must say why it is so long.
const LONG_FILE_LINES: usize = 500;
const LONG_FILE_EXCUSE: &str = "Longer than 500 lines because";
/// Lines that a function stays under.
const LONG_FUNCTION_LINES: usize = 70;
/// Functions that are one match over an enum of the consensus, so that the compiler says what it lacks.
const WHOLE_MATCHES: [(&str, &str); 6] = [
    ("core/src/statement/action.rs", "attempt"),
    ("core/src/apply/acts.rs", "act"),
    ("node/listing/src/terms.rs", "about"),
    ("cli/src/commands/evidence/list.rs", "did"),
    ("cli/src/describe/areas.rs", "area"),
    ("cli/src/bundle/closure.rs", "of_action"),
];
/// Names that say nothing.
const EMPTY_NAMES: [&str; 9] =
    ["common", "helper", "helpers", "manager", "managers", "misc", "util", "utils", "utilities"];

#[test]
fn every_file_opens_with_its_contract() {
    let rust = rust_files();
    let offenders = rust.iter().filter(|file| !file.text.starts_with("//! "));
    assert_none(offenders.map(|file| file.path.clone()).collect());
}

#[test]
fn long_files_say_why() {
    let mut offenders = Vec::new();
    for file in rust_files() {
        let lines = file.text.lines().count();
        let contract = file.text.lines().take_while(|line| line.starts_with("//!"));
        let contract = contract.map(|line| line.trim_start_matches("//!").trim());
        let says_why = contract.collect::<Vec<_>>().join(" ").contains(LONG_FILE_EXCUSE);
        if lines > LONG_FILE_LINES && !says_why {
            offenders.push(format!("{}: {lines} lines", file.path));
        }
    }
    assert_none(offenders);
}

/// The functions of a source, each with its line and its length in lines.
fn functions(source: &str) -> Vec<(String, usize, usize)> {
    let code = code_of(source);
    let lines: Vec<&str> = code.lines().collect();
    let mut functions = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let mut heard = words(line).skip_while(|word| *word != "fn").skip(1);
        // Without a name it is a type, as in `fn(u8) -> u8`.
        if let Some(name) = heard.next().filter(|name| line.contains(&format!("fn {name}"))) {
            let body = &lines[at..item_end(&lines, at)];
            let rows = body.iter().filter(|line| is_row(line)).count();
            functions.push((name.to_owned(), at + 1, body.len() - rows));
        }
    }
    functions
}

/// A row of a table of names, such as `Refusal::Replayed => "replayed",`: a table is one thing,
/// however long it is.
fn is_row(line: &str) -> bool {
    // Of a text in quotes nothing is left here but the place.
    line.split_once("=> ").is_some_and(|(_, value)| value.trim() == ",")
}

#[test]
fn functions_fit_on_a_page() {
    let mut offenders = Vec::new();
    for file in rust_files() {
        for (name, line, length) in functions(&file.text) {
            let is_whole = WHOLE_MATCHES.contains(&(file.path.as_str(), name.as_str()));
            if length >= LONG_FUNCTION_LINES && !is_whole {
                offenders.push(format!("{}:{line}: {name} has {length} lines", file.path));
            }
        }
    }
    assert_none(offenders);
}

#[test]
fn functions_are_measured_from_their_name_to_their_last_brace() {
    let source = "trait T {\n    fn a(&self) -> [u8; 2];\n}\ntype F = fn(u8) -> u8;\n\
                  fn b<'a>(\n    x: &'a str,\n) -> &'a str\n{\n    match '}' { _ => x }\n}\n";
    let found = functions(source);
    assert_eq!(found, [("a".to_owned(), 2, 1), ("b".to_owned(), 5, 6)]);
}

/// The words of a name: of `snake_case` and `kebab-case` and of `CamelCase`.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for c in name.chars() {
        if c.is_uppercase() || !c.is_alphanumeric() {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut().filter(|_| c.is_alphanumeric()) {
            part.extend(c.to_lowercase());
        }
    }
    parts
}

fn says_nothing(name: &str) -> bool {
    parts(name).iter().any(|part| EMPTY_NAMES.contains(&part.as_str()))
}

#[test]
fn names_say_something() {
    let mut offenders = Vec::new();
    for file in rust_files() {
        if file.path.split('/').any(|part| says_nothing(part.trim_end_matches(".rs"))) {
            offenders.push(file.path.clone());
        }
        for (at, line) in code_of(&file.text).lines().enumerate() {
            let names = ["struct", "enum", "trait", "mod", "type", "union"];
            let mut heard = words(line).skip_while(|word| !names.contains(word)).skip(1);
            if let Some(name) = heard.next().filter(|name| says_nothing(name)) {
                offenders.push(format!("{}:{}: {name}", file.path, at + 1));
            }
        }
    }
    assert_none(offenders);
}

#[test]
fn text_ends_with_a_line_end_and_lines_with_their_text() {
    let kinds = [".rs", ".toml", ".md", ".py", ".sh", ".yml"];
    let mut offenders = Vec::new();
    for file in files().iter().filter(|f| kinds.iter().any(|kind| f.path.ends_with(kind))) {
        if !file.text.is_empty() && !file.text.ends_with('\n') {
            offenders.push(format!("{}: no line end at its end", file.path));
        }
        let trailing = file.text.lines().enumerate().filter(|(_, l)| l.trim_end() != *l);
        offenders
            .extend(trailing.map(|(at, _)| format!("{}:{}: trailing space", file.path, at + 1)));
    }
    assert_none(offenders);
}

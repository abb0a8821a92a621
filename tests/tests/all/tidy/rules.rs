//! `docs/rules.md` is whole: every rule of core stands there once, with its meaning, its source,
//! what to do next, and a case that breaks it.
//! Holds: a rule without a row fails here, and so does a row without a rule.

use std::collections::{BTreeMap, BTreeSet};

use super::assert_none;
use super::tree::{File, files, read};

const PAGE: &str = "docs/rules.md";
const FORMATS: &str = "docs/formats.md";
/// Where cases are.
const CASES: &str = "core/tests/rules";
/// Rule, meaning, source, what next, case.
const COLUMNS: usize = 5;

/// A row of a table, with the test that runs the table's cases.
struct Row {
    line: usize,
    test: String,
    cells: Vec<String>,
}

impl Row {
    fn rule(&self) -> &str {
        self.cells[0].trim_matches('`')
    }

    fn offends(&self, what: impl std::fmt::Display) -> String {
        format!("{PAGE}:{}: {}: {what}", self.line, self.rule())
    }
}

fn rows(page: &str) -> Vec<Row> {
    let mut found = Vec::new();
    let mut test = String::new();
    for (at, line) in page.lines().enumerate() {
        if let Some((_, run_by)) = line.split_once("Run by `") {
            test = run_by.split('`').next().unwrap().to_owned();
        }
        let Some(row) = line.strip_prefix("| `").and_then(|rest| rest.strip_suffix(" |")) else {
            continue;
        };
        let cells: Vec<String> = format!("`{row}").split(" | ").map(str::to_owned).collect();
        found.push(Row { line: at + 1, test: test.clone(), cells });
    }
    found
}

/// What stands between `begin` and `end`, each time.
fn between<'a>(text: &'a str, begin: &str, end: &str) -> Vec<&'a str> {
    text.split(begin).skip(1).filter_map(|rest| Some(rest.split_once(end)?.0)).collect()
}

/// The arms of a `match` that give names: each variant, and what it is called.
fn arms(body: &str) -> Vec<(String, String)> {
    let arm = |(before, after): (&str, &str)| {
        let name = after.split('"').next().unwrap();
        let variant = before.rsplit("::").next().unwrap();
        let variant = variant.chars().take_while(char::is_ascii_alphanumeric).collect();
        (variant, name.to_owned())
    };
    let cuts = body.match_indices("=> \"").map(|(at, cut)| (&body[..at], &body[at + cut.len()..]));
    cuts.map(arm).collect()
}

/// `KeyTaken` as `key-taken`.
fn kebab(name: &str) -> String {
    let mut result = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !result.is_empty() {
            result.push('-');
        }
        result.push(c.to_ascii_lowercase());
    }
    result
}

/// Every rule of core, and below those that find a fault each fault, with what it is called there.
fn declared(core: &[File]) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut add = |rule: String, variant: String| {
        found.entry(rule).or_default().insert(variant);
    };
    for file in core {
        for body in between(&file.text, "pub fn rule(&self) -> &'static str {", "\n    }\n") {
            for (variant, name) in arms(body) {
                add(name, variant);
            }
        }
    }
    // `MeasureUnfit { fault: MeasureFault }` finds each of that enum's.
    for file in core.iter().filter(|file| file.path.starts_with("core/src/refusal")) {
        for (at, field) in file.text.match_indices("fault: ") {
            let (before, after) = (&file.text[..at], &file.text[at + field.len()..]);
            let fault: String = after.chars().take_while(char::is_ascii_alphanumeric).collect();
            let Some((before, _)) = before.rsplit_once(" {\n") else { continue };
            let rule = kebab(before.rsplit([' ', '\n']).next().unwrap());
            let begin = format!("impl {fault} {{\n");
            let of_fault = core.iter().flat_map(|file| between(&file.text, &begin, "\n}\n"));
            let names = of_fault.flat_map(|body| between(body, "fn as_str(self)", "\n    }"));
            for (variant, name) in names.flat_map(arms) {
                add(format!("{rule}: {name}"), variant);
            }
        }
    }
    found
}

fn core_files() -> Vec<File> {
    files().into_iter().filter(|file| file.is_under("core/src") && file.is_rust()).collect()
}

#[test]
fn every_rule_of_core_stands_in_the_table_once() {
    let rows = rows(&read(PAGE).unwrap());
    let declared = declared(&core_files());
    assert!(declared.len() > 150, "{} rules were found in core", declared.len());
    assert!(declared.contains_key("measure-unfit: sponsor"), "and the faults of measures");
    let mut offenders = Vec::new();
    let mut listed = BTreeSet::new();
    for row in &rows {
        if !listed.insert(row.rule().to_owned()) {
            offenders.push(row.offends("stands twice"));
        }
        if !declared.contains_key(row.rule()) {
            offenders.push(row.offends("core has no such rule"));
        }
    }
    for rule in declared.keys().filter(|rule| !listed.contains(*rule)) {
        offenders
            .push(format!("{PAGE} lacks: | `{rule}` | WHAT IT SAYS | SOURCE | NEXT | `CASE` |"));
    }
    assert_none(offenders);
}

#[test]
fn every_rule_has_its_meaning_its_source_and_what_to_do_next() {
    let formats = read(FORMATS).unwrap();
    let sections: BTreeSet<String> = formats
        .lines()
        .filter_map(|line| {
            line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#'))
        })
        .map(|heading| heading.to_lowercase().replace(',', "").replace(' ', "-"))
        .collect();
    let mut offenders = Vec::new();
    for row in rows(&read(PAGE).unwrap()) {
        if row.cells.len() != COLUMNS {
            offenders.push(row.offends(format!("{} cells", row.cells.len())));
            continue;
        }
        for (cell, name) in row.cells.iter().zip(["", "meaning", "source", "next", "case"]) {
            if cell.trim().is_empty() || cell.chars().all(|c| c.is_ascii_uppercase() || c == ' ') {
                offenders.push(row.offends(format!("no {name}")));
            }
        }
        let section =
            row.cells[2].split_once("](formats.md#").and_then(|(_, rest)| rest.split_once(')'));
        match section {
            Some((section, _)) if sections.contains(section) => {}
            Some((section, _)) => {
                offenders.push(row.offends(format!("{FORMATS} has no {section:?}")))
            }
            None => offenders.push(row.offends("names no section of formats.md")),
        }
    }
    assert_none(offenders);
}

#[test]
fn every_case_breaks_its_rule_and_every_test_that_runs_them_is_there() {
    let declared = declared(&core_files());
    let mut offenders = Vec::new();
    for row in rows(&read(PAGE).unwrap()) {
        let Some((file, test)) = row.test.split_once("::") else {
            offenders.push(row.offends("its table names no test"));
            continue;
        };
        let runs = read(&format!("{CASES}/{file}.rs")).unwrap_or_default();
        if !runs.contains(&format!("#[test]\nfn {test}()")) {
            offenders.push(row.offends(format!("there is no test {}", row.test)));
        }
        let case = row.cells.last().unwrap().trim_matches('`');
        let cases = read(&format!("{CASES}/{case}.rs")).unwrap_or_default();
        let variants = declared.get(row.rule()).cloned().unwrap_or_default();
        // As in `Refusal::KeyTaken`, or as the name of what is still untried.
        if !variants.iter().any(|variant| names(&cases, variant)) {
            offenders.push(row.offends(format!("{CASES}/{case}.rs names none of {variants:?}")));
        }
    }
    assert_none(offenders);
}

/// Whether a variant is named in code: `::KeyTaken`, and no longer word.
fn names(code: &str, variant: &str) -> bool {
    let path = format!("::{variant}");
    code.match_indices(&path).any(|(at, _)| {
        let next = code[at + path.len()..].chars().next();
        next.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '_')
    })
}

#[test]
fn arms_and_rows_are_read_as_they_are_written() {
    let body = "
        match self {
            A::KeyTaken { .. } => \"key-taken\",
            A::Decode(B::Trailing { .. }) => \"record-trailing\",
            A::Area(refusal) => refusal.rule(),
            A::Possession(_) => \"bad-possession\",
        }";
    let found = arms(body);
    let name = |at: usize| (found[at].0.as_str(), found[at].1.as_str());
    assert_eq!(name(0), ("KeyTaken", "key-taken"));
    assert_eq!(name(1), ("Trailing", "record-trailing"));
    assert_eq!(name(2), ("Possession", "bad-possession"));
    assert_eq!(kebab("MeasureUnfit"), "measure-unfit");
    let rows = rows("Run by `a::b`.\n| Rule | X |\n|---|---|\n| `c-d` | e | f | g | `h` |\n");
    assert_eq!((rows.len(), rows[0].rule(), rows[0].test.as_str()), (1, "c-d", "a::b"));
    assert_eq!(rows[0].cells.len(), COLUMNS);
}

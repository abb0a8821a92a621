//! What documents and code say of one another, and of the machine they stand on.

use std::collections::BTreeSet;

use super::assert_none;
use super::tree::{File, files, read};

const CI: &str = ".ci/run";

/// A file's text with comment marks and line breaks taken out, so that what is wrapped reads on.
fn unwrapped(file: &File) -> String {
    let lines = file.text.lines().map(|line| {
        let line = line.trim();
        let line = ["//!", "///", "//", "#"]
            .iter()
            .find_map(|mark| line.strip_prefix(mark))
            .unwrap_or(line);
        line.trim().trim_end_matches('\\').trim_end()
    });
    lines.collect::<Vec<_>>().join(" ").replace("\\\"", "\"")
}

/// The documents that a text cites: each path under `docs/`, with the section where one is named.
fn citations(text: &str) -> Vec<(String, Option<String>)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("docs/") {
        let rest = &text[at..];
        let Some(end) = rest.find(".md").map(|end| end + 3) else { continue };
        let path = &rest[..end];
        if !path.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_')) {
            continue;
        }
        let section = rest[end..].strip_prefix(", \"").and_then(|named| named.split_once('"'));
        found.push((path.to_owned(), section.map(|(name, _)| name.to_owned())));
    }
    found
}

fn headings(document: &str) -> BTreeSet<String> {
    let lines = document.lines().filter(|line| line.starts_with('#'));
    lines.map(|line| line.trim_start_matches('#').trim().to_owned()).collect()
}

#[test]
fn what_is_cited_exists() {
    let mut offenders = BTreeSet::new();
    for file in files().iter().filter(|f| [".rs", ".toml"].iter().any(|e| f.path.ends_with(e))) {
        for (path, section) in citations(&unwrapped(file)) {
            let Some(document) = read(&path) else {
                offenders.insert(format!("{}: there is no {path}", file.path));
                continue;
            };
            let Some(section) = section else { continue };
            if !headings(&document).contains(&section) {
                offenders.insert(format!("{}: {path} has no section {section:?}", file.path));
            }
        }
    }
    assert_none(offenders.into_iter().collect());
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut offenders = Vec::new();
    for file in files().iter().filter(|file| file.path.ends_with(".md")) {
        let directory = file.path.rsplit_once('/').map_or("", |(directory, _)| directory);
        for link in file.text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            let is_elsewhere = target.is_empty() || target.contains("://");
            let path = super::tree::root().join(directory).join(target);
            if !is_elsewhere && !path.exists() {
                offenders.push(format!("{}: there is no {target}", file.path));
            }
        }
    }
    assert_none(offenders);
}

#[test]
fn no_path_of_one_machine_is_written_down() {
    let roots = ["work", "root", "home/user", "tmp/brief", "Users"].map(|name| format!("/{name}/"));
    let mut offenders = Vec::new();
    for file in files() {
        for (at, line) in file.text.lines().enumerate() {
            if let Some(path) = roots.iter().find(|path| line.contains(path.as_str())) {
                offenders.push(format!("{}:{}: {path}", file.path, at + 1));
            }
        }
    }
    assert_none(offenders);
}

/// The cargo commands that the README gives in blocks of their own, in order.
fn readme_commands(readme: &str) -> Vec<String> {
    let blocks = readme.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let lines = blocks.flat_map(str::lines).filter(|line| line.starts_with("cargo "));
    lines.map(str::to_owned).collect()
}

#[test]
fn the_first_two_commands_of_the_readme_are_the_ones_that_ci_runs() {
    let readme = read("README.md").expect("there is a README");
    let ci = read(CI).expect("there is a CI script");
    let commands = readme_commands(&readme);
    assert!(commands.len() >= 2, "the README gives two commands: {commands:?}");
    let missing = commands.iter().take(2).filter(|command| !ci.contains(command.as_str()));
    assert_none(missing.map(|command| format!("{CI} does not run {command}")).collect());
}

#[cfg(unix)]
#[test]
fn the_ci_script_can_be_run() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(super::tree::root().join(CI)).unwrap().permissions().mode();
    assert_eq!(mode & 0o111, 0o111, "{CI} is executable");
}

#[test]
fn citations_are_read_across_wrapped_lines() {
    let text = "//! Source: docs/formats.md,\n//! \"Sign guard\", and docs/api.md.\n";
    let file = File { path: "x.rs".to_owned(), text: text.to_owned() };
    let found = citations(&unwrapped(&file));
    let section = Some("Sign guard".to_owned());
    assert_eq!(found, [("docs/formats.md".to_owned(), section), ("docs/api.md".to_owned(), None)]);
}

//! Completions and manual pages: made for every command there is.

use super::fixture::Office;
use crate::fault::Exit;

/// The paths of all commands, as in `comity grant issue`.
fn paths(command: &clap::Command, above: &str, found: &mut Vec<String>) {
    let here = format!("{above} {}", command.get_name()).trim().to_owned();
    for sub in command.get_subcommands() {
        paths(sub, &here, found);
    }
    found.push(here);
}

fn all() -> Vec<String> {
    let mut found = Vec::new();
    paths(&crate::args::command(), "", &mut found);
    assert!(found.len() > 30, "{found:?}");
    found
}

#[test]
fn shells_complete_every_noun_and_verb() {
    let office = Office::new();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let ran = office.run(&["completions", shell]).ended(Exit::Done);
        for path in all() {
            for word in path.split(' ') {
                assert!(ran.out.contains(word), "{shell} does not complete {word}");
            }
        }
        assert!(ran.out.contains("oldest-first") && ran.err.is_empty(), "{shell}: options too");
    }
    office.run(&["completions", "tcsh"]).ended(Exit::Usage);
}

#[test]
fn every_command_has_a_manual_page() {
    let office = Office::new();
    let folder = office.path("man1");
    let ran = office.run(&["man", "--out", &folder, "--json"]).ended(Exit::Done);
    let json = ran.json();
    let pages: Vec<&str> =
        json["pages"].as_array().unwrap().iter().map(|p| p.as_str().unwrap()).collect();
    for path in all() {
        let name = format!("{}.1", path.replace(' ', "-"));
        assert!(pages.contains(&name.as_str()), "{name} is missing in {pages:?}");
    }
    let page = std::fs::read_to_string(format!("{folder}/comity-grant-issue.1")).unwrap();
    assert!(page.contains("Let another agency use a dataset"), "{page}");
}

#[test]
fn help_groups_the_nouns_by_who_needs_them() {
    let office = Office::new();
    let ran = office.run(&["--help"]).ended(Exit::Done);
    let places = ["For officers", "access", "For stewards", "dataset", "For operators", "status"];
    let found: Vec<Option<usize>> = places.iter().map(|place| ran.out.find(place)).collect();
    assert!(found.iter().all(Option::is_some) && found.is_sorted(), "{found:?} in {}", ran.out);
    let too_wide = ran.out.lines().find(|line| crate::wrap::columns(line) > 100);
    assert_eq!(too_wide, None, "the options' texts are clap's to break");
}

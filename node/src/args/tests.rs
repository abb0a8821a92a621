//! The command line is sound, and its own examples are understood.

use comity_core::agency::{AgencyKind, Level};

use super::*;

#[test]
fn command_line_is_sound_and_every_task_shows_an_example() {
    let command = Args::command();
    command.clone().debug_assert();
    for task in command.get_subcommands().filter(|task| !has_own(task)) {
        let help = task.clone().render_long_help().to_string();
        let example = match task.get_name() {
            "completions" => "\n  comityd completions bash".to_owned(),
            name => format!("\n  comityd {name} --"),
        };
        assert!(help.contains(&example), "{help}");
    }
}

/// Whether a task has tasks of its own, each with its example.
fn has_own(task: &clap::Command) -> bool {
    ["config", "guard", "key"].contains(&task.get_name())
}

#[test]
fn name_that_says_nothing_is_refused() {
    for name in ["", "  ", "two\nlines"] {
        let words = ["comityd", "init", "--dir", "d", "--agency", "a", "--region", "r", "--level"];
        let rest = ["county", "--admin-card", "c", "--name", name];
        assert!(parse(words.iter().chain(&rest).map(OsString::from)).is_err(), "{name:?}");
    }
}

#[test]
fn every_level_and_kind_that_is_offered_is_known() {
    let command = Args::command();
    let init = command.find_subcommand("init").unwrap();
    for option in ["level", "kind"] {
        let values = init.get_arguments().find(|a| a.get_id() == option).unwrap();
        for value in values.get_possible_values() {
            let text = serde_json::Value::String(value.get_name().to_owned());
            let known = match option {
                "level" => serde_json::from_value::<Level>(text).is_ok(),
                _ => serde_json::from_value::<AgencyKind>(text).is_ok(),
            };
            assert!(known, "{option} {value:?}");
        }
    }
}

#[test]
fn examples_in_the_help_are_understood() {
    let command = Args::command();
    let tasks = command.get_subcommands().flat_map(|task| {
        let own: Vec<&clap::Command> = task.get_subcommands().collect();
        if own.is_empty() { vec![task] } else { own }
    });
    let mut count = 0;
    for task in tasks.filter(|task| !["help", "completions", "man"].contains(&task.get_name())) {
        let help = task.get_after_help().unwrap().to_string().replace("\\\n", "");
        let examples = help.lines().map(str::trim).filter(|line| line.starts_with("comityd "));
        for example in examples.filter(|line| !line.starts_with("comityd guard show,")) {
            let parsed = parse(words_of(example).iter().map(OsString::from));
            assert!(parsed.is_ok(), "{example}: {:?}", parsed.err());
            count += 1;
        }
    }
    assert!(count >= 12, "only {count} examples");
}

/// Words as a shell splits them, with double quotes.
fn words_of(line: &str) -> Vec<String> {
    let quoted = line.split('"').enumerate();
    quoted.fold(Vec::new(), |mut words, (part, text)| {
        if part % 2 == 1 {
            words.push(text.to_owned());
        } else {
            words.extend(text.split_whitespace().map(str::to_owned));
        }
        words
    })
}

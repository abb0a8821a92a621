//! The command line is sound, and its own examples are understood.

use comity_core::agency::{AgencyKind, Level};

use super::*;

#[test]
fn command_line_is_sound_and_every_task_shows_an_example() {
    let command = Args::command();
    command.clone().debug_assert();
    for task in command.get_subcommands().filter(|task| task.get_name() != "config") {
        let help = task.clone().render_long_help().to_string();
        let example = match task.get_name() {
            "completions" => "\n  comityd completions bash".to_owned(),
            name => format!("\n  comityd {name} --"),
        };
        assert!(help.contains(&example), "{help}");
    }
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
    for task in ["init", "genesis", "run", "export", "reindex", "repair"] {
        let mut command = Args::command();
        let task = command.find_subcommand_mut(task).unwrap();
        let help = task.get_after_help().unwrap().to_string();
        let example = help.replace("Example:", "").replace("\\\n", "");
        let words = words_of(example.trim());
        let parsed = parse(words.iter().map(OsString::from));
        assert!(parsed.is_ok(), "{words:?}: {:?}", parsed.err());
    }
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

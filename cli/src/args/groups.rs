//! The nouns as `comity --help` groups them: by who needs them.
//! Holds: every noun stands in exactly one group.
//! May not enter: help texts (they are in the catalogue under `help-` and `group-`).

use clap::CommandFactory;

use super::Cli;
use crate::messages;
use crate::wrap;

/// The narrowest terminal that people are thought to have (columns).
const PAGE_WIDTH: usize = 80;

/// The groups, with the nouns of each in the order of a day's work.
const GROUPS: [(&str, &[&str]); 4] = [
    ("group-officer", &["inbox", "request", "access", "check", "evidence", "sealed"]),
    (
        "group-steward",
        &[
            "dataset",
            "responsibility",
            "grant",
            "incident",
            "dispute",
            "emergency",
            "task-force",
            "duty",
            "draft",
            "codes",
            "calendar",
            "rules",
            "key",
            "proposal",
        ],
    ),
    ("group-operator", &["status", "agency", "record", "completions", "man"]),
    (
        "group-auditor",
        &["log", "proof", "verify", "audit", "draw", "finding", "assessment", "report"],
    ),
];

/// The page that `comity --help` prints, with places for what clap knows itself.
pub(super) fn template() -> String {
    let command = Cli::command();
    let nouns: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    let width = nouns.iter().map(|noun| noun.len()).max().unwrap_or(0);
    let mut page = "{about-with-newline}\n{usage-heading} {usage}\n".to_owned();
    let listed = |members: &[&str], page: &mut String| {
        for noun in members {
            let text = messages::text(&format!("help-{noun}"));
            for line in wrap::flowed(&format!("  {noun:<width$}  {text}"), PAGE_WIDTH) {
                page.push_str(&line);
                page.push('\n');
            }
        }
    };
    for (title, members) in GROUPS {
        let members: Vec<&str> = members.iter().copied().filter(|m| nouns.contains(m)).collect();
        let title = messages::say!("layout-heading", title = messages::text(title));
        page.push_str(&format!("\n{title}\n"));
        listed(&members, &mut page);
    }
    let rest: Vec<&str> =
        nouns.into_iter().filter(|noun| !GROUPS.iter().any(|(_, m)| m.contains(noun))).collect();
    listed(&rest, &mut page);
    page.push_str("\n{options}{after-help}");
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_noun_is_said_to_be_for_somebody() {
        for noun in Cli::command().get_subcommands().map(clap::Command::get_name) {
            let groups = GROUPS.iter().filter(|(_, members)| members.contains(&noun)).count();
            assert_eq!(groups, 1, "{noun} is to stand in one group of comity --help");
        }
    }
}

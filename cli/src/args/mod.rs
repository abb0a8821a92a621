//! What can be typed: options that every command has, and reading the command line.
//! Holds: every help text comes from the catalogue, by the command's path.
//! May not enter: what commands do.

mod nouns;
mod words;

use std::ffi::OsString;

use clap::{Command, CommandFactory, FromArgMatches, Parser};
use comity_core::hash::ConsortiumId;

pub(crate) use nouns::*;
pub(crate) use words::normal;

use crate::messages;

/// The node asked where none is named.
const DEFAULT_NODE: &str = "http://127.0.0.1:8080";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "comity", version, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub(crate) global: Global,
    /// What it is about.
    #[command(subcommand)]
    pub(crate) noun: Noun,
}

/// Options of every command.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Global {
    /// The node to ask.
    #[arg(long, global = true, value_name = "URL", env = "COMITY_NODE")]
    pub(crate) node: Option<String>,
    /// Refuse to sign for any other consortium.
    #[arg(long, global = true, value_name = "ID", env = "COMITY_CONSORTIUM")]
    pub(crate) consortium: Option<ConsortiumId>,
    /// Results as JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Sign without asking.
    #[arg(long, global = true)]
    pub(crate) yes: bool,
}

impl Global {
    /// The node to ask.
    pub(crate) fn node_url(&self) -> &str {
        self.node.as_deref().unwrap_or(DEFAULT_NODE)
    }
}

/// Reads a command line. Errors: it is not one, or asks for help.
pub(crate) fn parse(args: Vec<OsString>) -> Result<Cli, clap::Error> {
    let matches = command().try_get_matches_from(args)?;
    Cli::from_arg_matches(&matches)
}

/// The command tree with its texts.
pub(crate) fn command() -> Command {
    with_texts(Cli::command(), "")
}

/// Puts the catalogue's texts on a command and all below it. `path` is the words before it,
/// joined by hyphens.
fn with_texts(command: Command, path: &str) -> Command {
    let name = command.get_name().to_owned();
    let here = match path {
        "" => name,
        "comity" => name,
        _ => format!("{path}-{name}"),
    };
    let mut command = command
        .about(messages::text(&format!("help-{here}")))
        .long_about(None::<&str>)
        .mut_args(|arg| {
            let id = arg.get_id().to_string();
            let arg = match arg.is_global_set() {
                true => arg.help_heading(messages::text("heading-global")),
                false => arg,
            };
            match arg_text(&here, &id) {
                Some(text) => arg.help(text).long_help(None::<&str>),
                None => arg,
            }
        });
    if let Some(example) = messages::find(&format!("example-{here}")) {
        command = command.after_help(example);
    }
    command.mut_subcommands(|sub| with_texts(sub, &here))
}

/// An argument's text: the command's own, or the one for all commands.
fn arg_text(path: &str, id: &str) -> Option<&'static str> {
    messages::find(&format!("arg-{path}-{id}")).or_else(|| messages::find(&format!("arg-{id}")))
}

//! What can be typed: options that every command has, and reading the command line.
//! Holds: every help text comes from the catalogue, by the command's path.
//! May not enter: what commands do.

mod access;
mod assessment;
mod audit;
mod binding;
mod check;
mod dataset;
mod dispute;
mod draft;
mod duty;
mod emergency;
mod evidence;
mod grant;
mod groups;
mod inbox;
mod key;
mod legs;
mod log;
mod nouns;
mod oversight;
mod proof;
mod proposal;
mod report;
mod request;
mod responsibility;
mod sealed;
mod task_force;
mod words;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use clap::builder::{PossibleValuesParser, ValueParser};
use clap::{
    Arg, ArgAction, ArgMatches, Command, CommandFactory, FromArgMatches, Parser, ValueHint,
};
use comity_core::hash::ConsortiumId;

pub(crate) use access::*;
pub(crate) use assessment::*;
pub(crate) use audit::*;
pub(crate) use binding::*;
pub(crate) use check::*;
pub(crate) use dataset::*;
pub(crate) use dispute::*;
pub(crate) use draft::*;
pub(crate) use duty::*;
pub(crate) use emergency::*;
pub(crate) use evidence::*;
pub(crate) use grant::*;
pub(crate) use inbox::*;
pub(crate) use key::*;
pub(crate) use legs::*;
pub(crate) use log::*;
pub(crate) use nouns::*;
pub(crate) use oversight::*;
pub(crate) use proof::*;
pub(crate) use proposal::*;
pub(crate) use report::*;
pub(crate) use request::*;
pub(crate) use responsibility::*;
pub(crate) use sealed::*;
pub(crate) use task_force::*;
#[cfg(test)]
pub(crate) use words::STANDINGS;
pub(crate) use words::normal;

use crate::commands::holding::HeldIn;
use crate::held::Held;
use crate::messages::{self, LANG, LANG_VARIABLE, Language};

/// The node asked where none is named.
const DEFAULT_NODE: &str = "http://127.0.0.1:8080";

/// The option of listings.
const CSV: &str = "csv";
/// What a command that lists is called.
const LISTING: &str = "list";

/// The options that name a file to read in the place of a node.
const ARCHIVE: &str = "archive";
const GENESIS: &str = "genesis";
const COPY: &str = "copy";
/// The commands that need nothing but what the log says, and so can read it from a file in the place of
/// a node.
const READ_FROM_FILES: [&str; 39] = [
    "access explain",
    "access list",
    "access show",
    "agency list",
    "agency show",
    "assessment list",
    "assessment show",
    "calendar list",
    "check list",
    "check show",
    "codes list",
    "dataset duplicates",
    "dataset list",
    "dataset show",
    "dispute list",
    "dispute show",
    "draw list",
    "draw show",
    "duty list",
    "emergency list",
    "emergency show",
    "finding list",
    "finding show",
    "grant list",
    "grant show",
    "inbox",
    "incident list",
    "incident show",
    "key list",
    "log list",
    "log show",
    "proposal list",
    "proposal show",
    "request list",
    "request show",
    "responsibility list",
    "rules show",
    "task-force list",
    "task-force show",
];

/// The commands that go through a log from its beginning: they have a `--copy` of their own, read where
/// it is, and an archive in its place.
const READ_FROM_ARCHIVES: [&str; 4] =
    ["audit alerts", "audit reconcile", "audit summary", "audit unmatched"];

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
    /// A listing as CSV. Set from the option that every listing has.
    #[arg(skip)]
    pub(crate) csv: bool,
    /// What was typed after the program's name.
    #[arg(skip)]
    pub(crate) typed: Vec<String>,
    /// The file to read in the place of a node. Set from the options of what only reads.
    #[arg(skip)]
    pub(crate) held_in: Option<HeldIn>,
    /// The same, read and verified.
    #[arg(skip)]
    pub(crate) held: Option<Arc<Held>>,
    /// What opens the key, where nobody is to be asked.
    #[arg(long, global = true, value_name = "FILE", env = "COMITY_PASSPHRASE_FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

impl Global {
    /// The node to ask.
    pub(crate) fn node_url(&self) -> &str {
        self.node.as_deref().unwrap_or(DEFAULT_NODE)
    }
}

/// Reads a command line. Errors: it is not one, or asks for help.
pub(crate) fn parse(args: Vec<OsString>) -> Result<Cli, clap::Error> {
    let typed = args.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let matches = command().try_get_matches_from(args)?;
    let mut cli = Cli::from_arg_matches(&matches)?;
    cli.global.csv = asks_for_csv(&matches);
    cli.global.held_in = held_in(&matches);
    cli.global.typed = typed;
    Ok(cli)
}

fn asks_for_csv(matches: &ArgMatches) -> bool {
    match matches.subcommand() {
        Some((_, deeper)) => asks_for_csv(deeper),
        None => matches.try_get_one::<bool>(CSV).ok().flatten().is_some_and(|asked| *asked),
    }
}

/// The command tree with its texts.
pub(crate) fn command() -> Command {
    let language = Arg::new(LANG)
        .long(LANG)
        .global(true)
        .value_name("CODE")
        .env(LANG_VARIABLE)
        .value_parser(PossibleValuesParser::new(Language::ALL.map(Language::code)));
    with_texts(with_files(with_csv(Cli::command()), "").arg(language), "")
        .help_template(groups::template())
}

/// Gives every listing the option to be written as CSV: one place, not one for each listing.
fn with_csv(command: Command) -> Command {
    let command = command.mut_subcommands(with_csv);
    if command.get_name() != LISTING {
        return command;
    }
    command.arg(Arg::new(CSV).long(CSV).action(ArgAction::SetTrue).conflicts_with("json"))
}

/// Gives every command that only reads what the log says the options to read it from a file: one place,
/// as for CSV. `path` is the words before it.
fn with_files(command: Command, path: &str) -> Command {
    let here = format!("{path} {}", command.get_name());
    let command = command.mut_subcommands(|command| with_files(command, &here));
    let here = here.trim_start().trim_start_matches("comity ");
    let (is_read, has_copy) = (READ_FROM_FILES.contains(&here), READ_FROM_ARCHIVES.contains(&here));
    if !is_read && !has_copy {
        return command;
    }
    let file = |name: &'static str, kind: &'static str| {
        Arg::new(name).long(name).value_name(kind).value_parser(ValueParser::path_buf())
    };
    let command = command
        .arg(file(ARCHIVE, "FILE").requires(GENESIS).conflicts_with(COPY))
        .arg(file(GENESIS, "FILE").requires(ARCHIVE));
    if has_copy { command } else { command.arg(file(COPY, "DIR")) }
}

/// The file that is named in the place of a node, if the command is one that has these options.
fn held_in(matches: &ArgMatches) -> Option<HeldIn> {
    let mut words = Vec::new();
    let mut here = matches;
    while let Some((word, deeper)) = here.subcommand() {
        words.push(word);
        here = deeper;
    }
    let words = words.join(" ");
    let is_read = READ_FROM_FILES.contains(&words.as_str());
    if !is_read && !READ_FROM_ARCHIVES.contains(&words.as_str()) {
        return None;
    }
    let named = |name| here.get_one::<PathBuf>(name).cloned();
    match (named(ARCHIVE), named(GENESIS), named(COPY)) {
        (Some(archive), Some(genesis), _) => Some(HeldIn::Archive(archive, genesis)),
        (_, _, Some(copy)) if is_read => Some(HeldIn::Copy(copy)),
        _ => None,
    }
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
            let arg = if names_file(&arg) { arg.value_hint(ValueHint::AnyPath) } else { arg };
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

/// Whether an argument is a file's or folder's name, which shells complete.
fn names_file(arg: &Arg) -> bool {
    let is_path = |name: &str| matches!(name, "FILE" | "DIR" | "KEYCARD" | "file");
    arg.get_value_names().is_some_and(|names| names.iter().any(|name| is_path(name)))
        || is_path(arg.get_id().as_str())
}

/// An argument's text: the command's own, or the one for all commands.
fn arg_text(path: &str, id: &str) -> Option<&'static str> {
    messages::find(&format!("arg-{path}-{id}")).or_else(|| messages::find(&format!("arg-{id}")))
}

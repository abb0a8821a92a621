//! What somebody is told who asked for help, or typed a command that is none.
//! Holds: it is told in the language that is spoken; the words that every help page has, which the
//! library writes in English, are the catalogue's.
//! May not enter: texts; what commands take (see `args`).

use std::error::Error;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use comity_core::text::TextError;

use crate::fault::Exit;
use crate::messages::{find, say, text};
use crate::shell::Shell;

/// Most characters of a wrong value that are shown with what is wrong with it.
const MAX_SHOWN_CHARS: usize = 80;

/// What the library writes in every help page, with the names of what stands there instead.
const LAYOUT: [(&str, &str); 11] = [
    ("Usage: ", "layout-usage"),
    ("Commands:", "layout-commands"),
    ("Arguments:", "layout-arguments"),
    ("Options:", "layout-options"),
    ("Print help", "layout-help"),
    ("Print version", "layout-version"),
    ("[OPTIONS]", "layout-any-options"),
    ("[possible values: ", "layout-possible"),
    // Where the line ended there.
    ("[possible values:", "layout-possible-end"),
    ("[env: ", "layout-environment"),
    ("[default: ", "layout-default"),
];
/// How many of these are found at the beginning of a line only.
const HEADINGS: usize = 4;

/// Options that name a file in the place of a node, which only commands have that need none.
const NAMES_OF_FILES: [&str; 2] = ["--archive", "--copy"];

/// Tells it, and how the command ends.
pub(crate) fn told(shell: &mut Shell, error: &clap::Error) -> Exit {
    if error.use_stderr() {
        let text = match error.kind() {
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => page(error),
            _ => wrong(error),
        };
        shell.note(text.trim_end());
        return Exit::Usage;
    }
    // A closed pipe after --help is nobody's loss.
    let _ = shell.line(page(error).trim_end());
    Exit::Done
}

/// A page of help.
fn page(error: &clap::Error) -> String {
    let page = error.render().to_string();
    let global = text("heading-global");
    let lines = page.lines().map(|line| {
        if line.strip_suffix(':') == Some(global) {
            return say!("layout-heading", title = global);
        }
        let mut line = line.to_owned();
        for (at, (english, name)) in LAYOUT.iter().enumerate() {
            let is_there = at >= HEADINGS || line.starts_with(english);
            if is_there {
                line = line.replacen(english, text(name), 1);
            }
        }
        line
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What is wrong with a command.
fn wrong(error: &clap::Error) -> String {
    let what = what(error) + &tip(error);
    let usage = said(error, ContextKind::Usage);
    match usage.trim_start_matches("Usage:").trim() {
        "" => say!("usage-frame-bare", what = what),
        usage => {
            let usage = usage.replace("[OPTIONS]", text("layout-any-options"));
            say!("usage-frame", what = what, usage = usage)
        }
    }
}

fn what(error: &clap::Error) -> String {
    let arg = said(error, ContextKind::InvalidArg);
    let value = shortened(&said(error, ContextKind::InvalidValue));
    match error.kind() {
        ErrorKind::InvalidValue if value.is_empty() => say!("usage-value-missing", arg = arg),
        ErrorKind::InvalidValue => {
            let choices = said(error, ContextKind::ValidValue);
            say!("usage-value-choice", arg = arg, value = value, choices = choices)
        }
        ErrorKind::ValueValidation => {
            let cause = error.source().map(unfit).unwrap_or_default();
            say!("usage-value-unfit", arg = arg, value = value, cause = cause)
        }
        ErrorKind::TooManyValues | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            let found = said(error, ContextKind::ActualNumValues);
            say!("usage-value-count", arg = arg, found = found)
        }
        ErrorKind::InvalidUtf8 => say!("usage-value-text"),
        ErrorKind::UnknownArgument if NAMES_OF_FILES.contains(&arg.as_str()) => {
            say!("usage-needs-node", arg = arg)
        }
        ErrorKind::UnknownArgument => say!("usage-unknown-argument", arg = arg),
        ErrorKind::InvalidSubcommand => {
            say!("usage-unknown-command", arg = said(error, ContextKind::InvalidSubcommand))
        }
        ErrorKind::MissingSubcommand => say!(
            "usage-command-missing",
            arg = said(error, ContextKind::InvalidSubcommand),
            choices = said(error, ContextKind::ValidSubcommand)
        ),
        ErrorKind::ArgumentConflict => match said(error, ContextKind::PriorArg) {
            other if other.is_empty() || other == arg => say!("usage-twice", arg = arg),
            other => say!("usage-conflict", arg = arg, other = other),
        },
        ErrorKind::MissingRequiredArgument => say!("usage-missing", args = arg),
        _ => {
            let cause = error.render().to_string();
            say!("usage-other", cause = cause.trim_start_matches("error: ").trim_end())
        }
    }
}

/// How a value that does not fit is written, or what its reader said of it.
fn unfit(cause: &(dyn Error + 'static)) -> String {
    let shape = match cause.downcast_ref() {
        Some(TextError::Shape { what, .. }) => {
            let bare = what.trim_start_matches("a ").trim_start_matches("an ");
            find(&format!("shape-{}", bare.replace(' ', "-")))
        }
        _ => None,
    };
    shape.map_or_else(|| cause.to_string(), ToOwned::to_owned)
}

/// What was perhaps meant.
fn tip(error: &clap::Error) -> String {
    let meant =
        [ContextKind::SuggestedArg, ContextKind::SuggestedValue, ContextKind::SuggestedSubcommand];
    let found = meant.into_iter().map(|kind| said(error, kind)).find(|text| !text.is_empty());
    found.map_or_else(String::new, |choices| say!("usage-did-you-mean", choices = choices))
}

/// What the library knows of the error, as a line.
fn said(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        Some(ContextValue::StyledStr(text)) => text.to_string(),
        Some(ContextValue::StyledStrs(texts)) => {
            texts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        }
        Some(ContextValue::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// A long value is shown by its beginning: pages of it would push the reason out of sight.
fn shortened(value: &str) -> String {
    match value.char_indices().nth(MAX_SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}
